"""A device's own time: which clock it reads, and how it writes it."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from ingest.codecs.paths import Frame, Getter, plain_name
from ioc.model.instant import LATEST, SECOND, Instant, from_iso, from_milliseconds, from_seconds

_EPOCH = re.compile(r"[+-]?\d{1,20}(?:\.\d{0,12})?")
_DOTTED = re.compile(r"(\d{4})[./](\d{2})[./](\d{2})[ T](\d{2}:\d{2}(?::\d{2})?)")
_NAMED = re.compile(
    r"(?:[A-Za-z]{3},? +)?(?:(?P<day>\d{1,2}) +(?P<month>[A-Za-z]{3})|(?P<month_>[A-Za-z]{3}) +(?P<day_>\d{1,2}))"
    r"(?: +(?P<year>\d{4}))? +(?P<clock>\d{2}:\d{2}(?::\d{2})?)(?: +(?P<zone>[A-Za-z]{1,5}|[+-]\d{4}))?"
    r"(?: +(?P<last_year>\d{4}))?"
)
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_UTC: Final = frozenset({"UTC", "GMT", "Z", "UCT"})
_MAX_DATE: Final = 60
_LATEST_SECONDS: Final = LATEST // SECOND


@dataclass(frozen=True, slots=True)
class LocalTime:
    """A time that came without an offset.

    Attributes:
        instant: what it would be in UTC.
    """

    instant: Instant


DeviceTime = Instant | LocalTime


def read_seconds(value: Any) -> DeviceTime:
    """Read epoch seconds, a number or a text of one."""
    if value.__class__ is float and 0 <= value <= _LATEST_SECONDS:
        return round(value * SECOND)
    return from_seconds(_number(value))


def read_milliseconds(value: Any) -> DeviceTime:
    """Read epoch milliseconds, a number or a text of one."""
    return from_milliseconds(_number(value))


def read_iso(value: Any) -> DeviceTime:
    """Read ISO 8601."""
    if not isinstance(value, str):
        raise ValueError(f"expected an ISO 8601 time, got {value!r:.40}")
    instant, with_offset = from_iso(value)
    return instant if with_offset else LocalTime(instant)


def read_iso_or_milliseconds(value: Any) -> DeviceTime:
    """Read ISO 8601 where it is a text, epoch milliseconds where it is a number."""
    return read_iso(value) if isinstance(value, str) else read_milliseconds(value)


def read_iso_or_seconds(value: Any) -> DeviceTime:
    """Read ISO 8601, or epoch seconds where it is a number or a text of one."""
    if isinstance(value, str) and not _EPOCH.fullmatch(value.strip()):
        return read_iso(value)
    return read_seconds(value)


def read_date(value: Any) -> DeviceTime:
    """Read a date as people and old programs write it.

    `Sat Oct 26 23:20:39 UTC 2024`, `Sat, 26 Oct 2024 23:20:39 +0200`, `2024.10.26 23:20:39`. The letters of a zone
    other than UTC's are no offset: they mean one thing here and another there.
    """
    if not isinstance(value, str) or len(value) > _MAX_DATE:
        raise ValueError(f"expected a date, got {value!r:.40}")
    dotted = _DOTTED.fullmatch(value.strip())
    if dotted is not None:
        return read_iso("{}-{}-{} {}".format(*dotted.groups()))
    named = _NAMED.fullmatch(value.strip())
    name = (named["month"] or named["month_"]).title() if named is not None else ""
    if named is None or name not in _MONTHS:
        raise ValueError("expected a date such as Sat Oct 26 23:20:39 UTC 2024 or 2024.10.26 23:20:39")
    month, day = _MONTHS.index(name) + 1, int(named["day"] or named["day_"])
    year, zone = named["year"] or named["last_year"], (named["zone"] or "").upper()
    offset = "Z" if zone in _UTC else zone if zone[:1] in ("+", "-") else ""
    return read_iso(f"{year}-{month:02}-{day:02}T{named['clock']}{offset}")


FORMATS: Final[Mapping[str, Callable[[Any], DeviceTime]]] = {
    "seconds": read_seconds,
    "milliseconds": read_milliseconds,
    "iso": read_iso,
    "iso or milliseconds": read_iso_or_milliseconds,
    "iso or seconds": read_iso_or_seconds,
    "date": read_date,
}
"""What `in:` may say. Never guessed from the size of a number: the codec knows."""


def compile_time(get: Getter, read: Callable[[Any], DeviceTime], minus: Getter | None = None) -> Getter:
    """Compile the time of an event; a time that cannot be read is a problem of its own, and the arrival counts.

    Args:
        get: finds the time.
        read: reads it.
        minus: finds the seconds that lie between the event and that time; where it finds none, there is no time.
    """
    field = plain_name(get)

    def time_alone(item: Any, frame: Frame) -> Any:
        value = get(item, frame) if field is None else item.get(field) if item.__class__ is dict else None
        if value is None:
            return None
        try:
            return read(value)
        except (ValueError, OverflowError) as error:
            frame.problems.append(_complaint(value, error))
            return None

    def time(item: Any, frame: Frame) -> Any:
        value = get(item, frame)
        ago = None if minus is None else minus(item, frame)
        if value is None or (minus is not None and ago is None):
            return None
        try:
            return read(value) if ago is None else _earlier(read(value), ago)
        except (ValueError, OverflowError) as error:
            frame.problems.append(_complaint(value, error))
            return None

    return time_alone if minus is None else time


def _complaint(value: Any, error: Exception) -> str:
    return f"the time {value!r:.40} cannot be read, the arrival is taken instead: {error}"


def _earlier(at: DeviceTime, seconds: Any) -> DeviceTime:
    span = round(_number(seconds) * SECOND)
    return LocalTime(at.instant - span) if isinstance(at, LocalTime) else at - span


def _number(value: Any) -> int | float:
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise ValueError(f"expected a number of seconds or milliseconds since 1970, got {value!r:.40}")
    if isinstance(value, str):
        number = float(value)
        return int(value) if value.strip().isdigit() else number
    return value
