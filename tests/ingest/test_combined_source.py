"""Two sources as one: order, acknowledgement to each its own, and what happens where the store is away."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence

import pytest
import pytest_asyncio

from ingest.combined_source import CombinedSource
from ingest.inbox_stream import CHUNK, InboxStream, open_inbox
from ingest.source import Batch, MessageSource
from ioc.model.events import RawMessage
from ioc.store.connection import StoreUnavailable
from ioc.store.inbox import Kept


class Broker(MessageSource):
    """Gives what a test says, and remembers what was acknowledged."""

    def __init__(self) -> None:
        self.waiting: list[Batch] = []
        self.acknowledged: list[object] = []
        self.stopped = False
        self.waited: list[float] = []

    @property
    def problem(self) -> str | None:
        return "away"

    @property
    def backlog(self) -> int:
        return len(self.waiting)

    async def receive(self, limit: int, *, wait: float, linger: float) -> Batch:
        self.waited.append(wait)
        await asyncio.sleep(0)
        return self.waiting.pop(0) if self.waiting else Batch()

    def acknowledge(self, batch: Batch) -> None:
        self.acknowledged += batch.receipts

    def stop_reading(self) -> None:
        self.stopped = True


class Inbox:
    """The store's inbox, in memory."""

    def __init__(self) -> None:
        self.kept: dict[str, RawMessage] = {}
        self.away = False
        self.forgotten: list[str] = []
        self.reads = 0

    def keep(self, topic: str) -> None:
        self.kept[f"{len(self.kept) + len(self.forgotten) + 1:09}"] = RawMessage(topic, b"x", 1)

    async def read(self, after: str, *, limit: int = 64, wait: float = 0.0) -> list[Kept]:
        self.reads += 1
        if self.away:
            raise StoreUnavailable("away")
        found = [Kept(position, self.kept[position]) for position in sorted(self.kept) if position > after][:limit]
        if not found:
            await asyncio.sleep(0.005)
        return found

    async def forget(self, positions: Sequence[str]) -> None:
        if self.away:
            raise StoreUnavailable("away")
        for position in positions:
            self.kept.pop(position, None)
        self.forgotten += positions


@pytest.fixture
def broker() -> Broker:
    return Broker()


@pytest.fixture
def inbox() -> Inbox:
    return Inbox()


@pytest_asyncio.fixture
async def stream(inbox: Inbox, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[InboxStream]:
    monkeypatch.setattr("ingest.inbox_stream.PAUSE_S", 0.005)
    async with open_inbox(inbox) as opened:
        yield opened


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not true():  # noqa: ASYNC110 - what is waited for has no event
            await asyncio.sleep(0.002)


async def test_both_come_in_one_batch_and_each_is_acknowledged_where_it_came_from(
    broker: Broker, inbox: Inbox, stream: InboxStream
) -> None:
    source = CombinedSource(broker, stream)
    for name in ("a", "b"):
        inbox.keep(name)
    await until(lambda: source.backlog == 2)
    broker.waiting.append(Batch.of([RawMessage("m", b"", 1)], ["packet"]))
    batch = await source.receive(10, wait=5, linger=0.02)
    assert batch.topics == ["a", "b", "m"]
    assert len(batch) == 3
    assert (broker.acknowledged, inbox.forgotten) == ([], [])
    source.acknowledge(batch)
    await until(lambda: len(inbox.forgotten) == 2)
    assert broker.acknowledged == ["packet"]
    assert inbox.kept == {}


async def test_what_is_not_acknowledged_stays_for_the_next_process(inbox: Inbox) -> None:
    for name in "abc":
        inbox.keep(name)
    async with open_inbox(inbox) as stream:
        await until(lambda: stream.backlog == 3)
        _, positions = stream.take(10)
        stream.acknowledge(positions[:1])
    assert [message.topic for message in inbox.kept.values()] == ["b", "c"]
    async with open_inbox(inbox) as stream:
        await until(lambda: stream.backlog == 2)
        batch, _ = stream.take(10)
    assert batch.topics == ["b", "c"]


async def test_the_broker_is_never_waited_for_long_while_messages_may_come_over_http(
    broker: Broker, stream: InboxStream
) -> None:
    source = CombinedSource(broker, stream)
    broker.waiting.append(Batch.of([RawMessage("m", b"", 1)], ["packet"]))
    batch = await source.receive(10, wait=5, linger=0.02)
    source.acknowledge(batch)
    assert broker.waited == [pytest.approx(0.1)]
    assert broker.acknowledged == ["packet"]


async def test_no_more_is_read_than_there_is_room_for(inbox: Inbox, stream: InboxStream) -> None:
    for number in range(5 * CHUNK):
        inbox.keep(str(number))
    await until(lambda: stream.backlog >= CHUNK)
    reads = inbox.reads
    await asyncio.sleep(0.02)
    assert stream.backlog <= 2 * CHUNK
    assert inbox.reads == reads
    topics: list[str] = []
    while len(topics) < 5 * CHUNK:
        await until(lambda: stream.backlog > 0)
        topics += stream.take(50)[0].topics
    assert topics == [str(number) for number in range(5 * CHUNK)]


async def test_a_store_that_is_away_is_asked_again(inbox: Inbox, stream: InboxStream) -> None:
    inbox.keep("a")
    await until(lambda: stream.backlog == 1)
    _, positions = stream.take(1)
    inbox.away = True
    stream.acknowledge(positions)
    await asyncio.sleep(0.02)
    inbox.away = False
    await until(lambda: inbox.forgotten == positions)
    inbox.keep("b")
    await until(lambda: stream.backlog == 1)


async def test_stopping_stops_both(broker: Broker, stream: InboxStream) -> None:
    source = CombinedSource(broker, stream)
    source.stop_reading()
    assert broker.stopped
    assert source.problem == "away"
