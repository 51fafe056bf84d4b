"""The past, kept in memory from question to question: a number that is turned must not read the files again."""

import threading
from collections.abc import Callable, Collection, Generator, Iterator
from dataclasses import dataclass
from typing import Final, Protocol

import polars as pl

from ioc.model.instant import Instant
from ioc.model.kinds import Kind
from ioc.store.event_files import Complaints

MOST_BYTES: Final = 800_000_000
"""What is kept at most; a month of 100 sensors that speak every 30 s takes some 300 MB."""

_KIND: Final = pl.Enum([str(kind) for kind in Kind])
_TIMES: Final = ("at", "received_at")

Progress = Callable[[float], None]
"""Told which part has been read, 0 to 1."""


class GivenUp(Exception):
    """Whoever asked wants the answer no longer."""


class ReadPast(Protocol):
    """Reads batches of the past in order of arrival, as `ioc.store.history.History.batches` does."""

    def __call__(
        self,
        since: Instant,
        until: Instant,
        columns: Collection[str],
        kinds: Collection[str] | None = None,
        *,
        progress: Progress | None = None,
        complaints: Complaints | None = None,
    ) -> Iterator[pl.DataFrame]:
        """Read what arrived from `since` on and before `until`; the times are always among the columns."""
        ...


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a question needs of the past.

    Attributes:
        since, until: when it arrived, µs; `until` no longer belongs to it.
        columns: besides the times.
        kinds: of events; None for all.
        coded: columns that no expression reads, so that they may be kept as numbers for texts.
    """

    since: Instant
    until: Instant
    columns: frozenset[str]
    kinds: frozenset[Kind] | None
    coded: frozenset[str]


@dataclass(slots=True)
class _Kept:
    """Batches in memory, and what they answer."""

    wanted: Wanted
    frames: list[pl.DataFrame]
    size: int
    complaints: Complaints

    def answers(self, wanted: Wanted) -> bool:
        mine = self.wanted
        return (
            mine.kinds == wanted.kinds
            and mine.columns >= wanted.columns
            # What is kept as numbers cannot be read as texts.
            and not (mine.coded & wanted.columns) - wanted.coded
            and mine.since <= wanted.since < mine.until
        )


class Past:
    """Reads the past once and keeps it while it is asked for; several threads may ask at once, one after the other."""

    def __init__(self, read: ReadPast, *, most_bytes: int = MOST_BYTES) -> None:
        """Take where the past comes from, and how much of it may be kept."""
        self._read = read
        self._most_bytes = most_bytes
        self._kept: list[_Kept] = []
        self._turn = threading.Lock()

    def batches(
        self, wanted: Wanted, complaints: Complaints, *, progress: Progress, given_up: Callable[[], bool]
    ) -> Generator[pl.DataFrame, None, None]:
        """Give the batches that a question needs, from memory where they are there.

        Nobody else is given any before these are all taken, or this is closed.

        What does not fit into memory is given all the same, and read anew each time.

        Raises:
            GivenUp: between two batches, where `given_up` says so.
        """
        with self._turn:
            kept = next((one for one in self._kept if one.answers(wanted)), None)
            if kept is None:
                yield from self._fresh(wanted, complaints, progress, given_up)
                return
            self._kept.remove(kept)
            self._kept.append(kept)
            if kept.wanted.until < wanted.until and not self._continue(kept, wanted.until, progress, given_up):
                yield from self._fresh(wanted, complaints, progress, given_up)
                return
            for sentence in kept.complaints.first:
                complaints.add(sentence)
            cuts = (kept.wanted.since, kept.wanted.until) != (wanted.since, wanted.until)
            for number, frame in enumerate(kept.frames, start=1):
                found = _between(frame, wanted.since, wanted.until) if cuts else frame
                if found.height:
                    yield found
                progress(number / len(kept.frames))
                if given_up():
                    raise GivenUp

    def forget(self) -> None:
        """Give the memory back."""
        with self._turn:
            self._kept.clear()

    @property
    def size(self) -> int:
        """How many bytes are kept."""
        return sum(kept.size for kept in self._kept)

    def _fresh(
        self, wanted: Wanted, complaints: Complaints, progress: Progress, given_up: Callable[[], bool]
    ) -> Iterator[pl.DataFrame]:
        """Read, and keep what fits; an answer that nobody waits for is not kept."""
        # The question before was about nearly the same: what it needed beside is likely to be needed again.
        for kept in [one for one in self._kept if one.wanted.kinds == wanted.kinds]:
            self._kept.remove(kept)
        frames: list[pl.DataFrame] = []
        size, fits = 0, True
        for frame in self._read_frames(wanted, complaints, progress):
            if fits:
                size += int(frame.estimated_size())
                fits = self._make_room(size)
                if fits:
                    frames.append(frame)
                else:
                    frames.clear()
            yield frame
            if given_up():
                raise GivenUp
        if fits:
            self._kept.append(_Kept(wanted, frames, size, complaints))

    def _continue(self, kept: _Kept, until: Instant, progress: Progress, given_up: Callable[[], bool]) -> bool:
        """Read what has come since; False where there is no room for it."""
        mine = kept.wanted
        rest = Wanted(mine.until, until, mine.columns, mine.kinds, mine.coded)
        frames = []
        for frame in self._read_frames(rest, kept.complaints, progress):
            frames.append(frame)
            if given_up():
                raise GivenUp
        size = sum(int(frame.estimated_size()) for frame in frames)
        if kept.size + size > self._most_bytes:
            self._kept.remove(kept)
            return False
        # Few rows more each time: else a page that is open for a day would leave thousands of small batches.
        if frames and kept.frames and kept.frames[-1].height < 50_000:
            frames = [pl.concat([kept.frames.pop(), *frames], how="vertical_relaxed")]
        kept.frames += frames
        kept.size += size
        kept.wanted = Wanted(mine.since, until, mine.columns, mine.kinds, mine.coded)
        return True

    def _make_room(self, size: int) -> bool:
        """Forget what was not asked for longest, until so much fits."""
        while self._kept and self.size + size > self._most_bytes:
            self._kept.pop(0)
        return self.size + size <= self._most_bytes

    def _read_frames(self, wanted: Wanted, complaints: Complaints, progress: Progress) -> Iterator[pl.DataFrame]:
        columns = wanted.columns | {"kind"}
        for frame in self._read(
            wanted.since, wanted.until, columns, wanted.kinds, progress=progress, complaints=complaints
        ):
            if frame.height:
                yield _compact(frame, wanted, columns)


def _compact(frame: pl.DataFrame, wanted: Wanted, columns: Collection[str]) -> pl.DataFrame:
    """Bring the columns into the types that cost least from question to question."""
    chosen = []
    for name, type_ in frame.schema.items():
        if name not in columns and name not in _TIMES:
            continue
        column = pl.col(name)
        if name == "kind" and name in wanted.coded:
            column = column.cast(pl.String).cast(_KIND, strict=False)
        elif name in wanted.coded and type_ == pl.String:
            column = column.cast(pl.Categorical)
        elif name not in wanted.coded and isinstance(type_, (pl.Categorical, pl.Enum)):
            # Functions of texts take texts.
            column = column.cast(pl.String)
        chosen.append(column)
    return frame.select(chosen)


def _between(frame: pl.DataFrame, since: Instant, until: Instant) -> pl.DataFrame:
    received = frame["received_at"].to_physical()
    least, greatest = received.min(), received.max()
    assert isinstance(least, int)  # noqa: S101 - no batch is empty, and its times are whole numbers
    assert isinstance(greatest, int)  # noqa: S101
    if since <= least and greatest < until:
        return frame
    return frame.filter((received >= since) & (received < until))
