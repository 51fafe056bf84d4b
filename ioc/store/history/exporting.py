"""Taking events out of the history into one file: Event JSON as NDJSON, Parquet, or CSV."""

import sys
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO, Final

import msgspec
import polars as pl
from polars.io.plugins import register_io_source

from ioc.model.event_json import row_to_json
from ioc.model.events import FIXED_COLUMNS
from ioc.model.instant import Instant
from ioc.store.event_files import Complaints, Progress
from ioc.store.history.reading import History
from ioc.store.history.writing import ROW_GROUP

_CSV_TIME: Final = "%Y-%m-%dT%H:%M:%S%.6fZ"


class ExportFormat(StrEnum):
    """How events are written."""

    NDJSON = "ndjson"
    PARQUET = "parquet"
    CSV = "csv"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be taken out.

    Attributes:
        since: the first arrival that is wanted; None for the beginning.
        until: the first that is not wanted any more; None for the end.
        columns: besides `at`, `received_at`, `kind` and `asset`; None for everything.
        kinds: of events; None for all.
    """

    since: Instant | None = None
    until: Instant | None = None
    columns: Collection[str] | None = None
    kinds: Collection[str] | None = None


def export(
    history: History,
    wanted: Wanted,
    file: Path | None,
    form: ExportFormat,
    *,
    progress: Progress | None = None,
    complaints: Complaints | None = None,
) -> int:
    """Write events in order of arrival; a file has its name only when all is in it.

    Args:
        history: where they are.
        wanted: which.
        file: where they go; None for standard output.
        form: how they are written; CSV and Parquet have quantities as columns.
        progress: told how far it has come, 0 to 1.
        complaints: collects what could not be read.

    Returns:
        How many events.

    Raises:
        OSError: the history cannot be read, or the file cannot be written.
    """
    count = 0

    def batches() -> Iterator[pl.DataFrame]:
        nonlocal count
        for batch in history.batches(
            wanted.since, wanted.until, wanted.columns, wanted.kinds, progress=progress, complaints=complaints
        ):
            count += batch.height
            yield batch

    if form is ExportFormat.NDJSON:
        with _opened(file) as out:
            _write_ndjson(batches(), out)
        return count
    if form is ExportFormat.CSV:
        with _opened(file) as out:
            _write_csv(batches(), out)
        return count
    if file is None:
        raise OSError("Parquet is read from its end, so it cannot be written to a pipe; name a file")
    with _unfinished(file) as path:
        _streamed(history, wanted, batches).sink_parquet(
            path, compression="zstd", row_group_size=ROW_GROUP, maintain_order=True
        )
    return count


def _streamed(history: History, wanted: Wanted, batches: Callable[[], Iterator[pl.DataFrame]]) -> pl.LazyFrame:
    """Let polars take the batches one after the other, whatever their number."""
    schema = history.schema(wanted.since, wanted.until, wanted.columns, wanted.kinds)

    def source(
        with_columns: list[str] | None, predicate: pl.Expr | None, n_rows: int | None, batch_size: int | None
    ) -> Iterator[pl.DataFrame]:
        del predicate, n_rows, batch_size  # a sink asks for everything
        for batch in batches():
            yield batch if with_columns is None else batch.select(with_columns)

    return register_io_source(source, schema=schema)


def _write_ndjson(batches: Iterator[pl.DataFrame], out: BinaryIO) -> None:
    encoder = msgspec.json.Encoder()
    for batch in batches:
        asked = [name for name in FIXED_COLUMNS if name in batch.columns]
        plain = batch.with_columns(pl.col("at", "received_at").to_physical())
        for part in plain.iter_slices(10_000):
            lines = []
            for row in part.iter_rows(named=True):
                whole = row_to_json(row)
                # Only what was asked for, in the form that everybody reads.
                lines.append({name: whole[name] for name in asked} | {"values": whole["values"]})
            out.write(encoder.encode_lines(lines))


def _write_csv(batches: Iterator[pl.DataFrame], out: BinaryIO) -> None:
    header = True
    for batch in batches:
        for part in batch.iter_slices(10_000):
            out.write(part.write_csv(datetime_format=_CSV_TIME, include_header=header).encode())
            header = False


@contextmanager
def _opened(file: Path | None) -> Iterator[BinaryIO]:
    if file is None:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    with _unfinished(file) as path, path.open("wb") as out:
        yield out


@contextmanager
def _unfinished(file: Path) -> Iterator[Path]:
    """Give another name to write to; the file gets its own when all went well."""
    path = file.with_name(f".{file.name}.part")
    try:
        yield path
        path.replace(file)
    finally:
        path.unlink(missing_ok=True)
