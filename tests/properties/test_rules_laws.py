"""Laws of the engine: how events are cut, and where it is restarted, cannot matter; with `lateness` it is exact."""

import importlib.util
import math
import re
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from types import ModuleType
from typing import Any

import polars as pl
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from ioc.model.alerts import AlertChange, AlertState
from ioc.model.events import FIXED_COLUMNS
from ioc.model.geo import distance_m
from ioc.model.instant import SECOND
from ioc.store.catalogue import load_catalogue
from rules.book import RuleBook, read_book_text
from rules.checkpointing import RulesState, from_bytes, to_bytes
from rules.engine import Engine
from rules.expressions import scope_of

# 2026-09-21, 14:00 UTC.
START = 1_789_999_200 * SECOND
LATENESS = 5
CATALOGUE = load_catalogue()

RULES = """
- {rule: threshold, from: sensor, threshold: {raise: pm25 > 5, for: 4 s, clear_for: 3 s}}
- {rule: hysteresis, from: sensor, threshold: {raise: pm25 > 6, clear: pm25 < 3}}
- {rule: rested, from: sensor, cooldown: 7 s, threshold: {raise: pm25 > 4}}
- {rule: absence, from: sensor, absence: {after: 6 s}}
- {rule: silence-rested, from: sensor, cooldown: 9 s, absence: {after: 4 s}}
- rule: count
  from: sensor
  per: zone
  where: pm25 >= 0
  window: {over: 8 s, value: count(*), raise: ">= 4", clear: "< 2"}
- {rule: sum, from: sensor, window: {over: 7 s, value: sum(pm25), raise: "> 14"}}
- {rule: mean, from: sensor, window: {over: 7 s, value: mean(pm25), raise: "> 5", clear: "< 4"}}
- {rule: least, from: sensor, window: {over: 5 s, value: min(pm25), raise: ">= 5", clear: "< 3"}}
- {rule: most, from: sensor, window: {over: 5 s, value: max(pm25), raise: ">= 8", clear: "< 6"}}
- {rule: numbers, from: sensor, window: {over: 9 s, value: distinct(pm25), raise: ">= 3", clear: "< 2"}}
- {rule: texts, from: sensor, window: {over: 9 s, value: distinct(action), raise: ">= 2"}}
- {rule: first, from: sensor, window: {over: 9 s, value: first(pm25), raise: "> 5", clear: "< 3"}}
- {rule: last, from: sensor, window: {over: 9 s, value: last(pm25), raise: "> 5", clear: "< 3"}}
- {rule: change, from: sensor, window: {over: 9 s, value: change(pm25), raise: ">= 4", clear: "<= 0"}}
- {rule: speed, from: sensor, window: {over: 9 s, value: change(pm25) per 10 s, raise: "<= -6", clear: "> -2"}}
- rule: together
  together:
    hot: {from: sensor, where: temp_c > 60}
    dusty: {from: sensor, where: pm25 > 6}
    within: 4 s
    near: 200 m
    clear_after: 5 s
- rule: pair
  sequence: {steps: [{a: ONE}, {b: TWO}], within: 10 s, clear_after: 4 s}
- rule: guarded
  sequence: {steps: [{a: ONE}, {b: TWO}], not: {c: BAD}, within: 12 s, clear_after: 4 s}
- rule: triple
  per: zone
  sequence: {steps: [{a: ONE}, {b: {from: sensor, where: pm25 > 3}}, {c: TWO}], not: {d: BAD}, within: 20 s}
- rule: twice
  sequence: {steps: [{a: ONE}, {b: ONE}, {c: ONE}], within: 15 s, clear_after: 3 s}
- rule: awaited
  sequence: {steps: [{a: ONE}], not: {b: TWO}, within: 5 s, clear_after: 6 s}
- rule: shut
  sequence: {steps: [{a: ONE}, {b: TWO}], within: 20 s, clear: SHUT}
- rule: awaited-shut
  sequence: {steps: [{a: ONE}], not: {b: TWO}, within: 5 s, clear: SHUT}
- rule: nearby
  sequence: {steps: [{a: ONE}, {b: TWO}], not: {c: BAD}, within: 10 s, near: 200 m, clear_after: 4 s}
- rule: nearby-awaited
  sequence: {steps: [{a: ONE}], not: {b: TWO}, within: 5 s, near: 200 m, clear_after: 4 s}
- rule: at-place
  per: asset
  sequence: {steps: [{a: ONE}, {b: TWO}], within: 15 s, near: 200 m, clear_after: 4 s}
- {rule: stays, from: sensor, dwell: {in: z1, for: 5 s, gone_after: 6 s}}
- {rule: stays-dusty, from: sensor, per: zone, dwell: {while: pm25 > 2, for: 6 s, gone_after: 8 s}}
- {rule: stays-near, from: sensor, dwell: {near: 200 m, for: 5 s, gone_after: 9 s}}
"""
# A minute is six units of ten seconds.
UNIT_OF_HOURS = 10
HOURS = [{"from": "14:01", "to": "14:04"}, {"days": "mon", "from": "14:05", "to": "14:08"}]
SPANS = ((6, 24), (30, 48))


def _book(*, lateness: int | None = None, hours: bool = False, unit: int = 1) -> RuleBook:
    """Read the rules, all of them with the same lateness (in units), hours, and seconds to a unit of time."""
    text = RULES
    for word in ("ONE", "TWO", "BAD", "SHUT"):
        text = text.replace(f" {word}", f" {{from: sensor, where: action = '{word.lower()}'}}")
    rules = yaml.safe_load(text)
    for rule in rules:
        if lateness is not None:
            rule["lateness"] = f"{lateness} s"
        if hours:
            rule["schedule"] = [dict(hours) for hours in HOURS]
    scaled = re.sub(r"(\d+) s\b", lambda match: f"{int(match[1]) * unit} s", yaml.safe_dump(rules, sort_keys=False))
    return read_book_text(scaled, scope_of(CATALOGUE))


BOOKS = {
    "stream order": (_book(), 1),
    "event time": (_book(lateness=LATENESS), 1),
    "stream order, with hours": (_book(hours=True, unit=UNIT_OF_HOURS), UNIT_OF_HOURS),
    "event time, with hours": (_book(lateness=LATENESS, hours=True, unit=UNIT_OF_HOURS), UNIT_OF_HOURS),
}

# Three places: the first two 111 m apart, the third 1.1 km away.
PLACES = ((11.94, 108.44), (11.941, 108.44), (11.95, 108.44))


@st.composite
def city_events(draw: st.DrawFn, lateness: int) -> list[dict[str, Any]]:
    """Events in order of arrival: out of order in time by up to `lateness`, doubled, with quantities missing."""
    events = draw(
        st.lists(
            st.fixed_dictionaries(
                {
                    "at": st.integers(0, 60),
                    "late": st.integers(0, lateness),
                    "asset": st.sampled_from(["a", "a", "b", "c"]),
                    "pm25": st.none() | st.integers(0, 10),
                    "temp_c": st.none() | st.sampled_from([20, 61]),
                    "action": st.sampled_from([None, "one", "one", "two", "two", "bad", "shut"]),
                    "zone": st.sampled_from(["z1", "z1", "z2", None]),
                    "place": st.integers(0, 2),
                    "twice": st.booleans(),
                }
            ),
            min_size=1,
            max_size=30,
        )
    )
    events += [dict(event) for event in events if event["twice"]]
    events.sort(key=lambda event: event["at"] + event["late"])
    return events


def batch(events: Sequence[dict[str, Any]], unit: int = 1) -> pl.DataFrame:
    rows = []
    for event in events:
        lat, lon = PLACES[event["place"]]
        row = dict.fromkeys(FIXED_COLUMNS) | {"kind": "sensor", "asset": event["asset"], "lat": lat, "lon": lon}
        row |= {name: event[name] for name in ("zone", "pm25", "temp_c", "action")}
        came = event["at"] + event["late"]
        row |= {"at": START + event["at"] * unit * SECOND, "received_at": START + came * unit * SECOND}
        rows.append(row)
    quantities = {"pm25": pl.Float64, "temp_c": pl.Float64, "action": pl.String}
    frame = pl.DataFrame(rows, schema={**FIXED_COLUMNS, **quantities, "at": pl.Int64, "received_at": pl.Int64})
    return frame.with_columns(pl.col("at", "received_at").cast(pl.Datetime("us", "UTC")))


def run(
    book: RuleBook, events: Sequence[dict[str, Any]], cuts: Sequence[int], restarts: Sequence[int] = (), unit: int = 1
) -> list[AlertChange]:
    """Run events cut at the given places, restarting from a checkpoint at some of them."""
    engine = Engine(book, CATALOGUE)
    changes: list[AlertChange] = []
    edges = sorted({0, len(events), *(cut % (len(events) + 1) for cut in cuts)})
    for index, (begin, end) in enumerate(pairwise(edges)):
        changes += engine.step(batch(events[begin:end], unit))
        if index in restarts:
            kept = from_bytes(to_bytes(RulesState(engine.dump())))
            assert kept is not None
            assert kept.engine is not None
            engine = Engine(book, CATALOGUE)
            assert engine.load(kept.engine) == []
    return changes + engine.finish()


Told = list[tuple[str, str, str, str, int, int]]


def told(changes: Sequence[AlertChange]) -> Told:
    """What there is to be told of changes, in their order."""
    return [(c.alert, c.rule, c.key, str(c.to), c.at, c.raised_at) for c in changes]


def alerts_of(changes: Sequence[AlertChange], unit: int) -> dict[str, list[tuple[str, int, int | None]]]:
    """Give each rule's alerts, in units of time after the start; no alert begins twice or ends before it began."""
    ended: dict[tuple[str, str, int], int | None] = {}
    for change in changes:
        name = (change.rule, change.key, change.raised_at)
        assert (change.to is AlertState.FIRING) == (name not in ended), f"{name} began twice, or ended twice"
        ended[name] = None if change.to is AlertState.FIRING else (change.at - START) // (unit * SECOND)
    alerts: dict[str, list[tuple[str, int, int | None]]] = {}
    for (rule, key, raised_at), over in ended.items():
        alerts.setdefault(rule, []).append((key, (raised_at - START) // (unit * SECOND), over))
    return {rule: sorted(found, key=str) for rule, found in alerts.items()}


CUTS = st.lists(st.integers(0, 200), max_size=12)


@pytest.mark.parametrize("name", BOOKS)
@settings(max_examples=25, deadline=None)
@given(events=city_events(lateness=3 * LATENESS), cuts=CUTS, restarts=st.sets(st.integers(0, 12)))
def test_how_events_are_cut_and_where_it_restarts_does_not_matter(
    name: str, events: list[dict[str, Any]], cuts: list[int], restarts: set[int]
) -> None:
    book, unit = BOOKS[name]
    whole = told(run(book, events, (), unit=unit))
    assert told(run(book, events, cuts, unit=unit)) == whole
    assert told(run(book, events, range(len(events)), unit=unit)) == whole
    assert told(run(book, events, cuts, sorted(restarts), unit=unit)) == whole


@pytest.mark.parametrize("name", ["stream order", "event time"])
@settings(max_examples=10, deadline=None)
@given(events=city_events(lateness=3 * LATENESS))
def test_how_often_the_clock_is_stamped_between_events_does_not_matter(name: str, events: list[dict[str, Any]]) -> None:
    book, _ = BOOKS[name]
    engine = Engine(book, CATALOGUE)
    changes: list[AlertChange] = []
    clock = START + (events[0]["at"] + events[0]["late"]) * SECOND
    for event in events:
        while clock < START + (event["at"] + event["late"]) * SECOND:
            clock += SECOND
            changes += engine.step(pl.DataFrame(), clock)
        changes += engine.step(batch([event]), clock)
    assert told(changes + engine.finish()) == told(run(book, events, ()))


def _oracle() -> ModuleType:
    path = Path(__file__).parents[1] / "oracle" / "whole_file.py"
    spec = importlib.util.spec_from_file_location("whole_file", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


ORACLE = _oracle()

Events = list[dict[str, Any]]
Alerts = list[tuple[str, int, int | None]]


def _if(quantity: str, holds: Callable[[Any], bool]) -> Callable[[dict[str, Any]], bool | None]:
    """A condition on a quantity; unknown where it is missing."""
    return lambda event: None if event[quantity] is None else holds(event[quantity])


def _is(action: str) -> Callable[[dict[str, Any]], bool]:
    return lambda event: bool(event["action"] == action)


def _near(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return distance_m(*PLACES[one["place"]], *PLACES[other["place"]]) <= 200


def _values(events: Events) -> list[float]:
    return [event["value"] for event in events]


ONE, TWO, BAD, SHUT = (_is(action) for action in ("one", "two", "bad", "shut"))
DUSTY = _if("pm25", lambda value: value > 3)
HIGH, LOW = _if("pm25", lambda value: value > 6), _if("pm25", lambda value: value < 3)


def _valued(events: Events, of: str = "pm25") -> Events:
    return [event | {"value": event[of]} for event in events]


def _by_zone(events: Events) -> Events:
    return [event | {"key": event["zone"]} for event in events if event["zone"] is not None]


def _window(over: int, measure: Any, raises: Any, clears: Any, of: str = "pm25") -> Callable[..., Alerts]:
    return lambda events, end, _: ORACLE.window(_valued(events, of), over, measure, raises, clears, end)


def _sequence(
    steps: Any, within: int, prepared: Callable[[Events], Events] = list, **rest: Any
) -> Callable[..., Alerts]:
    return lambda events, end, _: ORACLE.sequence(prepared(events), steps, within, end, **rest)


def _count(events: Events, end: int, _: Any) -> Alerts:
    known = [event | {"value": 1} for event in _by_zone(events) if event["pm25"] is not None]
    return ORACLE.window(known, 8, len, lambda v: v >= 4, lambda v: v < 2, end)


def _together(events: Events, end: int, _: Any) -> Alerts:
    hot = [event for event in events if event["temp_c"] == 61]
    return ORACLE.together(hot, [event for event in events if HIGH(event)], 4, 5, _near, end)


def _above(limit: float) -> Callable[[float], bool]:
    return lambda value: value > limit


def _below(limit: float) -> Callable[[float], bool]:
    return lambda value: value < limit


WANTED: Mapping[str, Callable[[Events, int, dict[str, int]], Alerts]] = {
    "threshold": lambda events, end, _: ORACLE.threshold(
        events, _if("pm25", _above(5)), 4, _if("pm25", lambda v: v <= 5), 3
    ),
    "hysteresis": lambda events, end, _: ORACLE.threshold(events, HIGH, 0, LOW, 0),
    "rested": lambda events, end, _: ORACLE.threshold(
        events, _if("pm25", _above(4)), 0, _if("pm25", lambda v: v <= 4), 0
    ),
    "absence": lambda events, end, since: ORACLE.absence(events, 6, end, since),
    "silence-rested": lambda events, end, since: ORACLE.absence(events, 4, end, since),
    "count": _count,
    "sum": _window(7, lambda e: math.fsum(_values(e)), _above(14), lambda v: v <= 14),
    "mean": _window(7, lambda e: math.fsum(_values(e)) / len(e) if e else None, _above(5), _below(4)),
    "least": _window(5, lambda e: min(_values(e), default=None), lambda v: v >= 5, _below(3)),
    "most": _window(5, lambda e: max(_values(e), default=None), lambda v: v >= 8, _below(6)),
    "numbers": _window(9, lambda e: len(set(_values(e))), lambda v: v >= 3, _below(2)),
    "texts": _window(9, lambda e: len(set(_values(e))), lambda v: v >= 2, _below(2), of="action"),
    "first": _window(9, lambda e: e[0]["value"] if e else None, _above(5), _below(3)),
    "last": _window(9, lambda e: e[-1]["value"] if e else None, _above(5), _below(3)),
    "change": _window(9, ORACLE.change, lambda v: v >= 4, lambda v: v <= 0),
    "speed": _window(9, ORACLE.change_per(10), lambda v: v <= -6, _above(-2)),
    "together": _together,
    "pair": _sequence([ONE, TWO], 10, clear_after=4),
    "guarded": _sequence([ONE, TWO], 12, forbidden=BAD, clear_after=4),
    "triple": _sequence([ONE, DUSTY, TWO], 20, _by_zone, forbidden=BAD, clear_after=20),
    "twice": _sequence([ONE, ONE, ONE], 15, clear_after=3),
    "awaited": _sequence([ONE], 5, forbidden=TWO, clear_after=6),
    "shut": _sequence([ONE, TWO], 20, ends=SHUT),
    "awaited-shut": _sequence([ONE], 5, forbidden=TWO, ends=SHUT),
    "nearby": _sequence([ONE, TWO], 10, forbidden=BAD, near=_near, across=True, clear_after=4),
    "nearby-awaited": _sequence([ONE], 5, forbidden=TWO, near=_near, across=True, clear_after=4),
    "at-place": _sequence([ONE, TWO], 15, near=_near, clear_after=4),
    "stays": lambda events, end, _: ORACLE.dwell(events, _if("zone", lambda zone: zone == "z1"), 5, 6, end),
    "stays-dusty": lambda events, end, _: ORACLE.dwell(_by_zone(events), _if("pm25", _above(2)), 6, 8, end),
    "stays-near": lambda events, end, _: ORACLE.dwell(events, lambda _: True, 5, 9, end, _near),
}
RESTED = {"rested": 7, "silence-rested": 9}
"""The rules with a cooldown, and how long it is."""


@pytest.mark.parametrize("hours", [False, True], ids=["always", "with hours"])
@settings(max_examples=60, deadline=None)
@given(events=city_events(lateness=LATENESS), cuts=CUTS)
def test_with_lateness_results_equal_a_computation_over_the_whole_file(
    hours: bool, events: list[dict[str, Any]], cuts: list[int]
) -> None:
    book, unit = BOOKS["event time, with hours" if hours else "event time"]
    found = alerts_of(run(book, events, cuts, unit=unit), unit)
    end = max(event["at"] + event["late"] for event in events)
    known = [{"t": event["at"], "key": event["asset"], **event} for event in events]
    for rule, plainly in WANTED.items():
        alerts = ORACLE.schedule(known, SPANS, plainly, end) if hours else plainly(known, end, {})
        if rule in RESTED:
            alerts = ORACLE.cooldown(alerts, RESTED[rule], end)
        assert found.get(rule, []) == alerts, rule


def test_every_rule_of_the_laws_has_its_oracle() -> None:
    assert [rule.name for rule in BOOKS["event time"][0].rules] == list(WANTED)


def test_the_oracle_is_not_of_the_engines_making() -> None:
    source = (Path(__file__).parents[1] / "oracle" / "whole_file.py").read_text("utf-8")
    assert "import rules" not in source
    assert "from rules" not in source
