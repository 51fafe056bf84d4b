"""Answering authors of rules for the page: a process of its own, a real store, a history on disk."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import pytest_asyncio

from ioc.assembly.handover import Handover
from ioc.assembly.rules_bench import RulesBenchProcess
from ioc.model.assets import Asset
from ioc.model.events import FIXED_COLUMNS, INSTANT_TYPE
from ioc.model.instant import SECOND
from ioc.model.kinds import Kind
from ioc.runtime.tasks import end
from ioc.store.history.layout import Writer
from ioc.store.history.writing import write_events
from ioc.store.opening import open_store
from ui.server.rules_bench import Draft, NotPublishable, OtherVersion, UnknownRule, WhyQuestion

START = 1_790_000_000 * SECOND
RULE = "- rule: dust\n  from: sensor\n  threshold: {raise: pm25 > 150, for: 60 s, clear: pm25 <= 120}\n"
TIMELINE = """\
- test: Two minutes of dust are an alert
  events:
    - {at: 0 s, every: 30 s, until: 120 s, kind: sensor, asset: a, values: {pm25: 160}}
  expect:
    - {rule: dust, key: a, raised: 60 s}
"""


def an_hour() -> pl.DataFrame:
    """An hour of two sensors, every 30 s; the first has a peak of 10 minutes at 180, and one at 155."""
    rows = []
    for step in range(120):
        at = START + step * 30 * SECOND
        peak = 180.0 if 20 <= step < 40 else 155.0 if 60 <= step < 80 else 60.0
        for asset, value in (("air-1", peak), ("air-2", 40.0)):
            rows.append({"id": f"{asset}:{step}", "kind": "sensor", "asset": asset, "at": at, "received_at": at + SECOND, "pm25": value})  # fmt: skip
    schema = {**FIXED_COLUMNS, "at": pl.Int64, "received_at": pl.Int64, "pm25": pl.Float64}
    full = [{name: row.get(name) for name in schema} for row in rows]
    return pl.DataFrame(full, schema=schema, orient="row").with_columns(pl.col("at", "received_at").cast(INSTANT_TYPE))


@pytest_asyncio.fixture
async def bench(embedded_store: str, tmp_path: Path) -> AsyncIterator[RulesBenchProcess]:
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "dust.yaml").write_text(RULE)
    (tmp_path / "rules" / "dust.test.yaml").write_text(TIMELINE)
    first = START // 1000
    write_events(tmp_path / "history", an_hour(), (first, 0), (first + 3_600_000, 0), Writer.ARCHIVE)
    async with open_store(embedded_store) as store:
        await store.assets.replace([Asset("air-1", Kind.SENSOR, "Market air", 11.94, 108.44)])
    handover = Handover(
        embedded_store, "warning", "console", "{}", rules_dir=str(tmp_path / "rules"), history_dir=str(tmp_path / "history")
    )  # fmt: skip
    made = RulesBenchProcess(handover)
    yield made
    await made.close()


async def what_if(bench: RulesBenchProcess, text: str) -> Any:
    lines = [line async for line in bench.what_if(text, START, START + 3_600 * SECOND)]
    return lines[-1]


async def test_the_rules_of_the_files_are_listed_before_the_rules_have_ever_run(bench: RulesBenchProcess) -> None:
    answer = await bench.rules()
    (rule,) = answer["rules"]
    assert (rule["name"], rule["kind"], rule["state"], rule["from"]) == ("dust", "threshold", "running", ["sensor"])
    assert answer["history"]["events"] == 240


async def test_a_lower_threshold_adds_an_alert_at_the_place_of_its_asset(bench: RulesBenchProcess) -> None:
    same = (await what_if(bench, RULE))["result"]
    assert same["counts"] == {"same": 2, "added": 0, "gone": 0, "moved": 0}
    higher = (await what_if(bench, RULE.replace("150", "170")))["result"]
    assert higher["counts"] == {"same": 1, "added": 0, "gone": 1, "moved": 0}
    assert (higher["before"]["alerts"], higher["after"]["alerts"]) == (2, 1)
    gone = next(alert for alert in higher["alerts"] if alert["change"] == "gone")
    assert (gone["name"], gone["lat"], gone["lon"]) == ("Market air", 11.94, 108.44)
    assert {line["value"] for line in higher["histogram"]["lines"]} == {170.0, 120.0}
    assert sum(higher["histogram"]["counts"]) == 240


async def test_a_draft_with_a_mistake_is_answered_with_its_place(bench: RulesBenchProcess) -> None:
    problem = (await what_if(bench, RULE.replace("pm25 >", "pm52 >")))["problem"]
    assert (problem["mistakes"][0]["line"], problem["mistakes"][0]["column"]) == (3, 22)
    assert (await bench.check(RULE.replace("pm25 >", "pm52 >")))["ok"] is False


async def test_a_check_says_where_the_numbers_stand(bench: RulesBenchProcess) -> None:
    checked = await bench.check(RULE)
    (rule,) = checked["rules"]
    assert (rule["quantity"], rule["unit"]) == ("pm25", "µg/m³")
    first = rule["numbers"][0]
    line = RULE.splitlines()[first["line"] - 1]
    assert line[first["column"] - 1 : first["end_column"] - 1] == "150"


async def test_a_time_without_history_is_said_in_a_sentence(bench: RulesBenchProcess) -> None:
    lines = [line async for line in bench.what_if(RULE, 0, SECOND)]
    assert lines[-1]["problem"]["what"] == "The history has nothing of that time."


async def test_a_rule_that_fails_its_timelines_is_not_published(bench: RulesBenchProcess) -> None:
    version = (await bench.rules())["rules"][0]["version"]
    with pytest.raises(NotPublishable) as refused:
        await bench.publish(Draft(RULE.replace("150", "170"), "Lan", "", shadow=False, expected=version))
    assert refused.value.timelines[0]["name"] == "Two minutes of dust are an alert"


async def test_as_a_shadow_it_runs_all_the_same_for_a_shadow_wakes_nobody(bench: RulesBenchProcess) -> None:
    tried = await bench.publish(Draft(RULE.replace("150", "170"), "Lan", "", shadow=True, expected=None))
    (rule,) = [rule for rule in (await bench.rules())["rules"] if rule["name"] == tried["name"]]
    assert rule["shadow"]["version"] == tried["version"] != rule["version"]


async def test_what_is_published_holds_and_can_be_restored(bench: RulesBenchProcess) -> None:
    first = await bench.publish(Draft(RULE, "Lan", "as it was", shadow=False, expected=None))
    second = await bench.publish(
        Draft(RULE.replace("150", "140"), "Minh", "lower", shadow=False, expected=first["version"])
    )
    with pytest.raises(OtherVersion) as meanwhile:
        await bench.publish(Draft(RULE, "An", "", shadow=False, expected=first["version"]))
    assert (meanwhile.value.version, meanwhile.value.author) == (second["version"], "Minh")
    newest, oldest = (await bench.versions("dust"))["versions"]
    assert (newest["current"], oldest["current"]) == (True, False)
    assert "+  threshold: {raise: pm25 > 140" in newest["diff"]
    restored = await bench.restore("dust", oldest["version"], author="Lan", note="back")
    assert restored["version"] == first["version"]
    assert (await bench.rule("dust"))["text"] == RULE


async def test_a_rule_that_is_none_is_unknown(bench: RulesBenchProcess) -> None:
    with pytest.raises(UnknownRule):
        await bench.rule("none")


async def test_a_shadow_can_be_started_and_ended(bench: RulesBenchProcess) -> None:
    await bench.publish(Draft(RULE, "Lan", "", shadow=False, expected=None))
    version = (await bench.rules())["rules"][0]["version"]
    shadow = await bench.publish(Draft(RULE.replace("150", "140"), "Lan", "try", shadow=True, expected=version))
    assert (await bench.rules())["rules"][0]["shadow"]["version"] == shadow["version"]
    assert (await bench.stop_shadow("dust", author="Lan"))["version"] == version
    assert (await bench.rules())["rules"][0]["shadow"] is None


async def test_a_question_that_is_given_up_does_not_keep_the_next_one_waiting(bench: RulesBenchProcess) -> None:
    asking = asyncio.create_task(what_if(bench, RULE))
    await asyncio.sleep(0)
    await end([asking])
    assert (await what_if(bench, RULE))["result"]["counts"]["same"] == 2


async def test_a_process_that_has_ended_is_started_anew(bench: RulesBenchProcess) -> None:
    await bench.check(RULE)
    assert bench._process is not None
    bench._process.child.kill()
    assert (await bench.check(RULE))["ok"]


async def test_the_words_name_what_a_rule_may_say(bench: RulesBenchProcess) -> None:
    words = await bench.words()
    assert words["quantities"]["pm25"]["unit"] == "µg/m³"
    assert "raise" in words["rule_keys"]["threshold"]


async def test_why_not_is_answered_for_a_key_and_for_a_place(bench: RulesBenchProcess) -> None:
    at = START + 70 * 30 * SECOND
    by_key = await bench.why(WhyQuestion(RULE.replace("150", "170"), None, "air-1", None, None, at))
    assert by_key["fired"] is False
    assert any("pm25 reached 155 of 170 µg/m³" in one["sentence"]["en"] for one in by_key["conditions"])
    by_place = await bench.why(WhyQuestion(None, "dust", None, 11.9401, 108.4401, at))
    assert (by_place["key"], by_place["fired"], by_place["near"]) == ("air-1", True, ["air-1"])
    assert by_place["events"][-1]["values"] == {"pm25": 155.0}
    with pytest.raises(UnknownRule):
        await bench.why(WhyQuestion(None, "none", "air-1", None, None, at))
