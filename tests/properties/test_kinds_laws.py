"""Laws of the state machines: looking at whole runs, or only at keys near a bound, is looking at every event."""

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.bounds import Bound
from rules.kinds import threshold, window
from rules.kinds.contract import Change, Feed, Kind
from rules.kinds.threshold import ThresholdKind
from rules.kinds.window import Value, WindowKind

CUTS = st.lists(st.integers(1, 60), max_size=3)


def told(changes: list[Change]) -> list[tuple[Any, ...]]:
    return sorted((c.key, c.raised_at, c.firing, c.at, c.refs, c.by or 0, str(c.numbers)) for c in changes)


def run(make: Callable[[], Kind], feed: Feed, cuts: list[int]) -> list[tuple[Any, ...]]:
    """Run a feed, cut at some places, with a checkpoint at the first of them."""
    kind = make()
    changes: list[Change] = []
    edges = sorted({0, len(feed), *(cut for cut in cuts if cut < len(feed))})
    for begin, end in pairwise(edges):
        changes += kind.step(feed.take(slice(begin, end)), int(feed.now[end - 1]), closing=False)
        if begin == 0:
            kept, kind = kind.dump(), make()
            kind.load(kept)
    nothing = feed.take(slice(0, 0))
    return told(changes + kind.step(nothing, int(feed.now[-1]) + 1_000, closing=True))


@st.composite
def truths(draw: st.DrawFn) -> Feed:
    """Events that find one condition true, the other, neither, or something unknown; mostly in order of `at`."""
    rows = draw(
        st.lists(
            st.tuples(
                st.integers(0, 4),
                st.integers(0, 2),
                st.sampled_from([(1, 0), (1, 0), (0, 1), (0, 1), (0, 0), (-1, 0), (0, -1), (1, 1)]),
            ),
            min_size=1,
            max_size=60,
        )
    )
    at = np.cumsum([step for step, _, _ in rows])
    columns = {name: np.array([pair[place] for _, _, pair in rows]) for place, name in enumerate(("raise", "clear"))}
    return Feed(at, at, np.array([key for _, key, _ in rows]), np.arange(len(rows)), columns)


@settings(max_examples=300, deadline=None)
@given(feed=truths(), cuts=CUTS, hold=st.integers(0, 9), clear_hold=st.integers(0, 9))
def test_a_threshold_by_runs_is_a_threshold_by_events(feed: Feed, cuts: list[int], hold: int, clear_hold: int) -> None:
    found = []
    for many in (0, 1_000):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(threshold, "MANY", many)
            found += [run(lambda: ThresholdKind(hold, clear_hold), feed, some) for some in ([], cuts)]
    assert all(one == found[0] for one in found)


@st.composite
def measured(draw: st.DrawFn, *, event_time: bool) -> Feed:
    rows = draw(
        st.lists(
            st.tuples(
                st.integers(0, 4),
                st.sampled_from([0, 0, 0, 1, 3, 20]),
                st.integers(0, 2),
                st.sampled_from([0.1, 0.5, 1, 2, 5, -4, -1.5, 7.25]),
            ),
            min_size=1,
            max_size=60,
        )
    )
    now = 100 + np.cumsum([step for step, *_ in rows])
    late = np.array([late for _, late, *_ in rows])
    at = now - (np.where(late > 3, late, 0) if event_time else late)
    values = {"value": np.array([value for *_, value in rows])}
    return Feed(now, at, np.array([key for _, _, key, _ in rows]), np.arange(len(rows)), values)


@pytest.mark.parametrize("event_time", [False, True], ids=["stream order", "event time"])
@settings(max_examples=300, deadline=None)
@given(
    data=st.data(),
    cuts=CUTS,
    value=st.sampled_from(Value),
    operator=st.sampled_from((">", ">=", "<", "<=")),
    limit=st.sampled_from([-1, 0, 0.1, 1, 2, 2.5, 3]),
    over=st.sampled_from([3, 8, 20]),
)
def test_a_window_that_follows_few_keys_is_a_window_that_follows_all(
    event_time: bool, data: st.DataObject, cuts: list[int], value: Value, operator: str, limit: float, over: int
) -> None:
    feed = data.draw(measured(event_time=event_time))
    bound = Bound(operator, limit)

    def make() -> WindowKind:
        return WindowKind(over, value, bound, bound.opposite(), event_time=event_time, each=4)

    def make_without() -> WindowKind:
        kind = make()
        kind._reach.need = 0.0  # So that no key is ever ruled out.
        return kind

    found = [run(make_without, feed, [])]
    for few in (0, 1_000):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(window, "FEW", few)
            found += [run(make, feed, some) for some in ([], cuts)]
    assert all(one == found[0] for one in found)
