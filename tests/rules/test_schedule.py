"""Schedules: which hours a rule has, and what becomes of its alerts at their ends."""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import polars as pl
import pytest

from ioc.model.alerts import AlertState
from ioc.model.instant import LATEST, SECOND, Instant
from ioc.model.quantities import Catalogue
from rules.book import BadBook, RuleBook
from rules.engine import Engine
from rules.schedule import Schedule

BookOf = Callable[[str], RuleBook]
Change = tuple[str, str, int, int]

# 2026-09-21 was a Monday; START of the tests is that evening, 21:13:20 in Dalat.
START = 1_790_000_000 * SECOND


def schedule_of(book_of: BookOf, text: str) -> Schedule:
    (rule,) = book_of(f"[{{rule: r, from: any, schedule: {text}, absence: {{after: 1 s}}}}]").rules
    assert rule.schedule is not None
    return rule.schedule


def moment(text: str, zone: str = "Asia/Ho_Chi_Minh") -> Instant:
    return round(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp()) * SECOND


def shown(schedule: Schedule, after: str) -> tuple[str, str]:
    zone = ZoneInfo(schedule.timezone)
    span = schedule.span(moment(after, schedule.timezone))
    begin, end = (datetime.fromtimestamp(at / SECOND, zone) for at in (span.begin, span.end))
    return f"{begin:%a %H:%M}", f"{end:%a %H:%M}"


WORK = '{days: mon-fri, from: "06:00", to: "22:00"}'


@pytest.mark.parametrize(
    ("text", "after", "span"),
    [
        (WORK, "2026-09-21T05:00", ("Mon 06:00", "Mon 22:00")),
        (WORK, "2026-09-21T12:00", ("Mon 06:00", "Mon 22:00")),
        (WORK, "2026-09-21T22:00", ("Tue 06:00", "Tue 22:00")),
        (WORK, "2026-09-25T23:00", ("Mon 06:00", "Mon 22:00")),
        ('{from: "22:00", to: "06:00"}', "2026-09-21T01:00", ("Sun 22:00", "Mon 06:00")),
        ('{days: fri, from: "22:00", to: "06:00"}', "2026-09-26T01:00", ("Fri 22:00", "Sat 06:00")),
        ('{days: "sat, sun"}', "2026-09-21T01:00", ("Sat 00:00", "Mon 00:00")),
        ("{days: [fri-mon]}", "2026-09-23T01:00", ("Fri 00:00", "Tue 00:00")),
        ('[{days: mon, to: "12:00"}, {days: mon, from: "12:00"}, {days: tue}]', "2026-09-21T01:00", ("Mon 00:00", "Wed 00:00")),
        ('{from: "08:00", to: "24:00"}', "2026-09-21T07:00", ("Mon 08:00", "Tue 00:00")),
    ],
)  # fmt: skip
def test_hours_are_those_of_the_wall(book_of: BookOf, text: str, after: str, span: tuple[str, str]) -> None:
    assert shown(schedule_of(book_of, text), after) == span


def test_hours_without_a_break_never_end(book_of: BookOf) -> None:
    span = schedule_of(book_of, "{days: mon-sun}").span(START)
    assert span.begin <= START
    assert span.end == LATEST


def test_hours_follow_the_wall_when_clocks_change(book_of: BookOf) -> None:
    schedule = Schedule(schedule_of(book_of, '{from: "06:00", to: "22:00"}').hours, "Europe/Berlin")
    before, after = (schedule.span(moment(day, "Europe/Berlin")) for day in ("2026-10-24T12:00", "2026-10-25T12:00"))
    assert after.begin - before.begin == 25 * 3_600 * SECOND
    assert after.end - after.begin == 16 * 3_600 * SECOND


MISTAKES = {
    "no hours": ("[]", "expected hours such as"),
    "nothing": ("{}", "expected hours such as"),
    "unknown day": ("{days: mon-fry}", "'fry' is not a day; expected one of: mon, tue"),
    "no day": ("{days: []}", "expected days such as mon-fri"),
    "no time": ('{from: "25:00"}', "expected a time of day such as 06:30, found '25:00'"),
    "a number": ("{from: 6}", "expected a time of day such as 06:30, found '6'"),
    "never": ('{from: "24:00"}', "a day has no 24:00 to begin at"),
    "unknown key": ("{until: 5}", "'until' is not known here"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_named_with_its_place(book_of: BookOf, name: str) -> None:
    text, complaint = MISTAKES[name]
    with pytest.raises(BadBook) as refusal:
        book_of(f"- rule: r\n  from: sensor\n  absence: {{after: 1 s}}\n  schedule: {text}")
    assert str(refusal.value).startswith("rules.yaml:4:")
    assert complaint in str(refusal.value)


@pytest.fixture
def changes_of(catalogue: Catalogue, book_of: BookOf, batch_of: Callable[..., pl.DataFrame]) -> Callable[..., list[Change]]:  # fmt: skip
    """Runs a rule whose hours begin 400 s and end 1,000 s after START, as changes with seconds after START.

    Events come one by one; after each the engine is restarted from a checkpoint.
    """
    hours = '{days: mon, from: "21:20", to: "21:30"}'

    def run(rule: str, rows: list[dict[str, Any]], until: float, *, late: bool = False) -> list[Change]:
        lateness = ", lateness: 10 s" if late else ""
        book = book_of(f"[{{rule: r, from: sensor, schedule: {hours}{lateness}, {rule}}}]")
        engine = Engine(book, catalogue)
        changes = []
        for row in rows:
            changes += engine.step(batch_of([{"kind": "sensor", "asset": "a"} | row]))
            kept = msgspec.msgpack.decode(msgspec.msgpack.encode(engine.dump()), strict=False)
            engine = Engine(book, catalogue)
            assert engine.load(kept) == []
        changes += engine.step(pl.DataFrame(), START + round(until * SECOND))
        changes += engine.finish()
        return [
            (
                c.key,
                "raised" if c.to is AlertState.FIRING else "ended",
                (c.at - START) // SECOND,
                (c.raised_at - START) // SECOND,
            )
            for c in changes
        ]

    return run


def dust(*moments: float, value: float = 9) -> list[dict[str, Any]]:
    return [{"at": at, "pm25": value} for at in moments]


THRESHOLD = "threshold: {raise: pm25 > 5, for: 60 s}"


def test_outside_its_hours_a_rule_does_not_exist(changes_of: Callable[..., list[Change]]) -> None:
    assert changes_of(THRESHOLD, dust(0, 100, 200, 300, 1_000, 1_100), 2_000) == []


def test_its_hours_begin_anew(changes_of: Callable[..., list[Change]]) -> None:
    assert changes_of(THRESHOLD, dust(300, 399, 430, 459, 490), 900) == [("a", "raised", 490, 490)]


def test_an_event_at_the_beginning_is_in_it_and_one_at_the_end_is_not(
    changes_of: Callable[..., list[Change]],
) -> None:
    assert changes_of(THRESHOLD, dust(400, 460), 900) == [("a", "raised", 460, 460)]
    assert changes_of(THRESHOLD, dust(940, 1_000), 2_000) == []


@pytest.mark.parametrize("late", [False, True])
def test_at_the_end_of_its_hours_all_its_alerts_end(changes_of: Callable[..., list[Change]], late: bool) -> None:
    expected = [("a", "raised", 560, 560), ("a", "ended", 1_000, 560)]
    assert changes_of(THRESHOLD, dust(500, 560, 1_200), 2_000, late=late) == expected
    assert changes_of(THRESHOLD, dust(500, 560), 2_000, late=late) == expected


def test_silence_counts_from_the_beginning(changes_of: Callable[..., list[Change]]) -> None:
    rows = [*dust(410), *dust(520)]
    assert changes_of("absence: {after: 100 s}", rows, 600) == [("a", "raised", 510, 510), ("a", "ended", 520, 510)]
    next_week = 7 * 24 * 3_600
    found = changes_of("absence: {after: 100 s}", [*dust(950), *dust(2_000)], next_week + 600)
    assert found == [("a", "raised", next_week + 500, next_week + 500)]


def test_a_late_event_belongs_to_the_hours_in_which_it_happened_with_lateness_else_to_those_in_which_it_came(
    changes_of: Callable[..., list[Change]],
) -> None:
    rows = [{"at": 395, "received_at": 402, "pm25": 9}]
    assert changes_of("threshold: {raise: pm25 > 5}", rows, 500) == [("a", "raised", 395, 395)]
    assert changes_of("threshold: {raise: pm25 > 5}", rows, 500, late=True) == []
    rows = [{"at": 995, "received_at": 1_002, "pm25": 9}]
    assert changes_of("threshold: {raise: pm25 > 5}", rows, 1_100) == []
    expected = [("a", "raised", 995, 995), ("a", "ended", 1_000, 995)]
    assert changes_of("threshold: {raise: pm25 > 5}", rows, 1_100, late=True) == expected


def test_an_event_that_is_later_than_waited_for_does_not_count_in_hours_that_began_after_it(
    changes_of: Callable[..., list[Change]],
) -> None:
    rows = [{"at": 395, "received_at": 420, "pm25": 9}]
    assert changes_of("threshold: {raise: pm25 > 5}", rows, 500, late=True) == []


def test_an_alert_that_is_taken_over_outside_the_hours_ends(catalogue: Catalogue, book_of: BookOf) -> None:
    rule = "[{rule: r, from: sensor, schedule: {to: '12:00'}, threshold: {raise: motion}}]"
    engine = Engine(book_of(rule), catalogue)
    engine.adopt("r", "a", START - SECOND)
    (change,) = engine.step(pl.DataFrame(), START)
    assert (change.to, change.at) == (AlertState.RESOLVED, START)


def test_edited_hours_end_what_lies_outside_them(catalogue: Catalogue, book_of: BookOf, batch_of: Callable[..., pl.DataFrame]) -> None:  # fmt: skip
    rule = (
        "[{{rule: r, from: sensor, schedule: {{days: mon, from: '21:00', to: '{to}'}}, threshold: {{raise: motion}}}}]"
    )
    engine = Engine(book_of(rule.format(to="22:00")), catalogue)
    engine.step(batch_of([{"at": 600, "kind": "sensor", "asset": "a", "motion": True}]))
    for to, until, ended in (("21:15", 700, 600), ("21:30", 1_100, 1_000)):
        edited = Engine(book_of(rule.format(to=to)), catalogue)
        assert edited.load(engine.dump()) == []
        (change,) = edited.step(pl.DataFrame(), START + until * SECOND)
        assert (change.to, (change.at - START) // SECOND) == (AlertState.RESOLVED, ended)
