"""The rules stage takes up what files and pages say of rules, and runs shadows that only authors see."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from ioc.model.incidents import Incident
from ioc.model.instant import SECOND
from ioc.model.rule_versions import RuleVersion, VersionSource
from ioc.store.catalogue import load_catalogue
from ioc.store.opening import Store
from rules import stage
from rules.book import read_rules_text
from rules.expressions import scope_of
from rules.settings import RulesSettings

pytestmark = pytest.mark.usefixtures("hasty")

START = 1_790_000_000 * SECOND
DEADLINE_S = 30
DUST = "- {rule: dust, from: sensor, threshold: {raise: pm25 > 150, for: 20 s, clear: pm25 <= 120}}\n"
HOT = "- {rule: hot, from: sensor, threshold: {raise: temp_c > 45}}\n"


@pytest.fixture
def book(tmp_path: Path) -> Path:
    (tmp_path / "book").mkdir()
    (tmp_path / "book" / "rules.yaml").write_text(DUST + HOT)
    return tmp_path / "book"


@asynccontextmanager
async def running(store: Store, book: Path) -> AsyncIterator[None]:
    stop = asyncio.Event()
    task = asyncio.create_task(stage.run(store, RulesSettings(rules_dir=book, checkpoint_s=0.1), stop))
    try:
        await until(lambda: health(store))
        yield
    finally:
        stop.set()
        await asyncio.wait_for(task, DEADLINE_S)


async def until(question: Callable[[], Awaitable[Any]]) -> Any:
    deadline = time.monotonic() + DEADLINE_S
    while not (answer := await question()):
        assert time.monotonic() < deadline, "what was waited for did not come"
        await asyncio.sleep(0.02)
    return answer


async def health(store: Store) -> dict[str, str]:
    return (await store.health.all()).get("rules", {})


async def incidents(store: Store) -> list[Incident]:
    return (await store.incidents.snapshot())[1]


async def runs(store: Store, version: str) -> bool:
    """Whether another book than this one runs."""
    return (await health(store)).get("book_version", version) != version


def version_of(text: str, **more: Any) -> RuleVersion:
    (rule,) = read_rules_text(text, scope_of(load_catalogue(), "UTC"))
    return RuleVersion(rule.name, rule.version, text, START, VersionSource.PAGE, "Lan", "for a test", **more)


def reading(second: float, **values: float) -> dict[str, Any]:
    return {"at": second, "kind": "sensor", "asset": "env-1", "lat": 11.94, "lon": 108.44, "id": str(second), **values}


async def publish(store: Store, version: RuleVersion) -> None:
    before = (await health(store))["book_version"]
    await store.rule_versions.publish(version)
    await until(lambda: runs(store, before))


async def test_what_the_files_say_is_kept_as_the_first_version(store: Store, book: Path) -> None:
    async with running(store, book):
        held = await store.rule_versions.current()
    assert {name: (version.text, version.source) for name, version in held.items()} == {
        "dust": (DUST, "file"),
        "hot": (HOT, "file"),
    }


async def test_a_rule_published_from_the_page_runs_with_what_it_knows_of_the_past(
    store: Store, book: Path, batch_of: Any
) -> None:
    async with running(store, book):
        await store.events.append(batch_of([reading(0, pm25=100), reading(15, pm25=100)]), START + 15 * SECOND)
        await publish(store, version_of(DUST.replace("> 150", "> 90").replace("<= 120", "<= 80")))
        assert await incidents(store) == []
        await store.events.append(batch_of([reading(20, pm25=100)]), START + 20 * SECOND)
        (incident,) = await until(lambda: incidents(store))
        assert (incident.rule, incident.raised_at) == ("dust", START + 20 * SECOND)
        alert = await store.incidents.alert(incident.alerts[0])
        assert alert["rule_version"] == (await store.rule_versions.current())["dust"].version


async def test_it_still_runs_after_a_restart_until_the_file_is_edited(store: Store, book: Path) -> None:
    published = version_of(HOT.replace("45", "30"))
    async with running(store, book):
        await publish(store, published)
    async with running(store, book):
        assert (await store.rule_versions.current())["hot"] == published
        before = (await health(store))["book_version"]
        (book / "rules.yaml").write_text(DUST + HOT.replace("45", "50"))
        await until(lambda: runs(store, before))
        assert (await store.rule_versions.current())["hot"].source == "file"


async def test_a_shadow_opens_no_incident_and_its_alerts_are_shown_to_authors(
    store: Store, book: Path, batch_of: Any
) -> None:
    shadow = version_of(HOT.replace("45", "30"), shadow=True)
    async with running(store, book):
        await publish(store, shadow)
        await store.events.append(batch_of([reading(0, temp_c=40)]), START)
        (alert,) = await until(store.shadow_alerts.latest)
        assert (alert.rule, alert.version, alert.key, alert.cleared_at) == ("hot", shadow.version, "env-1", None)
        assert (alert.lat, alert.lon) == (11.94, 108.44)
        assert await incidents(store) == []
        before = (await health(store))["book_version"]
        await store.rule_versions.end_shadow("hot", author="Lan", now=START)
        await until(lambda: runs(store, before))
        (alert,) = await store.shadow_alerts.latest()
        assert alert.cleared_at == START


async def test_a_shadow_goes_on_over_a_restart(store: Store, book: Path, batch_of: Any) -> None:
    async with running(store, book):
        await publish(store, version_of(HOT.replace("45", "30"), shadow=True))
        await store.events.append(batch_of([reading(0, temp_c=40)]), START)
        await until(store.shadow_alerts.latest)
    async with running(store, book):
        await store.events.append(batch_of([reading(5, temp_c=20)]), START + 5 * SECOND)

        async def ended() -> bool:
            return [alert.cleared_at for alert in await store.shadow_alerts.latest()] == [START + 5 * SECOND]

        await until(ended)
    assert await incidents(store) == []


async def test_a_published_version_that_cannot_be_read_any_more_stops_nothing(store: Store, book: Path) -> None:
    async def complained() -> bool:
        return "hot as published:" in (await health(store)).get("book_error", "")

    broken = RuleVersion("hot", "xx", HOT.replace("temp_c", "gone"), START, VersionSource.PAGE)
    async with running(store, book):
        await store.rule_versions.publish(broken)
        await until(complained)
        assert (await health(store))["rules_loaded"] == "2"
    async with running(store, book):
        await until(complained)


async def test_a_rule_removed_from_its_file_runs_no_more_though_it_was_published(store: Store, book: Path) -> None:
    async with running(store, book):
        await publish(store, version_of(HOT.replace("45", "30")))
        before = (await health(store))["book_version"]
        (book / "rules.yaml").write_text(DUST)
        await until(lambda: runs(store, before))
        assert list(await store.rule_versions.current()) == ["dust"]
