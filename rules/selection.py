"""What rules need of a batch, each thing once however many rules ask for it, computed when the first one asks."""

from collections.abc import Collection, Mapping
from functools import reduce
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from ioc.model.assets import Asset
from ioc.model.kinds import Kind
from rules.expressions import Compiled
from rules.keys import NO_KEY, KeyTable, key_expression
from rules.kinds.by_key import order_of
from rules.kinds.contract import Numbers
from rules.numeric import TRUE, UNKNOWN, Column, Condition, Mask, condition_of

_KINDS: Final = pl.Enum([str(kind) for kind in Kind])
_CODES: Final[Mapping[Kind, int]] = {kind: code for code, kind in enumerate(Kind)}
_NO_KIND: Final = 255
_NUMBERS: Final = (pl.Float64, pl.Int64)

Array = npt.NDArray[Any]


def codes_of(kinds: Collection[Kind]) -> frozenset[int]:
    """Give the codes by which kinds of events stand in `Evaluated`; none stands for any kind."""
    return frozenset(_CODES[kind] for kind in kinds)


class Gate(NamedTuple):
    """Which events a source lets through: its kinds, by code, and the name of its condition, if it has one."""

    kinds: frozenset[int]
    where: str | None

    @property
    def names(self) -> frozenset[str]:
        """Name the arrays it needs."""
        return frozenset() if self.where is None else frozenset((self.where,))

    def mask(self, evaluated: "Evaluated") -> Mask:
        """Say which events of a batch it lets through."""
        return evaluated.through(self)


class Evaluated:
    """Events in the order in which rules take them, or a part of them, with what rules ask of them.

    Attributes:
        now: how far time has come when an event is taken, µs; never falls.
        at: when each event happened, µs.
        ref: number of each event since the engine began.
        arrays: what rules asked the selection for, by name, computed when it is looked for.
    """

    def __init__(self, selection: "Selection", now: Numbers, at: Numbers, ref: Numbers) -> None:
        """Take events of which nothing is computed yet."""
        self.selection = selection
        self.now = now
        self.at = at
        self.ref = ref
        self.arrays: dict[str, Array] = _Arrays(self)
        self._columns: dict[str, Column] = {}
        self._kinds: dict[frozenset[int], Mask] = {}
        self._masks: dict[Gate, Mask] = {}
        self._parts: dict[object, Part] = {}

    def __len__(self) -> int:
        """Count the events."""
        return len(self.at)

    def has(self, kinds: frozenset[int]) -> bool:
        """Whether there is any event of these kinds."""
        raise NotImplementedError

    def of_kinds(self, kinds: frozenset[int]) -> Mask:
        """Say which events are of one of these kinds."""
        mask = self._kinds.get(kinds)
        if mask is None:
            mask = self._kinds[kinds] = self._find_kinds(kinds)
        return mask

    def through(self, gate: Gate) -> Mask:
        """Say which events a gate lets through."""
        mask = self._masks.get(gate)
        if mask is None:
            mask = self.of_kinds(gate.kinds)
            if gate.where is not None:
                mask = mask & (self.arrays[gate.where] == TRUE)
            self._masks[gate] = mask
        return mask

    def may_be_true(self, name: str) -> bool:
        """Say whether a condition may be true anywhere: a no is certain, and costs next to nothing."""
        condition = self.selection.conditions.get(name)
        if condition is None:
            return bool(np.count_nonzero(self.arrays[name] == TRUE))
        return condition.may_be(self, wanted=True)

    def part(self, gates: tuple[Gate, ...], key_name: str) -> "Part":
        """Give the events that any of the gates lets through and that have a key."""
        part = self._parts.get((gates, key_name))
        if part is None:
            part = self._parts[gates, key_name] = self._make_part(gates, key_name)
        return part

    def _make_part(self, gates: tuple[Gate, ...], key_name: str) -> "Part":
        if len(gates) == 1 and gates[0].where is not None and not isinstance(self, Part):
            # What several rules ask of the same kinds is computed for these alone.
            return self.part((Gate(gates[0].kinds, None),), key_name).part(gates, key_name)
        open_ones = [gate for gate in gates if self.has(gate.kinds)]
        open_ones = [gate for gate in open_ones if gate.where is None or self.may_be_true(gate.where)]
        if not open_ones:
            return Part(self, np.zeros(0, dtype=np.int64), key_name, gates)
        mask = self.through(open_ones[0])
        for gate in open_ones[1:]:
            mask = mask | self.through(gate)
        return Part(self, np.flatnonzero(mask & (self.arrays[key_name] != NO_KEY)), key_name, gates)

    def column(self, name: str) -> Column:
        """Give a column as conditions read it."""
        column = self._columns.get(name)
        if column is None:
            column = self._columns[name] = self._find_column(name)
        return column

    def compute(self, name: str) -> Array:
        """Compute what is looked for in `arrays`."""
        condition = self.selection.conditions.get(name)
        return self._find(name) if condition is None else condition.truth(self).as_array()

    def _find_kinds(self, kinds: frozenset[int]) -> Mask:
        raise NotImplementedError

    def _find_column(self, name: str) -> Column:
        raise NotImplementedError

    def _find(self, name: str) -> Array:
        raise NotImplementedError


class _Arrays(dict[str, Array]):
    """Arrays by name; those that are not there are computed."""

    def __init__(self, of: Evaluated) -> None:
        super().__init__()
        self._of = of

    def __missing__(self, name: str) -> Array:
        array = self[name] = self._of.compute(name)
        return array


class Whole(Evaluated):
    """A whole batch.

    Attributes:
        kinds: the code of each event's kind.
        present: the codes that occur.
    """

    def __init__(self, selection: "Selection", frame: pl.DataFrame, now: Numbers, ref: Numbers) -> None:
        """Take a batch of `FIXED_COLUMNS` and quantities; may be empty."""
        at, kinds = np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.uint8)
        self._selected: dict[str, Array] = {}
        if frame.height:
            at, kinds, self._selected = selection.look(frame)
        super().__init__(selection, now, at, ref)
        self.kinds: npt.NDArray[np.uint8] = kinds
        self.present = frozenset(np.flatnonzero(np.bincount(kinds, minlength=1)).tolist()) - {_NO_KIND}
        self._frame = frame
        self._have = frozenset(frame.columns)
        self._selected |= selection.select(frame, self.present)

    def has(self, kinds: frozenset[int]) -> bool:
        """Whether there is any event of these kinds."""
        return bool(self.present & kinds if kinds else self.present)

    def _find_kinds(self, kinds: frozenset[int]) -> Mask:
        chosen = np.zeros(_NO_KIND + 1, dtype=bool)
        chosen[list(kinds or _CODES.values())] = True
        return chosen[self.kinds]

    def _find_column(self, name: str) -> Column:
        if self.selection.is_text(name):
            return Column.of_codes(self._find(name))
        if name not in self._have:
            return Column(np.full(len(self), np.nan), np.ones(len(self), dtype=bool))
        return Column.of_numbers(self._frame.get_column(name))

    def _find(self, name: str) -> Array:
        found = self._selected.get(name)
        if found is None:
            found = self._selected[name] = self.selection.find(self._frame, name)
        return found


class Part(Evaluated):
    """Those events of a batch that some gates let through and that have a key.

    Attributes:
        key: code of each event's key.
    """

    def __init__(self, of: Evaluated, rows: Numbers, key_name: str, gates: tuple[Gate, ...]) -> None:
        """Take some rows of a batch."""
        super().__init__(of.selection, of.now[rows], of.at[rows], of.ref[rows])
        self._of = of
        self._rows = rows
        self._in_order: bool | None = None
        self._late: dict[str, Mask | None] = {}
        self.key: Numbers = self.arrays[key_name] if len(rows) else rows
        if len(gates) == 1:
            self._kinds[gates[0].kinds] = self._masks[gates[0]] = np.ones(len(rows), dtype=bool)

    @property
    def in_order(self) -> bool:
        """Whether no event of a key is older than one of the same key before it."""
        if self._in_order is None:
            self._in_order = bool((self.at[1:] >= self.at[:-1]).all()) or self._is_in_order_by_key()
        return self._in_order

    def known(self, name: str) -> Mask | None:
        """Say of which events a condition is known; None for all."""
        columns = self.selection.strict_columns(name)
        if columns is None:
            known: Mask = self.arrays[name] != UNKNOWN
            return known
        unknown = [self.column(column).unknown for column in columns]
        some = [mask for mask in unknown if mask is not None]
        if not some:
            return None
        missing: Mask = reduce(np.logical_or, some)
        return np.logical_not(missing)

    def set_late(self, name: str, late: Mask | None) -> None:
        """Say which events are too old for conditions of this measure, see `Selection.measure`."""
        self._late[name] = late

    def told_in_order(self, name: str) -> Array:
        """Give a condition, unknown for events that are older than what their key has already shown by it."""
        late = self._late[self.selection.measure(name)]
        return self.arrays[name] if late is None else np.where(late, np.int8(UNKNOWN), self.arrays[name])

    def _is_in_order_by_key(self) -> bool:
        order = order_of(self.key)
        key, at = self.key[order], self.at[order]
        return not np.count_nonzero((at[1:] < at[:-1]) & (key[1:] == key[:-1]))

    def has(self, kinds: frozenset[int]) -> bool:
        """Whether there may be any event of these kinds."""
        return bool(len(self)) and self._of.has(kinds)

    def _find_kinds(self, kinds: frozenset[int]) -> Mask:
        return self._of.of_kinds(kinds)[self._rows]

    def _find_column(self, name: str) -> Column:
        return self._of.column(name).take(self._rows)

    def _find(self, name: str) -> Array:
        return self._of.arrays[name][self._rows]


class Selection:
    """Collects what rules need of a batch, and computes it.

    A call of polars costs some 10 µs for every step of every expression in it, whatever the batch holds. So equal
    expressions of different rules are one column, what numpy can evaluate is not asked of polars, and nothing
    is computed for rules whose kinds of events the batch does not have.
    """

    def __init__(self, schema: Mapping[str, Any]) -> None:
        """Take the types of columns that a batch may lack."""
        self._schema = schema
        self.conditions: dict[str, Condition] = {}
        self._expressions: dict[str, pl.Expr] = {}
        self._reads: dict[str, Collection[str]] = {}
        self._names: dict[bytes, str] = {}
        self._tables: dict[str, KeyTable] = {}
        self._texts: dict[str, str] = {}
        self._measures: dict[str, str] = {}
        # Values that are no more than a column.
        self._plain: dict[str, str] = {}
        self._asked: list[tuple[tuple[frozenset[int], ...], frozenset[str]]] = []
        self._plans: dict[frozenset[int], list[str]] = {}

    def condition(self, compiled: Compiled) -> str:
        """Ask for a condition; gives the name of its array of TRUE, FALSE and UNKNOWN."""
        name = self._add(compiled.expression.cast(pl.Int8).fill_null(UNKNOWN), compiled.columns)
        self._texts.setdefault(name, compiled.text)
        if name not in self.conditions:
            numeric = condition_of(compiled.tree, self)
            if numeric is not None:
                self.conditions[name] = numeric
        return name

    def number(self, expression: pl.Expr, columns: Collection[str]) -> str:
        """Ask for a value that reads these columns; gives the name of its array of doubles, NaN where unknown."""
        name = self._add(expression.cast(pl.Float64).fill_null(float("nan")), columns)
        for column in columns:
            if self.is_number(column) and expression.meta.eq(pl.col(column)):
                self._plain[name] = column
        return name

    def key(self, per: tuple[str, ...], registry: Mapping[str, Asset]) -> tuple[str, KeyTable]:
        """Ask for a key; gives the name of its array of codes, and the table of those codes."""
        if len(per) == 1 and self.is_text(per[0]):
            return per[0], self._table(per[0])
        columns = {"asset" if part in ("site", "area") else part for part in per}
        name = self._add(key_expression(per, registry), columns)
        return name, self._table(name)

    def ask(self, kinds: tuple[frozenset[int], ...], names: frozenset[str]) -> None:
        """Say what is needed of batches that have any of these kinds of events."""
        self._asked.append((kinds, names))
        self._plans.clear()

    def is_number(self, name: str) -> bool:
        """Whether a column holds numbers or truth values."""
        return self._schema.get(name) in _NUMBERS or self.is_truth(name)

    def is_truth(self, name: str) -> bool:
        """Whether a column holds truth values."""
        return bool(self._schema.get(name) == pl.Boolean)

    def is_text(self, name: str) -> bool:
        """Whether a column holds texts."""
        return bool(self._schema.get(name) == pl.String)

    def code(self, name: str, text: str) -> int | None:
        """Give the code of a text in a column; None where the column holds no texts."""
        return self._table(name).code(text) if self.is_text(name) else None

    def strict_columns(self, name: str) -> frozenset[str] | None:
        """Name the columns that must be there for a condition to be known; None where that does not decide it."""
        condition = self.conditions.get(name)
        return condition.columns if condition is not None and condition.strict else None

    def measure(self, name: str) -> str:
        """Name, the same in every run, what decides of which events a condition is known."""
        measure = self._measures.get(name)
        if measure is None:
            columns = self.strict_columns(name)
            measure = self._measures[name] = self._texts[name] if columns is None else " ".join(sorted(columns))
        return measure

    def text(self, name: str | None) -> str:
        """Give a condition as it was written."""
        return "" if name is None else self._texts[name]

    def look(self, frame: pl.DataFrame) -> tuple[Numbers, npt.NDArray[np.uint8], dict[str, Array]]:
        """Give the times, the kinds, and the codes of the texts that rules read, of a batch that is not empty."""
        at = pl.col("at").to_physical().alias("#at")
        kind = pl.col("kind").cast(_KINDS, strict=False).to_physical().fill_null(_NO_KIND).alias("#kind")
        have = set(frame.columns)
        texts = [name for name in self._tables if name in have]
        seen = frame.select(at, kind, *(self._expression(name).alias(name) for name in texts))
        codes = {name: self._array(seen.get_column(name), coded=True) for name in texts}
        return seen.get_column("#at").to_numpy(), seen.get_column("#kind").to_numpy(), codes

    def select(self, frame: pl.DataFrame, present: frozenset[int]) -> dict[str, Array]:
        """Compute with one call of polars what rules need of these kinds of events and numpy cannot give."""
        names = self._plans.get(present)
        if names is None:
            names = self._plans[present] = self._plan(present)
        return self._compute(frame, names) if names else {}

    def find(self, frame: pl.DataFrame, name: str) -> Array:
        """Compute one thing that was not selected with the others."""
        column = self._plain.get(name)
        if column is None:
            return self._compute(frame, [name])[name]
        if column not in frame.columns:
            return np.full(frame.height, np.nan)
        return frame.get_column(column).cast(pl.Float64).to_numpy()

    def _compute(self, frame: pl.DataFrame, names: Collection[str]) -> dict[str, Array]:
        have = set(frame.columns)
        reads = {column for name in names for column in self._reads.get(name, (name,))}
        missing = [pl.lit(None, self._schema[column]).alias(column) for column in sorted(reads - have)]
        filled = frame.with_columns(missing) if missing else frame
        # A constant alone would give one row.
        selected = filled.select([self._expression(name).alias(name) for name in names], _rows=pl.col("at"))
        return {name: self._array(selected.get_column(name), coded=name in self._tables) for name in names}

    def _expression(self, name: str) -> pl.Expr:
        expression = self._expressions.get(name, pl.col(name))
        table = self._tables.get(name)
        return expression if table is None else table.coded(expression)

    def _array(self, series: pl.Series, *, coded: bool) -> Array:
        values = series.to_numpy()
        if coded and series.null_count():
            values = np.where(np.isnan(values), NO_KEY, values)
        return values.astype(np.int64) if coded else values

    def _plan(self, present: frozenset[int]) -> list[str]:
        needed: set[str] = set()
        for kinds, names in self._asked:
            if any(present & some if some else present for some in kinds):
                for name in names:
                    condition = self.conditions.get(name)
                    if condition is None and name not in self._plain and not self.is_text(name):
                        needed.add(name)
        return sorted(needed)

    def _table(self, name: str) -> KeyTable:
        return self._tables.setdefault(name, KeyTable())

    def _add(self, expression: pl.Expr, columns: Collection[str]) -> str:
        """Give the name of an expression, that of an equal one where there is one already."""
        written = expression.meta.serialize()
        if written not in self._names:
            name = self._names[written] = f"#{len(self._names)}"
            self._expressions[name] = expression
            self._reads[name] = columns
        return self._names[written]
