"""Blurring: nothing but a few colours is left of a face, and nothing else is touched."""

import random
from collections.abc import Callable

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from ingest.vision.faces.blurring import CELLS, LEAST_GROWN, blurred, covered
from ingest.vision.faces.finder import FaceFinder
from ingest.vision.frame import Box, Pixels

SHARES = st.floats(0, 1)
BOXES = st.builds(
    lambda x, y, wide, tall: Box(x, y, min(1.0, x + wide), min(1.0, y + tall)), SHARES, SHARES, SHARES, SHARES
)


def noise(seed: int = 1, height: int = 120, width: int = 160) -> Pixels:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3)).astype(np.uint8)


@given(st.lists(BOXES, max_size=4))
def test_outside_of_what_is_covered_nothing_changes_and_the_picture_itself_stays(boxes: list[Box]) -> None:
    pixels = noise()
    answer = blurred(pixels, boxes)
    assert (pixels == noise()).all()
    assert answer.shape == pixels.shape
    outside = np.ones(pixels.shape[:2], bool)
    for box in boxes:
        left, top, right, bottom = covered(box, 160, 120)
        outside[top:bottom, left:right] = False
    assert (answer[outside] == pixels[outside]).all()


@given(BOXES, st.integers(1, 2_000), st.integers(1, 2_000))
def test_more_than_the_face_is_covered_but_never_more_than_the_picture(box: Box, width: int, height: int) -> None:
    left, top, right, bottom = covered(box, width, height)
    assert 0 <= left <= max(0, box.left * width - LEAST_GROWN + 1)
    assert 0 <= top <= max(0, box.top * height - LEAST_GROWN + 1)
    assert min(width, box.right * width + LEAST_GROWN - 1) <= right <= width
    assert min(height, box.bottom * height + LEAST_GROWN - 1) <= bottom <= height


def test_what_is_left_is_made_of_a_few_colours_only() -> None:
    pixels = noise(height=400, width=400)
    box = Box(0.25, 0.25, 0.75, 0.75)
    left, top, right, bottom = covered(box, 400, 400)
    part = blurred(pixels, [box])[top:bottom, left:right].astype(float)
    # Between the middles of the cells it is linear: the second differences vanish but at these.
    bends = np.abs(np.diff(part, n=2, axis=1)).max(axis=(0, 2)) > 2.5
    assert bends.sum() <= 2 * CELLS


def test_faces_of_the_same_few_colours_become_the_same_picture() -> None:
    side = 16 * CELLS
    box = Box(0.0, 0.0, 1.0, 1.0)
    first = noise(height=side, width=side)
    # Turned within each cell: the same mean, another face.
    second = first.reshape(CELLS, 16, CELLS, 16, 3)[:, ::-1, :, ::-1].reshape(side, side, 3)
    assert (first != second).mean() > 0.9
    assert (blurred(first, [box]) == blurred(np.ascontiguousarray(second), [box])).all()


@given(st.lists(BOXES, min_size=1, max_size=4), st.randoms(use_true_random=False))
def test_one_more_part_never_brings_back_what_another_has_taken(boxes: list[Box], order: random.Random) -> None:
    order.shuffle(boxes)
    side = 16 * CELLS
    whole = Box(0.0, 0.0, 1.0, 1.0)
    first = noise(height=side, width=side)
    second = np.ascontiguousarray(first.reshape(CELLS, 16, CELLS, 16, 3)[:, ::-1, :, ::-1].reshape(side, side, 3))
    # Once the whole is blurred these two are the same, and so they stay whatever part is blurred after it.
    assert (blurred(first, [whole, *boxes]) == blurred(second, [whole, *boxes])).all()
    # What comes before it can only mix more.
    few = blurred(first, [*boxes, whole])
    assert np.abs(np.diff(few.astype(int), axis=1)).max() <= 2 * 255 * CELLS / side + 2


def test_of_every_face_that_is_found_more_than_half_is_changed(
    finder: FaceFinder, draw_face: Callable[[Pixels, int, int, int], None], street: Pixels
) -> None:
    places = (100, 400, 700)
    for x in places:
        draw_face(street, x, 250, 50)
    answer = blurred(street, [box for box, _ in finder.find(street)])
    changed = (answer != street).any(axis=2)
    for x in places:
        assert changed[225:275, x - 18 : x + 18].mean() > 0.8
