"""`ioc history`: what it says of the past, and what it takes out."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from sensor_month import write_sensor_month

from ioc.model.instant import DAY, HOUR, SECOND
from ioc.store.catalogue import load_catalogue
from ioc.store.event_files import Complaints, read_events
from ioc.store.history.layout import list_files

END = 1_795_392_000 * SECOND
"""2026-11-23T00:00:00Z."""

Ioc = Callable[..., tuple[int, str, str]]


@pytest.fixture
def ioc(tmp_path: Path) -> Ioc:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("IOC_")}

    def run(*arguments: str, **variables: str) -> tuple[int, str, str]:
        done = subprocess.run(
            [sys.executable, "-P", "-m", "ioc.cli", "history", *arguments],
            env={**environment, "IOC_DATA": str(tmp_path), **variables},
            cwd=tmp_path,
            capture_output=True,
            check=False,
            text=True,
        )
        return done.returncode, done.stdout, done.stderr

    return run


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The history of one day of two sensors, an event a minute each."""
    write_sensor_month(tmp_path / "history", sensors=2, every_s=60, days=1, end=END)
    return tmp_path / "history"


def test_a_history_that_is_not_there_yet_is_said_to_be_empty(ioc: Ioc, tmp_path: Path) -> None:
    status, said, _ = ioc("info")
    assert (status, said) == (0, f"{tmp_path}/history holds no events yet\n")


def test_info_says_what_there_is(ioc: Ioc, folder: Path) -> None:
    status, said, _ = ioc("info", "--format", "json", IOC_HISTORY_KEEP_DAYS="100000")
    told = json.loads(said)
    assert status == 0
    assert (told["events"], told["files"], told["damaged"]) == (2_880, 24, [])
    assert told["since"] == (END - DAY) // 1_000 + 250
    assert [(day["day"], day["events"], day["pretended"]) for day in told["days"]] == [("2026-11-22", 2_880, 0)]
    assert told["retention"]["removes"] == {"too_old": [], "too_much": [], "bytes": 0}
    status, said, _ = ioc("info")
    assert "2,880" in said
    assert "2026-11-22" in said
    assert "90 days, at most 50 GB" in said


def test_info_says_what_retention_will_remove(ioc: Ioc, folder: Path) -> None:
    told = json.loads(ioc("info", "--format", "json", IOC_HISTORY_KEEP_DAYS="100000", IOC_HISTORY_KEEP_GB="1e-9")[1])
    removes = told["retention"]["removes"]
    assert len(removes["too_much"]) == 23
    assert removes["bytes"] > 0
    assert "23 that are too much" in ioc("info", IOC_HISTORY_KEEP_DAYS="100000", IOC_HISTORY_KEEP_GB="1e-9")[1]


def test_a_damaged_file_is_named_and_makes_the_status_1(ioc: Ioc, folder: Path) -> None:
    broken = list_files(folder)[3].path
    broken.write_bytes(b"PAR1")
    status, said, _ = ioc("info")
    assert status == 1
    assert f"damaged {broken}: " in said
    status, _, complaint = ioc("export", "out.csv")
    assert status == 1
    assert complaint.startswith(f"ioc: {broken}: ")
    assert "2,760 events are in out.csv" in complaint


def test_ndjson_and_parquet_are_read_again_as_events(ioc: Ioc, folder: Path, tmp_path: Path) -> None:
    catalogue = load_catalogue()
    frames = []
    for name in ("out.ndjson", "out.parquet"):
        status, _, said = ioc("export", name)
        assert (status, said) == (0, f"2,880 events are in {name}\n")
        complaints = Complaints()
        frames.append(pl.concat(read_events(tmp_path / name, catalogue, complaints=complaints)))
        assert complaints.count == 0
    assert frames[0].equals(frames[1])
    assert frames[0]["received_at"].is_sorted()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["history", "out.ndjson", "out.parquet"]


def test_times_kinds_and_columns_are_chosen(ioc: Ioc, folder: Path, tmp_path: Path) -> None:
    since, until = "2026-11-22T05:00:00Z", "2026-11-22T07:30:00Z"
    ioc("export", "out.csv", "--since", since, "--until", until, "--column", "pm25", "--kind", "sensor")
    found = pl.read_csv(tmp_path / "out.csv", try_parse_dates=True)
    assert found.columns == ["at", "received_at", "kind", "asset", "pm25"]
    assert found.height == 300
    times = found["received_at"].dt.epoch("us")
    assert END - DAY + 5 * HOUR <= times.min() <= times.max() < END - DAY + 7 * HOUR + HOUR // 2  # type: ignore[operator]
    assert ioc("export", "none.ndjson", "--kind", "camera") == (0, "", "0 events are in none.ndjson\n")
    assert (tmp_path / "none.ndjson").read_bytes() == b""


def test_standard_output_takes_lines_and_may_be_closed(ioc: Ioc, folder: Path) -> None:
    status, said, complaint = ioc("export", "-", "--since", "2026-11-22T23:59:00Z", "--column", "temp_c")
    assert (status, complaint) == (0, "")
    lines = [json.loads(line) for line in said.splitlines()]
    assert len(lines) == 2
    assert lines[0].keys() == {"kind", "asset", "at", "received_at", "values"}
    assert lines[0]["values"].keys() == {"temp_c"}


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("out.xlsx",), "how to write out.xlsx is not known"),
        (("-", "--format", "parquet"), "Parquet cannot be written to standard output"),
        (("out.csv", "--since", "yesterday"), "'yesterday' is not a time"),
        (("out.csv", "--column", "pm52"), "no event of that time has pm52; there are .*pm25"),
        (("out.csv", "--folder", "nowhere"), "nowhere is not a folder"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(
    ioc: Ioc, folder: Path, tmp_path: Path, arguments: tuple[str, ...], complaint: str
) -> None:
    status, said, wrong = ioc("export", *arguments)
    assert (status, said) == (2, "")
    assert wrong.startswith("ioc: ")
    assert wrong.count("\n") == 1
    assert re.search(complaint, wrong)
    assert not (tmp_path / "out.csv").exists()
