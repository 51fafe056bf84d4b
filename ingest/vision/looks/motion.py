"""Motion: which parts of a camera's picture are not its background, after Zivkovic's nearest neighbours."""

from dataclasses import dataclass, replace
from typing import Final

import cv2
import numpy as np

from ingest.vision.frame import Box, Mask, Pixels
from ingest.vision.looks.contract import Grey, box_of
from ioc.model.instant import SECOND, Duration, Instant

MEMORY: Final[Duration] = 100 * SECOND
"""How far back the background reaches; a thing that stops is background after about a tenth of it."""

MOST_BOXES: Final = 32

# Z. Zivkovic, F. van der Heijden, Efficient adaptive density estimation per image pixel, Pattern Recognition Letters
# 27 (2006). The three figures and the two sizes below gave the best F1 on CDnet 2014 "highway" among their neighbours.
_DISTANCE: Final = 300.0
"""Squared distance of colours, summed over the channels, within which a pixel is like one that was seen before."""
_SHADOW: Final = 0.6
"""A pixel of the same hue that is darker than its background, but not darker than this share of it, is in a shadow."""
_MEDIAN: Final = 5
_CLOSING: Final = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (9, 9))

_STALE: Final[Duration] = 1 * SECOND
_CHANGED_BY: Final = 8
"""Levels of brightness, after averaging 2 × 2 pixels, that noise seldom reaches."""
_CHANGED_PIXELS: Final = 3

_SMALLEST: Final = 0.0005
"""Share of the picture that a moving thing has at least: 12 × 10 pixels of 640 × 360."""
_PLAIN: Final = 0.002
"""A thing of this share is believed at once, a smaller one when the next frame has it too."""
_LINGER: Final[Duration] = 1_500_000
_EVERYTHING: Final = 0.7
_SETTLED: Final = 8


@dataclass(frozen=True, slots=True, eq=False)
class Moving:
    """What moves in one frame.

    Attributes:
        mask: 255 where something moves inside the region; nobody changes it.
        boxes: around each moving thing, largest first.
        share: of the region, 0 to 1.
        worth_looking: whether the frame is worth the cost of a detector; stays for a moment after things stand still.
    """

    mask: Mask
    boxes: tuple[Box, ...]
    share: float
    worth_looking: bool


class Motion:
    """Knows one camera's background.

    A frame that does not differ from the one last compared with the background is seen as that one was; the
    background is asked again a second later at the latest. So a quiet camera costs a fraction of a busy one.
    Which pictures the background keeps is drawn by lot from a generator that the whole process shares: the same frames
    give the same things that move, and not always the same pixels at their edges.
    """

    def __init__(self) -> None:
        """Know nothing yet; the first frames are worth looking at whatever they show."""
        self._forget()

    def _forget(self) -> None:
        self._background = cv2.createBackgroundSubtractorKNN(detectShadows=True)
        self._background.setDist2Threshold(_DISTANCE)
        self._background.setShadowThreshold(_SHADOW)
        self._learned = 0
        self._asked_at: Instant | None = None
        self._asked_about: Grey | None = None
        self._moved_at: Instant | None = None
        self._all_changed_at: Instant | None = None
        self._suspected = False
        self._seen: Moving | None = None

    def look(self, at: Instant, small: Pixels, grey: Grey, region: Mask) -> Moving:
        """Say what moves.

        Args:
            at: when the frame was taken, µs since 1970.
            small: height × width × 3; another size than before starts anew.
            grey: its brightness.
            region: 255 where to look, as large as `grey`.
        """
        if self._seen is not None and self._seen.mask.shape != grey.shape:
            self._forget()
        if self._asked_at is not None and at - self._asked_at >= MEMORY:
            self._forget()  # nobody looked for longer than it remembers
        tiny: Grey = cv2.resize(grey, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)  # type: ignore[assignment]
        if self._seen is not None and not self._due(at, tiny):
            return self._said(at, self._seen)
        mask = self._foreground(at, small)
        self._asked_at, self._asked_about = at, tiny
        cv2.bitwise_and(mask, region, mask)
        share = cv2.countNonZero(mask) / max(1, cv2.countNonZero(region))
        self._forget_where_all_changed(at, share)
        if self._learned < _SETTLED:
            mask[:] = 0
            share = 0.0
        boxes = _boxes(mask) if share else ()
        if self._learned < _SETTLED or (boxes and (boxes[0].area >= _PLAIN or self._suspected)):
            self._moved_at = at
        self._suspected = bool(boxes)
        return self._said(at, Moving(mask, boxes, share, worth_looking=True))

    def restart(self) -> None:
        """Forget what was seen last, since the region is another one."""
        self._asked_at = None

    def _due(self, at: Instant, tiny: Grey) -> bool:
        if self._asked_at is None or self._asked_about is None or self._learned < _SETTLED:
            return True
        if at - self._asked_at >= _STALE:
            return True
        changed = cv2.threshold(cv2.absdiff(tiny, self._asked_about), _CHANGED_BY, 1, cv2.THRESH_BINARY)[1]
        return cv2.countNonZero(changed) > _CHANGED_PIXELS

    def _foreground(self, at: Instant, small: Pixels) -> Mask:
        elapsed = 0 if self._asked_at is None else at - self._asked_at
        self._learned += 1
        # The library's own schedule while little is known, then by time, so that the frame rate does not matter.
        rate = max(elapsed / MEMORY, 0.5 / self._learned)
        found = self._background.apply(small, learningRate=min(0.5, rate))
        _, mask = cv2.threshold(found, 200, 255, cv2.THRESH_BINARY)  # shadows have 127
        mask = cv2.medianBlur(mask, _MEDIAN)
        return np.asarray(cv2.morphologyEx(mask, cv2.MORPH_CLOSE, _CLOSING), np.uint8)

    def _forget_where_all_changed(self, at: Instant, share: float) -> None:
        """Learn the picture anew where nearly all of it has been foreground for a second: a lamp, not a thing."""
        if share < _EVERYTHING:
            self._all_changed_at = None
        elif self._all_changed_at is None:
            self._all_changed_at = at
        elif at - self._all_changed_at >= SECOND:
            self._learned = 0
            self._all_changed_at = None

    def _said(self, at: Instant, seen: Moving) -> Moving:
        worth = self._moved_at is not None and at - self._moved_at < _LINGER
        self._seen = replace(seen, worth_looking=worth)
        return self._seen


def _boxes(mask: Mask) -> tuple[Box, ...]:
    height, width = mask.shape
    contours, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    smallest = max(9.0, _SMALLEST * height * width)
    around = [
        box_of(left, top, wide, high, height, width)
        for left, top, wide, high in map(cv2.boundingRect, contours)
        if wide * high >= smallest
    ]
    return tuple(sorted(around, key=lambda box: -box.area)[:MOST_BOXES])
