"""MQTT, by aiomqtt: a persistent session at QoS 1 whose messages are acknowledged by hand, when they are kept.

The only module that knows aiomqtt and, inside it, paho. aiomqtt's own queue discards when it is
full and acknowledges on receipt, so messages are taken from paho's `on_message`, and paho is told
to leave the acknowledging to us. Reading is paused by taking the socket off the event loop.
"""

import asyncio
import math
import random
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import unquote, urlsplit

import aiomqtt
from aiomqtt.exceptions import MqttConnectError
from paho.mqtt.client import Client as Paho
from paho.mqtt.client import MQTTMessage
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from ingest.settings import IngestSettings
from ingest.source import Batch, Inbox, MessageSource
from ioc.model.events import RawMessage, Rejected
from ioc.model.faults import Fault
from ioc.model.instant import Instant
from ioc.runtime import clock
from ioc.runtime.logging import Log

KEEP_ALIVE_S: Final = 10
"""Seconds of silence after which either side asks whether the other is still there."""

HANDSHAKE_S: Final = 10.0
"""Seconds for the broker to answer a connect or a subscribe."""

FAREWELL_S: Final = 0.5
"""Seconds for the broker to confirm that it has seen the last acknowledgements."""

LONGEST_PAUSE_S: Final = 15.0
"""Seconds between two attempts to connect, at most."""

_READS_PER_TURN: Final = 64
"""Packets read before others get their turn on the event loop."""

_NO_TOPIC: Final = "ioc/-"
"""A topic on which nobody publishes."""

_PAYLOAD_START: Final = 512
"""Bytes kept of a payload that is too long."""

_LOG = Log("ingest")


@dataclass(frozen=True, slots=True)
class Address:
    """Where a broker is and who we are there."""

    host: str
    port: int
    tls: bool
    user: str | None
    password: str | None

    def __str__(self) -> str:
        """Write it without secrets."""
        return f"mqtt{'s' if self.tls else ''}://{self.host}:{self.port}"


def parse_address(url: str) -> Address:
    """Read `mqtt[s]://[user:password@]host[:port]`.

    Raises:
        Fault: it is not such a URL; the sentence shows no password.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    if parts.scheme not in ("mqtt", "mqtts") or not parts.hostname:
        shown = url.rpartition("@")[2]
        raise Fault(f"The broker's URL {shown!r} must look like mqtt://host:1883 or mqtts://user:password@host:8883.")
    return Address(
        host=parts.hostname,
        port=port or (8883 if parts.scheme == "mqtts" else 1883),
        tls=parts.scheme == "mqtts",
        user=None if parts.username is None else unquote(parts.username),
        password=None if parts.password is None else unquote(parts.password),
    )


@asynccontextmanager
async def open_mqtt(settings: IngestSettings, *, now: Callable[[], Instant] = clock.now) -> AsyncIterator["MqttSource"]:
    """Open a session that stays connected until the block ends.

    Does not wait for the broker: `problem` says whether it is there.

    Raises:
        Fault: the settings do not name a broker.
    """
    source = MqttSource(settings, parse_address(settings.mqtt_url), now)
    task = asyncio.create_task(source.stay_connected(), name="mqtt session")
    try:
        yield source
        await source.say_farewell()
    finally:
        source.leave()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


class MqttSource(MessageSource):
    """A session with the broker over as many connections as it takes."""

    def __init__(self, settings: IngestSettings, address: Address, now: Callable[[], Instant]) -> None:
        """Take what to connect to; nothing happens before `stay_connected`."""
        self._settings = settings
        self._address = address
        self._now = now
        self._inbox = Inbox(settings.queue_limit, settings.queue_bytes, self._choose_reading)
        self._stopped = False
        self._left = False
        self._room = asyncio.Event()
        self._room.set()
        self._line: _Line | None = None
        self._lines = 0
        self._problem: str | None = f"Not yet connected to the broker at {address}."

    @property
    def problem(self) -> str | None:
        """Why no messages can come at present."""
        return self._problem

    @property
    def backlog(self) -> int:
        """How many messages wait to be received."""
        return len(self._inbox)

    @property
    def is_paused(self) -> bool:
        """Whether nothing is read from the socket, because the inbox is full or reading has stopped."""
        return self._stopped or self._inbox.is_full

    async def receive(self, limit: int, *, wait: float, linger: float) -> Batch:
        """Wait for a first message, then a little for more."""
        return await self._inbox.take(limit, wait=wait, linger=linger)

    def acknowledge(self, batch: Batch) -> None:
        """Tell the broker that a batch is kept, as far as it came on the present connection."""
        line = self._line
        if line is None:
            return
        packets = [packet for number, packet in batch.receipts if number == line.number and packet]
        self._inbox.settle(len(packets))
        line.acknowledge(packets)

    def stop_reading(self) -> None:
        """Take nothing more from the broker."""
        self._stopped = True
        self._inbox.close()
        self._choose_reading()

    def leave(self) -> None:
        """Make the present connection the last one, even if it ends badly."""
        self._left = True
        if self._line is not None:
            self._line.client.timeout = FAREWELL_S

    async def say_farewell(self) -> None:
        """Make sure that the broker has seen every acknowledgement, before the connection is closed."""
        self.stop_reading()
        if self._line is not None:
            await self._line.say_farewell()

    async def stay_connected(self) -> None:
        """Connect, again and again, until cancelled."""
        failures = 0
        while not self._left:
            # A full inbox has no place for what a new connection brings.
            await self._room.wait()
            try:
                await self._live()
            except* (aiomqtt.MqttError, OSError) as lost:
                failures = 0 if self._problem is None else failures + 1
                self._problem = f"The broker at {self._address} {_reason(lost)}."
                _LOG.warning("mqtt connection lost", broker=str(self._address), reason=_reason(lost))
            await asyncio.sleep(random.uniform(0, min(LONGEST_PAUSE_S, 0.25 * 2 ** min(failures, 10))))

    async def _live(self) -> None:
        """Live through one connection, from its first packet to its loss."""
        self._lines += 1
        # A new client for each: a used one acknowledges new messages under old packet ids.
        line = _Line(
            self._lines,
            self._settings,
            self._address,
            take=self._take,
            is_paused=lambda: self.is_paused,
            owes=lambda: self._inbox.in_flight > 0,
        )
        self._inbox.forget_in_flight()
        self._line = line
        try:
            async with line.client, asyncio.TaskGroup() as tasks:
                line.take_over_reading()
                tasks.create_task(line.until_lost())
                tasks.create_task(line.until_broken())
                tasks.create_task(line.keep_alive())
                if line.session_present:
                    # What was subscribed to before comes already.
                    self._problem = None
                elif self._lines > 1:
                    _LOG.warning(
                        "the broker has forgotten our session; what was published meanwhile may be lost",
                        broker=str(self._address),
                    )
                await line.subscribe(self._settings.topics)
                self._problem = None
                _LOG.info("mqtt connected", broker=str(self._address), session_present=line.session_present)
        finally:
            self._line = None
            line.close()

    def _choose_reading(self) -> None:
        if self._inbox.is_full:
            self._room.clear()
        else:
            self._room.set()
        if self._line is not None:
            self._line.choose_reading()

    def _take(self, number: int, message: MQTTMessage) -> None:
        size = len(message.payload)
        packet = message.mid if message.qos else 0
        self._inbox.put(self._read(message), (number, packet), min(size, self._settings.max_payload))

    def _read(self, message: MQTTMessage) -> RawMessage | Rejected:
        now, payload = self._now(), bytes(message.payload)
        try:
            topic = message.topic
        except UnicodeDecodeError as error:
            shown = bytes(error.object).decode(errors="backslashreplace")
            return Rejected(shown, payload[:_PAYLOAD_START], len(payload), None, "the topic is not UTF-8", now)
        if len(payload) > self._settings.max_payload:
            reason = f"the payload has {len(payload)} bytes; at most {self._settings.max_payload} are read"
            return Rejected(topic, payload[:_PAYLOAD_START], len(payload), None, reason, now)
        return RawMessage(topic, payload, now, message.retain)


class _Line:
    """One connection: knows the private corners of aiomqtt and paho, and nothing of what messages mean."""

    def __init__(
        self,
        number: int,
        settings: IngestSettings,
        address: Address,
        *,
        take: Callable[[int, MQTTMessage], None],
        is_paused: Callable[[], bool],
        owes: Callable[[], bool],
    ) -> None:
        self.number = number
        self.session_present = False
        self._take = take
        self._is_paused = is_paused
        self._owes = owes
        self._loop = asyncio.get_running_loop()
        self._broken: asyncio.Future[None] = self._loop.create_future()
        self._taken = 0
        self._reading = False
        self._discarding = False
        self.client = _client(settings, address)
        self._paho: Paho = self.client._client  # noqa: SLF001 - aiomqtt 2 has no public way to acknowledge by hand
        self._paho.manual_ack_set(True)
        self._paho.on_message = self._on_message
        answer = self._paho.on_connect

        def on_connect(paho: Paho, data: Any, flags: Any, *rest: Any) -> None:
            self.session_present = bool(flags.session_present)
            if answer is not None:
                answer(paho, data, flags, *rest)

        self._paho.on_connect = on_connect

    async def subscribe(self, topics: Sequence[str]) -> None:
        """Ask for all topics at QoS 1.

        Raises:
            MqttError: the broker does not answer, or refuses one.
        """
        asking = asyncio.ensure_future(self.client.subscribe([(topic, 1) for topic in topics], timeout=math.inf))
        try:
            while not (await asyncio.wait({asking}, timeout=HANDSHAKE_S))[0]:
                # The answer may lie behind messages, or behind the acknowledgements that we owe.
                if not (self._is_paused() or self._owes()):
                    raise aiomqtt.MqttError("does not answer a subscription")
        finally:
            asking.cancel()
        codes = await asking
        refused = [topic for topic, code in zip(topics, codes, strict=False) if _is_refusal(code)]
        if refused:
            raise aiomqtt.MqttError(f"refuses the subscription to {', '.join(refused)}")

    async def until_lost(self) -> None:
        """Wait until the connection is lost, which raises MqttError; no message comes this way."""
        async for _ in self.client.messages:
            pass

    async def until_broken(self) -> None:
        """Wait until reading fails in a way that paho does not bear, which raises MqttError."""
        await self._broken

    async def keep_alive(self) -> None:
        """Keep paho from giving the broker up where no answer can be expected.

        paho goes on sending pings, which is what the broker wants. But while nothing is read, the answers
        lie in the socket behind messages; and the embedded broker gives none while it waits for
        acknowledgements.
        """
        while True:
            await asyncio.sleep(1)
            if self._is_paused() or self._owes():
                self._paho._ping_t = 0  # noqa: SLF001 - the only way to call off the wait for an answer

    def take_over_reading(self) -> None:
        """Read the socket ourselves from now on, instead of aiomqtt, which cannot pause."""
        self._reading = True
        self.choose_reading()

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
        """Send PUBACKs, in order."""
        for packet in packets:
            self._paho.ack(packet, 1)

    async def say_farewell(self) -> None:
        """Wait until the broker has read all that was sent; messages that come meanwhile come again.

        A socket that is closed while something lies unread in it takes back what was sent on it.
        So read on, and ask for something that needs an answer.
        """
        self._discarding = True
        self.choose_reading()
        with suppress(aiomqtt.MqttError):
            # Not an unsubscribe: the embedded broker answers none for a topic that was never asked for.
            await self.client.subscribe(_NO_TOPIC, timeout=FAREWELL_S)

    def close(self) -> None:
        """Do nothing more on the event loop."""
        self._reading = False
        self._broken.cancel()

    def _wants_to_read(self) -> bool:
        return self._discarding or not self._is_paused()

    def _on_message(self, _paho: Paho, _data: Any, message: MQTTMessage) -> None:
        self._taken += 1
        if not self._discarding:
            self._take(self.number, message)

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


def _client(settings: IngestSettings, address: Address) -> aiomqtt.Client:
    common: dict[str, Any] = {
        "hostname": address.host,
        "port": address.port,
        "username": address.user,
        "password": address.password,
        "identifier": settings.client_id,
        "keepalive": KEEP_ALIVE_S,
        "timeout": HANDSHAKE_S,
        "tls_params": aiomqtt.TLSParameters() if address.tls else None,
    }
    if settings.mqtt_protocol == 3:
        return aiomqtt.Client(**common, protocol=aiomqtt.ProtocolVersion.V311, clean_session=False)
    properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
    properties.SessionExpiryInterval = settings.session_expiry_s
    properties.ReceiveMaximum = settings.receive_maximum
    return aiomqtt.Client(**common, protocol=aiomqtt.ProtocolVersion.V5, clean_start=False, properties=properties)


def _is_refusal(code: Any) -> bool:
    value = getattr(code, "value", code)
    return isinstance(value, int) and value >= 0x80


def _reason(error: BaseException) -> str:
    """Say what happened to the connection, as the rest of a sentence about the broker."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    cause = error.__cause__ if isinstance(error.__cause__, aiomqtt.MqttError) else error
    text = str(cause).rstrip(".") or type(cause).__name__
    if text.startswith(("refuses", "sends", "does not")):
        return text
    return f"{'refuses us' if isinstance(cause, MqttConnectError) else 'cannot be reached'}: {text}"
