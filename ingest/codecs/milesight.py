"""Milesight's LoRaWAN sensors, raw or as their maker's decoder left them, in the envelopes of network servers."""

import base64
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from ingest.codecs.identifiers import plain_address, quantity_name
from ingest.codecs.milesight_frames import read_frame
from ingest.codecs.naming import measured
from ingest.codecs.readings import Reading
from ingest.codecs.times import DeviceTime, read_iso_or_milliseconds
from ingest.codecs.topics import Captures
from ioc.model.events import Kind, Signal
from ioc.model.instant import Instant

MAKER: Final = "24e124"
"""How the radio addresses of all its devices begin."""

MAX_FRAME: Final = 512
MAX_GATEWAYS: Final = 50

_MODEL = re.compile(r"(?i)\b((?:AM|AT|CT|DS|EM|FT|GS|SG|TS|UC|VS|WS|WT|WTS)\d{2,3}[A-Z0-9]*(?:-[A-Z0-9]+)?)")
_REGION = re.compile(r"region_(\d{1,2})(_count|_avg_dwell|_max_dwell)?")
_LINE = re.compile(r"line_(\d{1,2})_(total|period)_(in|out)")
_COUNTS: Final[Mapping[str, str]] = {
    "people_count_all": "count_person", "people_total_counts": "count_person", "people_count_max": "count_person_max",
    "people_in": "count_person_in", "people_out": "count_person_out",
    "period_in": "count_person_in", "period_out": "count_person_out",
    "periodic_counter_in": "count_person_in", "periodic_counter_out": "count_person_out",
    "total_in": "count_person_in_total", "total_out": "count_person_out_total",
    "total_counter_in": "count_person_in_total", "total_counter_out": "count_person_out_total",
}  # fmt: skip
"""What counts people, and is seen by something like a camera."""

_DEVICE: Final = frozenset({
    "sn", "hardware_version", "protocol_version", "ipso_version", "tsl_version", "lorawan_class", "device_status",
    "reset_event", "region_count", "weighting", "history", "power_on", "uplink_interval", "report_interval",
})  # fmt: skip
"""What it tells of itself, and of what it kept while it had no connection."""

_MILLIMETRES: Final = ("distance", "distance_1", "distance_2", "distance_3", "distance_4")
_YES: Final = frozenset(
    {"on", "open", "trigger", "triggered", "leak", "tilt", "high", "occupied", "bright", "yes", "1"}
)


@dataclass(frozen=True, slots=True)
class Envelope:
    """What a network server tells of an uplink.

    Attributes:
        eui: the radio's address, lower case.
        at: when it was received; None where the server does not say.
        model: what the device's profile or name says of its model; may be empty.
        fields: what the maker's decoder made of it; None where there was none.
        frame: the bytes; None where there are none.
        radio: counters, and the identity that all copies of the uplink share.
        gateways: of each that heard it, its id and how well.
    """

    eui: str
    at: DeviceTime | None
    model: str
    fields: dict[str, Any] | None
    frame: bytes | None
    radio: dict[str, Any]
    gateways: list[dict[str, Any]]


def read_uplink(value: Any, _captures: Captures, problems: list[str], _arrival: Instant) -> list[Reading] | None:
    """Read an uplink of ChirpStack 3 or 4, of The Things Stack or of Milesight's own gateways.

    None where the radio is not of this maker, or where there is nothing in it to decode.
    """
    envelope = _open(value) if isinstance(value, dict) else None
    if envelope is None or not envelope.eui.startswith(MAKER):
        return None
    fields = envelope.fields
    if not fields and envelope.frame:
        fields = read_frame(envelope.frame[:MAX_FRAME], envelope.model, problems)
    if not fields:
        return None
    readings = readings_of(fields, envelope.eui, envelope.at, envelope.model)
    for number, gateway in enumerate(envelope.gateways[:MAX_GATEWAYS]):
        if number == 0:
            readings[0].values.update(gateway)
        else:
            readings.append(Reading(readings[0].kind, envelope.eui, envelope.at, gateway))
    readings[0].values.update(envelope.radio)
    return readings


def read_decoded(value: Any, _captures: Captures, _problems: list[str], _arrival: Instant) -> list[Reading] | None:
    """Read what the maker's decoder gives, without any envelope; known by names that nobody else uses."""
    if not isinstance(value, dict) or not any(
        name in _COUNTS or _REGION.fullmatch(name) or _LINE.fullmatch(name) for name in value
    ):
        return None
    serial = value.get("sn")
    return readings_of(value, serial if isinstance(serial, str) else None, None, "")


def readings_of(fields: dict[str, Any], asset: str | None, at: DeviceTime | None, model: str) -> list[Reading]:
    """Make events of decoded fields: one of the device, and one of each region or line that it tells apart."""
    seen = any(name in _COUNTS or _LINE.fullmatch(name) for name in fields)
    kind = Kind.CAMERA if seen or any(_REGION.fullmatch(name) for name in fields) else Kind.SENSOR
    main = Reading(kind, asset, at, {})
    places: dict[str, Reading] = {}
    for name, value in fields.items():
        if name in _DEVICE or value is None or isinstance(value, (dict, list)):
            continue
        region, line = _REGION.fullmatch(name), _LINE.fullmatch(name)
        if region is not None:
            place = places.setdefault(region[1], Reading(kind, asset, at, {}, zone=region[1]))
            if region[2] is None:
                place.values["occupied"] = bool(value)
            else:
                place.values[
                    {"_count": "count_person", "_avg_dwell": "dwell", "_max_dwell": "dwell_max"}[region[2]]
                ] = value
        elif line is not None:
            place = places.setdefault(f"line {line[1]}", Reading(kind, asset, at, {}, zone=f"line {line[1]}"))
            place.values[f"count_person_{line[3]}" + ("_total" if line[2] == "total" else "")] = value
        else:
            _put(main, name, value, fields, model)
    return [
        each for each in (main, *places.values()) if each.values or each.signal is not None or each.lat is not None
    ] or [main]


def _put(reading: Reading, name: str, value: Any, fields: Mapping[str, Any], model: str) -> None:
    values = reading.values
    number = value if isinstance(value, (int, float)) and not isinstance(value, bool) else None
    if name in _COUNTS:
        values[_COUNTS[name]] = value
    elif name == "latitude":
        reading.lat = value
    elif name == "longitude":
        reading.lon = value
    elif name in ("depth", "water_level") and number is not None:
        values["water_level"] = number / 100
    elif name in _MILLIMETRES and number is not None:
        values[name] = number / 1000
    elif name == "firmware_version":
        values["firmware"] = str(value)
    elif name == "pressure" and (
        model.startswith("EM500-PP") or (not model and not fields.keys() & {"temperature", "humidity"})
    ):
        # The pressure in a pipe, above that of the air, in kilopascals.
        values["pipe_pressure_kpa"] = value
    elif name in ("energy_sum", "power_consumption", "power_sum") and number is not None:
        values["energy"] = number / 1000
    elif name in ("power_factor", "factor") and number is not None:
        values["power_factor"] = number / 100
    elif (
        name == "current"
        and number is not None
        and fields.keys() & {"voltage", "voltate", "power", "factor", "power_factor"}
    ):
        values["current"] = number / 1000
    elif name == "LAeq" and number is not None:
        values["noise_db"] = value
    elif name in _RENAMED:
        values[_RENAMED[name]] = value
    elif name in _STATES:
        quantity, make, signal = _STATES[name]
        values[quantity] = state = make(str(value).lower() in _YES)
        if signal:
            reading.signal = Signal.ALERT if state else Signal.CLEAR
    elif name.endswith("_alarm"):
        values[quantity_name(name)] = word = str(value)
        reading.signal = Signal.CLEAR if "release" in word else Signal.ALERT
    else:
        quantity, value = measured(name, value)
        values[quantity] = value


def _same(state: bool) -> bool:  # noqa: FBT001 - it is all there is
    return state


def _other(state: bool) -> bool:  # noqa: FBT001 - it is all there is
    return not state


_RENAMED: Final[Mapping[str, str]] = {
    "hcho": "formaldehyde", "o3": "o3_ppm", "tvoc": "tvoc_level", "tvoc_ug": "voc", "voltate": "voltage",
    "LAF": "noise_fast_db", "LAFmax": "noise_max_db", "ec": "soil_ec", "moisture": "soil_moisture",
    "illumination": "illuminance", "daylight": "daylight", "rainfall_total": "rain_mm", "light_level": "light_level",
    "button": "action", "button_event": "action", "press": "action",
}  # fmt: skip

_STATES: Final[Mapping[str, tuple[str, Callable[[bool], bool], bool]]] = {
    "leakage_status": ("water_leak", _same, True),
    "leak": ("water_leak", _same, True),
    "magnet_status": ("contact", _other, False),
    "door": ("contact", _other, False),
    "tamper_status": ("tamper", _same, False),
    "pir": ("motion", _same, False),
    "pir_status": ("motion", _same, False),
    "occupancy": ("occupancy", _same, False),
    "position": ("tilted", _same, False),
    "socket_status": ("output", _same, False),
    "valve_1": ("valve_1", _same, False),
    "valve_2": ("valve_2", _same, False),
}
"""States: our quantity, whether it means the same or the other way around, and whether it is an alarm."""


def _open(value: dict[str, Any]) -> Envelope | None:
    if isinstance(value.get("deviceInfo"), dict):
        return _chirpstack(value)
    if isinstance(value.get("end_device_ids"), dict) and isinstance(value.get("uplink_message"), dict):
        return _things_stack(value)
    return _older(value) if isinstance(value.get("devEUI") or value.get("devEui"), str) else None


def _chirpstack(value: dict[str, Any]) -> Envelope:
    info = value["deviceInfo"]
    gateways = [
        _known({"gateway_id": each.get("gatewayId"), "rssi": each.get("rssi"), "snr": each.get("snr")})
        for each in _objects(value.get("rxInfo"))
    ]
    radio = {"f_cnt": value.get("fCnt"), "f_port": value.get("fPort"), "dedup_key": value.get("deduplicationId")}
    model = _model(info.get("deviceProfileName"), info.get("deviceName"))
    fields = value.get("object")
    return Envelope(
        str(info.get("devEui", "")).lower(), _time(value.get("time")), model,
        fields if isinstance(fields, dict) else None, _bytes(value.get("data")), _known(radio), gateways,
    )  # fmt: skip


def _things_stack(value: dict[str, Any]) -> Envelope:
    ids, uplink = value["end_device_ids"], value["uplink_message"]
    gateways = []
    for each in _objects(uplink.get("rx_metadata")):
        gateway = each.get("gateway_ids")
        name = gateway.get("eui") or gateway.get("gateway_id") if isinstance(gateway, dict) else None
        gateways.append(_known({"gateway_id": name, "rssi": each.get("rssi"), "snr": each.get("snr")}))
    version = uplink.get("version_ids")
    model = _model(version.get("model_id") if isinstance(version, dict) else None, ids.get("device_id"))
    radio = {"f_cnt": uplink.get("f_cnt"), "f_port": uplink.get("f_port")}
    fields = uplink.get("decoded_payload")
    return Envelope(
        str(ids.get("dev_eui", "")).lower(), _time(uplink.get("received_at") or value.get("received_at")), model,
        fields if isinstance(fields, dict) else None, _bytes(uplink.get("frm_payload")), _known(radio), gateways,
    )  # fmt: skip


def _older(value: dict[str, Any]) -> Envelope:
    """Open an envelope of ChirpStack 3, or of a Milesight gateway, which speaks alike."""
    gateways = []
    for each in _objects(value.get("rxInfo")):
        snr = each.get("loRaSNR", each.get("snr"))
        gateways.append(
            _known({"gateway_id": each.get("gatewayID") or each.get("mac"), "rssi": each.get("rssi"), "snr": snr})
        )
    eui = plain_address(str(value.get("devEUI") or value.get("devEui")))
    if len(eui) != 16:
        raw = _bytes(eui)
        eui = raw.hex() if raw is not None and len(raw) == 8 else eui
    fields = value.get("object")
    return Envelope(
        eui.lower(), _time(value.get("time") or value.get("publishedAt")),
        _model(value.get("deviceProfileName"), value.get("deviceName")), fields if isinstance(fields, dict) else None,
        _bytes(value.get("data")), _known({"f_cnt": value.get("fCnt"), "f_port": value.get("fPort")}), gateways,
    )  # fmt: skip


def _objects(value: Any) -> Iterator[dict[str, Any]]:
    return (each for each in value if isinstance(each, dict)) if isinstance(value, list) else iter(())


def _known(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def _model(*names: Any) -> str:
    for name in names:
        found = _MODEL.search(name) if isinstance(name, str) else None
        if found is not None:
            return found[1].upper()
    return ""


def _time(value: Any) -> DeviceTime | None:
    try:
        return None if value is None else read_iso_or_milliseconds(value)
    except (ValueError, OverflowError):
        return None


def _bytes(value: Any) -> bytes | None:
    try:
        return base64.b64decode(value, validate=True) if isinstance(value, str) and value else None
    except ValueError:
        return None
