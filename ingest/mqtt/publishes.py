"""Reads PUBLISH packets of MQTT 5, many at a time.

By hand and not by the codec that reads everything else: the codec takes as long, gives a new topic
text for each message, and dies of a topic that is not UTF-8, which any device could send.
"""

from dataclasses import dataclass, field
from struct import Struct, error
from typing import Final

MOST_TOPICS: Final = 65_536
"""Topics that are remembered as text; beyond it all are forgotten and learned again."""

_HEAD: Final = Struct(">BBBH").unpack_from
_PACKET_AND_PROPERTIES: Final = Struct(">HB").unpack_from

_AT_MOST_ONCE: Final = frozenset({0x30, 0x31})
_AT_LEAST_ONCE: Final = frozenset({0x32, 0x33, 0x3A, 0x3B})


class Malformed(Exception):
    """Bytes that are no MQTT packet."""


@dataclass(slots=True)
class Publishes:
    """What a run of ordinary PUBLISH packets holds, as columns.

    Attributes:
        packets: packet ids; 0 at QoS 0.
        retained: positions of those that the broker had kept.
        stop: where the first byte lies that was not read.
        wanted: bytes from `stop` on that are needed to go on; 0 where other packets follow, or there was no room.
    """

    packets: list[int] = field(default_factory=list)
    topics: list[str] = field(default_factory=list)
    payloads: list[bytes] = field(default_factory=list)
    retained: list[int] = field(default_factory=list)
    stop: int = 0
    wanted: int = 0


@dataclass(frozen=True, slots=True)
class Odd:
    """One packet that is not an ordinary PUBLISH: where it begins, where its body does, and its size altogether."""

    first: int
    body: int
    size: int


class PublishReader:
    """Reads PUBLISH packets, and knows the topics that it has seen as text."""

    def __init__(self, max_payload: int) -> None:
        """Take the bytes of a payload at most; longer ones are left to the caller."""
        self._max_payload = max_payload
        self._known: dict[bytes, str] = {}

    def read(self, data: bytes, position: int, room: int) -> Publishes:
        """Read ordinary PUBLISH packets, from a position to the first packet that is not one, or not whole.

        Ordinary is a PUBLISH at QoS 0 or 1 whose topic is text, and not empty, and whose payload is not too long.

        Args:
            data: bytes from the broker.
            position: where a packet begins.
            room: packets to read at most.
        """
        # Local names, and one test a step: this is done for each message.
        packets: list[int] = []
        topics: list[str] = []
        payloads: list[bytes] = []
        retained: list[int] = []
        known, head, packet_and_properties, most = self._known.get, _HEAD, _PACKET_AND_PROPERTIES, self._max_payload
        end, wanted = len(data), 0
        try:
            for _ in range(room):
                if end - position < 5:
                    break
                first, low, high, length = head(data, position)
                # The size takes one byte or two here; a third makes a packet odd.
                if low < 128:
                    stop, name = position + 2 + low, position + 4
                    length = high << 8 | length >> 8
                elif high < 128:
                    stop, name = position + low + (high << 7) - 125, position + 5
                else:
                    break
                if stop > end:
                    wanted = stop - position
                    break
                body = name + length
                if first == 0x32 or first in _AT_LEAST_ONCE:
                    packet, properties = packet_and_properties(data, body)
                    body += 3
                elif first in _AT_MOST_ONCE:
                    packet, properties = 0, data[body]
                    body += 1
                else:
                    break
                if properties:
                    if properties > 127:
                        break
                    body += properties
                if not body <= stop <= body + most:
                    break
                key = data[name : name + length]
                topic = known(key) or self._learn(key)
                if not topic:
                    break
                if first & 1:
                    retained.append(len(topics))
                packets.append(packet)
                topics.append(topic)
                payloads.append(data[body:stop])
                position = stop
        except (error, IndexError):
            # A packet contradicts its own size; whoever reads it as an odd one will find that out.
            pass
        return Publishes(packets, topics, payloads, retained, position, wanted)

    def _learn(self, key: bytes) -> str:
        """Make a text of a topic; empty where it is none."""
        if len(self._known) >= MOST_TOPICS:
            self._known.clear()
        try:
            topic = self._known[key] = key.decode()
        except UnicodeDecodeError:
            return ""
        return topic


def measure(data: bytes, position: int) -> Odd | None:
    """Find out how long the packet at a position is; None where even that has not come yet.

    Raises:
        Malformed: the size takes more than four bytes.
    """
    found = _variable(data, position + 1)
    if found is None:
        return None
    size, body = found
    return Odd(data[position], body, body - position + size)


def _variable(data: bytes, position: int) -> tuple[int, int] | None:
    """Read a number of one to four bytes, and where it ends; None where not all of it is there."""
    value = 0
    for count, byte in enumerate(data[position : position + 4]):
        value |= (byte & 0x7F) << (7 * count)
        if byte < 128:
            return value, position + count + 1
    if len(data) - position >= 4:
        raise Malformed("a size takes more than four bytes")
    return None


@dataclass(frozen=True, slots=True)
class OddPublish:
    """A PUBLISH of any kind, as far as it has come.

    Attributes:
        packet: its packet id; 0 at QoS 0.
        quality: its quality of service, 0 to 2.
        payload: as much of it as has come.
        payload_size: bytes of all of it.
    """

    packet: int
    quality: int
    retained: bool
    topic: bytes
    payload: bytes
    payload_size: int


def read_publish(data: bytes, position: int, odd: Odd) -> OddPublish:
    """Read one PUBLISH of any kind, of which at least the beginning has come.

    Raises:
        Malformed: it contradicts itself.
    """
    quality, stop = odd.first >> 1 & 3, position + odd.size
    topic_end = odd.body + 2 + int.from_bytes(data[odd.body : odd.body + 2])
    after = topic_end + (2 if quality else 0)
    packet = int.from_bytes(data[topic_end:after]) if quality else 0
    properties = _variable(data, after)
    if properties is None or sum(properties) > stop or quality == 3 or (quality and not packet):
        raise Malformed("a PUBLISH contradicts its own size or quality of service")
    payload, topic = sum(properties), data[odd.body + 2 : topic_end]
    return OddPublish(packet, quality, bool(odd.first & 1), topic, data[payload:stop], stop - payload)
