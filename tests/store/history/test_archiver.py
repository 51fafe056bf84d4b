"""The archiver: each event of the stream once in the history, and the stream trimmed only behind it."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import polars as pl
import pytest

from ioc.model.events import empty_batch
from ioc.model.instant import HOUR, SECOND
from ioc.runtime import clock
from ioc.store.event_stream import BEGINNING, encode_batch
from ioc.store.history import History
from ioc.store.history import archiver as archiver_module
from ioc.store.history import writing as writing_module
from ioc.store.history.archiver import Archiver
from ioc.store.history.layout import Writer, list_files
from ioc.store.history.settings import HistorySettings
from ioc.store.history.writing import sole_writer, write_events
from ioc.store.opening import Store, open_store

Make = Callable[..., pl.DataFrame]

QUICK = HistorySettings(flush_s=0.05, flush_events=1_000)


@pytest.fixture
async def store(embedded_store: str) -> AsyncIterator[Store]:
    async with open_store(embedded_store) as opened:
        yield opened


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archiver_module, "POLL_S", 0.02)
    monkeypatch.setattr(archiver_module, "HEALTH_S", 0.05)
    monkeypatch.setattr(archiver_module, "RETRY_S", (0.05,))


def ids(folder: Path) -> list[str]:
    return [name for batch in History(folder).batches(columns=["id"]) for name in batch["id"]]


async def until(holds: Callable[[], bool] | Callable[[], Awaitable[bool]], seconds: float = 20.0) -> None:
    deadline = asyncio.get_running_loop().time() + seconds
    while True:
        answer = holds()
        if answer if isinstance(answer, bool) else await answer:
            return
        assert asyncio.get_running_loop().time() < deadline, "it did not come to hold"
        await asyncio.sleep(0.02)


@asynccontextmanager
async def archiving(
    store: Store, folder: Path, settings: HistorySettings = QUICK, archiver: Archiver | None = None
) -> AsyncIterator[Archiver]:
    archiver = archiver or Archiver(folder, settings)
    stop = asyncio.Event()
    task = asyncio.create_task(archiver.run(store, stop))
    try:
        yield archiver
    finally:
        stop.set()
        await asyncio.wait_for(task, 10)


async def append(store: Store, make_events: Make, first: int, batches: int, size: int = 10) -> str:
    position = ""
    for number in range(batches):
        frame = make_events(first + number * size, size, start=clock.now(), **{f"q{number % 3}": float(number)})
        position = await store.events.append(frame, clock.now())
    return position


def numbered(count: int) -> list[str]:
    return [f"e{number}" for number in range(count)]


async def test_what_comes_over_the_stream_is_in_the_history_once_and_in_order(
    store: Store, tmp_path: Path, make_events: Make
):
    await append(store, make_events, 0, 5)
    async with archiving(store, tmp_path) as archiver:
        await until(lambda: len(ids(tmp_path)) == 50)
        await store.events.append(empty_batch(), clock.now())
        position = await append(store, make_events, 50, 5)
        await until(lambda: archiver.position == position)
    assert ids(tmp_path) == numbered(100)
    assert History(tmp_path).quantities() == {"q0": pl.Float64, "q1": pl.Float64, "q2": pl.Float64}


async def test_what_was_gathered_is_written_when_all_stop(store: Store, tmp_path: Path, make_events: Make):
    await append(store, make_events, 0, 5)
    patient = HistorySettings(flush_s=600)
    async with archiving(store, tmp_path, patient) as archiver:
        await until(lambda: archiver.position is not None)
        assert ids(tmp_path) == []
    assert ids(tmp_path) == numbered(50)


async def test_a_new_archiver_goes_on_where_the_files_end(store: Store, tmp_path: Path, make_events: Make):
    async def archive_up_to(position: str) -> None:
        async with archiving(store, tmp_path) as archiver:
            await until(lambda: archiver.position == position)

    for turn in range(3):
        await archive_up_to(await append(store, make_events, turn * 30, 3))
        assert ids(tmp_path) == numbered(turn * 30 + 30)


async def test_half_written_files_of_one_that_was_killed_are_removed(store: Store, tmp_path: Path, make_events: Make):
    await append(store, make_events, 0, 1)
    async with archiving(store, tmp_path):
        await until(lambda: len(ids(tmp_path)) == 10)
    half = list_files(tmp_path)[0].path.with_name(".x.parquet.archive.part")
    half.write_bytes(b"half")
    async with archiving(store, tmp_path):
        await until(lambda: not half.exists())


async def test_ticks_make_no_files_and_yet_let_the_stream_be_trimmed(store: Store, tmp_path: Path):
    async with archiving(store, tmp_path) as archiver:
        for _ in range(3):
            position = await store.events.append(empty_batch(), clock.now())
        await until(lambda: archiver.position == position)
        await archiver.trim(store, position, keep_s=0)
    assert list_files(tmp_path) == []
    assert await store.events.length() == 1


async def test_a_file_holds_events_of_one_hour(
    store: Store, tmp_path: Path, make_events: Make, monkeypatch: pytest.MonkeyPatch
):
    """The stream's positions are the store's clock; a made-up one goes over the hour."""
    payload = make_events(0, 2)
    hour = HOUR // 1_000
    for index, milliseconds in enumerate((5 * hour - 20, 5 * hour - 1, 5 * hour, 5 * hour + 7)):
        frame = payload.with_columns(pl.format("e{}", pl.int_range(2) + index * 2).alias("id"))
        await store.connection.call(
            "XADD", "ioc:{0}:events", f"{milliseconds}-0", "clock", 1, "count", 2, "bytes", encode_batch(frame)
        )
    async with archiving(store, tmp_path):
        await until(lambda: len(ids(tmp_path)) == 8)
    names = sorted(f"{file.path.parent.name}/{file.path.name}" for file in list_files(tmp_path))
    assert names == [
        f"04/{5 * hour - 20}-0_{5 * hour - 1}-0.parquet",
        f"05/{5 * hour}-0_{5 * hour + 7}-0.parquet",
    ]


async def test_a_quantity_that_changes_its_type_begins_a_new_file(store: Store, tmp_path: Path, make_events: Make):
    await store.events.append(make_events(0, 2, start=clock.now(), wobble=1.5), clock.now())
    await store.events.append(make_events(2, 2, start=clock.now(), wobble="high"), clock.now())
    await store.events.append(make_events(4, 2, start=clock.now(), wobble=True, pm25=3.0), clock.now())
    async with archiving(store, tmp_path):
        await until(lambda: len(ids(tmp_path)) == 6)
    assert [each.footer.schema["wobble"] for each in History(tmp_path).survey().sound] == [
        pl.Float64,
        pl.String,
        pl.Boolean,
    ]


async def test_the_stream_is_trimmed_behind_the_checkpoint_and_behind_the_history(
    store: Store, tmp_path: Path, make_events: Make
):
    archiver = Archiver(tmp_path, QUICK)
    first = await append(store, make_events, 0, 1)
    last = await append(store, make_events, 10, 4)
    await archiver.trim(store, last, keep_s=0)
    assert await store.events.length() == 5, "nothing is known of the history yet"
    async with archiving(store, tmp_path, archiver=archiver):
        await until(lambda: archiver.position == last)
        await archiver.trim(store, first, keep_s=0)
        assert await store.events.length() == 5, "the checkpoint is behind"
        await archiver.trim(store, last, keep_s=60)
        assert await store.events.length() == 5, "the last minute stays"
        await archiver.trim(store, last, keep_s=0)
        assert await store.events.length() == 1


async def test_while_the_folder_cannot_be_written_events_wait_and_nothing_is_lost(
    store: Store, tmp_path: Path, make_events: Make, monkeypatch: pytest.MonkeyPatch
):
    room = writing_module.RESERVE_BYTES
    monkeypatch.setattr(writing_module, "RESERVE_BYTES", 10**18)
    async with archiving(store, tmp_path) as archiver:
        position = await append(store, make_events, 0, 5)

        async def says_so() -> bool:
            board = (await store.health.all()).get("history") or {}
            return board.get("state") == "degraded" and "left on the disk" in board["message"]

        await until(says_so)
        said = json.loads((await store.health.all())["history"]["message"])
        assert set(said) == {"vi", "en"}
        await archiver.trim(store, position, keep_s=0)
        assert await store.events.length() == 5
        assert ids(tmp_path) == []
        monkeypatch.setattr(writing_module, "RESERVE_BYTES", room)
        await until(lambda: ids(tmp_path) == numbered(50))

        async def is_well() -> bool:
            return (await store.health.all())["history"]["state"] == "ok"

        await until(is_well)


async def test_a_folder_that_cannot_be_made_is_said(store: Store):
    # Nobody may make a folder there, not even root.
    async with archiving(store, Path("/proc/ioc-history")):

        async def says_so() -> bool:
            board = (await store.health.all()).get("history") or {}
            return "/proc/ioc-history cannot be written" in board.get("message", "")

        await until(says_so)


async def test_a_folder_that_is_a_file_is_said_and_taken_when_it_is_mended(
    store: Store, tmp_path: Path, make_events: Make
):
    folder = tmp_path / "history"
    folder.write_text("in the way")
    await append(store, make_events, 0, 2)
    async with archiving(store, folder):

        async def says_so() -> bool:
            return str(folder) in ((await store.health.all()).get("history") or {}).get("message", "")

        await until(says_so)
        folder.unlink()
        await until(lambda: folder.is_dir() and ids(folder) == numbered(20))


async def test_when_too_much_waits_the_oldest_is_given_up_counted_and_told_of(
    store: Store, tmp_path: Path, make_events: Make, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(writing_module, "RESERVE_BYTES", 10**18)
    monkeypatch.setattr(archiver_module, "GIVE_UP_ENTRIES", 8)
    few = QUICK.model_copy(update={"waiting_mb": 0.2})
    async with archiving(store, tmp_path, few) as archiver:
        await append(store, make_events, 0, 200)
        position = await append(store, make_events, 2_000, 1)
        before = await store.events.length()
        await archiver.trim(store, position, keep_s=0)
        left = await store.events.length()
        assert 0 < left < before
        assert await store.events.memory() <= 0.2e6
        lost = await store.events.given_up()
        assert (lost.entries, lost.events) == (before - left, (before - left) * 10)

        async def says_so() -> bool:
            message = (await store.health.all())["history"]["message"]
            return f"{lost.events} events had to be given up" in message

        await until(says_so)


async def test_what_the_checkpoint_needs_is_never_given_up(
    store: Store, tmp_path: Path, make_events: Make, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(writing_module, "RESERVE_BYTES", 10**18)
    few = QUICK.model_copy(update={"waiting_mb": 0.001})
    first = await append(store, make_events, 0, 1)
    await append(store, make_events, 10, 20)
    await Archiver(tmp_path, few).trim(store, first, keep_s=0)
    (entry, *_) = await store.events.read(BEGINNING, limit=1)
    assert entry.position == first


async def test_two_archivers_never_write_into_one_history(store: Store, tmp_path: Path, make_events: Make):
    await append(store, make_events, 0, 3)
    with sole_writer(tmp_path, Writer.ARCHIVE) as sole:
        assert sole
        async with archiving(store, tmp_path) as second:

            async def says_so() -> bool:
                return "another process" in ((await store.health.all()).get("history") or {}).get("message", "")

            await until(says_so)
            assert second.position is None
    assert ids(tmp_path) == []


async def test_a_history_that_goes_on_into_the_future_is_told_of(store: Store, tmp_path: Path, make_events: Make):
    ahead = clock.now() // 1_000 + 10**9
    write_events(tmp_path, make_events(0, 1), (ahead, 0), (ahead, 0), Writer.ARCHIVE)
    await append(store, make_events, 10, 1)
    async with archiving(store, tmp_path) as archiver:

        async def says_so() -> bool:
            return "was a clock wrong" in ((await store.health.all()).get("history") or {}).get("message", "")

        await until(says_so)
        assert archiver.position == f"{ahead}-0"


async def test_an_entry_that_cannot_be_read_holds_nothing_up(store: Store, tmp_path: Path, make_events: Make):
    await append(store, make_events, 0, 1)
    await store.connection.call("XADD", "ioc:{0}:events", "*", "clock", 1, "count", 3, "bytes", b"garbage")
    await append(store, make_events, 10, 1)
    async with archiving(store, tmp_path):
        await until(lambda: ids(tmp_path) == numbered(20))


async def test_a_pretended_past_does_not_say_how_far_the_archive_has_come(
    store: Store, tmp_path: Path, make_events: Make
):
    await append(store, make_events, 0, 1)
    later = clock.now() // 1_000 + SECOND
    write_events(tmp_path, make_events(90, 1), (later, 0), (later, 0), Writer.PRETEND, pretended=True)
    async with archiving(store, tmp_path):
        await until(lambda: len(ids(tmp_path)) == 11)
