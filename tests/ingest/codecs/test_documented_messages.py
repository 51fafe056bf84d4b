"""Messages that the five families document, each in a payload of our own: what they turn into, and what is ignored."""

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.reader import Reader
from ioc.model.events import Event, RawMessage

Read = Callable[..., list[Event]]

PERSON = {
    "id": "1700000000.5-abc",
    "camera": "gate",
    "frame_time": 1700000001.25,
    "label": "person",
    "score": 0.8,
    "top_score": 0.9,
    "false_positive": False,
    "start_time": 1700000000.5,
    "end_time": None,
    "box": [1, 2, 3, 4],
    "current_zones": ["yard", "road"],
    "entered_zones": ["yard"],
    "stationary": False,
}


def frigate(kind: str, **others: Any) -> dict[str, Any]:
    return {"type": kind, "before": PERSON, "after": {**PERSON, **others}}


def summary(events: list[Event]) -> list[tuple[str, str | None, str | None, dict[str, Any]]]:
    return [(str(e.kind), e.asset, None if e.signal is None else str(e.signal), e.values) for e in events]


@pytest.mark.parametrize("phase", ["new", "update", "end"])
def test_a_tracked_object_keeps_its_key_through_its_phases(read: Read, phase: str) -> None:
    (event,) = read("frigate/events", frigate(phase))
    assert (event.asset, event.zone, event.at) == ("gate", "yard", 1700000001250000)
    assert event.values["event_key"] == "1700000000.5-abc"
    assert event.values["phase"] == phase
    assert event.values["zones"] == "yard,road"


def test_a_false_positive_is_no_event(read: Read) -> None:
    assert read("frigate/events", frigate("new", false_positive=True)) == []


@pytest.mark.parametrize(
    ("sub_label", "expected"), [(None, (None, None)), ("Lan", ("Lan", None)), (["Lan", 0.7], ("Lan", 0.7))]
)
def test_a_sub_label_comes_in_three_forms(read: Read, sub_label: Any, expected: Any) -> None:
    (event,) = read("frigate/events", frigate("update", sub_label=sub_label))
    assert (event.values.get("sub_label"), event.values.get("sub_label_score")) == expected


def test_an_object_in_no_zone_has_none(read: Read) -> None:
    (event,) = read("frigate/events", frigate("update", current_zones=[]))
    assert event.zone is None
    assert "zones" not in event.values


FRIGATE = [
    ("frigate/available", b"online", [("camera", "frigate", "online", {})]),
    ("frigate/available", b"offline", [("camera", "frigate", "offline", {})]),
    ("frigate/gate/motion", b"OFF", [("camera", "gate", None, {"motion": False})]),
    ("frigate/gate/all", b"12", [("camera", "gate", None, {"count_all": 12})]),
    ("frigate/gate/person/active", b"1", [("camera", "gate", None, {"count_person_active": 1})]),
    ("frigate/gate/audio/dBFS", b"-41.5", [("camera", "gate", None, {"audio_dbfs": -41.5})]),
    ("frigate/gate/audio/rms", b"12.25", [("camera", "gate", None, {"audio_rms": 12.25})]),
    (
        "frigate/gate/audio/fire_alarm",
        b"ON",
        [("camera", "gate", None, {"label": "fire_alarm", "state": "on", "audio_fire_alarm": True})],
    ),
    ("frigate/gate/review_status", b"ALERT", [("camera", "gate", "alert", {"review_status": "ALERT"})]),
    (
        "frigate/gate/status/record",
        b"disabled",
        [("camera", "gate", None, {"stream_state": "disabled", "role": "record"})],
    ),
    (
        "frigate/tracked_object_update",
        {"type": "lpr", "id": "7-a", "camera": "gate", "timestamp": 1700000001.5, "plate": "49A12345", "score": 0.9},
        [
            (
                "camera",
                "gate",
                None,
                {
                    "label": "license_plate",
                    "plate": "49A12345",
                    "score": 0.9,
                    "track": "7-a",
                    "event_key": "7-a",
                    "phase": "enrichment",
                },
            )
        ],
    ),
    (
        "frigate/stats",
        {
            "service": {"uptime": 60, "last_updated": 1700000000},
            "detection_fps": 5.5,
            "cameras": {"gate": {"camera_fps": 5.0, "skipped_fps": 0.5}},
        },
        [
            ("camera", "frigate", "heartbeat", {"uptime": 60.0, "detection_fps": 5.5}),
            ("camera", "gate", None, {"camera_fps": 5.0, "skipped_fps": 0.5}),
        ],
    ),
]

ZIGBEE = [
    ("zigbee2mqtt/bridge/state", b"online", [("network", "zigbee2mqtt/bridge", "online", {})]),
    ("zigbee2mqtt/bridge/state", {"state": "offline"}, [("network", "zigbee2mqtt/bridge", "offline", {})]),
    ("zigbee2mqtt/hall/lamp/availability", b"offline", [("sensor", "hall/lamp", "offline", {})]),
    (
        "zigbee2mqtt/leak",
        {"water_leak": True, "battery": 81, "tamper": False, "linkquality": 90},
        [("sensor", "leak", "alert", {"water_leak": True, "battery": 81.0, "tamper": False, "linkquality": 90.0})],
    ),
    ("zigbee2mqtt/smoke", {"smoke": False}, [("sensor", "smoke", "clear", {"smoke": False})]),
    ("zigbee2mqtt/door", {"contact": True}, [("sensor", "door", None, {"contact": True})]),
    (
        "zigbee2mqtt/plug",
        {"state": "ON", "power": 12.5, "energy": 3.1, "voltage": 231, "update": {"state": "idle"}},
        [("sensor", "plug", None, {"state": "ON", "power": 12.5, "energy": 3.1, "voltage": 231.0})],
    ),
    (
        "zigbee2mqtt/air",
        {"temperature": 21, "pressure": 1013.2, "co2": 612, "illuminance": 5, "noise": 40},
        [
            (
                "sensor",
                "air",
                None,
                {"temp_c": 21.0, "pressure_hpa": 1013.2, "co2_ppm": 612.0, "illuminance": 5.0, "noise_db": 40.0},
            )
        ],
    ),
    (
        "zigbee2mqtt/bridge/event",
        {"type": "device_joined", "data": {"friendly_name": "0x01", "ieee_address": "0x01"}},
        [("network", "0x01", "online", {"event": "device_joined", "device": "0x01"})],
    ),
    (
        "zigbee2mqtt/bridge/logging",
        {"level": "error", "message": "adapter disconnected"},
        [("network", "zigbee2mqtt/bridge", "alert", {"log": "adapter disconnected", "severity": "error"})],
    ),
]


def lorawan(**others: Any) -> dict[str, Any]:
    return {"time": "2026-11-22T00:59:00+00:00", "deviceInfo": {"devEui": "a1b2c3d4e5f60708"}, **others}


LORA = "application/app-1/device/a1b2c3d4e5f60708/event"
CHIRPSTACK = [
    (
        f"{LORA}/up",
        lorawan(fPort=2, fCnt=9, object={"temperature": 31.5, "air": {"humidity": 70}, "alarm": True}),
        [
            (
                "sensor",
                "a1b2c3d4e5f60708",
                None,
                {"f_cnt": 9, "f_port": 2, "dr": 0, "temp_c": 31.5, "air_humidity": 70, "alarm": True},
            )
        ],
    ),
    (
        f"{LORA}/up",
        lorawan(rxInfo=[{"gatewayId": "g1", "rssi": -90, "snr": 5}, {"gatewayId": "g2", "rssi": -101}]),
        [
            (
                "sensor",
                "a1b2c3d4e5f60708",
                None,
                {"rssi": -90.0, "snr": 5.0, "gateway_id": "g1", "f_cnt": 0, "dr": 0},
            ),
            ("sensor", "a1b2c3d4e5f60708", None, {"rssi": -101.0, "snr": 0.0, "gateway_id": "g2"}),
        ],
    ),
    (
        f"{LORA}/status",
        lorawan(margin=7, batteryLevelUnavailable=True, batteryLevel=0),
        [("sensor", "a1b2c3d4e5f60708", None, {"link_margin": 7.0})],
    ),
    (
        f"{LORA}/ack",
        lorawan(acknowledged=True, fCntDown=3, queueItemId="q"),
        [("sensor", "a1b2c3d4e5f60708", None, {"acknowledged": True, "f_cnt_down": 3, "queue_item": "q"})],
    ),
    (
        "as923/gateway/0016c001f153a14c/state/conn",
        {"gatewayId": "0016c001f153a14c", "state": "OFFLINE"},
        [("network", "0016c001f153a14c", "offline", {})],
    ),
    (
        "as923/gateway/0016c001f153a14c/event/stats",
        {"gatewayId": "0016c001f153a14c", "time": "2026-11-22T00:59:00Z", "rxPacketsReceived": 4},
        [
            (
                "network",
                "0016c001f153a14c",
                "heartbeat",
                {"rx_packets": 4, "rx_packets_ok": 0, "tx_packets": 0, "tx_packets_sent": 0},
            )
        ],
    ),
]

OPENWIFI = [
    (
        "ucentral/aa11/connection",
        {"system": {"id": 1}, "payload": {"disconnection": {"serialNumber": "00:11:22:33:44:AA", "timestamp": 5}}},
        [("wifi", "0011223344aa", "offline", {"event": "disconnect"})],
    ),
    (
        "anything",
        {"jsonrpc": "2.0", "method": "connect", "params": {"serial": "0011223344aa", "firmware": "v1"}},
        [("wifi", "0011223344aa", "online", {"event": "connect", "firmware": "v1"})],
    ),
    (
        "anything",
        {"jsonrpc": "2.0", "method": "ping", "params": {"serial": "0011223344aa", "uuid": 7}},
        [("wifi", "0011223344aa", "heartbeat", {})],
    ),
    (
        "anything",
        {
            "jsonrpc": "2.0",
            "method": "log",
            "params": {"serial": "0011223344aa", "severity": 3, "log": "sta 04:f0:21:76:ca:b6 left"},
        },
        [("wifi", "0011223344aa", "alert", {"log": "sta xx:xx:xx:xx:xx:xx left", "severity": "error"})],
    ),
]

OWNTRACKS = [
    (
        "owntracks/lan/phone",
        {"_type": "steps", "tst": 5, "steps": 120},
        [("sensor", "lan/phone", None, {"steps": 120})],
    ),
    ("owntracks/lan/phone/status", {"_type": "status"}, [("sensor", "lan/phone", "heartbeat", {})]),
    (
        "owntracks/lan/phone",
        {"_type": "location", "tst": 5, "lat": 11.9, "lon": 108.4, "cog": 90, "vel": 36, "p": 85.5, "inregions": ["a"]},
        [("sensor", "lan/phone", None, {"speed": 36.0, "heading": 90.0, "pressure_hpa": 855.0, "zones": "a"})],
    ),
]


@pytest.mark.parametrize(("topic", "payload", "expected"), FRIGATE + ZIGBEE + CHIRPSTACK + OPENWIFI + OWNTRACKS)
def test_a_documented_message_turns_into(read: Read, topic: str, payload: Any, expected: Any) -> None:
    assert summary(read(topic, payload)) == expected


@pytest.mark.parametrize(
    "topic",
    [
        "frigate/gate/person/snapshot",
        "frigate/gate/detect/set",
        "frigate/gate/motion/state",
        "frigate/gate/audio/state",
        "frigate/restart",
        "zigbee2mqtt/bridge/devices",
        "zigbee2mqtt/bridge/request/permit_join",
        "zigbee2mqtt/hall/lamp/set",
        "zigbee2mqtt/lamp/set/state",
        "zigbee2mqtt/lamp/get",
        "application/app-1/device/a1b2c3d4e5f60708/command/down",
        "gateway/0016c001f153a14c/event/up",
    ],
)
def test_settings_commands_and_pictures_are_no_events(read: Read, topic: str) -> None:
    assert read(topic, b"\xff\xd8\xff\xe0 not text at all") == []


@pytest.mark.parametrize("kind", ["waypoint", "waypoints", "card", "cmd", "configuration"])
def test_a_phones_settings_are_no_events(read: Read, kind: str) -> None:
    assert read("owntracks/lan/phone/x", {"_type": kind, "tst": 5, "lat": 1.0, "lon": 2.0}) == []


def test_an_outage_begins_when_the_last_will_arrives(read: Read, arrival: int) -> None:
    (event,) = read("owntracks/lan/phone", {"_type": "lwt", "tst": 5})
    assert event.at == arrival


def test_no_telephones_address_leaves_the_codec(read: Read) -> None:
    station = "04:f0:21:76:ca:b6"
    association = {"station": station, "bssid": "50:98:71:00:32:7a", "rssi": -49, "tx_rate": {"bitrate": 180000}}
    state = {
        "unit": {"localtime": 1700000000, "uptime": 60},
        "interfaces": [
            {"clients": [{"mac": station}], "ssids": [{"ssid": "city", "associations": [association, association]}]}
        ],
    }
    events = read("ucentral/50987100327b/state", {"payload": {"serial": "50987100327B", "state": state}})
    assert [event.values["clients"] for event in events if "clients" in event.values] == [2]
    assert [event.values["client_rssi"] for event in events if "client_rssi" in event.values] == [-49, -49]
    assert "ca:b6" not in repr(events).lower()
    assert {event.asset for event in events} == {"50987100327b"}


def test_a_telephone_that_does_not_know_its_speed_says_minus_one(read: Read) -> None:
    location = {"_type": "location", "tst": 5, "lat": 11.9, "lon": 108.4, "vel": -1, "cog": -1, "batt": -1, "acc": 8}
    (event,) = read("owntracks/lan/phone", location)
    assert event.values == {"accuracy": 8.0}


def test_what_an_access_point_tells_of_a_client_names_no_client(read: Read) -> None:
    inner = {"type": "client.join", "timestamp": 1700000000, "payload": {"client": "04:f0:21:76:ca:b6", "rssi": -60}}
    (event,) = read("any/topic", {"system": {"id": 1}, "payload": {"serial": "0011223344aa", **inner}})
    assert (event.asset, event.at, event.values) == ("0011223344aa", 1_700_000_000_000_000, {"event": "client.join"})


JUNK: list[Any] = [
    None, True, False, 0, -1, 1e308, 2**63, 10**30, "", "x", "\u202e", "1" * 5000, "ON", 1.5, [], {}, [[]], {"a": {}}, [None],
]  # fmt: skip
WHOLE = [*FRIGATE, *ZIGBEE, *CHIRPSTACK, *OPENWIFI, *OWNTRACKS, ("frigate/events", frigate("new"), [])]


def places(value: Any) -> list[tuple[Any, Any]]:
    """Give every place inside a payload, as what holds it and its key there."""
    keys = value.keys() if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else []
    return [place for key in keys for place in [(value, key), *places(value[key])]]


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_a_documented_message_with_a_wrong_part_never_breaks_its_codec(shipped_reader: Reader, data: Any) -> None:
    topic, payload, _ = data.draw(st.sampled_from([each for each in WHOLE if not isinstance(each[1], bytes)]))
    broken = copy.deepcopy(payload)
    holder, key = data.draw(st.sampled_from(places(broken)))
    holder[key] = copy.deepcopy(data.draw(st.sampled_from(JUNK)))
    _, rejected = shipped_reader.read(RawMessage(topic, json.dumps(broken).encode(), 1_795_309_200_000_000))
    assert [each.reason for each in rejected if "the codec failed" in each.reason] == []
