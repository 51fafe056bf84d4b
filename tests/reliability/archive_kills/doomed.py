"""An archiver that is going to be killed: it writes, merges, removes and trims as often as it can.

`python -m archive_kills.doomed STORE FOLDER KEEP_GB DIE_AT` kills itself with SIGKILL at its DIE_AT-th step on the disk,
counting the moment before and the moment after each; below 0, in the middle of the file that it is the so-many-th to
write; at 0 never. It is also killed from outside.
"""

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

import polars as pl

from ioc.runtime import clock
from ioc.store.history import archiver as archiver_module
from ioc.store.history import merging, writing
from ioc.store.history.archiver import Archiver
from ioc.store.history.settings import HistorySettings
from ioc.store.history.tidying import tidy
from ioc.store.opening import Store, open_store

Step = TypeVar("Step", bound=Callable[..., Any])


class Doom:
    """Counts the steps on the disk, or the files that are written, and ends the process at one of them."""

    def __init__(self, at: int) -> None:
        self.steps = at
        self.writes = -at

    def step(self) -> None:
        self.steps -= 1
        if self.steps == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def write(self, path: Path) -> None:
        """Count a file that was written; die at the last one, of which only half is on the disk then."""
        self.writes -= 1
        if self.writes == 0:
            os.truncate(path, path.stat().st_size // 2)
            os.kill(os.getpid(), signal.SIGKILL)

    def around(self, do: Step) -> Step:
        def done(*arguments: Any, **options: Any) -> Any:
            self.step()
            result = do(*arguments, **options)
            self.step()
            return result

        return cast("Step", done)

    def within(self, write: Step) -> Step:
        def done(frame: Any, path: str | Path, **options: Any) -> Any:
            result = write(frame, path, **options)
            self.write(Path(path))
            return result

        return cast("Step", done)


def prepare(doom: Doom) -> None:
    """Make everything happen often, and every step on the disk a place to die at."""
    archiver_module.POLL_S = 0.005
    merging.GRACE_S = 0.0
    merging.MANY = 3
    merging.MERGED_EVENTS = 2_000
    for place, name in ((Path, "replace"), (Path, "unlink"), (Path, "rmdir"), (os, "fsync"), (os, "open")):
        setattr(place, name, doom.around(getattr(place, name)))
    # What frames write goes through here as well.
    pl.LazyFrame.sink_parquet = doom.within(pl.LazyFrame.sink_parquet)
    assert writing.os is os


async def trim_often(store: Store, archiver: Archiver) -> None:
    """Trim as the rules do after a checkpoint that covers everything."""
    while True:
        await archiver.trim(store, await store.events.last_position(), keep_s=0)
        await asyncio.sleep(0.01)


async def tidy_often(folder: Path, settings: HistorySettings) -> None:
    while True:
        await asyncio.to_thread(tidy, folder, settings, clock.now())
        await asyncio.sleep(0.005)


async def main(url: str, folder: Path, keep_gb: float, die_at: int) -> None:
    settings = HistorySettings(flush_s=0.005, flush_events=60, keep_gb=keep_gb)
    archiver = Archiver(folder, settings)
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    async with open_store(url) as store:
        work = [
            asyncio.create_task(each)
            for each in (archiver.run(store, stop), trim_often(store, archiver), tidy_often(folder, settings))
        ]
        # Only now: what is counted is what the archive does.
        prepare(Doom(die_at))
        while not stop.is_set():
            sys.stdout.write(f"{archiver.position or ''}\n")
            sys.stdout.flush()
            for task in work:
                if task.done():
                    task.result()
            await asyncio.sleep(0.02)
        await work[0]
        for task in work[1:]:
            task.cancel()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], Path(sys.argv[2]), float(sys.argv[3]), int(sys.argv[4])))
