"""Merging and retention: fewer files, the same events, and no more of them than wanted."""

import os
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from ioc.model.instant import DAY, HOUR, MINUTE, SECOND
from ioc.store.history import History
from ioc.store.history import merging as merging_module
from ioc.store.history import writing as writing_module
from ioc.store.history.layout import HistoryFile, Writer, list_files
from ioc.store.history.merging import GRACE_S, MANY, merge_hour
from ioc.store.history.retention import expiry, remove
from ioc.store.history.settings import HistorySettings
from ioc.store.history.tidying import due_hours, tidy
from ioc.store.history.writing import sole_writer, write_events

START = 1_795_352_400 * SECOND
OVER = START + HOUR + 5 * MINUTE

Make = Callable[..., pl.DataFrame]
Put = Callable[..., HistoryFile]


def ids(folder: Path) -> list[str]:
    return [name for batch in History(folder).batches(columns=["id"]) for name in batch["id"]]


def numbered(count: int) -> list[str]:
    return [f"e{number}" for number in range(count)]


def put_small(put: Put, make_events: Make, files: int, **quantities: object) -> list[HistoryFile]:
    return [
        put(make_events(number * 5, 5, start=START + number * 10 * SECOND, **quantities)) for number in range(files)
    ]


def age(path: Path, seconds: float) -> None:
    stamp = path.stat().st_mtime - seconds
    os.utime(path, (stamp, stamp))


def standing(folder: Path) -> list[HistoryFile]:
    return [each.file for each in History(folder).survey().sound]


def test_an_hour_that_is_over_becomes_one_file_with_the_same_events_in_the_same_order(
    tmp_path: Path, make_events: Make, put: Put
):
    put_small(put, make_events, 6, pm25=1.5)
    put(make_events(30, 5, start=START + 2 * MINUTE, label="x"))
    before = pl.concat(list(History(tmp_path).batches()))
    (hour, _), *others = due_hours(tmp_path, OVER)
    assert others == []
    merge_hour(tmp_path, hour, OVER)
    (merged,) = standing(tmp_path)
    assert merged.path.name == f"{START // 1000 + 40}-0_{(START + 124 * SECOND) // 1000 + 40}-0.parquet"
    after = pl.concat(list(History(tmp_path).batches()))
    assert after.equals(before)
    info = History(tmp_path).info()
    assert (info.events, info.files, len(info.damaged)) == (35, 1, 0)


def test_an_hour_that_is_not_over_is_merged_only_when_it_has_many_files(tmp_path: Path, make_events: Make, put: Put):
    put_small(put, make_events, MANY)
    assert due_hours(tmp_path, START + 30 * MINUTE) == []
    put(make_events(MANY * 5, 5, start=START + 29 * MINUTE))
    ((hour, files),) = due_hours(tmp_path, START + 30 * MINUTE)
    assert files == MANY + 1
    merge_hour(tmp_path, hour, START + 30 * MINUTE)
    assert len(standing(tmp_path)) == 1
    assert ids(tmp_path) == numbered(MANY * 5 + 5)


def test_merged_files_stay_for_a_while_for_who_has_begun_to_read_them_and_then_go(
    tmp_path: Path, make_events: Make, put: Put
):
    parts = put_small(put, make_events, 4)
    hour = parts[0].path.parent
    batches = History(tmp_path).batches(columns=["id"])
    merge_hour(tmp_path, hour, OVER)
    assert [name for batch in batches for name in batch["id"]] == numbered(20)
    assert all(part.path.exists() for part in parts)
    now = int(standing(tmp_path)[0].path.stat().st_mtime * SECOND) + round(GRACE_S * SECOND) + SECOND
    assert len(merge_hour(tmp_path, hour, now).removed) == 4
    assert [file.path for file in list_files(tmp_path)] == [standing(tmp_path)[0].path]
    assert ids(tmp_path) == numbered(20)
    assert due_hours(tmp_path, now) == []


def test_a_merged_file_that_is_damaged_gives_way_to_its_parts_while_they_are_there(
    tmp_path: Path, make_events: Make, put: Put
):
    hour = put_small(put, make_events, 3)[0].path.parent
    (merged,) = merge_hour(tmp_path, hour, OVER).written
    merged.write_bytes(merged.read_bytes()[:-40])
    assert ids(tmp_path) == numbered(15)
    assert [damage.path for damage in History(tmp_path).info().damaged] == [merged]


def test_a_merged_file_does_not_grow_beyond_its_bound(
    tmp_path: Path, make_events: Make, put: Put, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(merging_module, "MERGED_EVENTS", 12)
    hour = put_small(put, make_events, 5)[0].path.parent
    merge_hour(tmp_path, hour, OVER)
    assert [each.footer.events for each in History(tmp_path).survey().sound] == [10, 10, 5]
    assert ids(tmp_path) == numbered(25)


def test_files_in_which_a_quantity_has_another_type_stay_apart(tmp_path: Path, make_events: Make, put: Put):
    put(make_events(0, 5, wobble=1))
    put(make_events(5, 5, start=START + 10 * SECOND, wobble=2))
    hour = put(make_events(10, 5, start=START + 20 * SECOND, wobble="x")).path.parent
    merge_hour(tmp_path, hour, OVER)
    assert [each.footer.events for each in History(tmp_path).survey().sound] == [10, 5]
    assert ids(tmp_path) == numbered(15)


def test_nothing_is_merged_across_a_file_that_cannot_be_read_and_that_file_stays(
    tmp_path: Path, make_events: Make, put: Put
):
    files = put_small(put, make_events, 5)
    content = files[2].path.read_bytes()
    files[2].path.write_bytes(content[:-9])
    done = merge_hour(tmp_path, files[0].path.parent, OVER)
    assert [damage.path for damage in done.damaged] == [files[2].path]
    assert files[2].path.exists()
    assert ids(tmp_path) == [f"e{number}" for number in (*range(10), *range(15, 25))]
    assert len(standing(tmp_path)) == 2


def test_garbage_inside_a_file_keeps_the_others_from_nothing(tmp_path: Path, make_events: Make, put: Put):
    files = [put(make_events(n * 400, 400, start=START + n * 500 * SECOND)) for n in range(4)]
    content = bytearray(files[1].path.read_bytes())
    content[40:1_500] = bytes(1_460)
    files[1].path.write_bytes(bytes(content))
    done = merge_hour(tmp_path, files[0].path.parent, OVER)
    assert [damage.path for damage in done.damaged] == [files[1].path]
    assert len(done.written) == 1
    assert ids(tmp_path) == [f"e{number}" for number in (*range(400), *range(800, 1_600))]


def test_a_pretended_past_is_not_merged_with_what_was_archived(tmp_path: Path, make_events: Make, put: Put):
    put(make_events(0, 5), pretended=True)
    put(make_events(5, 5, start=START + 10 * SECOND), pretended=True)
    hour = put(make_events(10, 5, start=START + 20 * SECOND)).path.parent
    merge_hour(tmp_path, hour, OVER)
    assert [(file.pretended, file.first[0]) for file in standing(tmp_path)] == [
        (True, START // 1000 + 40),
        (False, START // 1000 + 20_040),
    ]
    assert History(tmp_path).info().pretended == 10


def test_no_room_on_the_disk_is_said_and_nothing_is_lost(
    tmp_path: Path, make_events: Make, put: Put, monkeypatch: pytest.MonkeyPatch
):
    hour = put_small(put, make_events, 3)[0].path.parent
    monkeypatch.setattr(writing_module, "RESERVE_BYTES", 10**18)
    with pytest.raises(OSError, match="left on the disk"):
        merge_hour(tmp_path, hour, OVER)
    assert ids(tmp_path) == numbered(15)


def test_what_is_older_than_wanted_goes_and_its_folders_with_it(tmp_path: Path, make_events: Make, put: Put):
    old = put(make_events(0, 5, start=START - 3 * DAY))
    broken = put(make_events(5, 5, start=START - 3 * DAY + HOUR))
    broken.path.write_bytes(b"x")
    put(make_events(10, 5, start=START - DAY))
    put(make_events(15, 5))
    found = expiry(tmp_path, HistorySettings(keep_days=2), START)
    assert found.old == (old.path, broken.path)
    assert found.beyond == ()
    remove(found.paths)
    assert ids(tmp_path) == [f"e{number}" for number in range(10, 20)]
    assert not old.path.parent.parent.exists()


def test_the_oldest_go_while_there_are_too_many_bytes(tmp_path: Path, make_events: Make, put: Put):
    files = [put(make_events(n * 100, 100, start=START + n * HOUR)) for n in range(5)]
    sizes = [file.path.stat().st_size for file in files]
    keep = sum(sizes[3:]) + 1
    found = expiry(tmp_path, HistorySettings(keep_gb=keep / 1e9), START + 5 * HOUR)
    assert found.beyond == tuple(file.path for file in files[:3])
    assert found.bytes == sum(sizes[:3])


def test_the_newest_archived_file_always_stays_since_it_says_how_far_the_archive_has_come(
    tmp_path: Path, make_events: Make, put: Put
):
    past = put(make_events(0, 5, start=START - HOUR), pretended=True)
    put(make_events(5, 5))
    found = expiry(tmp_path, HistorySettings(keep_days=1, keep_gb=1e-9), START + 30 * DAY)
    assert found.paths == (past.path,)


def test_tidying_does_all_of_it_and_only_once_at_a_time(tmp_path: Path, make_events: Make, put: Put):
    put(make_events(0, 5, start=START - 3 * DAY))
    put_small(put, make_events, 3)
    unfinished = tmp_path / "2026-11-22" / "13" / ".x.parquet.merge.part"
    unfinished.write_bytes(b"half")
    settings = HistorySettings(keep_days=2)
    with sole_writer(tmp_path, Writer.MERGE) as sole:
        assert sole
        assert tidy(tmp_path, settings, OVER).merged == 0
    done = tidy(tmp_path, settings, OVER)
    assert (done.merged, done.expired, done.damaged) == (1, 1, ())
    assert not unfinished.exists()
    assert ids(tmp_path) == numbered(15)


def test_a_file_has_its_name_only_when_it_is_complete(
    tmp_path: Path, make_events: Make, monkeypatch: pytest.MonkeyPatch
):
    def fail(self: pl.DataFrame, path: Path, **options: object) -> None:
        path.write_bytes(b"half of it")
        raise pl.exceptions.ComputeError("No space left on device")

    monkeypatch.setattr(pl.DataFrame, "write_parquet", fail)
    with pytest.raises(OSError, match="No space left"):
        write_events(tmp_path, make_events(0, 3), (1, 0), (2, 0), Writer.ARCHIVE)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
