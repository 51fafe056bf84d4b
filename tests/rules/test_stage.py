"""The rules stage over a real store: incidents, resuming, editing rules, a store that goes away."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from ioc.model.alerts import Severity
from ioc.model.assets import Asset
from ioc.model.city import Area, City
from ioc.model.faults import Fault
from ioc.model.incidents import Condition, Incident
from ioc.model.instant import SECOND, Instant
from ioc.model.kinds import Kind
from ioc.runtime import clock, embedded
from ioc.store import keys
from ioc.store.checkpoints import LostLease
from ioc.store.connection import StoreUnavailable
from ioc.store.opening import Store, open_store
from rules import stage
from rules.settings import RulesSettings

pytestmark = pytest.mark.usefixtures("hasty")

BatchOf = Callable[[Sequence[dict[str, Any]]], pl.DataFrame]
START = 1_790_000_000 * SECOND

DUST = """
- rule: dust
  title: {vi: "Bụi {pm25:.0f} tại {asset.name}", en: "Dust {pm25:.0f} at {asset.name}"}
  severity: major
  from: sensor
  threshold: {raise: pm25 > 150, clear: pm25 <= 120}
"""
SILENT = "- {rule: silent, from: wifi, absence: {after: 30 s}}\n"
CROWD = "- {rule: crowd, from: camera, per: zone, window: {over: 20 s, value: count(*), raise: '>= 3', clear: '< 2'}}\n"
FIRE = """
- rule: fire
  lateness: 1 s
  together:
    smoke: {from: camera, where: label = 'smoke'}
    heat: {from: sensor, where: temp_c > 60}
    within: 10 s
"""
ALL = DUST + SILENT + CROWD + FIRE
DEADLINE_S = 30


@pytest.fixture
def book(tmp_path: Path) -> Path:
    (tmp_path / "book").mkdir()
    (tmp_path / "book" / "rules.yaml").write_text(ALL)
    return tmp_path / "book"


@asynccontextmanager
async def running(store: Store, book: Path, *, checkpoint_s: float = 0.1) -> AsyncIterator[asyncio.Task[None]]:
    stop = asyncio.Event()
    settings = RulesSettings(rules_dir=book, checkpoint_s=checkpoint_s)
    task = asyncio.create_task(stage.run(store, settings, stop))
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


async def incidents(store: Store) -> list[Incident]:
    return (await store.incidents.snapshot())[1]


async def told(store: Store) -> list[tuple[str, str]]:
    """Every change that the log holds: what, and of which incident."""
    entries = await store.connection.call("XRANGE", keys.INCIDENTS_LOG, "-", "+")
    changes = (
        dict(zip(fields[::2], fields[1::2], strict=True)) if isinstance(fields, list) else fields
        for _, fields in entries
    )
    return [(change[b"what"].decode(), change[b"incident"].decode()) for change in changes]


async def reached(store: Store, position: str) -> bool:
    health = (await store.health.all()).get("rules", {})
    return health.get("position") == position


def dusty(second: float, pm25: float = 200, asset: str = "env-1") -> dict[str, Any]:
    return {
        "at": second,
        "kind": "sensor",
        "asset": asset,
        "pm25": pm25,
        "lat": 11.94,
        "lon": 108.44,
        "id": f"{asset}-{second}",
    }


async def test_an_event_becomes_an_incident_with_title_place_and_evidence(
    store: Store, book: Path, batch_of: BatchOf
) -> None:
    area = Area(
        "xuan-huong",
        {"vi": "Xuân Hương", "en": "Xuan Huong"},
        "ward",
        None,
        (((108.4, 11.9), (108.5, 11.9), (108.5, 12.0), (108.4, 12.0)),),
    )
    await store.assets.set_city(
        City("da-lat", {"vi": "Đà Lạt", "en": "Da Lat"}, "Asia/Ho_Chi_Minh", (108.0, 11.0, 109.0, 12.0), (area,), {})
    )
    await store.assets.replace(
        [Asset("env-1", Kind.SENSOR, "Trạm chợ Đà Lạt", 11.943, 108.437, site="Chợ Đà Lạt", simulated=True)]
    )
    async with running(store, book):
        await store.events.append(batch_of([dusty(0, 163.4)]), START)
        (lean,) = await until(lambda: incidents(store))
        incident = await store.incidents.get(lean.id)
    assert incident is not None
    assert incident.title == {"vi": "Bụi 163 tại Trạm chợ Đà Lạt", "en": "Dust 163 at Trạm chợ Đà Lạt"}
    assert (incident.rule, incident.key, incident.kind) == ("dust", "env-1", "sensor")
    assert (incident.severity, incident.condition) == (Severity.MAJOR, Condition.ACTIVE)
    assert (incident.raised_at, incident.simulated) == (START, True)
    assert (incident.lat, incident.lon, incident.area) == (11.943, 108.437, "xuan-huong")
    assert (incident.place, incident.assets) == ("Chợ Đà Lạt", ("env-1",))
    assert [(event["id"], event["values"]) for event in incident.evidence] == [("env-1-0", {"pm25": 163.4})]
    alert = await store.incidents.alert(incident.alerts[0])
    assert alert["rule_version"]


async def test_it_clears_when_the_rule_does(store: Store, book: Path, batch_of: BatchOf) -> None:
    async with running(store, book):
        await store.events.append(batch_of([dusty(0)]), START)
        await store.events.append(batch_of([dusty(7, 80)]), START + 7 * SECOND)
        (incident,) = await until(lambda: cleared(store))
    assert (incident.condition, incident.cleared_at) == (Condition.CLEARED, START + 7 * SECOND)
    assert [what for what, _ in await told(store)] == ["raised", "cleared"]


async def cleared(store: Store) -> list[Incident]:
    return [incident for incident in await incidents(store) if incident.condition is Condition.CLEARED]


async def test_silence_is_told_by_the_streams_clock_alone(store: Store, book: Path, batch_of: BatchOf) -> None:
    async with running(store, book):
        await store.events.append(batch_of([{"at": 0, "kind": "wifi", "asset": "ap-1"}]), START)
        for second in range(1, 33):
            await store.events.append(pl.DataFrame(), START + second * SECOND)
        (incident,) = await until(lambda: incidents(store))
    assert (incident.rule, incident.key, incident.raised_at) == ("silent", "ap-1", START + 30 * SECOND)


async def test_a_stage_that_stops_goes_on_where_it_stopped(store: Store, book: Path, batch_of: BatchOf) -> None:
    async with running(store, book):
        position = await store.events.append(batch_of([dusty(0)]), START)
        await until(lambda: reached(store, position))
    assert (await store.health.all()).get("rules") is None
    position = await store.events.append(batch_of([dusty(1), dusty(2, 80)]), START + 2 * SECOND)
    async with running(store, book):
        await until(lambda: reached(store, position))
    assert [what for what, _ in await told(store)] == ["raised", "cleared"]


async def test_the_stream_is_trimmed_behind_the_checkpoint_before_the_last(
    store: Store, book: Path, batch_of: BatchOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The minute that stays for ingest would be the whole test.
    monkeypatch.setattr("rules.saving.TAIL_S", 0.0)
    async with running(store, book, checkpoint_s=0.01):
        for second in range(30):
            position = await store.events.append(batch_of([dusty(second)]), START + second * SECOND)
            await until(lambda position=position: reached(store, position))
    assert await store.events.length() < 20
    checkpoint = await store.checkpoints.load()
    assert checkpoint is not None
    assert checkpoint.position == position


async def test_a_rule_book_with_mistakes_is_a_fault_at_the_start(store: Store, book: Path) -> None:
    (book / "rules.yaml").write_text("- rule: r\n  from: sensor\n  threshold: {raise: pm52 > 1}\n")
    with pytest.raises(Fault, match=r"rules.yaml:3:22: 'pm52' is not a known quantity; did you mean 'pm25'\?"):
        await stage.run(store, RulesSettings(rules_dir=book), asyncio.Event())


async def health(store: Store) -> dict[str, str]:
    return (await store.health.all()).get("rules", {})


async def test_a_mistake_made_while_running_leaves_the_last_good_rules_and_is_reported(
    store: Store, book: Path, batch_of: BatchOf
) -> None:
    async def broken() -> bool:
        return "rules.yaml:" in (await health(store)).get("book_error", "")

    async def mended() -> bool:
        return (await health(store)).get("book_error") == ""

    async with running(store, book):
        await store.events.append(batch_of([dusty(0, 10)]), START)
        await until(mended, "the first report")
        (book / "rules.yaml").write_text("- rule: [")
        await until(broken, "the complaint")
        assert (await health(store))["state"] == "degraded"
        await store.events.append(batch_of([dusty(1)]), START + SECOND)
        (incident,) = await until(lambda: incidents(store))
        assert incident.rule == "dust"
        (book / "rules.yaml").write_text(ALL + "\n# mended\n")
        await until(mended, "the end of the complaint")
        assert (await health(store))["state"] == "ok"


async def version_is_not(store: Store, version: str) -> bool:
    return (await health(store)).get("book_version", version) != version


async def test_an_edited_rule_keeps_its_open_alerts_and_a_removed_one_ends_them(
    store: Store, book: Path, batch_of: BatchOf
) -> None:
    async with running(store, book):
        crowd = [{"at": n / 10, "kind": "camera", "asset": "cam", "zone": "market"} for n in range(3)]
        position = await store.events.append(batch_of([dusty(0), *crowd]), START)
        await until(lambda: reached(store, position))
        assert sorted(incident.rule for incident in await incidents(store)) == ["crowd", "dust"]
        version = (await health(store))["book_version"]
        (book / "rules.yaml").write_text(DUST.replace("<= 120", "<= 60"))
        await until(lambda: version_is_not(store, version))
        await store.events.append(batch_of([dusty(5, 100)]), START + 5 * SECOND)
        position = await store.events.append(batch_of([dusty(9, 50)]), START + 9 * SECOND)
        await until(lambda: reached(store, position))
        ended = {incident.rule: incident.cleared_at for incident in await incidents(store)}
    assert ended == {"crowd": START + SECOND // 5, "dust": START + 9 * SECOND}


async def test_a_rule_removed_while_nothing_ran_ends_its_alerts_at_the_next_start(
    store: Store, book: Path, batch_of: BatchOf
) -> None:
    async with running(store, book):
        position = await store.events.append(batch_of([dusty(0)]), START)
        await until(lambda: reached(store, position))
    (book / "rules.yaml").write_text(SILENT)
    async with running(store, book):
        (incident,) = await until(lambda: cleared(store))
    assert incident.rule == "dust"


async def test_what_an_edited_rule_would_not_raise_again_after_a_crash_is_ended(
    store: Store, book: Path, batch_of: BatchOf
) -> None:
    settings = RulesSettings(rules_dir=book, checkpoint_s=3600)
    crashing = asyncio.create_task(stage.run(store, settings, asyncio.Event()))
    await store.events.append(batch_of([dusty(0)]), START)
    await until(lambda: incidents(store))
    crashing.cancel()
    with suppress(asyncio.CancelledError):
        await crashing
    (book / "rules.yaml").write_text(ALL.replace("pm25 > 150", "pm25 > 400"))
    async with running(store, book):
        (incident,) = await until(lambda: cleared(store))
    assert incident.cleared_at == START


async def test_a_checkpoint_that_cannot_be_read_costs_no_incident(store: Store, book: Path, batch_of: BatchOf) -> None:
    await store.events.append(batch_of([dusty(0)]), START)
    token = await store.checkpoints.acquire("somebody", 10)
    await store.checkpoints.save(token, "1-1", b"not a state")
    await store.checkpoints.release(token)
    async with running(store, book):
        await until(lambda: incidents(store))
    assert [what for what, _ in await told(store)] == ["raised"]


async def test_who_lost_the_lease_stops_and_writes_no_checkpoint(store: Store, book: Path, batch_of: BatchOf) -> None:
    task = asyncio.create_task(stage.run(store, RulesSettings(rules_dir=book, checkpoint_s=0.05), asyncio.Event()))
    await until(lambda: health(store))
    await store.connection.call("DEL", keys.lease())
    await store.checkpoints.acquire("another", 10)
    position = await store.events.append(batch_of([dusty(0)]), START)
    with pytest.raises(LostLease):
        await asyncio.wait_for(task, DEADLINE_S)
    checkpoint = await store.checkpoints.load()
    assert checkpoint is None or checkpoint.position != position


async def test_who_waits_for_a_partition_can_be_stopped(store: Store, book: Path) -> None:
    await store.checkpoints.acquire("another", 10)
    stop = asyncio.Event()
    task = asyncio.create_task(stage.run(store, RulesSettings(rules_dir=book), stop))
    await asyncio.sleep(0)
    stop.set()
    await asyncio.wait_for(task, DEADLINE_S)


@pytest.fixture
def own_store(tmp_path: Path, free_port: Callable[[], int]) -> Any:
    """A store of the test's own, which it may stop."""
    command = embedded.store(tmp_path / "store", port=free_port(), log=tmp_path / "store.log")
    with embedded.running(command) as process:
        yield f"redis://127.0.0.1:{command.ports[0]}", process


async def append(store: Store, batch: pl.DataFrame, at: Instant) -> str:
    """Append a batch as ingest does: again, until the store answers."""

    async def tried() -> str | None:
        with suppress(StoreUnavailable):
            return await store.events.append(batch, at)
        return None

    return str(await until(tried, "the store"))


async def test_while_the_store_hangs_it_waits_and_then_goes_on_by_itself(
    own_store: Any, book: Path, batch_of: BatchOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ioc.store.connection.ANSWER_TIMEOUT_S", 0.3)
    url, process = own_store
    async with open_store(url) as store, running(store, book):
        position = await store.events.append(batch_of([dusty(0)]), START)
        await until(lambda: reached(store, position))
        os.kill(process.pid, signal.SIGSTOP)
        try:
            await asyncio.sleep(1)  # the length of the outage, some times what an answer may take
        finally:
            os.kill(process.pid, signal.SIGCONT)
        position = await append(store, batch_of([dusty(5, 80)]), START + 5 * SECOND)
        await until(lambda: reached(store, position))
        assert [what for what, _ in await told(store)] == ["raised", "cleared"]


async def test_it_can_be_stopped_while_the_store_hangs(
    own_store: Any, book: Path, batch_of: BatchOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ioc.store.connection.ANSWER_TIMEOUT_S", 0.3)
    url, process = own_store
    async with open_store(url) as store:
        try:
            async with running(store, book):
                position = await store.events.append(batch_of([dusty(0)]), START)
                await until(lambda: reached(store, position))
                os.kill(process.pid, signal.SIGSTOP)
        finally:
            os.kill(process.pid, signal.SIGCONT)
        async with running(store, book):
            position = await append(store, batch_of([dusty(5, 80)]), START + 5 * SECOND)
            await until(lambda: reached(store, position))
        assert [what for what, _ in await told(store)] == ["raised", "cleared"]


CHILD = """
import asyncio, sys
from pathlib import Path
from ioc.store.opening import open_store
from rules import stage
from rules.settings import RulesSettings

async def main():
    async with open_store(sys.argv[1]) as store:
        await stage.run(store, RulesSettings(rules_dir=Path(sys.argv[2]), checkpoint_s=0.05), asyncio.Event())

stage.HEALTH_S = stage.READ_WAIT_S = 0.05
asyncio.run(main())
"""


def storyline() -> list[tuple[list[dict[str, Any]], Instant]]:
    """Three minutes in which every rule raises and clears, some of them many times."""
    entries = []
    for second in range(180):
        rows = [dusty(second, 200 if second // 7 % 2 else 80, asset) for asset in ("env-1", "env-2", "env-3")]
        if second % 45 < 5:
            rows.append({"at": second, "kind": "wifi", "asset": "ap-1", "clients": 3})
        if second % 30 < 4:
            rows += [
                {"at": second, "kind": "camera", "asset": "cam", "zone": f"z{n}", "label": "smoke"} for n in (1, 2)
            ]
        if second % 60 == 10:
            rows.append({"at": second - 1, "received_at": second, "kind": "sensor", "asset": "env-9", "temp_c": 80})
        entries.append((rows, START + second * SECOND))
    return entries


async def outcome(store: Store) -> list[tuple[Any, ...]]:
    found = []
    for i in await incidents(store):
        full = await store.incidents.get(i.id)
        assert full is not None
        found.append((i.id, i.rule, i.key, i.raised_at, i.cleared_at, i.title["en"], full.evidence))
    return sorted(found, key=lambda incident: incident[0])


async def spawn(url: str, book: Path) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        CHILD,
        url,
        str(book),
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )


async def test_killed_at_any_moment_it_comes_to_the_same_incidents_and_tells_none_twice(
    embedded_store: str, own_store: Any, book: Path, batch_of: BatchOf
) -> None:
    entries = [(batch_of(rows), now) for rows, now in storyline()]
    async with open_store(embedded_store) as undisturbed:
        for batch, now in entries:
            position = await undisturbed.events.append(batch, now)
        async with running(undisturbed, book):
            await until(lambda: reached(undisturbed, position))
        wanted = await outcome(undisturbed)
        wanted_log = sorted(await told(undisturbed))
    assert {entry[1] for entry in wanted} == {"dust", "silent", "crowd", "fire"}

    async with open_store(own_store[0]) as store:
        child = await spawn(own_store[0], book)
        try:
            for number, (batch, now) in enumerate(entries):
                position = await store.events.append(batch, now)
                await asyncio.sleep(0.01)
                if number % 36 == 35:
                    # Wherever it is by now: starting, reading, writing or saving.
                    child.kill()
                    await child.wait()
                    child = await spawn(own_store[0], book)
                    if number % 72 == 71:
                        await until(lambda: health(store), "the child's report")
            await until(lambda: reached(store, position), "the end of the stream")
        finally:
            child.kill()
            await child.wait()
        assert await outcome(store) == wanted
        assert sorted(await told(store)) == wanted_log
    assert clock.now() > START
