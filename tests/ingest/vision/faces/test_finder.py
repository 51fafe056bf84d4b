"""Finding faces: wherever in a picture one is, and where it cannot be said whether one is there, that is said."""

from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.vision.faces.blurring import blurred
from ingest.vision.faces.finder import MAX_TILE, OVERLAP, WHOLE_SCALE, FaceFinder, FacesUnknown, merged, parts
from ingest.vision.frame import Pixels
from ioc.model.faults import Fault

Draw = Callable[[Pixels, int, int, int], None]


@given(st.integers(1, 5_000), st.integers(1, 5_000), st.data())
def test_whatever_is_no_taller_than_the_overlap_lies_whole_in_one_part(
    width: int, height: int, data: st.DataObject
) -> None:
    wide, tall = data.draw(st.integers(1, min(OVERLAP, width))), data.draw(st.integers(1, min(OVERLAP, height)))
    x, y = data.draw(st.integers(0, width - wide)), data.draw(st.integers(0, height - tall))
    assert any(
        part.left <= x and part.top <= y and x + wide <= part.left + part.width and y + tall <= part.top + part.height
        for part in parts(width, height)
        if part.scale == 1
    )


@given(st.integers(1, 5_000), st.integers(1, 5_000))
def test_parts_lie_in_the_picture_and_are_small(width: int, height: int) -> None:
    for part in parts(width, height):
        assert part.left >= 0
        assert part.top >= 0
        assert part.left + part.width <= width
        assert part.top + part.height <= height
        assert max(part.width, part.height) * part.scale <= MAX_TILE + 1e-6
        assert part.scale in {1, WHOLE_SCALE, MAX_TILE / max(width, height)}


@pytest.mark.parametrize("height", [26, 34, 50])
def test_a_face_is_found_wherever_it_is(finder: FaceFinder, draw_face: Draw, street: Pixels, height: int) -> None:
    places = [(x, y) for x in (60, 300, 480, 530, 900) for y in (80, 270, 440)]
    for x, y in places:
        draw_face(street, x, y, height)
    found = finder.find(cv2.GaussianBlur(street, (0, 0), 0.5))
    middles = [((box.left + box.right) * 480, (box.top + box.bottom) * 270) for box, _ in found]
    for x, y in places:
        assert any(abs(x - left) < height / 3 and abs(y - top) < height / 3 for left, top in middles), (x, y)


def test_the_surest_comes_first_and_one_face_is_told_once(finder: FaceFinder, draw_face: Draw, street: Pixels) -> None:
    # In the overlap of both parts, and in the small whole.
    draw_face(street, 480, 270, 50)
    found = finder.find(street)
    assert [score for _, score in found] == sorted((score for _, score in found), reverse=True)
    assert sum(score > 0.4 for _, score in found) == 1


def test_where_nobody_is_nobody_is_found(finder: FaceFinder, street: Pixels) -> None:
    assert finder.find(street) == []


@pytest.mark.parametrize("shape", [(1, 1, 3), (7, 900, 3), (900, 7, 3), (33, 65, 3)])
def test_pictures_of_any_shape_can_be_asked_about(finder: FaceFinder, shape: tuple[int, int, int]) -> None:
    assert isinstance(finder.find(np.zeros(shape, np.uint8)), list)


def test_a_model_that_is_not_installed_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(Fault, match="ioc camera models --install faces"):
        FaceFinder.open(tmp_path)


def test_a_file_that_is_no_model_is_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "centerface.onnx"
    path.write_bytes(b"no network")
    with pytest.raises(Fault, match="cannot load this face finder"):
        FaceFinder(path)


class Net:
    """A network that answers what it is told to."""

    def __init__(self, answer: Callable[[int, int], list[Any]]) -> None:
        self.answer = answer
        self.shape = (0, 0)

    def setInput(self, blob: Any) -> None:  # noqa: N802 - OpenCV's name
        self.shape = (blob.shape[2] // 4, blob.shape[3] // 4)

    def forward(self, names: Sequence[str]) -> list[Any]:
        return self.answer(*self.shape)


def answers(heat: float) -> Callable[[int, int], list[Any]]:
    def answer(rows: int, columns: int) -> list[Any]:
        return [np.full((1, count, rows, columns), heat, np.float32) for count in (1, 2, 2, 10)]

    return answer


def raises(rows: int, columns: int) -> list[Any]:
    raise cv2.error("out of memory")


def too_small(rows: int, columns: int) -> list[Any]:
    return answers(0.0)(rows - 1, columns)


@pytest.mark.parametrize("answer", [raises, too_small, answers(np.nan), answers(np.inf)])
def test_a_network_that_fails_or_says_what_cannot_be_is_not_believed(
    monkeypatch: pytest.MonkeyPatch, street: Pixels, answer: Callable[[int, int], list[Any]]
) -> None:
    monkeypatch.setattr(cv2.dnn, "readNetFromONNX", lambda _: Net(answer))
    with pytest.raises(FacesUnknown):
        FaceFinder(Path("centerface.onnx")).find(street)


def test_sizes_that_no_picture_has_are_cut_to_the_picture(monkeypatch: pytest.MonkeyPatch, street: Pixels) -> None:
    def one(rows: int, columns: int) -> list[Any]:
        heat, sizes, offsets, marks = answers(0.0)(rows, columns)
        heat[0, 0, 3, 3] = 0.9
        sizes[0, :, 3, 3] = 90
        return [heat, sizes, offsets, marks]

    monkeypatch.setattr(cv2.dnn, "readNetFromONNX", lambda _: Net(one))
    found = FaceFinder(Path("centerface.onnx")).find(street)
    assert found
    assert all(0 <= side <= 1 for box, _ in found for side in box)


def faces_at(rows: int, columns: int, *places: tuple[int, int]) -> list[Any]:
    """Answer that there are faces of 64 pixels at these places, a row and a column of the answer each."""
    heat, sizes, offsets, marks = answers(0.0)(rows, columns)
    for score, (row, column) in enumerate(places):
        heat[0, 0, row, column] = 0.9 - score / 100
        sizes[0, :, row, column] = np.log(16)
    return [heat, sizes, offsets, marks]


@pytest.mark.parametrize(
    ("part", "value"),
    [("size", each) for each in (np.nan, np.inf, -np.inf)] + [("place", each) for each in (np.nan, np.inf, 1e30, -900)],
)
def test_where_it_is_not_said_how_large_a_face_is_or_where_the_picture_is_not_shown(
    monkeypatch: pytest.MonkeyPatch, street: Pixels, part: str, value: float
) -> None:
    def one_of_two(rows: int, columns: int) -> list[Any]:
        heat, sizes, offsets, marks = faces_at(rows, columns, (3, 3), (20, 20))
        (sizes if part == "size" else offsets)[0, 1, 20, 20] = value
        return [heat, sizes, offsets, marks]

    monkeypatch.setattr(cv2.dnn, "readNetFromONNX", lambda _: Net(one_of_two))
    with pytest.raises(FacesUnknown, match="what cannot be"):
        FaceFinder(Path("centerface.onnx")).find(street)


def test_of_two_faces_close_together_both_are_blurred_as_far_as_they_reach(monkeypatch: pytest.MonkeyPatch) -> None:
    # The second lies 28 pixels to the right of the first: their boxes share 39 %.
    monkeypatch.setattr(cv2.dnn, "readNetFromONNX", lambda _: Net(lambda *shape: faces_at(*shape, (40, 30), (40, 37))))
    pixels = np.random.default_rng(1).integers(0, 256, (320, 320, 3)).astype(np.uint8)
    found = FaceFinder(Path("centerface.onnx")).find(pixels)
    changed = (blurred(pixels, [box for box, _ in found]) != pixels).any(axis=2)
    for middle in (122, 150):
        assert changed[162 - 40 : 162 + 40, middle - 40 : middle + 40].mean() > 0.95
    assert [score for _, score in found] == [pytest.approx(0.9)]


SIDES = st.integers(0, 60)
SOME_BOXES = st.lists(st.tuples(SIDES, SIDES, st.integers(1, 40), st.integers(1, 40), st.integers(0, 100)), min_size=1)


@given(SOME_BOXES)
def test_whatever_was_found_lies_in_what_is_told_and_nothing_else_does(
    drawn: list[tuple[int, int, int, int, int]],
) -> None:
    boxes = np.array([(x, y, x + wide, y + tall) for x, y, wide, tall, _ in drawn], np.float32)
    told = list(merged(boxes, np.array([each[4] for each in drawn], np.float32)))
    assert all(one[1] >= next_one[1] for one, next_one in pairwise(told))
    for box in boxes:
        assert any((whole[:2] <= box[:2]).all() and (whole[2:] >= box[2:]).all() for whole, _ in told)
    for whole, _ in told:
        assert all(side in boxes[:, place] for place, side in enumerate(whole))
    assert len(told) <= len(boxes)


def test_boxes_apart_are_told_one_by_one_and_the_same_box_once() -> None:
    boxes = np.array([[0, 0, 20, 20], [15, 0, 35, 20], [0, 0, 20, 20], [90, 90, 91, 91]], np.float32)
    told = list(merged(boxes, np.array([0.2, 0.6, 0.4, 0.8], np.float32)))
    assert [box.tolist() for box, _ in told] == [boxes[each].tolist() for each in (3, 1, 0)]
    assert [score for _, score in told] == pytest.approx([0.8, 0.6, 0.4])


def test_where_nothing_was_found_nothing_is_told() -> None:
    assert list(merged(np.empty((0, 4), np.float32), np.empty(0, np.float32))) == []
