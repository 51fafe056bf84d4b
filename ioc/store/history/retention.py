"""Retention: which files of the history are older, or more, than is wanted."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ioc.model.instant import DAY, Instant
from ioc.store.history.layout import HistoryFile, list_files, remove_empty
from ioc.store.history.settings import HistorySettings

GIGABYTE: Final = 10**9


@dataclass(frozen=True, slots=True)
class Expiry:
    """What is not wanted any more.

    Attributes:
        old: files whose last event is older than is wanted.
        beyond: the oldest of the others, as many as there are too many bytes.
        bytes: of both together.
    """

    old: tuple[Path, ...]
    beyond: tuple[Path, ...]
    bytes: int

    @property
    def paths(self) -> tuple[Path, ...]:
        """All of them, the oldest first."""
        return self.old + self.beyond


def expiry(folder: Path, settings: HistorySettings, now: Instant) -> Expiry:
    """Say which files are not wanted any more; by names and sizes alone, so damaged ones go like all others.

    The newest archived file always stays: it says how far the archive has come.

    Raises:
        OSError: the folder cannot be read.
    """
    files = sorted(list_files(folder), key=lambda file: (file.last, file.first))
    sizes = {file.path: _size(file.path) for file in files}
    newest = max((file.last for file in files if not file.pretended), default=None)
    may_go = [file for file in files if file.pretended or file.last != newest]
    horizon = now - round(settings.keep_days * DAY)
    old = [file for file in may_go if file.until < horizon]
    left = sum(sizes.values()) - sum(sizes[file.path] for file in old)
    beyond: list[HistoryFile] = []
    for file in may_go[len(old) :]:
        if left <= settings.keep_gb * GIGABYTE:
            break
        beyond.append(file)
        left -= sizes[file.path]
    gone = sum(sizes[file.path] for file in (*old, *beyond))
    return Expiry(tuple(file.path for file in old), tuple(file.path for file in beyond), gone)


def remove(paths: Sequence[Path]) -> None:
    """Remove files, the oldest first, and the folders that are empty then.

    Raises:
        OSError: one cannot be removed.
    """
    for path in paths:
        path.unlink(missing_ok=True)
    for hour in sorted({path.parent for path in paths}):
        remove_empty(hour)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0
