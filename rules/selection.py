"""The one `select` of a batch: every condition and value that its rules need, computed together, as arrays."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import polars as pl

from ioc.model.assets import Asset
from ioc.model.instant import Instant
from ioc.model.kinds import Kind
from rules.keys import KeyTable, key_expression
from rules.kinds.contract import Numbers
from rules.kinds.threshold import UNKNOWN

Mask = npt.NDArray[np.bool_]
"""One truth value an event of the batch."""

_KINDS: Final = pl.Enum([str(kind) for kind in Kind])
_CODES: Final[Mapping[Kind, int]] = {kind: code for code, kind in enumerate(Kind)}
_NO_KIND: Final = 255
_NOTHING: Final[Numbers] = np.zeros(0, dtype=np.int64)


def codes_of(kinds: Collection[Kind]) -> frozenset[int]:
    """Give the codes by which kinds of events stand in `Evaluated`; none stands for any kind."""
    return frozenset(_CODES[kind] for kind in kinds)


@dataclass(slots=True)
class Evaluated:
    """A batch, with what its rules asked for.

    Attributes:
        clocks: the stream's clock when each event came, µs.
        at: when each event happened, µs.
        kinds: the code of each event's kind.
        present: the codes that occur.
        arrays: what the one `select` gave, by name.
        masks: which events are of some kinds, made when the first rule asks.
    """

    clocks: Numbers
    at: Numbers
    kinds: npt.NDArray[np.uint8]
    present: frozenset[int]
    arrays: dict[str, npt.NDArray[Any]] = field(default_factory=dict)
    masks: dict[frozenset[int], Mask] = field(default_factory=dict)

    @classmethod
    def of(cls, batch: pl.DataFrame, clock: Instant | Numbers) -> "Evaluated":
        """Look at a batch's times and kinds, before anything is computed.

        Args:
            batch: `FIXED_COLUMNS` and quantities; may be empty.
            clock: how far the stream's clock had come before, for all events or for each.
        """
        if not batch.height:
            return cls(_NOTHING, _NOTHING, np.zeros(0, dtype=np.uint8), frozenset())
        coded = batch["kind"].cast(_KINDS, strict=False).to_physical()
        # A call of `fill_null` costs as much as all the rest here.
        kinds = (coded.fill_null(_NO_KIND) if coded.null_count() else coded).to_numpy()
        received = batch["received_at"].cast(pl.Int64).to_numpy()
        return cls(
            clocks=np.maximum.accumulate(np.maximum(received, clock)),
            at=batch["at"].cast(pl.Int64).to_numpy(),
            kinds=kinds,
            present=frozenset(np.flatnonzero(np.bincount(kinds, minlength=1)).tolist()) - {_NO_KIND},
        )

    def has(self, kinds: frozenset[int]) -> bool:
        """Whether there is any event of these kinds."""
        return bool(self.present & kinds if kinds else self.present)

    def of_kinds(self, kinds: frozenset[int]) -> Mask:
        """Say which events are of one of these kinds."""
        mask = self.masks.get(kinds)
        if mask is None:
            chosen = np.zeros(_NO_KIND + 1, dtype=bool)
            chosen[list(kinds or _CODES.values())] = True
            mask = self.masks[kinds] = chosen[self.kinds]
        return mask


class Selection:
    """Collects what rules need of a batch, each thing once however many rules ask for it, and computes it.

    A call of polars costs some 10 µs for every step of every expression in it, whatever the batch holds. So equal
    expressions of different rules are one column, what is cheaper with numpy is not asked of polars, and nothing
    is computed for rules whose kinds of events the batch does not have.
    """

    def __init__(self, schema: Mapping[str, Any]) -> None:
        """Take the types of columns that a batch may lack."""
        self._schema = schema
        self._expressions: dict[str, pl.Expr] = {}
        self._columns: dict[str, Collection[str]] = {}
        self._names: dict[bytes, str] = {}
        self._tables: dict[str, KeyTable] = {}
        self._plans: dict[frozenset[str], tuple[list[pl.Expr], dict[str, pl.Expr]]] = {}

    def condition(self, expression: pl.Expr, columns: Collection[str]) -> str:
        """Ask for a condition that reads these columns; gives the name of its array of TRUE, FALSE and UNKNOWN."""
        return self._add(expression.cast(pl.Int8).fill_null(UNKNOWN), columns)

    def number(self, expression: pl.Expr, columns: Collection[str]) -> str:
        """Ask for a value that reads these columns; gives the name of its array of doubles, NaN where unknown."""
        return self._add(expression.cast(pl.Float64).fill_null(float("nan")), columns)

    def key(self, per: tuple[str, ...], registry: Mapping[str, Asset]) -> tuple[str, KeyTable]:
        """Ask for a key; gives the name of its array of codes, and the table of those codes."""
        columns = {"asset" if part in ("site", "area") else part for part in per}
        name = self._add(key_expression(per, registry), columns)
        return name, self._tables.setdefault(name, KeyTable())

    def compute(self, batch: pl.DataFrame, names: frozenset[str]) -> dict[str, npt.NDArray[Any]]:
        """Compute, of what was asked for, what is needed this time.

        Args:
            batch: not empty.
            names: of the arrays; at least one key among them, which gives constants their length.
        """
        plan = self._plans.get(names)
        if plan is None:
            plan = self._plans[names] = self._plan(names)
        expressions, needed = plan
        have = set(batch.columns)
        missing = [empty for name, empty in needed.items() if name not in have]
        selected = (batch.with_columns(missing) if missing else batch).select(expressions)
        return {column.name: self._array(column) for column in selected.get_columns()}

    def _array(self, column: pl.Series) -> npt.NDArray[Any]:
        table = self._tables.get(column.name)
        return column.to_numpy() if table is None else table.codes(column)

    def _add(self, expression: pl.Expr, columns: Collection[str]) -> str:
        """Give the name of an expression, that of an equal one where there is one already."""
        written = expression.meta.serialize()
        if written not in self._names:
            name = self._names[written] = str(len(self._names))
            self._expressions[name] = expression.alias(name)
            self._columns[name] = columns
        return self._names[written]

    def _plan(self, names: frozenset[str]) -> tuple[list[pl.Expr], dict[str, pl.Expr]]:
        """Say what to select, and what stands for the columns that a batch may lack: unknown for all events."""
        columns = sorted({column for name in names for column in self._columns[name]})
        empty = {column: pl.lit(None, self._schema[column]).alias(column) for column in columns}
        return [self._expressions[name] for name in sorted(names, key=int)], empty
