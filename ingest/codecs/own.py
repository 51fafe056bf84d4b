"""Our own payload, read in code because it is the one that must be fast and strict."""

import re
from typing import Any, Final

from ingest.codecs.readings import Reading
from ingest.codecs.times import DeviceTime, read_iso_or_milliseconds
from ingest.codecs.topics import Captures
from ioc.model.events import FIXED_COLUMNS, Kind, Signal
from ioc.model.instant import Instant

MAX_EVENTS: Final = 10_000
"""Events of one message."""

_KINDS: Final = {str(kind): kind for kind in Kind}
_SIGNALS: Final = {str(signal): signal for signal in Signal}
TAKEN: Final = frozenset({"at", "seq", "boot", "lat", "lon", "zone", "signal"})
"""Keys that are the envelope's, and no quantities."""

NOT_QUANTITIES: Final = frozenset(FIXED_COLUMNS) - TAKEN
"""Names that neither the envelope nor a quantity may have."""

BOOT: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")
"""What tells a device's starts apart, in full."""


def read_own(value: Any, captures: Captures, problems: list[str], _arrival: Instant) -> list[Reading]:
    """Read `ioc/<kind>/<asset>/events`: one event, or an array of them."""
    kind, asset = _KINDS[captures["kind"]], captures["asset"]
    if value.__class__ is dict:
        return [_read_one(value, kind, asset, problems)]
    if value.__class__ is not list:
        raise ValueError('expected one event, such as {"pm25": 12.5}, or an array of events')
    if len(value) > MAX_EVENTS:
        raise ValueError(f"the message holds {len(value)} events; at most {MAX_EVENTS} are read")
    readings = []
    for number, part in enumerate(value):
        if part.__class__ is not dict:
            problems.append(f"event {number} of the array is not an object")
            continue
        try:
            readings.append(_read_one(part, kind, asset, problems))
        except ValueError as error:
            problems.append(f"event {number} of the array: {error}")
    return readings


def _read_one(value: dict[str, Any], kind: Kind, asset: str, problems: list[str]) -> Reading:
    quantities = {name: each for name, each in value.items() if name not in TAKEN and each is not None}
    reading = Reading(kind, asset, None, quantities)
    if len(quantities) != len(value):
        _read_envelope(value, reading, problems)
    if not NOT_QUANTITIES.isdisjoint(quantities):
        for name in NOT_QUANTITIES.intersection(quantities):
            problems.append(f"{name} cannot be a quantity: it is said by the topic or by the program")
            del quantities[name]
    if not quantities and reading.lat is None and reading.signal is None:
        raise ValueError("no quantity in it; at least one is needed")
    return reading


def _read_envelope(value: dict[str, Any], reading: Reading, problems: list[str]) -> None:
    at = value.get("at")
    if at is not None:
        reading.at = _time(at, problems)
    seq = value.get("seq")
    if seq is not None:
        reading.sequence = _sequence(value.get("boot"), seq, problems)
    reading.lat, reading.lon = value.get("lat"), value.get("lon")
    zone = value.get("zone")
    if zone is not None:
        if isinstance(zone, str):
            reading.zone = zone
        else:
            problems.append(f"zone must be a text, not {zone!r:.40}")
    signal = value.get("signal")
    if signal is not None:
        reading.signal = _SIGNALS.get(signal) if isinstance(signal, str) else None
        if reading.signal is None:
            problems.append(f"signal {signal!r:.40} is not one of {', '.join(_SIGNALS)}")


def _time(at: Any, problems: list[str]) -> DeviceTime | None:
    try:
        return read_iso_or_milliseconds(at)
    except (ValueError, OverflowError) as error:
        problems.append(f"at cannot be read, the arrival is taken instead: {error}")
        return None


def _sequence(boot: Any, seq: Any, problems: list[str]) -> str | None:
    if seq.__class__ is not int or not 0 <= seq < 2**63:
        problems.append(f"seq must be a whole number from 0, not {seq!r:.40}")
        return None
    if boot is None:
        # Numbers begin anew when a device starts again; without `boot` they name nothing.
        return None
    text = str(boot) if boot.__class__ is int else boot
    if not isinstance(text, str) or not BOOT.fullmatch(text):
        problems.append(f"boot must be 1 to 64 letters, digits, '.', '_' or '-', not {boot!r:.40}")
        return None
    return f"{text}:{seq}"
