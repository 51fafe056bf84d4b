"""Dwell, sentence by sentence."""

from collections.abc import Callable
from typing import Any

import polars as pl
import pytest

from ioc.model.instant import SECOND
from ioc.model.quantities import Catalogue
from rules.book import BadBook, RuleBook
from rules.engine import Engine

START = 1_790_000_000 * SECOND

Alert = tuple[str, float, float | None]
AlertsOf = Callable[..., list[Alert]]

LANE = "[{rule: d, from: camera, per: [asset, track], dwell: {in: lane, for: 60 s, gone_after: 30 s}}]"
CROWDED = "[{rule: d, from: camera, dwell: {while: count_person >= 3, for: 60 s, gone_after: 30 s}}]"
STANDS = "[{rule: d, from: sensor, dwell: {for: 60 s, near: 200 m, gone_after: 30 s}}]"
HERE, NEXT_DOOR, FAR = {"lat": 11.94, "lon": 108.44}, {"lat": 11.941, "lon": 108.44}, {"lat": 11.95, "lon": 108.44}


def car(*moments: float, zone: str | None = "lane", **more: Any) -> list[dict[str, Any]]:
    return [{"at": at, "kind": "camera", "asset": "cam", "track": "7", "zone": zone} | more for at in moments]


def people(*pairs: tuple[float, float | None]) -> list[dict[str, Any]]:
    return [{"at": at, "kind": "camera", "asset": "cam", "count_person": count} for at, count in pairs]


def at(*moments: float, **more: Any) -> list[dict[str, Any]]:
    return [{"at": moment} | more for moment in moments]


def test_it_raises_at_the_first_event_that_shows_it_there_for_so_long(alerts_of: AlertsOf) -> None:
    assert alerts_of(LANE, car(0, 20, 40, 59.999)) == []
    assert alerts_of(LANE, car(0, 20, 40, 60)) == [("cam|7", 60, None)]
    assert alerts_of(LANE, car(0, 20, 40, 65, 80)) == [("cam|7", 65, None)]


def test_time_alone_does_not_raise(alerts_of: AlertsOf) -> None:
    assert alerts_of(LANE, car(0, 20, 40), until=69) == []


def test_it_has_left_when_it_is_seen_elsewhere(alerts_of: AlertsOf) -> None:
    assert alerts_of(LANE, [*car(0, 30, 60), *car(70, zone="road")]) == [("cam|7", 60, 70)]
    assert alerts_of(LANE, [*car(0, 30), *car(40, zone="road"), *car(50, 70)]) == []


def test_it_has_left_when_its_track_ends(alerts_of: AlertsOf) -> None:
    assert alerts_of(LANE, [*car(0, 30, 60), *car(70, phase="end")]) == [("cam|7", 60, 70)]


def test_it_has_left_when_it_has_been_silent(alerts_of: AlertsOf) -> None:
    assert alerts_of(LANE, car(0, 30, 60), until=91) == [("cam|7", 60, 90)]
    assert alerts_of(LANE, car(0, 30, 60), until=89) == [("cam|7", 60, None)]


def test_exactly_so_silent_it_is_still_there(alerts_of: AlertsOf) -> None:
    assert alerts_of(LANE, car(0, 30, 60, 90)) == [("cam|7", 60, None)]
    assert alerts_of(LANE, car(0, 30, 60, 90.001)) == [("cam|7", 60, 90)]


def test_who_comes_back_begins_anew(alerts_of: AlertsOf) -> None:
    assert alerts_of(LANE, car(0, 30, 61, 80, 100)) == []
    assert alerts_of(LANE, car(0, 30, 61, 80, 100, 121)) == [("cam|7", 121, None)]


def test_an_event_that_does_not_say_where_it_is_neither_makes_nor_breaks_a_stay(alerts_of: AlertsOf) -> None:
    assert alerts_of(LANE, [*car(0, 30), *car(40, zone=None), *car(60)]) == [("cam|7", 60, None)]
    assert alerts_of(LANE, [*car(0, 30), *car(50, zone=None), *car(61)]) == []


def test_several_zones_are_one_place(alerts_of: AlertsOf) -> None:
    rule = LANE.replace("in: lane", "in: [lane, stop]")
    assert alerts_of(rule, [*car(0, 30), *car(60, zone="stop")]) == [("cam|7", 60, None)]


def test_a_count_that_stays_is_an_alert(alerts_of: AlertsOf) -> None:
    assert alerts_of(CROWDED, people((0, 3), (30, 5), (60, 3), (70, 2))) == [("cam", 60, 70)]
    assert alerts_of(CROWDED, people((0, 3), (30, 2), (40, 3), (60, 3))) == []
    assert alerts_of(CROWDED, people((0, 3), (30, None), (31, 3), (60, 3))) == []


def test_near_it_stays_where_it_began(alerts_of: AlertsOf) -> None:
    assert alerts_of(STANDS, [*at(0, 30, **HERE), *at(60, **NEXT_DOOR)]) == [("a", 60, None)]
    assert alerts_of(STANDS, [*at(0, 30, 60, **HERE), *at(70, **FAR)]) == [("a", 60, 70)]
    assert alerts_of(STANDS, [*at(0, **HERE), *at(10, 40, 70, **FAR)]) == [("a", 70, None)]
    assert alerts_of(STANDS, at(0, 30, 60)) == []


def test_an_event_that_is_older_than_what_its_key_has_shown_is_passed_over(alerts_of: AlertsOf) -> None:
    rows = [*car(0, 30), *car(20, zone="road", received_at=31), *car(60)]
    assert alerts_of(LANE, rows) == [("cam|7", 60, None)]
    rows = [*car(0, 20), *car(30, zone="road"), *car(25, received_at=31), *car(50, 80, 85)]
    assert alerts_of(LANE, rows) == []


def test_what_is_older_than_a_silence_says_nothing_of_what_is_there_now(alerts_of: AlertsOf) -> None:
    rows = [*car(0, received_at=40), *car(50, 70)]
    assert alerts_of(LANE, rows) == []


def test_with_lateness_late_events_count_where_they_belong(alerts_of: AlertsOf) -> None:
    rule = LANE.replace("rule: d,", "rule: d, lateness: 10 s,")
    rows = [*car(0, 35), *car(30, received_at=39), *car(60)]
    assert alerts_of(rule, rows, until=100) == [("cam|7", 60, 90)]


def changes_of(engine: Engine, batch: pl.DataFrame, until: float) -> list[tuple[str, str, float]]:
    changes = engine.step(batch, START + round(until * SECOND))
    return [(str(change.to), change.key, (change.at - START) / SECOND) for change in changes]


def test_an_alert_that_is_taken_over_goes_on_while_its_key_is_heard(
    catalogue: Catalogue, book_of: Callable[[str], RuleBook], batch_of: Callable[..., pl.DataFrame]
) -> None:
    for restarted in (False, True):
        engine = Engine(book_of(LANE), catalogue)
        engine.adopt("d", "cam|7", START)
        if restarted:
            other = Engine(book_of(LANE), catalogue)
            assert other.load(engine.dump()) == []
            engine = other
        assert changes_of(engine, batch_of(car(1_000)), 1_029) == []
        assert changes_of(engine, batch_of(car(1_030)), 1_061) == [("resolved", "cam|7", 1_060)]


def test_an_alert_that_is_taken_over_ends_when_its_key_is_not_heard(
    catalogue: Catalogue, book_of: Callable[[str], RuleBook]
) -> None:
    engine = Engine(book_of(LANE), catalogue)
    engine.adopt("d", "cam|7", START)
    assert changes_of(engine, pl.DataFrame(), 1_000) == []
    assert changes_of(engine, pl.DataFrame(), 1_031) == [("resolved", "cam|7", 1_030)]


MISTAKES = {
    "no time": ("{in: lane}", "'for' is missing"),
    "no time at all": ("{for: 0 s}", "'for' must be longer than 0 s"),
    "gone at once": ("{for: 1 s, gone_after: 0 s}", "'gone_after' must be longer than 0 s"),
    "nowhere": ("{in: [], for: 1 s}", "expected the name of a zone, or a list of them"),
    "while a number": ("{while: pm25, for: 1 s}", "rules.yaml:3:18: expected a condition, but 'pm25' gives a number"),
    "while unknown": ("{while: pm52 > 1, for: 1 s}", "rules.yaml:3:18: 'pm52' is not a known quantity"),
    "near without unit": ("{near: 5, for: 1 s}", "expected a distance such as 200 m or 1.5 km, found '5'"),
    "unknown key": ("{until: 5 s, for: 1 s}", "'until' is not known here"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_named_with_its_place(book_of: Callable[[str], RuleBook], name: str) -> None:
    text, complaint = MISTAKES[name]
    with pytest.raises(BadBook) as refusal:
        book_of(f"- rule: r\n  from: sensor\n  dwell: {text}")
    assert str(refusal.value).startswith("rules.yaml:3:")
    assert complaint in str(refusal.value)


def test_the_name_of_a_zone_may_hold_anything(alerts_of: AlertsOf) -> None:
    rule = LANE.replace("in: lane", "in: \"O'Reilly or 'x\"")
    assert alerts_of(rule, car(0, 30, 60, zone="O'Reilly or 'x")) == [("cam|7", 60, None)]
