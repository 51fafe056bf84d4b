"""Pairs: overlap as it is computed one by one, and the best pairing of all."""

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.vision.frame import Box
from ingest.vision.tracking.assignment import overlaps, pairs

shares = st.floats(0, 1)
boxes = st.tuples(shares, shares, st.floats(0.01, 0.5), st.floats(0.01, 0.5)).map(
    lambda each: Box(each[0], each[1], each[0] + each[2], each[1] + each[3])
)


@given(some=st.lists(boxes, max_size=4), others=st.lists(boxes, max_size=4))
def test_overlaps_are_those_of_each_box_with_each_other(some: list[Box], others: list[Box]):
    table = overlaps(np.array(some).reshape(-1, 4), np.array(others).reshape(-1, 4))
    assert table.shape == (len(some), len(others))
    for row, one in enumerate(some):
        for column, other in enumerate(others):
            assert table[row, column] == pytest.approx(one.overlap(other))


def test_a_margin_lets_neighbours_overlap():
    one, other = np.array([[0.1, 0.1, 0.2, 0.3]]), np.array([[0.21, 0.1, 0.31, 0.3]])
    assert overlaps(one, other)[0, 0] == 0
    assert overlaps(one, other, 0.25)[0, 0] > 0.1


@given(
    table=st.integers(1, 4).flatmap(
        lambda n: st.lists(st.lists(shares, min_size=n, max_size=n), min_size=n, max_size=n)
    )
)
def test_no_other_pairing_is_better_as_a_whole(table: list[list[float]]):
    likeness = np.array(table)
    rows, columns = pairs(likeness, 0.0)
    best = max(
        sum(likeness[row, column] for row, column in enumerate(order)) for order in permutations(range(len(table)))
    )
    assert likeness[rows, columns].sum() == pytest.approx(best)


@given(table=st.lists(st.lists(shares, min_size=3, max_size=3), max_size=5), least=st.floats(0.05, 1))
def test_each_is_paired_once_and_none_that_are_unlike(table: list[list[float]], least: float):
    likeness = np.array(table).reshape(-1, 3)
    rows, columns = pairs(likeness, least)
    assert len(set(rows.tolist())) == len(rows) == len(columns) == len(set(columns.tolist()))
    assert (likeness[rows, columns] >= least).all()
