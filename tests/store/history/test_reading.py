"""Reading the history: only what is needed, in order of arrival, around what is damaged."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from ioc.model.instant import DAY, HOUR, SECOND
from ioc.store.event_files import Complaints
from ioc.store.history import History
from ioc.store.history import reading as reading_module
from ioc.store.history.layout import HistoryFile, Writer
from ioc.store.history.writing import write_events

START = 1_795_352_400 * SECOND

Make = Callable[..., pl.DataFrame]
Put = Callable[..., HistoryFile]


def read(folder: Path, *arguments: Any, **options: Any) -> pl.DataFrame:
    batches = list(History(folder).batches(*arguments, **options))
    return pl.concat(batches) if batches else pl.DataFrame()


def ids(frame: pl.DataFrame) -> list[str]:
    return [] if frame.is_empty() else frame.get_column("id").to_list()


def test_a_folder_that_is_not_there_is_an_empty_history(tmp_path: Path):
    history = History(tmp_path / "none")
    info = history.info()
    assert (info.events, info.since, info.files) == (0, None, 0)
    assert list(history.batches()) == []


def test_events_come_back_as_they_were_written_and_in_order_of_arrival(tmp_path: Path, make_events: Make, put: Put):
    later = make_events(10, 5, start=START + HOUR, pm25=12.5)
    earlier = make_events(0, 10, label="người")
    put(later)
    put(earlier)
    found = read(tmp_path)
    expected = pl.concat([earlier, later], how="diagonal").select(found.columns)
    assert_frame_equal(found, expected)
    assert set(found.columns) == set(expected.columns) >= {"label", "pm25"}


def test_a_quantity_that_no_event_of_a_file_has_takes_no_column_there(make_events: Make, put: Put):
    file = put(make_events(0, 3, pm25=pl.Series([None, None, None], dtype=pl.Float64), temp_c=20.0))
    assert "pm25" not in pl.read_parquet_schema(file.path)
    assert "temp_c" in pl.read_parquet_schema(file.path)


def test_only_the_wanted_columns_are_there_and_the_same_in_every_batch(
    tmp_path: Path, make_events: Make, put: Put, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(reading_module, "BATCH_EVENTS", 10)
    put(make_events(0, 10, pm25=1.0, temp_c=2.0))
    put(make_events(10, 10, start=START + HOUR, label="smoke"))
    batches = list(History(tmp_path).batches(columns=["pm25", "label", "nothing_such"]))
    assert [batch.height for batch in batches] == [10, 10]
    for batch in batches:
        assert batch.columns == ["at", "received_at", "kind", "asset", "label", "pm25"]


def test_a_known_quantity_that_nobody_wrote_is_null_of_its_type(tmp_path: Path, make_events: Make, put: Put):
    put(make_events(0, 3))
    found = read(tmp_path, columns=["pm25"])
    assert found.schema["pm25"] == pl.Float64
    assert found["pm25"].null_count() == 3


def test_files_and_columns_that_are_not_needed_are_not_read(
    tmp_path: Path, make_events: Make, put: Put, monkeypatch: pytest.MonkeyPatch
):
    for hour in range(6):
        put(make_events(hour * 100, 100, start=START + hour * HOUR, pm25=1.0, temp_c=2.0, label="x"))
    scanned: list[tuple[list[str], list[str]]] = []
    scan = pl.scan_parquet

    def watched(paths: Any, **options: Any) -> pl.LazyFrame:
        scanned.append(([path.parent.name for path in paths], sorted(options["schema"])))
        return scan(paths, **options)

    monkeypatch.setattr(pl, "scan_parquet", watched)
    found = read(tmp_path, START + 2 * HOUR, START + 3 * HOUR + 10 * SECOND, ["pm25"])
    assert found.height == 110
    assert {hour for hours, _ in scanned for hour in hours} == {"15", "16"}
    assert {column for _, columns in scanned for column in columns} == {"asset", "at", "kind", "pm25", "received_at"}


def test_damage_to_a_column_that_nobody_asked_for_is_not_even_noticed(tmp_path: Path, make_events: Make, put: Put):
    """So columns are pushed down to the disk: what is not asked for is not read."""
    size = 20_000
    noise = pl.Series(range(size)).hash(seed=7) % 1_000_003
    file = put(make_events(0, size, temp_c=noise.cast(pl.Float64), pm25=1.0))
    content = file.path.read_bytes()
    # The last column, and by far the largest: it ends where the footer begins.
    end = len(content) - 8 - int.from_bytes(content[-8:-4], "little")
    file.path.write_bytes(content[: end - 60_000] + bytes(50_000) + content[end - 10_000 :])
    complaints = Complaints()
    assert read(tmp_path, columns=["pm25"], complaints=complaints).height == size
    assert complaints.count == 0
    assert read(tmp_path, columns=["temp_c"], complaints=complaints).is_empty()
    assert complaints.count == 1


def test_since_is_inside_and_until_is_not(tmp_path: Path, make_events: Make, put: Put):
    put(make_events(0, 10))
    arrived = START + 40_000
    assert ids(read(tmp_path, arrived + 2 * SECOND, arrived + 5 * SECOND)) == ["e2", "e3", "e4"]


def test_an_event_that_arrived_long_before_it_was_stored_is_found_by_its_arrival(tmp_path: Path, make_events: Make):
    """While the store is away events wait: then a file of one hour holds arrivals of hours before."""
    frame = make_events(0, 3, start=START)
    late = (START + 9 * HOUR) // 1_000
    write_events(tmp_path, frame, (late, 0), (late, 5), Writer.ARCHIVE)
    assert ids(read(tmp_path, START, START + HOUR)) == ["e0", "e1", "e2"]
    assert read(tmp_path, START + 9 * HOUR).is_empty()


def test_kinds_are_chosen_and_files_without_them_passed_over(tmp_path: Path, make_events: Make, put: Put):
    put(make_events(0, 4, kind="wifi"))
    put(pl.concat([make_events(4, 2, start=START + HOUR), make_events(6, 2, start=START + HOUR, kind="wifi")]))
    assert ids(read(tmp_path, kinds=["sensor"])) == ["e4", "e5"]
    assert ids(read(tmp_path, kinds=["camera"])) == []


def test_large_files_are_read_in_parts_and_small_ones_together(
    tmp_path: Path, make_events: Make, put: Put, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(reading_module, "BATCH_EVENTS", 100)
    monkeypatch.setattr(reading_module, "ROW_GROUP", 100)
    put(make_events(0, 1_000))
    for number in range(10):
        put(make_events(1_000 + number * 30, 30, start=START + (number + 1) * HOUR))
    batches = list(History(tmp_path).batches(columns=["id"]))
    assert [batch.height for batch in batches] == [100] * 10 + [120, 120, 60]
    assert ids(pl.concat(batches)) == [f"e{number}" for number in range(1_300)]


def test_progress_is_told_to_the_end(tmp_path: Path, make_events: Make, put: Put):
    put(make_events(0, 10))
    told: list[float] = []
    list(History(tmp_path).batches(progress=told.append))
    assert told[-1] == 1.0


def test_an_integer_in_one_file_is_a_number_where_the_quantity_is_one(tmp_path: Path, make_events: Make, put: Put):
    put(make_events(0, 2, pm25=7))
    put(make_events(2, 2, start=START + HOUR, pm25=7.5))
    assert read(tmp_path, columns=["pm25"])["pm25"].to_list() == [7.0, 7.0, 7.5, 7.5]


def test_values_of_another_type_are_left_out_and_their_file_is_named(tmp_path: Path, make_events: Make, put: Put):
    odd = put(make_events(0, 2, pm25="high"))
    put(make_events(2, 2, start=START + HOUR, pm25=7.5))
    complaints = Complaints()
    assert read(tmp_path, columns=["pm25"], complaints=complaints)["pm25"].to_list() == [None, None, 7.5, 7.5]
    assert complaints.first == [f"{odd.path}: pm25 is String there, expected Float64; its values are left out"]


def test_an_unknown_quantity_has_the_type_in_which_it_was_first_written(tmp_path: Path, make_events: Make, put: Put):
    put(make_events(0, 2, wobble=True))
    put(make_events(2, 2, start=START + HOUR, wobble=3.5))
    complaints = Complaints()
    assert read(tmp_path, complaints=complaints)["wobble"].to_list() == [True, True, None, None]
    assert complaints.count == 1
    assert History(tmp_path).quantities() == {"wobble": pl.Boolean}


@pytest.mark.parametrize(
    ("harm", "says"),
    [
        (lambda path: path.write_bytes(path.read_bytes()[:-100]), ""),
        (lambda path: path.write_bytes(b""), ""),
        (lambda path: path.write_bytes(os.urandom(5_000)), ""),
        (lambda path: pl.DataFrame({"x": [1]}).write_parquet(path), "not written by this program"),
        (
            lambda path: (
                pl.read_parquet(path)
                .with_columns(pl.col("at").cast(pl.String))
                .write_parquet(path, metadata=pl.read_parquet_metadata(path))
            ),
            "'at' is String, expected Datetime",
        ),
        (
            lambda path: (
                pl.read_parquet(path).drop("asset").write_parquet(path, metadata=pl.read_parquet_metadata(path))
            ),
            "'asset' is missing",
        ),
    ],
    ids=["cut off", "empty", "garbage", "of somebody else", "of a wrong type", "without a column"],
)
def test_a_damaged_file_is_named_and_passed_over_and_all_others_are_read(
    tmp_path: Path, make_events: Make, put: Put, harm: Callable[[Path], Any], says: str
):
    files = [put(make_events(hour * 10, 10, start=START + hour * HOUR, pm25=1.0)) for hour in range(3)]
    harm(files[1].path)
    complaints = Complaints()
    found = read(tmp_path, complaints=complaints)
    assert ids(found) == [f"e{number}" for number in (*range(10), *range(20, 30))]
    (complaint,) = complaints.first
    assert complaint.startswith(f"{files[1].path}: ")
    assert says in complaint
    info = History(tmp_path).info()
    assert [damage.path for damage in info.damaged] == [files[1].path]
    assert (info.events, info.files) == (20, 3)


def test_garbage_inside_a_file_costs_that_file_only(tmp_path: Path, make_events: Make, put: Put):
    files = [put(make_events(hour * 500, 500, start=START + hour * HOUR)) for hour in range(3)]
    content = bytearray(files[1].path.read_bytes())
    content[40:2_000] = os.urandom(1_960)
    files[1].path.write_bytes(bytes(content))
    complaints = Complaints()
    found = read(tmp_path, complaints=complaints)
    assert ids(found) == [f"e{number}" for number in (*range(500), *range(1_000, 1_500))]
    assert [complaint.split(": ")[0] for complaint in complaints.first] == [str(files[1].path)]


def test_a_stranger_in_the_folder_is_none_of_the_history(tmp_path: Path, make_events: Make, put: Put):
    file = put(make_events(0, 3))
    file.path.with_name("notes.txt").write_text("x")
    file.path.with_name(".x.archive.part").write_text("x")
    (tmp_path / "archive.lock").touch()
    (tmp_path / "elsewhere").mkdir()
    complaints = Complaints()
    assert read(tmp_path, complaints=complaints).height == 3
    assert complaints.count == 0


def test_info_says_what_there_is_day_by_day(tmp_path: Path, make_events: Make, put: Put):
    put(make_events(0, 4, start=START - DAY), pretended=True)
    first, second = put(make_events(4, 3)), put(make_events(7, 2, start=START + HOUR))
    info = History(tmp_path).info()
    assert (info.events, info.files, info.pretended) == (9, 3, 4)
    assert info.since == START - DAY + 40_000
    assert info.until == START + HOUR + SECOND + 40_000
    assert [(day.day, day.events, day.files, day.pretended) for day in info.days] == [
        ("2026-11-21", 4, 1, 4),
        ("2026-11-22", 5, 2, 0),
    ]
    assert info.days[1].bytes == first.path.stat().st_size + second.path.stat().st_size


@settings(max_examples=25, deadline=None)
@given(cuts=st.lists(st.tuples(st.integers(1, 40), st.integers(0, 3)), min_size=1, max_size=12))
def test_any_cut_into_files_reads_the_same(
    tmp_path_factory: pytest.TempPathFactory, make_events: Make, put_into: Put, cuts: list[tuple[int, int]]
):
    folder = tmp_path_factory.mktemp("history")
    first = 0
    expected: list[tuple[Any, ...]] = []
    for index, (count, columns) in enumerate(cuts):
        quantities = dict([("pm25", float(index)), ("label", f"l{index}"), ("clients", index)][:columns])
        frame = make_events(first, count, start=START + index * 20 * 60 * SECOND, **quantities)
        expected += [(row["id"], row.get("pm25"), row.get("label")) for row in frame.iter_rows(named=True)]
        put_into(folder, frame)
        first += count
    found = read(folder, columns=["id", "pm25", "label"])
    assert list(found.select("id", "pm25", "label").iter_rows()) == expected
