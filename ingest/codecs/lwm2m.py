"""LwM2M over MQTT: SenML packs whose names are numbers of objects and resources in OMA's registry."""

from collections.abc import Mapping
from typing import Any, Final

from ingest.codecs.naming import measured
from ingest.codecs.readings import Reading
from ingest.codecs.senml import Record, decoded, resolve
from ingest.codecs.topics import Captures
from ioc.model.events import Kind
from ioc.model.instant import Instant

OBJECTS: Final[Mapping[str, str]] = {
    "3200": "digital_input", "3201": "digital_output", "3202": "analog_input", "3203": "analog_output",
    "3300": "sensor", "3301": "illuminance", "3302": "presence", "3303": "temperature", "3304": "humidity",
    "3305": "power", "3306": "actuation", "3308": "set_point", "3310": "load_control", "3311": "light",
    "3312": "power_control", "3313": "acceleration", "3314": "magnetic_field", "3315": "pressure", "3316": "voltage",
    "3317": "current", "3318": "frequency", "3319": "depth", "3320": "percentage", "3321": "altitude", "3322": "load",
    "3323": "pressure", "3324": "noise", "3325": "concentration", "3326": "ph", "3327": "conductivity",
    "3328": "power", "3329": "power_factor", "3330": "distance", "3331": "energy", "3332": "direction",
    "3333": "time", "3334": "angular_rate", "3336": "location", "3338": "buzzer", "3340": "timer", "3342": "on_off",
    "3343": "dimmer", "3346": "rate", "3347": "push_button", "3348": "multistate", "3350": "stopwatch",
    "3428": "air_quality",
}  # fmt: skip
"""What an object measures, by its number."""

_VALUE: Final = frozenset({"5500", "5550", "5600", "5650", "5700", "5800", "5805", "5850", "5851", "5900", "5501"})
"""The resources that are an object's own value; what it is called is the object's name."""

RESOURCES: Final[Mapping[str, str]] = {
    "5501": "counter", "5505": "reset_counter", "5601": "minimum", "5602": "maximum", "5603": "range_minimum",
    "5604": "range_maximum", "5702": "x", "5703": "y", "5704": "z", "5705": "direction", "5706": "colour",
    "5800": "power", "5801": "minimum_power", "5802": "maximum_power", "5805": "energy", "5810": "reactive_power",
    "5820": "power_factor", "5850": "on", "5851": "level", "5852": "on_time", "5514": "latitude", "5515": "longitude",
    "5516": "uncertainty", "5517": "velocity", "5821": "calibration",
}  # fmt: skip
"""The resources that many objects share, by their number."""

STANDARD: Final[Mapping[tuple[str, str], tuple[str, str | None]]] = {
    ("3", "0"): ("manufacturer", None), ("3", "1"): ("model", None), ("3", "3"): ("firmware", None),
    ("3", "7"): ("voltage", "mV"), ("3", "8"): ("current", "mA"), ("3", "9"): ("battery", "%"),
    ("3", "10"): ("memory_free_kib", None), ("3", "11"): ("error_code", None), ("3", "20"): ("battery_status", None),
    ("4", "2"): ("rssi", "dBm"), ("4", "3"): ("linkquality", None), ("4", "8"): ("cell", None),
    ("6", "0"): ("latitude", None), ("6", "1"): ("longitude", None), ("6", "2"): ("altitude", "m"),
    ("6", "3"): ("accuracy", "m"), ("6", "6"): ("speed", "m/s"),
}  # fmt: skip
"""Resources of the objects that every LwM2M device may have: name and unit."""

_UNIT: Final = "5701"
_IGNORED: Final = frozenset({"5518", "5605", "5606", "5607", "5608", "5750"})
_BINARY: Final = frozenset({"5500", "5550", "5850"})

Place = tuple[str, str]
"""Object and instance."""


def read_lwm2m(value: Any, captures: Captures, problems: list[str], arrival: Instant) -> list[Reading]:
    """Read what a device notifies; the device is the endpoint in the topic.

    Raises:
        ValueError: it is no SenML.
    """
    pack = decoded(value)
    if pack is None:
        raise ValueError('expected SenML in JSON or CBOR, such as [{"bn": "/3303/0/", "n": "5700", "v": 23.5}]')
    records = list(resolve(pack))
    units = {path[:2]: str(record.value) for record in records if (path := _path(record))[2] == _UNIT}
    readings: dict[tuple[Place, Instant | None], Reading] = {}
    for record in records:
        number, instance, resource = _path(record)
        if resource == _UNIT or resource in _IGNORED:
            continue
        if not number.isdigit():
            problems.append(f"{record.base + record.name!r:.60} is no path of numbers such as /3303/0/5700")
            continue
        at = record.instant(arrival)
        # A device's own objects make one event; each sensor makes one of its own, so that two of a kind can be told.
        place = (number, instance) if len(number) > 1 else ("", "")
        reading = readings.setdefault((place, at), Reading(Kind.SENSOR, captures["endpoint"], at, {}))
        _put(reading, record, (number, instance, resource), record.unit or units.get((number, instance)))
    return [each for each in readings.values() if each.values or each.lat is not None]


def _path(record: Record) -> tuple[str, str, str]:
    """Give object, instance and resource; what is missing is empty."""
    parts = [part for part in (record.base + record.name).split("/") if part]
    numbers = parts[next((index for index, part in enumerate(parts) if part.isdigit()), 0) :]
    return tuple([*numbers, "", "", ""][:3])  # type: ignore[return-value]


def _put(reading: Reading, record: Record, path: tuple[str, str, str], unit: str | None) -> None:
    number, instance, resource = path
    value: Any = record.value if record.value is not None else record.total
    if isinstance(value, bytes):
        value = value.hex()
    if (number, resource) in STANDARD:
        name, own = STANDARD[number, resource]
        unit = unit or own
    elif number in OBJECTS and resource in _VALUE and not (number == "3305" and resource == "5805"):
        name = OBJECTS[number]
    elif number in OBJECTS and resource in RESOURCES:
        name = (
            RESOURCES[resource] if resource in ("5514", "5515", "5805") else f"{OBJECTS[number]}_{RESOURCES[resource]}"
        )
    else:
        name = f"lwm2m_{number}_{resource}"
    if name in ("latitude", "longitude"):
        place = float(value) if isinstance(value, (int, float, str)) else None
        if name == "latitude":
            reading.lat = place
        else:
            reading.lon = place
        return
    if resource in _BINARY and number in ("3200", "3302", "3342", "3347"):
        value = bool(value)
    quantity, value = measured(name, value, unit)
    reading.values[quantity] = value
    if len(number) > 1 and instance not in ("", "0"):
        reading.values["part"] = f"{number}/{instance}"
