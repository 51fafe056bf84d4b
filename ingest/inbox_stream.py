"""What came over HTTP, as a source of messages: read from the store, and forgotten there once its events are kept."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Final, Protocol

from ingest.source import Batch
from ioc.runtime.logging import Log
from ioc.runtime.tasks import end
from ioc.store.connection import StoreUnavailable
from ioc.store.inbox import BEGINNING, Kept

CHUNK: Final = 16
"""Messages read at once; each may be a megabyte, and twice as many wait here at most."""

WAIT_S: Final = 2.0
"""Seconds that one reading waits for news."""

PAUSE_S: Final = 0.5
"""Seconds before the store is asked again where it was away."""

FAREWELL_S: Final = 0.5
"""Seconds to forget, at the end, what has been acknowledged; what stays is read again and found to be known."""

_LOG = Log("ingest")


class KeepsMessages(Protocol):
    """Where messages wait that came over HTTP: the store's inbox."""

    async def read(self, after: str, *, limit: int = 64, wait: float = 0.0) -> list[Kept]:
        """Read the messages after a position, oldest first."""

    async def forget(self, positions: Sequence[str]) -> None:
        """Forget messages whose events are kept elsewhere; may be asked twice."""


@asynccontextmanager
async def open_inbox(inbox: KeepsMessages) -> AsyncIterator["InboxStream"]:
    """Follow the inbox until the block ends."""
    stream = InboxStream(inbox)
    tasks = [
        asyncio.create_task(stream.follow(), name="read what came over HTTP"),
        asyncio.create_task(stream.forget_acknowledged(), name="forget what came over HTTP"),
    ]
    try:
        yield stream
        await stream.say_farewell()
    finally:
        await end(tasks)


class InboxStream:
    """Reads every message once, in its order, from the oldest that nobody has acknowledged."""

    def __init__(self, inbox: KeepsMessages) -> None:
        """Take where messages wait; nothing is read before `follow`."""
        self._inbox = inbox
        self._waiting: deque[Kept] = deque()
        self._room = asyncio.Event()
        self._room.set()
        self._stopped = False
        self._done: list[str] = []
        self._some_done = asyncio.Event()

    @property
    def backlog(self) -> int:
        """How many messages wait here."""
        return len(self._waiting)

    def take(self, limit: int) -> tuple[Batch, list[str]]:
        """Take what waits, with the positions to acknowledge; never waits itself."""
        taken = [self._waiting.popleft() for _ in range(min(limit, len(self._waiting)))]
        if len(self._waiting) < CHUNK:
            self._room.set()
        return Batch.of(each.message for each in taken), [each.position for each in taken]

    def acknowledge(self, positions: Sequence[str]) -> None:
        """Note that the events of messages are kept: the messages may be forgotten."""
        self._done += positions
        self._some_done.set()

    def stop_reading(self) -> None:
        """Take nothing more from the store; what has come can still be taken and acknowledged."""
        self._stopped = True

    async def follow(self) -> None:
        """Read, again and again, until cancelled. A store that is away is the message loop's news, not ours."""
        after = BEGINNING
        while not self._stopped:
            await self._room.wait()
            try:
                found = await self._inbox.read(after, limit=CHUNK, wait=WAIT_S)
            except StoreUnavailable:
                await asyncio.sleep(PAUSE_S)
                continue
            if found:
                after = found[-1].position
                self._waiting += found
            if len(self._waiting) >= CHUNK:
                self._room.clear()

    async def forget_acknowledged(self) -> None:
        """Forget what is acknowledged, again and again, until cancelled."""
        while True:
            await self._some_done.wait()
            self._some_done.clear()
            try:
                await self._forget()
            except StoreUnavailable:
                await asyncio.sleep(PAUSE_S)
                self._some_done.set()

    async def say_farewell(self) -> None:
        """Forget what is acknowledged, for the last time."""
        self.stop_reading()
        try:
            async with asyncio.timeout(FAREWELL_S):
                await self._forget()
        except (StoreUnavailable, TimeoutError):
            _LOG.info(
                "some messages that came over HTTP will be read again; their events are known", count=len(self._done)
            )

    async def _forget(self) -> None:
        positions = list(self._done)
        await self._inbox.forget(positions)
        del self._done[: len(positions)]
