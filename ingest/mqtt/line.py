"""What a connection to a broker is, whoever speaks MQTT on it: from its first packet to its loss, then never again."""

import os
import socket
import sys
from collections.abc import Sequence
from typing import Any, Final, Protocol

from ioc.model.events import Rejected
from ioc.model.instant import Instant

HANDSHAKE_S: Final = 10.0
"""Seconds for the broker to answer a connect or a subscribe."""

FAREWELL_S: Final = 0.5
"""Seconds for the broker to confirm that it has seen the last acknowledgements."""

UNANSWERED_S: Final = 4.0
"""Seconds for the broker's machine to confirm that it has our bytes, whether or not we read (Linux only)."""

PAYLOAD_START: Final = 512
"""Bytes kept of a payload that is too long."""

QOS_2: Final = 0x1_0000
"""Set in a packet id whose message came at QoS 2."""


class LineLost(Exception):
    """A connection has ended, or never began; the text goes on from "The broker at …".

    Attributes:
        pause: seconds to wait at least before the next attempt.
    """

    def __init__(self, reason: str, *, pause: float = 0.0) -> None:
        super().__init__(reason)
        self.pause = pause


class OldProtocol(LineLost):
    """The broker does not speak MQTT 5.

    Attributes:
        certain: it has said so; else it only hung up without a word.
    """

    def __init__(self, reason: str, *, certain: bool) -> None:
        super().__init__(reason)
        self.certain = certain


class Host(Protocol):
    """Whose connection it is: takes the messages, and says when there is room for them."""

    @property
    def is_paused(self) -> bool:
        """Whether nothing may be read at present."""

    @property
    def room(self) -> int:
        """How many messages may be taken at present."""

    @property
    def owes(self) -> bool:
        """Whether messages of the present connection have not been acknowledged yet."""

    def now(self) -> Instant:
        """Say what time it is."""

    def take(
        self, packets: list[int], topics: list[str], payloads: list[bytes], retained: Sequence[int], size: int
    ) -> None:
        """Take messages that came now.

        Args:
            packets: a packet id for each; 0 where no acknowledgement is expected.
            topics: a topic for each.
            payloads: a payload for each.
            retained: the positions of those that the broker had kept for whoever subscribes.
            size: bytes of all of them.
        """

    def take_rejected(self, packet: int, rejected: Rejected) -> None:
        """Take a message that nobody will read."""

    def opened(self, *, session_present: bool) -> None:
        """Note that the broker has let us in.

        Raises:
            LineLost: the connection is not worth keeping.
        """

    def subscribed(self, lowered: Sequence[str]) -> None:
        """Note that the broker has granted every subscription, but those to the `lowered` topics at QoS 0 only."""


class Line(Protocol):
    """One connection. What is acknowledged on it must have come on it."""

    @property
    def protocol(self) -> str:
        """The version of MQTT that is spoken, such as 5."""

    async def live(self) -> None:
        """Connect, subscribe, and stay until the connection is lost.

        Raises:
            LineLost: always, with the reason.
        """

    def acknowledge(self, packets: Sequence[int]) -> None:
        """Send acknowledgements, in order; none of the packet ids is 0."""

    def choose_reading(self) -> None:
        """Begin or stop to read, as the host wants it now."""

    async def say_farewell(self) -> None:
        """Make sure that the broker has seen every acknowledgement, as far as it takes no more than `FAREWELL_S`."""

    def leave(self) -> None:
        """Wait for nothing any more but the broker's farewell."""


def prepare_socket(connection: Any) -> None:
    """Send at once, and notice within `UNANSWERED_S` that nobody takes what is sent."""
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if sys.platform == "linux":
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(UNANSWERED_S * 1_000))


def failure_of(connection: Any) -> str | None:
    """Say what has befallen a socket; while nothing is read, nobody else would notice."""
    code = connection.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
    return f"cannot be reached: {os.strerror(code)}" if code else None


def rejected_as_too_long(topic: str, start: bytes, size: int, limit: int, now: Instant) -> Rejected:
    """Say that a payload of `size` bytes, of which the `start` is given, is longer than allowed."""
    reason = f"the payload has {size} bytes; at most {limit} are read"
    return Rejected(topic, start[:PAYLOAD_START], size, None, reason, now)


def rejected_topic(topic: bytes, payload: bytes, now: Instant) -> Rejected:
    """Say that a topic is not text."""
    shown = topic.decode(errors="backslashreplace")
    return Rejected(shown, payload[:PAYLOAD_START], len(payload), None, "the topic is not UTF-8", now)
