"""The reader: which clock counts, what makes two messages one event, and what is refused."""

import json
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.codecs.registry import load_codecs
from ingest.codecs.strict_json import read_json
from ingest.reader import REPEATED_WITHIN, Reader
from ioc.model.events import AtSource, Event, RawMessage, Rejected
from ioc.model.instant import DAY, HOUR, MILLISECOND, MINUTE, SECOND, from_iso
from ioc.store.catalogue import load_catalogue

ARRIVAL = from_iso("2026-11-22T08:00:00+07:00")[0]
OWN = "ioc/sensor/env-1/events"

CATALOGUE = load_catalogue()
READER = Reader(load_codecs(catalogue=CATALOGUE), CATALOGUE, timezone="Asia/Ho_Chi_Minh")


def read(payload: Any, topic: str = OWN, *, received_at: int = ARRIVAL) -> tuple[list[Event], list[str]]:
    raw = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    events, rejected = READER.read(RawMessage(topic, raw, received_at))
    return events, [each.reason for each in rejected]


def at(payload: dict[str, Any]) -> tuple[int, AtSource]:
    (event,), _ = read({"pm25": 1.0, **payload})
    return event.at, event.at_source


def test_a_clock_near_the_arrival_is_believed() -> None:
    for moment in (ARRIVAL - DAY, ARRIVAL - HOUR, ARRIVAL, ARRIVAL + 5 * MINUTE):
        assert at({"at": moment // MILLISECOND}) == (moment, AtSource.DEVICE)


@pytest.mark.parametrize("moment", [0, ARRIVAL - DAY - SECOND, ARRIVAL + 6 * MINUTE, 4_070_908_800 * SECOND])
def test_a_clock_far_from_the_arrival_is_not_believed(moment: int) -> None:
    assert at({"at": moment // MILLISECOND}) == (ARRIVAL, AtSource.ARRIVAL)


def test_a_time_is_iso_or_milliseconds_to_the_microsecond() -> None:
    assert at({"at": "2026-11-22T07:59:59.250001+07:00"}) == (ARRIVAL - 749_999, AtSource.DEVICE)
    assert at({"at": ARRIVAL / 1000 - 0.25}) == (ARRIVAL - 250, AtSource.DEVICE)


def test_a_time_without_a_zone_is_the_citys() -> None:
    assert at({"at": "2026-11-22T07:59:00"}) == (ARRIVAL - MINUTE, AtSource.DEVICE)


def test_a_time_without_a_zone_in_no_city_is_not_guessed() -> None:
    reader = Reader(READER.codecs, CATALOGUE)
    (event,), _ = reader.read(RawMessage(OWN, b'{"pm25": 1, "at": "2026-11-22T07:59:00"}', ARRIVAL))
    assert event.at_source is AtSource.ARRIVAL


@pytest.mark.parametrize("wrong", ["yesterday", True, [1], "1e999", -5, 1e300])
def test_a_time_that_is_none_is_named_and_the_arrival_taken(wrong: Any) -> None:
    (event,), (reason,) = read({"pm25": 1.0, "at": wrong})
    assert event.at == ARRIVAL
    assert reason.startswith("at cannot be read, the arrival is taken instead")


def test_numbered_messages_are_known_by_their_number() -> None:
    (event,), _ = read({"pm25": 1.0, "boot": "a1", "seq": 17})
    assert event.id == "env-1:a1:17"


def test_the_same_message_delivered_twice_is_one_event() -> None:
    payload = {"pm25": 1.0, "at": ARRIVAL // MILLISECOND}
    (first,), _ = read(payload)
    (again,), _ = read(payload, received_at=ARRIVAL + HOUR)
    assert first.id == again.id


def test_a_message_without_a_time_delivered_again_within_moments_is_one_event() -> None:
    start = ARRIVAL - ARRIVAL % REPEATED_WITHIN
    (first,), _ = read({"pm25": 1.0}, received_at=start)
    (again,), _ = read({"pm25": 1.0}, received_at=start + REPEATED_WITHIN - 1)
    (later,), _ = read({"pm25": 1.0}, received_at=start + MINUTE)
    assert first.id == again.id
    assert first.id != later.id


def test_equal_readings_of_two_devices_are_two_events() -> None:
    (one,), _ = read({"pm25": 1.0})
    (other,), _ = read({"pm25": 1.0}, "ioc/sensor/env-2/events")
    assert one.id != other.id


def test_each_event_of_an_array_has_an_id_of_its_own() -> None:
    events, _ = read([{"pm25": 1.0}, {"pm25": 1.0}, {"pm25": 1.0, "boot": 1, "seq": 0}])
    assert len({event.id for event in events}) == 3


def test_a_wrong_value_is_rejected_by_name_and_the_rest_kept() -> None:
    events, reasons = read({"pm25": "much", "temp_c": 4000, "humidity": 70, "motion": 1, "my_own": {"a": 1}})
    assert [event.values for event in events] == [{"humidity": 70.0}]
    assert reasons == [
        "pm25 must be a number, not 'much'",
        "temp_c = 4000 lies outside -60 to 1000 °C",
        "motion must be true or false, not 1",
        "my_own must be a number, a text, true or false, not {'a': 1}",
    ]


def test_a_position_is_both_or_none_and_zero_zero_is_no_fix() -> None:
    (placed,), _ = read({"pm25": 1.0, "lat": 11.94, "lon": 108})
    assert (placed.lat, placed.lon) == (11.94, 108.0)
    (nowhere,), reasons = read({"pm25": 1.0, "lat": 0, "lon": 0})
    assert (nowhere.lat, nowhere.lon, reasons) == (None, None, [])
    for wrong in ({"lat": 91, "lon": 0}, {"lat": 11.9}, {"lat": "11", "lon": "108"}, {"lat": True, "lon": 1}):
        (event,), (reason,) = read({"pm25": 1.0, **wrong})
        assert (event.lat, event.lon) == (None, None)
        assert "is no position" in reason


def test_who_speaks_is_said_by_the_topic_alone() -> None:
    (event,), reasons = read({"pm25": 1.0, "asset": "env-9", "id": "x", "kind": "camera"})
    assert event.asset == "env-1"
    assert sorted(reason.split(" ")[0] for reason in reasons) == ["asset", "id", "kind"]


def test_the_last_will_of_our_own_devices() -> None:
    (event,), _ = read(b"offline", "ioc/wifi/ap-7/status")
    assert (event.asset, event.signal, event.kind) == ("ap-7", "offline", "wifi")
    assert read(b"", "ioc/wifi/ap-7/status") == ([], [])


@pytest.mark.parametrize(
    ("topic", "payload", "reason"),
    [
        (OWN, b"\xff\xfe{}", "not UTF-8"),
        (OWN, b'{"a": "\xff"}', "invalid UTF-8"),
        (OWN, b"\xef\xbb\xbf{}", "byte order mark"),
        (OWN, b'{"pm25": NaN}', "not JSON"),
        (OWN, b'{"pm25": Infinity}', "not JSON"),
        (OWN, b'{"pm25": 1e400}', "too large"),
        (OWN, b'{"pm25": ' + b"9" * 5000 + b"}", "too large"),
        (OWN, b'{"pm25": 1, "pm25": 2}', "'pm25' twice"),
        (OWN, b'{"at": "08:00", "pm25" : 1, "pm25" :\n2}', "'pm25' twice"),
        (OWN, b'{"x": {"a:b": ":", "c": 1, "\\u0063": 2}}', "'c' twice"),
        (OWN, b"[" * 33 + b"]" * 33, "deeper than 32"),
        (OWN, b"[" * 100_000, "deeper than 32"),
        (OWN, b'{"a":' * 40 + b"1" + b"}" * 40, "deeper than 32"),
        (OWN, b'"\\ud800"', "surrogate"),
        (OWN, b'{"pm25": 1', "too early"),
        (OWN, b"{}", "no quantity"),
        (OWN, b"null", "expected one event"),
        (OWN, b'{"label": "a\\u0000b"}', "cannot be seen"),
        (OWN, b'{"label": "a\\u202eb"}', "cannot be seen"),
        (OWN, b" " * 2_000_000, "at most 1048576"),
        ("ioc/sensor/a b/events", b'{"pm25": 1}', "our own topics are"),
        ("ioc/toaster/a/events", b'{"pm25": 1}', "our own topics are"),
        ("ioc/sensor/" + "a" * 65 + "/events", b'{"pm25": 1}', "our own topics are"),
        ("ioc/sensor//events", b'{"pm25": 1}', "our own topics are"),
        ("ioc/#", b'{"pm25": 1}', "wildcard"),
        ("nobody/knows/this", b'{"pm25": 1}', "no codec for this topic"),
        ("", b"", "no codec for this topic"),
        ("frigate/events", b'{"type": "odd"}', "'tracked object'"),
        ("frigate/gate/person", b"many", "not a number"),
    ],
)
def test_what_cannot_be_read_says_why(topic: str, payload: bytes, reason: str) -> None:
    events, reasons = read(payload, topic)
    assert events == []
    assert len(reasons) == 1
    assert reason in reasons[0]


def test_a_rejected_message_keeps_its_start_but_no_telephones_address() -> None:
    _, (rejected,) = READER.read(RawMessage("x/y", b'{"sta": "04:f0:21:76:ca:b6"' + b"x" * 500, ARRIVAL))
    assert isinstance(rejected, Rejected)
    assert len(rejected.payload_start) <= 120
    assert b"ca:b6" not in rejected.payload_start
    assert rejected.payload_size == 527


def test_ten_thousand_events_are_the_most_of_a_message() -> None:
    assert len(read([{"pm25": 1}] * 10_000)[0]) == 10_000
    assert "at most 10000" in read([{"pm25": 1}] * 10_001)[1][0]


def test_ten_thousand_mistakes_in_one_message_are_not_ten_thousand_complaints() -> None:
    events, reasons = read([{"pm25": "x", "humidity": 1}] * 1000)
    assert len(events) == 1000
    assert reasons == ["pm25 must be a number, not 'x'"] * 20 + ["and 980 more such complaints"]


TOPICS = st.one_of(
    st.text(max_size=60),
    st.sampled_from(
        [
            OWN, "ioc/camera/c/status", "frigate/events", "frigate/reviews", "frigate/stats", "frigate/a/motion",
            "frigate/tracked_object_update", "frigate/camera_activity", "frigate/a/person", "zigbee2mqtt/a/b",
            "zigbee2mqtt/bridge/event", "zigbee2mqtt/bridge/health", "application/a/device/b/event/up",
            "application/a/device/b/event/log", "x/gateway/y/state/conn", "ucentral/0/state", "owntracks/a/b", "any",
        ]
    ),
)  # fmt: skip
KEYS = st.one_of(
    st.text(max_size=8),
    st.sampled_from(
        [
            "type", "after", "camera", "data", "objects", "at", "lat", "lon", "seq", "boot", "pm25", "label", "payload",
            "serial", "state", "interfaces", "ssids", "associations", "radios", "unit", "localtime", "method", "params",
            "deviceInfo", "devEui", "rxInfo", "object", "time", "_type", "tst", "cameras", "devices", "jsonrpc", "zone",
        ]
    ),
)  # fmt: skip
WORDS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=12),
    st.sampled_from(["new", "end", "state", "location", "event", "2.0", "online", "person", "2026-11-22T08:00:00Z"]),
)
JSON = st.recursive(
    WORDS, lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(KEYS, inner, max_size=6)), max_leaves=25
)


@settings(max_examples=400, deadline=None)
@given(topic=TOPICS, payload=st.one_of(st.binary(max_size=300), JSON.map(lambda value: json.dumps(value).encode())))
def test_no_message_whatever_stops_the_reader(topic: str, payload: bytes) -> None:
    events, rejected = READER.read(RawMessage(topic, payload, ARRIVAL))
    assert all("the codec failed" not in each.reason for each in rejected)
    for event in events:
        assert event.id
        assert ARRIVAL - DAY <= event.at <= ARRIVAL + 5 * MINUTE
        assert all(isinstance(value, (bool, int, float, str)) for value in event.values.values())
    assert READER.read(RawMessage(topic, payload, ARRIVAL)) == (events, rejected)


@settings(max_examples=200, deadline=None)
@given(JSON.map(lambda value: json.dumps(value, ensure_ascii=False, allow_nan=False) if _finite(value) else "0"))
def test_strict_json_reads_what_any_json_reader_reads(text: str) -> None:
    try:
        raw = text.encode()
    except UnicodeEncodeError:
        return
    try:
        expected = msgspec.json.decode(raw)
    except msgspec.DecodeError:
        return
    assert read_json(raw) == expected


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from("abcdef"), st.sampled_from(['":"', '"a":', " : ", "x"])), max_size=6),
    st.sampled_from(["", " ", "\n\t"]),
)
def test_a_key_given_twice_is_always_noticed_and_one_given_once_never(pairs: list[Any], space: str) -> None:
    text = "{" + ",".join(f"{json.dumps(key)}{space}:{json.dumps(value)}" for key, value in pairs) + "}"
    twice = len({key for key, _ in pairs}) < len(pairs)
    if twice:
        with pytest.raises(ValueError, match="twice"):
            read_json(text.encode())
    else:
        assert read_json(text.encode()) == dict(pairs)


def _finite(value: Any) -> bool:
    try:
        json.dumps(value, allow_nan=False)
    except ValueError:
        return False
    return True


def test_a_message_that_breaks_a_codec_costs_one_message(monkeypatch: pytest.MonkeyPatch) -> None:
    broken: Callable[..., Any] = lambda *_, **__: 1 / 0  # noqa: E731
    monkeypatch.setattr(type(READER.codecs), "decode", broken)
    events, (reason,) = read({"pm25": 1})
    assert events == []
    assert reason == "the codec failed on it: ZeroDivisionError: division by zero"
