"""Keeps the child processes alive: readers, which share the cameras among them, and the one analyst.

A stream that kills its reader takes the reader's other cameras along. So a reader that crashed is split: two new ones
have half of its cameras each, and so on, until the stream that does it is alone and hurts nobody but itself.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from ingest.vision.camera import Camera
from ingest.vision.children import Child, said_status
from ingest.vision.exchange import Assign, Message
from ioc.runtime.logging import Log

SETTLED_S: Final = 120.0
"""A process that lived for so long has recovered: the next time it ends it is started again at once."""

FIRST_PAUSE_S: Final = 0.5
LONGEST_PAUSE_S: Final = 60.0

_LOG: Final = Log("cameras")

Start = Callable[[], Awaitable[Child]]


class Worker:
    """One child process and its successors, with the cameras that they have.

    Attributes:
        cameras: with the number of each one's slot.
        child: the process that runs; None between two.
    """

    def __init__(self, name: str, cameras: Sequence[tuple[int, Camera]], start: Start, boot: str) -> None:
        """Take what it is called in logs, its cameras, and how its process is started."""
        self.name = name
        self.cameras = tuple(cameras)
        self.child: Child | None = None
        self.crashes = 0
        self.lives = 0
        self._start = start
        self._boot = boot

    def send(self, message: Message) -> bool:
        """Give it a message; False where it does not run or does not read."""
        return self.child is not None and self.child.send(message)

    async def live(self, take: Callable[[Message], None], prepare: Callable[["Worker"], None]) -> tuple[int, float]:
        """Run one process until it ends; give its status and how many seconds it lived.

        Args:
            take: is given each message.
            prepare: is called once it runs, to tell it what it is to know besides its cameras.
        """
        loop = asyncio.get_running_loop()
        began = loop.time()
        child = await self._start()
        try:
            self.child = child
            self.lives += 1
            # Names that one process gives must not be given again by the next one.
            child.send(Assign(self.cameras, self._boot if self.lives == 1 else f"{self._boot}x{self.lives}"))
            prepare(self)
            async for message in child.messages():
                take(message)
        except asyncio.CancelledError:
            # Whoever stops does not wait for what a camera may still say.
            child.kill()
            await child.ended()
            raise
        finally:
            self.child = None
        # A process that said something unreadable still runs.
        status = await child.ended()
        return status, loop.time() - began


class Crew:
    """All readers and the analyst."""

    def __init__(
        self,
        take: Callable[[Message], None],
        prepare: Callable[[Worker], None],
        crashed: Callable[[Worker, str, float], None],
    ) -> None:
        """Take who is told.

        Args:
            take: is given every message of every process.
            prepare: is called with each process that starts.
            crashed: is told whose process ended, with what status in words, and after how many seconds there is
                another one.
        """
        self.readers: list[Worker] = []
        self.analyst: Worker | None = None
        self.crashes = 0
        self._take = take
        self._prepare = prepare
        self._crashed = crashed

    def reader_of(self, camera: str) -> Worker | None:
        """Find who reads a camera."""
        return next((each for each in self.readers if any(camera == one.id for _, one in each.cameras)), None)

    async def keep_analyst(self, analyst: Worker) -> None:
        """Run the analyst, again and again, until cancelled."""
        self.analyst = analyst
        while True:
            pause = await self._life(analyst)
            await asyncio.sleep(pause)

    async def keep_readers(self, readers: Sequence[Worker], split: Callable[[Worker], Sequence[Worker]]) -> None:
        """Run the readers, again and again, until cancelled.

        Args:
            readers: to begin with.
            split: makes of a reader that crashed those that take its place: itself where it has one camera.
        """
        async with asyncio.TaskGroup() as group:

            async def keep(reader: Worker) -> None:
                pause = await self._life(reader)
                self.readers.remove(reader)
                await asyncio.sleep(pause)
                for successor in split(reader):
                    begin(successor)

            def begin(reader: Worker) -> None:
                self.readers.append(reader)
                group.create_task(keep(reader), name=reader.name)

            for reader in readers:
                begin(reader)

    async def _life(self, worker: Worker) -> float:
        """Run one process of a worker; give the pause before the next one, in seconds."""
        try:
            status, lived = await worker.live(self._take, self._prepare)
            said = said_status(status)
        except OSError as problem:
            said, lived = f"not started: {problem.strerror or problem}", 0.0
        self.crashes += 1
        worker.crashes = 1 if lived > SETTLED_S else worker.crashes + 1
        pause: float = min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2.0 ** min(16, worker.crashes - 1))
        _LOG.error("a process of the cameras ended", process=worker.name, how=said, again_in_s=pause)
        self._crashed(worker, said, pause)
        return pause


def halves(cameras: Sequence[tuple[int, Camera]]) -> tuple[Sequence[tuple[int, Camera]], ...]:
    """Share cameras among two; one stays alone."""
    if len(cameras) < 2:
        return (cameras,)
    middle = len(cameras) // 2
    return cameras[:middle], cameras[middle:]


def shares(cameras: Sequence[tuple[int, Camera]], number: int) -> list[Sequence[tuple[int, Camera]]]:
    """Share cameras among a number of readers, as evenly as can be."""
    return [cameras[index::number] for index in range(number) if cameras[index::number]]
