import asyncio

from hypothesis import given
from hypothesis import strategies as st

from ingest.source import SMALLEST_WINDOW, Batch, Inbox, Portion
from ioc.model.events import RawMessage, Rejected


def portion(*numbers: int, size: int = 1) -> Portion:
    messages = [RawMessage(f"t/{number}", b"", number) for number in numbers]
    return Portion(Batch.of(messages), 1, list(numbers), size)


def filled(count: int, *, limit: int = 1_000, limit_bytes: int = 1_000_000) -> Inbox:
    inbox = Inbox(limit, limit_bytes, lambda: None)
    for number in range(1, count + 1):
        inbox.put(portion(number))
    return inbox


def packets(batch: Batch) -> list[int]:
    return [packet for _, some in batch.receipts for packet in some]


async def test_a_batch_never_waits_longer_once_it_is_large_enough() -> None:
    async with asyncio.timeout(5):
        batch = await filled(10).take(10, wait=60, linger=60)
    assert packets(batch) == batch.received_at == list(range(1, 11))


async def test_a_batch_that_fills_up_while_it_waits_goes_at_once() -> None:
    inbox = filled(1)
    async with asyncio.timeout(5):
        taking = asyncio.create_task(inbox.take(3, wait=60, linger=60))
        await asyncio.sleep(0)
        inbox.put(portion(2))
        inbox.put(portion(3))
        assert len(await taking) == 3


async def test_nothing_is_an_empty_batch_after_the_wait() -> None:
    assert not await filled(0).take(10, wait=0.001, linger=60)


async def test_a_broker_that_stops_at_its_window_is_not_waited_for_a_second_time() -> None:
    inbox = filled(SMALLEST_WINDOW)
    async with asyncio.timeout(5):
        assert len(await inbox.take(100, wait=60, linger=0.001)) == SMALLEST_WINDOW
        inbox.settle(SMALLEST_WINDOW)
        for number in range(SMALLEST_WINDOW):
            inbox.put(portion(number + 1))
        assert len(await inbox.take(100, wait=60, linger=60)) == SMALLEST_WINDOW


async def test_who_waits_is_woken_when_nothing_more_will_come() -> None:
    inbox = filled(0)
    async with asyncio.timeout(5):
        taking = asyncio.create_task(inbox.take(3, wait=60, linger=60))
        await asyncio.sleep(0)
        inbox.close()
        assert not await taking
        assert not await inbox.take(3, wait=60, linger=60)


def test_a_batch_made_of_messages_gives_them_back_with_what_is_rejected_last() -> None:
    first, second = RawMessage("a", b"1", 17, retained=True), RawMessage("b", b"", 18)
    refused = Rejected("c", b"", 0, None, "too long", 17)
    batch = Batch.of([first, refused, second], receipts=["r"])
    assert (batch.messages, len(batch), batch.receipts) == ([first, second, refused], 3, ["r"])


@given(
    st.lists(st.one_of(st.lists(st.integers(1, 400), min_size=1, max_size=9), st.integers(1, 30)), max_size=60),
    st.integers(1, 20),
    st.integers(1, 2_000),
)
def test_an_inbox_keeps_every_message_in_order_and_is_full_exactly_between_its_marks(
    steps: list[list[int] | int], limit: int, limit_bytes: int
) -> None:
    async def play() -> None:
        changes: list[bool] = []
        inbox = Inbox(limit, limit_bytes, lambda: changes.append(inbox.is_full))
        put, taken = 0, 0
        waiting: list[int] = []
        for step in steps:
            was_full = inbox.is_full
            if isinstance(step, list):
                # All of a portion's messages count alike.
                size = max(step)
                waiting += [size] * len(step)
                inbox.put(portion(*range(put + 1, put + len(step) + 1), size=size * len(step)))
                put += len(step)
                assert inbox.is_full == (was_full or len(waiting) >= limit or sum(waiting) >= limit_bytes)
            else:
                batch = await inbox.take(step, wait=0, linger=0)
                assert packets(batch) == batch.received_at == list(range(taken + 1, taken + len(batch) + 1))
                assert len(batch) == min(step, len(waiting))
                taken += len(batch)
                del waiting[: len(batch)]
                half_empty = len(waiting) <= limit // 2 and sum(waiting) <= limit_bytes // 2
                assert inbox.is_full == (was_full and not half_empty)
            assert (len(inbox), inbox.in_flight) == (len(waiting), put)
            assert inbox.room == (0 if inbox.is_full else limit - len(waiting))
        assert changes == [number % 2 == 0 for number in range(len(changes))]

    asyncio.run(play())
