"""A visit to a broker: a session of its own that leaves nothing behind, to listen for a while or to publish."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any, Final

import aiomqtt

from ingest.mqtt.tls import tls_context
from ingest.settings import IngestSettings
from ioc.model.faults import Fault
from ioc.model.instant import Instant
from ioc.runtime import clock
from ioc.runtime.broker_address import Address, parse_address

WAITING_AT_MOST: Final = 100_000
"""Messages heard and not yet taken; beyond it the newest is lost, and counted."""

AT_ONCE: Final = 10
"""Messages on their way unconfirmed; above it aiomqtt warns of every one."""

HANDSHAKE_S: Final = 10.0

Heard = tuple[str, bytes, Instant, bool, int]
"""Topic, payload, time of arrival, whether the broker had kept it from before, and quality of service."""


class Visit:
    """One connection to a broker."""

    def __init__(self, client: aiomqtt.Client, address: Address) -> None:
        """Take a client that is connected."""
        self._client = client
        self._address = address

    @property
    def lost(self) -> int:
        """How many messages came that found no room."""
        return getattr(self._client._queue, "lost", 0)  # noqa: SLF001 - our own queue, see _Counting

    async def listen(self, topics: Sequence[str]) -> AsyncIterator[Heard]:
        """Give what is published, until the connection is lost or nobody listens any more.

        Raises:
            Fault: the connection is lost.
        """
        try:
            await self._client.subscribe([(topic, 1) for topic in topics])
            async for message in self._client.messages:
                yield str(message.topic), message.payload, clock.now(), message.retain, message.qos
        except aiomqtt.MqttError as lost:
            raise _lost(self._address, lost) from lost

    async def publish(self, messages: Sequence[tuple[str, bytes, bool]]) -> None:
        """Publish messages (topic, payload, retain) in order at QoS 1; returns when the broker has all of them.

        Raises:
            Fault: the connection is lost, or the broker refuses one.
        """
        try:
            for start in range(0, len(messages), AT_ONCE):
                async with asyncio.TaskGroup() as group:
                    for topic, payload, retain in messages[start : start + AT_ONCE]:
                        group.create_task(self._client.publish(topic, payload, qos=1, retain=retain))
        except ExceptionGroup as group:
            first = group.exceptions[0]
            if isinstance(first, aiomqtt.MqttError):
                raise _lost(self._address, first) from None
            raise Fault(f"A message cannot be published: {first}.", wrong_use=False) from group


@asynccontextmanager
async def visit(settings: IngestSettings, name: str) -> AsyncIterator[Visit]:
    """Connect under a name that nobody else has, and with a session that ends with the connection.

    Args:
        settings: where the broker is; a broker that does not speak the configured MQTT is asked in the other.
        name: what we are there for, for whoever looks at the broker's list.

    Raises:
        Fault: the broker cannot be reached, or refuses us.
    """
    address = parse_address(settings.mqtt_url)
    versions = (aiomqtt.ProtocolVersion.V5, aiomqtt.ProtocolVersion.V311)
    for version in versions if settings.mqtt_protocol == 5 else versions[::-1]:
        client = _client(settings, address, version, f"ioc-{name}-{secrets.token_hex(4)}")
        try:
            await client.__aenter__()
        except aiomqtt.MqttError as problem:
            refused = problem
            continue
        try:
            yield Visit(client, address)
        finally:
            # Where it is lost already, whoever listened or published has been told.
            with suppress(aiomqtt.MqttError):
                await client.__aexit__(None, None, None)
        return
    raise Fault(f"The broker at {address} cannot be reached or refuses us: {refused}.", wrong_use=False)


class _Counting(asyncio.Queue[aiomqtt.Message]):
    """Counts what finds no room; aiomqtt only writes it to a log."""

    lost = 0

    def put_nowait(self, item: aiomqtt.Message) -> None:
        try:
            super().put_nowait(item)
        except asyncio.QueueFull:
            self.lost += 1


def _client(
    settings: IngestSettings, address: Address, version: aiomqtt.ProtocolVersion, identifier: str
) -> aiomqtt.Client:
    # Each version has its own word for a session that ends with the connection.
    clean: dict[str, Any] = {"clean_start": True} if version is aiomqtt.ProtocolVersion.V5 else {"clean_session": True}
    return aiomqtt.Client(
        address.host,
        address.port,
        username=address.user,
        password=address.password,
        identifier=identifier,
        protocol=version,
        timeout=HANDSHAKE_S,
        keepalive=30,
        queue_type=_Counting,
        max_queued_incoming_messages=WAITING_AT_MOST,
        tls_context=tls_context(settings, address),
        **clean,
    )


def _lost(address: Address, problem: BaseException) -> Fault:
    return Fault(f"The connection to the broker at {address} is lost: {problem}.", wrong_use=False)
