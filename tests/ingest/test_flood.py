"""Floods: a device that sends too much is thinned, exactly counted, and nobody else's loss."""

from collections import Counter
from typing import Any

import polars as pl
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from ingest.flood import COALESCED, Allowance, FloodGate
from ioc.model.instant import SECOND


def batch(*assets: str | None, **columns: list[Any]) -> pl.DataFrame:
    count = len(assets)
    return pl.DataFrame(
        {"asset": assets, "number": list(range(count)), "signal": columns.pop("signal", [None] * count), **columns},
        schema_overrides={"asset": pl.String, "signal": pl.String},
    )


def kept(frame: pl.DataFrame) -> list[tuple[int, int | None]]:
    counts = frame[COALESCED].to_list() if COALESCED in frame.columns else [None] * frame.height
    return list(zip(frame["number"].to_list(), counts, strict=True))


def test_a_burst_is_allowed_and_what_is_beyond_it_stands_in_one_event() -> None:
    frame, dropped = FloodGate(Allowance(1, 3)).thin(batch(*["a"] * 10), 0)
    assert kept(frame) == [(0, None), (1, None), (2, None), (9, 6)]
    assert dropped == 6


def test_one_event_beyond_the_allowance_stands_for_itself() -> None:
    frame, dropped = FloodGate(Allowance(1, 3)).thin(batch(*["a"] * 4), 0)
    assert (kept(frame), dropped) == ([(n, None) for n in range(4)], 0)


def test_the_allowance_comes_back_with_time() -> None:
    gate = FloodGate(Allowance(2, 4))
    gate.thin(batch(*["a"] * 9), 0)
    frame, dropped = gate.thin(batch(*["a"] * 9), SECOND)
    assert (kept(frame), dropped) == ([(0, None), (1, None), (8, 6)], 6)
    assert gate.thin(batch(*["a"] * 4), 10 * SECOND)[1] == 0


def test_a_clock_that_goes_back_gives_nothing_and_takes_nothing() -> None:
    gate = FloodGate(Allowance(1, 2))
    gate.thin(batch("a"), 10 * SECOND)
    assert gate.thin(batch("a", "a", "a"), 0)[1] == 1


def test_what_began_ended_or_is_severe_is_never_dropped() -> None:
    signals = [None, "alert", None, None, "clear", None]
    severities = [None, None, None, "critical", None, None]
    frame, dropped = FloodGate(Allowance(1, 0)).thin(batch(*["a"] * 6, signal=signals, severity=severities), 0)
    assert (kept(frame), dropped) == ([(1, None), (3, None), (4, None), (5, 2)], 2)


def test_events_that_name_no_device_are_not_counted() -> None:
    assert FloodGate(Allowance(1, 0)).thin(batch(None, None), 0)[1] == 0


def test_an_event_that_stands_for_others_already_goes_on_to() -> None:
    frame, dropped = FloodGate(Allowance(1, 0)).thin(batch("a", "a", "a", **{COALESCED: [None, 5, 7]}), 0)
    assert (kept(frame), dropped) == ([(2, 9)], 2)


@given(
    st.lists(
        st.tuples(st.lists(st.sampled_from(["wild", "wild", "wild", "calm", None]), max_size=40), st.integers(0, 3))
    ),
    st.integers(0, 6),
)
def test_kept_and_coalesced_is_what_was_sent(batches: list[tuple[list[str | None], int]], burst: int) -> None:
    gate, now = FloodGate(Allowance(1, burst)), 0
    for assets, seconds in batches:
        now += seconds * SECOND
        frame, dropped = gate.thin(batch(*assets), now)
        assert frame.height + dropped == len(assets)
        assert sum(count or 0 for _, count in kept(frame)) == dropped
        numbers = frame["number"].to_list()
        assert numbers == sorted(numbers)
        # The latest of each device is always among them.
        assert {max(n for n, each in enumerate(assets) if each == asset) for asset in set(assets)} <= set(numbers)


@given(st.lists(st.sampled_from(["wild", "calm"]), max_size=60))
def test_others_are_left_alone(assets: list[str]) -> None:
    frame, _ = FloodGate(Allowance(1, 5)).thin(batch(*assets), 0)
    counts = Counter(assets)
    for asset in ("wild", "calm"):
        if counts[asset] <= 5:
            theirs = frame.filter(pl.col("asset") == asset).select("asset", "number", "signal")
            assert_frame_equal(theirs, batch(*assets).filter(pl.col("asset") == asset))
