"""Writing a file of the history: it is complete and on the disk before it has its name; no half of one is read."""

import fcntl
import os
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from errno import ENOSPC
from pathlib import Path
from typing import Any, Final

import polars as pl

from ioc.model.events import FIXED_COLUMNS
from ioc.store.history.footer import footer_of
from ioc.store.history.layout import UNFINISHED, HistoryFile, Position, Writer, place_of

ROW_GROUP: Final = 131_072
"""Events of a row group: large enough to be worth a call, small enough that a few hours do not read a whole day."""

ZSTD_LEVEL: Final = 3

RESERVE_BYTES: Final = 200_000_000
"""What is left free on the disk: the store mostly lives there too, and without it nothing works at all."""


@contextmanager
def sole_writer(folder: Path, writer: Writer) -> Iterator[bool]:
    """Be the only one that writes into a history as this writer; gives False where somebody else is.

    The kernel gives the lock back when its holder dies, however it dies.

    Raises:
        OSError: the folder cannot be made or written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(folder / f"{writer}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True
    finally:
        os.close(descriptor)


def write_events(
    folder: Path, frame: pl.DataFrame, first: Position, last: Position, writer: Writer, *, pretended: bool = False
) -> HistoryFile:
    """Write events, in order of arrival, as one file.

    Args:
        folder: of the history.
        frame: at least one event; wide.
        first: the position from which on they lay in the stream.
        last: the position up to which they did.
        writer: whose file it is while it is unfinished.
        pretended: whether no stream has carried them.

    Raises:
        OSError: the disk is full, or the folder cannot be written; nothing has the name then.
    """
    file = place_of(folder, first, last, pretended=pretended)
    frame = frame.select(_worth_writing(frame))

    def write(path: Path) -> None:
        frame.write_parquet(
            path,
            compression="zstd",
            compression_level=ZSTD_LEVEL,
            row_group_size=ROW_GROUP,
            statistics=True,
            metadata=footer_of(frame).to_metadata(),
        )

    finish(file.path, writer, write)
    return file


def finish(path: Path, writer: Writer, write: Callable[[Path], None]) -> None:
    """Let something be written under another name, bring it to the disk, and only then give it its name.

    Raises:
        OSError: it could not be written; what there was of it is removed.
    """
    _make_folders(path.parent)
    unfinished = path.with_name(f".{path.name}.{writer}{UNFINISHED}")
    try:
        write(unfinished)
        _to_disk(unfinished)
        unfinished.replace(path)
    except BaseException as error:
        with suppress(OSError):
            unfinished.unlink(missing_ok=True)
        if isinstance(error, pl.exceptions.PolarsError | pl.exceptions.PanicException):
            # Polars has words of its own for a disk that is full.
            raise OSError(str(error)) from error
        raise
    _to_disk(path.parent)


def require_room(folder: Path, size: int = 0) -> None:
    """Make sure that the disk has room for something to be written, and for what others need.

    Raises:
        OSError: it has not, or the folder cannot be made.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if shutil.disk_usage(folder).free < RESERVE_BYTES + size:
        raise OSError(ENOSPC, f"less than {(RESERVE_BYTES + size) // 1_000_000} MB are left on the disk")


def alike(schemas: Sequence[Mapping[str, Any]]) -> bool:
    """Whether frames of these schemas can stand in one file: none has a column of another's name and other type."""
    known: dict[str, Any] = {}
    return all(known.setdefault(name, type_) == type_ for schema in schemas for name, type_ in schema.items())


def _worth_writing(frame: pl.DataFrame) -> list[str]:
    """Name the columns of a frame: the fixed ones, and the quantities that any event has, by name."""
    counts = frame.null_count().row(0)
    with_values = {name for name, nulls in zip(frame.columns, counts, strict=True) if nulls < frame.height}
    return [*FIXED_COLUMNS, *sorted(with_values - FIXED_COLUMNS.keys())]


def _make_folders(folder: Path) -> None:
    missing = [each for each in (folder, *folder.parents) if not each.is_dir()]
    folder.mkdir(parents=True, exist_ok=True)
    for each in missing:
        # A new name is on the disk only when the folder that holds it is.
        _to_disk(each.parent)


def _to_disk(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
