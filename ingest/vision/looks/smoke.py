"""What looks like smoke: a grey veil over the view that stirs, grows and rises, by colour and time, without a model."""

from collections import deque
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from ingest.vision.finding import Finding
from ingest.vision.frame import Box, Pixels
from ingest.vision.looks.contract import Glance, box_of
from ingest.vision.looks.lasting import Lasting
from ioc.model.cameras import Geometry
from ioc.model.instant import MILLISECOND, SECOND, Duration, Instant

LABEL: Final = "smoke-like"

Field = npt.NDArray[np.float32]

_EVERY: Final[Duration] = 390 * MILLISECOND
_BLOCK: Final = 8
"""Pixels of a block's side: 16 of 640 × 360."""
_MEMORY: Final = 60.0
"""Seconds that the clear view is a mean of."""
_SETTLED: Final = 5 * SECOND
_TREND: Final = 3.0
"""Seconds over which blocks are smoothed."""
_WINDOW: Final[Duration] = 8 * SECOND

# A veil of strength a and colour s makes of a block's pixels p: (1 - a) p + a s. Regression of what is seen on the
# clear view gives 1 - a as its slope and a s as its intercept. A shadow has a slope too, but no intercept; light has a
# slope above one; things that nobody sees through do not correlate.
_SLOPE: Final = 0.88
_COLOUR: Final = (70.0, 250.0)
_SEEN_THROUGH: Final = 0.8
"""Correlation from which the view is still seen behind the veil."""
_SHOWS: Final = 40.0
"""Variance of a clear block from which it shows enough for a veil to be told from a thing."""
_CHANGED: Final = 4.0
"""Levels of brightness by which a block must differ from its clear view."""
_GREYISH: Final = 36.0
"""Levels between strongest and weakest channel that a veil has at most, where it is dense."""
_STIRS: Final = (0.9, 12.0)
"""Levels by which a veiled block changes within 0.4 s; what lies still is no smoke, nor is what
changes ten times as fast: that drives through."""
_FEWEST_BLOCKS: Final = 6
_LARGEST: Final = 0.5
_ENOUGH_TO_BEGIN: Final = 0.6
_ENOUGH_TO_LAST: Final = 0.4


@dataclass(frozen=True, slots=True)
class Plume:
    """How one veiled region behaved over the last seconds.

    Attributes:
        blocks: how many blocks it has.
        through: share of its blocks behind which the view is still seen.
        stirring: levels by which its blocks change within 0.4 s.
        growth: its blocks now for each that it had when the window began.
        rising: blocks by which its upper edge or its middle went up in the window.
    """

    blocks: int
    through: float
    stirring: float
    growth: float
    rising: float

    @property
    def score(self) -> float:
        """Say how much it is like smoke, 0 to 1."""
        spreads = max(_ramp(self.growth, 1.15, 1.8), _ramp(self.rising, 0.3, 1.5))
        stirs = min(_ramp(self.stirring, 0.8, 1.6), _ramp(-self.stirring, -12.0, -8.0))
        large = _ramp(self.blocks, _FEWEST_BLOCKS - 1, 10)
        return min(_ramp(self.through, 0.15, 0.45), stirs, large, 0.5 + 0.5 * spreads)


@dataclass(frozen=True, slots=True, eq=False)
class _Veil:
    at: Instant
    active: npt.NDArray[np.bool_]


class Smoke:
    """Looks for one plume at a time, the one that is most like smoke."""

    def __init__(self, camera: str) -> None:
        """Know nothing of the clear view yet.

        Args:
            camera: its asset id.
        """
        self._lasting = Lasting(camera, LABEL, sure_after=3 * SECOND, gap=2 * SECOND, gone_after=10 * SECOND)
        self._forget()

    def _forget(self) -> None:
        self._clear: Field | None = None
        self._began_at: Instant = 0
        self._looked_at: Instant | None = None
        self._night: bool | None = None
        self._before: Field | None = None
        self._veiled: Field | None = None
        self._stirring: Field | None = None
        self._through: Field | None = None
        self._past: deque[_Veil] = deque()

    def look(self, glance: Glance) -> list[Finding]:
        """Look two or three times a second."""
        if self._looked_at is not None and glance.at - self._looked_at < _EVERY:
            return []
        grey = glance.grey.astype(np.float32)
        if self._clear is None or self._clear.shape != grey.shape or glance.night != self._night:
            self._forget()
            self._night = glance.night
            self._clear, self._began_at, self._looked_at = grey, glance.at, glance.at
            return self._lasting.unseen(glance.at)
        elapsed = (glance.at - (self._looked_at or glance.at)) / SECOND
        self._looked_at = glance.at
        return self._judge(glance, grey, elapsed)

    def redraw(self, geometry: Geometry) -> None:
        """Look elsewhere from the next frame on."""
        del geometry
        self._past.clear()

    def _judge(self, glance: Glance, grey: Field, elapsed: float) -> list[Finding]:
        assert self._clear is not None  # noqa: S101 - look() has set it
        veiled, through, brightness = _veil(self._clear, grey, glance)
        share = 1 - np.exp(-elapsed / _TREND)
        if self._before is None or self._veiled is None or self._stirring is None or self._through is None:
            self._veiled, self._through = np.zeros_like(brightness), np.zeros_like(brightness)
            self._stirring = np.zeros_like(brightness)
        else:
            self._veiled += share * (veiled - self._veiled)
            self._through += share * (through - self._through)
            self._stirring += share * (np.abs(brightness - self._before) - self._stirring)
        self._before = brightness
        settled = glance.at - self._began_at >= _SETTLED
        active = self._stirring_veil() if settled else np.zeros(veiled.shape, bool)
        self._learn(grey, elapsed, active, settled=settled)
        self._past.append(_Veil(glance.at, active))
        while glance.at - self._past[0].at > _WINDOW:
            self._past.popleft()
        plume, box = self._plume(active, glance)
        enough = _ENOUGH_TO_LAST if self._lasting.open else _ENOUGH_TO_BEGIN
        if plume is None or box is None or plume.score < enough:
            return self._lasting.unseen(glance.at)
        return self._lasting.seen(glance.at, box, plume.score)

    def _stirring_veil(self) -> npt.NDArray[np.bool_]:
        """Mark the blocks that a veil hides which stirs: those seen through, and dense ones beside them."""
        assert self._veiled is not None  # noqa: S101 - _judge() has set them
        assert self._through is not None  # noqa: S101
        assert self._stirring is not None  # noqa: S101
        veiled = (self._veiled > 0.5) & (self._stirring > _STIRS[0]) & (self._stirring < _STIRS[1])
        seen_through = np.asarray(veiled & (self._through > 0.35), np.uint8)
        return np.asarray(veiled & (cv2.dilate(seen_through, np.ones((5, 5), np.uint8)) > 0), np.bool_)

    def _learn(self, grey: Field, elapsed: float, active: npt.NDArray[np.bool_], *, settled: bool) -> None:
        """Follow the clear view, where no veil hides it."""
        assert self._clear is not None  # noqa: S101 - look() has set it
        if not settled:
            cv2.accumulateWeighted(grey, self._clear, 0.3)
            return
        if not self._lasting.known:
            # No plume: what differs is another light or a thing, and belongs to the view if it stays.
            active = np.zeros_like(active)
        free = cv2.resize(
            np.asarray(cv2.dilate(active.astype(np.uint8), np.ones((3, 3), np.uint8)) == 0, np.uint8),
            (grey.shape[1], grey.shape[0]),
            interpolation=cv2.INTER_NEAREST,
        )
        cv2.accumulateWeighted(grey, self._clear, min(0.5, elapsed / _MEMORY), free)

    def _plume(self, active: npt.NDArray[np.bool_], glance: Glance) -> tuple[Plume | None, Box | None]:
        """Describe the veiled region that is most like smoke, and say where it is."""
        if active.mean() > _LARGEST:
            return None, None
        count, labels, stats, _ = cv2.connectedComponentsWithStats(active.astype(np.uint8), connectivity=8)
        height, width = glance.grey.shape
        best: tuple[Plume | None, Box | None] = None, None
        for n in range(1, count):
            left, top, wide, high, blocks = (int(each) for each in stats[n])
            if blocks < _FEWEST_BLOCKS:
                continue
            plume = self._described(labels == n, np.s_[top : top + high, left : left + wide], blocks)
            if best[0] is None or plume.score > best[0].score:
                around = box_of(left * _BLOCK, top * _BLOCK, wide * _BLOCK, high * _BLOCK, height, width)
                best = plume, around
        return best

    def _described(self, region: npt.NDArray[np.bool_], here: tuple[slice, slice], blocks: int) -> Plume:
        assert self._through is not None  # noqa: S101 - _judge() has set them
        assert self._stirring is not None  # noqa: S101
        earlier = np.stack([veil.active[here] for veil in list(self._past)[: max(1, len(self._past) // 3)]])
        rows = np.arange(earlier.shape[1])[:, None]
        was = np.mean(earlier, axis=0)
        middle_before = float((was * rows).sum() / was.sum()) if was.sum() >= 1 else float(earlier.shape[1])
        return Plume(
            blocks=blocks,
            through=float(np.mean(self._through[region] > 0.5)),
            stirring=float(self._stirring[region].mean()),
            growth=blocks / max(1.0, float(was.sum())),
            rising=middle_before - float((region[here] * rows).sum() / blocks),
        )


def _veil(clear: Field, grey: Field, glance: Glance) -> tuple[Field, Field, Field]:
    """Say of each block whether it is veiled (1), whether the view is seen through that (1), and how bright it is."""
    rows, columns = grey.shape[0] // _BLOCK, grey.shape[1] // _BLOCK
    part = np.s_[: rows * _BLOCK, : columns * _BLOCK]

    def mean(pixels: Field | Pixels) -> Field:
        return np.asarray(cv2.resize(pixels[part], (columns, rows), interpolation=cv2.INTER_AREA), np.float32)

    was, now = mean(clear), mean(grey)
    was_varied = np.maximum(mean(clear * clear) - was * was, 1)
    now_varied = np.maximum(mean(grey * grey) - now * now, 1)
    together = mean(clear * grey) - was * now
    slope = together / was_varied
    alike = together / np.sqrt(was_varied * now_varied)
    colour = (now - slope * was) / np.maximum(1 - slope, 0.05)
    blue, green, red = cv2.split(glance.small)
    strongest, weakest = cv2.max(cv2.max(blue, green), red), cv2.min(cv2.min(blue, green), red)
    saturation = mean(np.asarray(cv2.subtract(strongest, weakest), np.float32))
    candidate = (np.abs(now - was) > _CHANGED) & (mean(glance.region) > 127)
    shows = was_varied > _SHOWS
    through = (
        candidate
        & shows
        & (alike > _SEEN_THROUGH)
        & (slope > 0.02)
        & (slope < _SLOPE)
        & (colour > _COLOUR[0])
        & (colour < _COLOUR[1])
    )
    smooth = now_varied < np.where(shows, 0.2 * was_varied, was_varied + 40)
    dense = candidate & ~through & smooth & (saturation < _GREYISH) & (now > _COLOUR[0])
    return np.asarray(through | dense, np.float32), np.asarray(through, np.float32), now


def _ramp(value: float, none: float, full: float) -> float:
    return min(1.0, max(0.0, (value - none) / (full - none)))
