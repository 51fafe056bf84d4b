"""The events that made a change, found again by number: those of the batch at hand, and earlier ones still needed."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl

from rules.kinds.contract import Numbers, Row

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
# Below so many kept events it is not worth looking for those that nobody needs any more.
_FEW = 4_096


class Evidence:
    """Events by number. What is kept of a batch is kept as columns: a plain dict costs far more to make."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._first = 0
        self._batch = pl.DataFrame()
        # What is kept, by the number of the first event in each piece; numbers rise from piece to piece.
        self._starts: list[int] = []
        self._pieces: list[tuple[Numbers, pl.DataFrame]] = []
        self._sweep_above = _FEW

    def begin(self, first: int, batch: pl.DataFrame) -> None:
        """Take up a batch, whose first event has this number."""
        self._first = first
        self._batch = batch

    def row(self, ref: int) -> Row:
        """Give an event as a plain dict; empty where it was not kept."""
        if ref >= self._first:
            return _plain(self._batch.row(ref - self._first, named=True))
        piece = bisect_right(self._starts, ref) - 1
        if piece < 0:
            return {}
        refs, frame = self._pieces[piece]
        index = int(np.searchsorted(refs, ref))
        return _plain(frame.row(index, named=True)) if index < len(refs) and refs[index] == ref else {}

    def keep(self, needed: Sequence[Numbers]) -> None:
        """Keep, of the batch at hand, the events that may yet be asked for.

        Args:
            needed: numbers of all events that may be asked for, of this batch or of earlier ones.
        """
        if self._batch.height:
            fresh = [refs[refs >= self._first] for refs in needed]
            refs = np.unique(np.concatenate(fresh)) if fresh else np.zeros(0, dtype=np.int64)
            if len(refs):
                self._starts.append(int(refs[0]))
                self._pieces.append((refs, self._batch[refs - self._first]))
        kept = sum(len(refs) for refs, _ in self._pieces)
        if kept > self._sweep_above:
            self._sweep(np.unique(np.concatenate(needed)) if needed else np.zeros(0, dtype=np.int64))

    def _sweep(self, needed: Numbers) -> None:
        """Forget what nobody needs any more; not at every batch, so that its cost is spread over many."""
        pieces = []
        for refs, frame in self._pieces:
            still = np.isin(refs, needed)
            if still.all():
                pieces.append((refs, frame))
            elif still.any():
                pieces.append((refs[still], frame.filter(pl.Series(still))))
        self._pieces = pieces
        self._starts = [int(refs[0]) for refs, _ in pieces]
        self._sweep_above = max(_FEW, 2 * sum(len(refs) for refs, _ in pieces))

    def dump(self, needed: Sequence[Numbers]) -> list[tuple[int, Row]]:
        """Give what is needed as plain data, for a checkpoint."""
        self._sweep(np.unique(np.concatenate(needed)) if needed else np.zeros(0, dtype=np.int64))
        return [
            (ref, _plain(row))
            for refs, frame in self._pieces
            for ref, row in zip(refs.tolist(), frame.iter_rows(named=True), strict=True)
        ]

    def load(self, rows: Iterable[tuple[int, Row]]) -> None:
        """Take what `dump` gave."""
        kept = sorted((int(ref), row) for ref, row in rows)
        self._starts, self._pieces = [], []
        if kept:
            refs = np.array([ref for ref, _ in kept], dtype=np.int64)
            self._starts = [kept[0][0]]
            self._pieces = [(refs, pl.DataFrame([row for _, row in kept], infer_schema_length=None))]


def _plain(row: Row) -> Row:
    """Leave the nulls out, and write times as instants: few events are ever asked for, but every batch is taken up."""
    return {
        name: (value - _EPOCH) // _MICROSECOND if value.__class__ is datetime else value
        for name, value in row.items()
        if value is not None
    }
