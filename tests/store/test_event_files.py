"""Files of events: what is read, what is passed over, and that both ways of reading agree."""

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ioc.model.faults import Fault
from ioc.model.quantities import Catalogue
from ioc.store import event_files
from ioc.store.catalogue import load_catalogue
from ioc.store.event_files import Complaints, read_events

AT = 1_790_000_000_000
CATALOGUE = load_catalogue()
COLUMNS = {"kind", "asset", "zone", "lat", "lon", "pm25", "label", "motion", "count"}


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return CATALOGUE


def line(at: Any = AT, *, values: dict[str, Any] | None = None, **rest: Any) -> str:
    return json.dumps({"kind": "sensor", "asset": "a", "at": at, "values": values or {}} | rest)


def rows_of(frame: pl.DataFrame) -> list[dict[str, Any]]:
    plain = frame.with_columns(pl.col("at", "received_at").to_physical())
    return [{name: value for name, value in row.items() if value is not None} for row in plain.to_dicts()]


def read(path: Path, text: str | bytes) -> tuple[list[dict[str, Any]], list[str]]:
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    complaints = Complaints()
    frames = list(read_events(path, CATALOGUE, COLUMNS, complaints))
    assert complaints.count >= len(complaints.first)
    return [row for frame in frames for row in rows_of(frame)], complaints.first


def test_only_kind_asset_at_and_values_are_needed(tmp_path: Path) -> None:
    rows, complaints = read(tmp_path / "e.ndjson", line(values={"pm25": 12.5, "unheard_of": 3}))
    micros = AT * 1000
    assert rows == [{"kind": "sensor", "asset": "a", "at": micros, "received_at": micros, "pm25": 12.5}]
    assert complaints == []


@pytest.mark.parametrize("at", [AT, "2026-09-21T20:53:20+07:00", "2026-09-21T13:53:20Z", "2026-09-21 13:53:20.000"])
def test_times_are_milliseconds_or_iso_8601(tmp_path: Path, at: int | str) -> None:
    rows, complaints = read(tmp_path / "e.ndjson", line(at, received_at=at))
    assert (rows[0]["at"], rows[0]["received_at"], complaints) == (
        1789998800000000 if at != AT else AT * 1000,
        rows[0]["at"],
        [],
    )


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        ("hello", "malformed"),
        ("{}", "missing required field `kind`"),
        ("[]", "Expected `object`"),
        ('{"kind": "sensor", "asset": "a", "at": true, "values": {}}', "got `bool`"),
        (line("yesterday"), "not an ISO 8601 time"),
        (line(-1), "outside the years 1970 to 9999"),
        (line(received_at=9 * 10**18), "outside the years 1970 to 9999"),
        (line().replace('"asset": "a"', '"asset": 5'), "got `int`"),
        (line().replace('"asset": "a"', '"asset": {"x": 1}'), "got `object`"),
        (line(values={"pm25": 1}).replace("1}", "NaN}"), "malformed"),
        (line(zone="X").replace("X", "\\ud800"), "truncated"),
    ],
)
def test_a_line_that_cannot_be_read_is_passed_over_and_named_by_its_number(tmp_path: Path, bad: str, why: str) -> None:
    rows, (complaint,) = read(tmp_path / "e.ndjson", f"{line()}\n\n{bad}\n{line(AT + 1)}\n")
    assert [row["at"] for row in rows] == [AT * 1000, AT * 1000 + 1000]
    assert complaint.startswith("e.ndjson:3: ")
    assert why in complaint


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({"pm25": "12"}, "pm25 must be a number, not '12'"),
        ({"pm25": True}, "pm25 must be a number, not True"),
        ({"label": 5}, "label must be a text, not 5"),
        ({"label": {"a": 1}}, "label must be a text"),
        ({"label": True}, "label must be a text, not True"),
        ({"count": 1.5}, "count must be a whole number, not 1.5"),
        ({"motion": 1}, "motion must be true or false, not 1"),
    ],
)
@pytest.mark.parametrize("separators", [(",", ":"), (", ", ": ")])
def test_a_value_of_another_type_is_passed_over_but_the_event_is_kept(
    tmp_path: Path, values: dict[str, Any], why: str, separators: tuple[str, str]
) -> None:
    event = {"kind": "sensor", "asset": "a", "at": AT, "values": values | {"lat": 3}}
    rows, (complaint,) = read(tmp_path / "e.ndjson", json.dumps(event, separators=separators))
    assert rows == [{"kind": "sensor", "asset": "a", "at": AT * 1000, "received_at": AT * 1000}]
    assert complaint.startswith("e.ndjson:1: ")
    assert why in complaint


def test_a_byte_order_mark_empty_lines_and_windows_line_ends_are_read(tmp_path: Path) -> None:
    text = "\ufeff" + line() + "\r\n\r\n   \r\n" + line(AT + 1) + "\r\n" + line(AT + 2)
    rows, complaints = read(tmp_path / "e.ndjson", text)
    assert [row["at"] // 1000 - AT for row in rows] == [0, 1, 2]
    assert complaints == []


def test_bytes_that_are_not_utf_8_are_complained_of(tmp_path: Path) -> None:
    rows, (complaint,) = read(tmp_path / "e.ndjson", line(zone="X").encode().replace(b"X", b"\xff"))
    assert rows == []
    assert complaint.startswith("e.ndjson:1: 'utf-8' codec can't decode byte 0xff")


@pytest.mark.parametrize("size", [1, 7, 100, 150, 1000])
def test_where_the_file_is_cut_into_chunks_does_not_matter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    lines = [line(AT + n, values={"pm25": n}) for n in range(20)]
    lines[7] = "not an event"
    lines[13] = line(AT + 13, values={"pm25": "13"})
    path = tmp_path / "e.ndjson"
    whole = read(path, "\n".join(lines))
    assert [complaint.split(": ")[0] for complaint in whole[1]] == ["e.ndjson:8", "e.ndjson:14"]
    monkeypatch.setattr(event_files, "CHUNK_BYTES", size)
    monkeypatch.setattr(event_files, "BATCH_ROWS", 3)
    assert read(path, "\n".join(lines)) == whole


def test_many_complaints_are_counted_and_the_first_ten_are_kept(tmp_path: Path) -> None:
    (tmp_path / "e.ndjson").write_text("no\n" * 25)
    complaints = Complaints()
    assert list(read_events(tmp_path / "e.ndjson", CATALOGUE, None, complaints)) == []
    assert (complaints.count, len(complaints.first)) == (25, 10)


def test_progress_goes_from_nothing_to_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_files, "CHUNK_BYTES", 300)
    (tmp_path / "e.ndjson").write_text("\n".join(line(AT + n) for n in range(50)))
    told: list[float] = []
    for _ in read_events(tmp_path / "e.ndjson", CATALOGUE, None, None, told.append):
        pass
    assert told == sorted(told)
    assert told[-1] == 1


texts = st.sampled_from(["a", "5", "-x", "true", "{", "null", "Đà Lạt", 'quo"te', "\\", "\n", "🌧"]) | st.text(
    max_size=5
)
numbers = st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False, width=32)
contents = st.fixed_dictionaries(
    {
        "kind": st.sampled_from(["sensor", "camera"]),
        "asset": texts,
        "at": st.integers(0, 4_000_000_000_000),
        "values": st.fixed_dictionaries(
            {}, optional={"pm25": st.none() | numbers, "label": st.none() | texts, "motion": st.none() | st.booleans(), "count": st.integers(-9, 9)}
        ),
    },
    optional={"received_at": st.none() | st.integers(0, 4_000_000_000_000), "zone": st.none() | texts, "lat": st.floats(-90, 90)},
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(st.lists(contents, min_size=1, max_size=5), st.booleans())
def test_the_fast_way_and_the_careful_way_read_the_same(events: list[dict[str, Any]], ascii_only: bool) -> None:
    data = "\n".join(json.dumps(event, ensure_ascii=ascii_only) for event in events).encode()
    schema = {**event_files.FIXED_COLUMNS, **CATALOGUE.schema()}
    wanted = {name: type_ for name, type_ in schema.items() if name in COLUMNS or name in {"at", "received_at"}}
    complaints = Complaints()
    careful = event_files._careful(data, wanted, CATALOGUE, complaints, ("e", 1))
    assert complaints.count == 0
    assert careful.height == len(events)
    fast = event_files._fast(data, wanted)
    if fast is not None:
        assert rows_of(fast) == rows_of(careful)


def test_plain_events_are_read_the_fast_way() -> None:
    schema = {**event_files.FIXED_COLUMNS, **CATALOGUE.schema()}
    data = "\n".join([line(values={"pm25": 1, "label": "person"}), line(zone="5th street")]).encode()
    assert event_files._fast(data, schema) is not None


TIME_TYPES: dict[str, Any] = {
    "milliseconds": pl.Int64,
    "fractions": pl.Float64,
    "iso": pl.String,
    "utc": pl.Datetime("ms", "UTC"),
    "local": pl.Datetime("us", "Asia/Ho_Chi_Minh"),
    "naive": pl.Datetime("ns"),
}


@pytest.mark.parametrize("how", TIME_TYPES)
@pytest.mark.parametrize("nested", [True, False])
def test_parquet_may_keep_quantities_apart_or_together_and_times_in_any_type(
    tmp_path: Path, how: str, nested: bool
) -> None:
    frame = pl.DataFrame({"kind": ["sensor"] * 2, "asset": ["a", "b"], "at": [AT, AT + 1500], "pm25": [1, 2]})
    moment = (pl.col("at") * 1000).cast(pl.Datetime("us", "UTC"))
    wanted = TIME_TYPES[how]
    if how == "iso":
        frame = frame.with_columns(moment.dt.to_string("%Y-%m-%dT%H:%M:%S%.3fZ"))
    elif how in {"utc", "naive"}:
        frame = frame.with_columns(at=(moment.dt.replace_time_zone(None) if how == "naive" else moment).cast(wanted))
    elif how == "local":
        frame = frame.with_columns(at=moment.dt.convert_time_zone("Asia/Ho_Chi_Minh"))
    else:
        frame = frame.with_columns(pl.col("at").cast(wanted))
    if nested:
        frame = frame.select("kind", "asset", "at", values=pl.struct("pm25"))
    frame.write_parquet(tmp_path / "e.parquet")
    (read_back,) = read_events(tmp_path / "e.parquet", CATALOGUE, COLUMNS)
    assert [(row["asset"], row["at"], row["received_at"], row["pm25"]) for row in rows_of(read_back)] == [
        ("a", AT * 1000, AT * 1000, 1.0),
        ("b", AT * 1000 + 1_500_000, AT * 1000 + 1_500_000, 2.0),
    ]


@pytest.mark.parametrize(
    ("columns", "sentence"),
    [
        ({"kind": ["sensor"], "asset": ["a"]}, "has no column 'at'"),
        ({"at": [AT], "asset": ["a"]}, "has no column 'kind'"),
        ({"kind": ["sensor"], "at": [None]}, "without `at`"),
        ({"kind": ["sensor"], "at": ["yesterday"]}, "cannot be read as events"),
        ({"kind": ["sensor"], "at": [AT], "pm25": ["much"]}, "cannot be read as events"),
    ],
)
def test_a_parquet_file_of_something_else_is_a_fault(tmp_path: Path, columns: dict[str, Any], sentence: str) -> None:
    pl.DataFrame(columns).write_parquet(tmp_path / "e.parquet")
    with pytest.raises(Fault, match=sentence):
        list(read_events(tmp_path / "e.parquet", CATALOGUE))


def test_a_file_that_only_claims_to_be_parquet_is_a_fault(tmp_path: Path) -> None:
    (tmp_path / "e.parquet").write_text("hello")
    with pytest.raises(Fault, match="cannot be read as Parquet"):
        list(read_events(tmp_path / "e.parquet", CATALOGUE))


def test_a_file_that_is_not_there_is_a_fault_of_use(tmp_path: Path) -> None:
    with pytest.raises(Fault, match="is not a file; expected events as NDJSON or Parquet") as refusal:
        list(read_events(tmp_path / "none.ndjson", CATALOGUE))
    assert refusal.value.wrong_use
