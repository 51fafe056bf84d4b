"""Window, sentence by sentence."""

from collections.abc import Callable
from typing import Any

import pytest

Alert = tuple[str, float, float | None]
AlertsOf = Callable[..., list[Alert]]

COUNT = "[{rule: w, from: sensor, window: {over: 60 s, value: count(*), raise: '>= 3', clear: '< 2'}}]"


def rule_of(value: str, raises: str, clears: str | None = None, *, lateness: bool = False) -> str:
    clear = "" if clears is None else f", clear: '{clears}'"
    late = "lateness: 10 s, " if lateness else ""
    return f"[{{rule: w, {late}from: sensor, window: {{over: 60 s, value: {value}, raise: '{raises}'{clear}}}}}]"


def at(*moments: float, **event: Any) -> list[dict[str, Any]]:
    return [{"at": moment} | event for moment in moments]


def values(*pairs: tuple[float, float]) -> list[dict[str, Any]]:
    return [{"at": moment, "pm25": value} for moment, value in pairs]


def test_it_raises_at_the_first_event_that_makes_the_value_reach_the_bound(alerts_of: AlertsOf) -> None:
    assert alerts_of(COUNT, at(0, 10, 20, 30)) == [("a", 20, None)]


def test_an_event_exactly_over_ago_counts_no_more(alerts_of: AlertsOf) -> None:
    assert alerts_of(COUNT, at(0, 30, 60)) == []
    assert alerts_of(COUNT, at(0, 30, 59.999)) == [("a", 59.999, None)]


def test_it_clears_at_the_instant_at_which_old_events_expire(alerts_of: AlertsOf) -> None:
    assert alerts_of(COUNT, at(0, 10, 20), until=100) == [("a", 20, 70)]


def test_it_does_not_clear_before_the_clock_has_come_there(alerts_of: AlertsOf) -> None:
    assert alerts_of(COUNT, at(0, 10, 20), until=69) == [("a", 20, None)]


def test_between_both_bounds_it_stays_as_it_is(alerts_of: AlertsOf) -> None:
    assert alerts_of(COUNT, at(0, 10, 20, 65, 75), until=79) == [("a", 20, None)]
    assert alerts_of(COUNT, at(0, 10), until=50) == []


def test_without_clear_it_ends_when_raise_does_not_hold(alerts_of: AlertsOf) -> None:
    assert alerts_of(rule_of("count(*)", ">= 3"), at(0, 10, 20), until=100) == [("a", 20, 60)]


def test_it_raises_again(alerts_of: AlertsOf) -> None:
    assert alerts_of(COUNT, at(0, 1, 2, 100, 101, 102), until=300) == [("a", 2, 61), ("a", 102, 161)]


def test_time_alone_never_raises(alerts_of: AlertsOf) -> None:
    assert alerts_of(rule_of("count(*)", "< 2", ">= 3"), at(0, 1, 2), until=300) == [("a", 0, 2)]
    assert alerts_of(rule_of("min(pm25)", "> 5"), values((0, 1), (30, 9)), until=300) == []


@pytest.mark.parametrize(
    ("value", "raises", "clears", "rows", "wanted"),
    [
        ("sum(pm25)", "> 10", None, [(0, 6), (10, 6)], [("a", 10, 60)]),
        ("mean(pm25)", "> 5", "< 4", [(0, 4), (10, 8), (20, 1), (30, 1)], [("a", 10, 30)]),
        ("min(pm25)", ">= 5", "< 3", [(0, 4), (10, 9), (65, 8), (66, 2)], [("a", 65, 66)]),
        ("max(pm25)", ">= 8", "< 6", [(0, 8), (30, 1)], [("a", 0, 60)]),
        ("sum(pm25 * 2)", "> 10", None, [(0, 6)], [("a", 0, 60)]),
        ("distinct(pm25)", ">= 2", None, [(0, 6), (10, 6), (20, 7), (30, 6)], [("a", 20, 80)]),
        ("first(pm25)", ">= 5", "< 3", [(0, 4), (10, 9), (61, 2)], [("a", 61, 70)]),
        ("last(pm25)", ">= 5", "< 3", [(0, 4), (10, 9), (20, 2)], [("a", 10, 20)]),
        ("change(pm25) per 60 s", "> 5", "< 2", [(0, 1), (30, 3), (40, 9), (50, 9), (70, 9)], [("a", 40, 90)]),
        ("change(pm25)", ">= 8", "< 2", [(0, 1), (30, 3), (40, 9), (50, 9), (70, 9)], [("a", 40, 90)]),
        ("change(pm25) per 1 h", "<= -60", None, [(0, 9), (60, 7), (90, 6)], [("a", 90, None)]),
    ],
)
def test_values_are_what_their_names_say(
    alerts_of: AlertsOf, value: str, raises: str, clears: str | None, rows: list[tuple[float, float]], wanted: Any
) -> None:
    assert alerts_of(rule_of(value, raises, clears), values(*rows), until=300) == wanted


def test_distinct_counts_texts_as_they_are_written(alerts_of: AlertsOf) -> None:
    rows = [{"at": moment, "plate": plate} for moment, plate in ((0, "51F-1"), (5, "51f-1"), (10, "51F-1"), (12, None))]
    assert alerts_of(rule_of("distinct(plate)", ">= 2"), rows, until=200) == [("a", 5, 65)]
    assert alerts_of(rule_of("distinct(lower(plate))", ">= 2"), rows, until=200) == []


def test_the_change_between_fewer_than_two_instants_is_unknown(alerts_of: AlertsOf) -> None:
    rule = rule_of("change(pm25) per 60 s", "< 1000")
    assert alerts_of(rule, values((0, 1))) == []
    assert alerts_of(rule, values((0, 1), (0, 5))) == []
    assert alerts_of(rule, values((0, 1), (61, 5))) == []
    assert alerts_of(rule, values((0, 1), (59, 5))) == [("a", 59, None)]


def test_of_one_instant_the_event_that_came_last_is_the_last(alerts_of: AlertsOf) -> None:
    rows = values((0, 1), (0, 9))
    assert alerts_of(rule_of("last(pm25)", "> 5", lateness=True), rows, until=50) == [("a", 0, None)]
    assert alerts_of(rule_of("first(pm25)", "> 5", lateness=True), rows, until=50) == []


def test_the_mean_of_nothing_is_unknown_and_changes_nothing(alerts_of: AlertsOf) -> None:
    assert alerts_of(rule_of("mean(pm25)", "> 5"), values((0, 9)), until=999) == [("a", 0, None)]


def test_events_without_the_value_do_not_count(alerts_of: AlertsOf) -> None:
    rows = [*values((0, 9)), *at(1, temp_c=3), *values((2, 9))]
    assert alerts_of(rule_of("mean(pm25)", "> 8", "< 2"), rows) == [("a", 0, None)]


def test_a_late_event_counts(alerts_of: AlertsOf) -> None:
    rows = [*at(0, 40), {"at": 20, "received_at": 45}]
    assert alerts_of(COUNT, rows) == [("a", 40, None)]


def test_an_event_that_is_too_old_to_count_does_not(alerts_of: AlertsOf) -> None:
    assert alerts_of(COUNT, [*at(100, 110), {"at": 50, "received_at": 115}]) == []


def test_with_lateness_a_late_event_counts_where_it_belongs(alerts_of: AlertsOf) -> None:
    rows = [*at(0, 40), {"at": 35, "received_at": 45}, *at(300)]
    assert alerts_of(rule_of("count(*)", ">= 3", "< 2", lateness=True), rows) == [("a", 40, 95)]


def test_with_lateness_all_events_of_one_instant_are_judged_together(alerts_of: AlertsOf) -> None:
    rows = values((0, 20), (0, 0))
    assert alerts_of(rule_of("mean(pm25)", "> 15"), rows, until=5) == [("a", 0, None)]
    assert alerts_of(rule_of("mean(pm25)", "> 15", lateness=True), rows, until=50) == []


def test_sums_do_not_drift(alerts_of: AlertsOf) -> None:
    rows = [row for n in range(200) for row in values((n, 0.1 if n % 2 else 1e15))]
    rows += values(*((260 + n, 0.1) for n in range(3)))
    assert alerts_of(rule_of("sum(pm25)", "> 0.29", "< 0.25"), rows) == [("a", 0, 258), ("a", 262, None)]


@pytest.mark.parametrize("value", [1.7e308, -1.7e308, float("inf"), float("nan")])
def test_what_measures_nothing_is_passed_over(alerts_of: AlertsOf, value: float) -> None:
    rows = [*values((0, value), (1, -value), (2, value), (3, value)), *values((4, 9))]
    assert alerts_of(rule_of("sum(pm25)", "> 8"), rows) == [("a", 4, None)]


def test_a_bound_may_say_its_unit(alerts_of: AlertsOf) -> None:
    rule = (
        "[{rule: w, from: sensor, window: {over: 60 s, value: max(water_level), raise: '>= 250 cm', clear: '< 2 m'}}]"
    )
    rows = [{"at": at, "water_level": level} for at, level in ((0, 2.4), (10, 2.5), (80, 1.9))]
    assert alerts_of(rule, rows) == [("a", 10, 80)]
