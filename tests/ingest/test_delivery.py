"""The promise between broker and stream: kept before acknowledged, once, whatever is killed."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from ingest import stage
from ingest.mqtt import MqttSource, open_mqtt
from ingest.settings import IngestSettings
from ioc.model.assets import Asset
from ioc.model.events import RawMessage
from ioc.model.faults import Fault
from ioc.model.kinds import Kind
from ioc.runtime import clock, embedded
from ioc.store.event_stream import BEGINNING, Entry
from ioc.store.opening import Store, open_store

Publish = Callable[[Iterable[tuple[str, bytes]]], Awaitable[None]]
Message = tuple[str, bytes]

CHILD = """
import asyncio, sys
from ingest import stage
from ingest.settings import IngestSettings
from ioc.runtime.tasks import run_until_stopped
from ioc.store.opening import open_store

async def main(stop):
    async with open_store(sys.argv[1]) as store:
        await stage.run(store, IngestSettings.model_validate_json(sys.argv[2]), stop)

sys.exit(run_until_stopped("ingest", main))
"""


@pytest.fixture(params=[5], ids=["mqtt-5"])
def protocol(request: pytest.FixtureRequest) -> int:
    """One protocol is enough where the adapter is not what is tested."""
    return int(request.param)


@pytest.fixture
async def store(embedded_store: str) -> AsyncIterator[Store]:
    async with open_store(embedded_store) as opened:
        yield opened


@pytest.fixture
def own_store(tmp_path: Path, free_port: Callable[[], int]) -> Iterator[tuple[str, embedded.Command]]:
    """A store that the test itself starts, stops and kills: its URL, and how to start it."""
    command = embedded.store(tmp_path / "store", port=free_port())
    return f"redis://127.0.0.1:{command.ports[0]}", command


def reading(number: int, asset: str = "env-1", **values: Any) -> Message:
    body = {"boot": "a", "seq": number, **(values or {"temp_c": 20.5})}
    return f"ioc/sensor/{asset}/events", json.dumps(body).encode()


async def entries(store: Store) -> list[Entry]:
    found: list[Entry] = []
    while more := await store.events.read(found[-1].position if found else BEGINNING):
        found += more
    return found


async def stored_ids(store: Store) -> list[str]:
    return [identity for entry in await entries(store) for identity in entry.batch["id"]]


async def until(condition: Callable[[], Awaitable[bool]], *, seconds: float = 20) -> None:
    async with asyncio.timeout(seconds):
        while not await condition():  # noqa: ASYNC110 - what is waited for happens in other processes
            await asyncio.sleep(0.02)


async def until_stored(store: Store, count: int) -> list[str]:
    ids: list[str] = []
    position = BEGINNING
    async with asyncio.timeout(20):
        while len(set(ids)) < count:
            for entry in await store.events.read(position, wait=0.1):
                ids.extend(entry.batch["id"])
                position = entry.position
    return ids


@asynccontextmanager
async def ingesting(store: Store, settings: IngestSettings) -> AsyncIterator[asyncio.Event]:
    """Run the stage in this process until the block ends."""
    stop = asyncio.Event()
    task = asyncio.create_task(stage.run(store, settings, stop))

    async def ready() -> bool:
        return task.done() or (await store.health.all()).get("ingest", {}).get("state") == "ok"

    try:
        await until(ready)
        yield stop
    finally:
        stop.set()
        await task


async def redelivered(settings: IngestSettings) -> list[bytes]:
    """What the broker still holds for ingest's session: payloads."""

    async def connected() -> bool:
        return source.problem is None

    got: list[bytes] = []
    async with open_mqtt(settings) as source:
        await until(connected)
        while batch := await source.receive(1_000, wait=0.5, linger=0.01):
            source.acknowledge(batch)
            got += [message.payload for message in batch.messages if isinstance(message, RawMessage)]
    return got


def numbers(payloads: list[bytes]) -> list[int]:
    return [json.loads(payload)["seq"] for payload in payloads]


@pytest.mark.parametrize("protocol", [3, 5], indirect=True, ids=["mqtt-3.1.1", "mqtt-5"])
async def test_a_killed_ingest_loses_and_doubles_nothing(
    store: Store, settings: IngestSettings, embedded_store: str, publish: Publish
) -> None:
    count, kills = 4_000, 2

    def start() -> subprocess.Popen[bytes]:
        return subprocess.Popen([sys.executable, "-c", CHILD, embedded_store, settings.model_dump_json()])

    async def keep_publishing() -> None:
        for start_number in range(0, count, 100):
            await publish(reading(number, f"env-{number % 20}") for number in range(start_number, start_number + 100))
            await asyncio.sleep(0.01)

    child = start()
    try:
        async with asyncio.TaskGroup() as tasks:
            # The session must exist before the first message, or the broker has nobody to keep it for.
            await until(lambda: _is_connected(store))
            tasks.create_task(keep_publishing())
            for kill in range(1, kills + 1):
                await until_stored(store, count * kill // (kills + 1))
                child.kill()
                child.wait()
                child = start()
        await until_stored(store, count)
        child.terminate()
        assert child.wait(10) == 0
    finally:
        child.kill()
        child.wait()

    assert sorted(await stored_ids(store)) == sorted(f"env-{number % 20}:a:{number}" for number in range(count))
    assert await redelivered(settings) == []


async def _is_connected(store: Store) -> bool:
    return (await store.health.all()).get("ingest", {}).get("state") == "ok"


async def test_nothing_is_acknowledged_that_is_not_kept(
    settings: IngestSettings,
    own_store: tuple[str, embedded.Command],
    publish: Publish,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("ioc.store.connection.ANSWER_TIMEOUT_S", 0.3)
    url, command = own_store
    with embedded.running(command) as process:
        async with open_store(url) as store, ingesting(store, settings) as stop:
            await publish([reading(0)])
            await until_stored(store, 1)
            os.kill(process.pid, signal.SIGSTOP)
            await publish(reading(number) for number in range(1, 41))
            await asyncio.sleep(0.5)
            process.kill()
            stop.set()
    # The first may come as well: it was kept, but the store may have stood still before it said so.
    assert set(numbers(await redelivered(settings))) >= set(range(1, 41))


async def test_a_store_that_stands_still_is_waited_for_and_nothing_is_written_twice(
    settings: IngestSettings,
    own_store: tuple[str, embedded.Command],
    publish: Publish,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("ioc.store.connection.ANSWER_TIMEOUT_S", 0.3)
    url, command = own_store
    with embedded.running(command) as process:
        async with open_store(url) as store, ingesting(store, settings):
            for pause in range(3):
                os.kill(process.pid, signal.SIGSTOP)
                await publish(reading(pause * 100 + number) for number in range(100))
                await asyncio.sleep(0.4)
                os.kill(process.pid, signal.SIGCONT)
                await until_stored(store, (pause + 1) * 100)
            ids = await stored_ids(store)
    assert Counter(ids) == Counter(f"env-1:a:{number}" for number in range(300))
    assert await redelivered(settings) == []


async def test_a_store_that_is_restarted_is_waited_for(
    settings: IngestSettings, own_store: tuple[str, embedded.Command], publish: Publish
) -> None:
    url, command = own_store
    with embedded.running(command) as process:
        opened = open_store(url)
        store = await opened.__aenter__()
        running = ingesting(store, settings)
        await running.__aenter__()
        await publish(reading(number) for number in range(50))
        await until_stored(store, 50)
        process.kill()
        await publish(reading(number) for number in range(50, 100))
    with embedded.running(command):
        ids = await until_stored(store, 100)
        await running.__aexit__(None, None, None)
        await opened.__aexit__(None, None, None)
    assert Counter(ids) == Counter(f"env-1:a:{number}" for number in range(100))


async def test_a_store_that_is_full_is_waited_for_and_a_flood_stays_in_the_broker(
    store: Store, settings: IngestSettings, publish: Publish, monkeypatch: pytest.MonkeyPatch
) -> None:
    sources: list[MqttSource] = []
    opened = stage.open_mqtt

    @asynccontextmanager
    async def watched(*arguments: Any) -> AsyncIterator[MqttSource]:
        async with opened(*arguments) as source:
            sources.append(source)
            yield source

    monkeypatch.setattr(stage, "open_mqtt", watched)
    small = settings.model_copy(update={"queue_limit": 40, "max_batch": 20})
    async with ingesting(store, small):
        await store.connection.call("CONFIG", "SET", "maxmemory", "1")
        try:
            await publish(reading(number) for number in range(1_000))

            async def full() -> bool:
                return sources[0].is_paused

            await until(full)
            assert sources[0].backlog == 40
        finally:
            await store.connection.call("CONFIG", "SET", "maxmemory", "0")
        ids = await until_stored(store, 1_000)
    assert Counter(ids) == Counter(f"env-1:a:{number}" for number in range(1_000))


POISON = [
    b"",
    b"\xff\xfe\x00garbage",
    b"{",
    b'{"temp_c": NaN}',
    b'{"temp_c": 1e999}',
    b'{"temp_c": 1, "temp_c": 2}',
    b"[" * 100_000,
    b'{"temp_c": "hot"}',
    b'{"at": "yesterday", "temp_c": 20}',
    b'{"temp_c": 20, "lat": 999, "lon": 1}',
    b"7" * 5_000,
    b'{"note": "' + b"x" * 2_000_000 + b'"}',
]


async def test_a_poison_message_never_blocks_the_line(store: Store, settings: IngestSettings, publish: Publish) -> None:
    async with ingesting(store, settings):
        await publish(("ioc/sensor/env-1/events", payload) for payload in POISON)
        await publish([("ioc/sensor//events", b"{}"), ("no/codec", b"\x00"), ("ioc/sensor/bad id/events", b"{}")])
        await publish([reading(1)])

        async def arrived() -> bool:
            return "env-1:a:1" in await stored_ids(store)

        await until(arrived)
    rejected = await store.rejected.latest(100)
    assert all(one.reason and len(one.payload_start) <= 512 for one in rejected)
    assert {one.payload_size for one in rejected} >= {len(POISON[1]), len(POISON[6]), len(POISON[-1]), 1}
    assert sum((await store.rejected.counts()).values()) == len(rejected) > len(POISON) - 3
    assert await redelivered(settings) == []


async def test_the_same_message_twice_is_one_event(store: Store, settings: IngestSettings, publish: Publish) -> None:
    async with ingesting(store, settings):
        await publish([reading(1), reading(1)])
        await until_stored(store, 1)
        await publish([reading(1), reading(2)])
        assert sorted(await until_stored(store, 2)) == ["env-1:a:1", "env-1:a:2"]


async def test_the_stream_s_clock_moves_on_without_events_and_never_goes_back(
    store: Store, settings: IngestSettings, publish: Publish, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def ticked(count: int) -> bool:
        return await store.events.length() >= count

    fast = settings.model_copy(update={"tick_s": 0.02})
    now = clock.now()
    async with ingesting(store, fast):
        await until(lambda: ticked(5))
        monkeypatch.setattr(clock, "now", lambda: now - 3_600_000_000)
        await publish([reading(1)])
        await until_stored(store, 1)
    before = (await entries(store))[-1].clock
    async with ingesting(store, fast):
        length = await store.events.length()
        await until(lambda: ticked(length + 3))

    clocks = [entry.clock for entry in await entries(store)]
    assert clocks == sorted(clocks)
    assert clocks[-1] == before >= now


async def test_an_alias_becomes_the_city_s_name(store: Store, settings: IngestSettings, publish: Publish) -> None:
    await store.assets.replace([Asset("tram-01", Kind.SENSOR, "Trạm 1", aliases=("env-1",))])
    async with ingesting(store, settings):
        await publish([reading(1), reading(1, "env-2")])
        await until_stored(store, 2)
    assets = [asset for entry in await entries(store) for asset in entry.batch["asset"]]
    assert sorted(assets) == ["env-2", "tram-01"]


async def test_a_strict_city_refuses_assets_that_are_not_registered(
    store: Store, settings: IngestSettings, publish: Publish, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stage, "LOOK_UP_S", 0.02)
    await store.assets.replace([Asset("env-1", Kind.SENSOR, "Env 1")])
    async with ingesting(store, settings.model_copy(update={"strict_assets": True})):
        await publish([reading(1), reading(1, "env-2")])
        assert await until_stored(store, 1) == ["env-1:a:1"]
        (refused,) = await store.rejected.latest()
        assert refused.reason.startswith("the asset 'env-2' is not registered")

        await store.assets.replace([Asset("env-2", Kind.SENSOR, "Env 2")])
        sequence = iter(range(2, 10_000))

        async def taken() -> bool:
            await publish([reading(next(sequence), "env-2")])
            return any(identity.startswith("env-2:") for identity in await stored_ids(store))

        await until(taken)


async def test_a_second_ingest_takes_the_place_of_the_first(
    store: Store, settings: IngestSettings, embedded_store: str
) -> None:
    stop = asyncio.Event()
    first = asyncio.create_task(stage.run(store, settings.model_copy(update={"tick_s": 0.02}), stop))

    async def ticking() -> bool:
        return await store.events.length() > 0

    await until(ticking)
    async with (
        open_store(embedded_store) as other,
        ingesting(other, settings.model_copy(update={"client_id": "other"})),
    ):
        with pytest.raises(Fault, match="Only one ingest"):
            await first


async def test_ingest_says_how_it_is(store: Store, settings: IngestSettings, publish: Publish) -> None:
    async def reported(events: str) -> bool:
        return (await store.health.all()).get("ingest", {}).get("events_total") == events

    async with ingesting(store, settings):
        await publish([reading(1), reading(1), reading(2), ("no/codec", b"?")])
        await until(lambda: reported("2"))
        fields = (await store.health.all())["ingest"]
    assert {name: fields[name] for name in ("state", "message", "duplicates_total", "rejected_total", "backlog")} == {
        "state": "ok",
        "message": "",
        "duplicates_total": "1",
        "rejected_total": "1",
        "backlog": "0",
    }
    assert await store.health.all() == {}


async def test_a_broker_that_is_away_is_said_in_both_languages(
    store: Store, settings: IngestSettings, free_port: Callable[[], int]
) -> None:
    away = settings.model_copy(update={"mqtt_url": f"mqtt://127.0.0.1:{free_port()}", "tick_s": 0.02})
    stop = asyncio.Event()
    task = asyncio.create_task(stage.run(store, away, stop))

    async def said() -> bool:
        message = (await store.health.all()).get("ingest", {}).get("message")
        return bool(message) and "cannot be reached" in json.loads(message)["en"]

    await until(said)
    # Time passes for the rules even where nothing can be heard.
    assert await store.events.length() > 0
    stop.set()
    await task


async def test_what_was_received_before_the_stop_is_kept_or_comes_again(
    store: Store, settings: IngestSettings, publish: Publish
) -> None:
    async with ingesting(store, settings) as stop:
        await publish(reading(number) for number in range(1_000))
        stop.set()
    kept = [int(identity.rpartition(":")[2]) for identity in await stored_ids(store)]
    assert sorted(kept + numbers(await redelivered(settings))) == list(range(1_000))
