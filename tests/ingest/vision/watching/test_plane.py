"""Geometry in the picture."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.vision.watching.plane import Polygon, meets, sides_of
from ioc.model.cameras import Line, Point

SQUARE = Polygon([(0.2, 0.2), (0.6, 0.2), (0.6, 0.6), (0.2, 0.6)])
ARROW = Polygon([(0.0, 0.0), (1.0, 0.5), (0.0, 1.0), (0.4, 0.5)])
UNIT = np.ones((1, 2))

shares = st.floats(0, 1)
points = st.tuples(shares, shares)


@pytest.mark.parametrize(
    ("polygon", "point", "inside"),
    [
        (SQUARE, (0.4, 0.4), True),
        (SQUARE, (0.1, 0.4), False),
        (SQUARE, (0.7, 0.4), False),
        (SQUARE, (0.4, 0.1), False),
        (SQUARE, (0.4, 0.7), False),
        (ARROW, (0.3, 0.5), False),
        (ARROW, (0.5, 0.5), True),
        (ARROW, (0.1, 0.1), True),
    ],
)
def test_points_are_in_polygons_or_not(polygon: Polygon, point: Point, inside: bool):
    assert polygon.holds(np.array([point])).tolist() == [inside]


@given(many=st.lists(points, min_size=1, max_size=8))
def test_many_points_are_as_each_of_them(many: list[Point]):
    together = ARROW.holds(np.array(many)).tolist()
    assert together == [bool(ARROW.holds(np.array([point]))[0]) for point in many]


@given(point=points)
def test_every_point_is_in_one_half_of_a_square_cut_in_two(point: Point):
    left = Polygon([(0, 0), (0.5, 0), (0.5, 1), (0, 1)])
    right = Polygon([(0.5, 0), (1, 0), (1, 1), (0.5, 1)])
    whole = Polygon([(0, 0), (1, 0), (1, 1), (0, 1)])
    place = np.array([point])
    assert int(left.holds(place)[0]) + int(right.holds(place)[0]) == int(whole.holds(place)[0])


def test_distances_are_in_sides_of_the_box():
    far = SQUARE.distances(
        np.array([[0.7, 0.4], [0.7, 0.4], [0.4, 0.7], [0.4, 0.4]]), np.array([[1, 1], [0.1, 1], [0.1, 0.5], [1, 1]])
    )
    assert far.tolist() == pytest.approx([0.1, 1.0, 0.2, 0.2])


def test_the_right_hand_of_who_looks_down_the_picture_is_at_its_left():
    line = Line("a", (0.5, 0.0), (0.5, 1.0))
    assert sides_of(line, np.array([[0.4, 0.3]]), UNIT)[0] == pytest.approx(0.1)
    assert sides_of(line, np.array([[0.6, 0.3]]), UNIT)[0] == pytest.approx(-0.1)


def test_the_right_hand_of_who_looks_to_the_right_is_below():
    line = Line("a", (0.0, 0.5), (1.0, 0.5))
    assert sides_of(line, np.array([[0.4, 0.7]]), np.array([[0.01, 0.1]]))[0] == pytest.approx(2.0)


@pytest.mark.parametrize(
    ("before", "after", "between"),
    [
        ((0.4, 0.5), (0.6, 0.5), True),
        ((0.4, 0.1), (0.6, 0.1), False),
        ((0.4, 0.9), (0.6, 0.9), False),
        ((0.4, 0.1), (0.6, 0.5), True),
        ((0.5, 0.5), (0.5, 0.5), True),
    ],
)
def test_a_way_leads_over_a_line_between_its_ends_or_past_them(before: Point, after: Point, between: bool):
    assert meets(Line("a", (0.5, 0.2), (0.5, 0.8)), before, after) is between
