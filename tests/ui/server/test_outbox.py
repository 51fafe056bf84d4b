"""What waits for one operator: movement may be skipped, incidents may not."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ioc.model.instant import SECOND
from ui.server.outbox import Delta, FellBehind, Outbox


def outbox(*, limit: int = 10, first: str | None = None) -> Outbox:
    return Outbox(
        first, lambda delta: f"{delta.position}|{delta.incidents}|{delta.assets}|{delta.health!r}", limit, 30 * SECOND
    )


def delta(
    number: int, *, incidents: int = 0, assets: tuple[str, ...] = (), now: int = 0, health: bytes | None = None
) -> Delta:
    changed = tuple(f"{number}.{each}".encode() for each in range(incidents))
    return Delta(str(number), now, None, changed, assets, health, text=f"all {number}")


async def test_whoever_reads_on_gets_what_all_others_get() -> None:
    box = outbox(first="snapshot")
    box.put(delta(1, incidents=2, assets=("a",)))
    assert await box.take() == "snapshot"
    assert await box.take() == "all 1"
    box.put(delta(2))
    assert await box.take() == "all 2"


async def test_what_waits_together_is_joined_and_an_asset_is_told_once() -> None:
    box = outbox()
    box.put(delta(1, incidents=1, assets=("a", "b"), health=b"old"))
    box.put(delta(2, incidents=2, assets=("b", "c"), health=b"new"))
    box.put(delta(3, assets=("a",)))
    assert await box.take() == "3|(b'1.0', b'2.0', b'2.1')|('a', 'b', 'c')|b'new'"
    box.put(delta(4, assets=("z",)))
    assert await box.take() == "all 4"


async def test_movement_never_fills_an_outbox() -> None:
    box = outbox(limit=1)
    for number in range(1_000):
        box.put(delta(number, assets=(f"a{number % 7}",)))
    assert (await box.take()).startswith("999|()|('a0', 'a1', 'a2', 'a3', 'a4', 'a5', 'a6')|")


async def test_an_incident_too_many_means_having_fallen_behind() -> None:
    box = outbox(limit=3)
    box.put(delta(1, incidents=3))
    box.put(delta(2, incidents=1))
    await asyncio.wait_for(box.fell_behind(), 1)
    box.put(delta(3, incidents=1))
    with pytest.raises(FellBehind):
        await box.take()


async def test_patience_ends_even_where_little_happens() -> None:
    box = outbox()
    box.put(delta(1, now=0))
    box.put(delta(2, now=30 * SECOND))
    assert await box.take() == "2|()|()|None"
    box.put(delta(3, now=31 * SECOND))
    box.put(delta(4, now=62 * SECOND))
    await asyncio.wait_for(box.fell_behind(), 1)


@given(
    st.lists(
        st.one_of(st.none(), st.tuples(st.integers(0, 3), st.lists(st.sampled_from("abc"), max_size=3))), max_size=20
    )
)
def test_no_incident_is_lost_or_told_twice_however_slowly_it_is_read(steps: list[tuple[int, list[str]] | None]) -> None:
    """None stands for the operator taking what waits; a tuple for what happens."""

    async def play() -> None:
        box = Outbox(None, lambda joined: repr((joined.incidents, joined.assets)), 1_000, 30 * SECOND)
        happened: list[bytes] = []
        told: list[bytes] = []
        moved: set[str] = set()
        heard: set[str] = set()
        for number, step in enumerate((*steps, None)):
            if step is not None:
                change = delta(number, incidents=step[0], assets=tuple(dict.fromkeys(step[1])))
                change = Delta(
                    change.position,
                    0,
                    None,
                    change.incidents,
                    change.assets,
                    None,
                    repr((change.incidents, change.assets)),
                )
                happened += change.incidents
                moved |= set(change.assets)
                box.put(change)
            elif box._waiting:
                incidents, assets = eval(await box.take())  # noqa: S307 - the test's own repr
                told += incidents
                heard |= set(assets)
        assert told == happened
        assert heard == moved

    asyncio.run(play())
