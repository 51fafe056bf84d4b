"""Timelines: what goes otherwise is said in words, and mistakes in them have a place."""

from collections.abc import Callable
from pathlib import Path

import pytest

from ioc.model.quantities import Catalogue
from ioc.runtime.marked_yaml import Misplaced
from rules.book import RuleBook
from rules.timelines import read_timelines, run_timeline

BookOf = Callable[[str], RuleBook]
RULES = """
- rule: dust
  from: sensor
  threshold: {raise: pm25 > 150, for: 60 s}
- rule: late
  lateness: 10 s
  from: sensor
  threshold: {raise: pm25 > 150}
"""
EVENTS = """
  events:
    - {at: 0 s, every: 10 s, until: 70 s, kind: sensor, asset: a, values: {pm25: 200}}
    - {at: 90 s, kind: sensor, asset: a, values: {pm25: 20}}
"""


@pytest.fixture
def verdict_of(book_of: BookOf, catalogue: Catalogue, tmp_path: Path) -> Callable[[str], list[str]]:
    """Gives the complaints about the timelines of a text."""

    def run(text: str) -> list[str]:
        (tmp_path / "x.test.yaml").write_text(text)
        book = book_of(RULES)
        timelines = read_timelines(tmp_path, book, catalogue)
        return [complaint for timeline in timelines for complaint in run_timeline(timeline, book, catalogue).complaints]

    return run


VerdictOf = Callable[[str], list[str]]


@pytest.mark.parametrize(
    ("expect", "complaints"),
    [
        ("[{rule: dust, key: a, raised: 60 s, cleared: 90 s}]", []),
        ("[{rule: dust, key: a, raised: [50 s, 70 s], cleared: [80 s, 2 min]}]", []),
        ("[{rule: dust, key: a, raised: 50 s}]", ["dust for a: expected at 50 s, came at 60 s, 10 s too late", "dust for a: expected to hold to the end, ended at 90 s"]),
        ("[{rule: dust, key: b, raised: 60 s}]", ["dust for b: expected at 60 s, did not come", "dust for a: not expected, came at 60 s, ended at 90 s"]),
        ("[{rule: dust, key: a, raised: 60 s}]", ["dust for a: expected to hold to the end, ended at 90 s"]),
        ("[{rule: dust, key: a, raised: 60 s, cleared: 80 s}]", ["dust for a: expected to end at 80 s, ended at 90 s"]),
        ("[{rule: dust, key: a, raised: 60 s, cleared: 90 s}, {rule: dust, key: a, raised: 60 s, cleared: 90 s}]", ["dust for a: expected at 60 s, did not come"]),
        ("[]\n  rules: [dust]", ["dust for a: not expected, came at 60 s, ended at 90 s"]),
    ],
)  # fmt: skip
def test_what_goes_otherwise_is_said_in_words(verdict_of: VerdictOf, expect: str, complaints: list[str]) -> None:
    assert verdict_of(f"- test: t{EVENTS}  expect: {expect}\n") == complaints


def test_an_alert_that_should_have_ended_is_named(verdict_of: VerdictOf) -> None:
    text = "- test: t\n  events: [{at: 0 s, every: 10 s, until: 15 min, kind: sensor, asset: a, values: {pm25: 200}}]\n"
    complaint = "dust for a: expected to end at 2 min, still holds at 15 min"
    assert verdict_of(f"{text}  expect: [{{rule: dust, key: a, raised: 60 s, cleared: 2 min}}]\n") == [
        complaint.replace("2 min", "120 s")
    ]


def test_only_the_rules_that_a_timeline_speaks_of_are_looked_at(verdict_of: VerdictOf) -> None:
    assert verdict_of(f"- test: t{EVENTS}  expect: [{{rule: dust, key: a, raised: 60 s, cleared: 90 s}}]\n") == []


def test_a_delay_is_the_time_between_what_happened_and_its_arrival(verdict_of: VerdictOf) -> None:
    text = """
- test: t
  events:
    - {at: 20 s, kind: sensor, asset: a, values: {pm25: 20}}
    - {at: 15 s, delay: 8 s, kind: sensor, asset: a, values: {pm25: 200}}
  until: 1 min
  expect: [{rule: late, key: a, raised: 15 s, cleared: 20 s}]
"""
    assert verdict_of(text) == []


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("test: t", "1:1: expected a list here"),
        ("- test: t", "1:3: 'events' is missing"),
        ("- {test: t, events: [], expect: []}", "1:3: a test that expects nothing must say of which rules"),
        ("- {test: t, events: [], expect: [{rule: dusk, key: a, raised: 1 s}]}", "1:41: 'dusk' is not known here; did you mean 'dust'?"),
        ("- {test: t, events: [], expect: [{rule: dust, key: a}]}", "1:34: 'raised' is missing"),
        ("- {test: t, events: [], expect: [{rule: dust, key: a, raised: [2 s, 1 s]}]}", "1:63: expected a time such as 60 s, or [earliest, latest]"),
        ("- {test: t, start: soon, events: [], expect: [], rules: [dust]}", "1:20: 'soon' is not an ISO 8601 time"),
        ("- {test: t, rules: [dust], expect: [], events: [{at: 0 s, kind: sensor, asset: a}]}", "1:49: 'values' is missing"),
        ("- {test: t, rules: [dust], expect: [], events: [{at: 0 s, kind: senser, asset: a, values: {}}]}", "1:65: 'senser' is not known here; did you mean 'sensor'?"),
        ("- {test: t, rules: [dust], expect: [], events: [{at: 0 s, kind: sensor, asset: a, values: {pm52: 1}}]}", "1:98: 'pm52' is not a known quantity; did you mean 'pm25'?"),
        ("- {test: t, rules: [dust], expect: [], events: [{at: 0 s, kind: sensor, asset: a, values: {pm25: high}}]}", "1:98: pm25 must be a number, not 'high'"),
        ("- {test: t, rules: [dust], expect: [], events: [{at: 0 s, every: 1 s, kind: sensor, asset: a, values: {}}]}", "1:49: an event that comes again needs `every`"),
        ("- {test: t, rules: [dust], expect: [], events: [{at: 0 s, every: 1 ms, until: 10 d, kind: sensor, asset: a, values: {}}]}", "1:49: a test has more than 100000 events"),
        ("- {test: t, rules: [dust], expect: [], events: [{at: 0 s, kind: sensor, asset: a, lat: 1, values: {}}]}", "1:49: a place needs both lat and lon"),
        ("- {test: t, rules: [dust], expect: [], events: [{at: 0 s, kind: sensor, asset: a, lat: 91, lon: 0, values: {}}]}", "is no place on the Earth"),
    ],
)  # fmt: skip
def test_a_mistake_in_a_timeline_is_named_with_its_place(verdict_of: VerdictOf, text: str, complaint: str) -> None:
    with pytest.raises(Misplaced) as refusal:
        verdict_of(text)
    assert complaint in str(refusal.value)
    assert "x.test.yaml:1:" in str(refusal.value)
