"""A timeline out of what really happened: the events around an alert, and that it must fire, or must not."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

import polars as pl

from ioc.model.events import FIXED_COLUMNS
from ioc.model.faults import Fault
from ioc.model.instant import HOUR, MILLISECOND, MINUTE, SECOND, Duration, Instant
from ioc.model.quantities import Catalogue
from rules.bench.past import Wanted
from rules.bench.running import columns_of, kinds_of
from rules.book import RuleBook
from rules.keys import SEPARATOR, key_expression
from rules.rule import SITE_KEYS, Rule
from rules.timelines import MAX_EVENTS, Timeline, read_timeline_text, run_timeline
from rules.watches.cluster import Cluster

AFTERWARDS: Final[Duration] = MINUTE
"""How long after its beginning an alert may come and still pass: a number is turned, and it comes a little later."""

LONGEST: Final[Duration] = HOUR
"""How much of what came after the alert began is written, for a test that it must not come."""

_TEXTS: Final = ("zone", "signal")


@dataclass(frozen=True, slots=True)
class Happened:
    """An alert that was raised.

    Attributes:
        name: what people call it, for the test's name.
        incident: the incident's id.
    """

    rule: str
    key: str
    raised_at: Instant
    cleared_at: Instant | None
    name: str
    incident: str


def needed(rule: Rule, happened: Happened) -> Wanted:
    """Say which events a timeline is made from.

    Raises:
        Fault: of such a rule no timeline can be made.
    """
    if isinstance(rule.watch, Cluster) or set(rule.per) & set(SITE_KEYS):
        raise Fault(
            f"rule {rule.name!r} goes by where assets are registered, which a timeline cannot say; "
            "write one for the rules below it",
            wrong_use=False,
        )
    since = happened.raised_at - max(2 * rule.look_back, 2 * MINUTE)
    columns = columns_of([rule]) | {"asset", "zone", "signal", "lat", "lon"}
    return Wanted(max(0, since), _end(happened) + MINUTE, columns, kinds_of([rule]), frozenset())


def _end(happened: Happened) -> Instant:
    latest = happened.raised_at + LONGEST
    return latest if happened.cleared_at is None else min(happened.cleared_at, latest)


def write_timeline(
    happened: Happened,
    batches: Iterable[pl.DataFrame],
    book: RuleBook,
    catalogue: Catalogue,
    *,
    timezone: str,
    must_fire: bool = True,
) -> tuple[str, tuple[str, ...]]:
    """Write a timeline.

    Args:
        happened: the alert.
        batches: the events around it; see `needed`.
        book: the rules as they are now.
        catalogue: the types of quantities.
        timezone: zone that the start is written in.
        must_fire: whether the alert must come; else none of the rule's may.

    Returns:
        The YAML text, and what goes otherwise with the rules as they are now; for a test that it must not fire that is
        the rule's, to be changed.

    Raises:
        Fault: there are no events.
    """
    rule = next(rule for rule in book.rules if rule.name == happened.rule)
    frames = [batch for batch in batches if batch.height]
    if not frames:
        raise Fault(
            f"no events are left of the time around {_iso(happened.raised_at, timezone)}; neither history nor stream "
            "reaches back so far",
            wrong_use=False,
        )
    events = _of_key(rule, happened.key, pl.concat(frames, how="diagonal_relaxed"), catalogue)
    until = _end(happened) if not must_fire else happened.raised_at + AFTERWARDS
    if must_fire and happened.cleared_at is not None:
        # To the end it must hold, so the end lies before its own.
        until = min(until, happened.cleared_at - MILLISECOND)
    until = max(until, happened.raised_at)
    events = events.filter(pl.col("received_at").cast(pl.Int64) <= until)
    if not events.height:
        raise Fault(f"no events of {happened.key} are left of the time before the alert", wrong_use=False)
    if events.height > MAX_EVENTS:
        raise Fault(f"{events.height} events are more than a timeline may have", wrong_use=False)
    first = int(events["at"].cast(pl.Int64).min())  # type: ignore[arg-type]
    start = first // SECOND * SECOND
    text = _written(happened, rule, events, start, until, timezone, must_fire=must_fire)
    verdict = run_timeline(_read(text, book, catalogue), book, catalogue)
    return text, verdict.complaints


def _read(text: str, book: RuleBook, catalogue: Catalogue) -> Timeline:
    (timeline,) = read_timeline_text(text, book, catalogue)
    return timeline


def _of_key(rule: Rule, key: str, events: pl.DataFrame, catalogue: Catalogue) -> pl.DataFrame:
    """Keep the events that the rule takes for this key."""
    types = {**FIXED_COLUMNS, **catalogue.schema()}
    missing = sorted(set(types) & (set(rule.columns) | {"lat", "lon", *_TEXTS}) - set(events.columns))
    events = events.with_columns(pl.lit(None, types[name]).alias(name) for name in missing)
    if rule.kind.pairs:
        return events.filter(pl.col("asset").cast(pl.String).is_in(key.split(SEPARATOR)))
    if getattr(rule.watch, "across", False):
        # A sequence whose steps are of several keys.
        return events
    return events.filter(key_expression(rule.per, {}) == key)


def _written(
    happened: Happened,
    rule: Rule,
    events: pl.DataFrame,
    start: Instant,
    until: Instant,
    timezone: str,
    *,
    must_fire: bool,
) -> str:
    what = "must fire" if must_fire else "must not fire"
    lines = [
        f"# Written from incident {happened.incident}, {_iso(happened.raised_at, timezone)}.",
        f"- test: {_quoted(f'{happened.rule} {what} for {happened.name}, as at {_iso(happened.raised_at, timezone)}')}",
        f"  start: {_iso(start, timezone)}",
        "  events:",
        *(f"    - {line}" for line in _event_lines(rule, events, start)),
        f"  until: {_seconds(until - start)}",
    ]
    if must_fire:
        expected = f"{{rule: {happened.rule}, key: {_quoted(happened.key)}, raised: [0 s, {_seconds(until - start)}]}}"
        lines.append(f"  expect: [{expected}]")
    else:
        lines += ["  expect: []", f"  rules: [{happened.rule}]"]
    return "\n".join(lines) + "\n"


def _event_lines(rule: Rule, events: pl.DataFrame, start: Instant) -> Iterable[str]:
    quantities = [name for name in events.columns if name not in FIXED_COLUMNS and name in rule.columns]
    rows = events.with_columns(pl.col("at", "received_at").cast(pl.Int64))
    for row in rows.iter_rows(named=True):
        parts = [f"at: {_seconds(row['at'] - start)}"]
        if row["received_at"] > row["at"]:
            parts.append(f"delay: {_seconds(row['received_at'] - row['at'])}")
        parts += [f"kind: {row['kind']}", f"asset: {_quoted(str(row['asset'] or ''))}"]
        if "lat" in rule.columns and row["lat"] is not None and row["lon"] is not None:
            parts.append(f"lat: {row['lat']!r}, lon: {row['lon']!r}")
        parts += [f"{name}: {_quoted(row[name])}" for name in _TEXTS if row.get(name) is not None]
        values = [f"{name}: {_value(row[name])}" for name in quantities if row[name] is not None]
        yield "{" + ", ".join([*parts, f"values: {{{', '.join(values)}}}"]) + "}"


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return _quoted(value) if isinstance(value, str) else repr(value)


def _quoted(text: str) -> str:
    """Write a text so that YAML reads that text, whatever is in it."""
    return json.dumps(text, ensure_ascii=False)


def _seconds(duration: Duration) -> str:
    return f"{duration / SECOND:.6f}".rstrip("0").rstrip(".") + " s"


def _iso(instant: Instant, timezone: str) -> str:
    return datetime.fromtimestamp(instant // SECOND, UTC).astimezone(ZoneInfo(timezone)).isoformat()


def from_evidence(evidence: Sequence[Mapping[str, Any]], catalogue: Catalogue) -> pl.DataFrame:
    """Make a batch of an incident's own evidence, Event JSON: all that is left where no history is kept."""
    types = {**FIXED_COLUMNS, **catalogue.schema()}
    rows = []
    for event in evidence:
        at = round(float(event["at"]) * MILLISECOND)
        received = event.get("received_at")
        row = {**event.get("values", {}), **{name: event.get(name) for name in FIXED_COLUMNS}}
        rows.append(row | {"at": at, "received_at": at if received is None else round(float(received) * MILLISECOND)})
    names = [name for name in types if any(name in row for row in rows)]
    schema = {name: pl.Int64 if name in ("at", "received_at") else types[name] for name in names}
    frame = pl.DataFrame([{name: row.get(name) for name in names} for row in rows], schema=schema, orient="row")
    return frame.with_columns(pl.col("at", "received_at").cast(types["at"])) if rows else frame
