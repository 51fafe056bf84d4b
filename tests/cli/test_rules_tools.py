"""`ioc rules backtest --against`, `sweep`, `explain`, `from-incident` and `test --junit`: what they print and write."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from defusedxml import ElementTree

from ioc.cli import load_command
from ioc.model.events import FIXED_COLUMNS, INSTANT_TYPE
from ioc.model.faults import Fault
from ioc.model.identity import alert_id, incident_id
from ioc.model.incidents import Incident
from ioc.model.instant import SECOND
from ioc.model.rule_versions import RuleVersion, VersionSource
from ioc.store.history.layout import Writer
from ioc.store.history.writing import write_events
from ioc.store.opening import open_store

AT = 1_790_000_000_000
START = AT * 1_000
RULE = "- rule: dust\n  from: sensor\n  threshold: {raise: pm25 > 150, for: 60 s, clear: pm25 <= 120}\n"
# Every 30 s: quiet, ten minutes at 180, quiet, ten minutes at 155, quiet; one hour.
VALUES = [180.0 if 20 <= step < 40 else 155.0 if 60 <= step < 80 else 60.0 for step in range(120)]

Rules = Callable[..., tuple[int, str, str]]


@pytest.fixture
def rules(capsys: pytest.CaptureFixture[str]) -> Rules:
    """Call `ioc rules` in this process; gives status, output and errors."""

    def call(*arguments: str | Path) -> tuple[int, str, str]:
        status = load_command("rules").main(list(map(str, arguments)), standalone_mode=False)
        told = capsys.readouterr()
        return status, told.out, told.err

    return call


@pytest.fixture
def book(tmp_path: Path) -> Path:
    folder = tmp_path / "book"
    folder.mkdir()
    (folder / "rules.yaml").write_text(RULE)
    return folder


@pytest.fixture
def events(tmp_path: Path) -> Path:
    path = tmp_path / "events.ndjson"
    lines = [
        {"kind": "sensor", "asset": "air-1", "at": AT + step * 30_000, "values": {"pm25": value}}
        for step, value in enumerate(VALUES)
    ]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def test_a_rule_book_is_compared_with_another(rules: Rules, book: Path, events: Path, tmp_path: Path) -> None:
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / "rules.yaml").write_text(RULE.replace("150", "160"))
    status, out, _ = rules("backtest", "--rules", tmp_path / "new", "--against", book, "--events", events)
    assert status == 0
    lines = [line.split() for line in out.splitlines()]
    assert ["before", "after"] in lines
    assert ["alerts", "2", "1"] in lines
    assert ["dust", "1", "0", "1", "0"] in lines
    assert any(line[:1] == ["gone"] and line[-3:] == ["air-1", "9", "min"] for line in lines)


def test_a_comparison_as_json_names_every_alert(rules: Rules, book: Path, events: Path) -> None:
    command = ("backtest", "--rules", book, "--events", events, "--set", "dust.for=120 s", "--format", "json")
    answer = json.loads(rules(*command)[1])
    assert answer["counts"] == {"same": 0, "added": 0, "gone": 0, "moved": 2}
    first = answer["alerts"][0]
    assert (first["change"], first["raised_at"] - first["was"]["raised_at"]) == ("moved", 60_000)
    assert answer["before"]["alerts"] == answer["after"]["alerts"] == 2


def test_a_table_of_a_rule_book_alone_says_the_load(rules: Rules, book: Path, events: Path) -> None:
    _, out, _ = rules("backtest", "--rules", book, "--events", events, "--format", "table")
    assert ["incidents", "per", "hour", "2.00"] in [line.split() for line in out.splitlines()]


@pytest.mark.parametrize(
    ("setting", "sentence"),
    [
        ("dust", "expected RULE.PLACE=VALUE, such as air-hazard.for=120s"),
        ("none.for=1 s", "expected RULE.PLACE=VALUE"),
        ("dust.for=1 parsec", "expected a duration such as 60 s"),
        ("dust.nothing.for=1 s", "there is no"),
    ],
)
def test_a_setting_that_cannot_be_is_refused(
    rules: Rules, book: Path, events: Path, setting: str, sentence: str
) -> None:
    with pytest.raises(Fault, match=sentence):
        rules("backtest", "--rules", book, "--events", events, "--set", setting)


def test_neither_events_nor_a_time_is_wrong_use(rules: Rules, book: Path) -> None:
    with pytest.raises(Fault, match="give either --events FILE or --since"):
        rules("backtest", "--rules", book)


def test_a_sweep_counts_the_alerts_of_each_value(rules: Rules, book: Path, events: Path) -> None:
    command = ("sweep", "dust", "--param", "threshold.raise", "--from", "140", "--to", "200", "--steps", "4")
    status, out, _ = rules(*command, "--rules", book, "--events", events)
    assert status == 0
    lines = [line.split() for line in out.splitlines()]
    assert [(line[0], line[1]) for line in lines[1:5]] == [("140", "2"), ("160", "1"), ("180", "0"), ("200", "0")]
    assert lines[1][-1] == "█" * 30
    assert lines[2][-1] == "█" * 15
    assert out.splitlines()[-1] == "threshold.clear kept its distance; --alone leaves it where it is"


def test_a_sweep_of_a_duration_is_in_the_unit_it_is_written_in(rules: Rules, book: Path, events: Path) -> None:
    command = ("sweep", "dust", "--param", "for", "--from", "60", "--to", "660", "--steps", "2", "--format", "json")
    answer = json.loads(rules(*command, "--rules", book, "--events", events)[1])
    assert (answer["param"], answer["unit"]) == ("threshold.for", "s")
    assert [entry["alerts"] for entry in answer["values"]] == [2, 0]


def test_a_number_that_is_not_there_is_refused_with_those_that_are(rules: Rules, book: Path, events: Path) -> None:
    with pytest.raises(Fault, match=r"has no number at 'threshold\.rise'; did you mean 'threshold\.raise'"):
        rules(
            "sweep",
            "dust",
            "--param",
            "threshold.rise",
            "--from",
            "1",
            "--to",
            "2",
            "--rules",
            book,
            "--events",
            events,
        )


def test_why_not_is_explained_over_a_file(rules: Rules, book: Path, events: Path) -> None:
    at = "2026-09-21T21:23:00+07:00"
    status, out, _ = rules(
        "explain", "--rule", "dust", "--key", "air-1", "--at", at, "--rules", book, "--events", events
    )
    assert status == 1
    why = "pm25 reached 60 of 150 µg/m³ at 21:13:20; it began 80 s later"
    assert out.splitlines()[0] == f"dust did not hold for air-1 at 2026-09-21 21:23:00: {why}"
    assert ["NO", "for:", "60", "s"] in [line.split()[:4] for line in out.splitlines()]


def test_why_is_explained_in_vietnamese_and_as_json(rules: Rules, book: Path, events: Path) -> None:
    at = "2026-09-21T21:30:00+07:00"
    command = ("explain", "--rule", "dust", "--key", "air-1", "--at", at, "--rules", book, "--events", events)
    status, out, _ = rules(*command, "--lang", "vi")
    assert status == 0
    assert out.startswith("dust có cảnh báo cho air-1 lúc 2026-09-21 21:30:00, từ 21:24:20")
    answer = json.loads(rules(*command, "--format", "json")[1])
    assert (answer["fired"], answer["key"]) == (True, "air-1")


def test_a_junit_file_holds_each_timeline_and_why_it_failed(rules: Rules, book: Path, tmp_path: Path) -> None:
    (book / "dust.test.yaml").write_text(
        "- test: Dust is told <at once>\n"
        "  events: [{at: 0 s, kind: sensor, asset: a, values: {pm25: 149}}, {at: 60 s, kind: sensor, asset: a, values: {pm25: 148}}]\n"
        "  expect: [{rule: dust, key: a, raised: 60 s}]\n"
        "- test: Clean air is not\n"
        "  events: [{at: 0 s, kind: sensor, asset: a, values: {pm25: 20}}]\n"
        "  expect: []\n"
        "  rules: [dust]\n"
    )
    status, out, _ = rules("test", book, "--junit", tmp_path / "report.xml")
    assert status == 1
    assert "dust for a: expected at 60 s, did not come" in out
    assert "dust for a: pm25 > 150: pm25 reached 149 of 150 µg/m³" in out
    suite = ElementTree.parse(tmp_path / "report.xml").getroot()[0]
    assert (suite.get("tests"), suite.get("failures")) == ("2", "1")
    failed, passed = suite
    assert failed.get("name") == "Dust is told <at once>"
    assert "pm25 reached 149 of 150" in str(failed[0].text)
    assert not list(passed)


@pytest.fixture
def configured(tmp_path: Path, embedded_store: str, book: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A city with a store, a history of an hour, and one incident in it; gives the incident's id."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("IOC_REDIS_URL", embedded_store)
    monkeypatch.setenv("IOC_RULES_DIR", str(book))
    rows = [
        {"id": f"x:{step}:{asset}", "kind": "sensor", "asset": asset, "at": START + step * 30 * SECOND, "pm25": value}
        for step, dust in enumerate(VALUES)
        for asset, value in (("air-1", dust), ("air-2", 40.0))
    ]
    schema = {**FIXED_COLUMNS, "at": pl.Int64, "received_at": pl.Int64, "pm25": pl.Float64}
    full = [{name: row.get(name) for name in schema} | {"received_at": row["at"] + 200_000} for row in rows]
    frame = pl.DataFrame(full, schema=schema, orient="row").with_columns(pl.col("at", "received_at").cast(INSTANT_TYPE))
    write_events(tmp_path / "data" / "history", frame, (AT, 0), (AT + 3_600_000, 0), Writer.ARCHIVE)
    raised = START + 22 * 30 * SECOND
    alert = alert_id("dust", "air-1", raised)
    name = incident_id(alert)

    async def open_incident() -> None:
        async with open_store(embedded_store) as store:
            incident = Incident(name, "dust", "air-1", "sensor", {"en": "Dust"}, "major", raised, alerts=(alert,), assets=("air-1",))  # fmt: skip
            await store.incidents.apply([incident], [])

    asyncio.run(open_incident())
    return name


def test_an_incident_becomes_a_test_that_passes_at_once(rules: Rules, configured: str, book: Path) -> None:
    status, out, err = rules("from-incident", configured)
    assert (status, err) == (0, "")
    path = book / f"incident-{configured}.test.yaml"
    assert out == f"{path} is written\n"
    text = path.read_text()
    assert "air-2" not in text
    assert "dust must fire for air-1" in text
    status, out, _ = rules("test", book)
    assert (status, out.splitlines()[-1]) == (0, "1 of 1 timelines went as expected")
    with pytest.raises(Fault, match="is there already"):
        rules("from-incident", configured)


def test_a_false_alarm_becomes_a_test_that_passes_once_the_rule_is_changed(
    rules: Rules, configured: str, book: Path
) -> None:
    status, _, err = rules("from-incident", configured, "--must-not")
    assert status == 0
    assert "with the rules as they are now: dust for air-1: not expected" in err
    assert rules("test", book)[0] == 1
    (book / "rules.yaml").write_text(RULE.replace("150", "190"))
    assert rules("test", book)[0] == 0


def test_an_incident_is_explained_by_its_id(rules: Rules, configured: str) -> None:
    status, out, _ = rules("explain", "--alert", configured)
    assert status == 0
    assert out.startswith("dust held for air-1 at 2026-09-21 21:24:20, since 21:24:20: ")
    assert "held 60 s of 60 s" in out


def test_the_history_is_backtested(rules: Rules, configured: str, book: Path) -> None:
    span = ("--since", "2026-09-21T21:13:20+07:00", "--until", "2026-09-21T22:13:20+07:00")
    status, out, err = rules("backtest", *span)
    assert (status, err) == (0, "")
    assert [json.loads(line)["raised_at"] for line in out.splitlines()] == [AT + 22 * 30_000, AT + 62 * 30_000]
    later = ("--since", "2026-09-21T21:30:00+07:00", *span[2:])
    assert len(rules("backtest", *later)[1].splitlines()) == 1


def test_an_incident_that_is_none_is_named(rules: Rules, configured: str) -> None:
    with pytest.raises(Fault, match="there is no alert and no incident 'none'"):
        rules("from-incident", "none")


def test_the_rule_that_is_explained_is_the_one_in_force(rules: Rules, configured: str, embedded_store: str) -> None:
    async def publish() -> None:
        async with open_store(embedded_store) as store:
            text = RULE.replace("150", "170")
            await store.rule_versions.publish(RuleVersion("dust", "v2", text, START, VersionSource.PAGE, "Lan"))

    asyncio.run(publish())
    command = ("explain", "--rule", "dust", "--key", "air-1", "--at", "2026-09-21T21:48:00+07:00")
    assert "pm25 reached 155 of 170 µg/m³" in rules(*command)[1]
