"""A whole city's events: the alerts equal an exact computation over the whole file, to the millisecond."""

import json
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from ioc.model.quantities import Catalogue
from ioc.store import event_files
from ioc.store.event_files import Complaints, read_events
from rules.backtest import backtest, needed_columns
from rules.book import read_book
from rules.expressions import scope_of

Alerts = list[dict[str, Any]]


@dataclass(frozen=True)
class Case:
    """A workload with the alerts that it must lead to."""

    events: Path
    rules: Path
    expected: Alerts


@pytest.fixture(scope="module", params=[(4, 30_000), (11, 60_000), (27, 90_000)], ids=lambda p: f"seed {p[0]}, {p[1]}")
def case(request: pytest.FixtureRequest, shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Case:
    seed, events = request.param
    source, folder = shared / "city4", tmp_path_factory.mktemp("city4")
    command = [sys.executable, "-B", str(source / "make_case.py"), str(folder), "-n", str(events), "--seed", str(seed)]
    subprocess.run(command, check=True, capture_output=True)
    (folder / "rules").mkdir()
    (folder / "rules" / "rules.yaml").write_text((source / "rules.yaml").read_text("utf-8"), "utf-8")
    expected = [json.loads(line) for line in (folder / "expected.ndjson").read_text().splitlines()]
    # A short one has no silence of two minutes yet.
    assert {alert["rule"] for alert in expected} == {"R1", "R2", "R3", "R4"} or events < 90_000
    return Case(folder / "events.ndjson", folder / "rules", expected)


def alerts_of(case: Case, events: Path, catalogue: Catalogue) -> Alerts:
    book = read_book(case.rules, scope_of(catalogue))
    complaints = Complaints()
    found = backtest(book, read_events(events, catalogue, needed_columns(book), complaints), catalogue)
    assert complaints.count == 0
    return [{name: value for name, value in alert.to_json().items() if name != "alert"} for alert in found]


def test_from_lines_of_json(case: Case, catalogue: Catalogue) -> None:
    assert alerts_of(case, case.events, catalogue) == case.expected


def test_however_the_file_is_cut(case: Case, catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_files, "CHUNK_BYTES", 1_000_003)
    monkeypatch.setattr(event_files, "BATCH_ROWS", 997)
    assert alerts_of(case, case.events, catalogue) == case.expected


def test_with_times_as_iso_8601(case: Case, catalogue: Catalogue, tmp_path: Path) -> None:
    def iso(milliseconds: int) -> str:
        return datetime.fromtimestamp(milliseconds / 1000, UTC).isoformat(timespec="milliseconds")

    path = tmp_path / "iso.ndjson"
    with case.events.open() as lines, path.open("w") as file:
        for line in lines:
            event = json.loads(line)
            event |= {name: iso(event[name]) for name in ("at", "received_at")}
            file.write(json.dumps(event) + "\n")
    assert alerts_of(case, path, catalogue) == case.expected


@pytest.mark.parametrize("wide", [False, True], ids=["values in a struct", "values as columns"])
def test_from_parquet(case: Case, catalogue: Catalogue, tmp_path: Path, wide: bool) -> None:
    path = tmp_path / "events.parquet"
    frame = pl.read_ndjson(case.events, infer_schema_length=None)
    (frame.unnest("values") if wide else frame).write_parquet(path)
    assert alerts_of(case, path, catalogue) == case.expected


def test_through_the_command_line(case: Case) -> None:
    command = [
        sys.executable,
        "-m",
        "ioc.cli",
        "rules",
        "backtest",
        "--rules",
        str(case.rules),
        "--events",
        str(case.events),
    ]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert [list(line) for line in lines] == [["rule", "key", "raised_at", "cleared_at", "alert"]] * len(lines)
    assert len({line.pop("alert") for line in lines}) == len(lines)
    assert lines == case.expected
    assert done.stderr == ""
