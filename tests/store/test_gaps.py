"""Gaps: recorded once each, the latest kept, all counted."""

import pytest

from ioc.model.gaps import Gap
from ioc.store import gaps as module
from ioc.store.opening import open_store

FIRST = Gap("env 1", "a", 3, 5, 1_795_309_200_123_456)
SECOND = Gap("env 1", "a", 9, 9, 1_795_309_201_000_000)
OTHER = Gap("ap:2", "7", 0, 2**62, 1_795_309_202_000_000)


async def test_gaps_come_back_newest_first_and_are_counted_by_asset(embedded_store: str) -> None:
    async with open_store(embedded_store) as store:
        await store.gaps.record([FIRST, OTHER])
        await store.gaps.record([SECOND])
        assert await store.gaps.latest() == [OTHER, SECOND, FIRST]
        assert await store.gaps.latest(1) == [OTHER]
        assert await store.gaps.counts() == {"env 1": 4, "ap:2": 2**62 + 1}


async def test_a_gap_that_is_recorded_again_is_counted_once(embedded_store: str) -> None:
    async with open_store(embedded_store) as store:
        await store.gaps.record([FIRST])
        await store.gaps.record([Gap(FIRST.asset, FIRST.boot, FIRST.first, FIRST.last, FIRST.at + 5), SECOND])
        assert await store.gaps.latest() == [SECOND, FIRST]
        assert await store.gaps.counts() == {"env 1": 4}


async def test_only_the_latest_are_kept(embedded_store: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "KEPT", 2)
    async with open_store(embedded_store) as store:
        await store.gaps.record([FIRST, SECOND, OTHER])
        assert await store.gaps.latest() == [OTHER, SECOND]
        assert await store.gaps.counts() == {"env 1": 4, "ap:2": 2**62 + 1}


async def test_there_may_be_none(embedded_store: str) -> None:
    async with open_store(embedded_store) as store:
        await store.gaps.record([])
        assert (await store.gaps.latest(), await store.gaps.counts()) == ([], {})
