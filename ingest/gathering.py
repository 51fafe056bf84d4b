"""A batch of messages to the frame of their events: by columns where messages are alike, one by one where not."""

from dataclasses import dataclass, field
from operator import itemgetter
from typing import Final, cast

import polars as pl

from ingest.batch import UnknownQuantities, build_batch
from ingest.columns import ROW, Columns, Numbers, Table
from ingest.reader import Reader
from ingest.source import Batch
from ioc.model.events import FIXED_COLUMNS, Event, RawMessage, Rejected
from ioc.model.quantities import Catalogue

ALIKE: Final = 16
"""Messages with the same keys from which columns cost less than reading them one by one."""


@dataclass(frozen=True, slots=True)
class Gathered:
    """What a batch of messages held.

    Attributes:
        frame: the events in the order of their messages, and in `ROW` the number of the message each came in.
        rejected: what could not be read.
        numbers: how devices count these messages, in the order of the messages.
    """

    frame: pl.DataFrame
    rejected: list[Rejected] = field(default_factory=list)
    numbers: Numbers = ((), (), (), ())


class Gatherer:
    """Reads batches of messages; what it remembers from one to the next is the types of unknown quantities."""

    def __init__(
        self, reader: Reader, catalogue: Catalogue, unknown: UnknownQuantities | None = None, *, alike: int = ALIKE
    ) -> None:
        """Take who reads, and what is known of quantities.

        Args:
            reader: reads a message, and says what it means.
            catalogue: the known quantities.
            unknown: the types of the others.
            alike: messages with the same keys from which they are read as columns.
        """
        self.unknown = unknown if unknown is not None else UnknownQuantities()
        self._reader = reader
        self._catalogue = catalogue
        self._alike = alike
        self._columns = Columns(reader, catalogue, self.unknown)

    def gather(self, batch: Batch) -> Gathered:
        """Read a batch."""
        tables, left = self._columns.read(batch, self._alike)
        events, rows, rejected = self._read(batch, left)
        refused: list[Rejected] = []
        frames = [table.frame for table in tables]
        if events or not frames:
            frame, refused = build_batch(events, self._catalogue, self.unknown)
            frames.append(frame.insert_column(0, pl.Series(ROW, rows, dtype=pl.Int64)))
        whole = frames[0]
        if len(frames) > 1:
            whole = pl.concat(frames, how="diagonal").sort(ROW, maintain_order=True)
            named = _in_order_of_occurrence(tables, events, rows)
            # A quantity whose every value was refused has no column.
            whole = whole.select(ROW, *FIXED_COLUMNS, *(name for name in named if name in whole.columns))
        return Gathered(whole, [*rejected, *batch.rejected, *refused], self._numbers(batch, tables, events, rows))

    def _read(self, batch: Batch, left: list[int]) -> tuple[list[Event], list[int], list[Rejected]]:
        """Read the messages that are left, one by one."""
        events: list[Event] = []
        rows: list[int] = []
        rejected: list[Rejected] = []
        for row in left:
            found, refused = self._reader.read(message_of(batch, row))
            events += found
            rows += [row] * len(found)
            rejected += refused
        return events, rows, rejected

    def _numbers(self, batch: Batch, tables: list[Table], events: list[Event], rows: list[int]) -> Numbers:
        numbers = [table.numbers for table in tables if table.numbers is not None]
        alone = [
            (row, *number)
            for event, row in zip(events, rows, strict=True)
            if self._columns.speaker(batch.topics[row]) is not None and (number := _number(event)) is not None
        ]
        if not alone and len(numbers) <= 1:
            return numbers[0] if numbers else ((), (), (), ())
        counted = [each for columns in numbers for each in zip(*columns, strict=True)]
        counted += alone
        counted.sort(key=itemgetter(0))
        return cast("Numbers", tuple(zip(*counted, strict=True)))


def _number(event: Event) -> tuple[str, str, int] | None:
    """Give asset, boot and sequence, which the id holds where there are any: without them it is a hash."""
    if event.asset is None or not event.id.startswith(f"{event.asset}:"):
        return None
    boot, _, sequence = event.id[len(event.asset) + 1 :].partition(":")
    return event.asset, boot, int(sequence)


def message_of(batch: Batch, row: int) -> RawMessage:
    """Give one message of a batch as an object."""
    return RawMessage(batch.topics[row], batch.payloads[row], batch.received_at[row], batch.retained[row])


def _in_order_of_occurrence(tables: list[Table], events: list[Event], rows: list[int]) -> list[str]:
    """Name the quantities in the order in which they would have come, had every message been read alone."""
    named: list[tuple[int, list[str]]] = [(table.frame.item(0, ROW), table.quantities) for table in tables]
    named += [(row, list(event.values)) for event, row in zip(events, rows, strict=True)]
    named.sort(key=itemgetter(0))
    return list(dict.fromkeys(name for _, names in named for name in names))
