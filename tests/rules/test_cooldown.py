"""Cooldown: what begins too soon waits, begins when it may, or never was."""

from collections.abc import Callable, Sequence
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from ioc.model.alerts import AlertChange, AlertState
from rules.cooldown import Cooldown

Alert = tuple[str, float, float | None]
AlertsOf = Callable[..., list[Alert]]

HOT = "- {rule: hot, from: sensor, cooldown: 10 s, threshold: {raise: temp_c > 60}}"


def rows(*readings: tuple[float, float], asset: str = "a") -> list[dict[str, Any]]:
    return [{"at": at, "temp_c": temp, "asset": asset} for at, temp in readings]


def test_what_begins_after_the_cooldown_begins_as_ever(alerts_of: AlertsOf) -> None:
    found = alerts_of(HOT, rows((0, 70), (1, 20), (11, 70), (12, 20)))
    assert found == [("a", 0, 1), ("a", 11, 12)]


def test_what_begins_sooner_and_holds_begins_when_the_cooldown_is_over(alerts_of: AlertsOf) -> None:
    assert alerts_of(HOT, rows((0, 70), (1, 20), (5, 70), (20, 20))) == [("a", 0, 1), ("a", 11, 20)]


def test_what_begins_sooner_and_ends_before_never_was(alerts_of: AlertsOf) -> None:
    assert alerts_of(HOT, rows((0, 70), (1, 20), (5, 70), (11, 20), (12, 20))) == [("a", 0, 1)]


def test_what_never_was_does_not_prolong_the_cooldown(alerts_of: AlertsOf) -> None:
    found = alerts_of(HOT, rows((0, 70), (1, 20), (5, 70), (6, 20), (9, 70), (10, 20), (12, 70)))
    assert found == [("a", 0, 1), ("a", 12, None)]


def test_time_alone_begins_what_has_waited(alerts_of: AlertsOf) -> None:
    assert alerts_of(HOT, rows((0, 70), (1, 20), (5, 70)), until=30) == [("a", 0, 1), ("a", 11, None)]


def test_every_key_rests_by_itself(alerts_of: AlertsOf) -> None:
    readings = [*rows((0, 70), (1, 20)), *rows((2, 70), (3, 20), asset="b")]
    assert alerts_of(HOT, readings) == [("a", 0, 1), ("b", 2, 3)]


def test_in_event_time_it_rests_in_event_time(alerts_of: AlertsOf) -> None:
    late = HOT.replace("cooldown", "lateness: 5 s, cooldown")
    readings = [{"at": at, "received_at": at + 3, "temp_c": temp} for at, temp in ((0, 70), (1, 20), (5, 70), (20, 20))]
    assert alerts_of(late, readings, until=40) == [("a", 0, 1), ("a", 11, 20)]


def plain(spells: Sequence[tuple[int, int]], cooldown: int) -> list[tuple[int, int]]:
    """What a cooldown makes of one key's alerts, written in the plainest way."""
    out: list[tuple[int, int]] = []
    for begun, ended in spells:
        begins = max(begun, out[-1][1] + cooldown) if out else begun
        if begins == begun or ended > begins:
            out.append((begins, ended))
    return out


@settings(max_examples=150, deadline=None)
@given(
    gaps=st.lists(st.tuples(st.integers(1, 8), st.integers(1, 8)), max_size=12),
    cooldown=st.integers(0, 12),
    cuts=st.sets(st.integers(0, 24)),
    restarts=st.sets(st.integers(0, 24)),
)
def test_it_is_what_a_plain_computation_says_however_it_is_cut(
    gaps: list[tuple[int, int]], cooldown: int, cuts: set[int], restarts: set[int]
) -> None:
    spells, now = [], 0
    for pause, length in gaps:
        spells.append((now + pause, now + pause + length))
        now += pause + length
    changes = [
        AlertChange("r", "k", to, at, begun, known=(at, number))
        for number, (begun, ended) in enumerate(spells)
        for to, at in ((AlertState.FIRING, begun), (AlertState.RESOLVED, ended))
    ]
    rest, out, waiting = Cooldown(cooldown), [], []
    for number, change in enumerate(changes):
        waiting.append(change)
        if number in cuts:
            out += rest.step(waiting, change.at)
            waiting = []
            if number in restarts:
                kept = msgspec.msgpack.decode(msgspec.msgpack.encode(rest.dump()))
                rest = Cooldown(cooldown)
                rest.load("r", kept)
    out += rest.step(waiting, now, closing=True)
    found: dict[int, int | None] = {}
    for change in out:
        if change.to is AlertState.FIRING:
            assert change.raised_at == change.at
            assert change.raised_at not in found
            found[change.raised_at] = None
        else:
            found[change.raised_at] = change.at
    assert list(found.items()) == plain(spells, cooldown)
