"""The audit log: nothing is lost when several write at once, and no change of it goes unnoticed."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from ioc.store import keys
from ioc.store.audit import MAX_NAME, MAX_REASON, AuditLog, Head
from ioc.store.opening import Store

NOW = 1_795_309_200_123_456
PICTURE = "person/2026-11-22/cam-1-1795309200123-ab12cd34.jpg"


async def written(store: Store, count: int = 3) -> AuditLog:
    log = AuditLog(store.connection)
    for number in range(count):
        await log.append(who="Lan", what="original seen", subject=PICTURE, reason=f"Vụ {number}", at=NOW + number)
    return log


async def test_an_empty_log_is_sound(store: Store) -> None:
    log = AuditLog(store.connection)
    assert await log.head() == Head(0, "")
    assert await log.entries() == []
    verdict = await log.verify()
    assert (verdict.head, verdict.trouble) == (Head(0, ""), "")


async def test_entries_are_read_as_they_were_written(store: Store) -> None:
    log = await written(store)
    entries = await log.entries()
    assert [(entry.number, entry.reason, entry.at) for entry in entries] == [
        (1, "Vụ 0", NOW),
        (2, "Vụ 1", NOW + 1),
        (3, "Vụ 2", NOW + 2),
    ]
    assert await log.entries(after=2) == entries[2:]
    assert await log.latest(2) == [entries[2], entries[1]]
    verdict = await log.verify()
    assert (verdict.head, verdict.trouble) == (await log.head(), "")


async def test_of_many_who_write_at_once_each_is_written_once(store: Store) -> None:
    log = AuditLog(store.connection)
    await asyncio.gather(
        *(log.append(who=f"{n}", what="original seen", subject=PICTURE, reason="Vụ", at=NOW) for n in range(20))
    )
    assert sorted(int(entry.who) for entry in await log.entries()) == list(range(20))
    assert (await log.verify()).trouble == ""


async def test_said_again_because_the_answer_got_lost_it_is_written_once(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = await written(store, 1)
    run = store.connection.run

    async def twice(*arguments: Any) -> Any:
        await run(*arguments)
        # Somebody else writes before it is said again.
        monkeypatch.setattr(store.connection, "run", run)
        await log.append(who="Minh", what="original seen", subject=PICTURE, reason="Vụ", at=NOW)
        return await run(*arguments)

    monkeypatch.setattr(store.connection, "run", twice)
    await log.append(who="Lan", what="original seen", subject=PICTURE, reason="again", at=NOW)
    assert [entry.who for entry in await log.entries()] == ["Lan", "Lan", "Minh"]
    assert (await log.verify()).trouble == ""


async def test_the_same_thing_done_twice_in_one_moment_stands_there_twice(store: Store) -> None:
    log = AuditLog(store.connection)
    for _ in range(2):
        await log.append(who="Lan", what="original seen", subject=PICTURE, reason="Vụ", at=NOW)
    assert len(await log.entries()) == 2


@pytest.mark.parametrize(
    "fields",
    [
        {"who": ""},
        {"who": "x" * (MAX_NAME + 1)},
        {"what": "\n"},
        {"subject": ""},
        {"reason": "  "},
        {"reason": "x" * (MAX_REASON + 1)},
        {"reason": "\ud800"},
    ],
)
async def test_entries_that_say_nothing_or_too_much_are_refused(store: Store, fields: dict[str, str]) -> None:
    log = AuditLog(store.connection)
    sound = {"who": "Lan", "what": "original seen", "subject": PICTURE, "reason": "Vụ"}
    with pytest.raises(ValueError, match=next(iter(fields))):
        await log.append(**{**sound, **fields}, at=NOW)
    assert await log.entries() == []


async def raw(store: Store) -> list[tuple[bytes, dict[bytes, bytes]]]:
    entries: list[tuple[bytes, dict[bytes, bytes]]] = await store.connection.call("XRANGE", keys.AUDIT, "-", "+")
    return entries


async def write_anew(store: Store, entries: list[tuple[bytes, dict[bytes, bytes]]]) -> None:
    await store.connection.call("DEL", keys.AUDIT)
    for id_, fields in entries:
        flat = [part for pair in fields.items() for part in pair]
        await store.connection.call("XADD", keys.AUDIT, id_, *flat)


FIELDS = (b"hash", b"mark", b"at", b"who", b"what", b"subject", b"reason")


@pytest.mark.parametrize("number", [0, 1, 2])
@pytest.mark.parametrize("field", FIELDS)
async def test_every_changed_field_is_noticed(store: Store, number: int, field: bytes) -> None:
    log = await written(store)
    entries = await raw(store)
    assert set(entries[number][1]) == set(FIELDS)
    was = entries[number][1][field]
    entries[number][1][field] = (b"1" if was[:1] == b"0" else b"0") + was[1:]
    await write_anew(store, entries)
    verdict = await log.verify()
    assert verdict.trouble
    assert verdict.head.number <= number + 1


def without(number: int) -> Callable[[list[Any]], list[Any]]:
    return lambda entries: entries[:number] + entries[number + 1 :]


def with_field(entries: list[Any]) -> list[Any]:
    return [*entries[:2], (entries[2][0], {**entries[2][1], b"note": b"x"})]


def renumbered(entries: list[Any]) -> list[Any]:
    return [entries[0], (b"2-0", entries[2][1])]


def swapped(entries: list[Any]) -> list[Any]:
    return [(b"1-0", entries[1][1]), (b"2-0", entries[0][1]), entries[2]]


def repeated(entries: list[Any]) -> list[Any]:
    return [*entries, (b"4-0", entries[2][1])]


def beside(entries: list[Any]) -> list[Any]:
    return [*entries[:2], (b"2-1", entries[1][1]), entries[2]]


def zeros(entries: list[Any]) -> list[Any]:
    return [*entries[:2], (entries[2][0], {**entries[2][1], b"at": b"0" + entries[2][1][b"at"]})]


@pytest.mark.parametrize(
    "change",
    [without(0), without(1), without(2), with_field, renumbered, swapped, repeated, beside, zeros, lambda _: []],
)
async def test_every_other_change_is_noticed(store: Store, change: Callable[[list[Any]], list[Any]]) -> None:
    log = await written(store)
    await write_anew(store, change(await raw(store)))
    assert (await log.verify()).trouble


async def test_the_same_entries_written_anew_are_no_change(store: Store) -> None:
    log = await written(store)
    await write_anew(store, await raw(store))
    assert (await log.verify()).trouble == ""


async def forget(store: Store) -> None:
    await store.connection.call("DEL", keys.AUDIT, keys.AUDIT_HEAD)


async def make_anew(store: Store) -> None:
    await forget(store)
    await written(store)


@pytest.mark.parametrize("change", [forget, make_anew])
async def test_a_whole_new_chain_is_noticed_by_a_head_that_was_kept_elsewhere(
    store: Store, change: Callable[[Store], Awaitable[None]]
) -> None:
    log = await written(store)
    known = await log.head()
    await log.append(who="Minh", what="original seen", subject=PICTURE, reason="Vụ", at=NOW)
    assert (await log.verify([known])).trouble == ""
    await change(store)
    assert (await log.verify()).trouble == ""
    assert (await log.verify([known])).trouble


async def test_a_head_that_was_put_back_is_noticed(store: Store) -> None:
    log = await written(store)
    second = (await log.entries())[1]
    await store.connection.call("HSET", keys.AUDIT_HEAD, "number", 2, "hash", second.hash)
    assert "added after entry 2" in (await log.verify()).trouble


async def test_long_logs_are_gone_over_in_parts(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ioc.store.audit._CHUNK", 2)
    log = await written(store, 5)
    assert (await log.verify()).head.number == 5
    await store.connection.call("XDEL", keys.AUDIT, "4-0")
    verdict = await log.verify()
    assert (verdict.head.number, "entry 4 is missing" in verdict.trouble) == (3, True)
