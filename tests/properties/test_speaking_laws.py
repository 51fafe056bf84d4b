"""Laws of what comes after the kinds: however the stream is cut, and wherever it restarts, the same alerts in the same
order, and the same incidents to speak for them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import msgspec
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ioc.model.alerts import AlertChange, AlertState
from ioc.model.assets import Asset
from ioc.model.events import FIXED_COLUMNS
from ioc.model.identity import alert_id
from ioc.model.instant import SECOND
from ioc.model.kinds import Kind
from ioc.store.catalogue import load_catalogue
from rules.book import RuleBook, read_book_text
from rules.engine import Engine
from rules.expressions import scope_of
from rules.speaking.changes import AlertEnded, Counted, Ended, Folded, IncidentChange, Joined, Opened, RaisedInHour
from rules.speaking.grouping import Grouping

START = 1_790_000_000 * SECOND
CATALOGUE = load_catalogue()
ASSETS = {
    name: Asset(name, Kind.SENSOR, name, lat, 108.44, site=site, area="centre")
    for name, site, lat in (
        ("a", "market", 11.9400),
        ("b", "market", 11.9401),
        ("c", "market", 11.9402),
        ("d", "lake", 11.9500),
        ("e", None, 11.9501),
    )
}

RULES = """
- rule: dust
  {late}
  from: sensor
  cooldown: 6 s
  threshold: {{raise: pm25 > 5}}
- rule: slow
  {late}
  from: sensor
  threshold: {{raise: pm25 > 5, for: 3 s, clear: pm25 <= 3}}
  group: {{by: site, within: 8 s}}
- rule: silent
  {other}
  from: sensor
  absence: {{after: 5 s}}
  group: {{near: 100 m}}
- rule: busy
  {other}
  from: sensor
  window: {{over: 6 s, value: count(*), raise: ">= 2"}}
  storm: {{more_than: 2, over: 10 s}}
- rule: hot
  {other}
  from: sensor
  threshold: {{raise: temp_c > 60}}
  inhibit: {{rules: [dust, silent, site], same: site}}
- rule: both
  {late}
  together: {{hot: {{from: sensor, where: temp_c > 60}}, dusty: {{from: sensor, where: pm25 > 5}}, within: 3 s}}
- rule: site
  cluster: {{of: [dust, silent], at_least: 2, same: site}}
- rule: spot
  cluster: {{of: [dust, slow], at_least: 3, near: 100 m, within: 10 s}}
  inhibit: {{rules: [busy], near: 200 m}}
- rule: everywhere
  cluster: {{of: [site, spot], at_least: 2, same: area}}
"""


def _book(late: str, other: str) -> RuleBook:
    return read_book_text(RULES.format(late=late, other=other), scope_of(CATALOGUE))


BOOKS = {"at once": _book("severity: info", "severity: info"), "mixed": _book("lateness: 4 s", "severity: info")}


@st.composite
def city_events(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Events in order of arrival, out of order in time, many at one instant."""
    events = draw(
        st.lists(
            st.fixed_dictionaries(
                {
                    "at": st.integers(0, 40),
                    "late": st.sampled_from([0, 0, 0, 1, 3, 6]),
                    "asset": st.sampled_from(list(ASSETS)),
                    "pm25": st.none() | st.sampled_from([1, 4, 9]),
                    "temp_c": st.none() | st.sampled_from([20, 61]),
                }
            ),
            min_size=1,
            max_size=30,
        )
    )
    events.sort(key=lambda event: event["at"] + event["late"])
    return events


def batch(events: Sequence[dict[str, Any]]) -> pl.DataFrame:
    rows = [
        dict.fromkeys(FIXED_COLUMNS)
        | {"kind": "sensor", "asset": event["asset"], "pm25": event["pm25"], "temp_c": event["temp_c"]}
        | {"at": START + event["at"] * SECOND, "received_at": START + (event["at"] + event["late"]) * SECOND}
        for event in events
    ]
    schema = {**FIXED_COLUMNS, "pm25": pl.Float64, "temp_c": pl.Float64, "at": pl.Int64, "received_at": pl.Int64}
    frame = pl.DataFrame(rows, schema=schema, orient="row")
    return frame.with_columns(pl.col("at", "received_at").cast(pl.Datetime("us", "UTC")))


@dataclass
class Told:
    """All that came of events."""

    alerts: list[tuple[Any, ...]] = field(default_factory=list)
    incidents: dict[str, dict[str, Any]] = field(default_factory=dict)
    hours: dict[tuple[str, int], int] = field(default_factory=dict)

    def hear(self, changes: Sequence[AlertChange]) -> None:
        self.alerts += [(c.rule, c.key, c.to, c.at - START, c.raised_at - START) for c in changes]

    def write(self, changes: Sequence[IncidentChange]) -> None:
        for change in changes:
            if isinstance(change, Opened):
                new = {"alerts": [change.change.alert], "under": None, "ended": None, "count": (1, 0)}
                assert change.incident not in self.incidents
                self.incidents[change.incident] = new | {"storm": change.storm, "alerts ended": {}}
            elif isinstance(change, RaisedInHour):
                self.hours[change.rule, change.hour] = change.count
            else:
                known = self.incidents[change.incident]
                if isinstance(change, Joined):
                    known["alerts"].append(change.change.alert)
                elif isinstance(change, Folded):
                    known["under"] = change.under
                elif isinstance(change, AlertEnded):
                    known["alerts ended"][change.alert] = change.at
                elif isinstance(change, Ended):
                    known["ended"] = change.at
                elif isinstance(change, Counted):
                    known["count"] = (change.alerts, change.speaks_for)


def run(name: str, events: Sequence[dict[str, Any]], cuts: Sequence[int], restarts: Sequence[int] = ()) -> Told:
    """Run events cut at the given places, restarting from a checkpoint at some of them."""
    book = BOOKS[name]
    engine, grouping, told = Engine(book, CATALOGUE, ASSETS), Grouping(book.rules, ASSETS), Told()
    # The assets are watched from here on.
    engine.step(pl.DataFrame(), START - SECOND)
    edges = sorted({0, len(events), *(cut % (len(events) + 1) for cut in cuts)})
    for index, (begin, end) in enumerate(pairwise(edges)):
        changes = engine.step(batch(events[begin:end]))
        told.hear(changes)
        told.write(grouping.step(changes, engine.clock))
        if index in restarts:
            kept = msgspec.msgpack.encode([engine.dump(), grouping.dump()])
            of_engine, of_grouping = msgspec.msgpack.decode(kept, strict=False)
            engine, grouping = Engine(book, CATALOGUE, ASSETS), Grouping(book.rules, ASSETS)
            assert engine.load(of_engine) == []
            grouping.load(of_grouping)
    changes = engine.finish()
    told.hear(changes)
    told.write(grouping.step(changes, engine.clock, closing=True))
    return told


CUTS = st.lists(st.integers(0, 200), max_size=10)


@pytest.mark.parametrize("book", BOOKS)
@settings(max_examples=25, deadline=None)
@given(events=city_events(), cuts=CUTS, restarts=st.sets(st.integers(0, 10)))
def test_cuts_and_restarts_change_neither_alerts_nor_their_order_nor_incidents(
    book: str, events: list[dict[str, Any]], cuts: list[int], restarts: set[int]
) -> None:
    whole = run(book, events, ())
    for other in (run(book, events, cuts, sorted(restarts)), run(book, events, range(len(events)))):
        assert other.alerts == whole.alerts
        assert other.incidents == whole.incidents
        assert other.hours == whole.hours


@settings(max_examples=25, deadline=None)
@given(events=city_events(), cuts=CUTS)
def test_every_alert_is_in_one_incident_which_holds_as_long_as_any_of_its_alerts(
    events: list[dict[str, Any]], cuts: list[int]
) -> None:
    told = run("at once", events, cuts)
    begun = [
        alert_id(rule, key, START + raised_at) for rule, key, to, _, raised_at in told.alerts if to is AlertState.FIRING
    ]
    kept = [alert for known in told.incidents.values() for alert in known["alerts"]]
    assert sorted(kept) == sorted(begun)
    for known in told.incidents.values():
        holds = len(known["alerts ended"]) < len(known["alerts"])
        if not known["storm"]:
            assert (known["ended"] is None) == holds
            assert known["count"][0] == len(known["alerts"])
        elif holds:
            assert known["ended"] is None
    for name, known in told.incidents.items():
        # Nothing is folded under what is over, unless it is over itself; and in no circle.
        above, seen = known["under"], {name}
        if above is not None and told.incidents[above]["ended"] is not None:
            assert known["ended"] is not None
        while above is not None:
            assert above not in seen
            seen.add(above)
            above = told.incidents[above]["under"]


@settings(max_examples=25, deadline=None)
@given(events=city_events(), cuts=CUTS)
def test_a_key_rests_for_its_cooldown_between_two_alerts(events: list[dict[str, Any]], cuts: list[int]) -> None:
    ended: dict[str, int] = {}
    for rule, key, to, at, _ in run("mixed", events, cuts).alerts:
        if rule == "dust" and to is AlertState.RESOLVED:
            ended[key] = at
        elif rule == "dust" and key in ended:
            assert at >= ended[key] + 6 * SECOND
