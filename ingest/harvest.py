"""What becomes of a batch of messages before it is written: read, without duplicates, by the city's names, thinned."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import polars as pl

from ingest.columns import ROW
from ingest.duplicates import RecentIds
from ingest.flood import FloodGate
from ingest.gathering import Gatherer, message_of
from ingest.known_assets import KnownAssets
from ingest.sequences import Sequences
from ingest.source import Batch
from ioc.model.events import Rejected
from ioc.model.gaps import Gap
from ioc.model.instant import Instant
from ioc.model.quantities import QuantityType

START_KEPT: Final = 120
"""Bytes of a refused message that are kept for people to look at."""

_QUANTITY: Final = "quantity "
"""Before a quantity's name in what is remembered; the name of an asset of ours, without a space, stands there bare."""


@dataclass(frozen=True, slots=True)
class Harvest:
    """What a batch of messages held.

    Attributes:
        frame: the events to write.
        rejected: what could not be read, or must not be kept.
        gaps: messages that are known to be missing since the last harvest.
        remember: what an ingest that comes after this one has to know, once the frame is written.
        duplicates: events that had been there before.
        coalesced: events for which others stand.
    """

    frame: pl.DataFrame
    rejected: Sequence[Rejected] = ()
    gaps: Sequence[Gap] = ()
    remember: Mapping[str, str] = field(default_factory=dict)
    duplicates: int = 0
    coalesced: int = 0


class Harvester:
    """Turns batches of messages into harvests, in order. Reads no clock: every call says what time it is.

    Attributes:
        assets: the registry, as it is at present.
    """

    def __init__(self, gatherer: Gatherer, *, gate: FloodGate | None = None, strict_assets: bool = False) -> None:
        """Take who reads, and what is allowed.

        Args:
            gatherer: reads messages.
            gate: thins what flooding devices send; None lets everything through.
            strict_assets: whether events of assets that are not registered are refused.
        """
        self.assets = KnownAssets({})
        self._gatherer = gatherer
        self._gate = gate
        self._strict = strict_assets
        self._recent = RecentIds()
        self._sequences = Sequences()

    @property
    def remembered_ids(self) -> int:
        """How many events would be known again."""
        return len(self._recent)

    def remember_ids(self, identities: Sequence[str]) -> None:
        """Take events for known: an earlier ingest has written them."""
        self._recent.keep_new(identities)

    def restore(self, remembered: Mapping[str, str], now: Instant) -> None:
        """Take up what an earlier ingest had to have remembered."""
        types = {name: kind for name, kind in remembered.items() if name.startswith(_QUANTITY)}
        self._sequences.restore({name: text for name, text in remembered.items() if name not in types}, now)
        self._gatherer.unknown.restore({name[len(_QUANTITY) :]: QuantityType(kind) for name, kind in types.items()})

    def harvest(self, batch: Batch, now: Instant) -> Harvest:
        """Read a batch.

        Args:
            batch: the messages.
            now: the time, for what is missing and what is allowed.
        """
        gathered = self._gatherer.gather(batch)
        _, counted, boots, sequences = gathered.numbers
        self._sequences.note(counted, boots, sequences, now)
        frame, duplicates = self._without_duplicates(gathered.frame)
        frame, refused = self._by_the_citys_names(frame, batch)
        coalesced = 0
        if self._gate is not None and frame.height:
            frame, coalesced = self._gate.thin(frame, now)
        remember = self._sequences.saved(set(counted))
        for name, kind in self._gatherer.unknown.take_news().items():
            remember[_QUANTITY + name] = str(kind)
        gaps = self._gaps(now, remember)
        # In place, because `drop` would wake polars' threads for nothing.
        frame.drop_in_place(ROW)
        return Harvest(frame, [*gathered.rejected, *refused], gaps, remember, duplicates, coalesced)

    def _gaps(self, now: Instant, remember: dict[str, str]) -> list[Gap]:
        gaps = self._sequences.due(now)
        if gaps:
            remember.update(self._sequences.saved({gap.asset for gap in gaps}))
        return [replace(gap, asset=self.assets.city_name(gap.asset)) for gap in gaps]

    def _without_duplicates(self, frame: pl.DataFrame) -> tuple[pl.DataFrame, int]:
        new = self._recent.keep_new(frame.get_column("id").to_list())
        if new is None:
            return frame, 0
        kept = frame.filter(pl.Series(new, dtype=pl.Boolean))
        return kept, frame.height - kept.height

    def _by_the_citys_names(self, frame: pl.DataFrame, batch: Batch) -> tuple[pl.DataFrame, list[Rejected]]:
        names = frame.get_column("asset").to_list()
        renamed = self.assets.renamed(names)
        if renamed:
            names = [None if name is None else renamed.get(name, name) for name in names]
            frame = frame.with_columns(pl.Series("asset", names, dtype=pl.String))
        if not self._strict:
            return frame, []
        strangers = [name is not None and name not in self.assets for name in names]
        if not any(strangers):
            return frame, []
        refused = frame.filter(pl.Series(strangers))
        rejected = [_unregistered(batch, *row) for row in refused.select(ROW, "asset", "codec").iter_rows()]
        return frame.filter(~pl.Series(strangers)), rejected


def _unregistered(batch: Batch, row: int, asset: str, codec: str) -> Rejected:
    message = message_of(batch, row)
    return Rejected(
        message.topic,
        message.payload[:START_KEPT],
        len(message.payload),
        codec,
        f"the asset {asset!r} is not registered; register it, or turn strict_assets off",
        message.received_at,
    )
