"""Schedules: the hours in which a rule exists, by the clock on the wall of the area's zone."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from ioc.model.instant import LATEST, SECOND, Instant
from ioc.runtime.marked_yaml import YamlNode

DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
WHOLE_DAY: Final = 24 * 60

_TIME: Final = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)|24:00")
_MICROSECOND: Final = timedelta(microseconds=1)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Hours:
    """The same hours on some days of the week.

    Attributes:
        days: 0 (Monday) to 6, on which they begin.
        begin, end: minutes after midnight; `end` is greater than `begin`, and passes midnight beyond 24 h.
    """

    days: frozenset[int]
    begin: int
    end: int


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of time: from `begin` on, up to and without `end`."""

    begin: Instant
    end: Instant


@dataclass(frozen=True, slots=True)
class Schedule:
    """Hours of a week, in a zone."""

    hours: tuple[Hours, ...]
    timezone: str

    def span(self, after: Instant) -> Span:
        """Give the first stretch of time in the schedule that ends after an instant; it may have begun before.

        Hours that touch or overlap are one stretch. One without an end ends with `LATEST`.
        """
        return _span(self, after)


def read_schedule(node: YamlNode, timezone: str) -> Schedule:
    """Read `{days: mon-fri, from: "06:00", to: "22:00"}`, or a list of such.

    Raises:
        Misplaced: an unknown day, a time that is none.
    """
    given = node.sequence() if node.is_sequence() else [node]
    if not given:
        raise node.wrong('expected hours such as {days: mon-fri, from: "06:00", to: "22:00"}, or a list of them')
    return Schedule(tuple(_hours(hours) for hours in given), timezone)


def _hours(node: YamlNode) -> Hours:
    parts = node.mapping(("days", "from", "to"))
    if not parts:
        raise node.wrong('expected hours such as {days: mon-fri, from: "06:00", to: "22:00"}')
    days = frozenset(range(7)) if "days" not in parts else frozenset(_days(parts["days"]))
    begin = _minutes(parts["from"]) if "from" in parts else 0
    end = _minutes(parts["to"]) if "to" in parts else WHOLE_DAY
    if begin == WHOLE_DAY:
        raise parts["from"].wrong("a day has no 24:00 to begin at; 00:00 of the next day is meant")
    return Hours(days, begin, end if end > begin else end + WHOLE_DAY)


def _days(node: YamlNode) -> Iterator[int]:
    """Read days: `mon-fri`, `mon, wed`, or a list of such."""
    given = [(item, item.text()) for item in node.sequence()] if node.is_sequence() else [(node, node.text())]
    words = [(item, word.strip()) for item, text in given for word in text.split(",")]
    if not words:
        raise node.wrong("expected days such as mon-fri, or [sat, sun]")
    for item, word in words:
        first, dash, last = (part.strip() for part in word.lower().partition("-"))
        for day in (first, last) if dash else (first,):
            if day not in DAYS:
                raise item.wrong(
                    f"{day!r} is not a day; expected one of: {', '.join(DAYS)}, or a range such as mon-fri"
                )
        begin = DAYS.index(first)
        count = (DAYS.index(last) - begin) % 7 + 1 if dash else 1
        yield from ((begin + day) % 7 for day in range(count))


def _minutes(node: YamlNode) -> int:
    text = node.text().strip()
    if not _TIME.fullmatch(text):
        raise node.wrong(f"expected a time of day such as 06:30, found {node.described()}")
    hours, minutes = text.split(":")
    return int(hours) * 60 + int(minutes)


@lru_cache(maxsize=1_024)
def _span(schedule: Schedule, after: Instant) -> Span:
    zone = ZoneInfo(schedule.timezone)
    today = datetime.fromtimestamp(after // SECOND, UTC).astimezone(zone).date()
    # From the day before, whose hours may pass midnight, far enough to see every day of the week begin and end.
    days = [today + timedelta(days=day) for day in range(-2, 17)]
    spans = sorted(
        (_instant(day, hours.begin, zone), _instant(day, hours.end, zone))
        for day in days
        for hours in schedule.hours
        if day.weekday() in hours.days
    )
    begin, end = spans[0]
    for next_begin, next_end in spans[1:]:
        if next_begin <= end:
            end = max(end, next_end)
        elif end > after:
            break
        else:
            begin, end = next_begin, next_end
    # What goes on for as long as can be seen goes on for ever: weeks are alike.
    return Span(begin, LATEST if end - begin > 10 * 24 * 3_600 * SECOND else end)


def _instant(day: date, minutes: int, zone: ZoneInfo) -> Instant:
    """Find the instant of a time of day; where clocks were put back it is the first of the two.

    One that clocks skip is as long after the skip as it seems to be after its beginning.
    """
    wall = datetime(day.year, day.month, day.day) + timedelta(minutes=minutes)  # noqa: DTZ001 - the zone is put on next
    return (wall.replace(tzinfo=zone) - _EPOCH) // _MICROSECOND
