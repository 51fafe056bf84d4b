"""Two runs over the same past: what stays, is new, is gone, or has moved."""

from hypothesis import given
from hypothesis import strategies as st

from rules.backtest import BacktestAlert
from rules.bench.comparison import Fate, compare, counts


def alert(raised: int, cleared: int | None, key: str = "a") -> BacktestAlert:
    return BacktestAlert("r", key, raised, cleared)


def fates(before: list[BacktestAlert], after: list[BacktestAlert]) -> list[tuple[str, int]]:
    return [(str(one.fate), one.shown.raised_at) for one in compare(before, after)]


def test_an_alert_of_the_same_time_is_the_same() -> None:
    assert fates([alert(1, 5)], [alert(1, 5)]) == [("same", 1)]
    assert fates([alert(1, None)], [alert(1, None)]) == [("same", 1)]


def test_alerts_that_hold_at_one_time_are_one_that_has_moved() -> None:
    assert fates([alert(1, 5)], [alert(3, 5)]) == [("moved", 3)]
    assert fates([alert(1, 5)], [alert(1, 9)]) == [("moved", 1)]
    assert fates([alert(1, None)], [alert(7, None)]) == [("moved", 7)]


def test_alerts_that_only_touch_are_two() -> None:
    assert fates([alert(1, 5)], [alert(5, 9)]) == [("gone", 1), ("added", 5)]


def test_alerts_of_another_key_are_others() -> None:
    assert fates([alert(1, 5)], [alert(2, 5, "b")]) == [("gone", 1), ("added", 2)]


def test_one_that_takes_the_place_of_two_is_paired_with_the_first() -> None:
    assert fates([alert(1, 5), alert(6, 9)], [alert(2, 9)]) == [("moved", 2), ("gone", 6)]


def test_every_fate_is_counted_even_where_there_is_none() -> None:
    assert counts(compare([], [alert(1, 2)])) == {"same": 0, "added": 1, "gone": 0, "moved": 0}


SPANS = st.lists(st.tuples(st.integers(0, 30), st.integers(1, 5), st.sampled_from("ab")), max_size=12)


def laid_out(spans: list[tuple[int, int, str]]) -> list[BacktestAlert]:
    """A key's alerts follow one another, as a rule makes them."""
    found: list[BacktestAlert] = []
    ends = {"a": 0, "b": 0}
    for gap, length, key in spans:
        begun = ends[key] + gap
        ends[key] = begun + length
        found.append(alert(begun, ends[key], key))
    return found


@given(SPANS, SPANS)
def test_every_alert_of_both_runs_is_in_it_exactly_once(before: list, after: list) -> None:  # type: ignore[type-arg]
    old, new = laid_out(before), laid_out(after)
    found = compare(old, new)
    assert sorted(map(id, old)) == sorted(id(one.was) for one in found if one.was is not None)
    assert sorted(map(id, new)) == sorted(id(one.now) for one in found if one.now is not None)
    for one in found:
        both = one.was is not None and one.now is not None
        assert both == (one.fate in (Fate.SAME, Fate.MOVED))


@given(SPANS)
def test_a_run_is_the_same_as_itself(spans: list) -> None:  # type: ignore[type-arg]
    assert {one.fate for one in compare(laid_out(spans), laid_out(spans))} <= {Fate.SAME}
