"""The pretended past of a demo: a month behind what was archived, and never over it."""

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any, cast

import polars as pl
import pytest

from ioc.assembly import pretend_past
from ioc.assembly.plans import plan_demo
from ioc.assembly.pretend_past import hours_back, write_past
from ioc.config import load
from ioc.model.events import FIXED_COLUMNS, INSTANT_TYPE
from ioc.model.instant import DAY, HOUR, MILLISECOND, MINUTE, SECOND
from ioc.store.history import History
from ioc.store.history import writing as writing_module
from ioc.store.history.layout import Writer, list_files
from ioc.store.history.writing import write_events

UNTIL = 1_795_352_400 * SECOND + 17 * MINUTE + 3_141 * MILLISECOND


class Told:
    """A past of one event a minute, that remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[int, int]] = []

    def events(self, since: int, until: int, every: int) -> pl.DataFrame:
        self.asked.append((since, until))
        at = pl.Series(range(-(-since // MINUTE) * MINUTE, until, MINUTE), dtype=pl.Int64)
        columns = {name: pl.lit(None, type_).alias(name) for name, type_ in FIXED_COLUMNS.items()}
        columns |= {name: pl.col("at").cast(INSTANT_TYPE).alias(name) for name in ("at", "received_at")}
        columns |= {"id": pl.format("p{}", pl.col("at") // SECOND).alias("id"), "kind": pl.lit("sensor").alias("kind")}
        return pl.DataFrame({"at": at}).select(*columns.values())


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Told:
    monkeypatch.setattr(pretend_past, "SPAN", 2 * DAY)
    return Told()


def write(folder: Path, told: Told, **options: Any) -> int:
    return write_past(folder, cast("Any", told), **{"until": UNTIL, "pause_s": 0.0, **options})


def test_a_time_is_cut_into_hours_from_its_end_back():
    assert hours_back(2 * HOUR + 5, HOUR - 7) == [(2 * HOUR, 2 * HOUR + 5), (HOUR, 2 * HOUR), (HOUR - 7, HOUR)]
    assert hours_back(HOUR, HOUR) == []


def test_it_is_written_from_the_latest_hour_back_each_event_once(tmp_path: Path, told: Told):
    assert write(tmp_path, told) == 2 * 24 * 60
    assert told.asked[0] == (UNTIL // HOUR * HOUR, UNTIL // MILLISECOND * MILLISECOND)
    assert [since for since, _ in told.asked] == sorted((since for since, _ in told.asked), reverse=True)
    info = History(tmp_path).info()
    assert (info.events, info.pretended, info.damaged) == (2_880, 2_880, ())
    (frame,) = History(tmp_path).batches(columns=["id"])
    assert frame["id"].n_unique() == 2_880
    assert frame["received_at"].is_sorted()


def test_it_goes_on_where_it_was_ended_and_does_nothing_when_all_is_there(
    tmp_path: Path, told: Told, monkeypatch: pytest.MonkeyPatch
):
    told_events = told.events

    def stop_at_some_time(since: int, until: int, every: int) -> pl.DataFrame:
        if len(told.asked) == 7:
            raise OSError("ended")
        return told_events(since, until, every)

    monkeypatch.setattr(told, "events", stop_at_some_time)
    with pytest.raises(OSError, match="ended"):
        write(tmp_path, told)
    monkeypatch.setattr(told, "events", told_events)
    # Much later, while a past is there already: what lies between was no past of anybody's.
    write(tmp_path, told, until=UNTIL + 5 * DAY)
    assert History(tmp_path).info().events == 2_880
    told.asked.clear()
    assert write(tmp_path, told, until=UNTIL + 6 * DAY) == 0
    assert told.asked == []


def test_it_ends_where_the_archive_begins(tmp_path: Path, told: Told):
    archived = told.events(UNTIL - 3 * HOUR, UNTIL, MINUTE)
    first = int(archived["received_at"].to_physical()[0]) // MILLISECOND
    write_events(tmp_path, archived, (first, 5), (UNTIL // MILLISECOND, 0), Writer.ARCHIVE)
    write(tmp_path, told)
    files = sorted(list_files(tmp_path), key=lambda file: file.first)
    assert all(before.last < after.first for before, after in pairwise(files))
    assert [file.pretended for file in files] == [True] * (len(files) - 1) + [False]
    assert History(tmp_path).info().damaged == ()


def test_it_goes_back_no_further_and_grows_no_larger_than_is_kept(tmp_path: Path, told: Told):
    write(tmp_path / "a", told, not_before=UNTIL - 5 * HOUR)
    assert History(tmp_path / "a").info().events == 300
    write(tmp_path / "b", told, most_bytes=1)
    assert History(tmp_path / "b").info().files == 1


def test_a_disk_without_room_ends_it(tmp_path: Path, told: Told, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(writing_module, "RESERVE_BYTES", 10**18)
    with pytest.raises(OSError, match="left on the disk"):
        write(tmp_path, told)


def test_only_one_writes_it_at_a_time(tmp_path: Path, told: Told):
    with writing_module.sole_writer(tmp_path, Writer.PRETEND) as sole:
        assert sole
        assert write(tmp_path, told) == 0


@pytest.mark.parametrize(
    ("options", "variables", "expected"),
    [
        ({"simulators": True}, {}, True),
        ({"simulators": True, "past": False}, {}, False),
        ({"simulators": False}, {}, False),
        ({"simulators": True}, {"IOC_HISTORY_ENABLED": "false"}, False),
    ],
)
def test_the_demo_has_a_past_unless_it_is_left_out(
    tmp_path: Path, free_port: Callable[[], int], options: dict[str, bool], variables: dict[str, str], expected: bool
):
    ports = {f"IOC_{name}_PORT": str(free_port()) for name in ("UI", "MQTT", "MQTT5", "REDIS")}
    configuration = load(None, {"IOC_DATA": str(tmp_path), **ports, **variables}).configuration
    members = {member.command.name: member for member in plan_demo(configuration, city=None, **options).members}
    assert ("past" in members) == expected
    if expected:
        assert (members["past"].once, members["past"].waits, members["past"].aside) == (True, True, True)
        assert str(tmp_path / "history") in members["past"].command.arguments
