import asyncio

import pytest

from ioc.store.checkpoints import Checkpoint, LeaseHeld, LostLease
from ioc.store.opening import Store, open_store


async def test_a_checkpoint_comes_back_as_it_was_saved(store: Store) -> None:
    assert await store.checkpoints.load() is None

    token = await store.checkpoints.acquire("rules-1", ttl=10)
    await store.checkpoints.save(token, "17-0", b"\x00state\xff")

    assert Checkpoint("17-0", b"\x00state\xff") == await store.checkpoints.load()


async def test_only_one_owner_holds_the_lease(store: Store, embedded_store: str) -> None:
    await store.checkpoints.acquire("rules-1", ttl=10)

    async with open_store(embedded_store) as other:
        with pytest.raises(LeaseHeld, match="rules-1") as held:
            await other.checkpoints.acquire("rules-2", ttl=10)
    assert 0 < held.value.remaining <= 10


async def test_a_released_lease_can_be_taken_at_once(store: Store, embedded_store: str) -> None:
    token = await store.checkpoints.acquire("rules-1", ttl=10)
    await store.checkpoints.release(token)

    async with open_store(embedded_store) as other:
        assert token < await other.checkpoints.acquire("rules-2", ttl=10)


async def test_an_owner_that_was_replaced_can_neither_save_nor_renew_nor_release(
    store: Store, embedded_store: str
) -> None:
    stale = await store.checkpoints.acquire("rules-1", ttl=10)
    await store.checkpoints.save(stale, "1-0", b"old")
    async with open_store(embedded_store) as restarted:
        token = await restarted.checkpoints.acquire("rules-1", ttl=10)
        await restarted.checkpoints.save(token, "2-0", b"new")

        with pytest.raises(LostLease):
            await store.checkpoints.save(stale, "3-0", b"stale")
        with pytest.raises(LostLease):
            await store.checkpoints.renew(stale)
        await store.checkpoints.release(stale)
        with pytest.raises(LeaseHeld):
            await store.checkpoints.acquire("rules-3", ttl=10)

    assert Checkpoint("2-0", b"new") == await store.checkpoints.load()


async def test_a_lease_that_ran_out_goes_to_the_next_and_the_first_is_fenced_off(
    store: Store, embedded_store: str
) -> None:
    slow = await store.checkpoints.acquire("rules-1", ttl=0.02)
    async with open_store(embedded_store) as other, asyncio.timeout(5):
        while True:
            try:
                await other.checkpoints.acquire("rules-2", ttl=10)
                break
            except LeaseHeld as held:
                await asyncio.sleep(held.remaining)
        with pytest.raises(LostLease):
            await store.checkpoints.save(slow, "1-0", b"late")


async def test_an_owner_that_only_paused_goes_on_where_nobody_took_over(store: Store) -> None:
    token = await store.checkpoints.acquire("rules-1", ttl=0.001)
    await asyncio.sleep(0.01)

    await store.checkpoints.renew(token)
    await store.checkpoints.save(token, "1-0", b"state")


async def test_a_store_that_lost_its_data_takes_no_checkpoint_of_before(store: Store) -> None:
    token = await store.checkpoints.acquire("rules-1", ttl=10)
    await store.connection.call("FLUSHALL")

    with pytest.raises(LostLease):
        await store.checkpoints.save(token, "1-0", b"state")
