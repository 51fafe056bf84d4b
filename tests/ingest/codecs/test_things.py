"""Messages that makers of sensors, switches and access points document, each in a payload of our own."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.codecs.naming import BOOLEANS, TEXTS, UNITS, measured
from ingest.reader import Reader
from ioc.model.events import Event, RawMessage
from ioc.model.quantities import QuantityType
from ioc.store.catalogue import load_catalogue

Read = Callable[..., list[Event]]
Row = tuple[str, Any, list[tuple[str, str | None, str | None, dict[str, Any]]]]


def summary(events: list[Event]) -> list[tuple[str, str | None, str | None, dict[str, Any]]]:
    return [(str(e.kind), e.asset, None if e.signal is None else str(e.signal), e.values) for e in events]


TASMOTA: list[Row] = [
    ("tele/plug/LWT", b"Online", [("sensor", "plug", "online", {})]),
    ("home/hall/plug/tele/LWT", b"Offline", [("sensor", "plug", "offline", {})]),
    (
        "tele/yard/SENSOR",
        {"Time": "2026-11-22T08:00:00", "DS18B20-1": {"Id": "00A1", "Temperature": 86}, "TempUnit": "F"},
        [("sensor", "yard", None, {"part": "DS18B20-1", "temp_c": 30.0, "sensor_id": "00A1"})],
    ),
    (
        "tele/yard/SENSOR",
        {"PMS5003": {"CF1": 4, "PM1": 5, "PM2.5": 12, "PM10": 20}, "MHZ19B": {"Model": "B", "CarbonDioxide": 700}},
        [
            ("sensor", "yard", None, {"part": "PMS5003", "pm1_cf1": 4, "pm1": 5.0, "pm25": 12.0, "pm10": 20.0}),
            ("sensor", "yard", None, {"part": "MHZ19B", "co2_ppm": 700.0, "model": "B"}),
        ],
    ),
    (
        "tele/strip/SENSOR",
        {"ENERGY": {"Total": 3.5, "Power": [10, 20], "Voltage": 230}},
        [
            ("sensor", "strip", None, {"part": "0", "power": 10.0}),
            ("sensor", "strip", None, {"part": "1", "power": 20.0}),
            ("sensor", "strip", None, {"part": "ENERGY", "voltage": 230.0, "energy": 3.5}),
        ],
    ),
    (
        "tele/door/SENSOR",
        {"Time": "2026-11-22T08:00:00", "Switch1": "OFF"},
        [("sensor", "door", None, {"switch1": "OFF"})],
    ),
    (
        "tele/bridge/SENSOR",
        {"ZbReceived": {"0xAB12": {"Device": "0xAB12", "Name": "hall", "Contact": 1, "LinkQuality": 80}}},
        [("sensor", "0xAB12", None, {"gateway_id": "bridge", "device": "hall", "linkquality": 80.0, "contact": False})],
    ),
    (
        "tele/mast/SENSOR",
        {"TX23": {"Speed": {"Act": 36, "Max": 72}, "Dir": {"Card": "W", "Deg": 270}}, "SpeedUnit": "km/h"},
        [("sensor", "mast", None, {"part": "TX23", "wind_mps": 10.0, "wind_gust_mps": 20.0, "wind_deg": 270.0})],
    ),
    (
        "tele/bridge/SENSOR",
        {"ZbReceived": {"0xAB13": {"Device": "0xAB13", "Power": 1, "Water": 1, "ZoneStatus": 1}}},
        [
            (
                "sensor",
                "0xAB13",
                "alert",
                {"gateway_id": "bridge", "water_leak": True, "output": True, "zone_status": 1},
            )
        ],
    ),
    ("stat/lamp/POWER", b"ON", [("sensor", "lamp", None, {"power_state": "ON"})]),
    ("stat/lamp/POWER2", b"OFF", [("sensor", "lamp", None, {"power_state_2": "OFF"})]),
    ("stat/lamp/RESULT", {"POWER": "ON"}, [("sensor", "lamp", None, {"power_state": "ON"})]),
    (
        "stat/yard/STATUS10",
        {
            "StatusSNS": {
                "BME280": {"Temperature": 20, "Pressure": 30, "Humidity": 50},
                "PressureUnit": "inHg",
                "TempUnit": "C",
            }
        },
        [
            (
                "sensor",
                "yard",
                None,
                {"part": "BME280", "temp_c": 20.0, "pressure_hpa": pytest.approx(1015.9166), "humidity": 50.0},
            )
        ],
    ),
    (
        "tele/lamp/INFO1",
        {"Info1": {"Module": "M", "Version": "14"}},
        [("network", "lamp", "online", {"model": "M", "firmware": "14"})],
    ),
]

SHELLY: list[Row] = [
    ("shellies/shelly1-A/online", b"true", [("sensor", "shelly1-A", "online", {})]),
    ("shellies/shelly1-A/relay/0", b"on", [("sensor", "shelly1-A", None, {"part": "relay:0", "output": True})]),
    ("shellies/shelly1-A/relay/0/power", b"12.5", [("sensor", "shelly1-A", None, {"part": "relay:0", "power": 12.5})]),
    ("shellies/shelly1-A/relay/0/energy", b"60000", [("sensor", "shelly1-A", None, {"energy": 1.0})]),
    ("shellies/flood-A/sensor/flood", b"true", [("sensor", "flood-A", "alert", {"water_leak": True})]),
    ("shellies/flood-A/sensor/flood", b"false", [("sensor", "flood-A", "clear", {"water_leak": False})]),
    ("shellies/dw-A/sensor/state", b"open", [("sensor", "dw-A", None, {"contact": False})]),
    ("shellies/ht-A/sensor/humidity", b"61", [("sensor", "ht-A", None, {"humidity": 61.0})]),
    ("shellies/em-A/emeter/1/total", b"1500", [("sensor", "em-A", None, {"part": "emeter:1", "energy": 1.5})]),
    ("shellies/s-A/temperature", b"50", [("sensor", "s-A", None, {"device_temp_c": 50.0})]),
    (
        "any/where/events/rpc",
        {"src": "ht-1", "dst": "x", "method": "NotifyFullStatus", "params": {
            "ts": 1700000000.5, "temperature:0": {"id": 0, "tC": 21.5, "tF": 70.7}, "humidity:0": {"id": 0, "rh": 40},
            "devicepower:0": {"id": 0, "battery": {"V": 5.5, "percent": 90}}, "wifi": {"rssi": -60, "status": "got ip"}}},
        [
            ("sensor", "ht-1", None, {"rssi": -60.0, "wifi_status": "got ip"}),
            ("sensor", "ht-1", None, {"part": "temperature:0", "temp_c": 21.5}),
            ("sensor", "ht-1", None, {"part": "humidity:0", "humidity": 40.0}),
            ("sensor", "ht-1", None, {"part": "devicepower:0", "battery": 90.0, "battery_voltage": 5.5}),
        ],
    ),
    (
        "plug/events/rpc",
        {"src": "plug", "method": "NotifyStatus", "params": {"ts": 1700000000, "switch:0": {
            "id": 0, "apower": 8.5, "aenergy": {"total": 2500.0}, "output": True}}},
        [("sensor", "plug", None, {"part": "switch:0", "output": True, "power": 8.5, "energy": 2.5})],
    ),
    (
        "button/events/rpc",
        {"src": "button", "method": "NotifyEvent", "params": {"ts": 1700000000, "events": [
            {"component": "input:0", "id": 0, "event": "single_push", "ts": 1700000000.25}]}},
        [("sensor", "button", None, {"part": "input:0", "event": "single_push", "action": "single_push"})],
    ),
    ("smoke/status/smoke:0", {"id": 0, "alarm": True}, [("sensor", "smoke", "alert", {"part": "smoke:0", "alarm": True})]),
    ("input/status/input:0", {"id": 0, "state": True}, [("sensor", "input", None, {"part": "input:0", "input": True})]),
    (
        "shelly-blu/events/aa:bb:cc:00:11:22",
        {"BTHome_version": 2, "pid": 7, "window": 1, "battery": 88, "rssi": -70, "address": "aa:bb:cc:00:11:22"},
        [("sensor", "aa:bb:cc:00:11:22", None, {"battery": 88.0, "contact": False, "rssi": -70.0, "dedup_key": "aa:bb:cc:00:11:22:7"})],
    ),
]  # fmt: skip

ESPHOME: list[Row] = [
    ("city/box/status", b"online", [("sensor", "city/box", "online", {})]),
    ("box/binary_sensor/door/state", b"ON", [("sensor", "box", None, {"door": True})]),
    ("box/text_sensor/mode/state", b"eco mode", [("sensor", "box", None, {"mode": "eco mode"})]),
    ("box/sensor/level/state", b"nan", []),
    (
        "box/light/lamp/state",
        {"state": "ON", "brightness": 5},
        [("sensor", "box", None, {"lamp": "ON", "lamp_brightness": 5})],
    ),
    ("box/switch/pump/command", b"ON", []),
]

BLUETOOTH: list[Row] = [
    (
        "home/attic/BTtoMQTT/AABBCC001122",
        {"id": "AA:BB:CC:00:11:22", "name": "Lan's room", "rssi": -60, "brand": "X", "model": "TH", "model_id": "TH1",
         "type": "THB", "tempc": 20.5, "tempf": 68.9, "hum": 55, "batt": 80, "volt": 2.9},
        [("sensor", "AA:BB:CC:00:11:22", None, {"gateway_id": "attic", "temp_c": 20.5, "humidity": 55.0, "battery": 80.0,
                                                "voltage": 2.9, "rssi": -60.0, "model": "TH"})],
    ),
    (
        "home/attic/BTtoMQTT/AABBCC001123",
        {"id": "AA:BB:CC:00:11:23", "rssi": -60, "model_id": "D1", "open": True, "motion": False},
        [("sensor", "AA:BB:CC:00:11:23", None, {"gateway_id": "attic", "rssi": -60.0, "motion": False, "contact": False})],
    ),
    (
        "home/attic/BTtoMQTT/AABBCC001124",
        {"id": "AA:BB:CC:00:11:24", "name": "Lan", "rssi": -60, "model_id": "APPLEWATCH", "model": "Watch", "distance": 2.5},
        [("sensor", None, None, {"gateway_id": "attic", "presence": True, "rssi": -60.0, "distance": 2.5, "model": "Watch"})],
    ),
    ("home/attic/LWT", b"offline", [("network", "attic", "offline", {})]),
]  # fmt: skip

AIR: list[Row] = [
    (
        "airgradient/readings/s1",
        {"serialno": "s1", "wifi": -50, "rco2": -1, "pm02": 8, "pm02Compensated": 6.5, "atmp": 25.5, "tvocIndex": 90},
        [("sensor", "s1", None, {"pm25": 6.5, "temp_c": 25.5, "tvoc_index": 90.0, "rssi": -50.0})],
    ),
    (
        "anything",
        [{"id": 9, "timestamp": "2026-11-22 00:59:00", "location": {"latitude": "11.9", "longitude": "108.4", "country": "VN"},
          "sensor": {"id": 77}, "sensordatavalues": [{"value_type": "P1", "value": "12.5"}, {"value_type": "P2", "value": "8"}]}],
        [("sensor", "77", None, {"pm10": 12.5, "pm25": 8.0})],
    ),
    (
        "roof/archive",
        {"dateTime": "1700000000.0", "usUnits": "16", "outTemp": "20.5", "barometer": "1013.2", "windSpeed": "36", "rain": "0.1"},
        [("sensor", "roof", None, {"temp_c": 20.5, "pressure_hpa": 1013.2, "wind_mps": 10.0, "rain_mm": 1.0})],
    ),
    (
        "roof/loop",
        {"dateTime": 1700000000, "usUnits": 1, "outTemp": 68, "dewpoint_C": "12", "barometer_inHg": 30, "hourRain_in": 1},
        [("sensor", "roof", None, {"temp_c": 20.0, "dew_point_c": 12.0, "pressure_hpa": pytest.approx(1015.9166)})],
    ),
]  # fmt: skip

AIR += [
    ("roof/outTemp_F", b"68.0", [("sensor", "roof", None, {"temp_c": 20.0})]),
    ("roof/windSpeed_kph", b"36", [("sensor", "roof", None, {"wind_mps": 10.0})]),
]

MOVING: list[Row] = [
    (
        "tracking/events",
        {"event": {"id": 5, "type": "alarm", "eventTime": "2026-11-22T00:59:00.000+0000", "attributes": {"alarm": "sos"}},
         "device": {"uniqueId": "bus-7"}, "position": {"latitude": 11.9, "longitude": 108.4, "valid": True}},
        [("sensor", "bus-7", "alert", {"event": "alarm", "alarm_type": "sos", "event_key": "5"})],
    ),
    (
        "tracking/events",
        {"event": {"id": 6, "type": "deviceOffline", "serverTime": "2026-11-22T00:59:00Z"}, "device": {"uniqueId": "bus-7"}},
        [("sensor", "bus-7", "offline", {"event": "deviceOffline", "event_key": "6"})],
    ),
    (
        "tracking",
        {"position": {"latitude": 11.9, "longitude": 108.4, "outdated": True, "speed": 10, "fixTime": "2026-11-22T00:59:00Z"},
         "device": {"uniqueId": "bus-7"}},
        [("sensor", "bus-7", None, {"speed": 18.52})],
    ),
    (
        "sky",
        {"now": 1700000000.5, "aircraft": [{"hex": "888AB1", "squawk": "7700", "alt_geom": 1000, "baro_rate": 600, "seen": 0.5}]},
        [("sensor", "icao:888ab1", "alert", {"altitude": 304.8, "climb_mps": 3.048, "squawk": "7700"})],
    ),
]  # fmt: skip

CLOUD: list[Row] = [
    (
        "$aws/things/pump/shadow/update/documents",
        {"previous": {"state": {}}, "current": {"state": {"reported": {"air": {"temperature": 20}, "lat": 11.9, "lon": 108.4}}}},
        [("sensor", "pump", None, {"temp_c": 20.0})],
    ),
    ("$aws/things/pump/shadow/update/delta", {"state": {"on": True}}, []),
    (
        "$aws/events/presence/connected/pump",
        {"clientId": "pump", "eventType": "connected", "timestamp": 1700000000123, "versionNumber": 4},
        [("sensor", "pump", "online", {"version": 4})],
    ),
    (
        "/json/secret/well/attrs",
        {"TimeInstant": "2026-11-22T00:59:00Z", "temperature": "21.5", "open": True, "location": {"type": "Point", "coordinates": [108.4, 11.9]}},
        [("sensor", "well", None, {"temp_c": 21.5, "open": True})],
    ),
    ("/json/secret/well/attrs/level", b"45%", [("sensor", "well", None, {"level": 45.0})]),
    ("/json/secret/well/attrs/level", b"3", [("sensor", "well", None, {"level": 3})]),
    ("/json/secret/well/attrs/mode", b'"eco"', [("sensor", "well", None, {"mode": "eco"})]),
    ("/ul/secret/well/attrs", b"h|70|mode|eco#h|71", [("sensor", "well", None, {"h": 70, "mode": "eco"}), ("sensor", "well", None, {"h": 71})]),
    ("secret/well/attrs", b"gps|1.2/3.4", [("sensor", "well", None, {"gps": "1.2/3.4"})]),
    ("secret/well/attrs", {"l": {"a": 2}}, [("sensor", "well", None, {"l_a": 2})]),
    ("/ul/secret/well/cmdexe", b"well@ping|OK", []),
]  # fmt: skip

WIRELESS: list[Row] = [
    ("openwrt/ap1/hostapd", b"phy0-ap0: AP-STA-DISCONNECTED 04:f0:21:76:ca:b6",
     [("wifi", "ap1", None, {"event": "AP-STA-DISCONNECTED", "client_connected": False, "part": "phy0-ap0"})]),
    ("openwrt/ap1/hostapd", b"wlan0: AP-ENABLED", [("wifi", "ap1", "online", {"event": "AP-ENABLED", "part": "wlan0"})]),
    ("openwrt/ap1/hostapd", b"wlan0: STA 04:f0:21:76:ca:b6 IEEE 802.11: associated (aid 1)",
     [("wifi", "ap1", None, {"event": "associated", "client_connected": True, "part": "wlan0"})]),
    ("openwrt/ap1/log", b"Sun Nov 22 08:00:00 2026 kern.err kernel: [ 12.5] ath10k crashed near 04:f0:21:76:ca:b6",
     [("network", "ap1", "alert", {"log": "[ 12.5] ath10k crashed near xx:xx:xx:xx:xx:xx", "severity": "major", "part": "kernel"})]),
    ("openwrt/ap1/log", b"Sun Nov 22 08:00:00 2026 daemon.info dnsmasq-dhcp[1]: DHCPACK(br-lan) 10.0.0.5 04:f0:21:76:ca:b6 Lans-phone",
     [("wifi", "ap1", None, {"event": "DHCPACK", "part": "br-lan"})]),
    ("openwrt/ap1/log", b"Sun Nov 22 08:00:00 2026 daemon.info dnsmasq[1]: query[A] Lans-phone.lan from 10.0.0.5", []),
    ("collectd/ap1/load/load", b"1700000000.500:0.10:0.20:0.30\0",
     [("network", "ap1", None, {"load1": 0.1, "load5": 0.2, "load15": 0.3})]),
    ("collectd/ap1/iwinfo-wlan0/stations", b"1700000000:7", [("wifi", "ap1", None, {"ssid_clients": 7, "part": "wlan0"})]),
    ("collectd/ap1/memory/memory-free", b"1700000000:5000", [("network", "ap1", None, {"memory_free": 5000.0})]),
    ("collectd/ap1/interface-eth0/if_octets", b"1700000000:nan:nan", [("network", "ap1", None, {"part": "eth0"})]),
]  # fmt: skip

EVERYTHING = [*TASMOTA, *SHELLY, *ESPHOME, *BLUETOOTH, *AIR, *MOVING, *CLOUD, *WIRELESS]


@pytest.mark.parametrize(("topic", "payload", "expected"), EVERYTHING)
def test_a_documented_message_turns_into(read: Read, topic: str, payload: Any, expected: Any) -> None:
    assert summary(read(topic, payload)) == [
        (*head, pytest.approx(values)) if all(isinstance(each, float) for each in values.values()) else (*head, values)
        for *head, values in expected
    ]


def test_an_aircrafts_time_is_that_of_the_list_less_its_age(read: Read) -> None:
    (event,) = read(
        "sky", {"now": 1700000010.0, "aircraft": [{"hex": "888ab1", "lat": 1, "lon": 2, "seen": 1, "seen_pos": 2.5}]}
    )
    assert event.at == 1_700_000_007_500_000


@pytest.mark.parametrize("topic", ["cmnd/lamp/POWER", "tasmota/discovery/AABB/sensors", "shellies/x/relay/0/command", "shellies/x/settings",
                                   "home/attic/commands/MQTTtoBT/config", "spBv1.0/g/NCMD/e", "/ul/k/d/cmd", "lwm2m/rd/e"])  # fmt: skip
def test_commands_and_settings_are_no_events(read: Read, topic: str) -> None:
    assert read(topic, b"\xff\xd8 not text at all") == []


def test_a_telephone_is_named_by_nothing_that_lasts(read: Read) -> None:
    for topic, payload, _ in [*BLUETOOTH[2:3], *WIRELESS]:
        assert "ca:b6" not in repr(read(topic, payload)).lower()
        assert "00:11:24" not in repr(read(topic, payload))
        assert "Lan" not in repr(read(topic, payload))


def test_the_names_and_units_of_readers_in_code_are_the_catalogues() -> None:
    catalogue = load_catalogue()
    assert {name: unit for name, unit in UNITS.items() if catalogue[name].unit not in (unit, None)} == {}
    assert {name for name in BOOLEANS if catalogue[name].type is not QuantityType.BOOLEAN} == set()
    assert {name for name in TEXTS if catalogue[name].type is not QuantityType.TEXT} == set()


@pytest.mark.parametrize(
    ("name", "value", "unit", "expected"),
    [
        ("Temperature", 68, "degF", ("temp_c", 20.0)),
        ("temp", 21, None, ("temp_c", 21)),
        ("pressure", 3, "furlong", ("pressure", 3)),
        ("humidity", 3, "V", ("value", 3)),
        ("Pump 2/speed", 3, "rpm", ("pump_2_speed", 3)),
        ("motion", 1, None, ("motion", True)),
        ("heat", 3, "kW", ("heat_value", 3)),
        ("state", 3, None, ("state", "3")),
        ("temperature", "warm", None, ("temp_c", "warm")),
        ("", 3, "hPa", ("pressure_hpa", 3)),
        ("", 3, None, ("value", 3)),
    ],
)
def test_what_a_device_calls_a_value_is_ours_where_its_unit_is(name: str, value: Any, unit: Any, expected: Any) -> None:
    found, converted = measured(name, value, unit)
    assert (found, converted) == (expected[0], pytest.approx(expected[1]))


JUNK: list[Any] = [
    None,
    True,
    -1,
    1e308,
    2**63,
    "",
    "x",
    "\u202e",
    "1" * 500,
    "ON",
    1.5,
    [],
    {},
    [[]],
    {"a": {}},
    [None],
]
OBJECTS = [row for row in EVERYTHING if not isinstance(row[1], bytes)]


def places(value: Any) -> list[tuple[Any, Any]]:
    keys = value.keys() if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else []
    return [place for key in keys for place in [(value, key), *places(value[key])]]


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_a_documented_message_with_a_wrong_part_never_breaks_its_codec(shipped_reader: Reader, data: Any) -> None:
    topic, payload, _ = data.draw(st.sampled_from(OBJECTS))
    broken = json.loads(json.dumps(payload))
    holder, key = data.draw(st.sampled_from(places(broken)))
    holder[key] = data.draw(st.sampled_from(JUNK))
    _, rejected = shipped_reader.read(RawMessage(topic, json.dumps(broken).encode(), 1_795_309_200_000_000))
    assert [each.reason for each in rejected if "the codec failed" in each.reason] == []


@settings(max_examples=200, deadline=None)
@given(st.sampled_from([row[0] for row in EVERYTHING]), st.binary(max_size=60))
def test_any_bytes_on_their_topics_never_break_a_codec(shipped_reader: Reader, topic: str, payload: bytes) -> None:
    _, rejected = shipped_reader.read(RawMessage(topic, payload, 1_795_309_200_000_000))
    assert [each.reason for each in rejected if "the codec failed" in each.reason] == []


def test_the_key_in_a_topic_is_shown_to_nobody(shipped_reader: Reader) -> None:
    for topic, payload in (("/json/s3cret/well/attrs", b"{"), ("/ul/s3cret/well/attrs", b"2020-13-45T00:00:00Z|c|d")):
        _, rejected = shipped_reader.read(RawMessage(topic, payload, 1_795_309_200_000_000))
        assert rejected != []
        assert all("s3cret" not in each.topic and each.topic.endswith("/…/well/attrs") for each in rejected)
