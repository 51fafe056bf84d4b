"""Milesight's sensors: frames by their table, decoded values by their names, in each envelope."""

import base64
import json
import struct
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.codecs.milesight import MAKER, read_decoded, read_uplink, readings_of
from ingest.codecs.milesight_frames import read_frame
from ioc.model.events import Kind, Signal

EUI = f"{MAKER}0000000001"


@pytest.mark.parametrize(
    ("model", "frame", "values"),
    [
        ("", "01 75 5a 03 67 f6 ff 04 68 51", {"battery": 90, "temp_c": -1.0, "humidity": 40.5}),
        ("EM500-CO2", "05 7d 20 03 06 73 8f 27", {"co2_ppm": 800, "pressure_hpa": 1012.7}),
        ("EM500-PP", "03 7b 2c 01", {"pipe_pressure_kpa": 300}),
        ("EM500-LGT", "03 94 10 27 00 00", {"illuminance": 10000}),
        ("EM500-SMTC", "04 ca 10 0e 05 7f 64 00", {"soil_moisture": 36.0, "soil_ec": 100}),
        ("EM500-SMT", "04 68 50", {"soil_moisture": 40.0}),
        ("EM500-UDL", "03 82 d0 07", {"distance": 2.0}),
        ("EM300-MCS", "06 00 01", {"contact": False}),
        ("EM300-SLD", "05 00 01", {"water_leak": True}),
        ("AM307", "05 00 01 06 cb 03 08 7d 05 00", {"motion": True, "light_level": 3, "tvoc_level": 5}),
        ("WS302", "05 5b 05 f4 01 e8 03 dc 05", {"noise_fast_db": 50.0, "noise_db": 100.0, "noise_max_db": 150.0}),
        ("WS523", "03 74 fc 08 05 81 5f 07 c9 c8 00", {"voltage": 230.0, "power_factor": 0.95, "current": 0.2}),
        ("", "ff 01 01 ff 16 66 14 c3 96 94 87 00 00 01 75 64", {"battery": 100}),
        ("", "", {}),
    ],
)
def test_a_frame_is_read_by_its_table(model: str, frame: str, values: dict[str, Any]) -> None:
    problems: list[str] = []
    (reading,) = readings_of(read_frame(bytes.fromhex(frame), model, problems), EUI, None, model)
    assert reading.values == pytest.approx(values)
    assert problems == []


def test_people_are_counted_by_line_and_by_region() -> None:
    frame = bytes.fromhex("03d205000000 04d206000000 06d207000000 08cc01000200 0fe301000203")
    readings = readings_of(read_frame(frame, "VS133", []), EUI, None, "VS133")
    assert {(each.kind, each.zone): each.values for each in readings} == {
        (Kind.CAMERA, "line 1"): {"count_person_in_total": 5, "count_person_out_total": 6},
        (Kind.CAMERA, "line 2"): {"count_person_in_total": 7, "count_person_in": 1, "count_person_out": 2},
        (Kind.CAMERA, "1"): {"count_person": 1},
        (Kind.CAMERA, "2"): {"count_person": 0},
        (Kind.CAMERA, "3"): {"count_person": 2},
        (Kind.CAMERA, "4"): {"count_person": 3},
    }


def test_a_mask_says_which_regions_are_occupied() -> None:
    readings = readings_of(read_frame(bytes.fromhex("04c902030005"), "VS121", []), EUI, None, "VS121")
    assert readings[0].values == {"count_person": 2}
    assert {each.zone: each.values["occupied"] for each in readings[1:]} == {"1": True, "2": False, "3": True}


def test_an_alarm_of_a_threshold_is_a_signal() -> None:
    for status, signal in ((1, Signal.ALERT), (0, Signal.CLEAR)):
        frame = bytes.fromhex("8367") + struct.pack("<hB", 405, status)
        (reading,) = readings_of(read_frame(frame, "", []), EUI, None, "")
        assert (reading.values["temp_c"], reading.signal) == (40.5, signal)


def test_what_follows_an_unknown_channel_is_told_of_and_the_rest_is_kept() -> None:
    problems: list[str] = []
    assert read_frame(bytes.fromhex("017564 7faa00"), "", problems) == {"battery": 100}
    assert len(problems) == 1
    assert "7f" in problems[0]


CHIRPSTACK = {
    "deviceInfo": {"devEui": EUI, "deviceProfileName": "EM300-SLD 868"},
    "time": "2026-11-22T00:59:00+00:00",
    "fCnt": 4,
    "fPort": 85,
    "deduplicationId": "one",
    "rxInfo": [{"gatewayId": "g1", "rssi": -90, "snr": 5.5}, {"gatewayId": "g2", "rssi": -101}],
}
FRAME = base64.b64encode(bytes.fromhex("017564 050001")).decode()
DECODED = {"battery": 100, "leakage_status": "leak"}


@pytest.mark.parametrize(
    "envelope",
    [
        {**CHIRPSTACK, "data": FRAME},
        {**CHIRPSTACK, "object": DECODED},
        {
            "devEUI": EUI.upper(),
            "deviceName": "EM300-SLD cellar",
            "data": FRAME,
            "fPort": 85,
            "time": "2026-11-22T00:59:00Z",
        },
        {"devEUI": base64.b64encode(bytes.fromhex(EUI)).decode(), "object": DECODED, "time": "2026-11-22T00:59:00Z"},
        {
            "end_device_ids": {"device_id": "em300-sld-7", "dev_eui": EUI.upper()},
            "received_at": "2026-11-22T00:59:00Z",
            "uplink_message": {
                "frm_payload": FRAME,
                "f_port": 85,
                "rx_metadata": [{"gateway_ids": {"eui": "G"}, "rssi": -9}],
            },
        },
        {
            "end_device_ids": {"device_id": "cellar", "dev_eui": EUI.upper()},
            "uplink_message": {"decoded_payload": DECODED, "received_at": "2026-11-22T00:59:00Z"},
        },
    ],
)
def test_every_envelope_gives_the_same(envelope: dict[str, Any]) -> None:
    readings = read_uplink(envelope, {}, [], 0)
    assert readings is not None
    first = readings[0]
    assert (first.asset, first.signal, first.at) == (EUI, Signal.ALERT, 1_795_309_140_000_000)
    assert {"battery": 100, "water_leak": True}.items() <= first.values.items()


def test_how_well_each_gateway_heard_it_is_kept() -> None:
    readings = read_uplink({**CHIRPSTACK, "data": FRAME}, {}, [], 0) or []
    assert [(each.values["gateway_id"], each.values["rssi"]) for each in readings] == [("g1", -90), ("g2", -101)]


@pytest.mark.parametrize(
    "value",
    [
        None,
        [],
        {},
        {"deviceInfo": {"devEui": "a84041ffff000001"}, "data": FRAME},
        {"deviceInfo": {"devEui": EUI}, "data": "?"},
    ],
)
def test_what_is_not_of_this_maker_or_has_nothing_in_it_is_left_to_others(value: Any) -> None:
    assert read_uplink(value, {}, [], 0) is None
    assert read_decoded(value, {}, [], 0) is None


@given(st.binary(max_size=40), st.sampled_from(["", "EM300-MCS", "VS121", "VS350", "UC511"]))
def test_any_frame_is_read_as_far_as_it_can_be(frame: bytes, model: str) -> None:
    readings_of(read_frame(frame, model, []), EUI, None, model)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4) | st.just(EUI),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(["devEui", "devEUI", "data", "object", "rxInfo", "time", "dev_eui", "region_1", "people_in"]), inner, max_size=4
    ),
    max_leaves=8,
)  # fmt: skip


@given(json_values, st.sampled_from(["deviceInfo", "devEUI", "end_device_ids"]))
def test_any_envelope_is_read_or_refused(value: Any, key: str) -> None:
    wrapped = {**value, key: value} if isinstance(value, dict) else {key: value}
    for message in (value, wrapped, json.loads(json.dumps({**wrapped, "uplink_message": wrapped}))):
        with suppress(ValueError):
            read_uplink(message, {}, [], 0)
            read_decoded(message, {}, [], 0)
