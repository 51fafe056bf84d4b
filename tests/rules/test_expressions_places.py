"""`inside` agrees with the plain test of a point against a ring, for every ring and every point."""

import math

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from ioc.model.city import Area
from ioc.model.geo import Ring, ring_contains
from rules.expressions_places import inside, places_of

# Few values, so that corners, edges and points fall on one another.
coordinates = st.integers(-4, 4).map(float) | st.floats(-4, 4)
points = st.tuples(coordinates, coordinates)
rings = st.lists(points, min_size=1, max_size=12)


def inside_of(rings: list[Ring], points: list[tuple[float, float]]) -> list[bool | None]:
    """Ask for points as (lon, lat)."""
    schema = {"lon": pl.Float64, "lat": pl.Float64}
    return pl.DataFrame(points, schema=schema, orient="row").select(x=inside(rings))["x"].to_list()


@settings(deadline=None)
@given(rings, st.lists(points, min_size=1, max_size=20))
def test_a_point_is_inside_where_the_plain_test_says_so(ring: Ring, asked: list[tuple[float, float]]) -> None:
    assert inside_of([ring], asked) == [ring_contains(ring, lat, lon) for lon, lat in asked]


@settings(deadline=None)
@given(rings, rings, st.lists(points, min_size=1, max_size=20))
def test_a_point_in_one_of_several_rings_is_inside(one: Ring, other: Ring, asked: list[tuple[float, float]]) -> None:
    plain = [ring_contains(one, lat, lon) or ring_contains(other, lat, lon) for lon, lat in asked]
    assert inside_of([one, other], asked) == plain


def test_the_work_does_not_grow_with_the_corners() -> None:
    circles = [
        [(math.cos(2 * math.pi * corner / count), math.sin(2 * math.pi * corner / count)) for corner in range(count)]
        for count in (8, 2048)
    ]
    few, many = (str(inside([circle])).count("gather") for circle in circles)
    assert 0 < many <= few


def test_an_event_without_a_position_is_neither_inside_nor_outside() -> None:
    ring = [(0.0, 0.0), (2.0, 0.0), (1.0, 2.0)]
    frame = pl.DataFrame({"lon": [1.0, None, 1.0], "lat": [1.0, 1.0, None]})
    assert frame.select(x=inside([ring]))["x"].to_list() == [True, None, None]


def test_an_area_without_a_shape_has_that_of_the_areas_below_it() -> None:
    west, east = [(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)], [(1.0, 0.0), (2.0, 0.0), (2.0, 1.0), (1.0, 1.0)]
    places = places_of(
        [
            Area("province", {"vi": "Tỉnh", "en": "Province"}, "province"),
            Area("town", {"vi": "Thị xã"}, "town", "province"),
            Area("west", {"vi": "Tây"}, "ward", "town", (west,)),
            Area("east", {"vi": "Đông"}, "ward", "town", (east,)),
            Area("nowhere", {"vi": "Tây"}, "ward", "town"),
        ]
    )
    assert places.ids["Tỉnh"] == "province"
    assert places.ids["Tây"] == "west"
    assert "nowhere" not in places.ids
    assert set(map(tuple, places.rings["province"])) == {tuple(west), tuple(east)}
    assert inside_of(list(places.rings["province"]), [(0.5, 0.5), (1.5, 0.5), (3, 3)]) == [True, True, False]
