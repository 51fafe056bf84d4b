"""`ioc rules`: what it prints, and how it ends."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

GOOD = "- rule: dust\n  from: sensor\n  threshold: {raise: pm25 > 150}\n"
BAD = "- rule: dust\n  from: sensor\n  threshold: {raise: pm52 > 150}\n- rule: other\n"
AT = 1_790_000_000_000


def ioc(*arguments: str | Path) -> tuple[int, str, str]:
    command = [sys.executable, "-m", "ioc.cli", "rules", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, check=False, text=True)
    return done.returncode, done.stdout, done.stderr


@pytest.fixture
def book(tmp_path: Path) -> Path:
    folder = tmp_path / "book"
    folder.mkdir()
    (folder / "rules.yaml").write_text(GOOD)
    return folder


def event(milliseconds: int, pm25: float) -> str:
    return json.dumps({"kind": "sensor", "asset": "a", "at": AT + milliseconds, "values": {"pm25": pm25}}) + "\n"


def test_check_says_that_a_book_is_in_order(book: Path) -> None:
    status, out, err = ioc("check", book)
    assert (status, err) == (0, "")
    assert out.startswith("1 rule is in order (version ")


def test_check_names_every_mistake_and_ends_with_1(book: Path) -> None:
    (book / "rules.yaml").write_text(BAD)
    status, out, err = ioc("check", book)
    assert (status, out) == (1, "")
    first, second = err.splitlines()
    assert first.endswith("rules.yaml:3:22: 'pm52' is not a known quantity; did you mean 'pm25'?")
    assert second.endswith("rules.yaml:4:9: rule 'other' watches for nothing; expected exactly one of threshold, absence, window, together, anomaly, sequence, dwell, cluster")  # fmt: skip


@pytest.mark.parametrize("command", ["check", "test"])
def test_a_folder_that_is_none_is_wrong_use_and_ends_with_2(tmp_path: Path, command: str) -> None:
    status, out, err = ioc(command, tmp_path / "none")
    assert (status, out) == (2, "")
    assert "none is not a folder; expected a folder of YAML files with rules in them" in err
    assert len(err.splitlines()) == 1


def test_a_zone_that_is_none_is_wrong_use(book: Path) -> None:
    status, _, err = ioc("check", book, "--timezone", "Mars/Olympus")
    assert status == 2
    assert "'Mars/Olympus' is not a time zone; expected an IANA name such as Asia/Ho_Chi_Minh" in err


def test_an_option_that_is_missing_is_wrong_use(book: Path) -> None:
    status, out, err = ioc("backtest", "--rules", book)
    assert (status, out) == (2, "")
    assert "--events" in err


def test_timelines_that_go_as_expected_end_with_0(book: Path) -> None:
    (book / "a.test.yaml").write_text(
        "- test: Dust is told at once\n"
        "  events: [{at: 5 s, kind: sensor, asset: a, values: {pm25: 200}}]\n"
        "  expect: [{rule: dust, key: a, raised: 5 s}]\n"
    )
    status, out, err = ioc("test", book)
    assert (status, err) == (0, "")
    assert out.splitlines()[0].startswith("ok    Dust is told at once  (")
    assert out.splitlines()[-1] == "1 of 1 timelines went as expected"


def test_a_timeline_that_goes_otherwise_is_shown_and_ends_with_1(book: Path) -> None:
    (book / "a.test.yaml").write_text(
        "- test: Dust is told late\n"
        "  events: [{at: 5 s, kind: sensor, asset: a, values: {pm25: 200}}]\n"
        "  expect: [{rule: dust, key: a, raised: 9 s}]\n"
    )
    status, out, _ = ioc("test", book)
    assert status == 1
    assert out.splitlines()[0].startswith("WRONG Dust is told late  (")
    assert [line.strip() for line in out.splitlines()[1:]] == [
        "dust for a: expected at 9 s, came at 5 s, 4 s too early",
        "0 of 1 timelines went as expected",
    ]


def test_a_timeline_with_a_mistake_is_named_with_its_place(book: Path) -> None:
    (book / "a.test.yaml").write_text("- test: t\n")
    status, _, err = ioc("test", book)
    assert status == 1
    assert "a.test.yaml:1:3: 'events' is missing" in err


def test_a_backtest_prints_one_alert_a_line(book: Path, tmp_path: Path) -> None:
    events = tmp_path / "events.ndjson"
    events.write_text(event(0, 100) + event(1000, 200) + event(2000, 100) + event(3000, 200))
    status, out, err = ioc("backtest", "--rules", book, "--events", events)
    assert (status, err) == (0, "")
    first, second = (json.loads(line) for line in out.splitlines())
    assert first.pop("alert") != second.pop("alert")
    assert first == {"rule": "dust", "key": "a", "raised_at": AT + 1000, "cleared_at": AT + 2000}
    assert second == {"rule": "dust", "key": "a", "raised_at": AT + 3000, "cleared_at": None}


def test_lines_that_cannot_be_read_are_told_and_the_rest_is_still_printed(book: Path, tmp_path: Path) -> None:
    events = tmp_path / "events.ndjson"
    events.write_text(event(0, 200) + "what is this?\n")
    status, out, err = ioc("backtest", "--rules", book, "--events", events)
    assert status == 1
    assert [json.loads(line)["rule"] for line in out.splitlines()] == ["dust"]
    assert "ioc: events.ndjson:2: " in err
    assert "1 value or line of events.ndjson could not be read" in err


def test_events_that_are_not_there_are_wrong_use(book: Path, tmp_path: Path) -> None:
    status, out, err = ioc("backtest", "--rules", book, "--events", tmp_path / "none.ndjson")
    assert (status, out) == (2, "")
    assert "none.ndjson is not a file; expected events as NDJSON or Parquet" in err


def test_a_file_that_is_not_parquet_ends_with_1(book: Path, tmp_path: Path) -> None:
    (tmp_path / "events.parquet").write_text("hello")
    status, _, err = ioc("backtest", "--rules", book, "--events", tmp_path / "events.parquet")
    assert status == 1
    assert "cannot be read as Parquet" in err
    assert len(err.splitlines()) == 1
