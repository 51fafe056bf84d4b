"""The rule book: every mistake is named by file, line and column, with what was expected."""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ioc.model.alerts import Severity
from ioc.model.faults import Fault
from ioc.model.instant import MINUTE, SECOND
from ioc.store.catalogue import load_catalogue
from rules.book import BadBook, RuleBook, read_book, read_book_text
from rules.expressions import scope_of

BookOf = Callable[[str], RuleBook]
SCOPE = scope_of(load_catalogue())

WELL = """\
- rule: air-hazard
  title: {vi: "Bụi {pm25:.0f}", en: "Dust {pm25:.0f}"}
  severity: major
  lateness: 2 s
  from: [sensor, camera]
  where: zone = 'market'
  per: zone
  note: what people should know
  threshold: {raise: pm25 > 150, for: 1 min, clear: pm25 <= 120, clear_for: 30 s}
"""


def test_a_rule_says_what_it_says(book_of: BookOf) -> None:
    (rule,) = book_of(WELL).rules
    assert (rule.name, rule.severity, rule.lateness, rule.per) == ("air-hazard", Severity.MAJOR, 2 * SECOND, ("zone",))
    assert rule.title["vi"].fill({"pm25": 160.0}) == "Bụi 160"
    assert rule.where_from == "rules.yaml:1"
    assert rule.watch.hold == MINUTE  # type: ignore[union-attr]


def test_what_is_not_said_has_a_plain_default(book_of: BookOf) -> None:
    (rule,) = book_of("[{rule: r, from: wifi, absence: {after: 1 h}}]").rules
    assert (rule.severity, rule.lateness, rule.per) == (Severity.MINOR, None, ("asset",))
    assert rule.title["en"].fill({}) == "r"


def test_a_title_in_one_language_serves_both(book_of: BookOf) -> None:
    (rule,) = book_of("[{rule: r, title: {vi: Im lặng}, from: wifi, absence: {after: 1 h}}]").rules
    assert rule.title["en"].text == "Im lặng"


def rule(rest: str) -> str:
    return "- rule: r\n  from: sensor\n" + "".join(f"  {line}\n" for line in rest.split("\n"))


MISTAKES = {
    "not a list": ("rule: r", "1:1: a rule file is a list of rules, each beginning with `- rule: its-name`"),
    "not YAML": ("- rule: [", "2:1: this is not YAML"),
    "a word": ("- r", "1:3: expected keys and values here, found 'r'"),
    "no name": ("- from: sensor", "1:3: 'rule' is missing"),
    "empty name": ("- rule: ''", "1:10: a rule's name has 1 to 64 letters, digits or - _ . :"),
    "name with a space": ("- rule: a b", "1:9: a rule's name has"),
    "name with a bar": ("- rule: a|b", "1:9: a rule's name has"),
    "name too long": (f"- rule: {'x' * 65}", "1:9: a rule's name has"),
    "unknown key": (rule("threshhold: {raise: pm25 > 1}"), "3:3: 'threshhold' is not known here; did you mean 'threshold'?"),
    "nothing watched": ("- rule: r\n  from: sensor", "1:9: rule 'r' watches for nothing; expected exactly one of threshold, absence, window, together"),
    "two kinds": (rule("absence: {after: 1 s}\nthreshold: {raise: motion}"), "1:9: rule 'r' watches for threshold and absence"),
    "a key twice": (rule("per: asset\nper: zone"), "4:3: 'per' stands here twice"),
    "no from": ("- rule: r\n  absence: {after: 1 s}", "1:3: 'from' is missing: which kind of events"),
    "unknown kind": ("- rule: r\n  from: sensors\n  absence: {after: 1 s}", "2:9: 'sensors' is not known here; did you mean 'sensor'?"),
    "unknown severity": (rule("severity: urgent\nabsence: {after: 1 s}"), "3:13: 'urgent' is not known here; expected one of: critical, info, major, minor, warning"),
    "unknown per": (rule("per: assett\nabsence: {after: 1 s}"), "3:8: 'assett' is not known here; did you mean 'asset'?"),
    "per a number": (rule("per: pm25\nabsence: {after: 1 s}"), "3:8: 'pm25' is not known here"),
    "per nothing": (rule("per: []\nabsence: {after: 1 s}"), "3:8: expected asset, zone, site, area, or a list of columns"),
    "where not a condition": (rule("where: pm25\nabsence: {after: 1 s}"), "3:10: expected a condition, but 'pm25' gives a number"),
    "unknown quantity": (rule("threshold: {raise: pm52 > 1}"), "3:22: 'pm52' is not a known quantity; did you mean 'pm25'?"),
    "unknown quantity, folded": (rule("threshold:\n  raise: >\n    pm25 > 1\n    and pm52 > 1"), "6:11: 'pm52' is not a known quantity"),
    "threshold a text": (rule("threshold: pm25 > 1"), "3:14: expected keys and values here, found 'pm25 > 1'"),
    "threshold without raise": (rule("threshold: {for: 1 s}"), "3:14: 'raise' is missing"),
    "threshold with after": (rule("threshold: {raise: motion, after: 1 s}"), "3:30: 'after' is not known here; expected one of: clear, clear_for, for, raise"),
    "no unit": (rule("threshold: {raise: motion, for: 60}"), "3:35: expected a duration such as 60 s, 5 min, 2 h or 1 d, found '60'"),
    "wrong unit": (rule("absence: {after: 5 m}"), "3:20: expected a duration such as"),
    "negative": (rule("absence: {after: -5 s}"), "3:20: expected a duration such as"),
    "duration a list": (rule("absence: {after: [5 s]}"), "3:20: expected a text here, found a list"),
    "too long": (rule("absence: {after: 400 d}"), "3:20: a duration of more than 366 d is not supported"),
    "endless": (rule(f"absence: {{after: {'9' * 400} s}}"), "3:20: a duration of more than 366 d is not supported"),
    "after nothing": (rule("absence: {after: 0 s}"), "3:20: 'after' must be longer than 0 s"),
    "absence without after": (rule("absence: {}"), "3:12: 'after' is missing"),
    "over nothing": (rule("window: {over: 0 s, value: count(*), raise: '> 1'}"), "3:18: 'over' must be longer than 0 s"),
    "unknown value": (rule("window: {over: 1 s, value: median(pm25), raise: '> 1'}"), "3:30: 'median' is not a value of windows"),
    "value without brackets": (rule("window: {over: 1 s, value: pm25, raise: '> 1'}"), "3:30: expected count(*), sum(…), mean(…), min(…), max(…), distinct(…), first(…) or last(…) of a quantity, or change(…) per 10 min, found 'pm25'"),
    "count of something": (rule("window: {over: 1 s, value: count(pm25), raise: '> 1'}"), "3:36: count takes a star: count(*); narrow it with `where`"),
    "mean of a text": (rule("window: {over: 1 s, value: mean(label), raise: '> 1'}"), "3:35: mean wants a number, but 'label' is a text"),
    "mean of nothing known": (rule("window: {over: 1 s, value: mean(pm52), raise: '> 1'}"), "3:35: 'pm52' is not a known quantity"),
    "mean of nothing": (rule("window: {over: 1 s, value: mean(), raise: '> 1'}"), "3:30: an expression is missing here"),
    "change per nothing": (rule("window: {over: 1 s, value: change(pm25) per 0 s, raise: '> 1'}"), "3:47: a change is told for a time longer than 0 s"),
    "change per anything": (rule("window: {over: 1 s, value: change(pm25) per day, raise: '> 1'}"), "3:47: expected a duration such as 60 s, 5 min, 2 h or 1 d, found 'day'"),
    "mean per time": (rule("window: {over: 1 s, value: mean(pm25) per 1 h, raise: '> 1'}"), "3:41: mean is not told for a time; only change(…) is"),
    "distinct times": (rule("window: {over: 1 s, value: distinct(at), raise: '> 1'}"), "3:39: distinct wants a text or a number, but 'at' is a time"),
    "no comparison": (rule("window: {over: 1 s, value: count(*), raise: 20}"), "3:47: expected a comparison such as \">= 20\" or \"< 10\", found '20'"),
    "equality": (rule("window: {over: 1 s, value: count(*), raise: '= 20'}"), "3:48: expected a comparison such as"),
    "endless comparison": (rule("window: {over: 1 s, value: count(*), raise: '> inf'}"), "3:48: expected a comparison such as"),
    "overlap": (rule("window: {over: 1 s, value: count(*), raise: '>= 20', clear: '<= 20'}"), "3:64: 'clear' (<= 20) overlaps 'raise' (>= 20): an alert would come and go at once"),
    "same way": (rule("window: {over: 1 s, value: count(*), raise: '>= 20', clear: '>= 50'}"), "3:64: 'clear' (>= 50) overlaps 'raise' (>= 20)"),
    "together without within": ("- rule: r\n  together: {a: {from: any}, b: {from: any}}", "2:13: 'within' is missing"),
    "one side": ("- rule: r\n  together: {a: {from: any}, within: 1 s}", "2:13: expected two named sides beside within, near, clear_after, found 1: a"),
    "three sides": ("- rule: r\n  together: {a: {from: any}, b: {from: any}, c: {from: any}, within: 1 s}", "2:13: expected two named sides"),
    "side's name": ("- rule: r\n  together: {Smoke: {from: any}, b: {from: any}, within: 1 s}", "2:14: a side's name is one lower-case word, found 'Smoke'"),
    "side without from": ("- rule: r\n  together: {a: {where: motion}, b: {from: any}, within: 1 s}", "2:17: 'from' is missing"),
    "from beside together": (rule("together: {a: {from: any}, b: {from: any}, within: 1 s}"), "2:9: for together, 'from' stands inside each side"),
    "per beside together": ("- rule: r\n  per: zone\n  together: {a: {from: any}, b: {from: any}, within: 1 s}", "2:8: 'per' has no meaning for together: its key is the pair of assets"),
    "near without unit": ("- rule: r\n  together: {a: {from: any}, b: {from: any}, within: 1 s, near: 200}", "2:65: expected a distance such as 200 m or 1.5 km, found '200'"),
    "near nothing": ("- rule: r\n  together: {a: {from: any}, b: {from: any}, within: 1 s, near: 0 m}", "2:65: a distance must be greater than 0"),
    "near everything": ("- rule: r\n  together: {a: {from: any}, b: {from: any}, within: 1 s, near: 2000 km}", "2:65: a distance of more than 1000 km is not supported"),
    "title in another language": (rule("title: {fr: Bonjour}\nabsence: {after: 1 s}"), "3:11: 'fr' is not known here; expected one of: en, vi"),
    "title of nothing": (rule("title: {}\nabsence: {after: 1 s}"), "3:10: expected a title in vi, in en, or in both"),
    "title with an unknown place": (rule("title: {vi: 'Bụi {pm52}'}\nabsence: {after: 1 s}"), "3:21: 'pm52' is not known in titles; did you mean 'pm25'?"),
    "title with a wrong place": (rule("title: 'Dust {pm25!r}'\nabsence: {after: 1 s}"), "3:16: a place in a title looks like {pm25} or {pm25:.1f}"),
    "title of a side that is not": ("- rule: r\n  title: '{c.name}'\n  together: {a: {from: any}, b: {from: any}, within: 1 s}", "2:12: 'c.name' is not known in titles"),
    "alias": ("- &x {rule: r, from: any, absence: {after: 1 s}}\n- *x", "2:3: aliases (*name) are not read; write it out"),
}  # fmt: skip


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_named_with_its_place_and_what_was_expected(book_of: BookOf, name: str) -> None:
    text, complaint = MISTAKES[name]
    with pytest.raises(BadBook) as refusal:
        book_of(text)
    assert str(refusal.value).startswith(f"rules.yaml:{complaint}")
    assert not refusal.value.wrong_use


def test_every_rule_with_a_mistake_is_named_at_once(book_of: BookOf) -> None:
    with pytest.raises(BadBook) as refusal:
        book_of("- rule: a\n  absence: {}\n- rule: b\n  from: any\n  absence: {after: 1 s}\n- rule: c\n")
    assert [str(mistake).split(": ")[0] for mistake in refusal.value.mistakes] == ["rules.yaml:2:12", "rules.yaml:6:9"]


def test_two_rules_of_one_name_are_both_named(tmp_path: Path) -> None:
    for name in ("one.yaml", "two.yaml"):
        (tmp_path / name).write_text("\n- {rule: same, from: any, absence: {after: 1 s}}\n")
    with pytest.raises(BadBook) as refusal:
        read_book(tmp_path, SCOPE)
    one, two = tmp_path / "one.yaml", tmp_path / "two.yaml"
    assert str(refusal.value) == f"{two}:2: the name 'same' is taken by the rule at {one}:2"


def test_rules_stand_in_the_order_of_the_files(tmp_path: Path) -> None:
    for name in ("b", "a", "sub/c"):
        path = tmp_path / f"{name}.yaml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"- {{rule: {name[-1]}, from: any, absence: {{after: 1 s}}}}\n")
    (tmp_path / "a.test.yaml").write_text("- {test: this is no rule}\n")
    (tmp_path / "empty.yaml").write_text("# nothing yet\n")
    assert [rule.name for rule in read_book(tmp_path, SCOPE).rules] == ["a", "b", "c"]


def test_a_folder_without_rules_is_a_fault_of_use(tmp_path: Path) -> None:
    with pytest.raises(Fault, match=r"holds no rules; expected at least one file that ends in \.yaml"):
        read_book(tmp_path, SCOPE)
    with pytest.raises(Fault, match="is not a folder; expected a folder of YAML files"):
        read_book(tmp_path / "none", SCOPE)


def test_a_version_changes_with_what_a_rule_says_and_with_nothing_else(book_of: BookOf) -> None:
    def version(text: str) -> str:
        return book_of(text).version

    same = WELL.replace("pm25 > 150", '"pm25   > 150"').replace("what people", "what all people")
    assert version(same) == version(WELL)
    for old, new in (("150,", "151,"), ("major", "minor"), ("Dust", "Fine dust"), ("2 s", "3 s")):
        assert version(WELL.replace(old, new)) != version(WELL)


PIECES = (
    "- rule: a", "\n", "  ", "from: sensor", "threshold:", "{raise: pm25 > 1}", "absence: {after: 1 s}", "window:", "[", "]",
    "{", "}", ":", "title: '{pm25}'", "per: ", "zone", "together:", "within: 1 s", "'", "|", ">", "&a", "*a", "!!int", "- ",
)  # fmt: skip


@given(st.lists(st.sampled_from(PIECES), max_size=14).map("".join) | st.text(max_size=60))
def test_no_text_raises_anything_but_a_bad_book(text: str) -> None:
    with suppress(BadBook):
        read_book_text(text, SCOPE)


def test_a_rule_is_not_named_as_something_else_of_the_interface(book_of: BookOf) -> None:
    with pytest.raises(BadBook, match="'words' cannot name a rule"):
        book_of("- {rule: words, from: sensor, threshold: {raise: pm25 > 1}}")
