"""What is drawn on a camera's picture: read as written, and refused with a sentence where it cannot be."""

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ioc.model.cameras import Geometry, Line, Way, Zone, geometry_from_json, geometry_to_json

SHARES = st.floats(0, 1, allow_nan=False)
POINTS = st.tuples(SHARES, SHARES)
NAMES = st.text(st.characters(codec="utf-8", exclude_characters=",", categories=["L", "N"]), min_size=1, max_size=64)


def area(polygon: list[tuple[float, float]]) -> float:
    following = [*polygon[1:], polygon[0]]
    return abs(sum(a[0] * b[1] - b[0] * a[1] for a, b in zip(polygon, following, strict=True))) / 2


POLYGONS = st.lists(POINTS, min_size=3, max_size=8).filter(lambda polygon: area(polygon) > 1e-4).map(tuple)
ZONES = st.builds(Zone, NAMES, POLYGONS, st.none() | st.floats(1, 86_400), st.booleans())
ENDS = st.tuples(POINTS, POINTS).filter(lambda ends: math.dist(*ends) > 0.02)
LINES = st.builds(lambda name, ends, way: Line(name, *ends, way), NAMES, ENDS, st.sampled_from(Way))
GEOMETRIES = st.builds(
    Geometry,
    st.just(()) | POLYGONS,
    st.lists(ZONES, max_size=4, unique_by=lambda zone: zone.name).map(tuple),
    st.lists(LINES, max_size=4, unique_by=lambda line: line.name).map(tuple),
)


@given(GEOMETRIES)
def test_a_drawing_is_read_as_it_was_written(geometry: Geometry) -> None:
    assert geometry_from_json(json.loads(json.dumps(geometry_to_json(geometry)))) == geometry


SQUARE = [[0, 0], [1, 0], [1, 1]]


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        ([], "expected an object"),
        ({"zoness": []}, "there is no 'zoness'"),
        ({"zones": [{"zone": "a, b", "polygon": SQUARE}]}, "comma"),
        ({"zones": [{"zone": " a", "polygon": SQUARE}]}, "plain text"),
        ({"zones": [{"zone": "a\u202e", "polygon": SQUARE}]}, "plain text"),
        ({"zones": [{"zone": "a", "polygon": [[0, 0], [1, 1]]}]}, "3 to 64 corners"),
        ({"zones": [{"zone": "a", "polygon": [[0, 0], [1, 1], [0.5, 0.5]]}]}, "encloses nothing"),
        ({"zones": [{"zone": "a", "polygon": [[0, 0], [1, 0], [1, 1.01]]}]}, "from 0 to 1"),
        ({"zones": [{"zone": "a", "polygon": [[0, 0], [1, 0], [1, float("nan")]]}]}, "from 0 to 1"),
        ({"zones": [{"zone": "a", "polygon": SQUARE, "dwell_s": 0}]}, "dwell_s"),
        ({"zones": [{"zone": "a", "polygon": SQUARE}] * 2}, "two zones are called 'a'"),
        ({"zones": [{"zone": str(n), "polygon": SQUARE} for n in range(33)]}, "at most 32"),
        ({"lines": [{"line": "a", "from": [0, 0], "to": [0, 0.001]}]}, "same point"),
        ({"lines": [{"line": "a", "from": [0, 0], "to": [1, 1], "forbidden": "up"}]}, "none, in, out, both"),
        ({"lines": "a"}, "expected a list"),
        ({"region": [[0, 0], [1, 0]]}, "3 to 64 corners"),
    ],
)
def test_what_cannot_be_drawn_is_refused_with_a_sentence(raw: Any, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        geometry_from_json(raw)
