import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from ioc.model.events import empty_batch
from ioc.model.faults import Fault
from ioc.runtime import embedded
from ioc.store.connection import Script, StoreUnavailable
from ioc.store.event_stream import BEGINNING
from ioc.store.opening import Store, open_store, safe_url


@pytest.fixture
def own_store(tmp_path: Path, free_port: Callable[[], int]) -> embedded.Command:
    """A store that the test itself starts and kills."""
    return embedded.store(tmp_path / "store", port=free_port(), log=tmp_path / "store.log")


def url(command: embedded.Command) -> str:
    return f"redis://127.0.0.1:{command.ports[0]}"


async def test_an_address_where_nothing_answers_is_one_sentence_without_the_password(
    free_port: Callable[[], int],
) -> None:
    port = free_port()
    with pytest.raises(Fault) as fault:
        async with open_store(f"redis://ioc:hunter2@127.0.0.1:{port}"):
            pass

    assert f"The store at redis://127.0.0.1:{port} cannot be reached" in str(fault.value)
    assert "hunter2" not in str(fault.value)


@pytest.mark.parametrize("address", ["http://127.0.0.1", "127.0.0.1:6379", "redis://host:port"])
async def test_what_is_not_a_store_s_url_is_a_fault(address: str) -> None:
    with pytest.raises(Fault, match="The store's URL"):
        async with open_store(address):
            pass


def test_a_url_is_shown_without_its_secrets() -> None:
    assert safe_url("rediss://user:p%40ss@store.example:6380/2?password=x") == "rediss://store.example:6380/2"
    assert safe_url("unix://:secret@/run/valkey.sock") == "unix:///run/valkey.sock"


async def test_a_script_is_sent_once_and_found_again_after_the_store_forgot_it(store: Store) -> None:
    script = Script("return {KEYS[1], ARGV[1]}")

    assert await store.connection.run(script, ["k"], [1]) == [b"k", b"1"]
    await store.connection.call("SCRIPT", "FLUSH")
    assert await store.connection.run(script, ["k"], [2]) == [b"k", b"2"]
    await store.connection.call("SCRIPT", "FLUSH")
    assert await store.connection.run_many(script, [(["k"], [1]), (["k"], [2])]) == [[b"k", b"1"], [b"k", b"2"]]


async def test_a_store_that_restarts_goes_on_answering_without_anybody_noticing(own_store: embedded.Command) -> None:
    with embedded.running(own_store):
        opened = open_store(url(own_store))
        store = await opened.__aenter__()
        await store.events.append(empty_batch(), 1)
    with embedded.running(own_store):
        await store.events.append(empty_batch(), 2)
        assert [entry.clock for entry in await store.events.read(BEGINNING)] == [1, 2]
        await opened.__aexit__(None, None, None)


async def test_a_store_that_stays_away_is_said_to_be_unavailable(own_store: embedded.Command) -> None:
    with embedded.running(own_store):
        opened = open_store(url(own_store))
        store = await opened.__aenter__()
    with pytest.raises(StoreUnavailable, match="cannot be reached"):
        await store.events.append(empty_batch(), 1)
    await opened.__aexit__(None, None, None)


async def test_a_store_that_is_full_refuses_with_its_reason_and_takes_writes_again_later(store: Store) -> None:
    await store.connection.call("CONFIG", "SET", "maxmemory", "1")
    try:
        with pytest.raises(StoreUnavailable, match="takes nothing more: OOM"):
            await store.events.append(empty_batch(), 1)
        with pytest.raises(StoreUnavailable, match="takes nothing more: OOM"):
            await store.health.report("ingest", {"state": "ok"}, 10)
    finally:
        await store.connection.call("CONFIG", "SET", "maxmemory", "0")
    await store.events.append(empty_batch(), 1)


async def test_a_replica_refuses_to_be_written(store: Store, free_port: Callable[[], int]) -> None:
    await store.connection.call("REPLICAOF", "127.0.0.1", free_port())
    try:
        with pytest.raises(StoreUnavailable, match="READONLY"):
            await store.connection.call("SET", "key", "value")
    finally:
        await store.connection.call("REPLICAOF", "NO", "ONE")


async def test_a_batch_is_written_once_though_the_store_took_it_and_never_answered(
    own_store: embedded.Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ioc.store.connection.ANSWER_TIMEOUT_S", 0.2)
    with embedded.running(own_store) as process:
        async with open_store(url(own_store)) as store:
            first, second = empty_batch(), empty_batch()
            os.kill(process.pid, signal.SIGSTOP)
            with pytest.raises(StoreUnavailable, match="does not answer"):
                await store.events.append(first, 1)
            os.kill(process.pid, signal.SIGCONT)

            await store.events.append(first, 1)
            await store.events.append(second, 1)
            assert await store.events.length() == 2


async def test_a_store_that_lost_its_data_is_noticed(store: Store, embedded_store: str) -> None:
    async with open_store(embedded_store) as other:
        assert store.genesis == other.genesis
    assert not await store.has_lost_its_data()

    await store.connection.call("FLUSHALL")

    assert await store.has_lost_its_data()
    async with open_store(embedded_store) as refounded:
        assert store.genesis != refounded.genesis
