"""Places on the Earth: distances and polygons, in WGS 84 degrees and metres."""

import math
from collections.abc import Sequence
from typing import Final

EARTH_RADIUS_M: Final = 6_371_008.8
"""Mean radius of the Earth (IUGG R1), metres."""

Ring = Sequence[tuple[float, float]]
"""A closed line of (lon, lat) pairs, in GeoJSON's order; the last point may repeat the first."""


def distance_m(lat: float, lon: float, other_lat: float, other_lon: float) -> float:
    """Great-circle distance in metres, by the haversine formula."""
    p, q = math.radians(lat), math.radians(other_lat)
    h = math.sin((q - p) / 2) ** 2 + math.cos(p) * math.cos(q) * math.sin(math.radians(other_lon - lon) / 2) ** 2
    # Rounding may put antipodes a hair beyond 1.
    return 2 * EARTH_RADIUS_M * math.asin(math.sqrt(min(1.0, h)))


def ring_contains(ring: Ring, lat: float, lon: float) -> bool:
    """Whether a point lies inside a ring, by the even-odd rule; on the edge is either."""
    inside = False
    previous_lon, previous_lat = ring[-1]
    for here_lon, here_lat in ring:
        if (here_lat > lat) != (previous_lat > lat):
            crossing = (previous_lon - here_lon) * (lat - here_lat) / (previous_lat - here_lat) + here_lon
            if lon < crossing:
                inside = not inside
        previous_lon, previous_lat = here_lon, here_lat
    return inside


def valid_position(lat: object, lon: object) -> bool:
    """Whether both are finite numbers in range; (0, 0), which devices send without a fix, is not one."""
    return (
        isinstance(lat, (int, float))
        and isinstance(lon, (int, float))
        and not isinstance(lat, bool)
        and not isinstance(lon, bool)
        and -90 <= lat <= 90
        and -180 <= lon <= 180
        and not (lat == 0 and lon == 0)
    )
