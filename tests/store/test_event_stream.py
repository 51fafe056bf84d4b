import asyncio

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from ioc.model.events import FIXED_COLUMNS, empty_batch
from ioc.store.event_stream import BEGINNING, COMPRESS_ABOVE, Superseded, decode_batch, encode_batch
from ioc.store.opening import Store, open_store

AT = 1_790_000_000_000_000


def batch(*ids: str, **quantities: object) -> pl.DataFrame:
    count = len(ids)
    fixed = {
        "id": list(ids),
        "kind": ["sensor"] * count,
        "asset": [f"env-{name}" for name in ids],
        "at": [AT + number for number in range(count)],
        "received_at": [AT + 1_000_000] * count,
        "at_source": ["device"] * count,
        "lat": [11.94] * count,
        "lon": [108.43] * count,
        "zone": [None] * count,
        "signal": [None] * count,
        "codec": ["ioc"] * count,
    }
    return pl.DataFrame(fixed, schema=FIXED_COLUMNS).with_columns(
        **{name: pl.lit(value) for name, value in quantities.items()}
    )


async def test_an_entry_comes_back_as_it_was_written(store: Store) -> None:
    written = batch("a", "b", pm25=151.2, label="người")

    position = await store.events.append(written, AT)

    (entry,) = await store.events.read(BEGINNING)
    assert (position, AT) == (entry.position, entry.clock)
    assert_frame_equal(written, entry.batch)


async def test_a_tick_is_an_entry_without_events_and_still_has_the_fixed_columns(store: Store) -> None:
    await store.events.append(empty_batch(), AT)

    (entry,) = await store.events.read(BEGINNING)
    assert (entry.clock, dict(entry.batch.schema)) == (AT, FIXED_COLUMNS)


async def test_reading_goes_on_after_a_position_in_the_order_of_writing(store: Store) -> None:
    positions = [await store.events.append(batch(str(number)), AT + number) for number in range(5)]

    first = await store.events.read(BEGINNING, limit=2)
    rest = await store.events.read(first[-1].position)

    assert positions == [entry.position for entry in first + rest]
    assert [entry.clock for entry in first] == [AT, AT + 1]
    assert list(reversed(positions)) == [entry.position for entry in await store.events.read_back()]
    assert [positions[1], positions[0]] == [entry.position for entry in await store.events.read_back(positions[2])]


async def test_a_reader_that_waits_wakes_up_for_news(store: Store) -> None:
    waiting = asyncio.create_task(store.events.read(BEGINNING, wait=30))
    await asyncio.sleep(0)
    await store.events.append(batch("a"), AT)

    async with asyncio.timeout(5):
        assert len(await waiting) == 1


async def test_waiting_ends_without_news(store: Store) -> None:
    assert await store.events.read(BEGINNING, wait=0.02) == []


async def test_the_last_position_and_the_length_follow_the_stream(store: Store) -> None:
    assert (await store.events.last_position(), await store.events.length()) == (BEGINNING, 0)

    positions = [await store.events.append(batch(str(number)), AT) for number in range(3)]
    assert (positions[-1], 3) == (await store.events.last_position(), await store.events.length())

    assert await store.events.trim(positions[2]) == 2
    assert [positions[2]] == [entry.position for entry in await store.events.read(BEGINNING)]


async def test_a_younger_writer_of_the_same_name_shuts_the_older_one_out(store: Store, embedded_store: str) -> None:
    await store.events.take_over("mqtt")
    await store.events.append(batch("a"), AT)
    async with open_store(embedded_store) as restarted:
        await restarted.events.take_over("mqtt")
        with pytest.raises(Superseded, match="'mqtt'"):
            await store.events.append(batch("b"), AT)
        await restarted.events.append(batch("c"), AT)

    assert [entry.batch["id"][0] for entry in await store.events.read(BEGINNING)] == ["a", "c"]


async def test_what_a_writer_remembers_is_there_for_the_next_of_its_name(store: Store, embedded_store: str) -> None:
    await store.events.take_over("ingest")
    await store.events.append(empty_batch(), AT, {"asset a": "1", "asset b": "2", "người": "x"})
    await store.events.append(empty_batch(), AT, {"asset a": "", "asset b": "3"})
    await store.events.append(empty_batch(), AT, {f"many {number}": "m" for number in range(5_000)})
    async with open_store(embedded_store) as later:
        await later.events.take_over("ingest")
        remembered = await later.events.recall()
        assert len(remembered) == 5_002
        assert (remembered["asset b"], remembered["người"]) == ("3", "x")
        with pytest.raises(Superseded):
            await store.events.append(empty_batch(), AT, {"asset b": "4"})
        assert (await later.events.recall())["asset b"] == "3"


async def test_writers_without_a_name_do_not_shut_each_other_out(store: Store, embedded_store: str) -> None:
    async with open_store(embedded_store) as other:
        await store.events.append(batch("a"), AT)
        await other.events.append(batch("b"), AT)
        await store.events.append(batch("c"), AT)

    assert await store.events.length() == 3


@given(count=st.integers(0, 400), width=st.integers(1, 4))
def test_a_batch_survives_its_way_through_bytes_whatever_its_size(count: int, width: int) -> None:
    frame = batch(*(f"{number:x}" * width for number in range(count)), pm25=0.5)

    assert_frame_equal(frame.select(*FIXED_COLUMNS) if frame.is_empty() else frame, decode_batch(encode_batch(frame)))


def test_a_large_batch_is_written_smaller_than_its_columns() -> None:
    frame = batch(*(f"env:{number}" for number in range(2_000)))

    assert frame.estimated_size() > COMPRESS_ABOVE
    assert len(encode_batch(frame)) * 3 < frame.estimated_size()


async def test_the_last_seconds_of_the_stream_stay_when_it_is_trimmed(store: Store) -> None:
    position = await store.events.append(empty_batch(), 1_000)
    assert await store.events.trim(await store.events.append(empty_batch(), 2_000), keep_s=60.0) == 0
    assert await store.events.trim(await store.events.append(empty_batch(), 3_000)) == 2
    assert position not in {entry.position for entry in await store.events.read("0-0")}
