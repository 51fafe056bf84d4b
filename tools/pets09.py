"""The PETS 2009 clip with its ground truth, as tests and benchmarks read it, and how well detections agree with it.

The folder holds `vtest.avi` and `gt.txt`, annotations in the format of the MOT Challenge: frame (from 1), number of the
person, left, top, width, height in pixels, ... All boxes are counted, those that are marked as hard to see too.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from ingest.vision.frame import Box, Detection, Pixels

FRAMES: Final = 795
WIDTH: Final = 768
HEIGHT: Final = 576

Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Score:
    """How well detections agree with the ground truth.

    Attributes:
        precision: average precision: the area under the curve of precision over recall, precision made monotonic.
        recall: of all boxes, the share that was found at any score.
        f1: at the score where it is best.
        f1_at: that score.
        count_error: mean of |detected − true| a frame, at the score where it is least.
        count_at: that score.
    """

    precision: float
    recall: float
    f1: float
    f1_at: float
    count_error: float
    count_at: float


def frames(folder: Path, every: int = 1) -> Iterator[tuple[int, Pixels]]:
    """Decode the clip: number of the frame, from 0, and its pixels."""
    clip = cv2.VideoCapture(str(folder / "vtest.avi"))
    try:
        number = 0
        while clip.grab():
            if number % every == 0:
                _, pixels = clip.retrieve()
                yield number, np.asarray(pixels, np.uint8)
            number += 1
    finally:
        clip.release()


def people(folder: Path) -> list[list[Box]]:
    """Read where people are, frame by frame."""
    there: list[list[Box]] = [[] for _ in range(FRAMES)]
    for line in (folder / "gt.txt").read_text(encoding="ascii").splitlines():
        frame, _, left, top, width, height, *_ = (float(each) for each in line.split(","))
        box = Box(left / WIDTH, top / HEIGHT, (left + width) / WIDTH, (top + height) / HEIGHT)
        there[int(frame) - 1].append(box)
    return there


def score(found: Sequence[Sequence[Detection]], there: Sequence[Sequence[Box]], overlap: float = 0.5) -> Score:
    """Compare detections with the ground truth.

    Args:
        found: of each frame, the detections of one label.
        there: of each frame, the boxes that are there.
        overlap: intersection over union from which a box is found; each is found once, by the best detection.
    """
    marks = [mark for each, boxes in zip(found, there, strict=True) for mark in _marks(each, boxes, overlap)]
    marks.sort(key=lambda mark: -mark[0])
    scores = np.array([mark[0] for mark in marks])
    right = np.array([mark[1] for mark in marks], np.float64)
    hits = np.cumsum(right)
    recall = hits / sum(map(len, there))
    precision = hits / np.arange(1, len(marks) + 1)
    area = np.diff(recall, prepend=0.0) @ np.maximum.accumulate(precision[::-1])[::-1]
    f1 = 2 * precision * recall / np.maximum(precision + recall, 1e-9)
    best = int(f1.argmax())
    error, at = min((count_error(found, there, at), at) for at in np.arange(0.05, 0.96, 0.01))
    return Score(float(area), float(recall[-1]), float(f1[best]), float(scores[best]), error, float(at))


def count_error(found: Sequence[Sequence[Detection]], there: Sequence[Sequence[Box]], at: float) -> float:
    """Compute the mean of |detected − true| a frame, where detections from a score on are counted."""
    errors = [
        abs(sum(each.score >= at for each in detections) - len(boxes))
        for detections, boxes in zip(found, there, strict=True)
    ]
    return float(np.mean(errors))


def _marks(detections: Sequence[Detection], boxes: Sequence[Box], overlap: float) -> Iterator[tuple[float, bool]]:
    """Say of each detection its score and whether it is right, best first."""
    left = list(boxes)
    for detection in sorted(detections, key=lambda each: -each.score):
        box = max(left, key=detection.box.overlap, default=None)
        right = box is not None and detection.box.overlap(box) >= overlap
        if right and box is not None:
            left.remove(box)
        yield detection.score, right
