"""Window, as a rule book writes it: `window: {over: 60 s, value: count(*), raise: ">= 20", clear: "< 10"}`."""

from dataclasses import dataclass
from typing import ClassVar, Final

import numpy as np

from ioc.model.instant import Duration
from ioc.runtime.marked_yaml import YamlNode, expected
from rules.bounds import Bound, read_bound
from rules.expressions import Compiled, Type, compile_expression
from rules.kinds.contract import Kind
from rules.kinds.window import Value, WindowKind
from rules.measures import duration
from rules.selection import Evaluated, Mask
from rules.watches.contract import Columns, Reading, RuleKind, RuleReader, Source, Workshop

LARGEST_MEASURED: Final = 1e100
"""A window passes over values beyond this, as over missing ones: they measure nothing, and their sum is none."""


@dataclass(frozen=True, slots=True)
class Window:
    """Raises when a value over the last `over` satisfies a bound; clears when it satisfies another."""

    source: Source
    over: Duration
    value: Value
    of: Compiled | None
    raise_if: Bound
    clear_if: Bound

    kind: ClassVar = RuleKind.WINDOW
    parts: ClassVar[tuple[str, ...]] = ()

    @property
    def sources(self) -> tuple[Source, ...]:
        """Its own."""
        return (self.source,)

    @property
    def columns(self) -> frozenset[str]:
        """Those of the value."""
        return frozenset() if self.of is None else self.of.columns

    @property
    def look_back(self) -> Duration:
        """As long as the window."""
        return self.over

    @property
    def shape(self) -> tuple[str, ...]:
        """What is computed: the state is made for it."""
        return (str(self.value),)

    def put_to_work(self, workshop: Workshop) -> tuple[Kind, Reading]:
        """Read the source's events, or those of which the value is known."""
        gate = workshop.gate(self.source)
        kind = WindowKind(self.over, self.value, self.raise_if, self.clear_if, event_time=workshop.event_time)
        if self.of is None:
            return kind, Reading((gate,), gate.names, lambda evaluated: (gate.mask(evaluated), {}))
        value = workshop.number(self.of.expression, self.of.columns)

        def read(evaluated: Evaluated) -> tuple[Mask, Columns]:
            values = evaluated.arrays[value]
            # NaN, the unknown value, is not below anything.
            return gate.mask(evaluated) & (np.abs(values) <= LARGEST_MEASURED), {"value": values}

        return kind, Reading((gate,), gate.names | {value}, read, ("value",))


def read_window(node: YamlNode, reader: RuleReader) -> Window:
    """Read what stands under `window`."""
    parts = node.mapping(("over", "value", "raise", "clear"), required=("over", "value", "raise"))
    over = duration(parts["over"])
    if over <= 0:
        raise parts["over"].wrong("'over' must be longer than 0 s")
    value, of = _value(parts["value"], reader)
    raise_if = read_bound(parts["raise"])
    clear_if = read_bound(parts["clear"]) if "clear" in parts else raise_if.opposite()
    if raise_if.overlaps(clear_if):
        sentence = f"'clear' ({clear_if}) overlaps 'raise' ({raise_if}): an alert would come and go at once"
        raise parts["clear" if "clear" in parts else "raise"].wrong(sentence)
    return Window(reader.own_source(), over, value, of, raise_if, clear_if)


def _value(node: YamlNode, reader: RuleReader) -> tuple[Value, Compiled | None]:
    text = node.text()
    name, bracket, rest = text.strip().partition("(")
    known = [str(value) for value in Value]
    wanted = "expected count(*), sum(…), mean(…), min(…) or max(…) of a quantity"
    if not bracket or not rest.endswith(")"):
        raise node.wrong(f"{wanted}, found {text!r}")
    name = name.strip().lower()
    if name not in known:
        raise node.wrong(f"{name!r} is not a value of windows; {expected(name, known)}")
    inner, shift = rest[:-1], text.index("(") + 1
    if Value(name) is Value.COUNT:
        if inner.strip() != "*":
            raise node.wrong("count takes a star: count(*); narrow it with `where`", offset=shift)
        return Value.COUNT, None
    of = compile_expression(node, reader.scope, inner, shift)
    if of.type is not Type.NUMBER:
        raise node.wrong(f"{name} wants a number, but {of.text!r} is {of.type}", offset=shift)
    return Value(name), of
