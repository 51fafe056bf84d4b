import asyncio

from ioc.store.opening import Store


async def test_every_process_says_how_it_is(store: Store) -> None:
    await store.health.report("ingest", {"state": "ok", "backlog": 3, "message": "", "rate": 0.5}, ttl=10)
    await store.health.report("rules", {"state": "starting"}, ttl=10)

    assert await store.health.all() == {
        "ingest": {"state": "ok", "backlog": "3", "message": "", "rate": "0.5"},
        "rules": {"state": "starting"},
    }


async def test_a_report_replaces_the_one_before(store: Store) -> None:
    await store.health.report("rules", {"state": "degraded", "book_error": "a.yaml:3:7: unknown quantity"}, ttl=10)
    await store.health.report("rules", {"state": "ok"}, ttl=10)

    assert await store.health.all() == {"rules": {"state": "ok"}}


async def test_a_process_that_fell_silent_is_still_named_and_one_that_left_is_not(store: Store) -> None:
    await store.health.report("ingest", {"state": "ok"}, ttl=0.001)
    await store.health.report("rules", {"state": "ok"}, ttl=10)
    await store.health.forget("rules")

    async with asyncio.timeout(5):
        while await store.health.all() != {"ingest": {}}:  # noqa: ASYNC110 - it expires in the store
            await asyncio.sleep(0.005)
