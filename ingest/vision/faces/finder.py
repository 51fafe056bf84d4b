"""Finds faces with CenterFace, a network of 7 MB that OpenCV runs; whoever cannot find faces stores no pictures."""

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

from ingest.vision.detection.models import ModelName, model_file
from ingest.vision.frame import Box, Pixels
from ioc.model.faults import Fault

LEAST_SCORE: Final = 0.15
"""Faces with less are not told of. It is low: blurring what is no face costs little."""

MAX_TILE: Final = 640
"""Pixels of a part's longer side. What a pass needs grows with its pixels, some 280 bytes for each: a picture of
960 × 540 in two parts and a small whole needs 80 MB, at once 140 MB."""

OVERLAP: Final = 96
"""Pixels by which parts overlap: a face up to this tall lies whole in one; larger ones are seen in the small whole."""

WHOLE_SCALE: Final = 1 / 3
"""Of the small whole: a face as tall as the overlap is 32 pixels tall in it, which is found as well as any."""

_STEP: Final = 32
"""The network halves its picture five times: sides are multiples of this."""

_STRIDE: Final = 4
"""Pixels of the picture to one of the network's answer."""

_OUTPUTS: Final = ("537", "538", "539", "540")
"""Heat map, logarithm of sizes, offsets (y before x in both) and landmarks, as the file names them; OpenCV gives all
of them or none."""

_LARGEST_LOG: Final = 7.0
"""Above this a size is larger than any picture: it is cut off before it overflows."""

_SAME_FACE: Final = 0.3
"""Intersection over union above which two boxes are told as one face."""

_CANNOT_BE: Final = "the face finder says what cannot be; its model may be damaged"

_Floats = npt.NDArray[np.float32]


class FacesUnknown(Exception):
    """Whether there are faces in a picture could not be found out: it must not be stored."""


class Part(NamedTuple):
    """A part of a picture that is looked at in one pass: where it is, pixels, and how much smaller it is made."""

    left: int
    top: int
    width: int
    height: int
    scale: float


class FaceFinder:
    """Finds faces; one thread at a time may ask.

    The network is CenterFace (Xu and others, 2019, arXiv:1911.03599): at a quarter of the picture's resolution
    it says for each place how likely a face has its middle there, how large that face would be, and how far the middle
    is from the place.
    """

    def __init__(self, model: Path, *, least_score: float = LEAST_SCORE) -> None:
        """Load the network.

        Args:
            model: its file.
            least_score: faces below it are left out, 0 to 1.

        Raises:
            Fault: OpenCV cannot load it.
        """
        try:
            self._net = cv2.dnn.readNetFromONNX(str(model))
        except cv2.error as error:
            raise Fault(f"{model}: OpenCV {cv2.__version__} cannot load this face finder", wrong_use=False) from error
        self._least_score = least_score

    @classmethod
    def open(cls, models: Path | None = None) -> "FaceFinder":
        """Load the installed one.

        Args:
            models: the folder of models; None for the usual one.

        Raises:
            Fault: it is not installed, is another one, or cannot be loaded; the sentence says what to do.
        """
        return cls(model_file(ModelName.FACES, models))

    def find(self, pixels: Pixels) -> list[tuple[Box, float]]:
        """Find faces; of those taller than 24 pixels nearly all, so ask about a picture in the size that is kept.

        Args:
            pixels: the picture; up to 1,920 pixels wide, for in the small whole of a wider one faces become too small.

        Returns:
            Where they are and how sure that is (0 to 1), the surest first. Boxes that overlap much are told as one that
            covers them all: whoever stands close behind another is hidden too.

        Raises:
            FacesUnknown: the network failed, or said what cannot be.
        """
        height, width = pixels.shape[:2]
        found = [self._look(pixels, part) for part in parts(width, height)]
        boxes, scores = np.concatenate([each[0] for each in found]), np.concatenate([each[1] for each in found])
        size = np.array([width, height, width, height], np.float32)
        return [(Box(*np.clip(box / size, 0, 1).tolist()), score) for box, score in merged(boxes, scores)]

    def _look(self, pixels: Pixels, part: Part) -> tuple[_Floats, _Floats]:
        """Find the faces of a part, as left, top, right, bottom in pixels of the whole, and their scores."""
        cut = pixels[part.top : part.top + part.height, part.left : part.left + part.width]
        size = tuple(math.ceil(side * part.scale / _STEP) * _STEP for side in (part.width, part.height))
        try:
            self._net.setInput(cv2.dnn.blobFromImage(cut, 1.0, size, swapRB=True, crop=False))
            heat, logs, offsets, _ = (each[0] for each in self._net.forward(_OUTPUTS))
        except (cv2.error, MemoryError) as error:
            raise FacesUnknown("the face finder failed") from error
        if heat.shape != (1, size[1] // _STRIDE, size[0] // _STRIDE) or not np.isfinite(heat).all():
            raise FacesUnknown(_CANNOT_BE)
        rows, columns = np.nonzero(heat[0] >= self._least_score)
        logs, offsets = logs[:, rows, columns], offsets[:, rows, columns]
        sizes = np.exp(np.minimum(logs, _LARGEST_LOG)) * _STRIDE
        middles = (np.stack([rows, columns]) + offsets + 0.5) * _STRIDE
        # A face of which it is not said how large it is, or where in this part, would be left as it is.
        inside = (middles > -_STEP) & (middles < np.array([[size[1]], [size[0]]]) + _STEP)
        if not (np.isfinite(logs).all() and inside.all()):
            raise FacesUnknown(_CANNOT_BE)
        near, far = middles - sizes / 2, middles + sizes / 2
        boxes = np.stack([near[1], near[0], far[1], far[0]], axis=1)
        to_part = np.array([part.width / size[0], part.height / size[1]] * 2)
        boxes = boxes * to_part + np.array([part.left, part.top] * 2)
        return boxes.astype(np.float32), heat[0, rows, columns].astype(np.float32)


def merged(boxes: _Floats, scores: _Floats) -> Iterator[tuple[_Floats, float]]:
    """Tell boxes that overlap much as one.

    Where only the surest of them is kept, as is usual (non-maximum suppression), a second face close to it would be
    blurred only as far as its neighbour reaches. So what is told covers all of them.

    Args:
        boxes: left, top, right, bottom of each, n × 4.
        scores: of each.

    Yields:
        The box that covers the surest one left and all that overlap it, and the score of the former.
    """
    areas = np.prod(boxes[:, 2:] - boxes[:, :2], axis=1)
    left = np.argsort(-scores, kind="stable")
    while left.size:
        surest, others = boxes[left[0]], boxes[left]
        sides = np.minimum(others[:, 2:], surest[2:]) - np.maximum(others[:, :2], surest[:2])
        shared = np.prod(np.maximum(sides, 0), axis=1)
        same = shared > _SAME_FACE * (areas[left] + areas[left[0]] - shared)
        same[0] = True
        yield np.concatenate([others[same, :2].min(axis=0), others[same, 2:].max(axis=0)]), float(scores[left[0]])
        left = left[~same]


def parts(width: int, height: int) -> Iterator[Part]:
    """Say in which parts a picture is looked at: in one where it is small, else in several that overlap, and whole.

    Args:
        width: pixels.
        height: pixels.
    """
    columns, rows = _spans(width), _spans(height)
    for top, tall in rows:
        for left, wide in columns:
            yield Part(left, top, wide, tall, 1.0)
    if len(columns) * len(rows) > 1:
        yield Part(0, 0, width, height, min(WHOLE_SCALE, MAX_TILE / max(width, height)))


def _spans(side: int) -> list[tuple[int, int]]:
    """Divide a side into equal spans, each at most `MAX_TILE` long: where each begins, and how long it is."""
    count = max(1, math.ceil((side - OVERLAP) / (MAX_TILE - OVERLAP)))
    length = math.ceil((side + (count - 1) * OVERLAP) / count)
    return [(min(each * (length - OVERLAP), side - length), length) for each in range(count)]
