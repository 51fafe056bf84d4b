"""The share of a zone that boxes cover."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.vision.watching.density import Cover
from ingest.vision.watching.plane import Polygon

SQUARE = Cover(Polygon([(0.2, 0.2), (0.6, 0.2), (0.6, 0.6), (0.2, 0.6)]))

sides = st.floats(0, 1)
boxes = st.tuples(sides, sides, sides, sides).map(
    lambda b: (min(b[0], b[2]), min(b[1], b[3]), max(b[0], b[2]), max(b[1], b[3]))
)


@pytest.mark.parametrize(
    ("covering", "share"),
    [
        ([], 0.0),
        ([(0.0, 0.0, 1.0, 1.0)], 1.0),
        ([(0.2, 0.2, 0.4, 0.6)], 0.5),
        ([(0.2, 0.2, 0.4, 0.4), (0.2, 0.2, 0.4, 0.4)], 0.25),
        ([(0.2, 0.2, 0.4, 0.4), (0.4, 0.4, 0.6, 0.6)], 0.5),
        ([(0.7, 0.2, 0.9, 0.6)], 0.0),
    ],
)
def test_the_share_is_that_of_the_area(covering: list[tuple[float, ...]], share: float):
    assert SQUARE.share(np.array(covering).reshape(-1, 4)) == pytest.approx(share, abs=0.01)


def test_a_zone_that_is_thinner_than_the_grid_can_be_covered():
    sliver = Cover(Polygon([(0.0, 0.0), (1.0, 1.0), (1.0, 0.9999)]))
    assert sliver.share(np.array([[0.0, 0.0, 1.0, 1.0]])) == 1.0


@given(covering=st.lists(boxes, min_size=1, max_size=5))
def test_another_box_never_makes_it_less(covering: list[tuple[float, ...]]):
    table = np.array(covering)
    assert 0 <= SQUARE.share(table[1:]) <= SQUARE.share(table) <= 1
