"""SenML and CBOR: what base fields, relative times and names turn into, and that a resolved pack says the same."""

import json
import struct
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.codecs.cbor import read_cbor
from ingest.codecs.lwm2m import read_lwm2m
from ingest.codecs.readings import Reading
from ingest.codecs.senml import RELATIVE_BELOW, read_senml, resolve
from ioc.model.instant import SECOND

ARRIVAL = 1_795_309_200 * SECOND
LONG_AGO = 1_700_000_000


def read(pack: Any, device: str = "gateway") -> list[Reading]:
    problems: list[str] = []
    readings = read_senml(json.dumps(pack).encode(), {"device": device}, problems, ARRIVAL)
    assert problems == []
    assert readings is not None
    return readings


def only(pack: Any) -> Reading:
    (reading,) = read(pack)
    return reading


@pytest.mark.parametrize(
    ("record", "asset", "values"),
    [
        ({"n": "urn:dev:mac:0011223344556677_temp", "v": 20}, "urn:dev:mac:0011223344556677", {"temp_c": 20}),
        ({"n": "level", "v": 3, "u": "cm"}, "gateway", {"level": 3}),
        ({"bn": "well-4/", "n": "water_level", "v": 143, "u": "cm"}, "well-4", {"water_level": 1.43}),
        ({"bn": "well-4/", "n": "door", "vb": True}, "well-4", {"door": True}),
        ({"bn": "well-4/", "n": "label", "vs": "south"}, "well-4", {"label": "south"}),
        ({"bn": "well-4/", "n": "image", "vd": "AQI"}, "well-4", {"image": "0102"}),
        ({"bn": "well-4", "u": "%EL", "v": 98}, "well-4", {"battery": 98}),
        ({"n": "http://[2001:db8::3]/tank", "v": 1}, "http://[2001:db8::3]", {"tank": 1}),
        ({"bn": "well-4/", "n": "flow", "s": 900, "v": 2}, "well-4", {"flow": 2, "flow_sum": 900}),
        ({"bn": "well-4/", "n": "humidity", "v": 0.5, "u": "/"}, "well-4", {"humidity": 50}),
        ({"n": "urn:dev:ow:10e2073a01080099", "v": 60, "u": "%RH"}, "urn:dev:ow:10e2073a01080099", {"humidity": 60}),
    ],
)
def test_a_record_names_its_device_and_what_it_measured(record: Any, asset: str, values: Any) -> None:
    reading = only([record])
    assert reading.asset == asset
    assert reading.values == pytest.approx(values)


@pytest.mark.parametrize(
    ("base", "time", "expected"),
    [
        (0, 0, None),
        (0, -5.5, ARRIVAL - 5_500_000),
        (-60, 10, ARRIVAL - 50 * SECOND),
        (LONG_AGO, -5, (LONG_AGO - 5) * SECOND),
        (0, LONG_AGO, LONG_AGO * SECOND),
    ],
)
def test_a_small_time_counts_from_now_and_a_large_one_from_1970(base: float, time: float, expected: int | None) -> None:
    assert only([{"bn": "a/", "bt": base, "n": "x", "t": time, "v": 1}]).at == expected


def test_base_value_unit_and_sum_are_added_to_what_follows() -> None:
    pack = [
        {"bn": "a/", "bu": "Cel", "bv": 20, "bs": 100, "n": "temperature", "v": 1},
        {"n": "energy_sum_only", "s": 5, "u": "J"},
    ]
    assert only(pack).values == pytest.approx({"temp_c": 21, "energy_sum_only_sum": 105})


def test_a_place_is_where_it_was_measured() -> None:
    reading = only([{"bn": "a/", "n": "latitude", "u": "lat", "v": 11.9}, {"n": "longitude", "u": "lon", "v": 108.4}])
    assert (reading.lat, reading.lon, reading.values) == (11.9, 108.4, {})


@pytest.mark.parametrize(
    ("pack", "sentence"),
    [
        ([{"bn": "a", "bver": 11, "n": "x", "v": 1}], "version 11"),
        ([{"n": "x", "v": 1, "must_": 1}], "must be understood"),
        ([{"n": "x", "v": "1"}], "must be a number"),
        ([{"bn": "a", "n": "x", "vb": 1}], "must be true or false"),
        ([{"u": "V", "v": 1}, {"n": "x", "v": 1}], "record 0 has no name"),
        ([{"bn": "a", "n": "x", "vd": "?"}], "is not base64"),
    ],
)
def test_a_pack_that_must_not_be_guessed_at_is_refused(pack: Any, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        read(pack)


@pytest.mark.parametrize("value", [b"[]", b"{}", b"[1]", b'[{"a": 1}]', b'[{"n": "x"}]', b"\x80", b"", b'[{"v": 1}]'])
def test_what_is_no_pack_is_left_to_others(value: bytes) -> None:
    assert read_senml(value, {}, [], ARRIVAL) is None


names = st.text("abcxyz019", min_size=1, max_size=5)
numbers = st.integers(-1000, 1000)
records = st.fixed_dictionaries(
    {"n": names, "v": numbers},
    optional={
        "bn": names.map(lambda name: f"{name}:"), "bt": st.integers(0, 100).map(lambda t: LONG_AGO + t), "bv": numbers,
        "bu": st.sampled_from(["Cel", "V", "m"]), "u": st.sampled_from(["Cel", "A", "lx"]), "t": st.integers(-50, 50),
        "bs": numbers, "s": numbers,
    },
)  # fmt: skip


@given(st.lists(records, min_size=1, max_size=8))
def test_a_resolved_pack_says_the_same(pack: list[dict[str, Any]]) -> None:
    pack[0].setdefault("bn", "first:")
    pack[0].setdefault("bt", LONG_AGO)
    resolved: list[dict[str, Any]] = [
        {
            "bn": each.base, "n": each.name, "v": each.value, "t": float(each.base_time + each.time),
            **({} if each.unit is None else {"u": each.unit}), **({} if each.total is None else {"s": each.total}),
        }
        for each in resolve(pack)
    ]  # fmt: skip
    assert all(each["t"] >= RELATIVE_BELOW for each in resolved)
    assert read(resolved) == read(pack)


def to_cbor(value: Any) -> bytes:
    """Write CBOR, for want of a library: enough for what JSON can say."""
    if isinstance(value, bool) or value is None:
        return {False: b"\xf4", True: b"\xf5", None: b"\xf6"}[value]
    if isinstance(value, int):
        return (b"\x1b" if value >= 0 else b"\x3b") + (value if value >= 0 else -1 - value).to_bytes(8, "big")
    if isinstance(value, float):
        return b"\xfb" + struct.pack(">d", value)
    if isinstance(value, str):
        raw = value.encode()
        return b"\x7a" + len(raw).to_bytes(4, "big") + raw
    if isinstance(value, list):
        return b"\x9f" + b"".join(map(to_cbor, value)) + b"\xff"
    return b"\xb9" + len(value).to_bytes(2, "big") + b"".join(to_cbor(k) + to_cbor(v) for k, v in value.items())


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)  # fmt: skip


@given(json_values)
def test_what_is_written_as_cbor_is_read_again(value: Any) -> None:
    assert read_cbor(to_cbor(value)) == value


@given(st.binary(max_size=60))
def test_any_bytes_are_cbor_or_refused(payload: bytes) -> None:
    with suppress(ValueError):
        read_cbor(payload)


@given(st.binary(max_size=60) | json_values.map(lambda value: json.dumps(value).encode()) | json_values.map(to_cbor))
def test_any_bytes_are_a_pack_or_none_or_refused(payload: bytes) -> None:
    with suppress(ValueError):
        read_senml(payload, {}, [], ARRIVAL)


def test_a_pack_in_cbor_has_numbers_for_names() -> None:
    pack = to_cbor([{-2: "well-4/", -3: LONG_AGO, 0: "temperature", 1: "Cel", 2: 21.5}])
    (reading,) = read_senml(pack, {}, [], ARRIVAL) or []
    assert (reading.asset, reading.at, reading.values) == ("well-4", LONG_AGO * SECOND, {"temp_c": 21.5})


@pytest.mark.parametrize(
    ("pack", "values"),
    [
        ([{"bn": "/3304/0/5700", "v": 61.5}], {"humidity": 61.5}),
        ([{"bn": "/3323/0/", "n": "5700", "v": 101.3}, {"n": "5701", "vs": "kPa"}], {"pressure_hpa": 1013}),
        ([{"n": "/3302/0/5500", "vb": True}], {"presence": True}),
        ([{"n": "/3/0/9", "v": 80}], {"battery": 80}),
        ([{"bn": "/3/0/", "n": "7", "v": 3600}], {"voltage": 3.6}),
        ([{"bn": "/4/0/", "n": "2", "v": -87}], {"rssi": -87}),
        (
            [{"bn": "/3303/1/", "n": "5700", "v": 3}, {"n": "5601", "v": 1}],
            {"temp_c": 3, "temperature_minimum": 1, "part": "3303/1"},
        ),
        ([{"bn": "/9999/0/", "n": "1", "v": 3}], {"lwm2m_9999_1": 3}),
    ],
)
def test_numbers_of_the_registry_are_quantities(pack: Any, values: Any) -> None:
    (reading,) = read_lwm2m(json.dumps(pack).encode(), {"endpoint": "e"}, [], ARRIVAL)
    assert reading.asset == "e"
    assert reading.values == pytest.approx(values)


def test_a_device_that_knows_where_it_is() -> None:
    pack = [{"bn": "/6/0/", "n": "0", "v": 11.9}, {"n": "1", "v": 108.4}, {"n": "2", "v": 1500}]
    (reading,) = read_lwm2m(json.dumps(pack).encode(), {"endpoint": "e"}, [], ARRIVAL)
    assert (reading.lat, reading.lon, reading.values) == (11.9, 108.4, {"altitude": 1500})
