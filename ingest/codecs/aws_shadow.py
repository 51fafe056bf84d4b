"""Shadows of AWS IoT: what a thing reports, put together by the times that stand in a tree beside it."""

from collections.abc import Iterator
from typing import Any, Final

from ingest.codecs.naming import measured
from ingest.codecs.readings import Reading
from ingest.codecs.topics import Captures
from ioc.model.events import Kind
from ioc.model.instant import Instant, from_seconds

MAX_DEPTH: Final = 6
MAX_VALUES: Final = 200

_LATITUDE: Final = frozenset({"latitude", "lat"})
_LONGITUDE: Final = frozenset({"longitude", "lon", "lng"})

Path = tuple[str, ...]


def read_shadow(value: Any, captures: Captures, problems: list[str], _arrival: Instant) -> list[Reading]:
    """Read an update or an answer; what is desired is a wish and no observation.

    Raises:
        ValueError: it is no shadow document.
    """
    document = value
    if isinstance(value, dict) and isinstance(value.get("current"), dict):
        # A "documents" message tells how it was and how it is.
        document = value["current"]
    state = document.get("state") if isinstance(document, dict) else None
    if not isinstance(state, dict):
        raise ValueError('expected a shadow document, such as {"state": {"reported": {…}}}')
    reported = state.get("reported")
    if not isinstance(reported, dict):
        return []
    metadata = document.get("metadata")
    times = metadata.get("reported") if isinstance(metadata, dict) else None
    readings: dict[Instant | None, Reading] = {}
    for number, (path, leaf, seconds) in enumerate(_leaves(reported, times, ())):
        if number >= MAX_VALUES:
            problems.append(f"more than {MAX_VALUES} values are reported; the others are left out")
            break
        at = _time(seconds)
        reading = readings.setdefault(at, Reading(Kind.SENSOR, captures["thing"], at, {}))
        name = path[-1].lower()
        if name in _LATITUDE and isinstance(leaf, (int, float)):
            reading.lat = leaf
        elif name in _LONGITUDE and isinstance(leaf, (int, float)):
            reading.lon = leaf
        else:
            quantity, known = measured("_".join(path), leaf)
            reading.values[quantity] = known
        if "shadow" in captures:
            reading.values["part"] = captures["shadow"]
    return list(readings.values())


def _leaves(value: Any, times: Any, path: Path) -> Iterator[tuple[Path, Any, Any]]:
    """Go through what is reported, side by side with its times."""
    if isinstance(value, dict) and len(path) < MAX_DEPTH:
        for key, inner in value.items():
            yield from _leaves(inner, times.get(key) if isinstance(times, dict) else None, (*path, key))
    elif isinstance(value, (str, int, float, bool)):
        yield path, value, times.get("timestamp") if isinstance(times, dict) else None


def _time(seconds: Any) -> Instant | None:
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)):
        return None
    try:
        return from_seconds(seconds)
    except (ValueError, OverflowError):
        return None
