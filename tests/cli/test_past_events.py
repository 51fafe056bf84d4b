"""The events around a time: those of the history, then those of the stream that are not archived yet, each once."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from ioc.assembly.past_events import events_around
from ioc.model.events import FIXED_COLUMNS, INSTANT_TYPE
from ioc.model.instant import SECOND
from ioc.model.kinds import Kind
from ioc.store.history import History
from ioc.store.history.layout import Writer, position_of
from ioc.store.history.writing import write_events
from ioc.store.opening import open_store
from rules.bench.past import Wanted

START = 1_790_000_000 * SECOND
Rows = Sequence[dict[str, Any]]
BatchOf = Callable[[Rows], pl.DataFrame]


def batch(first: int, count: int, kind: str = "sensor") -> pl.DataFrame:
    rows = [
        {"id": str(number), "kind": kind, "asset": "a", "at": START + number * SECOND, "pm25": float(number)}
        for number in range(first, first + count)
    ]
    schema = {**FIXED_COLUMNS, "at": pl.Int64, "received_at": pl.Int64, "pm25": pl.Float64}
    full = [{name: row.get(name) for name in schema} | {"received_at": row["at"]} for row in rows]
    return pl.DataFrame(full, schema=schema, orient="row").with_columns(pl.col("at", "received_at").cast(INSTANT_TYPE))


def wanted(since: int, until: int, kinds: frozenset[Kind] | None = None) -> Wanted:
    return Wanted(
        START + since * SECOND, START + until * SECOND, frozenset(("pm25", "asset", "kind")), kinds, frozenset()
    )


def seen(frames: Sequence[pl.DataFrame]) -> list[float]:
    return [value for frame in frames for value in frame["pm25"].to_list()]


async def test_what_is_archived_is_read_from_the_files_and_the_rest_from_the_stream(
    embedded_store: str, tmp_path: Path
) -> None:
    async with open_store(embedded_store) as store:
        first = await store.events.append(batch(0, 10), START + 9 * SECOND)
        await store.events.append(batch(10, 10), START + 19 * SECOND)
        position = position_of(first)
        write_events(tmp_path, batch(0, 10), position, position, Writer.ARCHIVE)
        found = await events_around(store, History(tmp_path), wanted(5, 15))
        assert seen(found) == [5, 6, 7, 8, 9, 10, 11, 12, 13, 14]
        assert set(found[-1].columns) == {"pm25", "asset", "kind", "at", "received_at"}


async def test_without_a_history_the_stream_is_read(embedded_store: str, tmp_path: Path) -> None:
    async with open_store(embedded_store) as store:
        await store.events.append(batch(0, 3), START + 3 * SECOND)
        await store.events.append(batch(3, 3, "wifi"), START + 6 * SECOND)
        assert seen(await events_around(store, History(tmp_path / "none"), wanted(0, 100))) == [0, 1, 2, 3, 4, 5]
        assert seen(await events_around(store, None, wanted(0, 100, frozenset((Kind.WIFI,))))) == [3, 4, 5]


async def test_without_a_store_the_history_is_read(tmp_path: Path) -> None:
    write_events(tmp_path, batch(0, 10), (START // 1_000, 0), (START // 1_000, 9), Writer.ARCHIVE)
    assert seen(await events_around(None, History(tmp_path), wanted(2, 4))) == [2, 3]
    assert await events_around(None, None, wanted(2, 4)) == []
