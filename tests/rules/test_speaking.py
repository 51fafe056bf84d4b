"""Which incidents operators have of many alerts, over a real store: storms, clusters, groups, and restarts within."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from ioc.model.assets import Asset
from ioc.model.city import City
from ioc.model.identity import alert_id, incident_id
from ioc.model.incidents import Condition, Incident, WorkState
from ioc.model.instant import HOUR, MINUTE, SECOND
from ioc.model.kinds import Kind
from ioc.runtime.tasks import end
from ioc.store import keys
from ioc.store.opening import Store
from rules import stage
from rules.settings import RulesSettings

pytestmark = pytest.mark.usefixtures("hasty")

BatchOf = Callable[[Sequence[dict[str, Any]]], pl.DataFrame]
START = 1_790_000_000 * SECOND
DEADLINE_S = 60

DUST = "- {rule: dust, from: sensor, threshold: {raise: pm25 > 150, clear: pm25 <= 120}}\n"
HEAT = "- {rule: heat, severity: critical, from: sensor, threshold: {raise: temp_c > 60}}\n"
SILENT = "- {rule: silent, from: wifi, absence: {after: 30 s}}\n"
SITE = """
- rule: site-down
  title: {vi: "{count:d} điểm phát im lặng ở {site}", en: "{count:d} silent access points at {site}"}
  severity: major
  cluster: {of: silent, at_least: 3, same: site}
"""


@pytest.fixture
def book(tmp_path: Path) -> Path:
    (tmp_path / "book").mkdir()
    return tmp_path / "book"


@asynccontextmanager
async def running(store: Store, book: Path, *, checkpoint_s: float = 0.1) -> AsyncIterator[asyncio.Task[None]]:
    stop = asyncio.Event()
    task = asyncio.create_task(stage.run(store, RulesSettings(rules_dir=book, checkpoint_s=checkpoint_s), stop))
    try:
        yield task
    finally:
        stop.set()
        await asyncio.wait_for(task, DEADLINE_S)


async def until(question: Callable[[], Awaitable[Any]], what: str = "what was waited for") -> Any:
    deadline = time.monotonic() + DEADLINE_S
    while not (answer := await question()):
        assert time.monotonic() < deadline, f"{what} did not come"
        await asyncio.sleep(0.02)
    return answer


async def reached(store: Store, position: str) -> bool:
    return (await store.health.all()).get("rules", {}).get("position") == position


async def listed(store: Store) -> dict[str, Incident]:
    """What operators have in their list, by rule and key."""
    found = (await store.incidents.snapshot())[1]
    return {f"{one.rule} {one.key}": one for one in found if one.is_open and one.inhibited_by is None}


def flood(first: int, count: int) -> list[dict[str, Any]]:
    """One new sensor with too much dust every six milliseconds: ten thousand in a minute."""
    return [
        {"at": number * 0.006, "kind": "sensor", "asset": f"s{number}", "pm25": 200}
        for number in range(first, first + count)
    ]


async def alerts_of(store: Store, incident: Incident) -> list[str]:
    return [*incident.alerts, *(await store.incidents.alert_ids(incident.id))]


async def the_storm(store: Store, count: int) -> Incident | None:
    storms = [one for one in (await listed(store)).values() if one.storm]
    return storms[0] if len(storms) == 1 and storms[0].alert_count == count else None


async def test_ten_thousand_alerts_in_a_minute_are_one_incident_with_the_exact_count(
    store: Store, book: Path, batch_of: BatchOf
) -> None:
    (book / "rules.yaml").write_text(DUST + HEAT)
    async with running(store, book):
        for first in range(0, 10_000, 500):
            rows = flood(first, 500)
            if first == 5_000:
                rows.insert(250, {"at": rows[250]["at"], "kind": "sensor", "asset": "kitchen", "temp_c": 70})
            position = await store.events.append(batch_of(rows), START + round((first + 500) * 0.006 * SECOND))
        position = await store.events.append(pl.DataFrame(), START + 2 * MINUTE)
        await until(lambda: reached(store, position), "the end of the flood")
        storm = await until(lambda: the_storm(store, 10_000), "the storm's count")
    shown = await listed(store)
    assert len(shown) == 2
    assert shown["heat kitchen"].raised_at == START + round(5_250 * 0.006 * SECOND)
    assert (storm.rule, storm.condition, storm.speaks_for_count) == ("dust", Condition.ACTIVE, 10_000)
    assert storm.title == {"vi": "Bão cảnh báo: luật dust", "en": "Storm of alerts: rule dust"}

    # Every alert is there by itself.
    full = await store.incidents.get(storm.id)
    assert full is not None
    assert len(full.speaks_for) == 100
    kept = await alerts_of(store, storm)
    folded = [await store.incidents.get(name) for name in full.speaks_for]
    kept += [alert for incident in folded if incident is not None for alert in incident.alerts]
    assert len(kept) == len(set(kept)) == 10_000
    wanted = {alert_id("dust", f"s{number}", START + round(number * 0.006 * SECOND)) for number in range(10_000)}
    assert set(kept) == wanted
    assert (await store.incidents.alert(alert_id("dust", "s9999", START + round(59.994 * SECOND))))[
        "incident"
    ] == storm.id
    assert {incident.inhibited_by for incident in folded if incident is not None} == {storm.id}

    # And little was said of them: once a second at most.
    log = await store.connection.call("XLEN", keys.INCIDENTS_LOG)
    assert log <= 2 * 100 + 60 + 10
    assert len(full.timeline) == 1
    assert await store.incidents.raised_by_rule(START) == {"dust": 10_000, "heat": 1}
    assert await store.incidents.raised_by_rule(START + 2 * HOUR) == {}


async def crash(task: asyncio.Task[None], store: Store) -> None:
    """End the stage as a kill would: no last checkpoint, the lease left behind."""
    await end([task])
    await store.connection.call("DEL", keys.lease())


async def test_a_restart_within_a_storm_comes_to_the_same(store: Store, book: Path, batch_of: BatchOf) -> None:
    (book / "rules.yaml").write_text(DUST)

    def started(checkpoint_s: float) -> asyncio.Task[None]:
        settings = RulesSettings(rules_dir=book, checkpoint_s=checkpoint_s)
        return asyncio.create_task(stage.run(store, settings, asyncio.Event()))

    running = started(3_600)
    try:
        for first in range(0, 1_500, 100):
            # Before the storm, just after it has broken out, and within it.
            if first in (100, 200, 900):
                await crash(running, store)
                running = started(0.05)
            rows = batch_of(flood(first, 100))
            position = await store.events.append(rows, START + round((first + 100) * 0.006 * SECOND))
            await asyncio.sleep(0.01)
        position = await store.events.append(pl.DataFrame(), START + MINUTE)
        await until(lambda: reached(store, position), "the end of the flood")
        storm = await until(lambda: the_storm(store, 1_500), "the storm's count")
    finally:
        await crash(running, store)
    assert list(await listed(store)) == [f"dust {storm.key}"]
    assert storm.key == "s100"
    full = await store.incidents.get(storm.id)
    assert full is not None
    assert len(full.speaks_for) == 100
    joined = await alerts_of(store, storm)
    assert len(joined) == len(set(joined)) == 1_400
    assert await store.incidents.raised_by_rule(START) == {"dust": 1_500}


async def site(store: Store) -> None:
    await store.assets.set_city(City("c", {"vi": "C", "en": "C"}, "UTC", (108.0, 11.0, 109.0, 12.0), (), {}))
    await store.assets.replace(
        [Asset(f"ap-{n}", Kind.WIFI, f"AP {n}", 11.94, 108.44, site="Chợ" if n < 4 else "Hồ") for n in range(5)]
    )


def heard(second: float, *numbers: int) -> list[dict[str, Any]]:
    return [{"at": second, "kind": "wifi", "asset": f"ap-{n}", "clients": 1} for n in numbers]


async def silence(store: Store, batch_of: BatchOf, first: int, last: int) -> str:
    """Only the fifth access point is heard, every five seconds."""
    position = ""
    for second in range(first, last + 1, 5):
        position = await store.events.append(batch_of(heard(second, 4)), START + second * SECOND)
    return position


async def test_a_site_that_falls_silent_is_one_incident_until_it_speaks_again(
    store: Store, book: Path, batch_of: BatchOf
) -> None:
    await site(store)
    (book / "rules.yaml").write_text(SILENT + SITE)
    async with running(store, book):
        await store.events.append(batch_of(heard(0, 0, 1, 2, 3, 4)), START)
        position = await silence(store, batch_of, 5, 40)
        await until(lambda: reached(store, position))
        (larger,) = (await listed(store)).values()
        assert (larger.rule, larger.key, larger.title["vi"]) == ("site-down", "Chợ", "3 điểm phát im lặng ở Chợ")
        assert (larger.lat, larger.place, larger.speaks_for_count) == (11.94, "Chợ", 4)
        full = await store.incidents.get(larger.id)
        assert full is not None
        assert set(full.speaks_for) == {
            incident_id(alert_id("silent", f"ap-{n}", START + 30 * SECOND)) for n in range(4)
        }
        # A person works on one of them all the same.
        small = incident_id(alert_id("silent", "ap-0", START + 30 * SECOND))
        await store.incidents.command(small, "acknowledge", who="Lan", now=START)
        position = await store.events.append(batch_of(heard(50, 2, 3, 4)), START + 50 * SECOND)
        await until(lambda: reached(store, position))
        shown = await listed(store)
    assert set(shown) == {"site-down Chợ", "silent ap-0", "silent ap-1"}
    assert shown["site-down Chợ"].condition is Condition.CLEARED
    back = await store.incidents.get(small)
    assert back is not None
    assert (back.work_state, back.assignee) == (WorkState.ACKNOWLEDGED, "Lan")
    assert [entry.what for entry in back.timeline] == [
        "raised",
        "acknowledged",
        "unfolded",
    ] or back.inhibited_by is None


async def test_what_ended_while_it_was_folded_waits_for_nobody(store: Store, book: Path, batch_of: BatchOf) -> None:
    await site(store)
    (book / "rules.yaml").write_text(SILENT + SITE)
    async with running(store, book):
        await store.events.append(batch_of(heard(0, 0, 1, 2, 3, 4)), START)
        position = await silence(store, batch_of, 5, 40)
        await until(lambda: reached(store, position))
        position = await store.events.append(batch_of(heard(45, 3)), START + 45 * SECOND)
        await until(lambda: reached(store, position))
        small = incident_id(alert_id("silent", "ap-3", START + 30 * SECOND))
        found = await store.incidents.get(small)
        assert found is not None
        assert (found.condition, found.work_state, found.is_open) == (Condition.CLEARED, WorkState.NEW, False)
        assert await store.connection.call("ZSCORE", keys.INCIDENTS_OPEN, small) is None
        assert await store.connection.call("TTL", keys.incident(small)) > 0


async def test_an_edited_cluster_speaks_for_what_already_holds(store: Store, book: Path, batch_of: BatchOf) -> None:
    await site(store)
    (book / "rules.yaml").write_text(SILENT)
    async with running(store, book):
        await store.events.append(batch_of(heard(0, 0, 1, 2, 3, 4)), START)
        position = await silence(store, batch_of, 5, 40)
        await until(lambda: reached(store, position))
        assert len(await listed(store)) == 4
        (book / "rules.yaml").write_text(SILENT + SITE)

        async def one() -> bool:
            return list(await listed(store)) == ["site-down Chợ"]

        await until(one, "the cluster")
        (book / "rules.yaml").write_text(SILENT)

        async def apart() -> bool:
            return sum(incident.condition is Condition.ACTIVE for incident in (await listed(store)).values()) == 4

        await until(apart, "the four by themselves")


async def test_a_group_is_one_incident_and_names_its_alerts(store: Store, book: Path, batch_of: BatchOf) -> None:
    await site(store)
    (book / "rules.yaml").write_text(SILENT.replace("}}", "}, group: {by: site, within: 5 min}}"))
    async with running(store, book):
        for n in range(4):
            await store.events.append(batch_of(heard(n, n)), START + n * SECOND)
        position = await silence(store, batch_of, 5, 45)
        await until(lambda: reached(store, position))
        (group,) = (await listed(store)).values()
        full = await store.incidents.get(group.id)
        assert full is not None
        assert [member.key for member in full.members] == ["ap-0", "ap-1", "ap-2", "ap-3"]
        assert (full.alert_count, full.speaks_for_count) == (4, 4)
        assert [(entry.what, entry.text) for entry in full.timeline][:2] == [("raised", None), ("joined", "ap-1")]
        for n in range(4):
            position = await store.events.append(batch_of(heard(50 + n, n)), START + (50 + n) * SECOND)
        await until(lambda: reached(store, position))
        ended = await store.incidents.get(group.id)
    assert ended is not None
    assert (ended.condition, ended.cleared_at) == (Condition.CLEARED, START + 53 * SECOND)
    assert [member.cleared_at for member in ended.members] == [START + (50 + n) * SECOND for n in range(4)]
