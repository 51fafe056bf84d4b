"""Points in time: whole microseconds since the Unix epoch, UTC, as plain integers.

Microseconds because cameras stamp their frames so; integers because rules compare and add them.
Outside the program (Event JSON, HTTP, alerts) a time is a number of milliseconds or ISO 8601.
"""

import math
import re
from datetime import UTC, datetime

Instant = int
"""Microseconds since 1970-01-01T00:00:00Z."""

Duration = int
"""Microseconds."""

MICROSECOND: Duration = 1
MILLISECOND: Duration = 1_000
SECOND: Duration = 1_000_000
MINUTE: Duration = 60 * SECOND
HOUR: Duration = 60 * MINUTE
DAY: Duration = 24 * HOUR

# The range that ISO 8601 with a four-digit year and polars' Datetime both carry.
EARLIEST: Instant = 0
LATEST: Instant = 253_402_300_799 * SECOND

_ISO = re.compile(r"(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}(?::\d{2})?)(?:[.,](\d{1,12}))?\s*(Z|z|[+-]\d{2}(?::?\d{2})?)?")


def from_iso(text: str) -> tuple[Instant, bool]:
    """Read an ISO 8601 time; digits beyond the microsecond are cut off.

    Returns:
        The instant, and whether the text said its offset. A time without one is read as UTC; what
        its zone really is, only the caller can know.

    Raises:
        ValueError: the text is not such a time, or lies outside the years 1970 to 9999.
    """
    match = _ISO.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"{text[:40]!r} is not an ISO 8601 time such as 2026-11-22T08:00:00+07:00")
    date, clock, fraction, offset = match.groups()
    sign = (offset or "Z").upper()
    if len(sign) == 3:
        sign += ":00"
    moment = datetime.fromisoformat(f"{date}T{clock}{sign}").astimezone(UTC)
    micros = int((fraction or "0").ljust(6, "0")[:6])
    whole = int(moment.timestamp()) * SECOND + micros
    return _checked(whole, text), offset is not None


def from_milliseconds(number: float) -> Instant:
    """Read epoch milliseconds, whole or with a fraction (rounded to the microsecond).

    Raises:
        ValueError: not a finite number, or outside the years 1970 to 9999.
    """
    if isinstance(number, int):
        return _checked(number * MILLISECOND, number)
    if not math.isfinite(number):
        raise ValueError(f"{number} is not a time")
    return _checked(round(number * MILLISECOND), number)


def from_seconds(number: float) -> Instant:
    """Read epoch seconds, whole or with a fraction (rounded to the microsecond).

    Raises:
        ValueError: not a finite number, or outside the years 1970 to 9999.
    """
    if isinstance(number, int):
        return _checked(number * SECOND, number)
    if not math.isfinite(number):
        raise ValueError(f"{number} is not a time")
    return _checked(round(number * SECOND), number)


def to_milliseconds(instant: Instant) -> int | float:
    """Write epoch milliseconds: an integer where the instant is one, else with its fraction."""
    whole, rest = divmod(instant, MILLISECOND)
    return whole if rest == 0 else instant / MILLISECOND


def whole_milliseconds(instant: Instant) -> int:
    """Write epoch milliseconds as an integer, cut off; for alerts and incidents, where less than one says nothing."""
    return instant // MILLISECOND


def to_iso(instant: Instant) -> str:
    """Write ISO 8601 in UTC, to the millisecond or, where there is more, to the microsecond."""
    spec = "milliseconds" if instant % MILLISECOND == 0 else "microseconds"
    seconds, micros = divmod(instant, SECOND)
    moment = datetime.fromtimestamp(seconds, UTC).replace(microsecond=micros)
    return moment.isoformat(timespec=spec).replace("+00:00", "Z")


def _checked(instant: Instant, source: object) -> Instant:
    if not EARLIEST <= instant <= LATEST:
        raise ValueError(f"{source!s:.40} is a time outside the years 1970 to 9999")
    return instant
