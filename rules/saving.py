"""Saves where the rules stand, beside the rules that run on, and trims the stream behind it."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from ioc.model.faults import Fault
from ioc.store.event_stream import BEGINNING
from ioc.store.history.archiver import Archiver
from ioc.store.last_states import StateRow, written
from ioc.store.opening import Store
from rules.checkpointing import RulesState, to_bytes

TAIL_S: Final = 60.0
"""Seconds of the stream that stay behind the checkpoint: ingest, started again, finds there what it had kept."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What is to be saved, copied: nobody changes it while it is written.

    Attributes:
        position: the last entry whose effect is in it.
        rules: the state of the rules.
        assets: the last known state of every asset.
    """

    position: str
    rules: RulesState
    assets: list[StateRow]


class Saving:
    """Writes checkpoints, one at a time."""

    def __init__(self, store: Store, archiver: Archiver | None = None) -> None:
        """Take where to write, and who archives the stream; None where nobody does."""
        self._store = store
        self._archiver = archiver
        self.token = 0
        self.position = BEGINNING
        """How far the last checkpoint goes."""

    async def save(self, snapshot: Snapshot, *, trim: bool) -> None:
        """Write a checkpoint; where `trim`, forget the stream behind the one before.

        Encoding and compressing, most of the work, are done in a thread: the rules run on meanwhile.

        Raises:
            Fault: the store has lost its data.
            LostLease: somebody else owns the partition.
            StoreUnavailable: the store is away; call again.
        """
        if await self._store.has_lost_its_data():
            raise Fault("The store has lost its data: it is not the one that this process knew. Starting again.")
        state, assets = await asyncio.to_thread(_encoded, snapshot.rules, snapshot.assets)
        await self._store.assets.save_states(snapshot.position, assets)
        await self._store.checkpoints.renew(self.token)
        await self._store.checkpoints.save(self.token, snapshot.position, state)
        if trim and self.position != BEGINNING:
            if self._archiver is None:
                await self._store.events.trim(self.position, keep_s=TAIL_S)
            else:
                await self._archiver.trim(self._store, self.position, keep_s=TAIL_S)
        self.position = snapshot.position


def _encoded(rules: RulesState, assets: Sequence[StateRow]) -> tuple[bytes, bytes]:
    return to_bytes(rules), written(assets)
