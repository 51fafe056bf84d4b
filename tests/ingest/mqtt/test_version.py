"""Which version of MQTT is spoken next, after what has happened."""

from ingest.mqtt.line import LineLost, OldProtocol
from ingest.mqtt.version import Version

HANGS_UP = OldProtocol("closes the connection without a word", certain=False)
REFUSES = OldProtocol("does not speak MQTT 5", certain=True)
BREAKS = LineLost("cannot be reached")


def after(*events: LineLost | None) -> Version:
    """A loss, or None for being let in."""
    version = Version()
    for event in events:
        if event is None:
            version.let_in()
        else:
            version.lost(event)
    return version


def test_the_newest_is_spoken_at_first_and_after_any_loss_that_says_nothing_of_versions() -> None:
    assert not after().is_old
    assert not after(BREAKS, BREAKS).is_old
    assert not after(None, BREAKS).is_old


def test_a_broker_that_refuses_the_newest_is_spoken_to_in_the_older_one_at_once() -> None:
    assert (after(REFUSES).is_old, after(REFUSES).is_known) == (True, True)
    assert after(REFUSES).let_in()


def test_a_broker_that_hangs_up_is_taken_for_old_only_when_it_does_so_while_it_answers_others() -> None:
    assert (after(HANGS_UP).is_old, after(HANGS_UP).is_known) == (True, False)
    assert not after(HANGS_UP).let_in()
    assert not after(HANGS_UP, None, BREAKS).is_old
    version = after(HANGS_UP, None, BREAKS, HANGS_UP)
    assert (version.is_old, version.let_in()) == (True, True)


def test_a_broker_that_was_only_restarted_is_spoken_to_in_the_newest() -> None:
    assert not after(HANGS_UP, None, BREAKS, None, BREAKS).is_old
    assert not after(HANGS_UP, BREAKS).is_old


def test_a_broker_that_was_old_may_have_been_replaced_when_its_connection_is_lost() -> None:
    assert not after(REFUSES, None, BREAKS).is_old
