"""Merging: many small files of an hour become few, of which a month is read fast."""

from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import polars as pl

from ioc.model.events import FIXED_COLUMNS
from ioc.model.instant import HOUR, MINUTE, SECOND, Instant
from ioc.store.history.footer import UNREADABLE, in_one_line, joined
from ioc.store.history.layout import HistoryFile, Writer, files_in, place_of, read_name
from ioc.store.history.survey import Damage, Footers, Sound, Survey, survey_of
from ioc.store.history.writing import ROW_GROUP, ZSTD_LEVEL, alike, finish, require_room

MERGED_EVENTS: Final = 1_000_000
"""Events of a merged file at most: an hour of 280 events a second is one file."""

MANY: Final = 30
"""Small files of an hour that is not over, beyond which they are merged."""

OVER: Final = 2 * MINUTE
"""How long after its end an hour counts as over: nothing more of it is written then."""

GRACE_S: Final = 900.0
"""Seconds for which merged files stay where they are: who has begun to read them may read on."""


@dataclass(frozen=True, slots=True)
class Merging:
    """What became of an hour's files.

    Attributes:
        written: the files that now stand for others.
        removed: files that others had stood for long enough.
        damaged: what could not be merged, since it cannot be read.
    """

    written: tuple[Path, ...] = ()
    removed: tuple[Path, ...] = ()
    damaged: tuple[Damage, ...] = ()


def is_due(files: Sequence[HistoryFile], now: Instant) -> bool:
    """Say by names alone whether an hour's files may be worth a look."""
    standing = [file for file in files if not any(other is not file and other.covers(file) for other in files)]
    if len(standing) < len(files):
        return True
    return len(standing) > (1 if _is_over(files, now) else MANY)


def merge_hour(folder: Path, hour: Path, now: Instant) -> Merging:
    """Merge the small files of an hour, and remove those that were merged a while ago.

    Whatever instant it is killed at, each event is read once: the merged file counts from the moment on at which it
    has its name, and with it those that are in it count no more.

    Args:
        folder: of the history.
        hour: the hour's folder.
        now: the wall clock.

    Raises:
        OSError: the disk is full, or the folder cannot be written; nothing is lost.
    """
    found = survey_of(files_in(hour), Footers())
    removed = tuple(_remove_spent(found, now))
    files = [each.file for each in found.sound]
    if not files or (not _is_over(files, now) and len(files) <= MANY):
        return Merging((), removed, found.damaged)
    damaged = {damage.path: damage for damage in found.damaged}
    written: list[Path] = []
    runs = _runs(found.sound, damaged)
    while runs:
        run = runs.pop(0)
        try:
            written.append(_merge(folder, run))
        except OSError:
            inside = [damage for damage in map(_damage_inside, run) if damage is not None]
            if not inside:
                # None of the parts is to blame: the disk is full, or cannot be written.
                raise
            damaged |= {damage.path: damage for damage in inside}
            runs = _runs(run, damaged) + runs
    return Merging(tuple(written), removed, tuple(damaged.values()))


def _is_over(files: Sequence[HistoryFile], now: Instant) -> bool:
    end = (files[0].since // HOUR + 1) * HOUR
    return now >= end + OVER


def _remove_spent(found: Survey, now: Instant) -> Iterator[Path]:
    """Remove files for which another one has stood long enough."""
    for file in found.spent:
        covering = next(each.file for each in found.sound if each.file.covers(file))
        with suppress(FileNotFoundError):
            if now / SECOND - covering.path.stat().st_mtime >= GRACE_S:
                file.path.unlink()
                yield file.path


def _runs(files: Sequence[Sound], damaged: Collection[Path]) -> list[list[Sound]]:
    """Group files that may become one: they follow one another, and nothing that cannot be read lies between them."""
    places = sorted(
        [(each.file.first, each) for each in files if each.file.path not in damaged]
        + [(file.first, None) for file in map(read_name, damaged) if file is not None],
        key=lambda place: place[0],
    )
    runs: list[list[Sound]] = [[]]
    for _, each in places:
        run = runs[-1]
        if each is None:
            runs.append([])
        elif run and not _belongs(run, each):
            runs.append([each])
        else:
            run.append(each)
    return [run for run in runs if len(run) > 1]


def _belongs(run: Sequence[Sound], each: Sound) -> bool:
    return (
        each.file.pretended == run[0].file.pretended
        and sum(part.footer.events for part in run) + each.footer.events <= MERGED_EVENTS
        and alike([part.footer.schema for part in run] + [each.footer.schema])
    )


def _merge(folder: Path, run: Sequence[Sound]) -> Path:
    """Write files of one hour as one, streaming: its memory does not grow with the hour."""
    first, last = run[0].file, run[-1].file
    file = place_of(folder, first.first, last.last, pretended=first.pretended)
    types = {name: type_ for each in run for name, type_ in each.footer.schema.items()}
    names = [*FIXED_COLUMNS, *sorted(types.keys() - FIXED_COLUMNS.keys())]
    whole = joined(each.footer for each in run)

    def write(path: Path) -> None:
        pl.scan_parquet([each.file.path for each in run], schema=types, missing_columns="insert", glob=False).select(
            names
        ).sink_parquet(
            path,
            compression="zstd",
            compression_level=ZSTD_LEVEL,
            row_group_size=ROW_GROUP,
            statistics=True,
            maintain_order=True,
            metadata=whole.to_metadata(),
        )
        rows = pl.scan_parquet(path, glob=False).select(pl.len()).collect().item()
        if rows != whole.events:
            raise OSError(f"{path} has {rows} events, expected {whole.events}; the parts stay")

    require_room(folder, sum(each.footer.bytes for each in run))
    finish(file.path, Writer.MERGE, write)
    return file.path


def _damage_inside(each: Sound) -> Damage | None:
    """Read a whole file and say what is wrong inside."""
    try:
        for part in pl.scan_parquet(each.file.path, glob=False).collect_batches(chunk_size=ROW_GROUP):
            del part
    except UNREADABLE as error:
        return Damage(each.file.path, in_one_line(error))
    return None
