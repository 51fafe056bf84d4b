"""A connection by an asyncio protocol of our own: MQTT 5 only, and as fast as Python reads bytes."""

import asyncio
import fcntl
import ssl
import struct
import sys
import termios
from collections.abc import Sequence
from typing import Any, Final, cast

import mqtt5

from ingest.mqtt.line import (
    FAREWELL_S,
    HANDSHAKE_S,
    QOS_2,
    Host,
    LineLost,
    OldProtocol,
    failure_of,
    prepare_socket,
    rejected_as_too_long,
    rejected_topic,
)
from ingest.mqtt.publishes import Malformed, Odd, OddPublish, PublishReader, measure, read_publish
from ingest.mqtt.reasons import GOODBYES, REFUSALS, in_words, what_happened
from ingest.settings import IngestSettings
from ioc.runtime.broker_address import Address
from ioc.runtime.logging import Log

KEEP_ALIVE_S: Final = 15
"""Seconds of our silence that the broker must bear; it gives us up after one and a half times as many."""

PING_S: Final = 3.0
"""Seconds between two questions whether the broker is still there."""

SILENCE_S: Final = 7.0
"""Seconds of the broker's silence after which it is given up; longer than two pings need."""

TAKEN_OVER_S: Final = 5.0
"""Seconds before we come back after somebody else has taken our name, so that two do not chase each other."""

_LOOK_S: Final = 1.0
"""Seconds between two looks at whether the broker is still there."""

_BREATH_S: Final = 0.002
"""Seconds without reading after a small read that followed another at once: many brokers write each message by itself,
and a read for each would cost more than everything else."""

_AT_ONCE_S: Final = 0.001
_SMALL_READ: Final = 4_096

_HEADROOM: Final = 131_072
"""Bytes for topic and properties of a message, besides its payload; only the beginning of a longer one is held."""

_PUBACK: Final = 0x4002_0000
_PUBREC: Final = 0x5002_0000
_PUBCOMP: Final = 0x7002_0000
_SUBSCRIPTION: Final = 1
"""The packet id of our only request."""

_LOG = Log("ingest")


class FastLine(asyncio.Protocol):
    """One connection, from its first byte to its loss; see `Line`."""

    protocol = "5"

    def __init__(self, settings: IngestSettings, address: Address, tls: ssl.SSLContext | None, host: Host) -> None:
        """Take what to connect to, and whose connection it is."""
        self._settings = settings
        self._address = address
        self._tls = tls
        self._host = host
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._reader = PublishReader(settings.max_payload)
        self._greeting: asyncio.Future[mqtt5.ConnAckPacket] = self._loop.create_future()
        self._granted: asyncio.Future[mqtt5.SubAckPacket] = self._loop.create_future()
        self._lost: asyncio.Future[LineLost] = self._loop.create_future()
        self._look_again: asyncio.TimerHandle | None = None
        self._ping_s = PING_S
        self._heard_anything = False
        self._heard_at = self._excused_at = self._asked_at = self._looked_at = self._loop.time()
        self._pieces: list[bytes] = []
        self._held = 0
        self._wanted = 0
        self._skipping = 0
        self._paused = False
        self._breath: asyncio.TimerHandle | None = None
        self._discarding = False

    async def live(self) -> None:
        """Connect, subscribe, and stay until the connection is lost."""
        try:
            answer = await self._greet()
            self._host.opened(session_present=answer.session_present)
            self._host.subscribed(await self._subscribe())
            raise await self._lost
        finally:
            for timer in (self._look_again, self._breath):
                if timer is not None:
                    timer.cancel()
            if self._transport is not None:
                self._transport.abort()

    def acknowledge(self, packets: Sequence[int]) -> None:
        """Send acknowledgements in one write, in order."""
        words = [_PUBACK | packet if packet < QOS_2 else _PUBREC | packet & ~QOS_2 for packet in packets]
        self._send(struct.pack(f">{len(words)}I", *words))

    def choose_reading(self) -> None:
        """Begin or stop to read, as the host wants it now."""
        wanted = self._discarding or not self._host.is_paused
        if wanted is not self._paused:
            return
        self._paused = not wanted
        if wanted:
            self._excused_at = self._loop.time()
            # What has been read already comes first, and not inside the call that made room.
            self._loop.call_soon(self._go_on)
        self._control_socket()

    async def say_farewell(self) -> None:
        """Leave, and read on until the broker hangs up, for then it has read everything that we sent.

        A socket that is closed while something lies unread in it takes back what was sent on it. What
        comes meanwhile is not taken: it comes again.
        """
        if self._transport is None or self._lost.done():
            return
        self._discarding = True
        self.choose_reading()
        self._send(mqtt5.DisconnectPacket().write())
        await asyncio.wait({self._lost}, timeout=FAREWELL_S)

    def leave(self) -> None:
        """Wait for nothing any more."""
        self._lose(LineLost("is left"))

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the connection, which is encrypted already where it should be."""
        self._transport = cast("asyncio.Transport", transport)
        prepare_socket(transport.get_extra_info("socket"))
        self._heard_at = self._excused_at = self._asked_at = self._looked_at = self._loop.time()
        self._look_again = self._loop.call_later(_LOOK_S, self._look)

    def connection_lost(self, exc: Exception | None) -> None:
        """Note that the connection has ended."""
        self._lose(LineLost("closes the connection" if exc is None else what_happened(exc)))

    def data_received(self, data: bytes) -> None:
        """Read what the broker sends."""
        self._heard_anything = True
        now = self._loop.time()
        if now - self._heard_at < _AT_ONCE_S and len(data) < _SMALL_READ and self._breath is None:
            self._breath = self._loop.call_later(_BREATH_S, self._breathe)
            self._control_socket()
        self._heard_at = now
        if self._skipping:
            skipped = min(self._skipping, len(data))
            self._skipping -= skipped
            data = data[skipped:]
        if self._pieces:
            self._pieces.append(data)
            self._held += len(data)
            if self._held < self._wanted:
                return
            data = b"".join(self._pieces)
            self._pieces.clear()
        if data:
            self._read(data)

    def _breathe(self) -> None:
        self._breath = None
        self._control_socket()

    def _control_socket(self) -> None:
        transport = self._transport
        if transport is None or transport.is_closing():
            return
        if self._paused or self._breath is not None:
            transport.pause_reading()
        else:
            transport.resume_reading()

    def _go_on(self) -> None:
        """Read what was left for want of room."""
        if self._pieces and self._held >= self._wanted and not self._lost.done():
            data = b"".join(self._pieces)
            self._pieces.clear()
            self._read(data)

    def _read(self, data: bytes) -> None:
        position = wanted = 0
        try:
            while position < len(data) and not wanted and not self._lost.done():
                room = sys.maxsize if self._discarding else self._host.room
                if not room:
                    break
                found = self._reader.read(data, position, room)
                if found.packets and not self._discarding:
                    size = found.stop - position
                    self._host.take(found.packets, found.topics, found.payloads, found.retained, size)
                position, wanted = found.stop, found.wanted
                if not wanted and len(found.packets) < room and position < len(data):
                    position, wanted = self._read_odd(data, position)
        except (Malformed, ValueError, IndexError) as error:
            self._lose(LineLost(f"sends what cannot be read ({error})"))
            return
        if position < len(data):
            self._pieces = [data[position:]]
            self._held = len(data) - position
            self._wanted = wanted

    def _read_odd(self, data: bytes, position: int) -> tuple[int, int]:
        """Read a packet that is not an ordinary PUBLISH; give where the next begins, or the bytes that are wanted."""
        odd = measure(data, position)
        here = len(data) - position
        if odd is None:
            return position, here + 1
        if odd.first >> 4 == 3:
            limit = self._settings.max_payload + _HEADROOM
            if here < min(odd.size, limit):
                return position, min(odd.size, limit)
            self._take_odd(read_publish(data, position, odd))
            self._skipping = max(0, odd.size - here)
            return min(position + odd.size, len(data)), 0
        if odd.size > _HEADROOM:
            raise Malformed(f"a packet of type {odd.first >> 4} has {odd.size} bytes")
        if here < odd.size:
            return position, odd.size
        self._obey(data[position : position + odd.size], odd)
        return position + odd.size, 0

    def _take_odd(self, message: OddPublish) -> None:
        if self._discarding:
            return
        packet = message.packet | (QOS_2 if message.quality == 2 else 0)
        now, limit = self._host.now(), self._settings.max_payload
        try:
            topic = message.topic.decode()
        except UnicodeDecodeError:
            self._host.take_rejected(packet, rejected_topic(message.topic, message.payload, now))
            return
        if message.payload_size > limit:
            rejected = rejected_as_too_long(topic, message.payload, message.payload_size, limit, now)
            self._host.take_rejected(packet, rejected)
            return
        self._host.take([packet], [topic], [message.payload], [0] if message.retained else [], message.payload_size)

    def _obey(self, data: bytes, odd: Odd) -> None:
        """Do what a packet other than PUBLISH asks for."""
        if not self._greeting.done() and odd.first >> 4 == 2 and odd.size == 4:
            self._lose(OldProtocol("speaks MQTT 3.1.1 only", certain=True))
            return
        try:
            packet, _ = mqtt5.read(memoryview(data))
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException as broken:
            # The codec panics at some packets, which is no Exception to Python.
            raise Malformed(f"a packet of type {odd.first >> 4}: {broken}") from None
        match packet:
            case mqtt5.ConnAckPacket() if not self._greeting.done():
                self._greeting.set_result(packet)
            case mqtt5.SubAckPacket() if not self._granted.done():
                self._granted.set_result(packet)
            case mqtt5.PubRelPacket():
                self._send(struct.pack(">I", _PUBCOMP | packet.packet_id))
            case mqtt5.PingRespPacket():
                pass
            case mqtt5.DisconnectPacket():
                pause = TAKEN_OVER_S if packet.reason_code == mqtt5.DisconnectReasonCode.SESSION_TAKEN_OVER else 0.0
                self._lose(LineLost(in_words(GOODBYES, int(packet.reason_code), packet.reason_str), pause=pause))
            case _:
                self._lose(LineLost(f"sends a {type(packet).__name__} that nobody asked for"))

    async def _greet(self) -> mqtt5.ConnAckPacket:
        """Connect, and be let in."""
        settings, address = self._settings, self._address
        try:
            async with asyncio.timeout(HANDSHAKE_S):
                await self._loop.create_connection(
                    lambda: self,
                    address.host,
                    address.port,
                    ssl=self._tls,
                    server_hostname=address.host if self._tls else None,
                )
        except TimeoutError:
            raise LineLost("cannot be reached: it does not answer") from None
        except OSError as error:
            raise LineLost(what_happened(error)) from None
        self._send(
            mqtt5.ConnectPacket(
                settings.client_id,
                username=address.user,
                password=None if address.password is None else address.password.encode(),
                clean_start=False,
                keep_alive=KEEP_ALIVE_S,
                session_expiry_interval=settings.session_expiry_s,
                receive_max=settings.receive_maximum,
                # No maximum packet size: a broker drops what is longer, and nobody would know.
                topic_alias_max=0,
            ).write()
        )
        waiting: set[asyncio.Future[Any]] = {self._greeting, self._lost}
        await asyncio.wait(waiting, timeout=HANDSHAKE_S, return_when=asyncio.FIRST_COMPLETED)
        if not self._greeting.done():
            if self._lost.done() and not self._heard_anything and not isinstance(self._lost.result(), OldProtocol):
                raise OldProtocol(f"{self._lost.result()} without a word", certain=False)
            raise self._lost.result() if self._lost.done() else LineLost("does not answer")
        answer = self._greeting.result()
        if answer.reason_code == mqtt5.ConnAckReasonCode.UNSUPPORTED_PROTOCOL_VERSION:
            raise OldProtocol("does not speak MQTT 5", certain=True)
        if answer.reason_code != mqtt5.ConnAckReasonCode.SUCCESS:
            raise LineLost(f"refuses us: {in_words(REFUSALS, int(answer.reason_code), answer.reason_str)}")
        self._heed(answer)
        return answer

    def _heed(self, answer: mqtt5.ConnAckPacket) -> None:
        """Go by what the broker wants otherwise than we asked for."""
        if answer.server_keep_alive:
            self._ping_s = min(PING_S, answer.server_keep_alive / 2)
        granted = answer.session_expiry_interval
        if granted is not None and granted < self._settings.session_expiry_s:
            _LOG.warning(
                "the broker keeps our session for a shorter time than was asked for",
                broker=str(self._address),
                asked_s=self._settings.session_expiry_s,
                granted_s=granted,
            )

    async def _subscribe(self) -> list[str]:
        """Ask for all topics at QoS 1, and tell for which the broker grants less."""
        topics = self._settings.topics
        filters = [
            # Without "retain as published", a message is marked as retained only where the broker had kept it.
            mqtt5.TopicFilter(topic, max_qos=mqtt5.QoS.AT_LEAST_ONCE, retain_as_published=False)
            for topic in topics
        ]
        self._send(mqtt5.SubscribePacket(_SUBSCRIPTION, filters).write())
        waiting: set[asyncio.Future[Any]] = {self._granted, self._lost}
        while not self._granted.done():
            done, _ = await asyncio.wait(waiting, timeout=HANDSHAKE_S, return_when=asyncio.FIRST_COMPLETED)
            if self._lost.done():
                raise self._lost.result()
            # The answer may lie behind messages, or behind the acknowledgements that we owe.
            if not done and not (self._host.is_paused or self._host.owes):
                raise LineLost("does not answer a subscription")
        codes = [int(code) for code in self._granted.result().reason_codes]
        refused = [topic for topic, code in zip(topics, codes, strict=False) if code >= 0x80]
        if refused:
            raise LineLost(f"refuses the subscription to {', '.join(refused)}")
        return [topic for topic, code in zip(topics, codes, strict=False) if code < 1]

    def _look(self) -> None:
        """See whether the broker is still there, and ask it now and then."""
        if self._lost.done():
            return
        now = self._loop.time()
        late, self._looked_at = now - self._looked_at > 2 * _LOOK_S, now
        if late or self._may_be_silent():
            self._excused_at = now
        if now - max(self._heard_at, self._excused_at) > SILENCE_S:
            self._lose(LineLost(f"has been silent for {now - self._heard_at:.0f} s"))
            return
        if failure := failure_of(self._socket()):
            self._lose(LineLost(failure))
            return
        if now - self._asked_at >= self._ping_s - _LOOK_S / 2:
            self._asked_at = now
            self._send(mqtt5.PingReqPacket().write())
        self._look_again = self._loop.call_later(min(_LOOK_S, self._ping_s), self._look)

    def _may_be_silent(self) -> bool:
        """Say whether an answer cannot be expected.

        While nothing is read, it lies in the socket behind messages; then the broker's machine must confirm
        our pings at least. And the embedded broker answers nobody who owes it acknowledgements.
        """
        if self._host.owes:
            return True
        if not self._paused:
            return False
        unread = fcntl.ioctl(self._socket().fileno(), termios.FIONREAD, b"\0\0\0\0")
        return bool(self._pieces) or unread != b"\0\0\0\0"

    def _socket(self) -> Any:
        return cast("asyncio.Transport", self._transport).get_extra_info("socket")

    def _send(self, data: bytes) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(data)

    def _lose(self, reason: LineLost) -> None:
        if not self._lost.done():
            self._lost.set_result(reason)
