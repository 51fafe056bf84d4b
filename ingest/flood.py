"""What a flooding device may send; beyond it only its latest event of a batch is kept, with a count of the others.

Each asset has a bucket of tokens, and each of its events takes one. So a device may burst, and one whose firmware has
gone wild does not take the line from the others. What says that something began, ended or is severe is never dropped.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import polars as pl

from ioc.model.instant import SECOND, Instant

COALESCED: Final = "coalesced"
"""The quantity that says how many events one event stands for, besides itself."""

NEVER_DROPPED: Final = ("signal", "severity", "phase")
"""Columns in which a value makes an event one that is never dropped."""

MAX_BUCKETS: Final = 20_000
"""Assets whose tokens are remembered before those are forgotten that have all of theirs."""


@dataclass(frozen=True, slots=True)
class Allowance:
    """How much a device may send.

    Attributes:
        per_s: events a second, for long.
        burst: events at once, after a time of silence.
    """

    per_s: float
    burst: float


class FloodGate:
    """Thins what flooding devices send. Reads no clock: every call says what time it is."""

    def __init__(self, allowance: Allowance) -> None:
        """Take what each device may send."""
        self._allowance = allowance
        self._buckets: dict[str, tuple[float, Instant]] = {}

    def thin(self, batch: pl.DataFrame, now: Instant) -> tuple[pl.DataFrame, int]:
        """Drop what is beyond the allowances.

        Returns:
            The events that are kept, in their order, and how many were dropped: the sum of what `COALESCED` grew by.
        """
        assets = batch.get_column("asset").to_list()
        floods = self._take(Counter(assets), now)
        if not floods:
            return batch, 0
        stands_for = _coalesce(assets, floods, _droppable(batch))
        dropped = [count is None for count in stands_for]
        counted = pl.Series(COALESCED, [count or None for count in stands_for], dtype=pl.Int64)
        if COALESCED in batch.columns:
            counted = (batch.get_column(COALESCED).fill_null(0) + counted.fill_null(0)).replace(0, None)
        return batch.with_columns(counted).filter(~pl.Series(dropped)), sum(dropped)

    def _take(self, counts: Counter[str | None], now: Instant) -> dict[str, int]:
        """Take the tokens; gives, for each asset that has too few, how many events it may have all the same."""
        burst, per_us = self._allowance.burst, self._allowance.per_s / SECOND
        buckets, full = self._buckets, (burst, now)
        floods: dict[str, int] = {}
        for asset, count in counts.items():
            if asset is None:
                continue
            tokens, since = buckets.get(asset, full)
            if now > since:
                tokens = min(burst, tokens + (now - since) * per_us)
            if count > tokens:
                floods[asset] = int(tokens)
            buckets[asset] = (tokens - min(count, int(tokens)), max(now, since))
        if len(buckets) > MAX_BUCKETS:
            self._forget_the_quiet(now)
        return floods

    def _forget_the_quiet(self, now: Instant) -> None:
        burst, per_us = self._allowance.burst, self._allowance.per_s / SECOND
        self._buckets = {
            asset: (tokens, since)
            for asset, (tokens, since) in self._buckets.items()
            if tokens + (now - since) * per_us < burst
        }


def _droppable(batch: pl.DataFrame) -> list[bool]:
    telling = [batch.get_column(name).is_not_null() for name in NEVER_DROPPED if name in batch.columns]
    return batch.select(~pl.any_horizontal(telling)).to_series().to_list()


def _coalesce(assets: Sequence[str | None], floods: dict[str, int], droppable: list[bool]) -> list[int | None]:
    """Say for each event how many it stands for besides itself; None where it is dropped."""
    stands_for: list[int | None] = [0] * len(assets)
    allowed, latest = dict(floods), dict[str, int]()
    for row, asset in enumerate(assets):
        if asset is None or asset not in allowed or not droppable[row]:
            continue
        if allowed[asset] > 0:
            allowed[asset] -= 1
            continue
        before = latest.get(asset)
        if before is not None:
            stands_for[row] = (stands_for[before] or 0) + 1
            stands_for[before] = None
        latest[asset] = row
    return stands_for
