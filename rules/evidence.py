"""The events that made a change, found again by number: those of the batch at hand, and earlier ones still needed."""

from bisect import bisect_right
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl

from rules.kinds.contract import Numbers, Row

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
# Below so many kept events it is not worth looking for those that nobody needs any more.
_FEW = 4_096
_NOTHING: Numbers = np.zeros(0, dtype=np.int64)


class Evidence:
    """Events by number. What is kept of a batch is kept as columns: a plain dict costs far more to make."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._batch = pl.DataFrame()
        self._refs = _NOTHING
        # The batch's numbers in order and where each stands; made when the first event is asked for.
        self._order: tuple[Numbers, Numbers] | None = None
        # What is kept, each piece with its numbers, which rise, and the first of them.
        self._starts: list[int] = []
        self._pieces: list[tuple[Numbers, pl.DataFrame]] = []
        self._sweep_above = _FEW

    def begin(self, refs: Numbers, batch: pl.DataFrame) -> None:
        """Take up a batch, whose events have these numbers."""
        self._batch = batch
        self._refs = refs
        self._order = None

    def row(self, ref: int) -> Row:
        """Give an event as a plain dict; empty where it was not kept."""
        refs, places = self._in_order()
        index = int(np.searchsorted(refs, ref))
        if index < len(refs) and refs[index] == ref:
            return _plain(self._batch.row(int(places[index]), named=True))
        # Pieces of different batches may overlap in their numbers, where events wait for their turn.
        for piece in range(bisect_right(self._starts, ref) - 1, -1, -1):
            refs, frame = self._pieces[piece]
            index = int(np.searchsorted(refs, ref))
            if index < len(refs) and refs[index] == ref:
                return _plain(frame.row(index, named=True))
        return {}

    def _in_order(self) -> tuple[Numbers, Numbers]:
        if self._order is None:
            places = np.argsort(self._refs, kind="stable")
            self._order = self._refs[places], places
        return self._order

    def keep(self, needed: Numbers) -> None:
        """Keep, of the batch at hand, the events that may yet be asked for.

        Args:
            needed: numbers of all events that may be asked for, of this batch or of earlier ones.
        """
        if self._batch.height and len(needed):
            rows = np.flatnonzero(np.isin(self._refs, needed))
            if len(rows):
                rows = rows[np.argsort(self._refs[rows])]
                self._add(self._refs[rows], self._batch[rows])
        if sum(len(refs) for refs, _ in self._pieces) > self._sweep_above:
            self._sweep(needed)

    def _add(self, refs: Numbers, frame: pl.DataFrame) -> None:
        place = bisect_right(self._starts, int(refs[0]))
        self._starts.insert(place, int(refs[0]))
        self._pieces.insert(place, (refs, frame))

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

    def dump(self, needed: Numbers) -> list[tuple[int, Row]]:
        """Give what is needed as plain data, for a checkpoint."""
        self._sweep(needed)
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
            self._add(refs, pl.DataFrame([row for _, row in kept], infer_schema_length=None))


def _plain(row: Row) -> Row:
    """Leave the nulls out, and write times as instants: few events are ever asked for, but every batch is taken up."""
    return {
        name: (value - _EPOCH) // _MICROSECOND if value.__class__ is datetime else value
        for name, value in row.items()
        if value is not None
    }
