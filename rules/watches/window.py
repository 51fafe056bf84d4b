"""Window, as a rule book writes it: `window: {over: 60 s, value: count(*), raise: ">= 20", clear: "< 10"}`."""

from dataclasses import dataclass
from typing import ClassVar, Final

import numpy as np
import polars as pl

from ioc.model.instant import Duration
from ioc.runtime.marked_yaml import YamlNode, expected
from rules.bounds import Bound, read_bound
from rules.expressions import Compiled, Type, compile_expression
from rules.kinds.contract import Kind
from rules.kinds.window import Value, WindowKind
from rules.measures import duration, read_duration
from rules.numeric import Mask
from rules.selection import Evaluated
from rules.watches.contract import Columns, Reading, RuleKind, RuleReader, Source, Workshop

LARGEST_MEASURED: Final = 1e100
"""A window passes over values beyond this, as over missing ones: they measure nothing, and their sum is none."""

EXACT_INTEGERS: Final = 2**53
"""Below it a double holds every whole number, so that hashes of texts are told apart as doubles."""

WANTED: Final = (
    "expected count(*), sum(…), mean(…), min(…), max(…), distinct(…), first(…) or last(…) of a quantity, "
    "or change(…) per 10 min"
)


@dataclass(frozen=True, slots=True)
class Window:
    """Raises when a value over the last `over` satisfies a bound; clears when it satisfies another.

    Attributes:
        of: what the value is computed of; None for a count.
        each: for a `change` told for a time, that time, µs; else 0.
    """

    source: Source
    over: Duration
    value: Value
    of: Compiled | None
    raise_if: Bound
    clear_if: Bound
    each: Duration

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
        """Twice as long as the window: whatever lies in it now was judged with what came before it."""
        return 2 * self.over

    @property
    def shape(self) -> tuple[str, ...]:
        """What is computed: the state is made for it."""
        return (str(self.value),)

    def put_to_work(self, workshop: Workshop) -> tuple[Kind, Reading]:
        """Read the source's events, or those of which the value is known."""
        gate = workshop.gate(self.source)
        kind = WindowKind(
            self.over, self.value, self.raise_if, self.clear_if, event_time=workshop.event_time, each=self.each
        )
        if self.of is None:
            return kind, Reading((gate,), gate.names, lambda evaluated: (gate.mask(evaluated), {}))
        value = workshop.number(_as_number(self.of), self.of.columns)

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
    value, of, each = _value(parts["value"], reader)
    unit = None if of is None or value in (Value.COUNT, Value.DISTINCT) else of.unit
    raise_if = read_bound(parts["raise"], unit)
    clear_if = read_bound(parts["clear"], unit) if "clear" in parts else raise_if.opposite()
    if raise_if.overlaps(clear_if):
        sentence = f"'clear' ({clear_if}) overlaps 'raise' ({raise_if}): an alert would come and go at once"
        raise parts["clear" if "clear" in parts else "raise"].wrong(sentence)
    return Window(reader.own_source(), over, value, of, raise_if, clear_if, each)


def _value(node: YamlNode, reader: RuleReader) -> tuple[Value, Compiled | None, Duration]:
    written = node.text()
    text, per, time = written.partition(" per ")
    name, bracket, rest = text.rstrip().partition("(")
    known = [str(value) for value in Value]
    if not bracket or not rest.endswith(")"):
        raise node.wrong(f"{WANTED}, found {written!r}")
    name = name.strip().lower()
    if name not in known:
        raise node.wrong(f"{name!r} is not a value of windows; {expected(name, known)}")
    value, inner, shift = Value(name), rest[:-1], text.index("(") + 1
    if per and value is not Value.CHANGE:
        raise node.wrong(f"{name} is not told for a time; only change(…) is", offset=len(text) + 1)
    if value is Value.COUNT:
        if inner.strip() != "*":
            raise node.wrong("count takes a star: count(*); narrow it with `where`", offset=shift)
        return value, None, 0
    of = compile_expression(node, reader.scope, inner, shift)
    if value is Value.DISTINCT:
        if of.type is Type.TIME:
            raise node.wrong(f"distinct wants a text or a number, but {of.text!r} is {of.type}", offset=shift)
    elif of.type is not Type.NUMBER:
        raise node.wrong(f"{name} wants a number, but {of.text!r} is {of.type}", offset=shift)
    each = read_duration(time, node, offset=len(text) + len(per)) if per else 0
    if per and each <= 0:
        raise node.wrong("a change is told for a time longer than 0 s", offset=len(text) + len(per))
    return value, of, each


def _as_number(of: Compiled) -> pl.Expr:
    """Make what a window counts or computes with; a text becomes a number that stands for it."""
    if of.type is not Type.TEXT:
        return of.expression
    text = of.expression.cast(pl.String)
    return pl.when(text.is_not_null()).then(text.hash(seed=0) % EXACT_INTEGERS)
