"""What networks give before it is cleared up: overlapping boxes, each with a label and a score."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from ingest.vision.frame import Box, Detection

Floats = npt.NDArray[np.float32]
Integers = npt.NDArray[np.int64]

MOST: Final = 300
"""Candidates of one picture that are compared with one another, those with the highest scores."""


@dataclass(frozen=True, slots=True, eq=False)
class Candidates:
    """Boxes that may each be an object.

    Attributes:
        boxes: n × 4: left, top, right, bottom, in shares of the picture; may reach beyond it.
        scores: n, 0 to 1.
        labels: n, numbers into the detector's names.
    """

    boxes: Floats
    scores: Floats
    labels: Integers

    def chosen(self, which: npt.NDArray[np.bool_] | Integers) -> "Candidates":
        """Give some of them."""
        return Candidates(self.boxes[which], self.scores[which], self.labels[which])

    @classmethod
    def together(cls, parts: list["Candidates"]) -> "Candidates":
        """Put several into one."""
        return cls(
            np.concatenate([part.boxes for part in parts]),
            np.concatenate([part.scores for part in parts]),
            np.concatenate([part.labels for part in parts]),
        )


def overlaps(boxes: Floats, others: Floats) -> Floats:
    """Compute intersection over union of each box with each other one: n × m, 0 to 1."""
    corner = np.maximum(boxes[:, None, :2], others[None, :, :2])
    far_corner = np.minimum(boxes[:, None, 2:], others[None, :, 2:])
    sides = np.clip(far_corner - corner, 0.0, None)
    shared = sides[..., 0] * sides[..., 1]
    union = _areas(boxes)[:, None] + _areas(others)[None, :] - shared
    return np.asarray(np.divide(shared, union, out=np.zeros_like(shared), where=union > 0), np.float32)


def best(candidates: Candidates, overlap: float, groups: Integers) -> Candidates:
    """Keep of boxes that overlap one another the one with the highest score (greedy non-maximum suppression).

    Args:
        candidates: in any order.
        overlap: intersection over union above which two boxes are taken for the same object.
        groups: by label, to which group it belongs; a box competes with those of its own group only.

    Returns:
        What is left, highest score first.
    """
    order = np.argsort(-candidates.scores, kind="stable")[:MOST]
    ranked = candidates.chosen(order)
    group = groups[ranked.labels]
    rival = (overlaps(ranked.boxes, ranked.boxes) > overlap) & (group[:, None] == group[None, :])
    left = np.ones(len(order), np.bool_)
    for number in range(len(order)):
        if left[number]:
            left[number + 1 :] &= ~rival[number, number + 1 :]
    return ranked.chosen(left)


def log_odds(score: float) -> float:
    """Give the number of which the logistic function is the score."""
    return float(np.log(score / (1.0 - score)))


def logistic(numbers: Floats) -> Floats:
    """Turn log-odds into scores, 0 to 1."""
    with np.errstate(over="ignore"):
        return np.asarray(1.0 / (1.0 + np.exp(-numbers)), np.float32)


def named(candidates: Candidates, names: tuple[str, ...]) -> list[Detection]:
    """Write them as detections, within the picture."""
    inside = np.clip(candidates.boxes, 0.0, 1.0)
    rows = zip(inside.tolist(), candidates.scores.tolist(), candidates.labels.tolist(), strict=True)
    return [Detection(names[label], score, Box(*sides)) for sides, score, label in rows]


def _areas(boxes: Floats) -> Floats:
    return np.asarray((boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1]), np.float32)
