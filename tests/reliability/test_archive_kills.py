"""The history survives SIGKILL at any moment: of what was appended to the stream, nothing is lost and nothing twice."""

import asyncio
import os
import random
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import polars as pl
import pytest

from ioc.model.events import FIXED_COLUMNS, INSTANT_TYPE
from ioc.runtime import clock
from ioc.store.history import History
from ioc.store.history.layout import UNFINISHED
from ioc.store.opening import Store, open_store

HERE = Path(__file__).parent
ROUNDS = 12
SEED = 4

pytestmark = pytest.mark.timeout(300)


@pytest.fixture
async def store(embedded_store: str) -> AsyncIterator[Store]:
    async with open_store(embedded_store) as opened:
        yield opened


class Appender:
    """Appends batches of various sizes and columns, and remembers what it appended."""

    def __init__(self, store: Store, chance: random.Random) -> None:
        self._store = store
        self._chance = chance
        self.appended: list[str] = []
        self.position = ""

    async def run(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            self.position = await self._store.events.append(self._batch(), clock.now())
            await asyncio.sleep(0.004)

    def _batch(self) -> pl.DataFrame:
        count = self._chance.choice((0, 1, 2, 7, 40))
        ids = [f"e{len(self.appended) + index}" for index in range(count)]
        self.appended += ids
        now = clock.now()
        rows = {name: [None] * count for name in FIXED_COLUMNS}
        rows |= {"id": ids, "kind": ["sensor"] * count, "asset": ["a"] * count, "at": [now] * count}
        rows |= {"received_at": [now] * count, "at_source": ["device"] * count, "codec": ["ioc"] * count}
        frame = pl.DataFrame(rows, schema={**FIXED_COLUMNS, "at": pl.Int64, "received_at": pl.Int64})
        frame = frame.with_columns(pl.col("at", "received_at").cast(INSTANT_TYPE))
        quantity, value = self._chance.choice((("pm25", 1.5), ("label", "x"), ("odd", 3), ("odd", "three")))
        return frame.with_columns(pl.lit(pl.Series([value] * count, dtype=_TYPES[type(value)])).alias(quantity))


_TYPES = {float: pl.Float64, str: pl.String, int: pl.Int64}


def start(url: str, folder: Path, *, keep_gb: float = 50, die_at: int = 0) -> "subprocess.Popen[str]":
    arguments = [sys.executable, "-m", "archive_kills.doomed", url, str(folder), str(keep_gb), str(die_at)]
    environment = {**os.environ, "PYTHONPATH": str(HERE), "POLARS_MAX_THREADS": "1"}
    return subprocess.Popen(arguments, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


async def follow(child: "subprocess.Popen[str]") -> str:
    """Wait for the child's next word on how far it has come; nothing once it is dead."""
    assert child.stdout is not None
    return (await asyncio.to_thread(child.stdout.readline)).strip()


async def suffer(url: str, folder: Path, chance: random.Random, *, rounds: int = ROUNDS, keep_gb: float = 50) -> int:
    """Start archivers and kill each: at some time, between two steps on the disk, or within one; say how many of these."""
    within = 0
    for number in range(rounds):
        die_at = (0, chance.randrange(1, 70), -chance.randrange(1, 9))[number % 3]
        child = start(url, folder, keep_gb=keep_gb, die_at=die_at)
        try:
            await follow(child)
            try:
                await asyncio.to_thread(child.wait, 3.0 if die_at else chance.uniform(0.02, 0.6))
                within += die_at < 0
            except subprocess.TimeoutExpired:
                child.kill()
            _, complaint = await asyncio.to_thread(child.communicate)
            assert child.returncode == -9, complaint
        finally:
            child.kill()
    return within


async def finish(url: str, folder: Path, position: str, *, keep_gb: float = 50) -> None:
    """Let a last archiver do the rest in peace."""
    child = start(url, folder, keep_gb=keep_gb)
    try:
        async with asyncio.timeout(60):
            while (said := await follow(child)) != position:
                assert child.poll() is None, said
        child.terminate()
        _, complaint = await asyncio.to_thread(child.communicate)
        assert child.returncode == 0, complaint
    finally:
        child.kill()


def ids(folder: Path) -> list[str]:
    return [name for batch in History(folder).batches(columns=["id"]) for name in batch["id"]]


def unfinished(folder: Path) -> list[str]:
    return [path.name for path in folder.rglob(f".*{UNFINISHED}")]


async def test_nothing_is_lost_and_nothing_twice_over_kills_at_any_moment(
    embedded_store: str, store: Store, tmp_path: Path
):
    chance = random.Random(SEED)
    appender, stop = Appender(store, chance), asyncio.Event()
    appending = asyncio.create_task(appender.run(stop))
    within = await suffer(embedded_store, tmp_path, chance)
    stop.set()
    await appending
    await finish(embedded_store, tmp_path, appender.position)
    assert within > 0
    assert len(appender.appended) > 500
    assert ids(tmp_path) == appender.appended
    assert History(tmp_path).info().damaged == ()
    assert unfinished(tmp_path) == []
    # The stream was trimmed all the while, and is as short as it may be.
    assert await store.events.length() <= 1


async def test_what_retention_leaves_over_kills_is_the_end_of_what_came_without_a_hole(
    embedded_store: str, store: Store, tmp_path: Path
):
    chance = random.Random(SEED + 1)
    appender, stop = Appender(store, chance), asyncio.Event()
    appending = asyncio.create_task(appender.run(stop))
    keep_gb = 60_000 / 1e9
    await suffer(embedded_store, tmp_path, chance, rounds=6, keep_gb=keep_gb)
    stop.set()
    await appending
    await finish(embedded_store, tmp_path, appender.position, keep_gb=keep_gb)
    left = ids(tmp_path)
    assert 0 < len(left) < len(appender.appended)
    assert left == appender.appended[-len(left) :]
    assert History(tmp_path).info().damaged == ()
