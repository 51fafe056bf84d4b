"""SSD-MobileNetV2 in TensorFlow Lite: one quick look at a picture, or at a part of it.

The network (Liu et al., "SSD: Single Shot MultiBox Detector", ECCV 2016) compares 1,917 fixed boxes, its anchors, with
the picture and says of each how far the object is from it and what it is. It was trained on Open Images V4; which label
has which number stands in the package that it comes from.
"""

from functools import cache
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from ai_edge_litert.interpreter import Interpreter

from ingest.vision.camera import DetectorName
from ingest.vision.detection.candidates import Candidates, Floats, best, log_odds, logistic, named
from ingest.vision.detection.contract import LEAST_SCORE
from ingest.vision.detection.greeting import without_greeting
from ingest.vision.frame import Box, Detection, Pixels
from ioc.model.faults import Fault

SIDE: Final = 300
"""Pixels of the network's picture, both ways."""

NAMES: Final = ("person", "car", "vehicle", "bicycle", "dog", "cat", "cow")

_CLASSES: Final = np.array([4, 23, 18, 1, 20, 8, 6])
"""Of each of `NAMES`, its number in Open Images' list of 24 as the package has it; 0 is background."""

_CAR, _VEHICLE = NAMES.index("car"), NAMES.index("vehicle")

_GROUPS: Final = np.array([0, 1, 1, 2, 3, 3, 3])
"""Of each of `NAMES`, among which others there is only one in a place: any vehicle, any animal."""

SURE: Final = 0.39
"""The network's own score from which persons are counted with the least error; tests/benchmarks/vision_detection.py."""

OVERLAP: Final = 0.5
"""Intersection over union above which two boxes are the same object."""

_WHOLE: Final = Box(0.0, 0.0, 1.0, 1.0)

_GRIDS: Final = (19, 10, 5, 3, 2, 1)
"""Cells across and down of the six layers that look for objects, finest first."""

_SCALES: Final = (0.2, 0.35, 0.5, 0.65, 0.8, 0.95, 1.0)
"""Sides of the anchors of each layer, as shares of the picture: even steps from 0.2 to 0.95 (section 2.2), then 1."""

_POSITION_FACTOR: Final = 10.0
_SIZE_FACTOR: Final = 5.0
"""By what training multiplied positions and sizes: `y_scale`, `x_scale` and `height_scale`, `width_scale` of the box
coder in TensorFlow's Object Detection API."""


class SsdNetwork:
    """The network in memory; one thread at a time may ask."""

    def __init__(self, model: Path, threads: int, least_score: float, sure: float = SURE) -> None:
        """Load it.

        Args:
            model: its file.
            threads: how many work on one picture.
            least_score: candidates below it are left out.
            sure: the network's own score that is to become 0.5.

        Raises:
            Fault: LiteRT cannot load it.
        """
        try:
            with without_greeting():
                self._interpreter = Interpreter(model_path=str(model), num_threads=threads)
                self._interpreter.allocate_tensors()
        except (ValueError, RuntimeError) as error:
            raise Fault(f"{model}: LiteRT cannot load this model: {error}", wrong_use=False) from error
        self._input = self._interpreter.get_input_details()[0]["index"]
        outputs = {each["name"]: each["index"] for each in self._interpreter.get_output_details()}
        self._encodings = outputs["raw_outputs/box_encodings"]
        self._classes = outputs["raw_outputs/class_predictions"]
        self._picture = np.empty((1, SIDE, SIDE, 3), np.float32)
        self._shift = log_odds(sure)
        self._least = log_odds(least_score)

    def candidates(self, pixels: Pixels, part: Box = _WHOLE) -> Candidates:
        """Look at a part of a picture.

        Args:
            pixels: the whole picture.
            part: what of it is looked at.

        Returns:
            What may be there, in shares of the whole picture; boxes overlap.
        """
        # Each pixel of the small picture is the mean of those that it stands for; finds more than interpolation does.
        small = cv2.resize(_cut(pixels, part), (SIDE, SIDE), interpolation=cv2.INTER_AREA)
        # The network wants red, green, blue, from -1 to 1.
        np.multiply(small[..., ::-1], 1 / 127.5, out=self._picture[0], dtype=np.float32)
        self._picture -= 1.0
        self._interpreter.set_tensor(self._input, self._picture)
        self._interpreter.invoke()
        odds = self._interpreter.get_tensor(self._classes)[0][:, _CLASSES] - self._shift
        # What is a car is also a vehicle: of both, the likelier word is said, once.
        general = odds[:, _VEHICLE] > odds[:, _CAR]
        odds[general, _CAR] = -np.inf
        odds[~general, _VEHICLE] = -np.inf
        rows, labels = np.nonzero(odds >= self._least)
        boxes = _decoded(self._interpreter.get_tensor(self._encodings)[0][rows], anchors()[rows])
        width, height = part.right - part.left, part.bottom - part.top
        placed = boxes * np.array([width, height] * 2, np.float32) + np.array([part.left, part.top] * 2, np.float32)
        return Candidates(placed, logistic(odds[rows, labels]), labels)


class SsdDetector:
    """SSD-MobileNetV2 over the whole picture at once."""

    name = DetectorName.SSD

    def __init__(self, model: Path, threads: int = 1, *, least_score: float = LEAST_SCORE) -> None:
        """Load the network.

        Raises:
            Fault: LiteRT cannot load it.
        """
        self._network = SsdNetwork(model, threads, least_score)

    def detect(self, pixels: Pixels) -> list[Detection]:
        """Find objects in a picture; see `Detector`."""
        return cleared(self._network.candidates(pixels))


def cleared(candidates: Candidates) -> list[Detection]:
    """Make one detection an object of overlapping candidates."""
    return named(best(candidates, OVERLAP, _GROUPS), NAMES)


@cache
def anchors() -> Floats:
    """Build the anchors: 1,917 × 4: middle x, middle y, width, height, in shares of the picture.

    Order and sides are those of TensorFlow's Object Detection API (`multiple_grid_anchor_generator`): layer, row,
    column, then shape. The finest layer has three shapes, the others six: five ratios of width to height, and a square
    between the layer's scale and the next one's.
    """
    rows: list[tuple[float, float, float, float]] = []
    for layer, cells in enumerate(_GRIDS):
        scale = _SCALES[layer]
        if layer == 0:
            shapes = [(0.1, 1.0), (scale, 2.0), (scale, 0.5)]
        else:
            shapes = [(scale, ratio) for ratio in (1.0, 2.0, 0.5, 3.0, 1 / 3)]
            shapes.append(((scale * _SCALES[layer + 1]) ** 0.5, 1.0))
        sides = [(side * ratio**0.5, side / ratio**0.5) for side, ratio in shapes]
        for row in range(cells):
            for column in range(cells):
                rows += [((column + 0.5) / cells, (row + 0.5) / cells, width, height) for width, height in sides]
    return np.array(rows, np.float32)


def _decoded(encodings: Floats, places: Floats) -> Floats:
    """Place boxes by what the network says of anchors (y, x, height, width): left, top, right, bottom."""
    middle = encodings[:, 1::-1] / _POSITION_FACTOR * places[:, 2:] + places[:, :2]
    half = np.exp(encodings[:, :1:-1] / _SIZE_FACTOR) * places[:, 2:] / 2
    return np.concatenate([middle - half, middle + half], axis=1)


def _cut(pixels: Pixels, part: Box) -> Pixels:
    height, width = pixels.shape[:2]
    top, bottom = round(part.top * height), round(part.bottom * height)
    left, right = round(part.left * width), round(part.right * width)
    return pixels[top : max(bottom, top + 1), left : max(right, left + 1)]
