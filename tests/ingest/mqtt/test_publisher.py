"""What cameras say reaches the broker in order, waits while it is away, and what is given up is counted."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import aiomqtt
import pytest
from mosquitto import MosquittoBroker

from ingest.mqtt import publisher as publishing
from ingest.mqtt.publisher import Outgoing, Publisher
from ioc.model.faults import Fault
from ioc.runtime.logging import Log
from ioc.runtime.tasks import end

Start = Callable[..., MosquittoBroker]
LOG = Log("test")


@asynccontextmanager
async def running(publisher: Publisher) -> AsyncIterator[Publisher]:
    task = asyncio.create_task(publisher.run())
    try:
        yield publisher
    finally:
        await end([task])


@pytest.fixture
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publishing, "LONGEST_PAUSE_S", 0.1)


async def heard(port: int, count: int, ready: asyncio.Event) -> list[str]:
    async with asyncio.timeout(30), aiomqtt.Client("127.0.0.1", port) as client:
        await client.subscribe("cams/#", qos=1)
        ready.set()
        said: list[str] = []
        async for message in client.messages:
            said.append(str(message.payload, "utf-8") if isinstance(message.payload, bytes) else "")
            if len(said) == count:
                return said
    return said


async def test_messages_arrive_in_the_order_in_which_they_were_given(mosquitto: Start, short_pauses: None) -> None:
    broker = mosquitto()
    ready = asyncio.Event()
    listening = asyncio.create_task(heard(broker.port, 50, ready))
    await ready.wait()
    async with running(Publisher(f"mqtt://127.0.0.1:{broker.port}", "t", LOG)) as publisher:
        for number in range(50):
            publisher.send(Outgoing("cams/a", str(number).encode()))
        await publisher.drain(20)
        assert await listening == [str(number) for number in range(50)]
        assert (publisher.sent, publisher.lost, publisher.waiting, publisher.problem) == (50, 0, 0, None)


async def test_what_is_said_while_the_broker_is_away_arrives_when_it_is_there(
    mosquitto: Start, free_port: Callable[[], int], short_pauses: None
) -> None:
    port = free_port()
    async with running(Publisher(f"mqtt://127.0.0.1:{port}", "t", LOG)) as publisher:
        publisher.send(Outgoing("cams/late", b"kept", retain=True))
        async with asyncio.timeout(20):
            while publisher.problem is None:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        mosquitto(port=port)
        await publisher.drain(20)
        assert (publisher.sent, publisher.problem) == (1, None)
        assert await heard(port, 1, asyncio.Event()) == ["kept"]


async def test_a_full_queue_gives_up_what_is_said_again_before_what_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publishing, "WAITING_AT_MOST", 3)
    publisher = Publisher("mqtt://127.0.0.1:1", "t", LOG)
    for name, spare in (("new", False), ("update", True), ("end", False), ("new 2", False)):
        publisher.send(Outgoing("cams/a", name.encode(), spare=spare))
    assert [each.payload for each in publisher._waiting] == [b"new", b"end", b"new 2"]
    publisher.send(Outgoing("cams/a", b"update 2", spare=True))
    assert [each.payload for each in publisher._waiting] == [b"new", b"end", b"new 2"]
    publisher.send(Outgoing("cams/a", b"end 2"))
    assert [each.payload for each in publisher._waiting] == [b"end", b"new 2", b"end 2"]
    assert publisher.lost == 3


async def test_no_sentence_shows_the_password() -> None:
    with pytest.raises(Fault) as fault:
        Publisher("http://u:geheim@x", "t", LOG)
    assert "geheim" not in str(fault.value)
