"""What looks like flames: yellow and orange that flickers in one place, as colour and time show it, without a model."""

from collections import deque
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from ingest.vision.finding import Finding
from ingest.vision.frame import Box, Mask, Pixels
from ingest.vision.looks.contract import Glance, Grey, box_of
from ingest.vision.looks.lasting import Lasting
from ioc.model.cameras import Geometry
from ioc.model.instant import MILLISECOND, SECOND, Duration, Instant

LABEL: Final = "flame-like"

_EVERY: Final[Duration] = 95 * MILLISECOND
_JUDGED_EVERY: Final[Duration] = 1 * SECOND
_WINDOW: Final[Duration] = 3 * SECOND
_FEWEST: Final = 9
"""Pictures in a window that are enough to judge it: three a second."""

# Red above green above blue, bright and strongly coloured: T. Çelik, H. Demirel, Fire detection in video sequences
# using a generic color model, Fire Safety Journal 44 (2009), said in plain channels instead of YCbCr.
_LEAST_RED: Final = 185
_LEAST_RED_OVER_BLUE: Final = 70
_LEAST_GREEN_OF_RED: Final = 0.27
"""Below it a thing is red, not orange: cloth, paint, tail lamps."""
_YELLOW: Final = 0.62
"""Green as a share of red from which a thing is yellow."""

_CALM: Final = 24
"""Levels by which the green of a thing in steady light changes at most."""
_SMALLEST: Final = 0.0004
"""Share of the picture: 10 × 10 pixels of 640 × 360."""
_LARGEST: Final = 0.4
_ENOUGH: Final = 0.35
"""Score from which it is told."""


@dataclass(frozen=True, slots=True, eq=False)
class _Shot:
    at: Instant
    mask: Mask
    red: Mask
    green: Grey


@dataclass(frozen=True, slots=True)
class Flicker:
    """How the parts of one place that have a flame's colour behaved over the last seconds.

    Attributes:
        present: share of the pictures that have at least a third of its usual area.
        changing: share of its area that is another one from picture to picture.
        glowing: levels by which the green of what stays coloured changes from picture to picture.
        wandering: how far its middle moves, in shares of its size.
        spread: deviation of its green, levels: a flame goes from white through yellow to dark orange.
        yellow: share of it that is yellow.
        on_red: share of what surrounds it that is red without yellow: cloth with something yellow on it.
    """

    present: float
    changing: float
    glowing: float
    wandering: float
    spread: float
    yellow: float
    on_red: float

    @property
    def score(self) -> float:
        """Say how much it is like a flame, 0 to 1: as much as its weakest sign is."""
        return min(
            _ramp(self.present, 0.7, 0.95),
            _ramp(self.changing, 0.12, 0.3),
            _ramp(self.glowing, 6, 18),
            _ramp(-self.wandering, -0.7, -0.3),
            _ramp(self.spread, 18, 36),
            _ramp(self.yellow, 0.04, 0.15),
            _ramp(-self.yellow, -0.97, -0.85),
            _ramp(-self.on_red, -0.6, -0.4),
        )


class Flame:
    """Looks for one fire at a time, the one that is most like it."""

    def __init__(self, camera: str) -> None:
        """Have seen nothing.

        Args:
            camera: its asset id.
        """
        self._shots: deque[_Shot] = deque()
        self._judged_at: Instant | None = None
        self._lasting = Lasting(camera, LABEL, sure_after=2 * SECOND, gap=3 * SECOND, gone_after=8 * SECOND)

    def look(self, glance: Glance) -> list[Finding]:
        """Look at most ten times a second; where nothing has the colour it costs nothing more."""
        if self._shots and glance.at - self._shots[-1].at < _EVERY:
            return []
        mask = flame_coloured(glance.small)
        cv2.bitwise_and(mask, glance.region, mask)
        if self._shots and self._shots[-1].mask.shape != mask.shape:
            self._shots.clear()
        if self._shots or cv2.countNonZero(mask):
            self._shots.append(_Shot(glance.at, mask, _red(glance.small), np.ascontiguousarray(glance.small[..., 1])))
        while self._shots and glance.at - self._shots[0].at > _WINDOW:
            self._shots.popleft()
        if self._judged_at is not None and glance.at - self._judged_at < _JUDGED_EVERY:
            return []
        self._judged_at = glance.at
        best = max(self._judged(), key=lambda each: each[1].score, default=None)
        if best is None or best[1].score < _ENOUGH:
            return self._lasting.unseen(glance.at)
        return self._lasting.seen(glance.at, best[0], best[1].score)

    def redraw(self, geometry: Geometry) -> None:
        """Look elsewhere from the next frame on."""
        del geometry
        self._shots.clear()

    def _judged(self) -> list[tuple[Box, Flicker]]:
        if len(self._shots) < _FEWEST or self._shots[-1].at - self._shots[0].at < 0.6 * _WINDOW:
            return []
        height, width = self._shots[0].mask.shape
        smallest = max(9.0, _SMALLEST * height * width)
        if np.median([cv2.countNonZero(shot.mask) for shot in self._shots]) < smallest:
            return []
        flickers = np.asarray(cv2.bitwise_not(self._steady()), np.uint8)
        often = np.zeros((height, width), np.uint16)
        for shot in self._shots:
            often += shot.mask > 0
        usual = cv2.bitwise_and(np.asarray(often >= max(2, len(self._shots) // 5), np.uint8), flickers)
        places = cv2.dilate(usual, np.ones((7, 7), np.uint8))
        count, _, stats, _ = cv2.connectedComponentsWithStats(places)
        large = sorted((stats[n] for n in range(1, count)), key=lambda each: -each[cv2.CC_STAT_AREA])[:4]
        return [
            (box_of(left, top, wide, high, height, width), flicker)
            for left, top, wide, high, _ in (map(int, each) for each in large)
            if wide * high <= _LARGEST * height * width
            and (flicker := self._flicker(np.s_[top : top + high, left : left + wide], flickers, smallest)) is not None
        ]

    def _steady(self) -> Mask:
        """Mark what had the colour in every picture and hardly changed: a wall or a field in the sun."""
        always = self._shots[0].mask.copy()
        least, most = self._shots[0].green.copy(), self._shots[0].green.copy()
        for shot in self._shots:
            cv2.bitwise_and(always, shot.mask, always)
            cv2.min(least, shot.green, least)
            cv2.max(most, shot.green, most)
        calm = cv2.threshold(cv2.subtract(most, least), _CALM, 255, cv2.THRESH_BINARY_INV)[1]
        return np.asarray(cv2.bitwise_and(always, calm), np.uint8)

    def _flicker(self, place: tuple[slice, slice], flickers: Mask, smallest: float) -> Flicker | None:
        masks = (np.stack([shot.mask[place] for shot in self._shots]) > 0) & (flickers[place] > 0)
        greens = np.stack([shot.green[place] for shot in self._shots]).astype(np.int16)
        reds = np.stack([shot.red[place] for shot in self._shots]) > 0
        areas = masks.sum(axis=(1, 2))
        usual = float(np.median(areas))
        if usual < smallest:
            return None
        both = masks[1:] & masks[:-1]
        changed = np.abs(greens[1:] - greens[:-1])[both]
        there = areas > 0
        rows, columns = np.indices(masks.shape[1:])
        middles = np.stack([(masks[there] * axis).sum(axis=(1, 2)) / areas[there] for axis in (rows, columns)], axis=1)
        ever = np.asarray(masks.any(axis=0), np.uint8)
        around = cv2.dilate(ever, np.ones((5, 5), np.uint8)) > 0
        surrounding = around & ~masks
        coloured = greens[masks]
        return Flicker(
            present=float(np.mean(areas >= usual / 3)),
            changing=float((masks[1:] ^ masks[:-1]).sum() / max(1, (masks[1:] | masks[:-1]).sum())),
            glowing=float(changed.mean()) if changed.size else 0.0,
            wandering=float(np.linalg.norm(middles.std(axis=0)) / np.sqrt(usual)),
            spread=float(coloured.std()),
            yellow=float(np.mean(coloured > _YELLOW * 235)),
            on_red=float((reds & surrounding).sum() / max(1, surrounding.sum())),
        )


def flame_coloured(small: Pixels) -> Mask:
    """Mark what has the colour of a flame.

    Args:
        small: height × width × 3, blue, green, red.
    """
    candidates = cv2.inRange(small, (0, 45, _LEAST_RED), (255 - _LEAST_RED_OVER_BLUE, 255, 255))
    if not cv2.countNonZero(candidates):
        return np.asarray(candidates, np.uint8)
    blue, green, red = cv2.split(small)
    orange = cv2.compare(green, cv2.convertScaleAbs(red, alpha=_LEAST_GREEN_OF_RED), cv2.CMP_GE)
    warm = cv2.threshold(cv2.subtract(red, blue), _LEAST_RED_OVER_BLUE - 1, 255, cv2.THRESH_BINARY)[1]
    ordered = cv2.bitwise_and(cv2.compare(red, green, cv2.CMP_GE), cv2.compare(green, blue, cv2.CMP_GT))
    return np.asarray(cv2.bitwise_and(cv2.bitwise_and(candidates, orange), cv2.bitwise_and(warm, ordered)), np.uint8)


def _red(small: Pixels) -> Mask:
    return np.asarray(cv2.inRange(small, (0, 0, 110), (90, 75, 255)), np.uint8)


def _ramp(value: float, none: float, full: float) -> float:
    return min(1.0, max(0.0, (value - none) / (full - none)))
