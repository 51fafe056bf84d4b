"""Anomaly: what is usual is learned for each key; what is not begins an alert, and what lasts becomes usual."""

import itertools
import math
import random
from collections.abc import Callable, Sequence
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ioc.model.instant import DAY, HOUR, MINUTE, SECOND, Duration, Instant
from rules.book import BadBook, RuleBook
from rules.kinds.anomaly import AnomalyKind
from rules.kinds.anomaly_past import BYTES_PER_KEY, SLOT, WEEK_SLOTS, Season
from rules.kinds.contract import Change, Feed
from rules.watches.anomaly import Anomaly

BookOf = Callable[[str], RuleBook]
Event = tuple[int, Instant, float]
CHANCE = 60 * DAY


def kind(
    season: Season = Season.AUTO,
    at_least: float = 0,
    sides: tuple[bool, bool] = (True, True),
    hold: Duration = 0,
    clear_hold: Duration = 2 * HOUR,
) -> AnomalyKind:
    return AnomalyKind(season, CHANCE, at_least, sides, hold, clear_hold)


def feed(events: Sequence[Event], first: int = 0) -> Feed:
    key, at = (np.array([event[place] for event in events], dtype=np.int64) for place in (0, 1))
    slots = ((at // SLOT) % WEEK_SLOTS).astype(np.float64)
    columns = {"value": np.array([event[2] for event in events], dtype=np.float64), "slot": slots}
    return Feed(np.maximum.accumulate(at), at, key, np.arange(first, first + len(events)), columns)


def run(machine: AnomalyKind, events: Sequence[Event], first: int = 0) -> list[Change]:
    return machine.step(feed(events, first), max(event[1] for event in events), closing=False)


def rhythm(days: float, *, key: int = 0, noise: float = 1.0, every: Duration = 10 * MINUTE) -> list[Event]:
    """A quantity that swings about 50 by 30 each day, with some noise."""
    source = random.Random(key)
    events = []
    for at in range(0, round(days * DAY), every):
        swing = 30 * math.sin(2 * math.pi * at / DAY)
        events.append((key, at, 50 + swing + source.uniform(-noise, noise)))
    return events


def changed(events: list[Event], begin: Instant, end: Instant, by: float) -> list[Event]:
    return [(key, at, value + by if begin <= at < end else value) for key, at, value in events]


def alerts(changes: Sequence[Change]) -> list[tuple[Instant, Instant | None]]:
    ends = {change.raised_at: change.at for change in changes if not change.firing}
    return [(change.at, ends.get(change.at)) for change in changes if change.firing]


def test_a_value_that_is_usual_at_noon_is_an_anomaly_at_midnight() -> None:
    usual = rhythm(12)
    assert run(kind(), usual) == []
    begin = 10 * DAY + 18 * HOUR
    ((raised, cleared),) = alerts(run(kind(), changed(usual, begin, begin + HOUR, 55)))
    assert raised == begin
    assert cleared is not None
    assert begin + 3 * HOUR <= cleared <= begin + 6 * HOUR


def test_what_is_missing_is_an_anomaly_too() -> None:
    usual = rhythm(12)
    flat = [(key, at, 50.0 if 10 <= at / DAY < 10.5 else value) for key, at, value in usual]
    ((raised, _),) = alerts(run(kind(), flat))
    assert 10 * DAY < raised < 10 * DAY + 6 * HOUR


def test_the_numbers_say_what_was_expected() -> None:
    begin = 10 * DAY + 18 * HOUR
    events = changed(rhythm(11), begin, begin + HOUR, 55)
    raised = next(change for change in run(kind(), events) if change.firing)
    assert raised.numbers["value"] == next(value for _, at, value in events if at == begin)
    assert raised.numbers["expected"] == pytest.approx(20, abs=3)
    assert raised.numbers["low"] < raised.numbers["expected"] < raised.numbers["high"] < raised.numbers["value"]
    assert raised.numbers["over_s"] == 0


def test_a_small_shift_that_lasts_is_seen_in_the_mean_of_the_hour() -> None:
    """Where single events lie far off now and then, a shift is too small in each of them."""
    source = random.Random(3)
    spiked = [(key, at, value + source.choice((0,) * 30 + (-40, 40))) for key, at, value in rhythm(12, noise=4)]
    events = changed(spiked, 10 * DAY, 12 * DAY, 18)
    raised = next(change for change in run(kind(), events) if change.firing)
    assert 10 * DAY < raised.at < 10 * DAY + 6 * HOUR
    assert raised.numbers["over_s"] == 3600
    assert raised.numbers["value"] > raised.numbers["high"]


def test_a_shift_that_stays_becomes_usual() -> None:
    events = changed(rhythm(24), 10 * DAY, 24 * DAY, 40)
    ((raised, cleared),) = alerts(run(kind(), events))
    assert raised == 10 * DAY
    assert cleared is not None
    assert cleared < 18 * DAY


def test_a_flat_line_and_its_last_digit_raise_nothing() -> None:
    flat = [(0, at, 45.0) for at in range(0, 10 * DAY, 10 * MINUTE)]
    assert run(kind(), flat) == []
    assert run(kind(), changed(flat, 9 * DAY, 10 * DAY, 0.1)) == []
    assert run(kind(), [(0, at, 0.0) for _, at, _ in flat]) == []


def test_noise_alone_raises_next_to_nothing() -> None:
    """Chance is to pass each of a key's four limits once in 60 days; these are 50 keys for 18 days."""
    source = random.Random(7)
    events = [(key, at, source.gauss(10, 2)) for at in range(0, 20 * DAY, HOUR) for key in range(50)]
    assert len(alerts(run(kind(), events))) <= 4 * 50 * 18 / 60


def test_nothing_is_said_of_a_key_of_which_little_is_known() -> None:
    young = changed(rhythm(1.9), 42 * HOUR, 43 * HOUR, 500)
    assert run(kind(), young) == []
    rare = changed(rhythm(20, every=6 * HOUR), 15 * DAY, 16 * DAY, 500)
    assert run(kind(), rare) == []


@pytest.mark.parametrize(("sides", "found"), [((True, True), 2), ((True, False), 1), ((False, True), 1)])
def test_a_side_that_is_not_asked_for_raises_nothing(sides: tuple[bool, bool], found: int) -> None:
    events = changed(changed(rhythm(14), 10 * DAY, 10 * DAY + HOUR, 60), 12 * DAY, 12 * DAY + HOUR, -60)
    assert len(alerts(run(kind(sides=sides), events))) == found


def test_what_is_off_by_less_than_matters_raises_nothing() -> None:
    events = changed(rhythm(12), 10 * DAY, 10 * DAY + HOUR, 60)
    assert len(alerts(run(kind(at_least=50), events))) == 1
    assert run(kind(at_least=70), events) == []


def test_an_outlier_alone_is_not_enough_where_it_must_last() -> None:
    events = changed(rhythm(12), 10 * DAY, 10 * DAY + MINUTE, 60)
    assert len(alerts(run(kind(), events))) == 1
    assert run(kind(hold=20 * MINUTE), events) == []


def test_an_outlier_does_not_hide_the_next_one() -> None:
    """For want of robustness, a first outlier would widen the band for all that follow."""
    events = rhythm(16)
    for day in (10, 11, 12, 13):
        events = changed(events, day * DAY + 2 * HOUR, day * DAY + 3 * HOUR, 500 if day == 10 else 60)
    assert len(alerts(run(kind(), events))) >= 3


def test_a_week_has_its_own_rhythm() -> None:
    """Saturdays and Sundays are quiet; a quiet Wednesday is not usual."""
    usual = [(0, at, value / 4 if at // DAY % 7 in (5, 6) else value) for _, at, value in rhythm(42, every=30 * MINUTE)]
    assert [a for a in alerts(run(kind(season=Season.WEEK), usual)) if a[0] > 21 * DAY] == []
    quiet = [(key, at, value / 4 if at // DAY == 37 else value) for key, at, value in usual]
    raised = [a[0] // DAY for a in alerts(run(kind(season=Season.WEEK), quiet)) if a[0] > 21 * DAY]
    assert raised[:1] == [37]


def test_an_event_older_than_what_the_key_has_shown_is_passed_over() -> None:
    events = rhythm(11)
    late = [*events[:-1], (0, 5 * DAY, 10_000.0), events[-1]]
    one, other = kind(), kind()
    assert run(one, events) == run(other, late) == []
    assert one.dump() == other.dump()


def test_values_at_the_edge_of_what_is_measured_break_nothing() -> None:
    events = [(0, at, value * 1e28) for _, at, value in rhythm(5)]
    events = [(key, at, -1e30 if place % 50 == 0 else value) for place, (key, at, value) in enumerate(events)]
    machine = kind()
    run(machine, events)
    assert all(math.isfinite(number) for number in machine.dump()["alerts"]["since"])


CITY = sorted(
    [event for key in range(4) for event in changed(rhythm(6 + key / 7, key=key), 5 * DAY, 5 * DAY + 2 * HOUR, 60)],
    key=lambda event: event[1],
)


def whole() -> list[Change]:
    return run(kind(), CITY)


WHOLE = whole()


@given(st.lists(st.integers(1, len(CITY) - 1), max_size=12, unique=True), st.integers(0, 12))
@settings(max_examples=8, deadline=None)
def test_neither_cuts_nor_a_restart_change_anything(cuts: list[int], restart: int) -> None:
    machine, changes = kind(), []
    edges = [0, *sorted(cuts), len(CITY)]
    for place, (begin, end) in enumerate(itertools.pairwise(edges)):
        changes += run(machine, CITY[begin:end], first=begin)
        if place == restart:
            state = msgspec.msgpack.decode(msgspec.msgpack.encode(machine.dump()))
            machine = kind()
            machine.load(state)
    assert sorted(changes, key=str) == sorted(WHOLE, key=str)
    assert len(alerts(changes)) == 4


def test_a_key_takes_as_many_bytes_as_is_said() -> None:
    machine = kind()
    run(machine, [(key, 0, 1.0) for key in range(1000)])
    assert sum(len(table) for table in machine.dump()["past"].values()) == 1000 * BYTES_PER_KEY
    assert BYTES_PER_KEY < 2500


def test_only_keys_that_the_rule_saw_take_space() -> None:
    machine = kind()
    run(machine, [(1_000_000, 0, 1.0)])
    assert machine.dump()["keys"] == [1_000_000]
    assert len(machine.dump()["past"]["numbers"]) < 1000


def test_a_key_long_silent_is_left_out_of_the_checkpoint_unless_its_alert_holds() -> None:
    machine = kind()
    run(machine, changed(rhythm(11), 11 * DAY - 10 * MINUTE, 11 * DAY, 90) + rhythm(11, key=1))
    machine.step(feed([(2, 60 * DAY, 1.0)]), 60 * DAY, closing=False)
    assert machine.dump()["keys"] == [0, 2]


def test_an_adopted_alert_ends_when_the_key_is_calm_and_survives_a_restart() -> None:
    machine, again = kind(), kind()
    machine.adopt(3, 5)
    again.load(machine.dump())
    ended = run(again, [(3, at + HOUR, value) for _, at, value in rhythm(1)])
    assert [(change.key, change.firing, change.raised_at, change.at) for change in ended] == [(3, False, 5, 3 * HOUR)]
    assert set(ended[0].numbers) == {"value", "expected", "over_s"}


def test_a_break_ends_alerts_and_forgets_nothing_that_was_learned() -> None:
    machine = kind()
    events = changed(rhythm(11), 11 * DAY - 10 * MINUTE, 11 * DAY, 90)
    assert len(run(machine, events)) == 1
    assert [(change.firing, change.at) for change in machine.stop(11 * DAY)] == [(False, 11 * DAY)]
    later = [(0, at, value + 90) for _, at, value in rhythm(13) if at >= 12 * DAY]
    assert run(machine, later)[0].at == 12 * DAY


def test_a_rule_says_little_and_gets_good_defaults(book_of: BookOf) -> None:
    (rule,) = book_of("[{rule: u, from: sensor, anomaly: {of: pm25}}]").rules
    watch: Any = rule.watch
    assert isinstance(watch, Anomaly)
    assert (watch.season, watch.side, watch.at_least, watch.hold) == (Season.AUTO, "both", 0, 0)
    assert (watch.clear_hold, watch.chance, watch.timezone) == (2 * HOUR, 60 * DAY, "Asia/Ho_Chi_Minh")
    (rule,) = book_of("[{rule: u, from: sensor, anomaly: {of: pm25 - pm10, season: week, sensitivity: 7}}]").rules
    watch = rule.watch
    assert (watch.chance, watch.columns) == (15 * DAY, {"pm25", "pm10"})
    (rule,) = book_of("[{rule: u, from: sensor, anomaly: {of: pm25, at_least: 0.02 mg/m³}}]").rules
    watch = rule.watch
    assert watch.at_least == 20


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ("{season: day}", "rules.yaml:1:35: 'of' is missing"),
        ("{of: label}", "rules.yaml:1:40: an anomaly is one of a number, but 'label' is a text"),
        ("{of: pm52}", "did you mean 'pm25'?"),
        ("{of: pm25, season: month}", "'month' is not known here"),
        ("{of: pm25, side: up}", "expected one of: above, below, both"),
        ("{of: pm25, sensitivity: 11}", "expected a whole number from 1 (only the grossest) to 10"),
        ("{of: pm25, sensitivity: 2.5}", "expected a whole number"),
        ("{of: pm25, at_least: -1}", "is never negative"),
        ("{of: pm25, at_least: 20 °C}", "a number in µg/m³ is wanted here, and '°C' is not a unit of that"),
        ("{of: clients, at_least: 20 m}", "nothing here has a unit; write the number alone"),
        ("{of: pm25, at_least: many}", "expected a number here, found 'many'"),
        ("{of: pm25, at_last: 1}", "did you mean 'at_least'?"),
    ],
)
def test_a_mistake_in_the_rule_is_named_in_its_place(book_of: BookOf, said: str, sentence: str) -> None:
    with pytest.raises(BadBook) as caught:
        book_of(f"[{{rule: u, from: sensor, anomaly: {said}}}]")
    assert sentence in str(caught.value)


def test_the_hours_are_those_of_the_city(alerts_of: Callable[..., Any]) -> None:
    """A day's rhythm by the clock of the city; the events' own half hours are told in Coordinated Universal Time."""
    rows = [{"at": at / SECOND, "pm25": value} for _, at, value in rhythm(6, every=30 * MINUTE)]
    rows += [{"at": 6 * 86400 + 18 * 3600, "pm25": 200}]
    rule = "[{rule: u, from: sensor, anomaly: {of: pm25, clear_for: 1 h}}]"
    assert [(key, raised) for key, raised, _ in alerts_of(rule, rows)] == [("a", 6 * 86400 + 18 * 3600)]
