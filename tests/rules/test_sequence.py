"""Sequence, sentence by sentence."""

from collections.abc import Callable
from typing import Any

import polars as pl
import pytest

from ioc.model.alerts import AlertState
from ioc.model.instant import SECOND
from ioc.model.quantities import Catalogue
from rules.book import BadBook, RuleBook
from rules.engine import Engine
from rules.incidents import Surroundings, open_incident

Alert = tuple[str, float, float | None]
AlertsOf = Callable[..., list[Alert]]

START = 1_790_000_000 * SECOND

FORCED = """
- rule: s
  sequence:
    steps:
      - tried: {from: security, where: action = 'tried'}
      - opened: {from: security, where: action = 'opened'}
    within: 60 s
    clear_after: 30 s
"""
THREE = """
- rule: s
  per: zone
  sequence:
    steps:
      - one: {from: security, where: action = 'one'}
      - two: {from: security, where: action = 'two'}
      - three: {from: security, where: action = 'three'}
    not: {badge: {from: security, where: action = 'badge'}}
    within: 60 s
"""
UNBADGED = """
- rule: s
  sequence:
    steps: [{opened: {from: security, where: action = 'opened'}}]
    not: {badge: {from: security, where: action = 'badge'}}
    within: 30 s
    clear: {from: security, where: action = 'closed'}
"""
NEAR = """
- rule: s
  sequence:
    steps:
      - seen: {from: camera, where: label = 'person'}
      - broken: {from: sensor, where: vibration}
    within: 60 s
    near: 200 m
"""
HERE, NEXT_DOOR, FAR = {"lat": 11.94, "lon": 108.44}, {"lat": 11.941, "lon": 108.44}, {"lat": 11.95, "lon": 108.44}


def does(action: str, *moments: float, **more: Any) -> list[dict[str, Any]]:
    return [{"at": at, "kind": "security", "asset": "door", "action": action, "zone": "z", **more} for at in moments]


def late(rule: str) -> str:
    return rule.replace("- rule: s\n", "- rule: s\n  lateness: 10 s\n")


def test_it_raises_at_the_last_step(alerts_of: AlertsOf) -> None:
    assert alerts_of(FORCED, [*does("tried", 0), *does("opened", 20)]) == [("door", 20, None)]


def test_the_order_of_steps_is_not_free(alerts_of: AlertsOf) -> None:
    assert alerts_of(FORCED, [*does("opened", 0), *does("tried", 20)]) == []


def test_of_one_instant_no_event_is_after_the_other(alerts_of: AlertsOf) -> None:
    assert alerts_of(FORCED, [*does("tried", 5), *does("opened", 5)]) == []


def test_exactly_within_is_within(alerts_of: AlertsOf) -> None:
    assert alerts_of(FORCED, [*does("tried", 0), *does("opened", 60)]) == [("door", 60, None)]
    assert alerts_of(FORCED, [*does("tried", 0), *does("opened", 60.001)]) == []


def test_the_time_runs_from_any_first_step(alerts_of: AlertsOf) -> None:
    assert alerts_of(FORCED, [*does("tried", 0, 50), *does("opened", 100)]) == [("door", 100, None)]


def test_keys_have_sequences_of_their_own(alerts_of: AlertsOf) -> None:
    rows = [*does("tried", 0), *does("opened", 1, asset="gate")]
    assert alerts_of(FORCED, rows) == []
    shared = FORCED.replace("  sequence:", "  per: zone\n  sequence:")
    assert alerts_of(shared, rows) == [("z", 1, None)]


def test_a_match_that_comes_before_the_end_lets_the_alert_go_on(alerts_of: AlertsOf) -> None:
    rows = [*does("tried", 0), *does("opened", 10, 20, 49)]
    assert alerts_of(FORCED, rows, until=200) == [("door", 10, 79)]


def test_a_match_at_the_end_begins_another_alert(alerts_of: AlertsOf) -> None:
    rows = [*does("tried", 0), *does("opened", 10, 40)]
    assert alerts_of(FORCED, rows, until=200) == [("door", 10, 40), ("door", 40, 70)]


def test_without_clear_after_it_is_within(alerts_of: AlertsOf) -> None:
    rule = FORCED.replace("    clear_after: 30 s\n", "")
    assert alerts_of(rule, [*does("tried", 0), *does("opened", 1)], until=200) == [("door", 1, 61)]


def test_all_steps_must_come_and_others_may_come_between(alerts_of: AlertsOf) -> None:
    rows = [*does("one", 0), *does("three", 5), *does("two", 10), *does("else", 12), *does("three", 20)]
    assert alerts_of(THREE, rows) == [("z", 20, None)]
    assert alerts_of(THREE, [*does("one", 0), *does("three", 20)]) == []


def test_what_must_not_come_between_spoils_it(alerts_of: AlertsOf) -> None:
    rows = [*does("one", 0), *does("two", 10), *does("badge", 15), *does("three", 20)]
    assert alerts_of(THREE, rows) == []
    rows = [*does("badge", 0), *does("one", 0), *does("two", 10), *does("three", 20), *does("badge", 20)]
    assert alerts_of(THREE, rows) == [("z", 20, None)]


def test_what_begins_after_what_must_not_come_is_not_spoilt(alerts_of: AlertsOf) -> None:
    rows = [*does("one", 0), *does("badge", 5), *does("one", 6), *does("two", 10), *does("three", 20)]
    assert alerts_of(THREE, rows) == [("z", 20, None)]


def test_one_event_is_of_one_step_only(alerts_of: AlertsOf) -> None:
    rule = "[{rule: s, sequence: {steps: [{a: {from: any}}, {b: {from: any}}, {c: {from: any}}], within: 9 s}}]"
    assert alerts_of(rule, does("x", 0, 1)) == []
    assert alerts_of(rule, does("x", 0, 1, 2)) == [("door", 2, None)]


def test_one_step_is_a_match_when_what_must_not_come_has_not_come_in_time(alerts_of: AlertsOf) -> None:
    assert alerts_of(UNBADGED, does("opened", 0), until=31) == [("door", 30, None)]
    assert alerts_of(UNBADGED, does("opened", 0), until=29) == []
    assert alerts_of(UNBADGED, [*does("opened", 0), *does("badge", 30)], until=100) == []
    assert alerts_of(UNBADGED, [*does("opened", 0), *does("badge", 31)], until=100) == [("door", 30, None)]


def test_an_event_that_ends_it_ends_it(alerts_of: AlertsOf) -> None:
    rows = [*does("opened", 0), *does("closed", 20), *does("closed", 50)]
    assert alerts_of(UNBADGED, rows, until=100) == [("door", 30, 50)]


def test_a_sequence_that_began_before_the_end_of_an_alert_is_not_told_after_it(alerts_of: AlertsOf) -> None:
    rule = FORCED.replace("clear_after: 30 s", "clear: {from: security, where: action = 'closed'}")
    rows = [*does("tried", 0), *does("opened", 10), *does("tried", 15), *does("closed", 20), *does("opened", 30)]
    assert alerts_of(rule, rows) == [("door", 10, 20)]
    assert alerts_of(rule, [*rows, *does("tried", 40), *does("opened", 50)]) == [("door", 10, 20), ("door", 50, None)]


def test_near_one_another_the_steps_may_be_of_several_assets(alerts_of: AlertsOf) -> None:
    seen = {"at": 0, "kind": "camera", "asset": "cam", "label": "person", **HERE}
    broken = {"at": 5, "kind": "sensor", "asset": "glass", "vibration": True}
    assert alerts_of(NEAR, [seen, broken | NEXT_DOOR]) == [("cam", 5, None)]
    assert alerts_of(NEAR, [seen, broken | FAR]) == []
    assert alerts_of(NEAR, [seen, broken]) == []
    per_asset = NEAR.replace("  sequence:", "  per: asset\n  sequence:")
    assert alerts_of(per_asset, [seen, broken | NEXT_DOOR]) == []


def test_what_must_not_come_must_not_come_near(alerts_of: AlertsOf) -> None:
    rule = UNBADGED.replace("within: 30 s", "within: 30 s\n    near: 200 m")
    rows = [*does("opened", 0, **HERE), *does("badge", 5, asset="reader", **FAR)]
    assert alerts_of(rule, rows, until=50) == [("door", 30, None)]
    rows = [*does("opened", 0, **HERE), *does("badge", 5, asset="reader", **NEXT_DOOR)]
    assert alerts_of(rule, rows, until=50) == []


def test_what_ends_it_must_be_near(alerts_of: AlertsOf) -> None:
    rule = UNBADGED.replace("within: 30 s", "within: 30 s\n    near: 200 m")
    rows = [*does("opened", 0, **HERE), *does("closed", 40, asset="other", **FAR)]
    assert alerts_of(rule, [*rows, *does("closed", 50, asset="other", **NEXT_DOOR)]) == [("door", 30, 50)]


def test_in_the_order_of_the_stream_a_step_that_is_a_little_late_still_counts(alerts_of: AlertsOf) -> None:
    rows = [*does("tried", 10), *does("tried", 14), *does("opened", 12, received_at=20)]
    assert alerts_of(FORCED, rows) == [("door", 12, None)]


def test_in_the_order_of_the_stream_a_first_step_that_comes_late_begins_nothing_before(alerts_of: AlertsOf) -> None:
    rows = [*does("opened", 12), *does("tried", 10, received_at=13)]
    assert alerts_of(FORCED, rows) == []
    assert alerts_of(late(FORCED), rows, until=60) == [("door", 12, 42)]


def test_what_must_not_come_counts_though_the_first_step_comes_after_it_was_heard(alerts_of: AlertsOf) -> None:
    rows = [*does("badge", 5), *does("opened", 3, received_at=6)]
    assert alerts_of(UNBADGED, rows, until=100) == []


def test_a_first_step_that_is_too_late_begins_nothing(alerts_of: AlertsOf) -> None:
    assert alerts_of(UNBADGED, does("opened", 0, received_at=35), until=100) == [("door", 30, None)]
    assert alerts_of(UNBADGED, does("opened", 0, received_at=41), until=100) == []


def test_its_events_are_shown_in_the_order_of_its_steps(
    catalogue: Catalogue, book_of: Callable[[str], RuleBook], batch_of: Callable[..., pl.DataFrame]
) -> None:
    engine = Engine(book_of(THREE), catalogue)
    rows = [*does("one", 0), *does("one", 1), *does("two", 2), *does("two", 3), *does("three", 4)]
    changes = [change for row in rows for change in engine.step(batch_of([row]))]
    (raised,) = [change for change in changes if change.to is AlertState.FIRING]
    assert [(row["action"], (row["at"] - START) / SECOND) for row in raised.evidence] == [
        ("one", 1),
        ("two", 2),
        ("three", 4),
    ]
    assert raised.numbers == {"held_s": 3}


def test_an_incident_is_about_the_assets_of_all_its_steps(
    catalogue: Catalogue, book_of: Callable[[str], RuleBook], batch_of: Callable[..., pl.DataFrame]
) -> None:
    book = book_of(NEAR.replace("  sequence:", "  title: '{broken.name} after {seen.name}'\n  sequence:"))
    seen = {"at": 0, "kind": "camera", "asset": "cam", "label": "person", **HERE}
    broken = {"at": 5, "kind": "sensor", "asset": "glass", "vibration": True, **NEXT_DOOR}
    (change,) = Engine(book, catalogue).step(batch_of([seen, broken]))
    incident = open_incident(book.rules[0], change, Surroundings({}, lambda _: None, ()))
    assert incident.assets == ("cam", "glass")
    assert incident.title["en"] == "glass after cam"


def test_what_is_remembered_is_bounded(
    catalogue: Catalogue, book_of: Callable[[str], RuleBook], batch_of: Callable[..., pl.DataFrame]
) -> None:
    engine = Engine(book_of(FORCED), catalogue)
    for begin in range(0, 2_000, 100):
        engine.step(batch_of([row for at in range(begin, begin + 100) for row in does("tried", at)]))
    (state,) = engine.dump()["rules"].values()
    assert len(state["state"]["chains"]) <= 64


def test_an_alert_that_is_taken_over_goes_on_until_it_is_ended(
    catalogue: Catalogue, book_of: Callable[[str], RuleBook], batch_of: Callable[..., pl.DataFrame]
) -> None:
    engine = Engine(book_of(UNBADGED), catalogue)
    engine.adopt("s", "door", START)
    assert engine.step(batch_of(does("opened", 100)), START + 200 * SECOND) == []
    (change,) = engine.step(batch_of(does("closed", 210)))
    assert (change.to, change.at, change.raised_at) == (AlertState.RESOLVED, START + 210 * SECOND, START)


MISTAKES = {
    "no steps": ("{within: 1 s}", "'steps' is missing"),
    "no time": ("{steps: [{a: {from: any}}, {b: {from: any}}]}", "'within' is missing"),
    "no time at all": ("{steps: [{a: {from: any}}, {b: {from: any}}], within: 0 s}", "'within' must be longer than 0 s"),
    "empty": ("{steps: [], within: 1 s}", "expected 1 to 16 steps, found 0"),
    "too many": (f"{{steps: [{', '.join(f'{{a{n}: {{from: any}}}}' for n in range(17))}], within: 1 s}}", "expected 1 to 16 steps, found 17"),
    "alone": ("{steps: [{a: {from: any}}], within: 1 s}", "one step alone is no sequence; add another one, or a 'not'"),
    "two in one": ("{steps: [{a: {from: any}, b: {from: any}}], within: 1 s}", "expected one name with a 'from' below it, found 2: a, b"),
    "name": ("{steps: [{A: {from: any}}, {b: {from: any}}], within: 1 s}", "a step's name is one lower-case word, found 'A'"),
    "twice": ("{steps: [{a: {from: any}}, {a: {from: any}}], within: 1 s}", "two steps are called 'a'; titles could not tell them apart"),
    "no from": ("{steps: [{a: {where: motion}}, {b: {from: any}}], within: 1 s}", "'from' is missing"),
    "two ends": ("{steps: [{a: {from: any}}, {b: {from: any}}], within: 1 s, clear: {from: any}, clear_after: 1 s}", "an alert ends by 'clear' or by 'clear_after', not by both"),
    "no end": ("{steps: [{a: {from: any}}, {b: {from: any}}], within: 1 s, clear_after: 0 s}", "'clear_after' must be longer than 0 s"),
}  # fmt: skip


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_named_with_its_place(book_of: Callable[[str], RuleBook], name: str) -> None:
    text, complaint = MISTAKES[name]
    with pytest.raises(BadBook) as refusal:
        book_of(f"- rule: r\n  sequence: {text}")
    assert str(refusal.value).startswith("rules.yaml:2:")
    assert complaint in str(refusal.value)


def test_a_from_beside_the_steps_is_a_mistake(book_of: Callable[[str], RuleBook]) -> None:
    with pytest.raises(BadBook, match=r"rules\.yaml:3:9: for sequence, 'from' stands inside each step"):
        book_of(FORCED.replace("  sequence:", "  from: any\n  sequence:"))


def test_titles_know_the_steps_by_name(book_of: Callable[[str], RuleBook]) -> None:
    (rule,) = book_of(FORCED.replace("  sequence:", "  title: '{opened.name} after {held_s} s'\n  sequence:")).rules
    assert rule.watch.parts == ("tried", "opened")
