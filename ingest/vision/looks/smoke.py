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
Blocks = npt.NDArray[np.bool_]

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


@dataclass(slots=True, eq=False)
class _View:
    """What is known of a view, by day or by night.

    Attributes:
        night: which of both.
        began_at: when it was first seen, µs since 1970.
        looked_at: when it was last seen.
        clear: the view without any veil, levels.
        brightness: of each block when it was last seen.
        veiled: how often each block has been veiled lately, 0 to 1.
        through: how often it has been seen through its veil, 0 to 1.
        stirring: levels by which it changed lately from one look to the next.
        past: which blocks held a stirring veil, and when.
    """

    night: bool
    began_at: Instant
    looked_at: Instant
    clear: Field
    brightness: Field
    veiled: Field
    through: Field
    stirring: Field
    past: deque[tuple[Instant, Blocks]]

    @classmethod
    def first(cls, glance: Glance) -> "_View":
        """Take the view for clear as it is first seen."""
        clear = glance.grey.astype(np.float32)
        blocks = _means(clear)
        veiled, through, stirring = (np.zeros_like(blocks) for _ in range(3))
        return cls(glance.night, glance.at, glance.at, clear, blocks, veiled, through, stirring, deque())

    def seen(self, glance: Glance, *, keep_clear: bool) -> Blocks:
        """Bring it up to date; mark the blocks that hold a veil which stirs.

        Args:
            glance: what is seen now.
            keep_clear: whether what hides the view is to stay out of the clear one.
        """
        elapsed = (glance.at - self.looked_at) / SECOND
        settled = glance.at - self.began_at >= _SETTLED
        self.looked_at = glance.at
        grey = glance.grey.astype(np.float32)
        veiled, through, brightness = _veil(self.clear, grey, glance)
        share = np.float32(1 - np.exp(-elapsed / _TREND))
        self.veiled += share * (veiled - self.veiled)
        self.through += share * (through - self.through)
        self.stirring += share * (np.abs(brightness - self.brightness) - self.stirring)
        self.brightness = brightness
        active = self._stirring_veil() if settled else np.zeros(veiled.shape, np.bool_)
        self._learn(grey, min(0.5, elapsed / _MEMORY) if settled else 0.3, active if keep_clear else None)
        self.past.append((glance.at, active))
        while glance.at - self.past[0][0] > _WINDOW:
            self.past.popleft()
        return active

    def _stirring_veil(self) -> Blocks:
        """Mark blocks that are seen through, and dense ones beside them."""
        veiled = (self.veiled > 0.5) & (self.stirring > _STIRS[0]) & (self.stirring < _STIRS[1])
        seen_through = np.asarray(veiled & (self.through > 0.35), np.uint8)
        return np.asarray(veiled & (cv2.dilate(seen_through, np.ones((5, 5), np.uint8)) > 0), np.bool_)

    def _learn(self, grey: Field, share: float, hidden: Blocks | None) -> None:
        """Follow the clear view; what differs for long is another light or a thing, and belongs to it."""
        if hidden is None:
            cv2.accumulateWeighted(grey, self.clear, share)
            return
        around = cv2.dilate(hidden.astype(np.uint8), np.ones((3, 3), np.uint8))
        free = np.asarray(around == 0, np.uint8)
        height, width = grey.shape
        cv2.accumulateWeighted(
            grey, self.clear, share, cv2.resize(free, (width, height), None, 0, 0, cv2.INTER_NEAREST)
        )

    def plume(self, region: Blocks, here: tuple[slice, slice]) -> Plume:
        """Describe a region of blocks, which lie between the given rows and columns."""
        earlier = np.stack([active[here] for _, active in list(self.past)[: max(1, len(self.past) // 3)]])
        rows = np.arange(earlier.shape[1])[:, None]
        was = np.mean(earlier, axis=0)
        middle_before = float((was * rows).sum() / was.sum()) if was.sum() >= 1 else float(earlier.shape[1])
        blocks = int(region.sum())
        return Plume(
            blocks=blocks,
            through=float(np.mean(self.through[region] > 0.5)),
            stirring=float(self.stirring[region].mean()),
            growth=blocks / max(1.0, float(was.sum())),
            rising=middle_before - float((region[here] * rows).sum() / blocks),
        )


class Smoke:
    """Looks for one plume at a time, the one that is most like smoke."""

    def __init__(self, camera: str) -> None:
        """Know nothing of the clear view yet.

        Args:
            camera: its asset id.
        """
        self._lasting = Lasting(camera, LABEL, sure_after=3 * SECOND, gap=2 * SECOND, gone_after=10 * SECOND)
        self._view: _View | None = None

    def look(self, glance: Glance) -> list[Finding]:
        """Look two or three times a second."""
        view = self._view
        if view is not None and glance.at - view.looked_at < _EVERY:
            return []
        if view is None or view.clear.shape != glance.grey.shape or view.night != glance.night:
            self._view = _View.first(glance)
            return self._lasting.unseen(glance.at)
        active = view.seen(glance, keep_clear=self._lasting.known)
        found = _most_like_smoke(view, active, glance)
        enough = _ENOUGH_TO_LAST if self._lasting.open else _ENOUGH_TO_BEGIN
        if found is None or found[1] < enough:
            return self._lasting.unseen(glance.at)
        return self._lasting.seen(glance.at, *found)

    def redraw(self, geometry: Geometry) -> None:
        """Look elsewhere from the next frame on."""
        del geometry
        if self._view is not None:
            self._view.past.clear()


def _most_like_smoke(view: _View, active: Blocks, glance: Glance) -> tuple[Box, float] | None:
    """Say where the veiled region is that is most like smoke, and how much it is so."""
    if active.mean() > _LARGEST:
        return None
    count, labels, stats, _ = cv2.connectedComponentsWithStats(active.astype(np.uint8), connectivity=8)
    height, width = glance.grey.shape
    found = []
    for n in range(1, count):
        left, top, wide, high, blocks = (int(each) for each in stats[n])
        if blocks >= _FEWEST_BLOCKS:
            plume = view.plume(labels == n, np.s_[top : top + high, left : left + wide])
            box = box_of(left * _BLOCK, top * _BLOCK, wide * _BLOCK, high * _BLOCK, height, width)
            found.append((box, plume.score))
    return max(found, key=lambda each: each[1], default=None)


def _veil(clear: Field, grey: Field, glance: Glance) -> tuple[Field, Field, Field]:
    """Say of each block whether it is veiled (1), whether the view is seen through that (1), and how bright it is."""
    was, now = _means(clear), _means(grey)
    was_varied = np.maximum(_means(clear * clear) - was * was, 1)
    now_varied = np.maximum(_means(grey * grey) - now * now, 1)
    together = _means(clear * grey) - was * now
    slope = together / was_varied
    alike = together / np.sqrt(was_varied * now_varied)
    colour = (now - slope * was) / np.maximum(1 - slope, 0.05)
    blue, green, red = cv2.split(glance.small)
    strongest, weakest = cv2.max(cv2.max(blue, green), red), cv2.min(cv2.min(blue, green), red)
    saturation = _means(np.asarray(cv2.subtract(strongest, weakest), np.float32))
    candidate = (np.abs(now - was) > _CHANGED) & (_means(glance.region) > 127)
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


def _means(pixels: Field | Pixels) -> Field:
    """Average a picture over each block."""
    rows, columns = pixels.shape[0] // _BLOCK, pixels.shape[1] // _BLOCK
    whole = pixels[: rows * _BLOCK, : columns * _BLOCK]
    return np.asarray(cv2.resize(whole, (columns, rows), interpolation=cv2.INTER_AREA), np.float32)


def _ramp(value: float, none: float, full: float) -> float:
    return min(1.0, max(0.0, (value - none) / (full - none)))
