"""The middle of shapes on a map: circles, lines and polygons as devices and warnings give them, to one position."""

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any, Final

Point = tuple[float, float]
"""Latitude and longitude, in degrees."""

Weighed = tuple[float, Point]
"""A point, and how much the shape weighs whose middle it is."""

MAX_POINTS: Final = 10_000
"""Corners of one shape; a shape with more has no middle."""

_MAX_NESTED: Final = 6


def ring_middle(ring: Sequence[Point]) -> Weighed:
    """Give a polygon's centroid with its size in square degrees; the mean of its corners where it has no size."""
    # Reckoned from the first corner, so that small polygons far from zero do not drown in rounding.
    lat, lon = ring[0]
    doubled = lat_sum = lon_sum = 0.0
    for (a_lat, a_lon), (b_lat, b_lon) in zip(ring, [*ring[1:], ring[0]], strict=True):
        cross = (a_lon - lon) * (b_lat - lat) - (b_lon - lon) * (a_lat - lat)
        doubled += cross
        lat_sum += (a_lat + b_lat - 2 * lat) * cross
        lon_sum += (a_lon + b_lon - 2 * lon) * cross
    if abs(doubled) < 1e-12:
        return 0.0, mean(dict.fromkeys(ring))
    return abs(doubled) / 2, (lat + lat_sum / (3 * doubled), lon + lon_sum / (3 * doubled))


def line_middle(line: Sequence[Point]) -> Point:
    """Give the point halfway along a line, measured in degrees."""
    lengths = [((b[0] - a[0]) ** 2 + (b[1] - a[1]) ** 2) ** 0.5 for a, b in pairwise(line)]
    left = sum(lengths) / 2
    for (a, b), length in zip(pairwise(line), lengths, strict=True):
        if length >= left and length > 0:
            part = left / length
            return a[0] + (b[0] - a[0]) * part, a[1] + (b[1] - a[1]) * part
        left -= length
    return line[0]


def mean(points: Iterable[Point]) -> Point:
    """Give the mean of points; there must be at least one."""
    taken = list(points)
    return sum(point[0] for point in taken) / len(taken), sum(point[1] for point in taken) / len(taken)


def together(shapes: Sequence[Weighed]) -> Point | None:
    """Give the common middle of shapes, each weighing as much as it is large."""
    if not shapes:
        return None
    total = sum(weight for weight, _ in shapes)
    if total <= 0:
        return mean(point for _, point in shapes)
    return (
        sum(weight * point[0] for weight, point in shapes) / total,
        sum(weight * point[1] for weight, point in shapes) / total,
    )


def geojson_middle(geometry: Any) -> Point | None:
    """Give the middle of a GeoJSON geometry; None for what is none.

    Only the shape is looked at, never whether the numbers can be degrees.
    """
    if not isinstance(geometry, dict):
        return None
    if isinstance(geometry.get("geometry"), dict):
        return geojson_middle(geometry["geometry"])
    kind, coordinates = geometry.get("type"), geometry.get("coordinates")
    if kind == "Point":
        return _point(coordinates)
    if kind == "LineString":
        line = _points(coordinates)
        return line_middle(line) if line else None
    if kind == "Polygon":
        ring = _points(coordinates[0]) if isinstance(coordinates, list) and coordinates else None
        return ring_middle(ring)[1] if ring else None
    if kind in ("MultiPoint", "MultiLineString", "MultiPolygon"):
        points = list(_leaves(coordinates, _MAX_NESTED))
        return mean(points) if 0 < len(points) <= MAX_POINTS else None
    return None


def _points(coordinates: Any) -> list[Point] | None:
    if not isinstance(coordinates, list) or not 0 < len(coordinates) <= MAX_POINTS:
        return None
    points = [_point(each) for each in coordinates]
    return None if None in points else [point for point in points if point is not None]


def _point(pair: Any) -> Point | None:
    """Read `[lon, lat]` or `[lon, lat, altitude]`."""
    if not isinstance(pair, list) or len(pair) < 2:
        return None
    lon, lat = pair[0], pair[1]
    if any(isinstance(each, bool) or not isinstance(each, (int, float)) for each in (lat, lon)):
        return None
    return float(lat), float(lon)


def _leaves(coordinates: Any, levels: int) -> Iterable[Point]:
    point = _point(coordinates)
    if point is not None:
        yield point
    elif isinstance(coordinates, list) and levels:
        for part in coordinates:
            yield from _leaves(part, levels - 1)
