"""Tidying the history up: merging and retention, in a process of its own that steps back behind all others.

`python -m ioc.store.history.tidying FOLDER SETTINGS` does it once, says as one line of JSON what it did, and ends. A
process of its own because what it needs for a while is given back when it ends, and because the rules, which share
their threads with nobody, are not to wait for it.
"""

import os
import sys
import threading
from pathlib import Path
from typing import Final

import msgspec

from ioc.model.instant import Instant
from ioc.runtime import clock
from ioc.store.history.layout import Writer, files_in, hours, remove_unfinished
from ioc.store.history.merging import is_due, merge_hour
from ioc.store.history.retention import expiry, remove
from ioc.store.history.settings import HistorySettings
from ioc.store.history.survey import Footers, survey
from ioc.store.history.writing import sole_writer

NICENESS: Final = 10


class Tidied(msgspec.Struct, frozen=True):
    """What was done.

    Attributes:
        merged: files that now stand for several.
        removed: files that others had stood for long enough.
        expired: files that were older or more than wanted.
        damaged: what cannot be read, each as one line.
    """

    merged: int = 0
    removed: int = 0
    expired: int = 0
    damaged: tuple[str, ...] = ()


def due_hours(folder: Path, now: Instant) -> list[tuple[Path, int]]:
    """List the folders of hours that may be worth a look, each with how many files are in it.

    Raises:
        OSError: a folder cannot be read.
    """
    listed = ((hour, files_in(hour)) for hour in hours(folder))
    return [(hour, len(files)) for hour, files in listed if files and is_due(files, now)]


def tidy(folder: Path, settings: HistorySettings, now: Instant) -> Tidied:
    """Remove what is not wanted any more, and merge small files; does nothing where somebody else is at it.

    Raises:
        OSError: the disk is full, or the folder cannot be written; nothing is lost.
    """
    with sole_writer(folder, Writer.MERGE) as sole:
        if not sole:
            return Tidied()
        remove_unfinished(folder, Writer.MERGE)
        expired = expiry(folder, settings, now).paths
        remove(expired)
        done = [merge_hour(folder, hour, now) for hour, _ in due_hours(folder, now)]
        damaged = {damage.path: damage for each in done for damage in each.damaged}
        damaged |= {damage.path: damage for damage in survey(folder, Footers()).damaged}
    return Tidied(
        merged=sum(len(each.written) for each in done),
        removed=sum(len(each.removed) for each in done),
        expired=len(expired),
        damaged=tuple(str(damaged[path]) for path in sorted(damaged)),
    )


def main(folder: str, settings: str) -> int:
    """Tidy up once; ends at once when whoever started it is gone, which closes our standard input."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    os.nice(NICENESS)
    try:
        done = tidy(Path(folder), HistorySettings.model_validate_json(settings), clock.now())
    except OSError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(msgspec.json.encode(done).decode() + "\n")
    return 0


def _end_with_parent() -> None:
    while os.read(0, 1):
        pass
    os._exit(1)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
