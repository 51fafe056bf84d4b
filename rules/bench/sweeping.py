"""Sweeping a number of a rule: the same rule many times over, each time with another value in its place."""

from dataclasses import dataclass
from typing import Final

from ioc.model.faults import Fault
from rules.bench.numbers import RuleNumber, find_number, numbers_of, with_number, written
from rules.book import BadBook, read_rules_text
from rules.expressions import Scope
from rules.rule import Rule

_OPPOSITE: Final = {">": ("<", "<="), ">=": ("<", "<="), "<": (">", ">="), "<=": (">", ">=")}


@dataclass(frozen=True, slots=True)
class Swept:
    """A rule with each of some values.

    Attributes:
        param: the number that was turned.
        unit: of a measure, as written.
        values: what it was set to.
        variants: the rule with each of them.
        moved: the bound that kept its distance; None where there is none, or it stays where it is.
    """

    param: str
    unit: str | None
    values: tuple[float, ...]
    variants: tuple[Rule, ...]
    moved: str | None


def variants_of(
    rule: Rule, param: str, low: float, high: float, steps: int, scope: Scope, *, alone: bool = False
) -> Swept:
    """Make the variants.

    Args:
        rule: as it is.
        param: the number, such as `threshold.raise`; see `find_number`.
        low: the first value, in the unit that is written.
        high: the last.
        steps: how many values, at least 2.
        scope: what expressions may speak of.
        alone: whether the bound that ends an alert stays where it is. Else it keeps its distance: with a threshold
            below its own `clear`, an alert would end as soon as it began.

    Raises:
        Fault: there is no such number, or the rule cannot be with one of the values.
    """
    number = find_number(rule.text, rule.name, param)
    other = None if alone else _other_bound(rule, number)
    values = tuple(float(written(low + (high - low) * step / (steps - 1))) for step in range(steps))
    variants = []
    for value in values:
        text = rule.text
        # The later one first, so that the earlier one stays where it was found.
        changes = [(number, value)] + ([] if other is None else [(other, other.value + value - number.value)])
        for changed, to in sorted(changes, key=lambda change: -change[0].start):
            text = with_number(text, changed, to)
        try:
            (variant,) = read_rules_text(text, scope, f"{rule.name} with {number.param} = {written(value)}")
        except BadBook as wrong:
            raise Fault(f"with {number.param} = {written(value)} it is no rule: {wrong.mistakes[0]}") from wrong
        variants.append(variant)
    return Swept(number.param, number.unit, values, tuple(variants), None if other is None else other.param)


def _other_bound(rule: Rule, number: RuleNumber) -> RuleNumber | None:
    """Find the number that ends what this one begins: `clear` of the same quantity, from the other side."""
    kind, _, part = number.param.partition(".")
    if part != "raise" or number.operator not in _OPPOSITE:
        return None
    return next(
        (
            one
            for one in numbers_of(rule.text)
            if one.param == f"{kind}.clear"
            and one.quantity == number.quantity
            and one.operator in _OPPOSITE[number.operator]
        ),
        None,
    )
