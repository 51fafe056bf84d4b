"""Starts the process that tidies the history up, now and then and when there is something to do."""

import asyncio
import subprocess
from pathlib import Path
from typing import Final

import msgspec

from ioc.model.instant import Instant
from ioc.runtime import clock
from ioc.runtime.children import python
from ioc.runtime.logging import Log
from ioc.store.history.footer import in_one_line
from ioc.store.history.retention import expiry
from ioc.store.history.settings import HistorySettings
from ioc.store.history.tidying import Tidied, due_hours

log = Log("history")

FIRST_S: Final = 60.0
"""Seconds after the start before anything is tidied up: a start has better things to do."""

EVERY_S: Final = 60.0
LOOK_S: Final = 3_600.0
"""Seconds after which it is done in any case: whole files are looked at, and damaged ones found."""


class Tidier:
    """Keeps a history in few files, and within its limits.

    Attributes:
        trouble: why it could not be done; empty where it could.
        damaged: the files that cannot be read, each as one line.
    """

    def __init__(self, folder: Path, settings: HistorySettings) -> None:
        """Take what to keep tidy, and how much of it is kept."""
        self.trouble = ""
        self.damaged: tuple[str, ...] = ()
        self._folder = folder
        self._settings = settings
        self._looked_at: float | None = None
        self._stuck: dict[Path, int] = {}

    async def run(self) -> None:
        """Tidy up until cancelled."""
        await asyncio.sleep(FIRST_S)
        while True:
            try:
                if await asyncio.to_thread(self._is_due, clock.now()) or self._is_time():
                    await self._tidy()
            except OSError as error:
                self._complain(in_one_line(error))
            await asyncio.sleep(EVERY_S)

    def _is_time(self) -> bool:
        return self._looked_at is None or asyncio.get_running_loop().time() - self._looked_at >= LOOK_S

    def _is_due(self, now: Instant) -> bool:
        """Look for work by names alone; an hour of which nothing could be merged is left alone until it changes."""
        due = dict(due_hours(self._folder, now))
        return any(self._stuck.get(hour) != files for hour, files in due.items()) or bool(
            expiry(self._folder, self._settings, now).paths
        )

    async def _tidy(self) -> None:
        self._looked_at = asyncio.get_running_loop().time()
        arguments = python("ioc.store.history.tidying", str(self._folder), self._settings.model_dump_json())
        pipe = subprocess.PIPE
        # Its input stays open for as long as we live; that is how it knows.
        process = subprocess.Popen(arguments, stdin=pipe, stdout=pipe, stderr=subprocess.STDOUT)  # noqa: ASYNC220
        try:
            said = await asyncio.to_thread(_last_line, process)
        finally:
            process.kill()
            status = process.wait()
            for end in (process.stdin, process.stdout):
                if end is not None:
                    end.close()
        if status:
            self._complain(said or f"it ended with status {status}")
            return
        done = msgspec.json.decode(said, type=Tidied)
        self.trouble = ""
        for line in set(done.damaged) - set(self.damaged):
            log.error("a file of the history is damaged; it is passed over", file=line)
        self.damaged = done.damaged
        if done.merged or done.expired:
            log.info("the history was tidied up", merged=done.merged, expired=done.expired)
        self._stuck = dict(await asyncio.to_thread(due_hours, self._folder, clock.now()))

    def _complain(self, why: str) -> None:
        if why != self.trouble:
            log.warning("the history could not be tidied up", why=why)
        self.trouble = why


def _last_line(process: "subprocess.Popen[bytes]") -> str:
    said = b"" if process.stdout is None else process.stdout.read()
    process.wait()
    return (said.decode(errors="replace").splitlines() or [""])[-1].strip()
