"""What a city's cameras, controllers, monitoring systems and counters say, in messages of all their usual sorts."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.reader import Reader
from ioc.model.events import Event, RawMessage
from ioc.model.instant import from_iso

Read = Callable[..., list[Event]]

SHARED = Path(os.environ.get("IOC_SHARED", Path(__file__).resolve().parents[4] / "shared"))
AT = "2026-11-22T07:30:00+07:00"
MILLISECONDS = 1_795_307_400_000

FAMILIES = {
    "axis", "axis-dataq", "dahua", "doods", "hikvision-isapi", "onvif-ej", "openalpr", "unifi-protect", "unifi-network",
    "meraki-alerts", "suricata-eve", "cap", "open311", "alertmanager", "zabbix", "checkmk", "telraam", "ngsi",
}  # fmt: skip


def axis(topic: str, **data: str) -> dict[str, Any]:
    message = {"source": {}, "key": {}, "data": data}
    return {"topic": topic, "timestamp": MILLISECONDS, "serial": "B8A44F00AA01", "message": message}


def hikvision(kind: str, state: str = "active", inner: str = "") -> bytes:
    head = f"<macAddress>aa:bb:cc:00:11:22</macAddress><channelID>3</channelID><dateTime>{AT}</dateTime>"
    return (
        f'<EventNotificationAlert version="2.0" xmlns="http://www.isapi.org/ver20/XMLSchema">{head}'
        f"<eventType>{kind}</eventType><eventState>{state}</eventState>{inner}</EventNotificationAlert>"
    ).encode()


def onvif(source: dict[str, Any], data: dict[str, Any]) -> dict[str, Any]:
    return {"UtcTime": "2026-11-22T00:30:00Z", "Source": source, "Key": {}, "Data": data}


def dahua(code: str, action: str, **data: Any) -> dict[str, Any]:
    event = {"name": "Gate", "Code": code, "action": action, "index": 0, "data": data}
    return {"event_type": "dahua_event_received", "time_fired": AT, "data": event}


def unifi(key: str, **fields: Any) -> dict[str, Any]:
    return {
        "meta": {"rc": "ok", "message": "events"},
        "data": [{"key": key, "time": MILLISECONDS, "_id": "e1", **fields}],
    }


def meraki(kind: str, model: str = "MR46", **data: Any) -> dict[str, Any]:
    return {
        "alertTypeId": kind, "alertType": kind, "organizationId": "1", "networkId": "N_1", "deviceSerial": "Q2XX-1",
        "deviceModel": model, "alertLevel": "warning", "occurredAt": AT, "sentAt": AT, "sharedSecret": "let me in",
        "alertData": data,
    }  # fmt: skip


def suricata(kind: str, **fields: Any) -> dict[str, Any]:
    return {
        "timestamp": "2026-11-22T07:30:00.000000+0700",
        "flow_id": 5,
        "event_type": kind,
        "src_ip": "10.0.0.9",
        **fields,
    }


def alertmanager(status: str, name: str, **labels: str) -> dict[str, Any]:
    alert = {
        "status": status, "labels": {"alertname": name, **labels}, "annotations": {}, "startsAt": AT,
        "endsAt": AT if status == "resolved" else "0001-01-01T00:00:00Z",
    }  # fmt: skip
    return {"version": "4", "status": status, "receiver": "ioc", "groupLabels": {}, "groupKey": "g", "alerts": [alert]}


def checkmk(kind: str, status: str, **fields: str) -> dict[str, Any]:
    said = {
        "host": "mast-4",
        "what": "HOST",
        "notification_type": kind,
        "status": status,
        "contact_email": "x@y.example",
    }
    return {**said, "long_date_time": "Sun Nov 22 00:30:00 UTC 2026", **fields}


def telraam(**counts: Any) -> dict[str, Any]:
    return {"report": [{"segment_id": 9, "date": AT, "interval": "hourly", "uptime": 0.5, **counts}]}


OAA = "axis:CameraApplicationPlatform/ObjectAnalytics/Device1Scenario2"
PATH = "CameraApplicationPlatform/ObjectAnalytics/Device1Scenario2"

SAID: list[tuple[str, Any, str | None, str | None, dict[str, Any]]] = [
    # topic, payload, asset, signal, some of its values
    (f"axis/B8A44F00AA01/event/tns:axis/{PATH}", axis(OAA, active="1", classTypes="human"), "B8A44F00AA01", "alert", {"scenario_active": True, "label": "human", "rule": "Device1Scenario2"}),
    (f"bridge/event/tns:axis/{PATH}", axis(OAA, active="0"), "B8A44F00AA01", "clear", {"scenario_active": False}),
    (f"axis/B8A44F00AA01/event/{PATH}", axis(OAA, totalHuman="7", totalCar="2", reason="human"), "B8A44F00AA01", None, {"count_person": 7, "count_car": 2, "state": "triggered"}),
    ("axis/B8A44F00AA01/event/x", axis("onvif:Device/axis:IO/Port", state="1"), "B8A44F00AA01", None, {"input": True}),
    ("axis/B8A44F00AA01/event/x", axis("onvif:RuleEngine/axis:VMD3/vmd3_video_1", active="1"), "B8A44F00AA01", "alert", {"motion": True}),
    ("axis/B8A44F00AA01/event/x", axis("axis:Storage/Disruption", disruption="0"), "B8A44F00AA01", "clear", {"fault": False}),
    ("axis/B8A44F00AA01/event/x", axis("onvif:VideoSource/axis:Tampering"), "B8A44F00AA01", "alert", {}),
    ("axis/B8A44F00AA01/connection", b"Connection Lost", "B8A44F00AA01", "offline", {}),
    ("dataq/connect/B8A44F00AA01", {"connected": True, "serial": "B8A44F00AA01"}, "B8A44F00AA01", "online", {}),
    ("city/status/B8A44F00AA01", {"serial": "B8A44F00AA01", "model": "P", "Uptime_Hours": 2}, "B8A44F00AA01", "heartbeat", {"uptime": 7200}),
    ("dataq/detections/B8A44F00AA01", {"serial": "B8A44F00AA01", "list": []}, "B8A44F00AA01", None, {"count_all": 0}),
    ("dataq/occupancy/B8A44F00AA01", {"serial": "B8A44F00AA01", "occupancy": {"Human": 2}}, "B8A44F00AA01", None, {"count_person": 2}),
    ("dataq/tracker/B8A44F00AA01", {"serial": "B8A44F00AA01", "id": "t", "class": "Car", "birth": 1, "active": False}, "B8A44F00AA01", None, {"label": "Car", "phase": "end"}),
    ("dataq/event/B8A44F00AA01/acap/DataQ/anomaly", {"serial": "B8A44F00AA01", "timestamp": MILLISECONDS, "active": True}, "B8A44F00AA01", "alert", {"active": True}),
    ("amcrest2mqtt/A1/motion", b"off", "A1", None, {"motion": False}),
    ("CameraEvents/VideoLoss/NVR:2", b"ON", "NVR:2", "alert", {"event": "VideoLoss"}),
    ("CameraEvents/VideoMotion/NVR:2", b"OFF", "NVR:2", None, {"motion": False}),
    ("CameraEvents/NVR:2/NVR", b"AlarmLocal", "NVR:2", None, {"event": "AlarmLocal"}),
    ("any/bus", dahua("CrossRegionDetection", "Start", Name="Lake", Object={"ObjectType": "Human", "ObjectID": 4}), "Gate", "alert", {"label": "Human", "track": "4"}),
    ("any/bus", dahua("VideoBlind", "Stop"), "Gate", "clear", {"state": "inactive"}),
    ("any/bus", dahua("VideoMotion", "Stop"), "Gate", None, {"motion": False}),
    ("dahua/gate", b'Code=LeftDetection;action=Pulse;index=1;data={"RegionName":["R"]}', "gate", "alert", {"state": "triggered"}),
    ("doods/detect/yard", {"id": "yard", "detections": []}, "yard", None, {"count_all": 0}),
    ("doods/detect/yard/left", {"label": "cat", "confidence": 50, "top": 0, "left": 0, "bottom": 1, "right": 1}, "yard", None, {"label": "cat", "score": 0.5}),
    ("hikvision/any", hikvision("VMD"), "aa:bb:cc:00:11:22", "alert", {"motion": True, "video_channel": "3"}),
    ("hikvision/any", hikvision("shelteralarm", "inactive"), "aa:bb:cc:00:11:22", "clear", {"tamper": False}),
    ("any/bridge", hikvision("videoloss", "inactive"), "aa:bb:cc:00:11:22", "heartbeat", {}),
    ("hikvision/any", hikvision("ANPR", inner="<ANPR><licensePlate>49A12345</licensePlate><confidenceLevel>90</confidenceLevel></ANPR>"), "aa:bb:cc:00:11:22", None, {"plate": "49A12345", "score": 0.9}),
    ("hikvision/any", hikvision("PeopleCounting", inner="<peopleCounting><enter>4</enter><exit>1</exit></peopleCounting>"), "aa:bb:cc:00:11:22", None, {"count_in": 4, "count_out": 1}),
    ("a/b/onvif-ej/RuleEngine/FieldDetector/ObjectsInside/&1/F", onvif({"Rule": "F"}, {"IsInside": "false"}), "a/b", "clear", {"state": "outside"}),
    ("cam/onvif-ej/RuleEngine/CellMotionDetector/Motion/&1", onvif({}, {"IsMotion": "true"}), "cam", "alert", {"motion": True}),
    ("cam/onvif-ej/RuleEngine/CountAggregation/OccupancyCounter/&1/Hall", onvif({}, {"Count": 3}), "cam", None, {"count": 3, "rule": "Hall"}),
    ("cam/onvif-ej/Device/HardwareFailure/FanFailure/1", onvif({}, {"Failed": True}), "cam", "alert", {"fault": True}),
    ("cam/onvif-ej/Device/Trigger/DigitalInput/1", onvif({"InputToken": "1"}, {"LogicalState": "true"}), "cam", None, {"input": True, "io_port": "1"}),
    ("cam/onvif-ej/RuleEngine/Recognition/LicensePlate/&1/R", onvif({}, {"LicensePlateInfo": {"PlateNumber": "49A1"}}), "cam", None, {"plate": "49A1"}),
    ("alpr/group", {"data_type": "alpr_group", "epoch_end": MILLISECONDS, "camera_id": 7, "best_plate_number": "49A1", "best_confidence": 90.0, "best_uuid": "u"}, "7", None, {"plate": "49A1", "score": 0.9, "event_key": "u"}),
    ("alpr/alert", {"data_type": "alpr_alert", "epoch_time": MILLISECONDS, "camera_id": 7, "plate_number": "49A1", "alert_list": "stolen"}, "7", "alert", {"category": "stolen"}),
    ("unifi/protect/AABBCC001122/leak", b"true", "AABBCC001122", "alert", {"water_leak": True}),
    ("unifi/protect/AABBCC001122/temperature", b"21.5", "AABBCC001122", None, {"temp_c": 21.5}),
    ("unifi/protect/AABBCC001122/motion/smart/vehicle", b"false", "AABBCC001122", None, {"label": "vehicle", "state": "off"}),
    ("$in/unifi-protect/door", {"timestamp": MILLISECONDS, "alarm": {"name": "Gate", "thumbnail": "data:", "triggers": [{"key": "person", "device": "AABBCC001122", "eventId": "e"}]}}, "AABBCC001122", "alert", {"label": "person", "event_key": "e"}),
    ("unifi/network/events", unifi("EVT_SW_Lost_Contact", sw="80:2a:a8:00:00:09"), "80:2a:a8:00:00:09", "offline", {"state": "down"}),
    ("unifi/network/events", unifi("EVT_AP_Connected", ap="80:2a:a8:00:00:01"), "80:2a:a8:00:00:01", "online", {"state": "up"}),
    ("unifi/network/events", unifi("EVT_IPS_IpsAlert", site_id="s", catname="scan"), "s", "alert", {"category": "scan"}),
    ("$in/meraki-alerts/net", meraki("stopped_reporting"), "Q2XX-1", "offline", {"severity": "warning", "state": "down"}),
    ("$in/meraki-alerts/net", meraki("started_reporting"), "Q2XX-1", "online", {"state": "up"}),
    ("$in/meraki-alerts/net", meraki("settings_changed"), "Q2XX-1", None, {}),
    ("$in/meraki-alerts/net", meraki("sensor_alert", "MT10", triggerData=[{"trigger": {"type": "temperature", "sensorValue": 31.5}}]), "Q2XX-1", "alert", {"temp_c": 31.5}),
    ("suricata/eve", suricata("alert", alert={"signature_id": 9, "signature": "S", "severity": 1}), "10.0.0.9", "alert", {"severity": "major", "label": "9", "event_key": "5"}),
    ("suricata/eve", suricata("dns", dns={"rrname": "private.example"}), "10.0.0.9", None, {"event": "dns"}),
    ("suricata/eve", suricata("stats", host="probe", stats={"uptime": 60}), "probe", "heartbeat", {"uptime": 60}),
    ("$in/open311/desk", [{"service_request_id": 5, "status": "OPEN", "service_code": "7", "lat": "11.94", "long": "108.44", "email": "a@b.example"}], "7", "alert", {"event_key": "5", "phase": "new"}),
    ("$in/open311/desk", b"<service_requests><request><service_request_id>5</service_request_id><status>closed</status><service_code>7</service_code></request></service_requests>", "7", "clear", {"phase": "end"}),
    ("$in/alertmanager/prom", alertmanager("resolved", "DiskFull", instance="db:9100", severity="page"), "db:9100", "clear", {"severity": "critical", "phase": "end"}),
    ("$in/alertmanager/prom", alertmanager("firing", "TargetDown", instance="db:9100"), "db:9100", "offline", {"state": "down"}),
    ("$in/alertmanager/prom", alertmanager("firing", "QuerySlowdown", service="db"), "db", "alert", {"state": "firing"}),
    ("zabbix/any", {"status": "RESOLVED", "host": "mast-4", "event_id": 9, "event_name": "Host is down"}, "mast-4", "clear", {"state": "up", "event_key": "9", "phase": "end"}),
    ("zabbix/any", {"event_value": "1", "event_nseverity": "5", "event_id": "9", "event_name": "Heat", "host_name": "mast-4"}, "mast-4", "alert", {"severity": "critical"}),
    ("zabbix/export", b'{"clock":1795307400,"value":1,"eventid":9,"severity":2,"name":"Heat","hosts":[{"name":"mast-4"}]}\n', "mast-4", "alert", {"severity": "warning"}),
    ("$in/checkmk/site", checkmk("PROBLEM", "DOWN"), "mast-4", "alert", {"severity": "critical", "event_key": "mast-4"}),
    ("$in/checkmk/site", checkmk("RECOVERY", "OK", what="SERVICE", service="Ping"), "mast-4", "clear", {"event_key": "mast-4;Ping"}),
    ("$in/checkmk/site", checkmk("ACKNOWLEDGEMENT", "DOWN"), "mast-4", None, {"phase": "update"}),
    ("$in/telraam/street", telraam(car=12.5, pedestrian=3, v85=41.5), "9", None, {"count_car": 12.5, "count_person": 3, "speed_p85": 41.5, "uptime_percent": 50}),
]  # fmt: skip


@pytest.mark.parametrize(("topic", "payload", "asset", "signal", "values"), SAID)
def test_a_message_says_who_what_and_whether_it_is_an_alarm(
    read: Read, topic: str, payload: Any, asset: str | None, signal: str | None, values: dict[str, Any]
) -> None:
    (event,) = read(topic, payload)
    assert (event.asset, event.signal) == (asset, signal)
    assert {name: event.values.get(name) for name in values} == values


def test_several_regions_of_one_alert_are_several_events(read: Read) -> None:
    regions = "".join(f"<DetectionRegionEntry><regionID>{n}</regionID></DetectionRegionEntry>" for n in (1, 2))
    events = read(
        "hikvision/any", hikvision("fielddetection", inner=f"<DetectionRegionList>{regions}</DetectionRegionList>")
    )
    assert [event.zone for event in events] == ["1", "2"]


def test_several_alerts_of_one_group_are_events_of_their_own(read: Read) -> None:
    group = alertmanager("firing", "High", instance="a")
    group["alerts"] += alertmanager("resolved", "High", instance="b")["alerts"]
    assert [(event.asset, event.signal) for event in read("$in/alertmanager/prom", group)] == [
        ("a", "alert"),
        ("b", "clear"),
    ]


PRIVATE = [
    ("unifi/network/events", unifi("EVT_WU_Connected", ap="80:2a:a8:00:00:01", user="DE:AD:BE:00:00:01", hostname="annas-phone", msg="User[DE:AD:BE:00:00:01] came")),
    ("unifi/network/events", unifi("EVT_AD_Login", site_id="s", admin="anna@city.example", msg="Admin[anna@city.example] came")),
    ("unifi/protect/AABBCC001122/authenticate", {"type": "nfc", "id": "card-of-anna"}),
    ("$in/meraki-alerts/net", meraki("client_connectivity", clientMac="DE:AD:BE:00:00:01", clientName="annas-phone", connected="true")),
    ("suricata/eve", suricata("http", ether={"src_mac": "de:ad:be:00:00:01"}, http={"hostname": "annas.example"})),
    ("$in/open311/desk", [{"service_request_id": 5, "status": "open", "service_code": "7", "first_name": "anna", "email": "anna@city.example"}]),
    ("$in/checkmk/site", checkmk("PROBLEM", "DOWN", contact_name="anna")),
]  # fmt: skip


@pytest.mark.parametrize(("topic", "payload"), PRIVATE)
def test_nothing_of_people_goes_further(read: Read, topic: str, payload: Any) -> None:
    said = str([(event.asset, event.zone, dict(event.values)) for event in read(topic, payload)]).lower()
    assert said != "[]"
    for word in ("de:ad:be", "deadbe", "anna", "let me in"):
        assert word not in said


@pytest.mark.parametrize("topic", ["$in/open311/desk", "$in/telraam/street", "$in/cap/desk"])
def test_an_answer_without_anything_in_it_is_no_mistake(read: Read, topic: str) -> None:
    nothing = {"open311": [], "telraam": {"report": []}, "cap": b"<feed/>"}[topic.split("/")[1]]
    assert read(topic, nothing) == []


def test_no_sample_of_any_family_is_read_by_anothers_codec(shared: Path, shipped_reader: Reader) -> None:
    strangers = []
    for folder in sorted((shared / "payloads").glob("*/*")):
        if not (folder / "expect.json").exists():
            continue
        file, topic = next(folder.glob("payload.*")), folder / "topic.txt"
        family = folder.parent.name
        message = RawMessage(
            topic.read_text().strip() if topic.exists() else "unknown/device", file.read_bytes(), from_iso(AT)[0]
        )
        for event in shipped_reader.read(message)[0]:
            mine = "ngsi" if family in ("ngsild-mqtt", "ngsiv2-mqtt", "smart-data-models") else family
            if (event.codec in FAMILIES or mine in FAMILIES) and event.codec != mine:
                strangers.append(f"{family}/{folder.name} by {event.codec}")
    assert strangers == []


WORDS = {key for _, payload, *_ in SAID if isinstance(payload, dict) for key in payload}
words = st.sampled_from(sorted(WORDS | {"data", "message", "Data", "labels", "triggers", "list", "events", "features"}))
plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=5),
    max_leaves=12,
)
TOPICS = sorted({topic for topic, *_ in SAID})


@given(st.sampled_from(TOPICS), st.binary(max_size=60) | plain.map(lambda value: json.dumps(value).encode()))
def test_any_bytes_are_read_or_refused_with_a_reason(shipped_reader: Reader, topic: str, payload: bytes) -> None:
    _, rejected = shipped_reader.read(RawMessage(topic, payload, from_iso(AT)[0]))
    assert not [each.reason for each in rejected if "the codec failed on it" in each.reason]


@given(st.sampled_from([(topic, payload) for topic, payload, *_ in SAID if isinstance(payload, dict)]), st.data())
def test_a_message_with_anything_in_any_field_never_makes_a_codec_fail(
    shipped_reader: Reader, said: tuple[str, Any], data: st.DataObject
) -> None:
    topic, payload = said
    name = data.draw(st.sampled_from(sorted(payload)))
    changed = {**payload, name: data.draw(plain)}
    _, rejected = shipped_reader.read(RawMessage(topic, json.dumps(changed).encode(), from_iso(AT)[0]))
    assert not [each.reason for each in rejected if "the codec failed on it" in each.reason]
