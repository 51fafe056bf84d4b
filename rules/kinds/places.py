"""Places put into cubes, so that what is near is found without looking at everything."""

from math import cos, floor, radians, sin

from ioc.model.geo import EARTH_RADIUS_M

Cell = tuple[int, int, int]


def cell_of(lat: float, lon: float, edge_m: float) -> Cell:
    """Name the cube of space that a place lies in.

    Two places no more than `edge_m` apart lie in one cube or in neighbouring ones, at the poles and across the date
    line too, because a chord is never longer than its arc.

    Args:
        lat: degrees.
        lon: degrees.
        edge_m: how long an edge of a cube is, metres.
    """
    north, east, edge = radians(lat), radians(lon), edge_m / EARTH_RADIUS_M
    return floor(cos(north) * cos(east) / edge), floor(cos(north) * sin(east) / edge), floor(sin(north) / edge)


def cells_around(cell: Cell) -> list[Cell]:
    """Name a cube and its 26 neighbours."""
    x, y, z = cell
    return [(x + i, y + j, z + k) for i in (-1, 0, 1) for j in (-1, 0, 1) for k in (-1, 0, 1)]
