"""Places in expressions: `inside('ward-9')`, whether an event's position lies in an area of the city.

A polygon is cut along the latitudes of its corners. Between two of them the same edges are crossed, whatever the
longitude, so a point asks only for those few: the work does not grow with the number of corners.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from ioc.model.city import Area
from ioc.model.geo import Ring

Edge = tuple[float, float, float, float]
"""One edge: (lon, lat) of its end, then of its beginning."""


@dataclass(frozen=True, slots=True)
class Places:
    """The areas that have a shape.

    Attributes:
        rings: the outer rings of each, by id.
        ids: its id by every name it goes by: the id itself, and its titles.
    """

    rings: Mapping[str, tuple[Ring, ...]]
    ids: Mapping[str, str]


def places_of(areas: Iterable[Area]) -> Places:
    """Collect the areas that have a shape; one without has that of the areas below it.

    Args:
        areas: smaller ones after larger ones.
    """
    known = list(areas)
    own = {area.id: area.rings for area in known}
    rings = dict(own)
    for area in reversed(known):
        if area.parent is not None and not own.get(area.parent, (None,)):
            rings[area.parent] += rings[area.id]
    shaped = {name: shape for name, shape in rings.items() if shape}
    ids = {title: area.id for area in reversed(known) for title in area.title.values() if area.id in shaped}
    return Places(shaped, {**ids, **{name: name for name in shaped}})


NOWHERE = Places({}, {})


def inside(rings: Sequence[Ring]) -> pl.Expr:
    """Make the condition that an event's position lies in any of some rings, unknown where it has none.

    Every comparison is that of `ioc.model.geo.ring_contains`, to the last bit.
    """
    found: pl.Expr | None = None
    for ring in rings:
        here = _in_ring(ring)
        found = here if found is None else found | here
    known = pl.col("lat").is_not_null() & pl.col("lon").is_not_null()
    return pl.when(known).then(pl.lit(False) if found is None else found)


def _in_ring(ring: Ring) -> pl.Expr:
    edges: list[Edge] = []
    previous_lon, previous_lat = ring[-1]
    for lon, lat in ring:
        edges.append((lon, lat, previous_lon, previous_lat))
        previous_lon, previous_lat = lon, lat
    cuts = sorted({edge[1] for edge in edges})
    # The strip below a cut; none lies below the first or above the last.
    strips: list[list[Edge]] = [[] for _ in range(len(cuts) + 1)]
    place_of = {lat: place for place, lat in enumerate(cuts)}
    for edge in edges:
        low, high = sorted((place_of[edge[1]], place_of[edge[3]]))
        for place in range(low, high):
            strips[place + 1].append(edge)
    deepest = max(map(len, strips))
    strip = pl.lit(pl.Series(cuts, dtype=pl.Float64)).search_sorted(pl.col("lat"), side="right")
    point_lat, point_lon = pl.field("lat"), pl.field("lon")
    odd: pl.Expr = pl.lit(False)
    for depth in range(deepest):
        level = [edges[depth] if depth < len(edges) else None for edges in strips]
        at = [_of_strip([None if edge is None else edge[part] for edge in level]) for part in range(4)]
        crossing = (at[2] - at[0]) * (point_lat - at[1]) / (at[3] - at[1]) + at[0]
        odd ^= (point_lon < crossing).fill_null(False)
    # Fields of a struct are computed once; a plain expression would be searched for again wherever it stands.
    return pl.struct("lat", "lon", strip=strip).struct.with_fields(odd=odd).struct.field("odd")


def _of_strip(values: list[float | None]) -> pl.Expr:
    return pl.lit(pl.Series(values, dtype=pl.Float64)).gather(pl.field("strip"))
