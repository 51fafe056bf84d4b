"""Entries of the stream that wait to be written, and writing them."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import polars as pl

from ioc.runtime.logging import Log
from ioc.store.event_stream import EncodedEntry, decode_batch
from ioc.store.history.footer import UNREADABLE
from ioc.store.history.layout import Position, Writer, hour_of, position_of
from ioc.store.history.writing import alike, require_room, write_events

log = Log("history")

FILE_EVENTS: Final = 65_536
"""Events of a file as it is first written, at most (and one batch): its columns lie in memory all at once."""


@dataclass(slots=True)
class Gathered:
    """What was read of the stream and is not in a file yet.

    Attributes:
        written: up to here the history has everything.
        entries: what follows it, in order.
        events: how many events they hold.
        bytes: how large they are, encoded.
        since: when the first of them was read, seconds of a clock that never goes back; None where there is none.
    """

    written: Position
    entries: list[EncodedEntry] = field(default_factory=list)
    events: int = 0
    bytes: int = 0
    since: float | None = None

    @property
    def last(self) -> Position:
        """The position after which to read on."""
        return position_of(self.entries[-1].position) if self.entries else self.written

    def add(self, entries: Iterable[EncodedEntry], at: float) -> None:
        """Take entries that follow."""
        for entry in entries:
            self.entries.append(entry)
            self.events += entry.count
            self.bytes += len(entry.payload)
            if self.since is None:
                self.since = at

    def age(self, at: float) -> float:
        """Say how many seconds the first of them has waited."""
        return 0.0 if self.since is None else at - self.since

    def done(self, until: Position) -> None:
        """Forget what is written up to a position."""
        self.written = until
        self.entries = [entry for entry in self.entries if position_of(entry.position) > until]
        self.events = sum(entry.count for entry in self.entries)
        self.bytes = sum(len(entry.payload) for entry in self.entries)
        if not self.entries:
            self.since = None


@dataclass(slots=True)
class _Run:
    """Batches that go into one file: of one hour, and no quantity in them has two types."""

    frames: list[pl.DataFrame]
    first: Position
    last: Position

    @property
    def height(self) -> int:
        return sum(frame.height for frame in self.frames)

    def takes(self, frame: pl.DataFrame, position: Position) -> bool:
        return (
            hour_of(position) == hour_of(self.first)
            and self.height < FILE_EVENTS
            and alike([*(each.schema for each in self.frames), frame.schema])
        )


def write_gathered(folder: Path, gathered: Gathered) -> None:
    """Write what was gathered; what is in a file is forgotten, so that after an error the rest can be tried again.

    Raises:
        OSError: the disk is full, or the folder cannot be written.
    """
    run: _Run | None = None
    end = gathered.last
    if gathered.events:
        require_room(folder)
    for entry in list(gathered.entries):
        frame = _decoded(entry)
        if frame is None or frame.is_empty():
            continue
        position = position_of(entry.position)
        if run is not None and not run.takes(frame, position):
            _write(folder, run)
            gathered.done(run.last)
            run = None
        if run is None:
            run = _Run([frame], position, position)
        else:
            run.frames.append(frame)
            run.last = position
    if run is not None:
        _write(folder, run)
    gathered.done(end)


def _write(folder: Path, run: _Run) -> None:
    frame = run.frames[0] if len(run.frames) == 1 else pl.concat(run.frames, how="diagonal")
    write_events(folder, frame, run.first, run.last, Writer.ARCHIVE)


def _decoded(entry: EncodedEntry) -> pl.DataFrame | None:
    try:
        return decode_batch(entry.payload)
    except UNREADABLE:
        log.exception(
            "an entry of the stream cannot be read, and is not in the history",
            position=entry.position,
            events=entry.count,
        )
        return None
