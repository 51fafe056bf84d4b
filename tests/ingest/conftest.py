"""A broker to publish to, and a wire that can be cut."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import suppress
from typing import Any

import aiomqtt
import pytest
import uvloop

from ingest.settings import IngestSettings
from ioc.runtime.embedded import BrokerPorts

Publish = Callable[..., Awaitable[None]]


def pytest_asyncio_loop_factories(item: pytest.Item) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Hold the adapters to their contract on the event loop on which ingest runs."""
    if item.path.name == "test_mqtt_contract.py":
        return {"uvloop": uvloop.new_event_loop}
    return {"asyncio": asyncio.new_event_loop}


@pytest.fixture(params=[3, 5], ids=["mqtt-3.1.1", "mqtt-5"])
def protocol(request: pytest.FixtureRequest) -> int:
    return int(request.param)


@pytest.fixture
def settings(protocol: int, embedded_broker: BrokerPorts) -> IngestSettings:
    """Settings for the embedded broker, in the protocol of the test."""
    url = embedded_broker.url if protocol == 5 else embedded_broker.url_v3
    return IngestSettings(mqtt_url=url, mqtt_protocol=protocol)  # type: ignore[arg-type]


@pytest.fixture
def publish_port(embedded_broker: BrokerPorts) -> int:
    """Where devices speak MQTT 3.1.1."""
    return embedded_broker.v3


@pytest.fixture
async def publish(publish_port: int) -> AsyncIterator[Publish]:
    """Publish messages at QoS 1, or as asked; returns when the broker has acknowledged all of them."""
    async with aiomqtt.Client("127.0.0.1", publish_port, identifier="publisher") as client:
        client.pending_calls_threshold = 100_000

        async def send(messages: Iterable[tuple[str, bytes]], **options: Any) -> None:
            # All at once, because one at a time waits a round trip for each.
            async with asyncio.TaskGroup() as tasks:
                for topic, payload in messages:
                    tasks.create_task(client.publish(topic, payload, **{"qos": 1, "timeout": 60} | options))

        yield send


class Wire:
    """A relay before the broker whose connections can be cut."""

    def __init__(self, port: int) -> None:
        self._target = port
        self._tasks: set[asyncio.Task[None]] = set()
        self._writers: list[asyncio.StreamWriter] = []
        self._swallows = False
        self.connections = 0
        self.port = 0

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await reader.read(65_536):
                if not self._swallows:
                    writer.write(data)
                    await writer.drain()
        writer.close()

    def swallow(self) -> None:
        """Leave all connections open, and carry nothing more: each end takes the other for silent."""
        self._swallows = True

    async def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._swallows = False
        inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", self._target)
        self._writers += [writer, inner_writer]
        await asyncio.gather(self._relay(reader, inner_writer), self._relay(inner_reader, writer))

    def cut(self) -> None:
        """Break all connections, as a network does: without a word."""
        for writer in self._writers:
            writer.transport.abort()
        self._writers.clear()


@pytest.fixture
async def wire(settings: IngestSettings) -> AsyncIterator[Wire]:
    """A wire to the broker of `settings`."""
    wire = Wire(int(settings.mqtt_url.rpartition(":")[2]))
    server = await asyncio.start_server(wire.accept, "127.0.0.1", 0)
    wire.port = server.sockets[0].getsockname()[1]
    async with server:
        yield wire
        wire.cut()
