"""What expressions may speak of: columns with their types and units, places, and the zone whose hours are meant."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from ioc.model.city import Area
from ioc.model.events import AtSource, Signal
from ioc.model.kinds import Kind
from ioc.model.quantities import Catalogue, QuantityType
from rules.expressions_places import NOWHERE, Places, places_of


class Type(StrEnum):
    """What an expression gives."""

    NUMBER = "a number"
    TEXT = "a text"
    BOOLEAN = "true or false"
    TIME = "a time"


@dataclass(frozen=True, slots=True)
class Scope:
    """What expressions may speak of.

    Attributes:
        columns: name to type.
        timezone: IANA name that `hour` and `weekday` go by.
        units: the unit of each quantity that has one.
        places: the areas that `inside` knows.
    """

    columns: Mapping[str, Type]
    timezone: str = "UTC"
    units: Mapping[str, str] = field(default_factory=dict)
    places: Places = NOWHERE


_OF_QUANTITY = {
    QuantityType.NUMBER: Type.NUMBER,
    QuantityType.INTEGER: Type.NUMBER,
    QuantityType.BOOLEAN: Type.BOOLEAN,
    QuantityType.TEXT: Type.TEXT,
}

FIXED: Final[Mapping[str, Type]] = {
    "kind": Type.TEXT,
    "asset": Type.TEXT,
    "at": Type.TIME,
    "received_at": Type.TIME,
    "at_source": Type.TEXT,
    "lat": Type.NUMBER,
    "lon": Type.NUMBER,
    "zone": Type.TEXT,
    "signal": Type.TEXT,
    "codec": Type.TEXT,
}
"""The fixed columns that a rule may read."""


WORDS: Final[Mapping[str, tuple[str, ...]]] = {
    "kind": tuple(map(str, Kind)),
    "signal": tuple(map(str, Signal)),
    "at_source": tuple(map(str, AtSource)),
}
"""Columns that hold one of a few words, which no device may add to."""


def scope_of(catalogue: Catalogue, timezone: str = "UTC", areas: Iterable[Area] = ()) -> Scope:
    """Make the scope of a city: the fixed columns, its known quantities, and its areas, larger ones first."""
    known = {name: catalogue[name] for name in catalogue.names()}
    columns = {name: _OF_QUANTITY[quantity.type] for name, quantity in known.items()}
    units = {name: quantity.unit for name, quantity in known.items() if quantity.unit is not None}
    return Scope({**columns, **FIXED}, timezone, units, places_of(areas))
