"""What a camera counted over a day, as rows of quarter hours."""

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ioc.model.cameras import Geometry
from ioc.model.instant import MILLISECOND, SECOND, Instant
from ioc.store.camera_counts import QUARTER, Count, Counted

Rows = dict[str, list[int]]
"""Numbers by quarter hour, by label."""


def day_of(now: Instant, timezone: str) -> date:
    """Say which day it is where the city is."""
    return datetime.fromtimestamp(now // SECOND, _zone(timezone)).date()


def bounds_of(day: date, timezone: str) -> tuple[Instant, Instant]:
    """Say when a day begins and ends where the city is.

    Raises:
        ValueError: a day outside the years that times are kept of.
    """
    zone = _zone(timezone)
    try:
        ends = (datetime(each.year, each.month, each.day, tzinfo=zone) for each in (day, day + timedelta(days=1)))
        since, until = (round(end.timestamp()) * SECOND for end in ends)
    except OverflowError as error:
        raise ValueError(f"{day} is a day outside the years 1970 to 9998") from error
    if since < 0:
        raise ValueError(f"{day} is a day outside the years 1970 to 9998")
    return since, until


def counts_view(counts: Iterable[Count], since: Instant, until: Instant, geometry: Geometry) -> dict[str, Any]:
    """Write a day's counts.

    Args:
        counts: those of the day.
        since: when it begins.
        until: when it ends.
        geometry: what is drawn now: its zones and lines are there even where nothing was counted, and come first.
    """
    quarters = -((since - until) // QUARTER)
    whole: dict[Counted, Rows] = {Counted.SEEN: {}, Counted.MOST: {}}
    zones: dict[str, dict[Counted, Rows]] = {zone.name: _empty(_OF_ZONES) for zone in geometry.zones}
    lines: dict[str, dict[Counted, Rows]] = {line.name: _empty(_OF_LINES) for line in geometry.lines}
    for count in counts:
        what, name, label = count.of
        if what in _OF_LINES:
            of = lines.setdefault(name, _empty(_OF_LINES))
        elif name:
            of = zones.setdefault(name, _empty(_OF_ZONES))
        else:
            of = whole
        if what in of and since <= count.start < until:
            of[what].setdefault(label, [0] * quarters)[(count.start - since) // QUARTER] = count.number
    return {
        "start": since // MILLISECOND,
        "step_ms": QUARTER // MILLISECOND,
        "quarters": quarters,
        **_written(whole),
        "zones": [{"zone": name, **_written(rows)} for name, rows in zones.items()],
        "lines": [{"line": name, **_written(rows)} for name, rows in lines.items()],
    }


_OF_ZONES = (Counted.ENTERED, Counted.MOST)
_OF_LINES = (Counted.IN, Counted.OUT, Counted.FORBIDDEN)


def _empty(of: Iterable[Counted]) -> dict[Counted, Rows]:
    return {what: {} for what in of}


def _written(rows: Mapping[Counted, Rows]) -> dict[str, Rows]:
    return {str(what): by_label for what, by_label in rows.items()}


def _zone(name: str) -> tzinfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return UTC
