"""Scores motion as CDnet 2014 does, on its clip "highway": masks pixel by pixel, where its people marked what moves."""

import tarfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2
import numpy as np

from ingest.vision.looks.motion import Motion

FIRST: Final = 470
"""The first frame that is scored, counted from 1; before it, the background is learned."""
LAST: Final = 1700

_MOVING: Final = 255
_LEFT_OUT: Final = (85, 170)
"""Outside of the region of interest, and unknown: at the edges of things."""


@dataclass(slots=True)
class Score:
    """Pixels counted over all scored frames.

    Attributes:
        right: moving ones that were found.
        wrong: still ones, shadows among them, that were taken for moving.
        missed: moving ones that were not found.
        frames: how many frames were looked at, scored or not.
        seconds: processor time of all looks.
    """

    right: int = 0
    wrong: int = 0
    missed: int = 0
    frames: int = 0
    seconds: float = 0.0

    @property
    def precision(self) -> float:
        """Share of what was found that moves."""
        return self.right / max(1, self.right + self.wrong)

    @property
    def recall(self) -> float:
        """Share of what moves that was found."""
        return self.right / max(1, self.right + self.missed)

    @property
    def f1(self) -> float:
        """The harmonic mean of both."""
        return 2 * self.precision * self.recall / max(1e-9, self.precision + self.recall)


def score_highway(folder: Path, last: int = LAST, rate: float = 5.0) -> Score:
    """Look at the clip's frames in order and score those that CDnet scores.

    Args:
        folder: holds `input.avi` and `groundtruth.tar`; it is read in place.
        last: where to stop, counted from 1.
        rate: frames a second that the looks take the clip for; the whole clip is looked at whatever it is.
    """
    score, motion = Score(), Motion()
    clip = cv2.VideoCapture(str(folder / "input.avi"))
    try:
        for number, truth in enumerate(_truth(folder / "groundtruth.tar", last), 1):
            there, frame = clip.read()
            if not there:  # the clip as it was re-encoded lacks its last frame
                break
            grey = cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY)
            everywhere = np.full(grey.shape, 255, np.uint8)
            began = time.process_time()
            found = motion.look(round(number / rate * 1e6), frame, grey, everywhere).mask > 0
            score.seconds += time.process_time() - began
            score.frames += 1
            if truth is None:
                continue
            counted = ~np.isin(truth, _LEFT_OUT)
            moving = truth == _MOVING
            score.right += int(np.sum(found & moving & counted))
            score.wrong += int(np.sum(found & ~moving & counted))
            score.missed += int(np.sum(~found & moving & counted))
    finally:
        clip.release()
    return score


def _truth(archive: Path, last: int) -> Iterator[np.ndarray | None]:
    """Yield each frame's mask, None where it is not scored."""
    with tarfile.open(archive) as tar:
        members = {Path(member.name).name: member for member in tar.getmembers() if member.isfile()}
        for number in range(1, last + 1):
            member = members.get(f"gt{number:06d}.png")
            file = tar.extractfile(member) if member is not None and number >= FIRST else None
            if file is None:
                yield None
                continue
            yield cv2.imdecode(np.frombuffer(file.read(), np.uint8), cv2.IMREAD_GRAYSCALE)
