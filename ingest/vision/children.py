"""The child processes that load OpenCV, as the stage holds them: started, spoken to, and ended with it."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from typing import Final

from ingest.vision.exchange import Message, body_length, packed, unpacked
from ioc.runtime.children import python

UNREAD_AT_MOST: Final = 1_000_000
"""Bytes that a child may leave unread; it is stuck then, and what is meant for it is dropped and counted."""

FAREWELL_S: Final = 1.0
"""Seconds that a child may take to end once its input is closed."""

_ONE_THREAD: Final = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "2"}


class Child:
    """One child process.

    Attributes:
        dropped: messages that it did not get because it did not read.
    """

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        """Take a process whose input and output are pipes."""
        self.dropped = 0
        self._process = process

    @classmethod
    async def start(cls, module: str, *arguments: str, descriptors: Sequence[int] = ()) -> "Child":
        """Start one of our modules.

        Args:
            module: to be run with this interpreter.
            arguments: of the module.
            descriptors: open files that it inherits under the same numbers.

        Raises:
            OSError: the process cannot be started.
        """
        process = await asyncio.create_subprocess_exec(
            *python(module, *arguments),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            env={**os.environ, **_ONE_THREAD},
            pass_fds=tuple(descriptors),
        )
        return cls(process)

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    def send(self, message: Message) -> bool:
        """Give it a message; False where it is gone or has stopped to read."""
        stream = self._process.stdin
        if stream is None or stream.is_closing():
            return False
        if stream.transport.get_write_buffer_size() > UNREAD_AT_MOST:
            self.dropped += 1
            return False
        stream.write(packed(message))
        return True

    async def messages(self) -> AsyncIterator[Message]:
        """Give what it says, until it ends or says something that is none of our messages."""
        stream = self._process.stdout
        if stream is None:
            return
        with suppress(asyncio.IncompleteReadError, ConnectionError, ValueError):
            while True:
                head = await stream.readexactly(4)
                yield unpacked(await stream.readexactly(body_length(head)))

    async def ended(self) -> int:
        """Wait for its end, and kill it where it does not come; give its status, negative for a signal."""
        if self._process.returncode is None:
            if self._process.stdin is not None:
                self._process.stdin.close()
            try:
                await asyncio.wait_for(self._process.wait(), FAREWELL_S)
            except TimeoutError:
                self.kill()
        status = await self._process.wait()
        if self._process.stdout is not None:
            # What nobody read would keep the pipe open.
            with suppress(ConnectionError):
                await self._process.stdout.read()
        return status

    def kill(self) -> None:
        """End it at once."""
        with suppress(ProcessLookupError):
            self._process.kill()


def said_status(status: int) -> str:
    """Put the status of a process that ended into words."""
    if status >= 0:
        return f"status {status}"
    with suppress(ValueError):
        return signal.Signals(-status).name
    return f"signal {-status}"


def can_share_frames() -> bool:
    """Whether this system has memory without a name, which frames are passed in."""
    return sys.platform == "linux" and hasattr(os, "memfd_create")
