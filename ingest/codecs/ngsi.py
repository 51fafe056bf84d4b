"""NGSI entities (FIWARE): NGSIv2 and NGSI-LD, normalised, concise or key-values, alone or in a notification."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from ingest.codecs.identifiers import quantity_name
from ingest.codecs.ngsi_entities import Entity, entities
from ingest.codecs.ngsi_words import (
    KINDS,
    LATITUDE_FIRST,
    OF_TYPE,
    QUANTITIES,
    SEVERITIES,
    TEXTS,
    TIMES,
    UNITS,
)
from ingest.codecs.readings import Reading
from ingest.codecs.shapes import Point, geojson_middle
from ingest.codecs.times import DeviceTime, read_iso
from ingest.codecs.topics import Captures
from ingest.codecs.units import conversion
from ioc.model.events import Kind, Signal
from ioc.model.geo import valid_position
from ioc.model.instant import Instant, to_iso
from ioc.model.quantities import MAX_TEXT

MAX_ENTITIES: Final = 10_000
"""Entities of one message."""

MAX_ATTRIBUTES: Final = 64
"""Attributes of one entity that are kept."""

_TIME_IN_ID = re.compile(
    r"[-_:.T]?\d{4}-\d{2}-\d{2}T\d{2}[:.]?\d{2}(?:[:.]?\d{2})?(?:\.\d+)?(?:Z|[+-]\d{2}:?\d{2})?(?=[-_/]|$)"
)
_OBSERVATION = re.compile(r".*(?:Observed|Measurement|Monitoring|Observation)")
_NUMBER = re.compile(r"[+-]?\d{1,15}(?:\.\d{1,15})?(?:[eE][+-]?\d{1,2})?")
_OVER_TIME = re.compile(r"_?tsa$")
_ALERTS: Final = frozenset({"Alert", "WeatherAlert", "Anomaly"})
_NO_NEWS: Final = frozenset({
    "latitude", "longitude", "location", "mmsi", "imo", "year_built", "num_value", "observed_vehicle", "reliability",
    "municipality_info", "device_info", "version_info", "accident_statistical_date",
})  # fmt: skip
"""Numbers and objects that do not change, or are read otherwise."""

_OURS: Final[Mapping[str, str]] = {
    quantity: "%" if unit == "ratio" else unit
    for quantity, unit in reversed([*QUANTITIES.values()])
    if unit is not None
}
"""Our unit of each quantity: that of the first attribute that stands for it."""

_MAX_PARTS: Final = 16


def read_ngsi(value: Any, _captures: Captures, problems: list[str], _arrival: Instant) -> list[Reading] | None:
    """Read the entities of a notification, an array or a single entity; None where there is none."""
    found = entities(value)
    if found is None:
        return None
    around, parts = found
    if len(parts) > MAX_ENTITIES:
        raise ValueError(f"the message holds {len(parts)} entities; at most {MAX_ENTITIES} are read")
    return [reading for entity in parts for reading in _read_entity(entity, around, problems)]


def _read_entity(entity: Entity, notified: Any, problems: list[str]) -> Iterator[Reading]:
    at = _entity_time(entity, problems)
    if at is None and notified is not None:
        at = _time(notified, problems)
    by_time: dict[DeviceTime | None, dict[str, Any]] = {}
    for name, value, seen in _values(entity, problems):
        moment = _time(seen, problems) if seen is not None else None
        by_time.setdefault(moment if moment is not None else at, {}).setdefault(name, value)
    point, mended = _position(entity)
    signal = _signal(entity)
    if not by_time and (signal is not None or point is not None):
        by_time[at] = {}
    asset, kind = _asset(entity), KINDS.get(entity.type, Kind.SENSOR)
    for number, (moment, values) in enumerate(by_time.items()):
        if mended:
            values["axes_swapped"] = True
        lat, lon = point or (None, None)
        yield Reading(kind, asset, moment, values, lat, lon, _zone(entity), signal if number == 0 else None)


def _values(entity: Entity, problems: list[str]) -> Iterator[tuple[str, Any, Any]]:
    """Give names in our words, values in our units, and the time that an attribute has of its own."""
    yield from ((name, value, None) for name, value in _about(entity).items())
    given = 0
    for name, attribute in entity.attributes.items():
        if name in _NO_NEWS or name in TIMES or name.startswith("date_"):
            continue
        for base, part, value in _scalars(name, attribute.value):
            said = _said(entity.type, base, part, value, attribute.unit)
            if said is None:
                continue
            if given >= MAX_ATTRIBUTES:
                problems.append(f"{entity.id[:40]} has more than {MAX_ATTRIBUTES} attributes; the others are left out")
                return
            given += 1
            yield (*said, attribute.seen)


def _scalars(name: str, value: Any) -> Iterator[tuple[str, str, Any]]:
    """Give an attribute's name, what is added to it, and its value; of an object, such as three phases, each number."""
    if isinstance(value, dict):
        # The value at an instant beside its mean, least and largest over a while.
        now = value.get("instValue", value.get("avgOverTime"))
        if now is not None:
            yield _OVER_TIME.sub("", name), "", now
            return
        for key, part in list(value.items())[:_MAX_PARTS]:
            if isinstance(part, (int, float)) and not isinstance(part, bool):
                yield name, f"_{quantity_name(key)}", part
    elif isinstance(value, list):
        if name in TEXTS and value and all(isinstance(part, str) for part in value):
            yield name, "", ",".join(value)
    elif value is not None:
        yield name, "", value


def _said(kind: str, name: str, part: str, value: Any, unit: str | None) -> tuple[str, Any] | None:
    """Bring one value into our words and units; None for what says nothing that changes."""
    quantity, documented = OF_TYPE.get((kind, name)) or QUANTITIES.get(name) or (name, None)
    if isinstance(value, str):
        text = value.strip()
        if documented is not None and _NUMBER.fullmatch(text):
            value = float(text)
        elif name in TEXTS and text and "@" not in text:
            return quantity + part, text[:MAX_TEXT]
    if isinstance(value, bool):
        return quantity + part, value
    if not isinstance(value, (int, float)):
        return None
    said = _in_our_unit(quantity, value, documented, unit)
    return None if said is None else (said[0] + part, said[1])


def _in_our_unit(quantity: str, value: float, documented: str | None, code: str | None) -> tuple[str, Any] | None:
    unit = UNITS.get(code, code) if code is not None else None
    if documented == "ratio":
        if value == -1:
            # So the models write what a device does not know.
            return None
        return quantity, value * 100 if value <= 1 and unit != "%" else value
    if quantity == "wind_deg" and -180 <= value < 0:
        # The models allow for degrees to either side of north.
        value += 360
    if quantity == "rssi" and 0 <= value <= 1:
        return "signal_quality", value * 100
    if documented is None:
        return quantity, value
    wanted = _OURS.get(quantity, documented)
    factors = conversion(unit, wanted) if unit is not None else None
    if factors is None and unit in UNITS.values():
        # Another dimension altogether, such as ppb for what is documented in µg/m³, makes another quantity.
        return f"{quantity}_{quantity_name(str(unit))}", value
    scale, offset = factors or conversion(documented, wanted) or (1.0, 0.0)
    return quantity, value if (scale, offset) == (1.0, 0.0) else value * scale + offset


def _about(entity: Entity) -> dict[str, Any]:
    """Say of some types what no single attribute says."""
    if entity.type == "DeviceMeasurement":
        return _measurement(entity)
    if entity.type == "AnprFlowObserved":
        return _passing(entity)
    if entity.type in _ALERTS:
        return _alert(entity)
    if entity.type == "RoadAccident":
        return {"label": "road_accident", "event_key": entity.id}
    if entity.type == "ParkingSpot" and entity.text("status") in ("free", "occupied"):
        return {"occupied": entity.text("status") == "occupied"}
    return {}


def _alert(entity: Entity) -> dict[str, Any]:
    severity = entity.text("severity")
    values = {
        "label": entity.text("sub_category") or entity.text("anomalous_property") or entity.text("category"),
        "category": entity.text("category"),
        "severity": SEVERITIES.get(severity.lower()) if severity else None,
        "severity_said": severity,
        "description": (entity.text("description") or "")[:MAX_TEXT] or None,
        "event_key": entity.id,
        "valid_from": _utc(entity.text("valid_from")),
        "valid_to": _utc(entity.text("valid_to")),
    }
    return {name: value for name, value in values.items() if value is not None}


def _measurement(entity: Entity) -> dict[str, Any]:
    """Read a measurement whose property is named by a value."""
    what, number = entity.text("controlled_property"), entity.value("num_value")
    if what is None or isinstance(number, bool) or not isinstance(number, (int, float)):
        return {}
    name = quantity_name(what)
    said = _said(entity.type, name, "", number, entity.text("unit"))
    return {} if said is None else {said[0]: said[1]}


def _passing(entity: Entity) -> dict[str, Any]:
    vehicle = entity.value("observed_vehicle")
    if not isinstance(vehicle, dict):
        return {}
    plate = vehicle.get("licensePlate")
    values = {
        "label": "license_plate" if isinstance(plate, dict) and plate.get("identifier") else "vehicle",
        "plate": plate.get("identifier") if isinstance(plate, dict) else plate,
        "score": plate.get("confidence") if isinstance(plate, dict) else None,
        "speed": vehicle.get("speed"),
        "direction": vehicle.get("direction"),
    }
    return {name: value for name, value in values.items() if isinstance(value, (str, int, float))}


def _signal(entity: Entity) -> Signal | None:
    if entity.type in _ALERTS:
        return Signal.ALERT
    if entity.type in ("AccessPoint", "WifiAccessPoint"):
        state = (entity.text("ap_state") or "").lower()
        return Signal.HEARTBEAT if state == "up" else Signal.OFFLINE if state in ("down", "notworking") else None
    if entity.type == "RoadAccident":
        return Signal.CLEAR if (entity.text("status") or "").lower() in ("solved", "closed") else Signal.ALERT
    if entity.type == "FloodMonitoring":
        state = (entity.text("flood_level_status") or "").lower()
        return Signal.ALERT if state in ("alert", "danger", "flood", "warning", "critical", "severe") else None
    return None


def _asset(entity: Entity) -> str:
    """Give who speaks: the entity, or the device that observed, where it is an observation and names one device."""
    if entity.type == "FloodMonitoring" and entity.text("station_id"):
        return str(entity.text("station_id"))
    if entity.type == "AccessPoint" and entity.text("mac_address"):
        return str(entity.text("mac_address"))
    mmsi = entity.value("mmsi")
    if entity.type == "AisVessel" and isinstance(mmsi, (int, str)) and not isinstance(mmsi, bool):
        return f"mmsi:{mmsi}"
    devices = entity.value("ref_device") or entity.value("observed_by")
    device = devices[0] if isinstance(devices, list) and len(devices) == 1 else devices
    if isinstance(device, str) and device and _OBSERVATION.fullmatch(entity.type):
        return device
    # An id that ends with the time of the observation would make every observation a device of its own.
    return entity.id if entity.type in _ALERTS else _TIME_IN_ID.sub("", entity.id).rstrip("-_:/") or entity.id


def _zone(entity: Entity) -> str | None:
    area = entity.text("area_served")
    return area[:MAX_TEXT] if area else None


def _position(entity: Entity) -> tuple[Point | None, bool]:
    """Give the entity's place, and whether its axes had to be swapped to make sense."""
    location = entity.value("location")
    point = geojson_middle(location)
    if point is None and isinstance(location, (str, list)):
        point = _simple_place(location)
        return (point, False) if point is not None and valid_position(*point) else (None, False)
    if point is None:
        lat, lon = entity.value("latitude"), entity.value("longitude")
        if lat is None or lon is None:
            return None, False
        place = _simple_place(f"{lat},{lon}")
        return (place, False) if place is not None and valid_position(*place) else (None, False)
    swapped = (point[1], point[0])
    if entity.type in LATITUDE_FIRST and valid_position(*swapped):
        return swapped, True
    if valid_position(*point):
        return point, False
    return (swapped, True) if valid_position(*swapped) else (None, False)


def _simple_place(value: Any) -> Point | None:
    """Read NGSIv2's simple shapes, `geo:point` and such: `lat,lon`, or several of them."""
    points = []
    for text in value[:100] if isinstance(value, list) else [value]:
        parts = text.split(",") if isinstance(text, str) else []
        if len(parts) != 2 or not all(_NUMBER.fullmatch(part.strip()) for part in parts):
            return None
        points.append((float(parts[0]), float(parts[1])))
    if not points:
        return None
    return sum(point[0] for point in points) / len(points), sum(point[1] for point in points) / len(points)


def _entity_time(entity: Entity, problems: list[str]) -> DeviceTime | None:
    for name in TIMES:
        text = entity.text(name)
        if text:
            return _time(text, problems)
    return None


def _time(value: Any, problems: list[str]) -> DeviceTime | None:
    if not isinstance(value, str):
        return None
    try:
        # An interval counts from its end, when it had been observed.
        return read_iso(value.rpartition("/")[2])
    except (ValueError, OverflowError) as error:
        problems.append(f"the time {value!r:.40} cannot be read, the arrival is taken instead: {error}")
        return None


def _utc(text: str | None) -> str | None:
    if text is None:
        return None
    try:
        at = read_iso(text)
    except (ValueError, OverflowError):
        return None
    return to_iso(at) if isinstance(at, int) else None
