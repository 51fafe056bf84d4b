"""A connection by aiomqtt: any broker, MQTT 3.1.1 or 5.

The only module that knows aiomqtt and, inside it, paho. aiomqtt's own queue discards when it is
full and acknowledges on receipt, so messages are taken from paho's `on_message`, and paho is told
to leave the acknowledging to us. Reading is paused by taking the socket off the event loop.
"""

import asyncio
import math
import ssl
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Final, Literal

import aiomqtt
from aiomqtt.exceptions import MqttConnectError
from paho.mqtt.client import Client as Paho
from paho.mqtt.client import MQTTMessage
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from ingest.mqtt.line import (
    FAREWELL_S,
    HANDSHAKE_S,
    QOS_2,
    Host,
    LineLost,
    failure_of,
    prepare_socket,
    rejected_as_too_long,
    rejected_topic,
)
from ingest.settings import IngestSettings
from ioc.runtime.broker_address import Address

KEEP_ALIVE_S: Final = 4
"""Seconds of silence after which we ask whether the broker is still there, and for its answer."""

_READS_PER_TURN: Final = 64
"""Packets read before others get their turn on the event loop."""

_NO_TOPIC: Final = "ioc/-"
"""A topic on which nobody publishes."""


class AiomqttLine:
    """One connection: knows the private corners of aiomqtt and paho, and nothing of what messages mean."""

    def __init__(
        self,
        settings: IngestSettings,
        address: Address,
        tls: ssl.SSLContext | None,
        host: Host,
        *,
        protocol: Literal[3, 5],
    ) -> None:
        """Take what to connect to, and whose connection it is."""
        self._settings = settings
        self._host = host
        self.protocol = "5" if protocol == 5 else "3.1.1"
        self._loop = asyncio.get_running_loop()
        self._broken: asyncio.Future[None] = self._loop.create_future()
        self._session_present = False
        self._taken = 0
        self._reading = False
        self._discarding = False
        self._client = _client(settings, address, tls, protocol)
        self._paho: Paho = self._client._client  # noqa: SLF001 - aiomqtt 2 has no public way to acknowledge by hand
        self._paho.manual_ack_set(True)
        self._paho.on_message = self._on_message
        answer = self._paho.on_connect

        def on_connect(paho: Paho, data: Any, flags: Any, *rest: Any) -> None:
            self._session_present = bool(flags.session_present)
            if answer is not None:
                answer(paho, data, flags, *rest)

        self._paho.on_connect = on_connect

    async def live(self) -> None:
        """Connect, subscribe, and stay until the connection is lost."""
        try:
            async with self._client, asyncio.TaskGroup() as tasks:
                prepare_socket(self._paho.socket())
                self._reading = True
                self.choose_reading()
                tasks.create_task(self._until_lost())
                tasks.create_task(self._until_broken())
                tasks.create_task(self._keep_alive())
                self._host.opened(session_present=self._session_present)
                self._host.subscribed(await self._subscribe(self._settings.topics))
        except* (aiomqtt.MqttError, OSError, LineLost) as lost:
            raise LineLost(_reason(lost)) from None
        finally:
            self._reading = False
            self._broken.cancel()
            ended = self._client._disconnected  # noqa: SLF001 - where we noticed first, nobody else asks it why
            if ended.done() and not ended.cancelled():
                ended.exception()

    async def _subscribe(self, topics: Sequence[str]) -> list[str]:
        """Ask for all topics at QoS 1, and tell for which the broker grants less.

        Raises:
            MqttError: the broker does not answer, or refuses one.
        """
        asking = asyncio.ensure_future(self._client.subscribe([(topic, 1) for topic in topics], timeout=math.inf))
        try:
            while not (await asyncio.wait({asking}, timeout=HANDSHAKE_S))[0]:
                # The answer may lie behind messages, or behind the acknowledgements that we owe.
                if not (self._host.is_paused or self._host.owes):
                    raise aiomqtt.MqttError("does not answer a subscription")
        finally:
            asking.cancel()
        codes = [code if isinstance(code, int) else code.value for code in await asking]
        refused = [topic for topic, code in zip(topics, codes, strict=False) if code >= 0x80]
        if refused:
            raise aiomqtt.MqttError(f"refuses the subscription to {', '.join(refused)}")
        return [topic for topic, code in zip(topics, codes, strict=False) if code < 1]

    async def _until_lost(self) -> None:
        """Wait until the connection is lost, which raises MqttError; no message comes this way."""
        async for _ in self._client.messages:
            pass

    async def _until_broken(self) -> None:
        """Wait until reading fails in a way that paho does not bear, which raises MqttError."""
        await self._broken

    async def _keep_alive(self) -> None:
        """Keep paho from giving the broker up where no answer can be expected.

        paho goes on sending pings, which is what the broker wants. But while nothing is read, the answers
        lie in the socket behind messages; and the embedded broker gives none while it waits for
        acknowledgements.
        """
        while True:
            await asyncio.sleep(1)
            connection = self._paho.socket()
            if connection is not None and (failure := failure_of(connection)):
                raise aiomqtt.MqttError(failure)
            if self._host.is_paused or self._host.owes:
                self._paho._ping_t = 0  # noqa: SLF001 - the only way to call off the wait for an answer

    def choose_reading(self) -> None:
        """Begin or stop to read the socket, as is wanted now."""
        socket, wanted = self._paho.socket(), self._wants_to_read()
        if socket is None or socket.fileno() < 0 or not self._reading:
            return
        if wanted:
            self._loop.add_reader(socket.fileno(), self._read)
            # TLS may have decoded bytes that no readiness of the socket will tell of.
            self._loop.call_soon(self._read)
        else:
            self._loop.remove_reader(socket.fileno())

    def acknowledge(self, packets: Sequence[int]) -> None:
        """Send acknowledgements, in order."""
        for packet in packets:
            self._paho.ack(packet & ~QOS_2, 2 if packet & QOS_2 else 1)

    async def say_farewell(self) -> None:
        """Wait until the broker has read all that was sent; messages that come meanwhile come again.

        A socket that is closed while something lies unread in it takes back what was sent on it.
        So read on, and ask for something that needs an answer.
        """
        self._discarding = True
        self.choose_reading()
        with suppress(aiomqtt.MqttError):
            # Not an unsubscribe: the embedded broker answers none for a topic that was never asked for.
            await self._client.subscribe(_NO_TOPIC, timeout=FAREWELL_S)

    def leave(self) -> None:
        """Wait for nothing any more but the broker's farewell."""
        self._client.timeout = FAREWELL_S

    def _wants_to_read(self) -> bool:
        return self._discarding or not self._host.is_paused

    def _on_message(self, _paho: Paho, _data: Any, message: MQTTMessage) -> None:
        self._taken += 1
        if self._discarding:
            return
        payload, limit, now = bytes(message.payload), self._settings.max_payload, self._host.now()
        packet = message.mid | (QOS_2 if message.qos == 2 else 0) if message.qos else 0
        try:
            topic = message.topic
        except UnicodeDecodeError as error:
            self._host.take_rejected(packet, rejected_topic(bytes(error.object), payload, now))
            return
        if len(payload) > limit:
            self._host.take_rejected(packet, rejected_as_too_long(topic, payload, len(payload), limit, now))
            return
        self._host.take([packet], [topic], [payload], [0] if message.retain else [], len(payload))

    def _read(self) -> None:
        try:
            for _ in range(_READS_PER_TURN):
                if not self._reading or not self._wants_to_read():
                    return
                before = self._taken
                self._paho.loop_read()
                pending = getattr(self._paho.socket(), "pending", None)
                if self._taken == before and not (pending and pending()):
                    return
        except Exception as error:
            # Whatever paho meets in a broken packet ends this connection, and nothing else.
            self._reading = False
            if not self._broken.done():
                self._broken.set_exception(aiomqtt.MqttError(f"sends what cannot be read ({error!r})"))


def _client(
    settings: IngestSettings, address: Address, tls: ssl.SSLContext | None, protocol: Literal[3, 5]
) -> aiomqtt.Client:
    common: dict[str, Any] = {
        "hostname": address.host,
        "port": address.port,
        "username": address.user,
        "password": address.password,
        "identifier": settings.client_id,
        "keepalive": KEEP_ALIVE_S,
        "timeout": HANDSHAKE_S,
        "tls_context": tls,
    }
    if protocol == 3:
        return aiomqtt.Client(**common, protocol=aiomqtt.ProtocolVersion.V311, clean_session=False)
    properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
    properties.SessionExpiryInterval = settings.session_expiry_s
    properties.ReceiveMaximum = settings.receive_maximum
    return aiomqtt.Client(**common, protocol=aiomqtt.ProtocolVersion.V5, clean_start=False, properties=properties)


def _reason(error: BaseException) -> str:
    """Say what happened to the connection, as the rest of a sentence about the broker."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    if isinstance(error, LineLost):
        return str(error)
    cause = error.__cause__ if isinstance(error.__cause__, aiomqtt.MqttError) else error
    text = str(cause).rstrip(".") or type(cause).__name__
    if text.startswith(("refuses", "sends", "does not", "cannot")):
        return text
    return f"{'refuses us' if isinstance(cause, MqttConnectError) else 'cannot be reached'}: {text}"
