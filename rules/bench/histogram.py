"""How often a rule's quantity had which value, with the rule's own numbers as lines in it."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import polars as pl

from ioc.model.instant import DAY, HOUR, MILLISECOND, MINUTE, SECOND, Duration
from ioc.model.quantities import Catalogue
from ioc.runtime.marked_yaml import read_marked
from rules.bench.numbers import RuleNumber
from rules.expressions import Compiled, Scope, compile_expression
from rules.expressions_units import convert
from rules.kinds.window import Value
from rules.rule import Rule
from rules.watches.absence import Absence
from rules.watches.contract import Source
from rules.watches.threshold import Threshold
from rules.watches.window import Window

BARS: Final = 60
"""How many bars are drawn."""

_FINE: Final = 2_400
"""How many bars are counted; what is drawn is put together from them when a line moves out of sight."""

_TAIL: Final = 0.0005
"""The part of the values, at either end, that may be put into the outermost bars where it lies very far out."""

_STRETCH: Final = 3
"""How many times the width of the others such values may be away and are still drawn where they are: limits are set
for the rare ones, and only what a broken sensor says is not worth the room."""

_UNITS: Final = {"ms": MILLISECOND, "s": SECOND, "min": MINUTE, "h": HOUR, "d": DAY}

_MOST_ALONG: Final = 4_000_000
"""Events of which the values along a key are computed; the picture of so many is that of all."""

Values = npt.NDArray[np.float64]
Times = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Measured:
    """What a rule's numbers are compared with.

    Attributes:
        name: the quantity as the rule writes it, or `silence`, or `count(*)`.
        unit: as people read it; None where it has none.
        lines: the numbers that are compared with it.
        per_unit: what its values are divided by, to be in `unit`.
        identity: the same for the same values of the same events.
    """

    name: str
    unit: str | None
    lines: tuple[RuleNumber, ...]
    per_unit: float
    identity: tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Fine:
    """Values, counted in many small bars."""

    edges: Values
    counts: npt.NDArray[np.int64]


def measured_by(rule: Rule, numbers: Sequence[RuleNumber], catalogue: Catalogue) -> Measured | None:
    """Say what a rule compares with its numbers; None where it is not one quantity.

    Args:
        rule: as read.
        numbers: those of its text.
        catalogue: knows the units.
    """
    mine = [number for number in numbers if number.rule == rule.name]
    watch = rule.watch
    where = _written(watch.sources)
    if isinstance(watch, Threshold):
        raising = [n for n in mine if n.param == "threshold.raise" and n.quantity is not None]
        if not raising:
            return None
        name = str(raising[0].quantity)
        lines = tuple(n for n in mine if n.param in ("threshold.raise", "threshold.clear") and n.quantity == name)
        known = catalogue.get(name)
        shown, per_unit, lines = _as_written(raising[0], None if known is None else known.unit, lines)
        return Measured(name, shown, lines, per_unit, ("threshold", name, shown, where))
    if isinstance(watch, Absence):
        lines = tuple(n for n in mine if n.param == "absence.after")
        unit = lines[0].unit if lines else "s"
        return Measured("silence", unit, lines, float(_UNITS[unit or "s"]), ("absence", unit, where, rule.per))
    if isinstance(watch, Window):
        lines = tuple(n for n in mine if n.param in ("window.raise", "window.clear") and n.operator is not None)
        of = "*" if watch.of is None else watch.of.text
        known = None if watch.of is None else catalogue.get(watch.of.text)
        unit = None if known is None or watch.value is Value.COUNT else known.unit
        name = f"{watch.value}({of})"
        shown, per_unit, lines = _as_written(lines[0], unit, lines) if lines else (unit, 1.0, lines)
        return Measured(name, shown, lines, per_unit, ("window", name, shown, watch.over, where, rule.per))
    return None


def _as_written(
    first: RuleNumber, unit: str | None, lines: tuple[RuleNumber, ...]
) -> tuple[str | None, float, tuple[RuleNumber, ...]]:
    """Choose the unit to draw in: a rule that says 250 cm is drawn in cm, with those of its numbers that say so too.

    Returns:
        The unit, how much of the quantity's own it is, and the lines.
    """
    shown = first.unit or unit
    per_unit = 1.0 if shown is None or unit is None else convert(1.0, shown, unit) or 1.0
    return shown, per_unit, tuple(line for line in lines if (line.unit or unit) == shown)


def count(rule: Rule, measured: Measured, scope: Scope, key: pl.Expr, batches: Iterable[pl.DataFrame]) -> Fine | None:
    """Count what a rule measures in the past; None where there is nothing to count.

    What is measured along the events of a key, silences and windows, is taken in order of `at`: what came late is put
    where it belongs, which the rule itself may not be able to do.

    Args:
        rule: as read.
        measured: see `measured_by`.
        scope: what expressions may speak of.
        key: gives the rule's key of a row.
        batches: the past.
    """
    watch = rule.watch
    if isinstance(watch, Threshold):
        value = compiled_text(measured.name, scope).expression.cast(pl.Float64).alias("value")
        gate = _gate(watch.source)
        pieces = [(batch if gate is None else batch.filter(gate)).select(value)["value"] for batch in batches]
        known = (piece.drop_nulls() for piece in pieces)
        return _counted([piece if measured.per_unit == 1 else piece / measured.per_unit for piece in known])
    if isinstance(watch, Absence):
        return _counted(_along(watch.source, pl.lit(0.0), key, batches, lambda at, _: np.diff(at) / measured.per_unit))
    if isinstance(watch, Window) and watch.value in _OVER:
        of = pl.lit(1.0) if watch.of is None else watch.of.expression.cast(pl.Float64)
        over, rolling = watch.over, _OVER[watch.value]
        in_unit = 1 / measured.per_unit
        return _counted(_along(watch.source, of, key, batches, lambda at, values: rolling(at, values, over) * in_unit))
    return None


def _sums(at: Times, values: Values, over: Duration) -> Values:
    along = np.concatenate(([0.0], np.cumsum(values)))
    return along[1:] - along[np.searchsorted(at, at - over, side="right")]


def _means(at: Times, values: Values, over: Duration) -> Values:
    counts = np.arange(1, len(at) + 1) - np.searchsorted(at, at - over, side="right")
    return _sums(at, values, over) / counts


def _greatest(at: Times, values: Values, over: Duration) -> Values:
    frame = pl.DataFrame({"at": at, "of": values})
    return frame.select(pl.col("of").rolling_max_by("at", f"{over}i"))["of"].to_numpy()


_OVER: Final[Mapping[Value, Callable[[Times, Values, Duration], Values]]] = {
    Value.COUNT: _sums,
    Value.SUM: _sums,
    Value.MEAN: _means,
    Value.MAX: _greatest,
    Value.MIN: lambda at, values, over: -_greatest(at, -values, over),
}
"""The value at each event of a key, over what came no more than `over` before it."""


def _along(
    source: Source,
    of: pl.Expr,
    key: pl.Expr,
    batches: Iterable[pl.DataFrame],
    values_of: Callable[[Times, Values], Values],
) -> list[pl.Series]:
    """Compute values along the events of each key, of as many keys as there is patience for."""
    gate = _gate(source)
    columns = [key.cast(pl.Categorical).to_physical().alias("key"), pl.col("at").to_physical(), of.alias("of")]
    chosen = [(batch if gate is None else batch.filter(gate)).select(columns).drop_nulls() for batch in batches]
    if not chosen:
        return []
    keys = np.concatenate([piece["key"].to_numpy() for piece in chosen])
    at = np.concatenate([piece["at"].to_numpy() for piece in chosen])
    values = np.concatenate([piece["of"].to_numpy() for piece in chosen])
    # By radix, as numpy does with small whole numbers: several times faster than to compare.
    order = np.argsort(keys.astype(np.uint16) if len(keys) and keys.max() < 2**16 else keys, kind="stable")
    ends = np.flatnonzero(np.diff(keys[order], append=-1)) + 1
    found: list[pl.Series] = []
    begin = done = 0
    for end in ends.tolist():
        rows = order[begin:end]
        begin = end
        times = at[rows]
        if (times[1:] < times[:-1]).any():
            rows = rows[np.argsort(times, kind="stable")]
        found.append(pl.Series(values_of(at[rows], values[rows])))
        done += len(rows)
        if done > _MOST_ALONG:
            break
    return found


def compiled_text(text: str, scope: Scope) -> Compiled:
    """Compile an expression that stands alone."""
    node = read_marked(json.dumps(text), "expression")
    assert node is not None  # noqa: S101 - a text in quotation marks is never empty YAML
    return compile_expression(node, scope)


def _counted(pieces: Sequence[pl.Series]) -> Fine | None:
    """Count values in small bars."""
    finite = [piece.filter(piece.is_finite()) for piece in pieces]
    finite = [piece for piece in finite if len(piece)]
    if not finite:
        return None
    low, high = min(float(piece.min()) for piece in finite), max(float(piece.max()) for piece in finite)  # type: ignore[arg-type]
    if high <= low:
        low, high = low - 0.5, high + 0.5
    counts = np.zeros(_FINE, dtype=np.int64)
    scale = _FINE / (high - low)
    for piece in finite:
        # Ten times as fast as numpy's own: the bars are all of one width.
        places = ((piece.to_numpy() - low) * scale).astype(np.int64)
        counts += np.bincount(np.minimum(places, _FINE - 1), minlength=_FINE)
    return Fine(np.linspace(low, high, _FINE + 1), counts)


def drawn(fine: Fine, measured: Measured) -> dict[str, Any]:
    """Put what was counted into the bars of a picture that shows every line, and most of the values."""
    total = fine.counts.sum()
    along = np.cumsum(fine.counts) / total
    low = float(fine.edges[int(np.searchsorted(along, _TAIL))])
    high = float(fine.edges[min(int(np.searchsorted(along, 1 - _TAIL)) + 1, _FINE)])
    room = _STRETCH * (high - low)
    low, high = max(float(fine.edges[0]), low - room), min(float(fine.edges[-1]), high + room)
    shown = [number.value for number in measured.lines]
    low, high = min([low, *shown]), max([high, *shown])
    step = _round_step((high - low) / BARS)
    first, last = np.floor(low / step), np.ceil(high / step)
    # A line at the very edge could hardly be taken hold of.
    edges = np.arange(first - 1, last + 2) * step
    middles = (fine.edges[:-1] + fine.edges[1:]) / 2
    places = np.clip(np.searchsorted(edges, middles, side="right") - 1, 0, len(edges) - 2)
    counts = np.bincount(places, weights=fine.counts, minlength=len(edges) - 1).astype(np.int64)
    return {
        "quantity": measured.name,
        "unit": measured.unit,
        "edges": [float(f"{edge:.12g}") for edge in edges],
        "counts": counts.tolist(),
        "lines": [
            {"param": number.param, "value": number.value, "operator": number.operator or ">"}
            for number in measured.lines
        ],
    }


def _round_step(step: float) -> float:
    """Give the next larger of 1, 2, 2.5, 5 and their tenfolds: bars whose edges can be read."""
    power = 10.0 ** np.floor(np.log10(max(step, 1e-12)))
    return float(next(power * nice for nice in (1.0, 2.0, 2.5, 5.0, 10.0) if power * nice >= step * (1 - 1e-9)))


def _gate(source: Source) -> pl.Expr | None:
    parts = []
    if source.kinds:
        parts.append(pl.col("kind").cast(pl.String).is_in([str(kind) for kind in source.kinds]))
    if source.where is not None:
        parts.append(source.where.expression)
    return None if not parts else pl.all_horizontal(parts)


def _written(sources: Sequence[Source]) -> tuple[object, ...]:
    return tuple((source.kinds, None if source.where is None else source.where.text) for source in sources)
