"""Tries what a broker does with a session whose owner was away; the session is removed afterwards."""

import socket
import ssl
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from secrets import token_hex
from typing import Final

import mqtt5

from ingest.mqtt.reasons import GOODBYES, REFUSALS, in_words
from ioc.runtime.broker_address import Address

MESSAGES: Final = 2_500
"""Messages published while nobody listens: more than brokers keep where nobody has told them to keep all."""

ALLOWED: Final = 20
"""Messages that the broker may send before any is acknowledged."""

IN_FLIGHT: Final = 500
"""Messages published while the session listens but acknowledges nothing, before it goes away."""

_UNBOUNDED: Final = 65_535
_ANSWER_S: Final = 10.0
_SILENCE_S: Final = 1.0
"""Seconds without a message after which no more is expected."""

_UNCONFIRMED: Final = 100
_EXPIRY_S: Final = 120
_SUBSCRIPTION: Final = 1


class NotTried(Exception):
    """The trial could not be carried out; the text says why, and goes on from "The broker …"."""


@dataclass(frozen=True, slots=True)
class Trial:
    """What the broker did.

    Attributes:
        published: messages that it has taken for the session.
        in_flight: how many of them it sent, none of which was acknowledged, before the session went away.
        at_once: how many it sent, where `ALLOWED` were asked for, when the session was back, before any was
            acknowledged.
        kept: how many of them it sent in all.
        session_present: whether it still knew the session.
    """

    published: int
    in_flight: int
    at_once: int
    kept: int
    session_present: bool


def try_session(address: Address, tls: ssl.SSLContext | None) -> Trial:
    """Subscribe, go away, have messages published, come back, and count.

    No subscription to # gets anything of a topic that begins with $. Where the broker bears no such
    topic, another one is used, whose messages ingest passes over.

    Raises:
        NotTried: the broker cannot be reached, or does not let us subscribe or publish there.
    """
    name = f"ioc-doctor-{token_hex(4)}"
    try:
        return _try_on(address, tls, name, f"$ioc/doctor/{name}")
    except NotTried:
        return _try_on(address, tls, name, f"ioc/doctor/{name}")


def _try_on(address: Address, tls: ssl.SSLContext | None, name: str, topic: str) -> Trial:
    try:
        # Clean start is off here, too: the embedded broker forgets a session that began clean.
        with _call(address, tls, name, clean=False, allowed=_UNBOUNDED) as first:
            first.subscribe(topic)
            _publish(address, tls, f"{name}-publisher", topic, range(IN_FLIGHT))
            in_flight = len(set(first.messages()))
        _publish(address, tls, f"{name}-publisher", topic, range(IN_FLIGHT, MESSAGES))
        try:
            with _call(address, tls, name, clean=False) as second:
                at_once = list(second.messages())
                kept = set(at_once)
                # What is acknowledged makes room for more.
                second.acknowledge(len(at_once))
                for payload in second.messages(acknowledge=True):
                    kept.add(payload)
            return Trial(MESSAGES, in_flight, len(at_once), len(kept), second.session_present)
        finally:
            with suppress(NotTried, OSError), _call(address, tls, name, clean=True, expiry_s=0):
                pass
    except OSError as problem:
        raise NotTried(f"breaks off: {problem}") from None


def _publish(address: Address, tls: ssl.SSLContext | None, name: str, topic: str, numbers: range) -> None:
    with _call(address, tls, name, clean=True, expiry_s=0) as publisher:
        window = min(_UNCONFIRMED, publisher.receive_maximum)
        for start in range(0, len(numbers), window):
            publisher.publish(topic, numbers[start : start + window])


class _Caller:
    """One connection that waits for each answer."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._rest = b""
        self._unacknowledged: list[int] = []
        self.session_present = False
        self.receive_maximum = 65_535

    def greet(self, connect: mqtt5.ConnectPacket) -> None:
        self._connection.sendall(connect.write())
        answer = self._next(_ANSWER_S)
        if not isinstance(answer, mqtt5.ConnAckPacket):
            raise NotTried("does not speak MQTT 5")
        if answer.reason_code != mqtt5.ConnAckReasonCode.SUCCESS:
            raise NotTried(f"refuses us: {in_words(REFUSALS, int(answer.reason_code), answer.reason_str)}")
        self.session_present, self.receive_maximum = answer.session_present, answer.receive_max

    def subscribe(self, topic: str) -> None:
        filters = [mqtt5.TopicFilter(topic, max_qos=mqtt5.QoS.AT_LEAST_ONCE)]
        self._connection.sendall(mqtt5.SubscribePacket(_SUBSCRIPTION, filters).write())
        answer = self._next(_ANSWER_S)
        if not isinstance(answer, mqtt5.SubAckPacket) or int(answer.reason_codes[0]) != 1:
            raise NotTried(f"does not let us subscribe to {topic} at QoS 1")

    def publish(self, topic: str, numbers: Iterable[int]) -> None:
        """Publish messages and wait until all of them are confirmed."""
        waiting = {number + 1 for number in numbers}
        self._connection.sendall(
            b"".join(
                mqtt5.PublishPacket(topic, b"%d" % number, qos=mqtt5.QoS.AT_LEAST_ONCE, packet_id=number).write()
                for number in sorted(waiting)
            )
        )
        while waiting:
            answer = self._next(_ANSWER_S)
            if not isinstance(answer, mqtt5.PubAckPacket) or int(answer.reason_code) >= 0x80:
                raise NotTried(f"does not let us publish on {topic}")
            waiting.discard(answer.packet_id)

    def messages(self, *, acknowledge: bool = False) -> Iterator[bytes]:
        """Give messages until none comes for a while."""
        while True:
            try:
                packet = self._next(_SILENCE_S)
            except TimeoutError:
                return
            if not isinstance(packet, mqtt5.PublishPacket):
                continue
            self._unacknowledged += [packet.packet_id] if packet.packet_id else []
            if acknowledge:
                self.acknowledge(1)
            yield packet.payload

    def acknowledge(self, count: int) -> None:
        done, self._unacknowledged = self._unacknowledged[:count], self._unacknowledged[count:]
        self._connection.sendall(b"".join(mqtt5.PubAckPacket(packet).write() for packet in done))

    def _next(self, seconds: float) -> mqtt5.Packet:
        deadline = time.monotonic() + seconds
        while True:
            try:
                packet, size = mqtt5.read(memoryview(self._rest))
            except IndexError:
                pass
            except ValueError:
                raise NotTried("does not speak MQTT 5") from None
            else:
                self._rest = self._rest[size:]
                if isinstance(packet, mqtt5.DisconnectPacket):
                    raise NotTried(in_words(GOODBYES, int(packet.reason_code), packet.reason_str))
                return packet
            self._connection.settimeout(max(0.001, deadline - time.monotonic()))
            data = self._connection.recv(65_536)
            if not data:
                raise NotTried("closes the connection")
            self._rest += data


@contextmanager
def _call(
    address: Address,
    tls: ssl.SSLContext | None,
    name: str,
    *,
    clean: bool,
    expiry_s: int = _EXPIRY_S,
    allowed: int = ALLOWED,
) -> Iterator[_Caller]:
    """Connect until the block ends, which ends like a cut wire where the session is to be kept."""
    with socket.create_connection((address.host, address.port), _ANSWER_S) as plain:
        connection = plain if tls is None else tls.wrap_socket(plain, server_hostname=address.host)
        with connection:
            connection.settimeout(_ANSWER_S)
            caller = _Caller(connection)
            caller.greet(
                mqtt5.ConnectPacket(
                    name,
                    username=address.user,
                    password=None if address.password is None else address.password.encode(),
                    clean_start=clean,
                    keep_alive=60,
                    session_expiry_interval=expiry_s,
                    receive_max=allowed,
                )
            )
            yield caller
            if not expiry_s:
                connection.sendall(mqtt5.DisconnectPacket().write())
