"""The rule book: a folder of YAML files, read, checked and compiled, with every mistake in its place."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ioc.model.faults import Fault
from ioc.model.identity import digest
from ioc.runtime.marked_yaml import Misplaced, YamlNode, read_marked, read_marked_file, yaml_files
from rules.expressions import Scope
from rules.reader import read_rule
from rules.references import dangling, with_their_parts
from rules.rule import Rule

TIMELINE_SUFFIX: Final = ".test.yaml"
"""Files with this ending stand beside the rules and test them; they hold no rules."""


@dataclass(frozen=True, slots=True)
class RuleBook:
    """All rules, in the order of the files."""

    rules: tuple[Rule, ...]

    @property
    def version(self) -> str:
        """A hash of all rules."""
        return digest("book", *(f"{rule.name}:{rule.version}" for rule in self.rules))

    def part(self, names: Collection[str]) -> "RuleBook":
        """Choose some rules, with those whose alerts they are made of."""
        return RuleBook(with_their_parts(self.rules, names))


class BadBook(Fault):
    """A rule book with mistakes in it: one line for each, with file, line and column."""

    def __init__(self, mistakes: Sequence[Misplaced | Fault]) -> None:
        """Take the mistakes."""
        super().__init__("\n".join(str(mistake) for mistake in mistakes), wrong_use=False)
        self.mistakes = tuple(mistakes)


def read_book(folder: Path, scope: Scope) -> RuleBook:
    """Read every rule file of a folder and below.

    Raises:
        BadBook: with every mistake found, not only the first.
        Fault: the folder is not there, or holds no rule file.
    """
    if not folder.is_dir():
        raise Fault(f"{folder} is not a folder; expected a folder of YAML files with rules in them")
    files = [path for path in yaml_files(folder) if not path.name.endswith(TIMELINE_SUFFIX)]
    if not files:
        raise Fault(f"{folder} holds no rules; expected at least one file that ends in .yaml")
    rules: list[Rule] = []
    mistakes: list[Misplaced | Fault] = []
    for path in files:
        try:
            document = read_marked_file(path)
        except Misplaced as mistake:
            mistakes.append(mistake)
            continue
        if document is not None:
            found, wrong = _read_rules(document, scope)
            rules += found
            mistakes += wrong
    # A rule that could not be read would be missed by those that name it.
    mistakes += _doubles(rules) if mistakes else _between(rules)
    if mistakes:
        raise BadBook(mistakes)
    return RuleBook(tuple(rules))


def read_book_text(text: str, scope: Scope, source: str = "rules.yaml") -> RuleBook:
    """Read a rule book from a text.

    Raises:
        BadBook: with every mistake found.
    """
    return assembled(read_rules_text(text, scope, source))


def read_rules_text(text: str, scope: Scope, source: str = "rules.yaml") -> tuple[Rule, ...]:
    """Read rules from a text, each for itself: whether they go together is not looked at.

    Raises:
        BadBook: with every mistake found.
    """
    try:
        document = read_marked(text, source)
    except Misplaced as mistake:
        raise BadBook([mistake]) from mistake
    rules, mistakes = ([], []) if document is None else _read_rules(document, scope)
    if mistakes:
        raise BadBook(mistakes)
    return tuple(rules)


def assembled(rules: Sequence[Rule]) -> RuleBook:
    """Make a book of rules that were read one by one.

    Raises:
        BadBook: they do not go together.
    """
    mistakes = _between(rules)
    if mistakes:
        raise BadBook(mistakes)
    return RuleBook(tuple(rules))


def _read_rules(document: YamlNode, scope: Scope) -> tuple[list[Rule], list[Misplaced | Fault]]:
    rules: list[Rule] = []
    mistakes: list[Misplaced | Fault] = []
    try:
        entries = document.sequence()
    except Misplaced as mistake:
        sentence = "a rule file is a list of rules, each beginning with `- rule: its-name`"
        return [], [Misplaced(mistake.source, mistake.line, mistake.column, sentence)]
    for entry in entries:
        try:
            rules.append(read_rule(entry, scope))
        except Misplaced as mistake:
            mistakes.append(mistake)
    return rules, mistakes


def _between(rules: Sequence[Rule]) -> list[Misplaced | Fault]:
    """Find what is wrong between rules that are right by themselves."""
    doubles = _doubles(rules)
    return doubles or [*dangling(rules)]


def _doubles(rules: Sequence[Rule]) -> list[Misplaced | Fault]:
    first: dict[str, Rule] = {}
    mistakes: list[Misplaced | Fault] = []
    for rule in rules:
        other = first.setdefault(rule.name, rule)
        if other is not rule:
            sentence = f"{rule.where_from}: the name {rule.name!r} is taken by the rule at {other.where_from}"
            mistakes.append(Fault(sentence, wrong_use=False))
    return mistakes
