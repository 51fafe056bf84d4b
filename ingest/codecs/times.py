"""A device's own time: which clock it reads, and how it writes it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from ingest.codecs.paths import Frame, Getter
from ioc.model.instant import Instant, from_iso, from_milliseconds, from_seconds


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


FORMATS: Final[Mapping[str, Callable[[Any], DeviceTime]]] = {
    "seconds": read_seconds,
    "milliseconds": read_milliseconds,
    "iso": read_iso,
    "iso or milliseconds": read_iso_or_milliseconds,
}
"""What `in:` may say. Never guessed from the size of a number: the codec knows."""


def compile_time(get: Getter, read: Callable[[Any], DeviceTime]) -> Getter:
    """Compile the time of an event; a time that cannot be read is a problem of its own, and the arrival counts."""

    def time(item: Any, frame: Frame) -> Any:
        value = get(item, frame)
        if value is None:
            return None
        try:
            return read(value)
        except (ValueError, OverflowError) as error:
            frame.problems.append(f"the time {value!r:.40} cannot be read, the arrival is taken instead: {error}")
            return None

    return time


def _number(value: Any) -> int | float:
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise ValueError(f"expected a number of seconds or milliseconds since 1970, got {value!r:.40}")
    if isinstance(value, str):
        number = float(value)
        return int(value) if value.strip().isdigit() else number
    return value
