"""Who is who in the PETS 2009 clip, and how well tracks, counts and crossings agree with it.

Tracks are scored by py-motmetrics, which takes numbers only as names, and whose own distances need NumPy 1.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import motmetrics
import numpy as np
import pets09

from ingest.vision.frame import Box
from ioc.model.cameras import Line, Point

RATE: Final = 7
"""Frames a second of the clip."""

CLOSE_S: Final = 2.0
"""Seconds that a crossing may be told before or after the foot came over the line."""

FIRM_S: Final = 0.7
"""Seconds that somebody must stay on the other side for the ground truth to call it a crossing."""

Followed = Sequence[Mapping[Any, Box]]
"""Of each frame: what is there, by its name."""


@dataclass(frozen=True, slots=True)
class Crossing:
    """Somebody came over a line.

    Attributes:
        frame: in which frame, from 0.
        into: whether from the left hand to the right hand.
        foot: where, in shares of the picture.
    """

    frame: int
    into: bool
    foot: Point


def people(folder: Path) -> list[dict[int, Box]]:
    """Read where each person is, frame by frame."""
    there: list[dict[int, Box]] = [{} for _ in range(pets09.FRAMES)]
    for line in (folder / "gt.txt").read_text(encoding="ascii").splitlines():
        frame, person, left, top, width, height, *_ = (float(each) for each in line.split(","))
        right, bottom = left + width, top + height
        box = Box(left / pets09.WIDTH, top / pets09.HEIGHT, right / pets09.WIDTH, bottom / pets09.HEIGHT)
        there[int(frame) - 1][int(person)] = box
    return there


def scored(there: Followed, followed: Followed, overlap: float = 0.5) -> dict[str, float]:
    """Score tracks: MOTA and its parts (Bernardin, Stiefelhagen 2008), IDF1 (Ristani et al. 2016)."""
    accumulator = motmetrics.MOTAccumulator(auto_id=True)
    numbers: dict[Any, int] = {}
    for truth, found in zip(there, followed, strict=True):
        distances = [[1 - box.overlap(other) for other in found.values()] for box in truth.values()]
        table = np.array(distances, dtype=np.float64).reshape(len(truth), len(found))
        names = [numbers.setdefault(name, len(numbers)) for name in found]
        accumulator.update(list(truth), names, np.where(table > 1 - overlap, np.nan, table))
    wanted = [
        "mota",
        "idf1",
        "num_switches",
        "num_false_positives",
        "num_misses",
        "mostly_tracked",
        "num_unique_objects",
    ]
    summary = motmetrics.metrics.create().compute(accumulator, metrics=wanted, name="all").iloc[0]
    return {
        "mota": round(float(summary["mota"]), 3),
        "idf1": round(float(summary["idf1"]), 3),
        "switches": int(summary["num_switches"]),
        "false": int(summary["num_false_positives"]),
        "missed": int(summary["num_misses"]),
        "mostly_followed": int(summary["mostly_tracked"]),
        "of": int(summary["num_unique_objects"]),
    }


def inside(polygon: Sequence[Point], point: Point) -> bool:
    """Say whether a point is in a polygon."""
    x, y = point
    odd = False
    for (x1, y1), (x2, y2) in zip(polygon, [*polygon[1:], polygon[0]], strict=True):
        if (y1 > y) != (y2 > y) and x < x1 + (y - y1) * (x2 - x1) / (y2 - y1):
            odd = not odd
    return odd


def true_crossings(there: Followed, line: Line, rate: float = RATE) -> list[Crossing]:
    """Find who comes over a line, and stays on the other side for a while.

    Args:
        there: of each frame, who is where.
        line: taken as reaching through the whole picture.
        rate: frames a second.
    """
    paths: dict[Any, list[tuple[int, Point]]] = {}
    for number, boxes in enumerate(there):
        for person, box in boxes.items():
            paths.setdefault(person, []).append((number, box.foot))
    crossings = []
    for path in paths.values():
        runs: list[list[tuple[int, Point]]] = []
        for step in path:
            if runs and _right(line, runs[-1][-1][1]) == _right(line, step[1]):
                runs[-1].append(step)
            else:
                runs.append([step])
        firm = [run for run in runs if run[-1][0] - run[0][0] >= FIRM_S * rate]
        for before, after in pairwise(firm):
            into = _right(line, after[0][1])
            if into != _right(line, before[0][1]):
                crossings.append(Crossing(after[0][0], into, after[0][1]))
    return crossings


def agreeing(told: Sequence[Crossing], true: Sequence[Crossing], rate: float = RATE) -> int:
    """Count the crossings that were told and are true: the same way, at about the same time and place, each once."""
    left = list(true)
    right = 0
    for crossing in told:
        close = [
            each
            for each in left
            if each.into == crossing.into
            and abs(each.frame - crossing.frame) <= CLOSE_S * rate
            and abs(each.foot[0] - crossing.foot[0]) + abs(each.foot[1] - crossing.foot[1]) < 0.15
        ]
        if close:
            left.remove(min(close, key=lambda each: abs(each.frame - crossing.frame)))
            right += 1
    return right


def _right(line: Line, foot: Point) -> bool:
    (x1, y1), (x2, y2) = line.start, line.end
    return (x2 - x1) * (foot[1] - y1) - (y2 - y1) * (foot[0] - x1) > 0
