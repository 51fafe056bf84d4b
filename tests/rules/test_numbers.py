"""The numbers of a rule: found where they stand, and changed without touching anything else."""

import polars as pl
import pytest

from ioc.model.faults import Fault
from ioc.store.catalogue import load_catalogue
from rules.bench.histogram import count, measured_by
from rules.bench.numbers import find_number, numbers_of, with_number, with_setting
from rules.book import read_book_text
from rules.expressions import scope_of

TEXT = """\
# What the air has in it.
- rule: air
  title: "PM2.5 > 3 at {asset.name}"
  from: sensor
  where: hour(at) > 6 and score >= 0.6
  threshold: {raise: pm25 > 150 and temp_c > -5, for: 60 s, clear: pm25 <= 120}
- rule: crowd
  from: camera
  window:
    over: 60 s
    value: count(*)
    raise: ">= 20"   # people
- rule: folded
  from: sensor
  threshold:
    raise: >-
      pm25 > 100
      and pm10 > 7.5
"""


def test_each_number_is_found_where_it_stands() -> None:
    found = [(n.rule, n.param, n.value, n.operator, n.quantity, n.unit) for n in numbers_of(TEXT)]
    assert found == [
        ("air", "where", 6, ">", "hour(at)", None),
        ("air", "where", 0.6, ">=", "score", None),
        ("air", "threshold.raise", 150, ">", "pm25", None),
        ("air", "threshold.raise", -5, ">", "temp_c", None),
        ("air", "threshold.for", 60, None, None, "s"),
        ("air", "threshold.clear", 120, "<=", "pm25", None),
        ("crowd", "window.over", 60, None, None, "s"),
        ("crowd", "window.raise", 20, ">=", None, None),
        ("folded", "threshold.raise", 100, ">", "pm25", None),
        ("folded", "threshold.raise", 7.5, ">", "pm10", None),
    ]
    lines = TEXT.splitlines()
    for number in numbers_of(TEXT):
        written = lines[number.line - 1][number.column - 1 : number.end_column - 1]
        assert float(written) == number.value
        assert TEXT[number.start : number.end] == written


def test_a_number_keeps_the_unit_that_it_is_written_with() -> None:
    text = "- rule: flood\n  from: sensor\n  threshold: {raise: water_level > 250 cm and temp_c > 5}\n"
    assert [(n.value, n.unit) for n in numbers_of(text)] == [(250, "cm"), (5, None)]
    assert with_setting(text, "flood", "raise", "300") == text.replace("250", "300")


def test_numbers_are_drawn_in_the_unit_they_are_written_in() -> None:
    text = "- rule: flood\n  from: sensor\n  threshold: {raise: water_level > 250 cm, clear: water_level < 2 m}\n"
    catalogue = load_catalogue()
    scope = scope_of(catalogue)
    (rule,) = read_book_text(text, scope).rules
    measured = measured_by(rule, numbers_of(text), catalogue)
    assert measured is not None
    assert (measured.name, measured.unit, [line.value for line in measured.lines]) == ("water_level", "cm", [250])
    fine = count(
        rule, measured, scope, pl.lit("a"), [pl.DataFrame({"kind": ["sensor"] * 2, "water_level": [1.0, 3.0]})]
    )
    assert fine is not None
    assert (fine.edges[0], fine.edges[-1], fine.counts.sum()) == (100, 300, 2)


def test_a_changed_number_changes_nothing_else() -> None:
    changed = with_number(TEXT, find_number(TEXT, "folded", "threshold.raise#2"), 12.25)
    assert changed == TEXT.replace("7.5", "12.25")


def test_a_text_that_is_no_rule_has_no_numbers() -> None:
    assert numbers_of("- rule: [") == []
    assert numbers_of("nothing") == []
    assert numbers_of("- {}") == []


@pytest.mark.parametrize(
    ("rule", "path", "value", "before", "after"),
    [
        ("air", "for", "120s", "for: 60 s", "for: 120s"),
        ("air", "threshold.for", "2 min", "for: 60 s", "for: 2 min"),
        ("air", "raise", "200", "pm25 > 150 and", "pm25 > 200 and"),
        ("air", "threshold.clear", "pm25 < 90", "pm25 <= 120", '"pm25 < 90"'),
        ("air", "clear_for", "30 s", "pm25 <= 120}", "pm25 <= 120, clear_for: 30 s}"),
        ("air", "severity", "major", "<= 120}\n", "<= 120}\n  severity: major\n"),
        ("crowd", "raise", "30", '">= 20"', '">= 30"'),
        ("crowd", "raise", "> 30", '">= 20"', '"> 30"'),
        ("crowd", "clear", "< 5", '20"   # people\n', '20"   # people\n    clear: "< 5"\n'),
    ],
)
def test_a_setting_is_written_where_it_belongs(rule: str, path: str, value: str, before: str, after: str) -> None:
    assert with_setting(TEXT, rule, path, value) == TEXT.replace(before, after)


@pytest.mark.parametrize(
    ("rule", "path", "sentence"),
    [
        ("none", "for", "there is no rule 'none'"),
        ("air", "window.over", "there is no"),
        ("air", "threshold", "is not one value"),
        ("air", "title.en", "holds no keys of its own"),
    ],
)
def test_a_setting_that_cannot_be_is_refused(rule: str, path: str, sentence: str) -> None:
    with pytest.raises(Fault, match=sentence):
        with_setting(TEXT, rule, path, "1 s")


def test_a_number_that_is_not_there_is_refused_with_those_that_are() -> None:
    with pytest.raises(Fault, match=r"did you mean 'threshold\.clear'"):
        find_number(TEXT, "air", "threshold.cleer")
    with pytest.raises(Fault, match="has no number that can be changed"):
        find_number("- rule: quiet\n  from: wifi\n", "quiet", "for")


def test_bounds_of_windows_are_drawn_in_the_unit_they_are_written_in() -> None:
    text = "- rule: flood\n  from: sensor\n  window: {over: 60 s, value: max(water_level), raise: '>= 250 cm'}\n"
    (rule,) = read_book_text(text, scope_of(load_catalogue())).rules
    measured = measured_by(rule, numbers_of(text), load_catalogue())
    assert measured is not None
    assert (measured.unit, measured.per_unit, [line.value for line in measured.lines]) == ("cm", 0.01, [250])
