"""Columns: reading many messages at once means what reading them one by one means."""

import json
from typing import Any

import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from ingest.batch import UnknownQuantities
from ingest.codecs.registry import load_codecs
from ingest.columns import ROW
from ingest.gathering import Gathered, Gatherer
from ingest.reader import Reader
from ingest.source import Batch
from ioc.model.events import FIXED_COLUMNS, RawMessage
from ioc.model.instant import DAY, MILLISECOND, MINUTE, from_iso
from ioc.store.catalogue import load_catalogue

ARRIVAL = from_iso("2026-11-22T08:00:00.123456+07:00")[0]
NOW_MS = ARRIVAL // MILLISECOND
CATALOGUE = load_catalogue()
CODECS = load_codecs(catalogue=CATALOGUE)
NEVER = 1_000_000

Message = tuple[str, bytes, int, bool]


def gather(messages: list[Message], *, alike: int, known: str = "{}", windowed: bool = True) -> Gathered:
    """Read messages by columns or not, after one that tells the types of some quantities nobody has described."""
    reader = Reader(CODECS, CATALOGUE, timezone="Asia/Ho_Chi_Minh", windowed=windowed)
    gatherer = Gatherer(reader, CATALOGUE, UnknownQuantities(), alike=alike)
    gatherer.gather(Batch.of([RawMessage("ioc/sensor/first/events", known.encode(), ARRIVAL)]))
    return gatherer.gather(Batch.of([RawMessage(*message) for message in messages]))


def assert_same(messages: list[Message], **how: Any) -> Gathered:
    by_columns, alone = gather(messages, alike=1, **how), gather(messages, alike=NEVER, **how)
    assert_frame_equal(by_columns.frame, alone.frame, check_exact=True)
    assert sorted(map(repr, by_columns.rejected)) == sorted(map(repr, alone.rejected))
    assert [list(column) for column in by_columns.numbers] == [list(column) for column in alone.numbers]
    return by_columns


def own(payload: Any, asset: str = "env-1", arrival: int = ARRIVAL) -> Message:
    raw = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    return f"ioc/sensor/{asset}/events", raw, arrival, False


numbers = st.one_of(
    st.integers(-5, 400),
    st.floats(-100, 1200),
    st.sampled_from([0, -0.0, 2**53 + 1, 2**63 - 1, 2**63, -(2**63) - 1, 10**40, 1e308, 1.75e308, 3.0]),
)
texts = st.one_of(
    st.sampled_from(["person", "smoke", "a:b", '":', "xin chào", "tab\there", "\u202eevil", "\x00", "", "x" * 2001]),
    st.text(max_size=6),
)
odd_values = st.one_of(st.none(), st.just([1]), st.just({"a": 1}), st.just({}), st.booleans(), texts, numbers)
times = st.one_of(
    st.integers(NOW_MS - 90_000_000, NOW_MS + 400_000),
    st.floats(NOW_MS - 90_000_000, NOW_MS + 400_000),
    st.sampled_from(
        [
            "2026-11-22T08:00:00.250+07:00",
            "2026-11-22T01:00:00Z",
            "2026-11-22T01:00:00",
            "2026-11-22 01:00:00Z",
            "2026-11-22T08:00:60+07:00",
            "2026-02-30T08:00:00Z",
            "2026-11-22T24:00:00Z",
            "2026-11-22T08:00:00+0700",
            "2026-11-22T08:00:00.1234567+07:00",
            "0000-01-01T00:00:00Z",
            "1969-12-31T23:59:59Z",
            "9999-12-31T23:59:59Z",
            "9999-12-31T23:59:59-01:00",
            "2026-11-22T08:00:00+24:00",
            "2026-11-22T08:00:00-23:59",
            "２026-11-22T08:00:00Z",
            " 2026-11-22T01:00:00Z",
            "20261122T010000Z",
            "2026-11-22T01:00Z",
            "2026-11-22T01:00:00.z",
            "now",
            "",
            0,
            -1,
            253_402_300_799_000,
            253_402_300_799_001,
            1e300,
            0.5,
        ]
    ),
)
good = {
    "at": st.one_of(st.integers(NOW_MS - 1000, NOW_MS), st.just("2026-11-22T07:59:59.25+07:00")),
    "seq": st.integers(0, 30),
    "boot": st.sampled_from(["a", "b", 7]),
    "lat": st.floats(11, 12),
    "lon": st.integers(107, 109),
    "zone": st.sampled_from(["gate", "yard"]),
    "signal": st.sampled_from(["alert", "clear", "online"]),
    "pm25": st.one_of(st.integers(0, 400), st.floats(0, 400)),
    "humidity": st.integers(0, 100),
    "clients": st.integers(0, 99),
    "motion": st.booleans(),
    "label": st.sampled_from(["person", "smoke"]),
    "mine": st.floats(0, 1),
    "note": st.sampled_from(["a", "b"]),
    "flag": st.booleans(),
}
wild = {
    **dict.fromkeys(good, odd_values),
    "at": st.one_of(times, odd_values),
    "seq": st.one_of(numbers, odd_values),
    "boot": st.one_of(texts, st.sampled_from([True, 1, -1, "a:b", "x" * 65, "a\n", "é"])),
    "lat": st.one_of(numbers, st.sampled_from([0, 90, -90.5])),
    "lon": st.one_of(numbers, st.sampled_from([0, 180, 181])),
    "asset": texts,
    "id": texts,
    "bad name": numbers,
    "x" * 65: numbers,
    "yours": odd_values,
}
SHAPES = [
    ("at", "boot", "seq", "pm25", "humidity"),
    ("pm25",),
    ("at", "label", "clients", "motion"),
    ("boot", "seq", "lat", "lon"),
    ("seq", "mine", "note", "flag"),
    ("zone", "signal"),
    ("at", "lat", "lon", "zone", "signal", "pm25"),
]


@st.composite
def payloads(draw: st.DrawFn) -> bytes:
    shape = draw(st.sampled_from(SHAPES))
    value = {name: draw(good[name]) for name in shape}
    what = draw(st.integers(0, 9))
    if what == 0:
        value |= draw(st.dictionaries(st.sampled_from(sorted(wild)), odd_values, max_size=3))
    elif what in (1, 2):
        name = draw(st.sampled_from(shape if what == 1 else sorted(wild)))
        value[name] = draw(wild[name])
    text = json.dumps(value, ensure_ascii=draw(st.booleans()))
    raw = text.encode("utf-8", "surrogatepass")
    match draw(st.integers(0, 30)):
        case 0:
            return raw[:-1]
        case 1:
            return b"[" + raw + b"," + raw + b"]"
        case 2:
            return raw[:-1] + b', "pm25": 1, "pm25" :2}'
        case 3:
            return raw.replace(b":", b" : ").replace(b",", b" ,\n")
        case 4:
            return raw.replace(b"pm25", b"pm\\u00325")
        case 5:
            return draw(st.sampled_from([b"", b"null", b"NaN", b'{"pm25": NaN}', b'{"pm25": 1e400}', b"\xff", b"{}"]))
    return raw


messages = st.lists(
    st.tuples(
        st.sampled_from(
            [
                *["ioc/sensor/env-1/events"] * 3,
                "ioc/camera/cam:2/events",
                "ioc/wifi/ap-3/events",
                "ioc/wifi/ap-3/status",
                "ioc/none/x/events",
                "zigbee2mqtt/plug",
            ]
        ),
        payloads(),
        st.integers(ARRIVAL, ARRIVAL + 3_000_000),
        st.sampled_from([False] * 9 + [True]),
    ),
    max_size=24,
)


@settings(max_examples=300, deadline=None)
@given(
    messages,
    st.sampled_from(['{"mine": 1, "note": "x", "flag": true}', '{"mine": "x", "note": 1}', "{}"]),
    st.booleans(),
)
@example([own({"pm25": 1}), own({"pm25": 2**2000})], "{}", True)
@example([own({"mine": 0.5}), own({"mine": 2**63})], '{"mine": 1}', True)
def test_columns_mean_what_reading_one_by_one_means(messages: list[Message], known: str, windowed: bool) -> None:
    assert_same(messages, known=known, windowed=windowed)


@settings(max_examples=200, deadline=None)
@given(st.lists(times, min_size=1, max_size=12))
def test_times_mean_the_same_in_columns(ats: list[Any]) -> None:
    assert_same([own({"at": at, "pm25": 1.0}) for at in ats])


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(sorted(wild)), st.data())
def test_values_mean_the_same_in_columns(name: str, data: st.DataObject) -> None:
    values = data.draw(st.lists(wild[name], min_size=1, max_size=12))
    assert_same([own({"humidity": 50, name: value}) for value in values], known='{"mine": 1, "note": "x"}')


def test_one_odd_message_does_not_spoil_the_columns_of_the_others() -> None:
    messages = [own({"pm25": number, "label": "x"}) for number in range(5)]
    messages[2] = own({"pm25": "much", "label": "x"})
    found = assert_same(messages)
    assert found.frame["pm25"].to_list() == [0, 1, None, 3, 4]
    assert [rejected.reason for rejected in found.rejected] == ["pm25 must be a number, not 'much'"]


def test_rows_of_several_shapes_stay_in_the_order_of_their_messages() -> None:
    found = assert_same([own({"pm25": number} if number % 2 else {"clients": number}) for number in range(6)])
    assert found.frame[ROW].to_list() == list(range(6))
    assert found.frame.columns == [ROW, *FIXED_COLUMNS, "clients", "pm25"]


def test_numbers_come_in_the_order_of_their_messages() -> None:
    shapes = [{"pm25": 1}, {"clients": 1}, {"pm25": None, "clients": 2}]
    found = assert_same([own({"boot": "a", "seq": n, **shapes[n % 3]}) for n in range(9)])
    assert list(zip(*found.numbers, strict=True)) == [(n, "env-1", "a", n) for n in range(9)]


@pytest.mark.parametrize("lag", [DAY, DAY + 1, -5 * MINUTE, -5 * MINUTE - 1])
def test_the_window_of_believed_clocks_is_the_same(lag: int) -> None:
    moment = ARRIVAL - ARRIVAL % MILLISECOND
    assert_same([own({"at": moment // MILLISECOND, "pm25": 1}, arrival=moment + lag), own({"at": NOW_MS, "pm25": 2})])


def test_a_users_codec_in_place_of_ours_is_asked(tmp_path: Any) -> None:
    (tmp_path / "mine.yaml").write_text(
        "codec: mine\nmessages:\n  - {name: all, topics: 'ioc/sensor/+/events', priority: 9, ignore: not wanted}\n"
    )
    reader = Reader(load_codecs(user_dir=tmp_path, catalogue=CATALOGUE), CATALOGUE)
    gatherer = Gatherer(reader, CATALOGUE, alike=1)
    batch = Batch.of([RawMessage(*own({"pm25": 1}))])
    assert gatherer.gather(batch).frame.height == 0
    reader.codecs = CODECS
    assert gatherer.gather(batch).frame.height == 1


def test_nothing_gives_an_empty_batch() -> None:
    assert gather([], alike=1).frame.drop(ROW).schema == pl.Schema(FIXED_COLUMNS)
