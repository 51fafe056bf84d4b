"""Conditions that compare columns with constants, evaluated by numpy; what they mean is what polars gives.

A call of polars costs some 10 µs for every step of every expression in it, which is most of what rules cost where
batches are small. Nearly every condition of a rule book compares a column with a number or a text, and such ones are
evaluated here; all others stay with polars. Both give the same: tests/properties/test_numeric_laws.py says so.

Logic has three values. Of a column here the unknown stand apart in a mask; a NaN, which polars takes for greater than
any number, stands as infinity, which compares alike with every constant.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from functools import reduce
from operator import ge, gt, le, lt
from typing import Any, Final, Protocol

import numpy as np
import numpy.typing as npt
import polars as pl
from sqlglot import exp

Mask = npt.NDArray[np.bool_]
"""One truth value an event."""

TRUE: Final = 1
UNKNOWN: Final = -1

NO_TEXT: Final = -1
"""Stands for a missing text among codes."""


@dataclass(slots=True)
class Column:
    """A column of a batch.

    Attributes:
        values: numbers as doubles, texts as codes.
        unknown: where the event does not have it; None where all have it.
    """

    values: npt.NDArray[Any]
    unknown: Mask | None
    _bounds: tuple[float, float] | None = None
    _present: frozenset[int] | None = None

    @classmethod
    def of_numbers(cls, series: pl.Series) -> "Column":
        """Take numbers, or truth values as 1 and 0."""
        raw = series.to_numpy() if series.dtype == pl.Float64 else series.cast(pl.Float64).to_numpy()
        # Missing ones come out as NaN. Asking polars which they are costs more than all the rest here.
        unknown = np.isnan(raw)
        count, missing = np.count_nonzero(unknown), series.null_count()
        if count == missing:
            return cls(raw, unknown if missing else None)
        absent = series.is_null().to_numpy()
        return cls(np.where(unknown & ~absent, np.inf, raw), absent if missing else None)

    @classmethod
    def of_codes(cls, codes: npt.NDArray[np.int64]) -> "Column":
        """Take codes of texts."""
        unknown = codes == NO_TEXT
        return cls(codes, unknown if np.count_nonzero(unknown) else None)

    def take(self, rows: npt.NDArray[Any]) -> "Column":
        """Give some of the rows."""
        unknown = None if self.unknown is None else self.unknown[rows]
        return Column(self.values[rows], unknown if unknown is not None and np.count_nonzero(unknown) else None)

    @property
    def bounds(self) -> tuple[float, float]:
        """The least and the greatest number; what is greater than itself where there is none."""
        if self._bounds is None:
            some = len(self.values) and (self.unknown is None or not self.unknown.all())
            # The unknown are NaN, which these two pass over.
            least, greatest = (np.fmin.reduce, np.fmax.reduce)
            self._bounds = (float(least(self.values)), float(greatest(self.values))) if some else (np.inf, -np.inf)
        return self._bounds

    @property
    def present(self) -> frozenset[int]:
        """The codes that occur."""
        if self._present is None:
            counts = np.bincount(self.values + 1)
            counts[:1] = 0
            self._present = frozenset((np.flatnonzero(counts) - 1).tolist())
        return self._present


class Batch(Protocol):
    """What a condition is evaluated over."""

    def column(self, name: str) -> Column:
        """Give a column that the condition reads."""
        ...


@dataclass(frozen=True, slots=True)
class Truth:
    """A condition's value for each event: where it is true, and where it is unknown (None: nowhere)."""

    true: Mask
    unknown: Mask | None

    def as_array(self) -> npt.NDArray[np.int8]:
        """Write it as 1 true, 0 false, -1 unknown."""
        true = self.true.view(np.int8)
        return true if self.unknown is None else true - self.unknown.view(np.int8)


class Condition(Protocol):
    """A condition over one event."""

    @property
    def columns(self) -> frozenset[str]:
        """Name the columns that it reads."""
        ...

    @property
    def strict(self) -> bool:
        """Whether it is known exactly where all its columns are."""
        ...

    def truth(self, batch: Batch) -> Truth:
        """Evaluate it."""
        ...

    def may_be(self, batch: Batch, wanted: bool) -> bool:  # noqa: FBT001
        """Say, from what occurs in the columns, whether it can have this value anywhere: a no is certain."""
        ...


@dataclass(frozen=True, slots=True)
class Comparison:
    """A number compared with a constant."""

    name: str
    operator: str
    limit: float
    strict: bool = field(default=True, init=False)

    @property
    def columns(self) -> frozenset[str]:
        """The one."""
        return frozenset((self.name,))

    def truth(self, batch: Batch) -> Truth:
        """Compare all."""
        column = batch.column(self.name)
        # The unknown are NaN, of which no comparison but <> holds.
        true = _COMPARE[self.operator](column.values, self.limit)
        if self.operator == "<>" and column.unknown is not None:
            true &= ~column.unknown
        return Truth(true, column.unknown)

    def may_be(self, batch: Batch, wanted: bool) -> bool:  # noqa: FBT001
        """Look at the least and the greatest."""
        low, high = batch.column(self.name).bounds
        if low > high:
            return False
        return _MAY_BE[self.operator if wanted else _OTHERWISE[self.operator]](low, high, self.limit)


_COMPARE: Final[dict[str, Callable[[Any, float], Any]]] = {
    ">": gt,
    ">=": ge,
    "<": lt,
    "<=": le,
    "=": lambda values, limit: values == limit,
    "<>": lambda values, limit: values != limit,
}
_OTHERWISE: Final = {">": "<=", ">=": "<", "<": ">=", "<=": ">", "=": "<>", "<>": "="}
_MAY_BE: Final[dict[str, Callable[[float, float, float], bool]]] = {
    ">": lambda _, high, limit: high > limit,
    ">=": lambda _, high, limit: high >= limit,
    "<": lambda low, _, limit: low < limit,
    "<=": lambda low, _, limit: low <= limit,
    "=": lambda low, high, limit: low <= limit <= high,
    "<>": lambda low, high, limit: low != limit or high != limit,
}


@dataclass(frozen=True, slots=True)
class OneOf:
    """A text that is one of some."""

    name: str
    codes: frozenset[int]
    strict: bool = field(default=True, init=False)

    @property
    def columns(self) -> frozenset[str]:
        """The one."""
        return frozenset((self.name,))

    def truth(self, batch: Batch) -> Truth:
        """Compare all."""
        column = batch.column(self.name)
        found = [column.values == code for code in self.codes]
        return Truth(reduce(np.logical_or, found), column.unknown)

    def may_be(self, batch: Batch, wanted: bool) -> bool:  # noqa: FBT001
        """Look at what occurs."""
        present = batch.column(self.name).present
        return bool(present & self.codes if wanted else present - self.codes)


@dataclass(frozen=True, slots=True)
class Missing:
    """Whether an event has no value."""

    name: str
    strict: bool = field(default=False, init=False)

    @property
    def columns(self) -> frozenset[str]:
        """The one."""
        return frozenset((self.name,))

    def truth(self, batch: Batch) -> Truth:
        """Look at all."""
        column = batch.column(self.name)
        return Truth(np.zeros(len(column.values), dtype=bool) if column.unknown is None else column.unknown, None)

    def may_be(self, batch: Batch, wanted: bool) -> bool:  # noqa: FBT001
        """Look whether any is missing, or there."""
        unknown = batch.column(self.name).unknown
        return not wanted if unknown is None else wanted or not unknown.all()


@dataclass(frozen=True, slots=True)
class Not:
    """The contrary."""

    of: Condition

    @property
    def columns(self) -> frozenset[str]:
        """Those of what is denied."""
        return self.of.columns

    @property
    def strict(self) -> bool:
        """As what is denied."""
        return self.of.strict

    def truth(self, batch: Batch) -> Truth:
        """Turn it round."""
        inner = self.of.truth(batch)
        return Truth(_untrue(inner), inner.unknown)

    def may_be(self, batch: Batch, wanted: bool) -> bool:  # noqa: FBT001
        """Ask for the contrary."""
        return self.of.may_be(batch, not wanted)


@dataclass(frozen=True, slots=True)
class Both:
    """Two conditions joined by `and`; `or` is the contrary of both contraries."""

    one: Condition
    other: Condition

    @property
    def columns(self) -> frozenset[str]:
        """Those of both."""
        return self.one.columns | self.other.columns

    @property
    def strict(self) -> bool:
        """Whether both are, and of the same columns: else one that is false makes the whole known."""
        return self.one.strict and self.other.strict and self.one.columns == self.other.columns

    def truth(self, batch: Batch) -> Truth:
        """Join them: unknown where either is unknown and neither is untrue."""
        one, other = self.one.truth(batch), self.other.truth(batch)
        true = one.true & other.true
        if one.unknown is None and other.unknown is None:
            return Truth(true, None)
        return Truth(true, ~(true | _untrue(one) | _untrue(other)))

    def may_be(self, batch: Batch, wanted: bool) -> bool:  # noqa: FBT001
        """True where both can be, untrue where either can."""
        parts = (self.one.may_be(batch, wanted), self.other.may_be(batch, wanted))
        return all(parts) if wanted else any(parts)


def _untrue(truth: Truth) -> Mask:
    return ~truth.true if truth.unknown is None else ~(truth.true | truth.unknown)


class Codes(Protocol):
    """What a condition must know of the columns that it is to read."""

    def is_number(self, name: str) -> bool:
        """Whether a column holds numbers or truth values."""
        ...

    def is_truth(self, name: str) -> bool:
        """Whether a column holds truth values."""
        ...

    def code(self, name: str, text: str) -> int | None:
        """Give the code of a text in a column; None where the column holds no texts."""
        ...


def condition_of(tree: exp.Expr, codes: Codes) -> Condition | None:
    """Make a condition of a tree that was found right; None where it holds more than columns and constants."""
    match tree:
        case exp.Paren():
            return condition_of(tree.this, codes)
        case exp.Not():
            return _not(condition_of(tree.this, codes))
        case exp.And() | exp.Or():
            denied = isinstance(tree, exp.Or)
            sides = [condition_of(side, codes) for side in (tree.this, tree.expression)]
            if denied:
                sides = [_not(side) for side in sides]
            if sides[0] is None or sides[1] is None:
                return None
            both = Both(sides[0], sides[1])
            return Not(both) if denied else both
        case exp.Between():
            low = _compared(">=", tree.this, tree.args["low"], codes)
            high = _compared("<=", tree.this, tree.args["high"], codes)
            return None if low is None or high is None else Both(low, high)
        case exp.In() if tree.expressions and not tree.args.get("query"):
            return _any([_compared("=", tree.this, item, codes) for item in tree.expressions])
        case exp.Is() if isinstance(tree.expression, exp.Null) and isinstance(tree.this, exp.Column):
            name = tree.this.name
            if not codes.is_number(name) and codes.code(name, "") is None:
                return None
            return Not(Missing(name)) if tree.args.get("negate") else Missing(name)
        case exp.Column() if codes.is_truth(tree.name):
            return Comparison(tree.name, "=", 1.0)
        case exp.Binary() if type(tree) in _OPERATORS:
            operator = _OPERATORS[type(tree)]
            if isinstance(tree.this, exp.Column):
                return _compared(operator, tree.this, tree.expression, codes)
            return _compared(_TURNED[operator], tree.expression, tree.this, codes)
        case _:
            return None


_OPERATORS: Final[dict[type[exp.Expr], str]] = {
    exp.GT: ">",
    exp.GTE: ">=",
    exp.LT: "<",
    exp.LTE: "<=",
    exp.EQ: "=",
    exp.NEQ: "<>",
}
_TURNED: Final = {">": "<", ">=": "<=", "<": ">", "<=": ">=", "=": "=", "<>": "<>"}


def _not(condition: Condition | None) -> Condition | None:
    return None if condition is None else Not(condition)


def _any(conditions: Sequence[Condition | None]) -> Condition | None:
    known = [condition for condition in conditions if condition is not None]
    if len(known) < len(conditions):
        return None
    if all(isinstance(condition, OneOf) for condition in known):
        texts = [condition for condition in known if isinstance(condition, OneOf)]
        return OneOf(texts[0].name, frozenset().union(*(one.codes for one in texts)))
    none: Condition = Not(known[0])
    for condition in known[1:]:
        none = Both(none, Not(condition))
    return Not(none)


def _compared(operator: str, column: exp.Expr, constant: exp.Expr, codes: Codes) -> Condition | None:
    while isinstance(column, exp.Paren):
        column = column.this
    if not isinstance(column, exp.Column):
        return None
    name = column.name
    number = _number(constant)
    if number is not None:
        wanted = codes.is_truth(name) if isinstance(constant, exp.Boolean) else codes.is_number(name)
        return Comparison(name, operator, number) if wanted else None
    if isinstance(constant, exp.Literal) and constant.is_string and operator in ("=", "<>"):
        code = codes.code(name, str(constant.this))
        if code is not None:
            same = OneOf(name, frozenset((code,)))
            return same if operator == "=" else Not(same)
    return None


def _number(tree: exp.Expr) -> float | None:
    match tree:
        case exp.Paren():
            return _number(tree.this)
        case exp.Neg():
            number = _number(tree.this)
            return None if number is None else -number
        case exp.Literal() if not tree.is_string:
            return float(str(tree.this))
        case exp.Boolean():
            return float(bool(tree.this))
        case _:
            return None


def columns_of(conditions: Collection[Condition]) -> frozenset[str]:
    """Name the columns that some conditions read."""
    return frozenset().union(*(condition.columns for condition in conditions))
