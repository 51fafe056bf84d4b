"""The middle of shapes on a map."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.codecs.shapes import geojson_middle, line_middle, ring_middle, together

degrees = st.floats(min_value=-80, max_value=80, allow_nan=False)
points = st.lists(st.tuples(degrees, degrees), min_size=1, max_size=12)


def inside(point: tuple[float, float], corners: list[tuple[float, float]]) -> bool:
    lats, lons = zip(*corners, strict=True)
    return min(lats) - 1e-6 <= point[0] <= max(lats) + 1e-6 and min(lons) - 1e-6 <= point[1] <= max(lons) + 1e-6


@given(points)
def test_the_middle_of_a_line_lies_among_its_points(line: list[tuple[float, float]]) -> None:
    assert inside(line_middle(line), line)


@given(degrees, degrees, st.floats(0.001, 10), st.floats(0.001, 10))
def test_the_middle_of_a_rectangle_is_where_its_diagonals_cross(
    lat: float, lon: float, high: float, wide: float
) -> None:
    ring = [(lat, lon), (lat, lon + wide), (lat + high, lon + wide), (lat + high, lon), (lat, lon)]
    size, middle = ring_middle(ring)
    assert middle == (pytest.approx(lat + high / 2), pytest.approx(lon + wide / 2))
    assert size == pytest.approx(high * wide)


@given(points)
def test_the_common_middle_of_points_lies_among_them(corners: list[tuple[float, float]]) -> None:
    middle = together([(0.0, corner) for corner in corners])
    assert middle is not None
    assert inside(middle, corners)


def test_a_large_shape_weighs_more_than_a_small_one() -> None:
    assert together([(3.0, (0.0, 0.0)), (1.0, (4.0, 4.0))]) == (1.0, 1.0)
    assert together([]) is None


@pytest.mark.parametrize(
    ("geometry", "middle"),
    [
        ({"type": "Point", "coordinates": [108.44, 11.94]}, (11.94, 108.44)),
        ({"type": "Point", "coordinates": [108.44, 11.94, 1500]}, (11.94, 108.44)),
        ({"type": "LineString", "coordinates": [[0, 0], [0, 2], [0, 10]]}, (5.0, 0.0)),
        ({"type": "Polygon", "coordinates": [[[0, 0], [2, 0], [2, 2], [0, 2], [0, 0]]]}, (1.0, 1.0)),
        ({"type": "MultiPoint", "coordinates": [[0, 0], [4, 2]]}, (1.0, 2.0)),
        ({"type": "MultiPolygon", "coordinates": [[[[0, 0], [2, 2]]]]}, (1.0, 1.0)),
        ({"type": "Feature", "geometry": {"type": "Point", "coordinates": [1, 2]}}, (2.0, 1.0)),
        ({"type": "Point", "coordinates": ["108", "11"]}, None),
        ({"type": "Point", "coordinates": [True, 1]}, None),
        ({"type": "LineString", "coordinates": []}, None),
        ({"type": "Polygon", "coordinates": []}, None),
        ({"type": "Circle", "coordinates": [1, 2]}, None),
        ([1, 2], None),
        (None, None),
    ],
)
def test_a_geojson_shape_has_a_middle_or_none(geometry: Any, middle: tuple[float, float] | None) -> None:
    assert geojson_middle(geometry) == middle
