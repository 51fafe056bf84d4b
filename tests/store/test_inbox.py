"""The inbox: bounded, in order, and forgotten only when somebody says so."""

import pytest
import pytest_asyncio

from ioc.model.events import RawMessage
from ioc.store import keys
from ioc.store.inbox import BEGINNING, InboxFull, MessageInbox
from ioc.store.opening import Store


@pytest_asyncio.fixture
async def inbox(store: Store) -> MessageInbox:
    return MessageInbox(store.connection, most_messages=3, most_bytes=100)


async def test_messages_are_read_as_they_came_and_in_their_order(inbox: MessageInbox) -> None:
    first = await inbox.keep("$in/cap/a", b"\xff\x00", 1_795_309_200_000_001)
    second = await inbox.keep("$in/cap/\ud800", b"", 2)
    kept = await inbox.read(BEGINNING)
    assert [each.position for each in kept] == [first, second]
    assert [each.message for each in kept] == [
        RawMessage("$in/cap/a", b"\xff\x00", 1_795_309_200_000_001),
        RawMessage("$in/cap/\ud800", b"", 2),
    ]
    assert [each.position for each in await inbox.read(first)] == [second]
    assert await inbox.read(second) == []


async def test_what_was_read_is_still_there_until_it_is_forgotten(inbox: MessageInbox) -> None:
    positions = [await inbox.keep("t", b"x", number) for number in range(3)]
    await inbox.read(BEGINNING)
    assert await inbox.length() == 3
    await inbox.forget(positions[:2])
    await inbox.forget(positions[:2])
    assert [each.position for each in await inbox.read(BEGINNING)] == positions[2:]


async def test_a_full_inbox_refuses_and_drops_nothing(inbox: MessageInbox) -> None:
    positions = [await inbox.keep("t", b"x", number) for number in range(3)]
    with pytest.raises(InboxFull):
        await inbox.keep("t", b"x", 4)
    assert [each.position for each in await inbox.read(BEGINNING)] == positions
    await inbox.forget(positions[:1])
    await inbox.keep("t", b"x", 4)


async def test_bytes_are_bounded_too_and_come_free_again(inbox: MessageInbox, store: Store) -> None:
    large = await inbox.keep("t", b"x" * 60, 1)
    with pytest.raises(InboxFull):
        await inbox.keep("t", b"x" * 60, 2)
    small = await inbox.keep("t", b"x" * 30, 2)
    await inbox.forget([large])
    assert int(await store.connection.call("GET", keys.inbox_bytes())) == 31
    await inbox.keep("t", b"x" * 60, 3)
    await inbox.forget([small])


async def test_an_empty_inbox_counts_from_nothing(inbox: MessageInbox, store: Store) -> None:
    await store.connection.call("SET", keys.inbox_bytes(), 1_000_000)
    position = await inbox.keep("t", b"x" * 90, 1)
    await inbox.forget([position])
    assert await store.connection.call("GET", keys.inbox_bytes()) is None


async def test_reading_waits_for_news_and_no_longer(inbox: MessageInbox) -> None:
    assert await inbox.read(BEGINNING, wait=0.05) == []
