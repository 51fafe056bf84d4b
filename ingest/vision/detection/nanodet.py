"""NanoDet-g, run by OpenCV: the most accurate detector here; `ioc camera models --install nanodet` brings it.

The network (RangiLyu, NanoDet, 2021) has no anchors: each cell of three grids says what it shows, and as probability
distributions how far the object's four sides are from its middle (Li et al., "Generalized Focal Loss", NeurIPS 2020).
"""

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Final, cast

import cv2
import numpy as np

from ingest.vision.camera import DetectorName
from ingest.vision.detection.candidates import Candidates, Floats, best, log_odds, logistic, named
from ingest.vision.detection.contract import LEAST_SCORE
from ingest.vision.frame import Detection, Pixels
from ioc.model.faults import Fault

SIDE: Final = 416
"""Pixels of the network's picture, both ways."""

STEPS: Final = (8, 16, 32)
"""Pixels of one cell of each grid."""

BINS: Final = 11
"""Distances that a side's distribution is over: 0 to 10 cells."""

COCO: Final = 80
"""Classes that the network tells apart, those of COCO."""

_KNOWN: Final = (
    ("person", 0, 0),
    ("bicycle", 1, 1),
    ("motorcycle", 3, 1),
    ("car", 2, 2),
    ("bus", 5, 2),
    ("train", 6, 2),
    ("truck", 7, 2),
    ("boat", 8, 2),
    ("bird", 14, 3),
    ("cat", 15, 3),
    ("dog", 16, 3),
    ("horse", 17, 3),
    ("sheep", 18, 3),
    ("cow", 19, 3),
    ("backpack", 24, 4),
    ("handbag", 26, 4),
    ("suitcase", 28, 4),
)
"""What is told: its label, its number among COCO's classes, and its group, of which there is only one in a place."""

NAMES: Final = tuple(name for name, _, _ in _KNOWN)
_CLASSES: Final = np.array([number for _, number, _ in _KNOWN])
_GROUPS: Final = np.array([group for _, _, group in _KNOWN])

SURE: Final = 0.47
"""As `ssd.SURE`."""

OVERLAP: Final = 0.6
"""Intersection over union above which two boxes are the same object."""

_MEAN: Final = np.array([103.53, 116.28, 123.675], np.float32)
_DEVIATION: Final = np.array([57.375, 57.12, 58.395], np.float32)
"""Blue, green, red of ImageNet's pictures, 0 to 255, with which it was trained."""


class NanoDetDetector:
    """NanoDet-g over the whole picture, which keeps its proportions; one thread at a time may ask."""

    name = DetectorName.NANODET

    def __init__(self, model: Path, *, least_score: float = LEAST_SCORE) -> None:
        """Load the network; with how many threads it runs is OpenCV's setting for the process.

        Raises:
            Fault: OpenCV cannot load it.
        """
        try:
            self._network = cv2.dnn.readNetFromONNX(str(model))
        except cv2.error as error:
            raise Fault(f"{model}: OpenCV {cv2.__version__} cannot load this model", wrong_use=False) from error
        self._outputs = [f"output_{number}" for number in range(len(STEPS))]
        self._shift = log_odds(SURE)
        self._least = log_odds(least_score)

    def detect(self, pixels: Pixels) -> list[Detection]:
        """Find objects in a picture; see `Detector`."""
        height, width = pixels.shape[:2]
        scale = SIDE / max(height, width)
        inner_width, inner_height = max(1, round(width * scale)), max(1, round(height * scale))
        left, top = (SIDE - inner_width) // 2, (SIDE - inner_height) // 2
        picture = np.zeros((SIDE, SIDE, 3), np.float32)
        small = cv2.resize(pixels, (inner_width, inner_height), interpolation=cv2.INTER_AREA)
        picture[top : top + inner_height, left : left + inner_width] = small
        picture -= _MEAN
        picture /= _DEVIATION
        self._network.setInput(np.ascontiguousarray(picture.transpose(2, 0, 1))[None])
        grids = cast("Sequence[Floats]", self._network.forward(self._outputs))
        parts = [self._read(grid, step) for grid, step in zip(grids, STEPS, strict=True)]
        found = best(Candidates.together(parts), OVERLAP, _GROUPS)
        offset = np.array([left, top] * 2, np.float32)
        sides = np.array([inner_width, inner_height] * 2, np.float32)
        return named(Candidates((found.boxes - offset) / sides, found.scores, found.labels), NAMES)

    def _read(self, grid: Floats, step: int) -> Candidates:
        """Read one grid: its boxes are in pixels of the network's picture."""
        cells = grid[0].reshape(COCO + 4 * BINS, -1).T
        odds = cells[:, _CLASSES] - self._shift
        rows, labels = np.nonzero(odds >= self._least)
        distances = _expected(cells[rows, COCO:].reshape(-1, 4, BINS)) * step
        middles = _middles(step)[rows]
        boxes = np.concatenate([middles - distances[:, :2], middles + distances[:, 2:]], axis=1)
        return Candidates(boxes, logistic(odds[rows, labels]), labels)


def _expected(weights: Floats) -> Floats:
    """Compute the mean of distributions over 0, 1, … that are given as logarithms of weights: n × 4, in cells."""
    powers = np.exp(weights - weights.max(axis=2, keepdims=True))
    return np.asarray(powers @ np.arange(BINS, dtype=np.float32) / powers.sum(axis=2), np.float32)


@cache
def _middles(step: int) -> Floats:
    """List the middles of a grid's cells, row by row: n × 2, x and y in pixels."""
    places = (np.arange(SIDE // step, dtype=np.float32) + 0.5) * step
    across, down = np.meshgrid(places, places)
    return np.stack([across.ravel(), down.ravel()], axis=1)
