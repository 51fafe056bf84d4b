"""Where the files of the history lie, and what their names say: which part of the stream is in them.

`<folder>/2026-11-22/08/1795334400000-0_1795334409999-3.parquet` holds what lay in the stream from the first of both
positions to the last, both included, and what lay between. Names alone say how far the archive has come: nothing
else is written down, so nothing can disagree with the files.
"""

import os
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Final

from ioc.model.instant import MILLISECOND, Instant

Position = tuple[int, int]
"""A stream position that can be compared: milliseconds of the store's clock, and a number within them."""

_NAME: Final = re.compile(r"(\d{1,15})-(\d{1,18})_(\d{1,15})-(\d{1,18})(\.pretended)?\.parquet")
_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}")
_HOUR: Final = re.compile(r"[0-2]\d")

UNFINISHED: Final = ".part"
"""Ends the names of files that are being written; nobody reads them."""

SET_ASIDE: Final = ".damaged"
"""Ends the names of files that were found damaged and whose part of the stream was archived again."""


class Writer(StrEnum):
    """Who writes into the history; each at most once at a time, in whatever process."""

    ARCHIVE = "archive"
    MERGE = "merge"
    PRETEND = "pretend"


@dataclass(frozen=True, slots=True)
class HistoryFile:
    """One file of the history, by its name.

    Attributes:
        first: the position from which on its events lay in the stream.
        last: the position up to which they did.
        pretended: whether a pretended past is in it, which no stream has carried.
    """

    path: Path
    first: Position
    last: Position
    pretended: bool = False

    def covers(self, other: "HistoryFile") -> bool:
        """Whether everything that the other holds is in this one too."""
        return self.first <= other.first and other.last <= self.last

    @property
    def since(self) -> Instant:
        """When its first entry came into the stream, by the store's clock."""
        return self.first[0] * MILLISECOND

    @property
    def until(self) -> Instant:
        """When its last entry came into the stream, by the store's clock."""
        return self.last[0] * MILLISECOND


def position_of(text: str) -> Position:
    """Read a stream position such as `1795334400000-0`."""
    milliseconds, _, number = text.partition("-")
    return int(milliseconds), int(number or 0)


def text_of(position: Position) -> str:
    """Write a position as the stream does."""
    return f"{position[0]}-{position[1]}"


def hour_of(position: Position) -> tuple[str, str]:
    """Say in which folders the hour of a position lies, UTC: such as `2026-11-22` and `08`."""
    moment = datetime.fromtimestamp(position[0] // 1_000, UTC)
    return moment.strftime("%Y-%m-%d"), moment.strftime("%H")


def place_of(folder: Path, first: Position, last: Position, *, pretended: bool = False) -> HistoryFile:
    """Name the file that holds what lies between two positions."""
    name = f"{text_of(first)}_{text_of(last)}{'.pretended' if pretended else ''}.parquet"
    return HistoryFile(folder.joinpath(*hour_of(first), name), first, last, pretended)


def read_name(path: Path) -> HistoryFile | None:
    """Say what a file's name says; None for a file that is not the history's."""
    match = _NAME.fullmatch(path.name)
    if match is None:
        return None
    first, last = (int(match[1]), int(match[2])), (int(match[3]), int(match[4]))
    return HistoryFile(path, first, last, match[5] is not None) if first <= last else None


def hours(folder: Path) -> Iterator[Path]:
    """Give the folders of the hours, oldest first.

    Raises:
        OSError: a folder cannot be read.
    """
    for day in _children(folder, _DAY):
        yield from _children(day, _HOUR)


def list_files(folder: Path) -> list[HistoryFile]:
    """List what lies in the history, hour by hour, oldest first, in no order within an hour.

    Raises:
        OSError: a folder cannot be read.
    """
    return [file for hour in hours(folder) for file in files_in(hour)]


def files_in(hour: Path) -> list[HistoryFile]:
    """List the files of one hour, in no order; none where the folder has gone meanwhile."""
    try:
        with os.scandir(hour) as entries:
            named = [read_name(Path(entry.path)) for entry in entries]
    except FileNotFoundError:
        return []
    return [file for file in named if file is not None]


def remove_unfinished(folder: Path, writer: Writer) -> None:
    """Remove what a writer left half written when it was killed; to be called while nobody else is that writer."""
    for hour in hours(folder):
        for path in hour.glob(f".*.{writer}{UNFINISHED}"):
            path.unlink(missing_ok=True)


def remove_empty(hour: Path) -> None:
    """Remove an hour's folder and its day's where nothing is left in them."""
    for folder in (hour, hour.parent):
        with suppress(OSError):
            folder.rmdir()


def _children(folder: Path, named: re.Pattern[str]) -> list[Path]:
    try:
        with os.scandir(folder) as entries:
            return sorted(Path(entry.path) for entry in entries if named.fullmatch(entry.name) and entry.is_dir())
    except FileNotFoundError:
        return []
