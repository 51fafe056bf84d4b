"""The rule book that ships: useful, in both languages, and each rule proved by a timeline."""

from pathlib import Path

import pytest

from ioc.model.quantities import Catalogue
from rules.book import RuleBook, read_book
from rules.expressions import scope_of
from rules.settings import RulesSettings
from rules.timelines import Timeline, read_timelines, run_timeline

LIBRARY = Path(RulesSettings().rules_dir)
DIACRITICS = set("ăâđêôơưáàảãạấầẩẫậắằẳẵặéèẻẽẹếềểễệíìỉĩịóòỏõọốồổỗộớờởỡợúùủũụứừửữựýỳỷỹỵ")


@pytest.fixture(scope="module")
def book(catalogue: Catalogue) -> RuleBook:
    return read_book(LIBRARY, scope_of(catalogue, "Asia/Ho_Chi_Minh"))


@pytest.fixture(scope="module")
def timelines(book: RuleBook, catalogue: Catalogue) -> list[Timeline]:
    return read_timelines(LIBRARY, book, catalogue)


def test_it_holds_at_least_ten_rules_of_every_kind(book: RuleBook) -> None:
    assert len(book.rules) >= 10
    kinds = {"threshold", "absence", "window", "together", "sequence", "dwell"}
    assert kinds <= {str(rule.kind) for rule in book.rules}


def test_every_rule_has_a_title_in_vietnamese_and_one_in_english(book: RuleBook) -> None:
    for rule in book.rules:
        vietnamese, english = rule.title["vi"].text, rule.title["en"].text
        assert set(vietnamese.lower()) & DIACRITICS, rule.name
        assert not set(english.lower()) & DIACRITICS, rule.name


def test_every_rule_fires_in_a_timeline(book: RuleBook, timelines: list[Timeline]) -> None:
    fired = {alert.rule for timeline in timelines for alert in timeline.expect}
    assert [rule.name for rule in book.rules if rule.name not in fired] == []


def test_every_rule_stays_quiet_in_a_timeline(book: RuleBook, timelines: list[Timeline]) -> None:
    quiet = {name for timeline in timelines for name in timeline.rules - {alert.rule for alert in timeline.expect}}
    assert [rule.name for rule in book.rules if rule.name not in quiet] == []


def test_all_timelines_go_as_expected(book: RuleBook, timelines: list[Timeline], catalogue: Catalogue) -> None:
    complaints = [line for timeline in timelines for line in run_timeline(timeline, book, catalogue).complaints]
    assert complaints == []
    assert len(timelines) >= 10
