"""A store that is full, cannot write, may only be read, or stands still: nothing is acknowledged, and everybody is told."""

import asyncio
import json
import shutil
import signal
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from subprocess import Popen
from typing import Any

import aiomqtt
import httpx
import pytest

from ingest import stage as ingest_stage
from ingest.mqtt import MqttSource
from ingest.settings import IngestSettings
from ioc.model.events import Rejected, empty_batch
from ioc.model.gaps import Gap
from ioc.runtime import clock, embedded
from ioc.runtime.embedded import BrokerPorts
from ioc.store import connection
from ioc.store.checkpoints import Checkpoint
from ioc.store.connection import StoreUnavailable
from ioc.store.event_stream import BEGINNING
from ioc.store.opening import Store, open_store
from ui.server import stage as ui_stage
from ui.server.settings import UiSettings

QUEUE = 200
SENT = 1_000


@dataclass
class Spoiled:
    """A store of the test's own that can be spoiled and mended."""

    process: Popen[bytes]
    folder: Path
    store: Store

    async def tell(self, *command: str) -> Any:
        return await self.store.connection.call(*command)


Act = Callable[[Spoiled], Awaitable[Any]]


async def break_disk(spoiled: Spoiled) -> None:
    """Take away the folder in which the store must save, and let it find out."""
    shutil.rmtree(spoiled.folder)
    await spoiled.tell("CONFIG", "SET", "save", "3600 1")
    await spoiled.tell("BGSAVE")

    async def failed() -> bool:
        return (await spoiled.tell("INFO", "persistence"))["rdb_last_bgsave_status"] == "err"

    await until(failed)


async def stand_still(spoiled: Spoiled) -> None:
    spoiled.process.send_signal(signal.SIGSTOP)


async def go_on(spoiled: Spoiled) -> None:
    spoiled.process.send_signal(signal.SIGCONT)


def telling(*command: str) -> Act:
    return lambda spoiled: spoiled.tell(*command)


TROUBLES = [
    pytest.param(
        telling("CONFIG", "SET", "maxmemory", "1"), telling("CONFIG", "SET", "maxmemory", "0"),
        "is full and takes nothing more: OOM", "đã đầy và không nhận thêm", id="full",
    ),
    pytest.param(
        break_disk, telling("CONFIG", "SET", "stop-writes-on-bgsave-error", "no"),
        "cannot write to its disk: MISCONF", "không ghi được vào đĩa", id="disk",
    ),
    pytest.param(
        telling("REPLICAOF", "127.0.0.1", "1"), telling("REPLICAOF", "NO", "ONE"),
        "may only be read: it is a replica of another: READONLY", "chỉ cho đọc", id="read-only",
    ),
    pytest.param(stand_still, go_on, "The store does not answer", "Kho dữ liệu không phản hồi", id="stopped"),
]  # fmt: skip


@pytest.fixture
async def spoiled(
    tmp_path: Path, free_port: Callable[[], int], monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Spoiled]:
    # A store that stands still is noticed sooner; a blocking read still has its two seconds.
    monkeypatch.setattr(connection, "ANSWER_TIMEOUT_S", 2.5)
    folder = tmp_path / "store"
    command = embedded.store(folder, port=free_port(), log=tmp_path / "store.log")
    with embedded.running(command) as process:
        async with open_store(f"redis://127.0.0.1:{command.ports[0]}") as store:
            try:
                yield Spoiled(process, folder, store)
            finally:
                process.send_signal(signal.SIGCONT)


async def until(condition: Callable[[], Awaitable[bool]], *, seconds: float = 20) -> None:
    async with asyncio.timeout(seconds):
        while not await condition():  # noqa: ASYNC110 - what is waited for happens in other processes
            await asyncio.sleep(0.02)


async def stored_ids(store: Store) -> list[str]:
    ids: list[str] = []
    position = BEGINNING
    while found := await store.events.read(position):
        ids += [identity for entry in found for identity in entry.batch["id"]]
        position = found[-1].position
    return ids


async def publish(broker: BrokerPorts, numbers: range) -> None:
    async with aiomqtt.Client("127.0.0.1", broker.v3) as client, asyncio.TaskGroup() as tasks:
        client.pending_calls_threshold = 100_000
        for number in numbers:
            payload = json.dumps({"boot": "a", "seq": number, "temp_c": 20.5})
            tasks.create_task(client.publish("ioc/sensor/env-1/events", payload, qos=1, timeout=60))


@dataclass
class Line:
    """Ingest and the web server in this process, and what they say."""

    source: MqttSource
    http: httpx.AsyncClient
    acknowledged: list[int]

    async def messages(self, language: str) -> str:
        health = (await self.http.get("/api/health")).json()
        return " | ".join(message[language] for message in health["messages"])


@asynccontextmanager
async def running_line(store: Store, broker: BrokerPorts, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Line]:
    """Run the stages until the block ends."""
    sources: list[MqttSource] = []
    acknowledged: list[int] = []
    opened = ingest_stage.open_mqtt

    @asynccontextmanager
    async def watched(*arguments: Any) -> AsyncIterator[MqttSource]:
        async with opened(*arguments) as source:
            acknowledge = source.acknowledge
            source.acknowledge = lambda batch: (acknowledged.append(len(batch)), acknowledge(batch))  # type: ignore[func-returns-value,method-assign,assignment]
            sources.append(source)
            yield source

    monkeypatch.setattr(ingest_stage, "open_mqtt", watched)
    settings = IngestSettings(mqtt_url=broker.url, queue_limit=QUEUE, max_batch=50)
    stop, address = asyncio.Event(), asyncio.get_running_loop().create_future()
    async with AsyncExitStack() as stack, asyncio.TaskGroup() as tasks:
        tasks.create_task(ingest_stage.run(store, settings, stop))
        tasks.create_task(ui_stage.run(store, UiSettings(port=0), stop, ready=address.set_result))
        http = await stack.enter_async_context(httpx.AsyncClient(base_url=await address, timeout=10))

        async def ready() -> bool:
            return (await http.get("/api/health")).json()["processes"].get("ingest", {}).get("state") == "ok"

        await until(ready)
        yield Line(sources[0], http, acknowledged)
        stop.set()


@pytest.mark.parametrize(("spoil", "mend", "en", "vi"), TROUBLES)
async def test_nothing_is_acknowledged_it_is_said_and_it_goes_on_by_itself(
    spoiled: Spoiled,
    embedded_broker: BrokerPorts,
    monkeypatch: pytest.MonkeyPatch,
    spoil: Act,
    mend: Act,
    en: str,
    vi: str,
) -> None:
    async with running_line(spoiled.store, embedded_broker, monkeypatch) as line:
        await publish(embedded_broker, range(10))

        async def all_acknowledged() -> bool:
            return sum(line.acknowledged) == 10

        await until(all_acknowledged)
        await spoil(spoiled)
        # What has been sent to the store before may still be answered.
        before = sum(line.acknowledged)
        await publish(embedded_broker, range(10, SENT))

        async def said() -> bool:
            return en in await line.messages("en") and vi in await line.messages("vi")

        async def waiting() -> bool:
            return line.source.backlog > 0

        await until(said)
        await until(waiting)
        assert line.source.backlog <= QUEUE
        assert sum(line.acknowledged) == before
        await mend(spoiled)

        async def kept() -> bool:
            return sum(line.acknowledged) >= SENT

        await until(kept, seconds=30)

        async def said_no_more() -> bool:
            return "store" not in (await line.messages("en")).lower()

        await until(said_no_more)
    assert Counter(await stored_ids(spoiled.store)) == Counter(f"env-1:a:{number}" for number in range(SENT))


@pytest.mark.parametrize(("spoil", "mend", "en", "vi"), TROUBLES[:-1])
async def test_every_part_of_the_store_says_that_it_is_not_there(
    spoiled: Spoiled, spoil: Act, mend: Act, en: str, vi: str
) -> None:
    store = spoiled.store
    token = await store.checkpoints.acquire("me", 60)
    await store.events.take_over("ingest")
    await spoil(spoiled)
    writes: list[Callable[[], Awaitable[Any]]] = [
        lambda: store.events.append(empty_batch(), clock.now(), {"a": "b"}),
        lambda: store.health.report("someone", {"state": "ok"}, 5),
        lambda: store.checkpoints.save(token, "1-0", b"state"),
        lambda: store.checkpoints.renew(token),
        lambda: store.rejected.add([Rejected("t", b"", 0, None, "why", 0)]),
        lambda: store.gaps.record([Gap("env-1", "a", 1, 2, 0)]),
    ]
    for write in writes:
        with pytest.raises(StoreUnavailable) as raised:
            await write()
        assert en in raised.value.reason
        assert vi in raised.value.vi
        assert raised.value.refused
    await mend(spoiled)
    # What was refused may be asked again, and nobody has been shut out meanwhile.
    for write in writes:
        await write()
    assert await store.checkpoints.load() == Checkpoint("1-0", b"state")
    assert await store.events.recall() == {"a": "b"}
