"""What OpenAPI says of the answers about rules is what the real bench answers, over a small past of its own."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest_asyncio
from pydantic import BaseModel
from sensor_month import END, write_sensor_month

from ioc.assembly.handover import Handover
from ioc.assembly.rules_bench import RulesBenchProcess
from ioc.model.instant import DAY, MILLISECOND
from ui.server import rules_schemas as forms
from ui.server.settings import UiSettings

DUST = """\
- rule: dust
  title: {vi: "Bụi mịn cao", en: "Dusty"}
  from: sensor
  threshold: {raise: pm25 > 150, for: 60 s, clear: pm25 <= 120, clear_for: 30 s}
"""
SPAN = {"since": (END - 2 * DAY) // MILLISECOND, "until": END // MILLISECOND}


def unlike(found: dict[str, Any], model: type[BaseModel]) -> set[str]:
    """Give the fields that are answered and not described, or described and not answered."""
    described = {field.alias or name: field.is_required() for name, field in model.model_fields.items()}
    missing = {name for name, required in described.items() if required and name not in found}
    return missing | (found.keys() - described.keys())


@pytest_asyncio.fixture
async def served(store: Any, serving: Any, embedded_store: str, tmp_path: Path) -> AsyncIterator[Any]:
    """A server with the real bench: six sensors over two days, and one rule."""
    write_sensor_month(tmp_path / "history", sensors=6, days=2)
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "dust.yaml").write_text(DUST)
    folders = {"rules_dir": str(tmp_path / "rules"), "history_dir": str(tmp_path / "history")}
    bench = RulesBenchProcess(Handover(embedded_store, "warning", "console", "{}", **folders))
    async with serving(store, UiSettings(port=0), rules_bench=bench) as running:
        running.http.timeout = 60
        yield running
    await bench.close()


async def test_every_answer_has_the_fields_that_are_described(served: Any) -> None:
    http = served.http
    listed = (await http.get("/api/rules")).json()
    assert unlike(listed, forms.RuleList) == set()
    assert unlike(listed["rules"][0], forms.RuleItem) == set()
    assert unlike(listed["history"], forms.HistoryExtent) == set()
    assert listed["history"]["events"] == 6 * 2 * 2 * 1440
    assert unlike((await http.get("/api/rules/words")).json(), forms.RuleWords) == set()
    assert unlike((await http.get("/api/rules/dust")).json(), forms.RuleDetails) == set()
    checked = (await http.post("/api/rules/check", json={"text": DUST})).json()
    assert unlike(checked, forms.Checked) == set()
    assert unlike(checked["rules"][0], forms.ReadRule) == set()
    assert unlike(checked["rules"][0]["numbers"][0], forms.RuleNumber) == set()
    broken = (await http.post("/api/rules/check", json={"text": DUST.replace("pm25 >", "pm2 >")})).json()
    assert unlike(broken["mistakes"][0], forms.Mistake) == set()
    assert unlike((await http.get("/api/rules/shadow/alerts")).json(), forms.ShadowAlerts) == set()


async def test_a_trial_has_the_fields_that_are_described(served: Any) -> None:
    draft = DUST.replace("> 150", "> 60").replace("<= 120", "<= 55")
    answer = await served.http.post("/api/rules/what-if", json={"text": draft, **SPAN})
    *progress, last = [msgspec.json.decode(line) for line in answer.text.splitlines()]
    assert all(line.keys() == {"progress", "doing"} for line in progress)
    result = last["result"]
    assert unlike(result, forms.WhatIf) == set()
    assert unlike(result["alerts"][0], forms.TriedAlert) == set()
    assert unlike(result["before"], forms.Load) == unlike(result["after"], forms.Load) == set()
    assert unlike(result["by_hour"], forms.ByTime) == set()
    assert unlike(result["histogram"], forms.Histogram) == set()
    assert unlike(result["histogram"]["lines"][0], forms.HistogramLine) == set()
    histogram = result["histogram"]
    assert len(histogram["edges"]) == len(histogram["counts"]) + 1
    assert sum(result["counts"].values()) == len(result["alerts"])
    assert sum(result["by_hour"]["after"]) == result["after"]["alerts"]


async def test_a_reason_has_the_fields_that_are_described(served: Any) -> None:
    asked = {"text": DUST, "key": "sensor-0", "at": SPAN["until"] - 3_600_000}
    answer = (await served.http.post("/api/rules/why", json=asked)).json()
    assert unlike(answer, forms.WhyAnswer) == set()
    assert answer["conditions"]
    assert unlike(answer["conditions"][0], forms.ConditionState) == set()


async def test_a_refusal_has_the_fields_that_are_described(served: Any) -> None:
    said = {"text": DUST.replace("pm25 >", "pm2 >"), "author": "Lan"}
    answer = await served.http.post("/api/rules/publish", json=said)
    assert answer.status_code == 422
    assert unlike(answer.json(), forms.RuleErrorBody) == set()
    assert unlike(answer.json()["mistakes"][0], forms.Mistake) == set()
    unknown = await served.http.get("/api/rules/nothing")
    assert (unknown.status_code, unknown.json()["error"]["code"]) == (404, "unknown")


async def test_what_is_published_is_a_version(served: Any) -> None:
    said = {"text": DUST.replace("150", "140"), "author": "Lan", "note": "Sớm hơn một chút."}
    answer = await served.http.post("/api/rules/publish", json=said)
    assert answer.status_code == 200, answer.text
    assert unlike(answer.json(), forms.Published) == set()
    kept = (await served.http.get("/api/rules/dust/versions")).json()
    assert unlike(kept, forms.RuleVersions) == set()
    versions = kept["versions"]
    assert unlike(versions[0], forms.RuleVersionItem) == set()
    assert (versions[0]["author"], versions[0]["current"]) == ("Lan", True)
