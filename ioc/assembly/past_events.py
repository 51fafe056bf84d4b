"""The events around a time, of the history and of what lies in the stream and is not archived yet, each once."""

import asyncio
from typing import Final

import polars as pl

from ioc.model.instant import MILLISECOND, MINUTE
from ioc.store.event_stream import BEGINNING
from ioc.store.history import History
from ioc.store.history.layout import text_of
from ioc.store.opening import Store
from rules.bench.past import Wanted

ENTRIES_AT_ONCE: Final = 256

MOST_ENTRIES: Final = 50_000
"""Entries of the stream that are read at most; the archive is seldom more than some hundred behind."""


async def events_around(store: Store | None, history: History | None, wanted: Wanted) -> list[pl.DataFrame]:
    """Read the events of a time in order of arrival.

    Args:
        store: holds the stream; None where it does not answer.
        history: None where none is kept.
        wanted: which.

    Raises:
        StoreUnavailable: the store has gone away.
    """
    frames: list[pl.DataFrame] = []
    position = BEGINNING
    if history is not None:
        survey = await asyncio.to_thread(history.survey, since=wanted.since)

        def read() -> list[pl.DataFrame]:
            return list(history.batches(wanted.since, wanted.until, wanted.columns, wanted.kinds, among=survey))

        frames = await asyncio.to_thread(read)
        archived = [each.file.last for each in survey.sound if not each.file.pretended]
        if archived:
            # What the files hold, the stream is not asked for again.
            position = text_of(max(archived))
    return [*frames, *(await _from_stream(store, position, wanted))] if store is not None else frames


async def _from_stream(store: Store, position: str, wanted: Wanted) -> list[pl.DataFrame]:
    frames: list[pl.DataFrame] = []
    if position == BEGINNING:
        position = f"{max(0, wanted.since - MINUTE) // MILLISECOND}-0"
    for _ in range(MOST_ENTRIES // ENTRIES_AT_ONCE):
        entries = await store.events.read(position, limit=ENTRIES_AT_ONCE)
        for entry in entries:
            if entry.batch.height:
                received = pl.col("received_at").cast(pl.Int64)
                wants = (received >= wanted.since) & (received < wanted.until)
                if wanted.kinds is not None:
                    wants &= pl.col("kind").cast(pl.String).is_in([str(kind) for kind in wanted.kinds])
                columns = wanted.columns | {"at", "received_at", "kind", "asset"}
                found = entry.batch.filter(wants).select([c for c in entry.batch.columns if c in columns])
                if found.height:
                    frames.append(found)
        if len(entries) < ENTRIES_AT_ONCE or entries[-1].clock > wanted.until:
            break
        position = entries[-1].position
    return frames
