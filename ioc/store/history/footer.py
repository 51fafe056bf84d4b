"""What a file of the history says of itself: how many events, of which kinds, from when to when, in which columns."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import msgspec
import polars as pl

from ioc.model.events import FIXED_COLUMNS
from ioc.model.instant import Instant

KEY: Final = "ioc.history"
"""The footer's key under which it stands, as JSON."""

NEEDED: Final = ("at", "received_at", "kind", "asset")
"""The columns without which a file is of no use; they are always read."""

UNREADABLE: Final = (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError)
"""What reading a damaged file raises: on some garbage the Parquet reader does not complain but panics."""


class Damaged(Exception):
    """A file that cannot be read as a part of the history; the text says why."""


class _Note(msgspec.Struct, frozen=True):
    events: int
    first_arrival: Instant
    last_arrival: Instant
    kinds: dict[str, int]


@dataclass(frozen=True, slots=True)
class Footer:
    """What is known of a file before its events are read.

    Attributes:
        events: how many.
        first_arrival: the earliest `received_at` in it.
        last_arrival: the latest.
        kinds: how many events of each kind.
        schema: its columns and their types; empty where it has only just been made.
        bytes: its size on disk.
    """

    events: int
    first_arrival: Instant
    last_arrival: Instant
    kinds: Mapping[str, int]
    schema: Mapping[str, Any]
    bytes: int = 0

    def to_metadata(self) -> dict[str, str]:
        """Write it for the file's footer."""
        note = _Note(self.events, self.first_arrival, self.last_arrival, dict(self.kinds))
        return {KEY: msgspec.json.encode(note).decode()}


def footer_of(frame: pl.DataFrame) -> Footer:
    """Say it of events that are about to be written; there is at least one."""
    arrival = pl.col("received_at").to_physical()
    first, last = frame.select(arrival.min().alias("first"), arrival.max().alias("last")).row(0)
    kinds = frame.get_column("kind").value_counts(sort=True)
    return Footer(frame.height, first, last, dict(kinds.iter_rows()), frame.schema)


def joined(footers: Iterable[Footer]) -> Footer:
    """Say it of several files put together, without their columns."""
    all_ = list(footers)
    kinds: dict[str, int] = {}
    for footer in all_:
        for kind, count in footer.kinds.items():
            kinds[kind] = kinds.get(kind, 0) + count
    return Footer(
        sum(footer.events for footer in all_),
        min(footer.first_arrival for footer in all_),
        max(footer.last_arrival for footer in all_),
        kinds,
        {},
    )


def read_footer(path: Path) -> Footer:
    """Read what a file says of itself; nothing else of it is read.

    Raises:
        Damaged: it is no such file, or not all of it.
        FileNotFoundError: it has gone.
    """
    try:
        metadata = pl.read_parquet_metadata(path)
        schema = pl.read_parquet_schema(path)
        size = path.stat().st_size
    except FileNotFoundError:
        raise
    except UNREADABLE as error:
        raise Damaged(in_one_line(error)) from error
    try:
        note = msgspec.json.decode(metadata.get(KEY, ""), type=_Note)
    except msgspec.DecodeError as error:
        raise Damaged(f"it was not written by this program: its footer has no {KEY!r}") from error
    for name, expected in FIXED_COLUMNS.items():
        found = schema.get(name)
        if found is None and name not in NEEDED:
            continue
        if found != expected:
            raise Damaged(f"its column {name!r} is {found or 'missing'}, expected {expected}")
    return Footer(note.events, note.first_arrival, note.last_arrival, note.kinds, schema, size)


def in_one_line(error: BaseException) -> str:
    """Say what a library complains of, in one line of bearable length."""
    text = " ".join(str(error).split()) or type(error).__name__
    return text if len(text) <= 200 else f"{text[:200]}…"
