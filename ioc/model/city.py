"""A city: its name, its areas, its places, and the sketch that is drawn where there is no base map."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from ioc.model.geo import Ring, ring_contains


@dataclass(frozen=True, slots=True)
class Area:
    """A node of the tree province → commune → ….

    Attributes:
        title: by language ("vi", "en").
        parent: id of the larger area; None at the top.
        rings: outer rings of its polygons, (lon, lat); empty where no shape is known.
    """

    id: str
    title: dict[str, str]
    level: str
    parent: str | None = None
    rings: tuple[Ring, ...] = ()


@dataclass(frozen=True, slots=True)
class City:
    """What the program knows of the city itself.

    Attributes:
        timezone: IANA name; `hour(at)` in rules and naive device times go by it.
        bounds: west, south, east, north, degrees.
        areas: smaller areas after larger ones.
        sketch: GeoJSON FeatureCollection of water, parks, roads and places, each with
            `layer` (water | park | road | place), `name` and, for roads, `class` in its properties.
    """

    id: str
    title: dict[str, str]
    timezone: str
    bounds: tuple[float, float, float, float]
    areas: tuple[Area, ...]
    sketch: dict[str, Any]


def area_at(areas: Iterable[Area], lat: float, lon: float) -> str | None:
    """Find the smallest area that holds a point: the last in the given order, which is large to small."""
    found = None
    for area in areas:
        if any(ring_contains(ring, lat, lon) for ring in area.rings):
            found = area.id
    return found
