"""SenML (RFC 8428) in JSON or CBOR: base fields resolved, relative times brought to the arrival, names taken apart."""

import base64
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from ingest.codecs.cbor import read_cbor
from ingest.codecs.naming import measured
from ingest.codecs.readings import Reading
from ingest.codecs.strict_json import read_json
from ingest.codecs.topics import Captures
from ioc.model.events import Kind
from ioc.model.instant import SECOND, Instant, from_seconds

VERSION: Final = 10
"""The version of SenML that RFC 8428 describes; packs of a later one are not understood."""

RELATIVE_BELOW: Final = 2**28
"""Times below this count from now, backwards where they are negative; others are seconds since 1970."""

MAX_RECORDS: Final = 10_000

_LABELS: Final[Mapping[int, str]] = {
    -1: "bver", -2: "bn", -3: "bt", -4: "bu", -5: "bv", -6: "bs",
    0: "n", 1: "u", 2: "v", 3: "vs", 4: "vb", 5: "s", 6: "t", 7: "ut", 8: "vd",
}  # fmt: skip
"""What CBOR writes instead of the names."""

_NAMES: Final = frozenset(_LABELS.values())
_VALUES: Final = ("v", "vs", "vb", "vd", "s")
_NUMBERS: Final = frozenset({"bver", "bt", "bv", "bs", "v", "s", "t", "ut"})
_URN = re.compile(r"(urn:dev:[a-z0-9-]+:[^:/_]+|(?:https?|coaps?)://[^/]+)[:/_]?(.*)", re.IGNORECASE | re.DOTALL)
_ENDS: Final = ":/_. "


@dataclass(frozen=True, slots=True)
class Record:
    """A resolved record.

    Attributes:
        base: the base name in force; empty where there is none.
        name: what follows the base name.
        unit: None where neither the record nor the base says one.
        value: a number, a text, true or false, or bytes; None where the record has a sum only.
        total: the sum over time; None where there is none.
        base_time: seconds, as given.
        time: seconds to add to it.
    """

    base: str
    name: str
    unit: str | None
    value: float | str | bool | bytes | None
    total: float | None
    base_time: float
    time: float

    def instant(self, arrival: Instant) -> Instant | None:
        """Give when it was measured; None for now."""
        seconds = self.base_time + self.time
        if seconds == 0:
            return None
        # Added in microseconds: seconds since 1970 as a double are only good for about a quarter of one.
        offset = round(self.time * SECOND)
        if seconds < RELATIVE_BELOW:
            return max(0, arrival + round(self.base_time * SECOND) + offset)
        if self.base_time >= RELATIVE_BELOW:
            return max(0, from_seconds(self.base_time) + offset)
        return from_seconds(seconds)


def read_senml(value: Any, captures: Captures, problems: list[str], arrival: Instant) -> list[Reading] | None:
    """Read a pack that came as bytes of JSON or CBOR; None where it is no pack."""
    pack = decoded(value)
    if pack is None:
        return None
    readings: dict[tuple[str | None, Instant | None], Reading] = {}
    for record in resolve(pack):
        device, metric = device_and_metric(record)
        asset = device or captures.get("device")
        try:
            at = record.instant(arrival)
        except (ValueError, OverflowError) as error:
            problems.append(f"the time of {record.base + record.name!r:.60} cannot be read: {error}")
            at = None
        reading = readings.setdefault((asset, at), Reading(Kind.SENSOR, asset, at, {}))
        _put(reading, record, metric)
    return list(readings.values())


def resolve(pack: list[dict[str, Any]]) -> Iterator[Record]:
    """Go through a pack's records, each with what the base fields before it say.

    Raises:
        ValueError: the pack is not understood, as RFC 8428 demands of whoever reads it.
    """
    if len(pack) > MAX_RECORDS:
        raise ValueError(f"the pack has {len(pack)} records; at most {MAX_RECORDS} are read")
    base: dict[str, Any] = {}
    for number, fields in enumerate(pack):
        for label, content in fields.items():
            if label.startswith("b") and label in _NAMES:
                base[label] = content
            elif label.endswith("_") and label not in _NAMES:
                raise ValueError(f"record {number} has the field {label[:20]!r}, which must be understood and is not")
            _check(number, label, content)
        if base.get("bver", VERSION) > VERSION:
            raise ValueError(f"the pack is of version {base['bver']}; versions up to {VERSION} are read")
        given = next((fields[label] for label in ("v", "vs", "vb") if label in fields), None)
        if "v" in fields:
            given += base.get("bv", 0)
        elif "vd" in fields:
            given = _from_base64(number, fields["vd"])
        total = fields["s"] + base.get("bs", 0) if "s" in fields else None
        if given is None and total is None:
            continue
        if not base.get("bn", "") and not fields.get("n", ""):
            raise ValueError(f"record {number} has no name")
        unit = fields.get("u", base.get("bu"))
        yield Record(base.get("bn", ""), fields.get("n", ""), unit, given, total, base.get("bt", 0), fields.get("t", 0))


def device_and_metric(record: Record) -> tuple[str | None, str]:
    """Take a record's name apart: whose it is, where it says so, and what was measured."""
    if record.base:
        return record.base.rstrip(_ENDS) or None, record.name.lstrip(_ENDS)
    urn = _URN.fullmatch(record.name)
    return (urn[1], urn[2]) if urn is not None else (None, record.name)


def decoded(value: Any) -> list[dict[str, Any]] | None:
    """Read the bytes as whichever of the two they are; None where they are no SenML."""
    pack = value
    if value.__class__ is bytes:
        start = value.lstrip()[:1]
        if start == b"[":
            pack = read_json(value)
        elif value and value[0] >> 5 == 4:
            pack = read_cbor(value)
    if pack.__class__ is not list or not pack or any(each.__class__ is not dict for each in pack):
        return None
    named = [{_LABELS.get(label, str(label)): content for label, content in each.items()} for each in pack]
    known = all(label in _NAMES or label.endswith("_") for each in named for label in each)
    speaks = any("n" in each or "bn" in each for each in named)
    valued = any(label in each for each in named for label in _VALUES)
    return named if speaks and valued and (known or "bn" in named[0] or "n" in named[0]) else None


def _check(number: int, label: str, content: Any) -> None:
    """Complain of a field of the wrong type."""
    if label in _NUMBERS:
        right = content.__class__ is int or (content.__class__ is float and math.isfinite(content))
        wanted = "a number"
    elif label == "vb":
        right, wanted = content.__class__ is bool, "true or false"
    elif label == "vd":
        right, wanted = content.__class__ in (str, bytes), "data"
    elif label in _NAMES:
        right, wanted = content.__class__ is str, "a text"
    else:
        return
    if not right:
        raise ValueError(f"in record {number}, {label!r} must be {wanted}, not {content!r:.40}")


def _from_base64(number: int, content: str | bytes) -> bytes:
    if isinstance(content, bytes):
        return content
    try:
        return base64.b64decode(content + "=" * (-len(content) % 4), altchars=b"-_", validate=True)
    except ValueError as error:
        raise ValueError(f"in record {number}, 'vd' is not base64") from error


def _put(reading: Reading, record: Record, metric: str) -> None:
    """Put a record's value among a reading's; a place is where it was measured."""
    value, unit = record.value, record.unit
    if isinstance(value, bytes):
        value = value.hex()
    if unit in ("lat", "lon") and isinstance(value, (int, float)):
        if unit == "lat":
            reading.lat = value
        else:
            reading.lon = value
        return
    if value is not None:
        name, value = measured(metric, value, unit)
        reading.values[name] = value
    if record.total is not None:
        name, _ = measured(metric, 0.0, unit)
        reading.values[f"{name}_sum"] = record.total
