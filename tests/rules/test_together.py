"""Together, sentence by sentence."""

from collections.abc import Callable
from typing import Any

Alert = tuple[str, float, float | None]
AlertsOf = Callable[..., list[Alert]]

RULE = """
- rule: fire
  together:
    smoke: {from: camera, where: label = 'smoke'}
    heat: {from: sensor, where: temp_c > 60}
    within: 30 s
    near: 200 m
    clear_after: 60 s
"""
ANYWHERE = RULE.replace("    near: 200 m\n", "")
HERE, NEXT_DOOR, FAR = {"lat": 11.94, "lon": 108.44}, {"lat": 11.941, "lon": 108.44}, {"lat": 11.95, "lon": 108.44}


def smoke(*moments: float, asset: str = "cam", place: dict[str, float] = HERE, **more: Any) -> list[dict[str, Any]]:
    return [{"at": at, "kind": "camera", "asset": asset, "label": "smoke", **place, **more} for at in moments]


def heat(*moments: float, asset: str = "env", place: dict[str, float] = HERE, **more: Any) -> list[dict[str, Any]]:
    return [{"at": at, "kind": "sensor", "asset": asset, "temp_c": 70, **place, **more} for at in moments]


def test_it_raises_at_the_later_of_two_events(alerts_of: AlertsOf) -> None:
    assert alerts_of(RULE, [*smoke(0), *heat(20)]) == [("cam|env", 20, None)]


def test_the_order_of_the_sides_is_free_but_the_key_keeps_the_rules_order(alerts_of: AlertsOf) -> None:
    assert alerts_of(RULE, [*heat(0), *smoke(20)]) == [("cam|env", 20, None)]


def test_exactly_within_is_within(alerts_of: AlertsOf) -> None:
    assert alerts_of(RULE, [*smoke(0), *heat(30)]) == [("cam|env", 30, None)]
    assert alerts_of(RULE, [*smoke(0), *heat(30.001)]) == []


def test_what_is_not_near_is_not_together(alerts_of: AlertsOf) -> None:
    assert alerts_of(RULE, [*smoke(0), *heat(1, place=NEXT_DOOR)]) == [("cam|env", 1, None)]
    assert alerts_of(RULE, [*smoke(0), *heat(1, place=FAR)]) == []


def test_near_holds_across_the_date_line_and_at_the_poles(alerts_of: AlertsOf) -> None:
    east, west = {"lat": -17.0, "lon": 179.9995}, {"lat": -17.0, "lon": -179.9995}
    assert alerts_of(RULE, [*smoke(0, place=east), *heat(1, place=west)]) == [("cam|env", 1, None)]
    one, other = {"lat": 89.9999, "lon": 0.0}, {"lat": 89.9999, "lon": 180.0}
    assert alerts_of(RULE, [*smoke(0, place=one), *heat(1, place=other)]) == [("cam|env", 1, None)]


def test_an_event_without_a_place_is_near_nothing(alerts_of: AlertsOf) -> None:
    assert alerts_of(RULE, [*smoke(0, place={}), *heat(1)]) == []


def test_without_near_places_do_not_matter(alerts_of: AlertsOf) -> None:
    assert alerts_of(ANYWHERE, [*smoke(0, place={}), *heat(1, place=FAR)]) == [("cam|env", 1, None)]


def test_it_clears_clear_after_the_last_match(alerts_of: AlertsOf) -> None:
    assert alerts_of(RULE, [*smoke(0), *heat(10, 25)], until=200) == [("cam|env", 10, 85)]


def test_matches_less_than_clear_after_apart_are_one_alert(alerts_of: AlertsOf) -> None:
    rows = [*smoke(0), *heat(5), *smoke(64), *heat(64.5)]
    assert alerts_of(RULE, rows, until=300) == [("cam|env", 5, 124.5)]


def test_matches_clear_after_apart_are_two(alerts_of: AlertsOf) -> None:
    rows = [*smoke(0), *heat(5), *smoke(65), *heat(65)]
    assert alerts_of(RULE, rows, until=300) == [("cam|env", 5, 65), ("cam|env", 65, 125)]


def test_without_clear_after_it_is_within(alerts_of: AlertsOf) -> None:
    rule = RULE.replace("    clear_after: 60 s\n", "")
    assert alerts_of(rule, [*smoke(0), *heat(10)], until=300) == [("cam|env", 10, 40)]


def test_every_pair_is_an_alert_of_its_own(alerts_of: AlertsOf) -> None:
    rows = [*smoke(0), *smoke(1, asset="cam-2"), *heat(2), *heat(3, asset="env-2")]
    assert alerts_of(RULE, rows) == [("cam-2|env", 2, None), ("cam|env", 2, None), ("cam-2|env-2", 3, None), ("cam|env-2", 3, None)]  # fmt: skip


def test_an_event_on_both_sides_meets_itself_once(alerts_of: AlertsOf) -> None:
    rule = "[{rule: t, together: {hot: {from: sensor, where: temp_c > 60}, dusty: {from: sensor, where: pm25 > 9}, within: 5 s}}]"
    assert alerts_of(rule, heat(0, pm25=10)) == [("env|env", 0, None)]


def test_a_late_event_still_finds_its_match(alerts_of: AlertsOf) -> None:
    assert alerts_of(RULE, [*smoke(0), *heat(10, received_at=45)]) == [("cam|env", 10, None)]


def test_what_is_later_than_within_may_find_nothing(alerts_of: AlertsOf) -> None:
    rows = [*smoke(0), *heat(10, received_at=61)]
    assert alerts_of(RULE, rows) == []


def test_a_late_match_inside_an_alert_that_has_ended_is_not_told_again(alerts_of: AlertsOf) -> None:
    rule = RULE.replace("clear_after: 60 s", "clear_after: 5 s")
    rows = [*smoke(0, 2), *heat(4), *heat(3, asset="env", received_at=20)]
    assert alerts_of(rule, rows, until=60) == [("cam|env", 4, 9)]


def test_distance_is_told_with_the_alert(alerts_of: AlertsOf) -> None:
    far_apart = RULE.replace("200 m", "1.5 km")
    assert alerts_of(far_apart, [*smoke(0), *heat(1, place=FAR)]) == [("cam|env", 1, None)]
