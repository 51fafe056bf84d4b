"""Batches: a list of events to the wide frame that rules read."""

from collections.abc import Mapping
from typing import Any, Final

import polars as pl

from ioc.model.events import FIXED_COLUMNS, INSTANT_TYPE, Event, Rejected, Value, empty_batch
from ioc.model.quantities import POLARS_TYPE, Catalogue, QuantityType, fit

MAX_UNKNOWN: Final = 1_000
"""Quantities outside the catalogue that are kept; each is a column, so their number must have an end."""

_TYPE_OF: Final[dict[type, QuantityType]] = {
    bool: QuantityType.BOOLEAN,
    int: QuantityType.NUMBER,
    float: QuantityType.NUMBER,
    str: QuantityType.TEXT,
}
_NUMERIC: Final = frozenset({QuantityType.NUMBER, QuantityType.INTEGER})


class UnknownQuantities:
    """The types of quantities that the catalogue does not know: each keeps that of its first value.

    An integer counts as a number, because the next value of the same quantity may well have a fraction.
    """

    def __init__(self, limit: int = MAX_UNKNOWN) -> None:
        """Start with none.

        Args:
            limit: how many are kept; values of any further one are rejected by name.
        """
        self._limit = limit
        self._types: dict[str, QuantityType] = {}
        self._news: dict[str, QuantityType] = {}

    def type_of(self, name: str, value: Value) -> QuantityType | None:
        """Give the quantity's type, that of this value where it is its first; None where there is no more room."""
        known = self._types.get(name)
        if known is None and len(self._types) < self._limit:
            known = self._types[name] = self._news[name] = type_of(value)
        return known

    def take_news(self) -> dict[str, QuantityType]:
        """Give the types that have been settled since the last call, so that somebody keeps them."""
        news, self._news = self._news, {}
        return news

    def restore(self, types: Mapping[str, QuantityType]) -> None:
        """Take up the types that an earlier process had settled."""
        self._types.update(types)

    def settled(self, name: str) -> QuantityType | None:
        """Give the quantity's type; None where it has not come yet."""
        return self._types.get(name)


def type_of(value: Value) -> QuantityType:
    """Say what sort of value this is, for a quantity that nobody has described."""
    return _TYPE_OF[type(value)]


def build_batch(
    events: list[Event], catalogue: Catalogue, unknown: UnknownQuantities | None = None
) -> tuple[pl.DataFrame, list[Rejected]]:
    """Put events into a frame: `FIXED_COLUMNS`, then a column for each quantity that occurs, in order of occurrence.

    Args:
        events: as the reader gives them; their order is kept.
        catalogue: the types of the known quantities.
        unknown: the types of the others, remembered from batch to batch; None remembers within this one only.

    Returns:
        The frame, and a rejection for each value whose type is not its quantity's; its event is kept without it.
    """
    if not events:
        return empty_batch(), []
    types = unknown if unknown is not None else UnknownQuantities()
    columns = _spread(events)
    rejected: list[Rejected] = []
    series = _fixed(events)
    for name, column in columns.items():
        quantity = catalogue.get(name)
        kind = quantity.type if quantity is not None else types.type_of(name, next(v for v in column if v is not None))
        made = None if kind is None else _typed(name, column, kind)
        if made is None:
            made, refused = _judged(name, column, kind, catalogue)
            rejected += [_rejected(events[row], sentence) for row, sentence in refused]
        if made is not None:
            series.append(made)
    return pl.DataFrame(series), rejected


def _spread(events: list[Event]) -> dict[str, list[Any]]:
    columns: dict[str, list[Any]] = {}
    count = len(events)
    for row, event in enumerate(events):
        for name, value in event.values.items():
            column = columns.get(name)
            if column is None:
                column = columns[name] = [None] * count
            column[row] = value
    return {name: column for name, column in columns.items() if any(value is not None for value in column)}


def _fixed(events: list[Event]) -> list[pl.Series]:
    columns: dict[str, list[Any]] = {
        "id": [event.id for event in events],
        "kind": [event.kind for event in events],
        "asset": [event.asset for event in events],
        "at": [event.at for event in events],
        "received_at": [event.received_at for event in events],
        "at_source": [event.at_source for event in events],
        "lat": [event.lat for event in events],
        "lon": [event.lon for event in events],
        "zone": [event.zone for event in events],
        "signal": [event.signal for event in events],
        "codec": [event.codec for event in events],
    }
    return [
        pl.Series(name, columns[name], dtype=pl.Int64).cast(kind)
        if kind == INSTANT_TYPE
        else pl.Series(name, columns[name], dtype=kind)
        for name, kind in FIXED_COLUMNS.items()
    ]


def _typed(name: str, column: list[Any], kind: QuantityType) -> pl.Series | None:
    """Make a column where every value has the type already; None where one has not."""
    if kind in _NUMERIC and bool in set(map(type, column)):
        # polars would take true for 1.
        return None
    try:
        return pl.Series(name, column, dtype=POLARS_TYPE[kind], strict=True)
    except (TypeError, OverflowError, pl.exceptions.PolarsError):
        return None


def _judged(
    name: str, column: list[Any], kind: QuantityType | None, catalogue: Catalogue
) -> tuple[pl.Series | None, list[tuple[int, str]]]:
    """Make a column value by value; those of another type are left out and named, with their row."""
    kept: list[Any] = [None] * len(column)
    refused = []
    for row, value in enumerate(column):
        if value is None:
            continue
        try:
            kept[row] = _fitted(name, value, kind, catalogue)
        except ValueError as error:
            refused.append((row, str(error)))
    if kind is None or all(value is None for value in kept):
        return None, refused
    return pl.Series(name, kept, dtype=POLARS_TYPE[kind], strict=True), refused


def _rejected(event: Event, sentence: str) -> Rejected:
    return Rejected(f"event {event.id} of {event.asset}", b"", 0, event.codec, sentence, event.received_at)


def _fitted(name: str, value: Value, kind: QuantityType | None, catalogue: Catalogue) -> Value:
    if kind is None:
        raise ValueError(f"{name} is one unknown quantity too many; name it in quantities.yaml or rename it in a codec")
    quantity = catalogue.get(name)
    if quantity is not None:
        return fit(quantity, value)
    if type_of(value) is not kind:
        raise ValueError(f"{name} was a {kind} when it first came, and now is {value!r:.40}")
    return float(value) if kind is QuantityType.NUMBER else value
