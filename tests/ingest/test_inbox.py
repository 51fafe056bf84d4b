import asyncio

from hypothesis import given
from hypothesis import strategies as st

from ingest.source import SMALLEST_WINDOW, Inbox
from ioc.model.events import RawMessage


def message(number: int) -> RawMessage:
    return RawMessage(f"t/{number}", b"", number)


def filled(count: int, *, limit: int = 1_000, limit_bytes: int = 1_000_000) -> Inbox:
    inbox = Inbox(limit, limit_bytes, lambda: None)
    for number in range(1, count + 1):
        inbox.put(message(number), (1, number), 1)
    return inbox


async def test_a_batch_never_waits_longer_once_it_is_large_enough() -> None:
    async with asyncio.timeout(5):
        batch = await filled(10).take(10, wait=60, linger=60)
    assert batch.receipts == [(1, number) for number in range(1, 11)]


async def test_a_batch_that_fills_up_while_it_waits_goes_at_once() -> None:
    inbox = filled(1)
    async with asyncio.timeout(5):
        taking = asyncio.create_task(inbox.take(3, wait=60, linger=60))
        await asyncio.sleep(0)
        inbox.put(message(2), (1, 2), 1)
        inbox.put(message(3), (1, 3), 1)
        assert len(await taking) == 3


async def test_nothing_is_an_empty_batch_after_the_wait() -> None:
    assert not await filled(0).take(10, wait=0.001, linger=60)


async def test_a_broker_that_stops_at_its_window_is_not_waited_for_a_second_time() -> None:
    inbox = filled(SMALLEST_WINDOW)
    async with asyncio.timeout(5):
        assert len(await inbox.take(100, wait=60, linger=0.001)) == SMALLEST_WINDOW
        inbox.settle(SMALLEST_WINDOW)
        for number in range(SMALLEST_WINDOW):
            inbox.put(message(number), (1, number + 1), 1)
        assert len(await inbox.take(100, wait=60, linger=60)) == SMALLEST_WINDOW


async def test_who_waits_is_woken_when_nothing_more_will_come() -> None:
    inbox = filled(0)
    async with asyncio.timeout(5):
        taking = asyncio.create_task(inbox.take(3, wait=60, linger=60))
        await asyncio.sleep(0)
        inbox.close()
        assert not await taking
        assert not await inbox.take(3, wait=60, linger=60)


@given(
    st.lists(st.one_of(st.integers(1, 400), st.tuples(st.integers(1, 30))), max_size=60),
    st.integers(1, 20),
    st.integers(1, 2_000),
)
def test_an_inbox_keeps_every_message_in_order_and_is_full_exactly_between_its_marks(
    steps: list[int | tuple[int]], limit: int, limit_bytes: int
) -> None:
    async def play() -> None:
        changes: list[bool] = []
        inbox = Inbox(limit, limit_bytes, lambda: changes.append(inbox.is_full))
        put, taken, waiting = 0, 0, []
        for step in steps:
            was_full = inbox.is_full
            if isinstance(step, int):
                put += 1
                waiting.append(step)
                inbox.put(message(put), (1, put), step)
                assert inbox.is_full == (was_full or len(waiting) >= limit or sum(waiting) >= limit_bytes)
            else:
                batch = await inbox.take(step[0], wait=0, linger=0)
                assert [packet for _, packet in batch.receipts] == list(range(taken + 1, taken + len(batch) + 1))
                taken += len(batch)
                del waiting[: len(batch)]
                half_empty = len(waiting) <= limit // 2 and sum(waiting) <= limit_bytes // 2
                assert inbox.is_full == (was_full and not half_empty)
            assert len(inbox) == len(waiting)
        assert changes == [number % 2 == 0 for number in range(len(changes))]

    asyncio.run(play())
