"""What stands for the address of somebody's telephone, and for how long."""

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from ingest.pseudonyms import Pseudonyms
from ioc.model.instant import DAY, HOUR, Instant, from_iso
from ioc.store.opening import open_store

NOON = from_iso("2026-11-22T12:00:00+07:00")[0]
MIDNIGHT = from_iso("2026-11-23T00:00:00+07:00")[0]
ADDRESSES = st.binary(min_size=6, max_size=6).map(lambda raw: raw.hex(":"))


class Keys:
    """Keys that anybody could guess, and the days that were asked for."""

    def __init__(self) -> None:
        self.asked: list[date] = []

    async def key(self, day: date) -> bytes:
        self.asked.append(day)
        return day.isoformat().encode()


async def pseudonyms(now: Instant) -> Pseudonyms:
    made = Pseudonyms("Asia/Ho_Chi_Minh")
    await made.fetch(Keys(), now)
    return made


@given(st.lists(ADDRESSES, unique=True, max_size=20))
async def test_a_device_has_one_pseudonym_a_day_and_no_other_has_it(addresses: list[str]) -> None:
    made = await pseudonyms(NOON)
    found = {made.of(address, NOON) for address in addresses}
    assert None not in found
    assert len(found) == len(addresses)
    assert found == {made.of(address.upper().replace(":", "-"), NOON + HOUR) for address in addresses}


@given(ADDRESSES)
async def test_a_pseudonym_does_not_show_the_address(address: str) -> None:
    found = (await pseudonyms(NOON)).of(address, NOON)
    assert found is not None
    assert address not in found
    assert address.replace(":", "") not in found


async def test_the_next_day_a_device_has_another_pseudonym() -> None:
    made = await pseudonyms(NOON)
    before = made.of("aa:bb:cc:00:11:22", MIDNIGHT - 1)
    await made.fetch(Keys(), MIDNIGHT)
    after = made.of("aa:bb:cc:00:11:22", MIDNIGHT)
    assert None not in (before, after)
    assert before != after
    assert made.of("aa:bb:cc:00:11:22", MIDNIGHT - 1) == before


async def test_the_key_of_the_next_day_is_there_before_its_first_message() -> None:
    made = await pseudonyms(MIDNIGHT - 60_000_000)
    assert made.of("aa:bb:cc:00:11:22", MIDNIGHT) is not None


async def test_without_a_key_the_address_is_dropped() -> None:
    assert Pseudonyms("Asia/Ho_Chi_Minh").of("aa:bb:cc:00:11:22", NOON) is None
    assert (await pseudonyms(NOON)).of("aa:bb:cc:00:11:22", NOON + 2 * DAY) is None


async def test_old_keys_are_forgotten() -> None:
    made = await pseudonyms(NOON)
    await made.fetch(Keys(), NOON + 2 * DAY)
    assert made.of("aa:bb:cc:00:11:22", NOON) is None


async def test_a_key_is_fetched_once() -> None:
    made, keys = Pseudonyms("Asia/Ho_Chi_Minh"), Keys()
    for _ in range(3):
        await made.fetch(keys, NOON)
    assert keys.asked == [date(2026, 11, 22)]


async def test_everybody_gets_the_same_random_key_of_a_day_and_the_store_forgets_it(embedded_store: str) -> None:
    async with open_store(embedded_store) as one, open_store(embedded_store) as other:
        first = await one.daily_keys.key(date(2026, 11, 22))
        assert len(first) == 32
        assert await other.daily_keys.key(date(2026, 11, 22)) == first
        assert await other.daily_keys.key(date(2026, 11, 23)) != first
        remaining = await one.connection.call("TTL", "ioc:daily-key:2026-11-22")
        assert 0 < int(remaining) <= 48 * 3600
