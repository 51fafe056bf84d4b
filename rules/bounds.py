"""Bounds: a comparison of a value with a number, such as `>= 20`."""

from dataclasses import dataclass

from ioc.runtime.marked_yaml import YamlNode
from rules.expressions_units import measured

OPPOSITE = {">=": "<", ">": "<=", "<=": ">", "<": ">="}


@dataclass(frozen=True, slots=True)
class Bound:
    """A comparison with a number."""

    operator: str
    limit: float

    def __str__(self) -> str:
        """Write it as the rule book does."""
        return f"{self.operator} {self.limit:g}"

    def holds(self, value: float) -> bool:
        """Whether a value satisfies it."""
        if self.operator == ">=":
            return value >= self.limit
        if self.operator == ">":
            return value > self.limit
        if self.operator == "<=":
            return value <= self.limit
        return value < self.limit

    def overlaps(self, other: "Bound") -> bool:
        """Whether any value satisfies both."""
        if self.operator[0] == other.operator[0]:
            return True
        low, high = (self, other) if self.operator[0] == ">" else (other, self)
        return low.limit < high.limit or (low.holds(high.limit) and high.holds(low.limit))

    def opposite(self) -> "Bound":
        """Give the bound that holds exactly where this one does not."""
        return Bound(OPPOSITE[self.operator], self.limit)


def read_bound(node: YamlNode, unit: str | None = None) -> Bound:
    """Read a bound, the number perhaps with a unit: `>= 250 cm`.

    Args:
        node: where it stands.
        unit: in which the number is wanted; None where what it is compared with has none.

    Raises:
        Misplaced: it is none.
    """
    text = node.text().strip()
    for operator in OPPOSITE:
        if text.startswith(operator):
            number = text.removeprefix(operator)
            converted = measured(number, node, unit)
            if converted is not None:
                return Bound(operator, converted)
            try:
                limit = float(number)
            except ValueError:
                break
            if limit != limit or abs(limit) > 1e300:  # noqa: PLR0124
                break
            return Bound(operator, limit)
    raise node.wrong(f'expected a comparison such as ">= 20" or "< 10", found {text!r}')
