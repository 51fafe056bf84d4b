"""Quantities: named, typed, unit-bearing values, and the catalogue that knows them."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

import polars as pl

from ioc.model.events import Value


class QuantityType(StrEnum):
    """What sort of value a quantity holds."""

    NUMBER = "number"
    INTEGER = "integer"
    BOOLEAN = "boolean"
    TEXT = "text"


POLARS_TYPE: Final[Mapping[QuantityType, Any]] = {
    QuantityType.NUMBER: pl.Float64,
    QuantityType.INTEGER: pl.Int64,
    QuantityType.BOOLEAN: pl.Boolean,
    QuantityType.TEXT: pl.String,
}

MAX_TEXT: Final = 2_000
"""Characters of a text value; a longer one is rejected by name."""

_LARGEST: Final = 2**1023
"""A whole number beyond this cannot be made a double."""


@dataclass(frozen=True, slots=True)
class Quantity:
    """A quantity that the city knows.

    Attributes:
        unit: as shown beside the number ("µg/m³", "°C"); None for a count or a text.
        low, high: the plausible range, inclusive; a value outside it is rejected by name.
        title: what it is called on screen, by language ("vi", "en").
    """

    name: str
    type: QuantityType
    unit: str | None
    low: float | None
    high: float | None
    title: Mapping[str, str]


def fit(quantity: Quantity, value: object, *, ranged: bool = True) -> Value:
    """Bring a value into its quantity's type, without guessing.

    A number may come as an integer, an integer as a number without a fraction; nothing else is converted.

    Args:
        quantity: what it should be.
        value: what came.
        ranged: whether the plausible range is looked at; for what is already kept, it is not.

    Raises:
        ValueError: another type, not finite, or outside the plausible range; the sentence names the quantity.
    """
    name = quantity.name
    if quantity.type is QuantityType.TEXT:
        if not isinstance(value, str):
            raise ValueError(f"{name} must be a text, not {_shown(value)}")
        if len(value) > MAX_TEXT:
            raise ValueError(f"{name} has {len(value)} characters; at most {MAX_TEXT} are kept")
        return value
    if quantity.type is QuantityType.BOOLEAN:
        if not isinstance(value, bool):
            raise ValueError(f"{name} must be true or false, not {_shown(value)}")
        return value
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ValueError(f"{name} must be a number, not {_shown(value)}")
    if isinstance(value, int) and abs(value) > _LARGEST:
        raise ValueError(f"{name} is a whole number that is too large")
    if not math.isfinite(value):
        raise ValueError(f"{name} must be a finite number, not {value}")
    if ranged and not _plausible(quantity, value):
        raise ValueError(f"{name} = {value:g} lies outside {_bounds(quantity)}")
    if quantity.type is QuantityType.INTEGER:
        if value != int(value) or abs(value) >= 2**63:
            raise ValueError(f"{name} must be a whole number, not {value}")
        return int(value)
    return float(value)


class Catalogue:
    """The quantities a city knows, by name."""

    def __init__(self, quantities: Iterable[Quantity]) -> None:
        """Take the known quantities; a later one of the same name replaces an earlier."""
        self._known = {quantity.name: quantity for quantity in quantities}

    def __contains__(self, name: str) -> bool:
        """Say whether a quantity of this name is known."""
        return name in self._known

    def __getitem__(self, name: str) -> Quantity:
        """Look a quantity up; KeyError where it is not known."""
        return self._known[name]

    def get(self, name: str) -> Quantity | None:
        """Look a quantity up; None where it is not known."""
        return self._known.get(name)

    def names(self) -> list[str]:
        """Name all known quantities, in the order of the files."""
        return list(self._known)

    def schema(self) -> dict[str, Any]:
        """Give the polars type of each known quantity."""
        return {name: POLARS_TYPE[quantity.type] for name, quantity in self._known.items()}


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 40 else text[:37] + "..."


def _plausible(quantity: Quantity, value: float) -> bool:
    above = quantity.low is None or value >= quantity.low
    return above and (quantity.high is None or value <= quantity.high)


def _bounds(quantity: Quantity) -> str:
    low = "-∞" if quantity.low is None else f"{quantity.low:g}"
    high = "∞" if quantity.high is None else f"{quantity.high:g}"
    return f"{low} to {high} {quantity.unit or ''}".rstrip()
