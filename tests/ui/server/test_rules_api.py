"""Rules over HTTP: what is asked reaches the bench, what is wrong is refused, and what nobody reads is given up."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

import httpx
import msgspec
import pytest
import pytest_asyncio

from ioc.model.faults import Fault
from ioc.model.instant import DAY, MILLISECOND, SECOND
from ui.server import rules_api
from ui.server.rules_bench import Draft, NotPublishable, OtherVersion, UnknownRule, WhyQuestion
from ui.server.settings import UiSettings

NOON = 1_795_323_600_000
"""Milliseconds."""

TEXT = "- rule: hot\n  from: sensor\n  threshold: {raise: temp_c > 40}\n"
PROGRESS = {"progress": 0.5, "doing": {"vi": "đọc lịch sử", "en": "reading history"}}


@dataclass
class FakeBench:
    """A bench that answers with what it was asked, or fails as a test says."""

    failing: Exception | None = None
    asked: list[Any] = field(default_factory=list)
    given_up: asyncio.Event = field(default_factory=asyncio.Event)
    go_on: asyncio.Event = field(default_factory=asyncio.Event)

    def _answer(self, *question: Any) -> dict[str, Any]:
        self.asked.append(question)
        if self.failing is not None:
            raise self.failing
        return {"asked": question[0]}

    async def rules(self) -> dict[str, Any]:
        return self._answer("rules")

    async def words(self) -> dict[str, Any]:
        return self._answer("words")

    async def rule(self, name: str) -> dict[str, Any]:
        return self._answer("rule", name)

    async def check(self, text: str) -> dict[str, Any]:
        return self._answer("check", text)

    async def what_if(self, text: str, since: int, until: int) -> AsyncGenerator[dict[str, Any], None]:
        try:
            yield PROGRESS
            await self.go_on.wait()
            yield {"result": self._answer("what-if", text, since, until)}
        finally:
            self.given_up.set()

    async def why(self, question: WhyQuestion) -> dict[str, Any]:
        return self._answer("why", question)

    async def publish(self, draft: Draft) -> dict[str, Any]:
        return self._answer("publish", draft)

    async def versions(self, name: str) -> dict[str, Any]:
        return self._answer("versions", name)

    async def restore(self, name: str, version: str, *, author: str, note: str) -> dict[str, Any]:
        return self._answer("restore", name, version, author, note)

    async def stop_shadow(self, name: str, *, author: str) -> dict[str, Any]:
        return self._answer("stop-shadow", name, author)

    async def shadow_alerts(self) -> dict[str, Any]:
        return self._answer("shadow alerts")


@pytest.fixture
def bench() -> FakeBench:
    return FakeBench()


@pytest_asyncio.fixture
async def http(store: Any, serving: Callable[..., Any], bench: FakeBench) -> AsyncIterator[httpx.AsyncClient]:
    async with serving(store, UiSettings(port=0), rules_bench=bench) as served:
        yield served.http


@pytest.mark.parametrize(
    ("method", "path", "body", "asked"),
    [
        ("GET", "", None, ("rules",)),
        ("GET", "/words", None, ("words",)),
        ("GET", "/hot", None, ("rule", "hot")),
        ("GET", "/n%C3%B3ng:1", None, ("rule", "nóng:1")),
        ("GET", "/hot/versions", None, ("versions", "hot")),
        ("GET", "/shadow/alerts", None, ("shadow alerts",)),
        ("POST", "/check", {"text": TEXT}, ("check", TEXT)),
        ("POST", "/check", {"text": "a\r\nb"}, ("check", "a\nb")),
        (
            "POST",
            "/why",
            {"name": "hot", "lat": 11.9, "lon": 108.4, "at": NOON},
            ("why", WhyQuestion(None, "hot", None, 11.9, 108.4, NOON * MILLISECOND)),
        ),
        (
            "POST",
            "/publish",
            {"text": TEXT, "author": " Lan ", "note": "yên hơn", "shadow": True, "expected": "v1"},
            ("publish", Draft(TEXT, "Lan", "yên hơn", True, "v1")),
        ),
        ("POST", "/publish", {"text": TEXT, "author": "Lan"}, ("publish", Draft(TEXT, "Lan", "", False, None))),
        ("POST", "/hot/restore", {"version": "v1", "author": "Lan"}, ("restore", "hot", "v1", "Lan", "")),
        ("POST", "/hot/stop-shadow", {"author": "Lan"}, ("stop-shadow", "hot", "Lan")),
    ],
)
async def test_what_is_asked_reaches_the_bench(
    http: httpx.AsyncClient, bench: FakeBench, method: str, path: str, body: Any, asked: tuple[Any, ...]
) -> None:
    answer = await http.request(method, f"/api/rules{path}", json=body)
    assert (answer.status_code, answer.json()) == (200, {"asked": asked[0]})
    assert bench.asked == [asked]


async def test_a_trial_comes_line_by_line(http: httpx.AsyncClient, bench: FakeBench) -> None:
    asked = {"text": TEXT, "since": NOON - 1000, "until": NOON}
    async with http.stream("POST", "/api/rules/what-if", json=asked) as answer:
        assert answer.headers["content-type"].startswith("application/x-ndjson")
        lines = answer.aiter_lines()
        assert msgspec.json.decode(await anext(lines)) == PROGRESS
        bench.go_on.set()
        assert [msgspec.json.decode(line) async for line in lines] == [{"result": {"asked": "what-if"}}]
    assert bench.asked == [("what-if", TEXT, NOON * MILLISECOND - SECOND, NOON * MILLISECOND)]


async def test_a_trial_that_nobody_reads_any_more_is_given_up(http: httpx.AsyncClient, bench: FakeBench) -> None:
    asked = {"text": TEXT, "since": NOON - 1000, "until": NOON}
    async with http.stream("POST", "/api/rules/what-if", json=asked) as answer:
        await anext(answer.aiter_lines())
        assert not bench.given_up.is_set()
    async with asyncio.timeout(5):
        await bench.given_up.wait()
    assert bench.asked == []


async def test_a_trial_whose_history_cannot_be_read_says_so(http: httpx.AsyncClient, bench: FakeBench) -> None:
    bench.failing = Fault("data/history cannot be read")
    bench.go_on.set()
    answer = await http.post("/api/rules/what-if", json={"text": TEXT, "since": NOON - 1000, "until": NOON})
    lines = [msgspec.json.decode(line) for line in answer.text.splitlines()]
    assert lines[0] == PROGRESS
    assert lines[1]["problem"]["what"] == "data/history cannot be read"


async def test_no_more_than_a_few_trials_run_at_once(
    http: httpx.AsyncClient, bench: FakeBench, monkeypatch: pytest.MonkeyPatch, until: Any
) -> None:
    monkeypatch.setattr(rules_api, "MOST_TRIALS", 1)
    asked = {"text": TEXT, "since": NOON - 1000, "until": NOON}
    async with http.stream("POST", "/api/rules/what-if", json=asked) as answer:
        await anext(answer.aiter_lines())
        second = await http.post("/api/rules/what-if", json=asked)
        assert (second.status_code, second.json()["error"]["code"]) == (503, "bench_full")
    bench.go_on.set()

    async def free() -> bool:
        return (await http.post("/api/rules/what-if", json=asked)).status_code == 200

    await until(free)


@pytest.mark.parametrize(
    ("path", "body", "where"),
    [
        ("check", {}, "body: text"),
        ("check", {"text": ""}, "body: text"),
        ("check", {"text": "a\u202eb"}, "body: text"),
        ("check", {"text": TEXT, "more": 1}, "body: more"),
        ("what-if", {"text": TEXT, "since": NOON, "until": NOON}, "body: until"),
        ("what-if", {"text": TEXT, "since": NOON, "until": NOON + 101 * DAY // MILLISECOND}, "body: until"),
        ("what-if", {"text": TEXT, "since": -1, "until": NOON}, "body: since"),
        ("what-if", {"text": TEXT, "since": 0, "until": NOON * 1000}, "body: until"),
        ("why", {"at": NOON}, "body: name"),
        ("why", {"name": "hot", "text": TEXT, "at": NOON}, "body: name"),
        ("why", {"name": "hot", "lat": 11.9, "at": NOON}, "body: lat"),
        ("why", {"name": "hot", "lat": 91, "lon": 0, "at": NOON}, "body: lat"),
        ("why", {"name": "hot"}, "body: at"),
        ("publish", {"text": TEXT, "author": " "}, "body: author"),
        ("publish", {"text": TEXT, "author": "machine"}, "body: author"),
        ("publish", {"text": TEXT, "author": "Lan", "note": "x" * 2_001}, "body: note"),
        ("hot/restore", {"author": "Lan"}, "body: version"),
        ("hot/stop-shadow", {}, "body: author"),
    ],
)
async def test_what_cannot_be_meant_is_refused_by_the_field(
    http: httpx.AsyncClient, bench: FakeBench, path: str, body: dict[str, Any], where: str
) -> None:
    answer = await http.post(f"/api/rules/{path}", json=body)
    assert (answer.status_code, answer.json()["error"]["where"]) == (422, where)
    assert bench.asked == []


async def test_a_rule_larger_than_the_bound_on_bodies_is_refused(http: httpx.AsyncClient) -> None:
    answer = await http.post("/api/rules/check", json={"text": "x" * 65_536})
    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "too_large")


@pytest.mark.parametrize("path", ["check", "what-if", "why", "publish", "hot/restore", "hot/stop-shadow"])
async def test_a_stranger_s_page_may_not_ask(http: httpx.AsyncClient, bench: FakeBench, path: str) -> None:
    answer = await http.post(f"/api/rules/{path}", json={"text": TEXT}, headers={"Origin": "http://elsewhere"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "origin")
    assert bench.asked == []


async def test_a_rule_with_mistakes_is_refused_with_all_of_them(http: httpx.AsyncClient, bench: FakeBench) -> None:
    mistakes = [{"line": 3, "column": 21, "sentence": "there is no column temp_k; did you mean temp_c?"}]
    bench.failing = NotPublishable(mistakes=mistakes)
    answer = await http.post("/api/rules/publish", json={"text": TEXT, "author": "Lan"})
    assert (answer.status_code, answer.json()["mistakes"]) == (422, mistakes)
    assert answer.json()["error"] == {
        "code": "mistakes",
        "what": "there is no column temp_k; did you mean temp_c?",
        "where": "body: text, line 3",
        "expected": "a rule as docs/rules.md describes it",
    }


async def test_a_rule_that_fails_its_own_timelines_is_refused(http: httpx.AsyncClient, bench: FakeBench) -> None:
    timelines = [{"name": "a hot day", "complaints": ["expected an alert at 12:00, there was none"]}]
    bench.failing = NotPublishable(timelines=timelines)
    answer = await http.post("/api/rules/publish", json={"text": TEXT, "author": "Lan"})
    assert (answer.status_code, answer.json()["timelines"]) == (422, timelines)
    assert answer.json()["error"]["what"] == "The rule fails its own timelines: a hot day."


async def test_who_was_slower_is_told_who_was_faster(http: httpx.AsyncClient, bench: FakeBench) -> None:
    bench.failing = OtherVersion("v3", "Minh")
    answer = await http.post("/api/rules/publish", json={"text": TEXT, "author": "Lan", "expected": "v2"})
    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (409, "other_version")
    assert (error["what"], error["expected"]) == (
        "Minh has published another version meanwhile.",
        "the version in force: v3",
    )


@pytest.mark.parametrize(
    ("failing", "status", "code"), [(UnknownRule("cold"), 404, "unknown"), (Fault("rules/a.yaml: no"), 422, "rules")]
)
async def test_what_the_bench_cannot_answer_is_said(
    http: httpx.AsyncClient, bench: FakeBench, failing: Exception, status: int, code: str
) -> None:
    bench.failing = failing
    answer = await http.get("/api/rules/cold")
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)


async def test_a_bench_that_does_not_answer_does_not_hold_the_page(
    http: httpx.AsyncClient, bench: FakeBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def for_ever(text: str) -> dict[str, Any]:
        await asyncio.Event().wait()
        return {}

    monkeypatch.setattr(rules_api, "SLOWEST_S", 0.05)
    monkeypatch.setattr(bench, "check", for_ever)
    answer = await http.post("/api/rules/check", json={"text": TEXT})
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "too_slow")


@pytest.mark.parametrize("path", ["", "/words", "/hot", "/hot/versions", "/shadow/alerts"])
async def test_a_server_without_rules_says_so(served: Any, path: str) -> None:
    answer = await served.http.get(f"/api/rules{path}")
    assert (answer.status_code, answer.json()["error"]["code"]) == (501, "no_bench")
