"""Timelines: tests of rules as data, events at times and the alerts expected of them.

```yaml
- test: A brief peak is not an alert
  start: 2026-01-05T08:00:00+07:00
  events:
    - {at: 0 s, kind: sensor, asset: env-1, values: {pm25: 160}}
    - {at: 0 s, every: 10 s, until: 90 s, kind: sensor, asset: env-2, values: {pm25: 20}}
  until: 2 min
  expect:
    - {rule: air-hazard, key: env-2, raised: 60 s, cleared: 2 min}
```

An event with `every` and `until` comes again and again. `raised` and `cleared` are a time after `start`, or
`[earliest, latest]`; an alert without `cleared` must still hold at the end. `assets` registers assets with their sites,
and `expect_incidents` lists the incidents that operators are left with.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import polars as pl

from ioc.model.alerts import AlertChange
from ioc.model.assets import Asset
from ioc.model.events import FIXED_COLUMNS
from ioc.model.geo import valid_position
from ioc.model.instant import DAY, MINUTE, SECOND, Duration, Instant, from_iso
from ioc.model.kinds import Kind
from ioc.model.quantities import Catalogue, fit
from ioc.runtime.marked_yaml import Misplaced, YamlNode, expected, read_marked, read_marked_file, yaml_files
from rules.backtest import BacktestAlert, Table, note
from rules.book import TIMELINE_SUFFIX, RuleBook
from rules.engine import Engine
from rules.measures import duration
from rules.timeline_incidents import ExpectedIncident, Operators, compare, read_assets, read_incident

MAX_EVENTS: Final = 100_000
_DEFAULT_START: Final = "2026-01-05T08:00:00+07:00"
_KEYS: Final = ("test", "start", "assets", "events", "until", "expect", "expect_incidents", "rules")
_EVENT_KEYS: Final = ("at", "every", "until", "kind", "asset", "lat", "lon", "zone", "signal", "values", "delay")
_SPAN = tuple[Duration, Duration]


@dataclass(frozen=True, slots=True)
class ExpectedAlert:
    """An alert that must come, within spans of time after the start; `cleared` None: it must still hold."""

    rule: str
    key: str
    raised: _SPAN
    cleared: _SPAN | None


@dataclass(frozen=True, slots=True)
class Timeline:
    """One test: events in order of arrival, and what must come of them.

    Attributes:
        rules: the rules that it speaks of; alerts of others are not looked at.
        until: how far the clock goes on, µs after the start.
        expect: the alerts.
        assets: the city's registered assets.
        incidents: those that operators are left with, because no other speaks for them; None: it does not matter.
        judges_alerts: whether other alerts than the expected ones are wrong.
    """

    name: str
    where: str
    start: Instant
    events: pl.DataFrame
    until: Duration
    rules: frozenset[str]
    expect: tuple[ExpectedAlert, ...]
    assets: Mapping[str, Asset] = field(default_factory=dict)
    incidents: tuple[ExpectedIncident, ...] | None = None
    judges_alerts: bool = True


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a timeline went.

    Attributes:
        complaints: what went otherwise than expected; empty where all came as it should.
        missing: what did not come at all.
    """

    timeline: Timeline
    complaints: tuple[str, ...]
    missing: tuple[ExpectedAlert, ...] = ()


def read_timelines(folder: Path, book: RuleBook, catalogue: Catalogue) -> list[Timeline]:
    """Read all timelines of a folder and below.

    Raises:
        Misplaced: the first mistake, with file, line and column.
    """
    return [_timeline(node, book, catalogue) for path in _files(folder) for node in _nodes(path)]


def read_timeline_text(text: str, book: RuleBook, catalogue: Catalogue) -> list[Timeline]:
    """Read timelines from a text.

    Raises:
        Misplaced: the first mistake.
    """
    document = read_marked(text, f"rules{TIMELINE_SUFFIX}")
    return [] if document is None else [_timeline(node, book, catalogue) for node in document.sequence()]


def timelines_of(folder: Path, rule: str, book: RuleBook, catalogue: Catalogue) -> Iterator[Timeline | Misplaced]:
    """Read the timelines that speak of one rule; a mistake in one, or in a whole file, is given in its place."""
    for path in _files(folder):
        try:
            nodes = _nodes(path)
        except Misplaced as mistake:
            # What is wrong in a file that does not speak of the rule is nothing to its author.
            if _mentions(path, rule):
                yield mistake
            continue
        for node in nodes:
            try:
                if rule in _spoken(node):
                    yield _timeline(node, book, catalogue)
            except Misplaced as mistake:
                yield mistake


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in yaml_files(folder) if path.name.endswith(TIMELINE_SUFFIX))


def _nodes(path: Path) -> list[YamlNode]:
    document = read_marked_file(path)
    return [] if document is None else document.sequence()


def _spoken(node: YamlNode) -> set[str]:
    """Name the rules that a timeline speaks of, whether they exist or not."""
    parts = node.mapping()
    listed = parts["rules"].sequence() if "rules" in parts else []
    expected = [item for key in ("expect", "expect_incidents") if key in parts for item in parts[key].sequence()]
    named = [item.mapping()["rule"] for item in expected if "rule" in item.mapping()]
    return {item.text() for item in [*listed, *named]}


def _mentions(path: Path, rule: str) -> bool:
    try:
        return rule in path.read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        return False


def run_timeline(timeline: Timeline, book: RuleBook, catalogue: Catalogue) -> Verdict:
    """Run one timeline, event by event, and compare."""
    chosen = book.part(timeline.rules)
    engine = Engine(chosen, catalogue, timeline.assets)
    operators = Operators(chosen.rules, timeline.assets, timeline.start)
    alerts: Table = {}

    def hear(changes: list[AlertChange], *, closing: bool = False) -> None:
        note(alerts, changes)
        operators.hear(changes, engine.clock, closing=closing)

    for row in timeline.events.iter_slices(1):
        hear(engine.step(row))
    hear(engine.step(pl.DataFrame(), timeline.start + timeline.until))
    hear(engine.finish(), closing=True)
    missing: list[ExpectedAlert] = []
    spoken = [alert for alert in alerts.values() if alert.rule in timeline.rules]
    complaints = list(_compare(timeline, spoken, missing)) if timeline.judges_alerts else []
    if timeline.incidents is not None:
        complaints += compare(timeline.incidents, operators.left(timeline.rules))
    return Verdict(timeline, tuple(complaints), tuple(missing))


def _compare(timeline: Timeline, alerts: list[BacktestAlert], missing: list[ExpectedAlert]) -> Iterator[str]:
    """Say what differs; an alert that came at another time is one difference, not two."""
    left = sorted(alerts, key=lambda alert: alert.raised_at)
    late: list[ExpectedAlert] = []
    for wanted in timeline.expect:
        hit = next((a for a in _of(wanted, left) if _inside(a.raised_at - timeline.start, wanted.raised)), None)
        if hit is None:
            late.append(wanted)
        else:
            left.remove(hit)
            yield from _compare_end(timeline, wanted, hit)
    for wanted in late:
        mine = _of(wanted, left)
        name = f"{wanted.rule} for {wanted.key}"
        if not mine:
            missing.append(wanted)
            yield f"{name}: expected at {_span(wanted.raised)}, did not come"
            continue
        nearest = min(mine, key=lambda alert: abs(alert.raised_at - timeline.start - wanted.raised[0]))
        left.remove(nearest)
        came = nearest.raised_at - timeline.start
        apart = wanted.raised[0] - came if came < wanted.raised[0] else came - wanted.raised[1]
        which = "early" if came < wanted.raised[0] else "late"
        yield f"{name}: expected at {_span(wanted.raised)}, came at {_after(came)}, {_after(apart)} too {which}"
        yield from _compare_end(timeline, wanted, nearest)
    for alert in left:
        ended = "still holds" if alert.cleared_at is None else f"ended at {_after(alert.cleared_at - timeline.start)}"
        yield f"{alert.rule} for {alert.key}: not expected, came at {_after(alert.raised_at - timeline.start)}, {ended}"


def _of(wanted: ExpectedAlert, alerts: Sequence[BacktestAlert]) -> list[BacktestAlert]:
    return [alert for alert in alerts if (alert.rule, alert.key) == (wanted.rule, wanted.key)]


def _compare_end(timeline: Timeline, wanted: ExpectedAlert, hit: BacktestAlert) -> Iterator[str]:
    name = f"{wanted.rule} for {wanted.key}"
    if wanted.cleared is None:
        if hit.cleared_at is not None:
            yield f"{name}: expected to hold to the end, ended at {_after(hit.cleared_at - timeline.start)}"
    elif hit.cleared_at is None:
        yield f"{name}: expected to end at {_span(wanted.cleared)}, still holds at {_after(timeline.until)}"
    elif not _inside(hit.cleared_at - timeline.start, wanted.cleared):
        ended = _after(hit.cleared_at - timeline.start)
        yield f"{name}: expected to end at {_span(wanted.cleared)}, ended at {ended}"


def _inside(moment: Duration, span: _SPAN) -> bool:
    return span[0] <= moment <= span[1]


def _after(moment: Duration) -> str:
    if moment < 10 * MINUTE:
        return f"{moment / SECOND:g} s"
    return f"{moment / MINUTE:g} min"


def _span(span: _SPAN) -> str:
    return _after(span[0]) if span[0] == span[1] else f"{_after(span[0])} to {_after(span[1])}"


def _timeline(node: YamlNode, book: RuleBook, catalogue: Catalogue) -> Timeline:
    parts = node.mapping(_KEYS, required=("test", "events"))
    if "expect" not in parts and "expect_incidents" not in parts:
        raise node.wrong("'expect' is missing: the alerts that must come of the events")
    names = [rule.name for rule in book.rules]
    start_node = parts.get("start")
    try:
        start = from_iso(_DEFAULT_START if start_node is None else start_node.text())[0]
    except ValueError as error:
        raise (start_node or node).wrong(str(error)) from error
    expect = tuple(_expected(item, names) for item in parts["expect"].sequence()) if "expect" in parts else ()
    spoken = {alert.rule for alert in expect}
    incidents = None
    if "expect_incidents" in parts:
        incidents = tuple(read_incident(item, names) for item in parts["expect_incidents"].sequence())
        spoken |= {incident.rule for incident in incidents}
    if "rules" in parts:
        spoken |= {item.choice(names) for item in parts["rules"].sequence()}
    if not spoken:
        raise node.wrong("a test that expects nothing must say of which rules, as `rules: [air-hazard]`")
    rows: list[tuple[Instant, int, dict[str, Any]]] = []
    for item in parts["events"].sequence():
        for row in _events(item, start, catalogue):
            rows.append((row["received_at"], len(rows), row))
            if len(rows) > MAX_EVENTS:
                raise item.wrong(f"a test has more than {MAX_EVENTS} events")
    rows.sort(key=lambda entry: entry[:2])
    last = rows[-1][0] - start if rows else 0
    until = duration(parts["until"]) if "until" in parts else last
    frame = _frame([row for _, _, row in rows], catalogue)
    return Timeline(
        parts["test"].text(),
        f"{node.source}:{node.line}",
        start,
        frame,
        until,
        frozenset(spoken),
        expect,
        read_assets(parts["assets"]) if "assets" in parts else {},
        incidents,
        "expect" in parts,
    )


def _frame(rows: Sequence[dict[str, Any]], catalogue: Catalogue) -> pl.DataFrame:
    names = {name for row in rows for name in row if name not in FIXED_COLUMNS}
    schema = {**FIXED_COLUMNS, **{name: type_ for name, type_ in catalogue.schema().items() if name in names}}
    times = {"at": pl.Int64, "received_at": pl.Int64}
    full = [{name: row.get(name) for name in schema} for row in rows]
    frame = pl.DataFrame(full, schema={**schema, **times}, orient="row")
    return frame.with_columns(pl.col(name).cast(FIXED_COLUMNS[name]) for name in times)


def _events(node: YamlNode, start: Instant, catalogue: Catalogue) -> Iterator[dict[str, Any]]:
    parts = node.mapping(_EVENT_KEYS, required=("at", "kind", "asset", "values"))
    first = duration(parts["at"])
    row: dict[str, Any] = {"kind": parts["kind"].choice([str(kind) for kind in Kind]), "asset": parts["asset"].text()}
    for name in ("zone", "signal"):
        if name in parts:
            row[name] = parts[name].text()
    if "lat" in parts or "lon" in parts:
        if not ("lat" in parts and "lon" in parts):
            raise node.wrong("a place needs both lat and lon")
        row |= {"lat": float(parts["lat"].number()), "lon": float(parts["lon"].number())}
        if not valid_position(row["lat"], row["lon"]):
            raise parts["lat"].wrong(f"{row['lat']}, {row['lon']} is no place on the Earth")
    for name, value in parts["values"].mapping().items():
        known = catalogue.get(name)
        if known is None:
            raise value.wrong(f"{name!r} is not a known quantity; {expected(name, catalogue.names())}")
        try:
            row[name] = fit(known, value.plain())
        except ValueError as error:
            raise value.wrong(str(error)) from error
    delay = duration(parts["delay"]) if "delay" in parts else 0
    step = duration(parts["every"]) if "every" in parts else DAY
    last = duration(parts["until"]) if "until" in parts else first
    if ("every" in parts) != ("until" in parts) or step <= 0:
        raise node.wrong("an event that comes again needs `every` (longer than 0 s) and `until`")
    for moment in range(first, last + 1, step):
        yield {**row, "at": start + moment, "received_at": start + moment + delay}


def _expected(node: YamlNode, names: Sequence[str]) -> ExpectedAlert:
    parts = node.mapping(("rule", "key", "raised", "cleared"), required=("rule", "key", "raised"))
    cleared = parts.get("cleared")
    rule = parts["rule"].choice(names)
    return ExpectedAlert(
        rule, parts["key"].text(), _read_span(parts["raised"]), None if cleared is None else _read_span(cleared)
    )


def _read_span(node: YamlNode) -> _SPAN:
    if not node.is_sequence():
        moment = duration(node)
        return moment, moment
    ends = [duration(item) for item in node.sequence()]
    if len(ends) != 2 or ends[0] > ends[1]:
        raise node.wrong("expected a time such as 60 s, or [earliest, latest]")
    return ends[0], ends[1]
