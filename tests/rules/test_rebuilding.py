"""Rules that are new or edited are shown the past: they go on as if they had always run, and open alerts stay open."""

from collections.abc import Sequence
from typing import Any

import polars as pl
import pytest

from ioc.model.alerts import AlertChange
from ioc.model.instant import SECOND
from ioc.model.quantities import Catalogue
from rules.book import RuleBook
from rules.engine import Engine
from rules.rebuilding import APART, Rebuilding, alert_keys, put_together, to_rebuild

START = 1_790_000_000 * SECOND

DUST = "- {rule: dust, from: sensor, threshold: {raise: pm25 > 150, for: 60 s, clear: pm25 <= 120}}\n"
CROWD = "- {rule: crowd, from: camera, per: zone, window: {over: 60 s, value: count(*), raise: '>= 9'}}\n"
HOT = "- {rule: hot, from: sensor, threshold: {raise: temp_c > 45}}\n"


class Control:
    """A rule book that runs, is edited, and runs on, as the stage does it."""

    def __init__(self, catalogue: Catalogue, book: RuleBook) -> None:
        self.catalogue = catalogue
        self.book = book
        self.engine = Engine(book, catalogue)
        self.firing: dict[str, tuple[str, str, int]] = {}
        self.taken: list[pl.DataFrame] = []

    def take(self, batch: pl.DataFrame) -> list[AlertChange]:
        self.taken.append(batch)
        return self._note(self.engine.step(batch))

    def edit(self, book: RuleBook, meanwhile: pl.DataFrame | None = None) -> tuple[list[AlertChange], set[str]]:
        """Gives what began and which alerts ended by the edit alone; `meanwhile` comes while the past is taken."""
        old = {rule.name: rule for rule in self.book.rules}
        anew = to_rebuild(book, {name: rule.behaviour for name, rule in old.items()})
        keys = {name: alert_keys(rule) for name, rule in old.items()}
        first_ref = self.engine.next_ref + APART
        rebuilding = Rebuilding.of(anew, keys, self.firing, self.catalogue, {}, first_ref=first_ref)
        since = self.engine.clock - max((rule.look_back for rule in anew.rules), default=0)
        if meanwhile is not None:
            self.take(meanwhile)
        rebuilding.take(batch.filter(pl.col("received_at").dt.epoch("us") >= since) for batch in self.taken)
        rebuilt = rebuilding.finish(self.engine.clock, self.firing)
        engine = Engine(book, self.catalogue)
        assert engine.load(put_together(book, self.engine.dump(), rebuilt.state)) == []
        self.engine, self.book = engine, book
        self._note(list(rebuilt.begun))
        for alert in rebuilt.ended:
            del self.firing[alert]
        return list(rebuilt.begun), set(rebuilt.ended)

    def _note(self, changes: list[AlertChange]) -> list[AlertChange]:
        for change in changes:
            if change.to == "firing":
                self.firing[change.alert] = (change.rule, change.key, change.raised_at)
            else:
                del self.firing[change.alert]
        return changes


def dust(*readings: tuple[float, float]) -> list[dict[str, Any]]:
    return [{"at": at, "kind": "sensor", "asset": "env-1", "pm25": pm25} for at, pm25 in readings]


@pytest.fixture
def control(catalogue: Catalogue, book_of: Any) -> Any:
    return lambda text: Control(catalogue, book_of(text))


def times(changes: Sequence[AlertChange]) -> list[tuple[str, float]]:
    return [(str(change.to), (change.at - START) / SECOND) for change in changes]


def test_a_new_rule_knows_what_came_before_it(control: Any, book_of: Any, batch_of: Any) -> None:
    room = control(HOT)
    room.take(batch_of(dust((0, 200), (20, 200), (40, 200))))
    assert room.edit(book_of(HOT + DUST)) == ([], set())
    assert times(room.take(batch_of(dust((60, 200))))) == [("firing", 60)]


def test_a_rule_that_would_hold_already_is_raised_by_the_edit(control: Any, book_of: Any, batch_of: Any) -> None:
    room = control(DUST.replace("> 150", "> 300"))
    room.take(batch_of(dust((0, 200), (30, 200), (60, 200), (70, 200))))
    begun, _ = room.edit(book_of(DUST))
    assert times(begun) == [("firing", 60)]
    assert [row["pm25"] for row in begun[0].evidence] == [200]


def test_an_open_alert_stays_open_under_its_id(control: Any, book_of: Any, batch_of: Any) -> None:
    room = control(DUST)
    (raised,) = room.take(batch_of(dust((0, 200), (60, 200), (500, 130))))
    assert room.edit(book_of(DUST.replace("> 150", "> 140").replace("<= 120", "<= 100"))) == ([], set())
    (ended,) = room.take(batch_of(dust((510, 110), (520, 90))))
    assert (ended.alert, ended.at) == (raised.alert, START + 520 * SECOND)


def test_what_ended_and_began_again_in_what_is_replayed_is_the_alert_it_was(
    control: Any, book_of: Any, batch_of: Any
) -> None:
    room = control(HOT)
    hot = [{"at": at, "kind": "sensor", "asset": "a", "temp_c": value} for at, value in [(0, 50), (1, 60)]]
    (raised,) = room.take(batch_of(hot))
    between = [{"at": at, "kind": "sensor", "asset": "a", "temp_c": value} for at, value in [(2, 48), (5, 60), (9, 60)]]
    room.take(batch_of(between))
    room.edit(book_of("- {rule: hot, from: sensor, threshold: {raise: temp_c > 49, for: 4 s}}\n"))
    assert list(room.firing) == [raised.alert]
    (ended,) = room.take(batch_of([{"at": 12, "kind": "sensor", "asset": "a", "temp_c": 20}]))
    assert ended.alert == raised.alert


def test_an_alert_that_no_longer_holds_is_ended_by_the_edit(control: Any, book_of: Any, batch_of: Any) -> None:
    room = control(DUST)
    (raised,) = room.take(batch_of(dust((0, 200), (30, 200), (60, 200))))
    _, ended = room.edit(book_of(DUST.replace("> 150", "> 300").replace("<= 120", "<= 250")))
    assert ended == {raised.alert}


def test_a_window_counts_what_came_before_the_edit(control: Any, book_of: Any, batch_of: Any) -> None:
    people = [{"at": at, "kind": "camera", "asset": "cam", "zone": "market"} for at in (0, 20, 40, 70)]
    room = control(CROWD)
    assert room.take(batch_of(people)) == []
    begun, _ = room.edit(book_of(CROWD.replace(">= 9", ">= 3")))
    assert times(begun) == [("firing", 70)]


def test_a_rule_that_stays_keeps_its_state_untouched(control: Any, book_of: Any, batch_of: Any) -> None:
    room = control(DUST + HOT)
    room.take(batch_of(dust((0, 200), (30, 200))))
    before = room.engine.dump()["rules"]["dust"]
    room.edit(book_of(DUST.replace("- {", "- {title: Bụi, ") + HOT.replace("45", "40") + CROWD))
    assert room.engine.dump()["rules"]["dust"] == before


def test_a_rule_per_another_key_ends_the_alerts_of_the_old_one(control: Any, book_of: Any, batch_of: Any) -> None:
    room = control(HOT)
    (raised,) = room.take(batch_of([{"at": 0, "kind": "sensor", "asset": "a", "zone": "z", "temp_c": 50}]))
    old = {rule.name: alert_keys(rule) for rule in room.book.rules}
    book = book_of(HOT.replace("from: sensor", "from: sensor, per: zone"))
    rebuilding = Rebuilding.of(book, old, room.firing, room.catalogue, {}, first_ref=APART)
    assert raised.alert in room.firing
    assert rebuilding.adopted == {}
    rebuilt = rebuilding.finish(room.engine.clock, room.firing)
    assert rebuilt.ended == (raised.alert,)


def test_an_alert_that_begins_while_the_past_is_taken_stays_open(control: Any, book_of: Any, batch_of: Any) -> None:
    room = control(DUST)
    room.take(batch_of(dust((0, 200), (30, 200))))
    begun, ended = room.edit(book_of(DUST.replace("<= 120", "<= 100")), batch_of(dust((60, 200))))
    assert (begun, ended) == ([], set())
    (alert,) = room.firing
    (change,) = room.take(batch_of(dust((70, 110), (80, 90))))
    assert (change.alert, change.at) == (alert, START + 80 * SECOND)


def test_one_that_begins_meanwhile_and_does_not_hold_by_the_new_rule_is_ended(
    control: Any, book_of: Any, batch_of: Any
) -> None:
    room = control(DUST)
    room.take(batch_of(dust((0, 200), (30, 200))))
    begun, ended = room.edit(book_of(DUST.replace("> 150", "> 300")), batch_of(dust((60, 200))))
    assert (begun, len(ended), room.firing) == ([], 1, {})


def test_one_that_the_old_rule_ends_meanwhile_begins_anew_where_it_holds_by_the_new_one(
    control: Any, book_of: Any, batch_of: Any
) -> None:
    room = control(DUST)
    (raised,) = room.take(batch_of(dust((0, 200), (60, 200))))
    (begun,), ended = room.edit(book_of(DUST.replace("<= 120", "<= 80")), batch_of(dust((70, 110))))
    assert (ended, begun.raised_at) == (set(), START + 70 * SECOND)
    assert begun.alert != raised.alert
    (change,) = room.take(batch_of(dust((90, 70))))
    assert change.alert == begun.alert
