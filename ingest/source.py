"""Where messages come from: the port that every adapter of a broker fulfils, with its bounded inbox."""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from ioc.model.events import RawMessage, Rejected
from ioc.model.instant import Instant

SMALLEST_WINDOW: Final = 16
"""Messages in flight below which a pause of the broker's is not taken for a full window."""

Receipt = Any
"""What a source needs in order to acknowledge some messages; whoever receives them only gives it back."""


@dataclass(slots=True)
class Batch:
    """Messages in the order of receipt, as columns, because an object for each would cost as much as decoding it.

    Attributes:
        topics, payloads, received_at, retained: one item for each message.
        rejected: what is refused before anybody has read it: too long, or its topic is not text.
        receipts: what the source needs in order to acknowledge all of it.
    """

    topics: list[str] = field(default_factory=list)
    payloads: list[bytes] = field(default_factory=list)
    received_at: list[Instant] = field(default_factory=list)
    retained: list[bool] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)
    receipts: list[Receipt] = field(default_factory=list)

    @classmethod
    def of(cls, messages: Iterable[RawMessage | Rejected], receipts: Sequence[Receipt] = ()) -> "Batch":
        """Gather messages into columns."""
        batch = cls(receipts=list(receipts))
        for message in messages:
            if isinstance(message, Rejected):
                batch.rejected.append(message)
            else:
                batch.topics.append(message.topic)
                batch.payloads.append(message.payload)
                batch.received_at.append(message.received_at)
                batch.retained.append(message.retained)
        return batch

    def __len__(self) -> int:
        """Count the messages, and what is rejected."""
        return len(self.topics) + len(self.rejected)

    @property
    def messages(self) -> list[RawMessage | Rejected]:
        """Everything as objects, made at each call, for whoever is in no hurry; what is rejected comes last."""
        return [*map(RawMessage, self.topics, self.payloads, self.received_at, self.retained), *self.rejected]

    def extend(self, other: "Batch") -> None:
        """Add what another batch holds."""
        self.topics += other.topics
        self.payloads += other.payloads
        self.received_at += other.received_at
        self.retained += other.retained
        self.rejected += other.rejected
        self.receipts += other.receipts


@dataclass(frozen=True, slots=True)
class Session:
    """How messages come at present.

    Attributes:
        adapter, protocol: by what they come; empty where nothing is connected, or where it has no name.
        lost: how often the broker has forgotten the session while we were away, and with it what it kept for us.
        lost_at: when we last found that out; None for never.
    """

    adapter: str = ""
    protocol: str = ""
    lost: int = 0
    lost_at: Instant | None = None


class MessageSource(Protocol):
    """Gives messages, and tells the broker when they are kept.

    Whoever reads calls `receive` and `acknowledge` in turn, from one task. What was received and
    not acknowledged comes again: after a lost connection, or to the next process. So the same
    message may be given twice, but none that the broker has taken is ever dropped here.
    """

    @property
    def problem(self) -> str | None:
        """Why no messages can come at present, in a sentence for a human; None while connected."""

    @property
    def backlog(self) -> int:
        """How many messages wait to be received by the caller."""

    @property
    def session(self) -> Session:
        """How messages come at present."""
        return Session()

    async def receive(self, limit: int, *, wait: float, linger: float) -> Batch:
        """Wait for a first message, then a little for more.

        Args:
            limit: at most so many messages.
            wait: seconds for the first; an empty batch where none came.
            linger: seconds for more after the first.
        """

    def acknowledge(self, batch: Batch) -> None:
        """Tell the broker that a batch is kept. Must be called in the order of receipt.

        What came on a connection that is lost meanwhile is not acknowledged: the broker sends it again.
        """

    def stop_reading(self) -> None:
        """Take nothing more from the broker; what has come can still be received and acknowledged."""


@dataclass(slots=True)
class Portion:
    """What came in one reading of one connection.

    It holds either messages or one that is rejected, never both, so that it can be cut anywhere.

    Attributes:
        batch: the messages; its receipts are still empty.
        line: the connection's number.
        packets: a packet id for each message; 0 where the broker expects no acknowledgement.
        size: bytes of all of them.
    """

    batch: Batch
    line: int
    packets: list[int]
    size: int

    def cut(self, count: int) -> "Portion":
        """Take the first `count` messages out of it."""
        batch, size = self.batch, self.size * count // len(self.packets)
        head = Batch(batch.topics[:count], batch.payloads[:count], batch.received_at[:count], batch.retained[:count])
        packets = self.packets[:count]
        del batch.topics[:count], batch.payloads[:count], batch.received_at[:count], batch.retained[:count]
        del self.packets[:count]
        self.size -= size
        return Portion(head, self.line, packets, size)


def expecting_acknowledgement(packets: list[int]) -> int:
    """Count the packet ids that the broker waits for."""
    return len(packets) - packets.count(0)


class Inbox:
    """What has come and nobody has received yet: bounded by count and by bytes, never discarding.

    When it is full it says so once, and whoever fills it must stop reading. It has room again when it
    is half empty. What is already half read may still be put.
    """

    def __init__(self, limit: int, limit_bytes: int, when_changed: Callable[[], None]) -> None:
        """Take the bounds, and what to call when `is_full` changes."""
        self._limit = limit
        self._limit_bytes = limit_bytes
        self._when_changed = when_changed
        self._waiting: deque[Portion] = deque()
        self._count = 0
        self._bytes = 0
        self._first = asyncio.Event()
        self._enough = asyncio.Event()
        self._target = 1
        self._in_flight = 0
        self._window = 0
        self._closed = False
        self.is_full = False

    def __len__(self) -> int:
        """Count the messages that wait."""
        return self._count

    @property
    def room(self) -> int:
        """How many messages may be put before it is full."""
        return 0 if self.is_full else self._limit - self._count

    def put(self, portion: Portion) -> None:
        """Add what has come."""
        self._waiting.append(portion)
        self._count += len(portion.packets)
        self._bytes += portion.size
        self._in_flight += expecting_acknowledgement(portion.packets)
        self._first.set()
        if self._count >= self._target or self._window_is_full():
            self._enough.set()
        if not self.is_full and (self._count >= self._limit or self._bytes >= self._limit_bytes):
            self.is_full = True
            self._when_changed()

    async def take(self, limit: int, *, wait: float, linger: float) -> Batch:
        """Take what waits; see `MessageSource.receive`. Each receipt is a line's number and its packet ids."""
        await _set_within(self._first, wait)
        self._target = limit
        if not self._closed and 0 < self._count < limit and not self._window_is_full():
            self._enough.clear()
            await _set_within(self._enough, linger)
        self._window = max(self._window, self._in_flight)
        return self._cut(limit)

    def close(self) -> None:
        """Note that nothing more will come: from now on nobody waits for it."""
        self._closed = True
        self._first.set()
        self._enough.set()

    @property
    def in_flight(self) -> int:
        """How many messages of the present connection have come and were not acknowledged."""
        return self._in_flight

    def settle(self, count: int) -> None:
        """Note that so many messages of the present connection were acknowledged."""
        self._in_flight -= count

    def forget_in_flight(self) -> None:
        """Note that the connection is another one: what was in flight on the old one comes again."""
        self._in_flight = self._window = 0

    def _window_is_full(self) -> bool:
        # The broker stops at a number of messages in flight that it does not tell. Where it has been seen to
        # stop before, waiting for more would only waste the linger.
        return self._window >= SMALLEST_WINDOW and self._in_flight >= self._window

    def _cut(self, limit: int) -> Batch:
        batch = Batch()
        while self._waiting and len(batch) < limit:
            room = limit - len(batch)
            portion = self._waiting[0].cut(room) if len(self._waiting[0].packets) > room else self._waiting.popleft()
            batch.extend(portion.batch)
            batch.receipts.append((portion.line, portion.packets))
            self._bytes -= portion.size
        self._count -= len(batch)
        if not self._waiting and not self._closed:
            self._first.clear()
        if self.is_full and self._count <= self._limit // 2 and self._bytes <= self._limit_bytes // 2:
            self.is_full = False
            self._when_changed()
        return batch


async def _set_within(event: asyncio.Event, seconds: float) -> None:
    if event.is_set():
        return
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        pass
