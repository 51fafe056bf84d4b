"""Where messages come from: the port that every adapter of a broker fulfils, with its bounded inbox."""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Protocol

from ioc.model.events import RawMessage, Rejected

SMALLEST_WINDOW: Final = 16
"""Messages in flight below which a pause of the broker's is not taken for a full window."""

Receipt = tuple[int, int]
"""Which connection a message came on, and its packet id there; 0 where the broker expects no acknowledgement."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Messages in the order of receipt, with what is needed to acknowledge them.

    A message may be rejected before anybody has read it: too long, or its topic is not text.
    """

    messages: list[RawMessage | Rejected] = field(default_factory=list)
    receipts: list[Receipt] = field(default_factory=list)

    def __len__(self) -> int:
        """Count the messages."""
        return len(self.messages)


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


class Inbox:
    """What has come and nobody has received yet: bounded by count and by bytes, never discarding.

    When it is full it says so once, and whoever fills it must stop reading. It has room again when it
    is half empty. A few messages that are already half read may still be put.
    """

    def __init__(self, limit: int, limit_bytes: int, when_changed: Callable[[], None]) -> None:
        """Take the bounds, and what to call when `is_full` changes."""
        self._limit = limit
        self._limit_bytes = limit_bytes
        self._when_changed = when_changed
        self._waiting: deque[tuple[RawMessage | Rejected, Receipt, int]] = deque()
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
        return len(self._waiting)

    def put(self, message: RawMessage | Rejected, receipt: Receipt, size: int) -> None:
        """Add a message of `size` bytes."""
        self._waiting.append((message, receipt, size))
        self._bytes += size
        self._first.set()
        if receipt[1]:
            self._in_flight += 1
        if len(self._waiting) >= self._target or self._window_is_full():
            self._enough.set()
        if not self.is_full and (len(self._waiting) >= self._limit or self._bytes >= self._limit_bytes):
            self.is_full = True
            self._when_changed()

    async def take(self, limit: int, *, wait: float, linger: float) -> Batch:
        """Take what waits; see `MessageSource.receive`."""
        await _set_within(self._first, wait)
        self._target = limit
        if not self._closed and self._waiting and len(self._waiting) < limit and not self._window_is_full():
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
            message, receipt, size = self._waiting.popleft()
            batch.messages.append(message)
            batch.receipts.append(receipt)
            self._bytes -= size
        if not self._waiting and not self._closed:
            self._first.clear()
        if self.is_full and len(self._waiting) <= self._limit // 2 and self._bytes <= self._limit_bytes // 2:
            self.is_full = False
            self._when_changed()
        return batch


async def _set_within(event: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        pass
