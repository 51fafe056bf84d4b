"""What rules say of one another: clusters and inhibitions name other rules, which must be there."""

from collections.abc import Collection, Mapping, Sequence

from ioc.model.faults import Fault
from ioc.runtime.marked_yaml import expected
from rules.rule import Rule
from rules.watches.cluster import Cluster


def made_of(rule: Rule) -> tuple[str, ...]:
    """Name the rules whose alerts a rule is made of."""
    return rule.watch.of if isinstance(rule.watch, Cluster) else ()


def with_their_parts(rules: Sequence[Rule], names: Collection[str]) -> tuple[Rule, ...]:
    """Choose the named rules, and those whose alerts they are made of."""
    known = {rule.name: rule for rule in rules}
    wanted: dict[str, None] = {}
    left = [name for name in names if name in known]
    while left:
        name = left.pop()
        if name not in wanted and name in known:
            wanted[name] = None
            left += made_of(known[name])
    return tuple(rule for rule in rules if rule.name in wanted)


def dangling(rules: Sequence[Rule]) -> list[Fault]:
    """Find names of rules that there are not, and clusters that are made of themselves."""
    known = {rule.name: rule for rule in rules}
    mistakes = []
    for rule in rules:
        named = [("cluster", name) for name in made_of(rule)]
        named += [("inhibit", name) for name in (() if rule.inhibit is None else rule.inhibit.rules)]
        for where, name in named:
            if name not in known:
                sentence = f"{rule.where_from}: {where} of {rule.name!r} names no rule of this book: {name!r}"
                mistakes.append(Fault(f"{sentence}; {expected(name, known)}", wrong_use=False))
        if _returns(rule.name, known):
            sentence = f"{rule.where_from}: the cluster {rule.name!r} is made of itself, by way of other clusters"
            mistakes.append(Fault(sentence, wrong_use=False))
    return mistakes


def _returns(name: str, known: Mapping[str, Rule]) -> bool:
    seen: set[str] = set()
    left = list(made_of(known[name]))
    while left:
        other = left.pop()
        if other == name:
            return True
        if other not in seen and other in known:
            seen.add(other)
            left += made_of(known[other])
    return False
