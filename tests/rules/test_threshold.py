"""Threshold, sentence by sentence."""

from collections.abc import Callable, Sequence
from typing import Any

Alert = tuple[str, float, float | None]
AlertsOf = Callable[..., list[Alert]]

RULE = "[{rule: dust, from: sensor, threshold: {raise: pm25 > 150, for: 60 s, clear: pm25 <= 120, clear_for: 30 s}}]"
AT_ONCE = "[{rule: dust, from: sensor, threshold: {raise: pm25 > 150}}]"
HIGH, LOW, BETWEEN = {"pm25": 200}, {"pm25": 100}, {"pm25": 130}


def at(*moments: float, **event: Any) -> Sequence[dict[str, Any]]:
    return [{"at": moment} | event for moment in moments]


def test_it_raises_at_the_first_event_of_a_run_that_is_long_enough(alerts_of: AlertsOf) -> None:
    assert alerts_of(RULE, at(0, 20, 59, 61, 70, **HIGH)) == [("a", 61, None)]


def test_it_raises_at_exactly_the_end_of_for(alerts_of: AlertsOf) -> None:
    assert alerts_of(RULE, at(0, 60, **HIGH)) == [("a", 60, None)]


def test_a_run_that_is_too_short_is_no_alert(alerts_of: AlertsOf) -> None:
    assert alerts_of(RULE, at(0, 59, **HIGH)) == []


def test_time_alone_never_raises(alerts_of: AlertsOf) -> None:
    assert alerts_of(RULE, at(0, **HIGH), until=3600) == []


def test_one_untrue_event_breaks_a_run(alerts_of: AlertsOf) -> None:
    assert alerts_of(RULE, [*at(0, 30, **HIGH), *at(40, **BETWEEN), *at(50, 70, 109, **HIGH)]) == []
    assert alerts_of(RULE, [*at(0, 30, **HIGH), *at(40, **BETWEEN), *at(50, 70, 110, **HIGH)]) == [("a", 110, None)]


def test_an_unknown_neither_makes_nor_breaks_a_run(alerts_of: AlertsOf) -> None:
    rows = [*at(0, **HIGH), *at(10, 20, temp_c=30), *at(60, **HIGH), *at(65, temp_c=30)]
    assert alerts_of(RULE, rows) == [("a", 60, None)]


def test_an_unknown_raises_nothing_even_at_the_end_of_for(alerts_of: AlertsOf) -> None:
    assert alerts_of(RULE, [*at(0, **HIGH), *at(60, temp_c=30)]) == []


def test_it_clears_at_the_first_event_of_a_run_of_clear_that_is_long_enough(alerts_of: AlertsOf) -> None:
    assert alerts_of(RULE, [*at(0, 60, **HIGH), *at(70, 99, 101, 110, **LOW)]) == [("a", 60, 101)]


def test_what_is_neither_raise_nor_clear_keeps_an_alert_and_breaks_its_recovery(alerts_of: AlertsOf) -> None:
    rows = [*at(0, 60, **HIGH), *at(70, 90, **LOW), *at(95, **BETWEEN), *at(100, 129, **LOW)]
    assert alerts_of(RULE, rows) == [("a", 60, None)]
    assert alerts_of(RULE, [*rows, *at(130, **LOW)]) == [("a", 60, 130)]


def test_without_clear_it_ends_when_raise_is_untrue(alerts_of: AlertsOf) -> None:
    assert alerts_of(AT_ONCE, [*at(0, 5, **HIGH), *at(8, **BETWEEN)]) == [("a", 0, 8)]


def test_while_it_is_unknown_whether_raise_holds_an_alert_stays(alerts_of: AlertsOf) -> None:
    assert alerts_of(AT_ONCE, [*at(0, **HIGH), *at(5, 500, temp_c=1)]) == [("a", 0, None)]


def test_a_clear_that_reads_another_quantity_ends_it(alerts_of: AlertsOf) -> None:
    rule = "[{rule: rain, from: sensor, threshold: {raise: water_level > 2, clear: rain_mm = 0}}]"
    rows = [*at(0, water_level=3), *at(1, water_level=1), *at(2, rain_mm=0), *at(3, water_level=3)]
    assert alerts_of(rule, rows) == [("a", 0, 2), ("a", 3, None)]


def test_it_raises_again_after_it_has_cleared(alerts_of: AlertsOf) -> None:
    rows = [*at(0, **HIGH), *at(1, **LOW), *at(2, **HIGH), *at(3, **LOW)]
    assert alerts_of(AT_ONCE, rows) == [("a", 0, 1), ("a", 2, 3)]


def test_two_alerts_of_a_key_never_begin_at_one_instant(alerts_of: AlertsOf) -> None:
    rows = [*at(0, **HIGH), *at(0, **LOW), *at(0, **HIGH), *at(1, **HIGH)]
    assert alerts_of(AT_ONCE, rows) == [("a", 0, 0), ("a", 1, None)]


def test_an_event_older_than_what_its_key_has_shown_never_moves_it_back(alerts_of: AlertsOf) -> None:
    late_low = {"at": 30, "received_at": 50, **LOW}
    assert alerts_of(RULE, [*at(0, 40, **HIGH), late_low, *at(60, **HIGH)]) == [("a", 60, None)]
    late_high = {"at": 5, "received_at": 50, **HIGH}
    assert alerts_of(AT_ONCE, [*at(10, **LOW), late_high]) == []


def test_with_lateness_a_late_event_takes_its_turn(alerts_of: AlertsOf) -> None:
    rule = RULE.replace("from:", "lateness: 20 s, from:")
    late_low = {"at": 30, "received_at": 45, **LOW}
    rows = [*at(0, 40, **HIGH), late_low, *at(60, 99, 100, **HIGH)]
    assert alerts_of(rule, rows) == [("a", 100, None)]


def test_an_event_later_than_lateness_moves_nothing_back(alerts_of: AlertsOf) -> None:
    rule = AT_ONCE.replace("from:", "lateness: 5 s, from:")
    rows = [*at(0, **LOW), *at(100, 110, **LOW), {"at": 50, "received_at": 111, **HIGH}, *at(120, **LOW)]
    assert alerts_of(rule, rows, until=200) == []


def test_each_key_has_runs_of_its_own(alerts_of: AlertsOf) -> None:
    rows = [row | {"asset": name} for row in at(0, 60, **HIGH) for name in ("b", "c")]
    assert alerts_of(RULE, [*rows, {"at": 61, "asset": "d", **HIGH}]) == [("b", 60, None), ("c", 60, None)]


def test_events_without_the_key_are_passed_over(alerts_of: AlertsOf) -> None:
    rule = "[{rule: dust, from: sensor, per: zone, threshold: {raise: pm25 > 150}}]"
    assert alerts_of(rule, [*at(0, **HIGH), *at(1, zone="z", **HIGH)]) == [("z", 1, None)]


def test_a_key_of_several_columns_is_all_of_them(alerts_of: AlertsOf) -> None:
    rule = "[{rule: dust, from: sensor, per: [zone, asset], threshold: {raise: pm25 > 150}}]"
    assert alerts_of(rule, at(1, zone="z", **HIGH)) == [("z|a", 1, None)]


def test_other_kinds_and_events_outside_where_are_not_looked_at(alerts_of: AlertsOf) -> None:
    rule = "[{rule: dust, from: sensor, where: zone = 'market', threshold: {raise: pm25 > 150}}]"
    rows = [*at(0, kind="camera", zone="market", **HIGH), *at(1, zone="park", **HIGH), *at(2, **HIGH)]
    assert alerts_of(rule, rows) == []
    assert alerts_of(rule, [*rows, *at(3, zone="market", **HIGH)]) == [("a", 3, None)]


def test_any_means_every_kind(alerts_of: AlertsOf) -> None:
    rule = "[{rule: battery, from: any, threshold: {raise: battery < 15}}]"
    rows = [*at(0, kind="camera", asset="c", battery=10), *at(1, kind="citizen", asset="d", battery=10)]
    assert alerts_of(rule, rows) == [("c", 0, None), ("d", 1, None)]
