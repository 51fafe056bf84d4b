"""Entries of the stream that wait together, as one: what the rules cost hardly depends on how much is in a batch."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl

from ioc.model.instant import SECOND, Duration, Instant
from ioc.store.event_stream import Entry
from rules.kinds.contract import Numbers

SPAN: Final[Duration] = SECOND
"""How far the stream's clock may go on within a portion: far less than what is taken for a hole in the stream."""

MAX_EVENTS: Final = 10_000
"""Events from which a portion takes no further entry."""


@dataclass(frozen=True, slots=True)
class Portion:
    """Entries that follow one another, put together.

    Attributes:
        position: where the last of them stands.
        clock: the stamp of the last of them.
        batch: the events of all.
        reached: how far the stream's clock had come before the entry of each event.
    """

    position: str
    clock: Instant
    batch: pl.DataFrame
    reached: Numbers


def portions(entries: Sequence[Entry], clock: Instant) -> Iterator[Portion]:
    """Put entries together where that changes nothing but the cost.

    Args:
        entries: as they were read.
        clock: the stamp of the entry before them.
    """
    together: list[tuple[Entry, Instant]] = []
    begun, count = clock, 0
    for entry in entries:
        if together and (entry.clock - begun > SPAN or count >= MAX_EVENTS):
            yield from _joined(together)
            together, begun, count = [], clock, 0
        together.append((entry, clock))
        clock, count = max(clock, entry.clock), count + entry.batch.height
    if together:
        yield from _joined(together)


def _joined(together: list[tuple[Entry, Instant]]) -> Iterator[Portion]:
    filled = [entry.batch for entry, _ in together if entry.batch.height]
    try:
        batch = filled[0] if len(filled) == 1 else pl.concat(filled or [together[0][0].batch], how="diagonal")
    except pl.exceptions.PolarsError:
        # A quantity that has changed its type: then each by itself.
        for entry, clock in together:
            yield Portion(entry.position, entry.clock, entry.batch, _reached([(entry, clock)]))
        return
    last = together[-1][0]
    yield Portion(last.position, last.clock, batch, _reached(together))


def _reached(together: list[tuple[Entry, Instant]]) -> Numbers:
    heights = [entry.batch.height for entry, _ in together]
    return np.repeat(np.array([clock for _, clock in together], dtype=np.int64), heights)
