"""Which rules run: those of the files, each in the version that holds, and the shadows beside them."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from ioc.model.faults import Fault
from ioc.model.rule_versions import RuleVersion
from rules.book import BadBook, RuleBook, assembled, read_rules_text
from rules.expressions import Scope
from rules.rule import Rule

SHADOW: Final = "~shadow"
"""Ends the name under which a rule's shadow runs; no name in a file can hold such a sign."""


@dataclass(frozen=True, slots=True)
class Running:
    """What runs.

    Attributes:
        book: the rules, shadows under names of their own.
        mistakes: why a version that should hold does not: it cannot be read any more.
    """

    book: RuleBook
    mistakes: tuple[str, ...]


def running(
    files: RuleBook, current: Mapping[str, RuleVersion], shadows: Mapping[str, RuleVersion], scope: Scope
) -> Running:
    """Put together what runs.

    A published version that cannot be read, because the city's quantities or the language have changed since, stops
    nothing: what the files say of the rule runs in its place, and it is complained of.

    Args:
        files: what the files say.
        current: the version of each rule that holds.
        shadows: the versions that run as shadows.
        scope: what expressions may speak of.

    Raises:
        BadBook: the rules do not go together, even without what was published.
    """
    mistakes: list[str] = []
    said = {rule.name: rule for rule in files.rules}
    held = [_holding(version, said.get(name), scope, mistakes) for name, version in current.items()]
    rules = {rule.name: rule for rule in held if rule is not None}
    # In the order of the files, what was only published after it.
    ordered = [rules[name] for name in (*(name for name in said if name in rules), *sorted(rules.keys() - said.keys()))]
    for name, version in sorted(shadows.items()):
        rule = _read(version, scope, mistakes)
        if rule is not None:
            ordered.append(replace(rule, name=name + SHADOW, shadow=True))
    try:
        return Running(assembled(ordered), tuple(mistakes))
    except BadBook as mistake:
        return Running(assembled(files.rules), (*mistakes, str(mistake)))


def author_name(rule: str) -> str:
    """Give a rule's name as its author knows it, of the one it runs under."""
    return rule.removesuffix(SHADOW)


def _holding(version: RuleVersion, said: Rule | None, scope: Scope, mistakes: list[str]) -> Rule | None:
    if said is not None and said.version == version.version:
        return said
    return _read(version, scope, mistakes) or said


def _read(version: RuleVersion, scope: Scope, mistakes: list[str]) -> Rule | None:
    try:
        (rule,) = read_rules_text(version.text, scope, f"{version.rule} as published")
    except Fault as mistake:
        mistakes.append(str(mistake))
        return None
    except ValueError:
        mistakes.append(f"{version.rule} as published: expected one rule, found another number of them")
        return None
    return rule
