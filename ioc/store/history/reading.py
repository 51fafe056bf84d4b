"""Reading the history: only the files and columns that are asked for, in order of arrival, around what is damaged."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import Any, Final

import polars as pl

from ioc.model.events import FIXED_COLUMNS
from ioc.model.instant import EARLIEST, HOUR, LATEST, MILLISECOND, Instant
from ioc.store.catalogue import load_catalogue
from ioc.store.event_files import Complaints, Progress
from ioc.store.history.footer import NEEDED, UNREADABLE, in_one_line
from ioc.store.history.survey import Damage, Footers, Sound, Survey, survey
from ioc.store.history.writing import ROW_GROUP

BATCH_EVENTS: Final = 131_072
"""Events of a batch at least, while there are so many."""

CLOCKS_APART: Final = HOUR
"""How far the clock of the store, which names the files, may be behind the one that stamps arrivals."""


@dataclass(frozen=True, slots=True)
class DayOfHistory:
    """One day of the history, by arrival, UTC.

    Attributes:
        day: such as `2026-11-22`.
        pretended: how many of the events are of a pretended past.
    """

    day: str
    events: int
    bytes: int
    files: int
    pretended: int


@dataclass(frozen=True, slots=True)
class HistoryInfo:
    """What the history holds.

    Attributes:
        since: the earliest arrival; None where there is no event.
        until: the latest.
        events: how many; those of damaged files are not counted.
        bytes: on disk, damaged files included.
        files: how many, damaged ones included.
        pretended: how many of the events are of a pretended past.
        damaged: the files that cannot be read, and why.
        days: the same day by day, oldest first; damaged files are left out.
    """

    since: Instant | None
    until: Instant | None
    events: int
    bytes: int
    files: int
    pretended: int
    damaged: tuple[Damage, ...]
    days: tuple[DayOfHistory, ...]


class History:
    """The events of the past.

    May be read while it is written: what is being written is not seen, and what is being merged is seen once.
    """

    def __init__(self, folder: Path) -> None:
        """Take the folder; it need not be there yet."""
        self._folder = folder
        self._footers = Footers()

    def survey(self, *, since: Instant = EARLIEST) -> Survey:
        """Look at the files that may hold what arrived since an instant.

        Raises:
            OSError: the folder cannot be read.
        """
        return survey(self._folder, self._footers, not_before=(max(0, since - CLOCKS_APART) // MILLISECOND, 0))

    def info(self) -> HistoryInfo:
        """Say what the history holds; reads of each file only what it says of itself.

        Raises:
            OSError: the folder cannot be read.
        """
        found = self.survey()
        days = tuple(
            _day(day, list(files))
            for day, files in groupby(found.sound, lambda each: each.file.path.parent.parent.name)
        )
        broken = sum(_size(damage.path) for damage in found.damaged)
        return HistoryInfo(
            since=min((each.footer.first_arrival for each in found.sound), default=None),
            until=max((each.footer.last_arrival for each in found.sound), default=None),
            events=sum(day.events for day in days),
            bytes=sum(day.bytes for day in days) + broken,
            files=len(found.sound) + len(found.damaged),
            pretended=sum(day.pretended for day in days),
            damaged=found.damaged,
            days=days,
        )

    def schema(
        self,
        since: Instant | None = None,
        until: Instant | None = None,
        columns: Collection[str] | None = None,
        kinds: Collection[str] | None = None,
    ) -> dict[str, Any]:
        """Name the columns of the batches that `batches` would give, with their types.

        Raises:
            OSError: the folder cannot be read.
        """
        return _types_of(columns, self._between(self.survey(since=since or EARLIEST), since, until, kinds))

    def quantities(self, since: Instant | None = None, until: Instant | None = None) -> dict[str, Any]:
        """Name the quantities that any event within a time has, with the type in which they are read.

        Raises:
            OSError: the folder cannot be read.
        """
        return {name: type_ for name, type_ in self.schema(since, until).items() if name not in FIXED_COLUMNS}

    def batches(
        self,
        since: Instant | None = None,
        until: Instant | None = None,
        columns: Collection[str] | None = None,
        kinds: Collection[str] | None = None,
        *,
        among: Survey | None = None,
        progress: Progress | None = None,
        complaints: Complaints | None = None,
    ) -> Iterator[pl.DataFrame]:
        """Read events, batch by batch, in the order in which they arrived.

        A file that cannot be read is passed over and complained of by name, as are values of a quantity in a file
        where it has a type that does not fit; all the rest is read.

        Args:
            since: the first arrival (`received_at`) that is wanted; None for the beginning.
            until: the first arrival that is not wanted any more; None for the end.
            columns: what is wanted besides `at`, `received_at`, `kind` and `asset`; None for everything.
            kinds: the kinds of events that are wanted; None for all.
            among: the files as a survey found them, for whoever must know where they end; None: as they are now.
            progress: told how far it has come, 0 to 1.
            complaints: collects what could not be read.

        Yields:
            Batches of 100,000 events and more, while there are so many, all with the same columns: of those asked
            for, the ones that are fixed, in the catalogue, or in any file of that time.

        Raises:
            OSError: the folder cannot be read.
        """
        found = among or self.survey(since=since or EARLIEST)
        complain = complaints if complaints is not None else Complaints()
        # What is damaged says nothing of its time; its name says when the last of it came, and that is told at least.
        for damage in found.damaged:
            complain.add(str(damage))
        files = self._between(found, since, until, kinds)
        reader = _Reader(
            _types_of(columns, files), _condition(since, until, kinds), self._inside(since, until, kinds), complain
        )
        waiting: list[pl.DataFrame] = []
        for frame in reader.frames(files, progress):
            if frame.height:
                waiting.append(frame)
            if sum(each.height for each in waiting) >= BATCH_EVENTS:
                yield _joined(waiting)
                waiting = []
        if waiting:
            yield _joined(waiting)

    @staticmethod
    def _between(
        found: Survey, since: Instant | None, until: Instant | None, kinds: Collection[str] | None
    ) -> list[Sound]:
        begin, end = EARLIEST if since is None else since, LATEST if until is None else until
        return [
            each
            for each in found.sound
            if each.footer.first_arrival < end
            and each.footer.last_arrival >= begin
            and (kinds is None or not each.footer.kinds.keys().isdisjoint(kinds))
        ]

    @staticmethod
    def _inside(since: Instant | None, until: Instant | None, kinds: Collection[str] | None) -> Callable[[Sound], bool]:
        """Make the test whether all events of a file are wanted, so that none needs to be looked at for it."""
        begin, end = EARLIEST if since is None else since, LATEST if until is None else until

        def inside(each: Sound) -> bool:
            footer = each.footer
            within = begin <= footer.first_arrival and footer.last_arrival < end
            return within and (kinds is None or footer.kinds.keys() <= set(kinds))

        return inside


@dataclass(frozen=True, slots=True)
class _Slice:
    """A part of a file: some of its events."""

    each: Sound
    offset: int
    count: int


@dataclass(slots=True)
class _Reader:
    types: Mapping[str, Any]
    condition: pl.Expr | None
    inside: Callable[[Sound], bool]
    complaints: Complaints
    told: set[tuple[Path, str]] = field(default_factory=set)

    def frames(self, files: Sequence[Sound], progress: Progress | None) -> Iterator[pl.DataFrame]:
        """Read files, as many small ones at once as make a batch, and large ones in parts."""
        total, done = max(1, sum(each.footer.events for each in files)), 0
        for together in _portions(files, self._alike):
            yield from self._read(together)
            done += sum(part.count for part in together)
            if progress is not None:
                progress(min(1.0, done / total))

    def _read(self, together: Sequence[_Slice]) -> Iterator[pl.DataFrame]:
        try:
            frame = self._scan(together)
        except UNREADABLE as error:
            if len(together) == 1:
                gone = isinstance(error, FileNotFoundError)
                why = "it was removed while the history was read" if gone else in_one_line(error)
                self.complaints.add(f"{together[0].each.file.path}: {why}")
                return
        else:
            yield frame
            return
        # One of them is damaged inside: then each by itself.
        for part in together:
            yield from self._read([part])

    def _alike(self, each: Sound) -> tuple[Any, ...]:
        """Say of a file what must be the same for files that are read in one go."""
        schema = each.footer.schema
        odd = [(name, schema[name]) for name, type_ in self.types.items() if schema.get(name, type_) != type_]
        return (*odd, self.inside(each))

    def _scan(self, together: Sequence[_Slice]) -> pl.DataFrame:
        first = together[0]
        stored: dict[str, Any] = {}
        for part in together:
            stored |= {name: part.each.footer.schema[name] for name in self.types if name in part.each.footer.schema}
        frame = pl.scan_parquet(
            [part.each.file.path for part in together],
            schema=stored,
            missing_columns="insert",
            extra_columns="ignore",
            glob=False,
        )
        if first.count < first.each.footer.events:
            frame = frame.slice(first.offset, first.count)
        if self.condition is not None and not self.inside(first.each):
            frame = frame.filter(self.condition)
        paths = [part.each.file.path for part in together]
        return frame.select([self._column(name, type_, stored, paths) for name, type_ in self.types.items()]).collect()

    def _column(self, name: str, type_: Any, stored: Mapping[str, Any], paths: Sequence[Path]) -> pl.Expr:
        found = stored.get(name)
        if found is None:
            return pl.lit(None, type_).alias(name)
        if found == type_:
            return pl.col(name)
        if found.is_integer() and type_.is_float():
            return pl.col(name).cast(type_)
        for path in paths:
            if (path, name) not in self.told:
                self.told.add((path, name))
                self.complaints.add(f"{path}: {name} is {found} there, expected {type_}; its values are left out")
        return pl.lit(None, type_).alias(name)


def _portions(files: Sequence[Sound], alike: Callable[[Sound], tuple[Any, ...]]) -> Iterator[list[_Slice]]:
    """Cut files into what is read in one go: of one sort, and about a batch."""
    for _, same in groupby(files, alike):
        together: list[_Slice] = []
        for each in same:
            if each.footer.events > 2 * BATCH_EVENTS:
                if together:
                    yield together
                    together = []
                for offset in range(0, each.footer.events, ROW_GROUP):
                    yield [_Slice(each, offset, min(ROW_GROUP, each.footer.events - offset))]
                continue
            together.append(_Slice(each, 0, each.footer.events))
            if sum(part.count for part in together) >= BATCH_EVENTS:
                yield together
                together = []
        if together:
            yield together


def _types_of(columns: Collection[str] | None, files: Sequence[Sound]) -> dict[str, Any]:
    """Settle which columns are read and as which types: fixed, else as the catalogue has it, else as first written."""
    known = {**FIXED_COLUMNS, **load_catalogue().schema()}
    written: dict[str, Any] = {}
    for each in files:
        for name, type_ in each.footer.schema.items():
            written.setdefault(name, type_)
    if columns is None:
        wanted = [*FIXED_COLUMNS, *sorted(written.keys() - FIXED_COLUMNS.keys())]
    else:
        wanted = [*NEEDED, *sorted(set(columns) - set(NEEDED))]
    types = {name: known.get(name, written.get(name)) for name in wanted}
    return {name: type_ for name, type_ in types.items() if type_ is not None}


def _condition(since: Instant | None, until: Instant | None, kinds: Collection[str] | None) -> pl.Expr | None:
    arrival = pl.col("received_at")
    parts = []
    if since is not None:
        parts.append(arrival >= pl.lit(since).cast(FIXED_COLUMNS["received_at"]))
    if until is not None:
        parts.append(arrival < pl.lit(until).cast(FIXED_COLUMNS["received_at"]))
    if kinds is not None:
        parts.append(pl.col("kind").is_in(sorted(str(kind) for kind in kinds)))
    return pl.all_horizontal(parts) if parts else None


def _joined(frames: Sequence[pl.DataFrame]) -> pl.DataFrame:
    return frames[0] if len(frames) == 1 else pl.concat(frames)


def _day(day: str, files: Sequence[Sound]) -> DayOfHistory:
    return DayOfHistory(
        day,
        events=sum(each.footer.events for each in files),
        bytes=sum(each.footer.bytes for each in files),
        files=len(files),
        pretended=sum(each.footer.events for each in files if each.file.pretended),
    )


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
