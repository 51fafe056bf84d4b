from ioc.model.events import Rejected
from ioc.store.opening import Store
from ioc.store.rejected import KEPT, PAYLOAD_KEPT


def rejected(number: int = 0, *, codec: str | None = "frigate", payload: bytes = b"{") -> Rejected:
    return Rejected(
        f"frigate/{number}", payload, len(payload), codec, "the JSON ends too early", 1_790_000_000 + number
    )


async def test_rejected_messages_come_back_newest_first(store: Store) -> None:
    messages = [rejected(1), rejected(2, codec=None), rejected(3)]

    await store.rejected.add(messages)

    assert messages[::-1] == await store.rejected.latest()
    assert [messages[2]] == await store.rejected.latest(1)


async def test_all_are_counted_by_codec(store: Store) -> None:
    await store.rejected.add([rejected(), rejected(), rejected(codec=None)])
    await store.rejected.add([rejected()])

    assert await store.rejected.counts() == {"frigate": 3, None: 1}


async def test_a_flood_is_counted_in_full_and_kept_in_part(store: Store) -> None:
    await store.rejected.add([rejected(number) for number in range(3 * KEPT)])

    assert await store.rejected.counts() == {"frigate": 3 * KEPT}
    assert KEPT <= len(await store.rejected.latest(10 * KEPT)) < 1.1 * KEPT


async def test_only_the_start_of_a_huge_payload_is_kept(store: Store) -> None:
    await store.rejected.add([rejected(payload=b"\xff" * 100_000)])

    (kept,) = await store.rejected.latest()
    assert (kept.payload_start, kept.payload_size) == (b"\xff" * PAYLOAD_KEPT, 100_000)


async def test_a_topic_that_is_not_text_is_kept_too(store: Store) -> None:
    strange = Rejected("a/\ud800", b"", 0, None, "the topic is not UTF-8", 1)

    await store.rejected.add([strange])

    assert [strange] == await store.rejected.latest()


async def test_reading_on_gives_each_message_once_in_the_order_of_arrival(store: Store) -> None:
    assert await store.rejected.newest() == "0-0"
    messages = [rejected(number) for number in range(5)]
    await store.rejected.add(messages[:3])

    first = await store.rejected.after("0-0", limit=2)
    rest = await store.rejected.after(first[-1][0])
    await store.rejected.add(messages[3:])
    more = await store.rejected.after(rest[-1][0])

    assert [message for _, message in first + rest + more] == messages
    assert more[-1][0] == await store.rejected.newest()
