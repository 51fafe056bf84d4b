"""Laws of the engine: how events are cut, and where it is restarted, cannot matter; with `lateness` it is exact."""

import importlib.util
import math
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from types import ModuleType
from typing import Any

import msgspec
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ioc.model.alerts import AlertChange, AlertState
from ioc.model.events import FIXED_COLUMNS
from ioc.model.geo import distance_m
from ioc.model.instant import SECOND
from ioc.store.catalogue import load_catalogue
from rules.book import RuleBook, read_book_text
from rules.engine import Engine
from rules.expressions import scope_of

START = 1_790_000_000 * SECOND
LATENESS = 5
CATALOGUE = load_catalogue()

RULES = """
- rule: threshold
  {late}
  from: sensor
  threshold: {{raise: pm25 > 5, for: 4 s, clear_for: 3 s}}
- rule: hysteresis
  {late}
  from: sensor
  threshold: {{raise: pm25 > 6, clear: pm25 < 3}}
- rule: absence
  {late}
  from: sensor
  absence: {{after: 6 s}}
- rule: count
  {late}
  from: sensor
  per: zone
  where: pm25 >= 0
  window: {{over: 8 s, value: count(*), raise: ">= 4", clear: "< 2"}}
- rule: sum
  {late}
  from: sensor
  window: {{over: 7 s, value: sum(pm25), raise: "> 14"}}
- rule: mean
  {late}
  from: sensor
  window: {{over: 7 s, value: mean(pm25), raise: "> 5", clear: "< 4"}}
- rule: least
  {late}
  from: sensor
  window: {{over: 5 s, value: min(pm25), raise: ">= 5", clear: "< 3"}}
- rule: most
  {late}
  from: sensor
  window: {{over: 5 s, value: max(pm25), raise: ">= 8", clear: "< 6"}}
- rule: together
  {late}
  together:
    hot: {{from: sensor, where: temp_c > 60}}
    dusty: {{from: sensor, where: pm25 > 6}}
    within: 4 s
    near: 200 m
    clear_after: 5 s
"""


def _book(late: str) -> RuleBook:
    return read_book_text(RULES.format(late=late), scope_of(CATALOGUE))


IN_ORDER_OF_THE_STREAM = _book("severity: info")
IN_EVENT_TIME = _book(f"lateness: {LATENESS} s")

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
                    "asset": st.sampled_from(["a", "b", "c"]),
                    "pm25": st.none() | st.integers(0, 10),
                    "temp_c": st.none() | st.sampled_from([20, 61]),
                    "place": st.integers(0, 2),
                    "twice": st.booleans(),
                }
            ),
            min_size=1,
            max_size=24,
        )
    )
    events += [dict(event) for event in events if event["twice"]]
    events.sort(key=lambda event: event["at"] + event["late"])
    return events


def batch(events: Sequence[dict[str, Any]]) -> pl.DataFrame:
    rows = []
    for event in events:
        lat, lon = PLACES[event["place"]]
        row = dict.fromkeys(FIXED_COLUMNS) | {"kind": "sensor", "asset": event["asset"], "lat": lat, "lon": lon}
        row |= {"zone": "z1" if event["asset"] in "ab" else "z2", "pm25": event["pm25"], "temp_c": event["temp_c"]}
        row |= {"at": START + event["at"] * SECOND, "received_at": START + (event["at"] + event["late"]) * SECOND}
        rows.append(row)
    schema = {**FIXED_COLUMNS, "pm25": pl.Float64, "temp_c": pl.Float64, "at": pl.Int64, "received_at": pl.Int64}
    frame = pl.DataFrame(rows, schema=schema, orient="row")
    return frame.with_columns(pl.col("at", "received_at").cast(pl.Datetime("us", "UTC")))


Ended = dict[tuple[str, str, int], int | None]


def run(book: RuleBook, events: Sequence[dict[str, Any]], cuts: Sequence[int], restarts: Sequence[int] = ()) -> Ended:
    """Run events cut at the given places, restarting from a checkpoint at some of them."""
    engine = Engine(book, CATALOGUE)
    changes: list[AlertChange] = []
    edges = sorted({0, len(events), *(cut % (len(events) + 1) for cut in cuts)})
    for index, (begin, end) in enumerate(pairwise(edges)):
        changes += engine.step(batch(events[begin:end]))
        if index in restarts:
            kept = msgspec.msgpack.decode(msgspec.msgpack.encode(engine.dump()), strict=False)
            engine = Engine(book, CATALOGUE)
            assert engine.load(kept) == []
    changes += engine.finish()
    out: Ended = {}
    for change in changes:
        name = (change.rule, change.key, (change.raised_at - START) // SECOND)
        if change.to is AlertState.FIRING:
            assert name not in out, f"{name} began twice"
            out[name] = None
        else:
            assert name in out, f"{name} ended before it began"
            out[name] = (change.at - START) // SECOND
    return out


CUTS = st.lists(st.integers(0, 200), max_size=12)


@pytest.mark.parametrize("book", [IN_ORDER_OF_THE_STREAM, IN_EVENT_TIME], ids=["stream order", "event time"])
@settings(max_examples=40, deadline=None)
@given(events=city_events(lateness=3 * LATENESS), cuts=CUTS, restarts=st.sets(st.integers(0, 12)))
def test_how_events_are_cut_and_where_it_restarts_does_not_matter(
    book: RuleBook, events: list[dict[str, Any]], cuts: list[int], restarts: set[int]
) -> None:
    whole = run(book, events, ())
    assert run(book, events, cuts) == whole
    assert run(book, events, range(len(events))) == whole
    assert run(book, events, cuts, sorted(restarts)) == whole


def _oracle() -> ModuleType:
    path = Path(__file__).parents[1] / "oracle" / "whole_file.py"
    spec = importlib.util.spec_from_file_location("whole_file", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


ORACLE = _oracle()


def _above(limit: float) -> Callable[[float | None], bool | None]:
    return lambda value: None if value is None else value > limit


def _near(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return distance_m(*PLACES[one["place"]], *PLACES[other["place"]]) <= 200


@settings(max_examples=80, deadline=None)
@given(events=city_events(lateness=LATENESS), cuts=CUTS)
def test_with_lateness_results_equal_a_computation_over_the_whole_file(
    events: list[dict[str, Any]], cuts: list[int]
) -> None:
    found = run(IN_EVENT_TIME, events, cuts)
    end = max(event["at"] + event["late"] for event in events)
    plain = [{"t": e["at"], "key": e["asset"], "value": e["pm25"], **e} for e in events]
    zones = [event | {"key": "z1" if event["asset"] in "ab" else "z2"} for event in plain]
    hot = [event for event in plain if event["temp_c"] is not None and event["temp_c"] > 60]
    dusty = [event for event in plain if event["pm25"] is not None and event["pm25"] > 6]

    def mean(values: list[float]) -> float | None:
        return math.fsum(values) / len(values) if values else None

    wanted = {
        "threshold": ORACLE.threshold(plain, _above(5), 4, 3),
        "absence": ORACLE.absence(plain, 6, end),
        "count": ORACLE.window(zones, 8, len, lambda v: v >= 4, lambda v: v < 2, end),
        "sum": ORACLE.window(plain, 7, math.fsum, lambda v: v > 14, lambda v: v <= 14, end),
        "mean": ORACLE.window(plain, 7, mean, lambda v: v > 5, lambda v: v < 4, end),
        "least": ORACLE.window(plain, 5, lambda v: min(v, default=None), lambda v: v >= 5, lambda v: v < 3, end),
        "most": ORACLE.window(plain, 5, lambda v: max(v, default=None), lambda v: v >= 8, lambda v: v < 6, end),
        "together": ORACLE.together(hot, dusty, 4, 5, _near, end),
    }
    for rule, alerts in wanted.items():
        mine = sorted(((key, begun, ended) for (name, key, begun), ended in found.items() if name == rule), key=str)
        assert mine == alerts, rule


def test_the_oracle_is_not_of_the_engines_making() -> None:
    source = (Path(__file__).parents[1] / "oracle" / "whole_file.py").read_text("utf-8")
    assert "import rules" not in source
    assert "from rules" not in source
