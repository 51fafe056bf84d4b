"""Abandoned objects: what came into a view, lies still, and is not carried away."""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from ingest.vision.finding import Finding
from ingest.vision.frame import Box, Mask, Pixels
from ingest.vision.looks.contract import Glance, Grey, box_of
from ingest.vision.looks.lasting import Lasting
from ioc.model.cameras import Geometry
from ioc.model.instant import SECOND, Duration, Instant

Field = npt.NDArray[np.float32]

LABEL: Final = "abandoned_object"

ABANDONED_AFTER: Final[Duration] = 60 * SECOND
"""How long a thing lies before it is told."""

_EVERY: Final[Duration] = 1 * SECOND
_SAMPLES: Final = 15
"""Pictures, one a second, from which the empty view is first made."""
_MEMORY: Final = 120.0
"""Seconds that the empty view is a mean of."""
_DIFFERS: Final = 22.0
"""Levels of a channel by which a thing differs from what is behind it."""
_STAYS: Final = 14.0
"""Levels of a channel that a thing may differ from itself a moment ago."""
_HIDDEN: Final = 0.5
"""Seconds of age that a thing loses for each second that somebody stands before it."""
_OLD: Final = 20.0
"""Seconds that a pixel has been another one before it is looked at as part of a thing."""
_SMALLEST: Final = 0.0006
"""Share of the picture: 12 × 12 pixels of 640 × 360."""
_LARGEST: Final = 0.05
_MOST: Final = 8
"""Things at a time."""
_EVERYTHING: Final = 0.25
"""Share of the picture from which the light changed, or the camera, and nothing was put down."""
_SAME_PLACE: Final = 0.4
"""Intersection over union."""
_LONGEST: Final = 6.0
"""How much longer than wide a thing is at most, either way."""
_FILLED: Final = 0.35
"""Share of its box that it fills at least."""
_SCORE: Final = 0.8
"""Whatever passes all this; there is no finer measure."""
_EDGES: Final = 1.2
"""How much stronger the outline must be than it was without the thing; where it is weaker, a thing was taken away."""


@dataclass(slots=True)
class _Thing:
    box: Box
    lasting: Lasting


@dataclass(slots=True, eq=False)
class _View:
    """A view as it is when empty, and as it has been lately where that is another one.

    Attributes:
        mean: the empty view, a slow mean.
        empty: the same, rounded.
        lately: what stands there now, or has stood until somebody passed before it.
        age: seconds that it has stood there; 0 where the empty view is seen.
    """

    mean: Field
    empty: Pixels
    lately: Pixels
    age: Field

    @classmethod
    def of(cls, samples: list[Pixels]) -> "_View":
        """Take the median of some pictures for the empty view: what passes through is in few of them."""
        empty = np.median(np.stack(samples), axis=0).astype(np.uint8)
        return cls(empty.astype(np.float32), empty, samples[-1].copy(), np.zeros(empty.shape[:2], np.float32))

    def differs(self, small: Pixels) -> Mask:
        """Mark where it is not seen empty."""
        return _apart(small, self.empty, _DIFFERS)

    def seen(self, small: Pixels, differs: Mask, elapsed: float) -> None:
        """Bring it up to date, `elapsed` seconds after the last time."""
        stays = cv2.bitwise_not(_apart(small, self.lately, _STAYS))
        lies = cv2.bitwise_and(differs, stays)
        self.age += np.where(lies > 0, np.float32(elapsed), np.float32(-_HIDDEN * elapsed))
        np.maximum(self.age, 0, out=self.age)
        self.age[(differs == 0) & (stays > 0)] = 0  # it is as it was before
        gone = np.asarray(self.age <= 0, np.uint8) * np.uint8(255)
        cv2.copyTo(small, gone, self.lately)
        # Where a thing lies, and where somebody passes, the empty view is not seen.
        free = cv2.bitwise_and(cv2.bitwise_not(differs), gone)
        cv2.accumulateWeighted(small, self.mean, min(0.5, elapsed / _MEMORY), free)
        self.empty = np.asarray(cv2.convertScaleAbs(self.mean), np.uint8)

    def lying(self, grey: Grey, small: Pixels, region: Mask) -> list[Box]:
        """Say where things lie; what was taken away becomes part of the empty view."""
        old = np.asarray(self.age > _OLD, np.uint8) * region
        if not cv2.countNonZero(old):
            return []
        old = cv2.morphologyEx(old, cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8))  # type: ignore[assignment]
        count, labels, stats, _ = cv2.connectedComponentsWithStats(old)
        before = np.asarray(cv2.cvtColor(self.empty, cv2.COLOR_BGR2GRAY), np.uint8)
        boxes = []
        for n in range(1, count):
            place = np.asarray(labels == n, np.uint8)
            outline = np.asarray(cv2.morphologyEx(place, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8)), np.uint8)
            if _edges(grey, outline) < _EDGES * _edges(before, outline):
                self.mean[place > 0] = small[place > 0]
                self.age[place > 0] = 0
                continue
            left, top, wide, high, area = (int(each) for each in stats[n])
            if (
                area >= _SMALLEST * old.size
                and wide * high <= _LARGEST * old.size
                and max(wide, high) <= _LONGEST * min(wide, high)
                and area >= _FILLED * wide * high
            ):
                boxes.append(box_of(left, top, wide, high, *grey.shape))
        return boxes[:_MOST]


class Abandoned:
    """Looks for things that were put down.

    A lamp that is switched, or night that falls, makes another view: what lies there then is part of it.
    """

    def __init__(self, camera: str) -> None:
        """Know nothing of the empty view yet.

        Args:
            camera: its asset id.
        """
        self._camera = camera
        self._things: list[_Thing] = []
        self._looked_at: Instant | None = None
        self._night: bool | None = None
        self._forget()

    def _forget(self) -> None:
        self._samples: list[Pixels] = []
        self._view: _View | None = None

    def look(self, glance: Glance) -> list[Finding]:
        """Look once a second."""
        if self._looked_at is not None and glance.at - self._looked_at < _EVERY:
            return []
        elapsed = 0.0 if self._looked_at is None else (glance.at - self._looked_at) / SECOND
        known = self._view.empty if self._view is not None else self._samples[-1] if self._samples else glance.small
        if known.shape != glance.small.shape or glance.night != self._night:
            self._forget()
        self._looked_at, self._night = glance.at, glance.night
        return self._told(glance.at, self._found(glance, elapsed))

    def redraw(self, geometry: Geometry) -> None:
        """Take what lies there now for part of the view, since somebody drew on it."""
        del geometry
        self._forget()

    def _found(self, glance: Glance, elapsed: float) -> list[Box]:
        if self._view is None:
            self._samples.append(glance.small)
            if len(self._samples) >= _SAMPLES:
                self._view, self._samples = _View.of(self._samples), []
            return []
        differs = self._view.differs(glance.small)
        if cv2.countNonZero(differs) > _EVERYTHING * differs.size:
            self._forget()
            return []
        self._view.seen(glance.small, differs, elapsed)
        return self._view.lying(glance.grey, glance.small, glance.region)

    def _told(self, at: Instant, found: list[Box]) -> list[Finding]:
        findings: list[Finding] = []
        for thing in self._things:
            again = max(found, key=thing.box.overlap, default=None)
            if again is not None and thing.box.overlap(again) >= _SAME_PLACE:
                found.remove(again)
                thing.box = again
                findings += thing.lasting.seen(at, again, _SCORE)
            else:
                findings += thing.lasting.unseen(at)
        self._things = [thing for thing in self._things if thing.lasting.known]
        for box in found[: _MOST - len(self._things)]:
            lasting = Lasting(self._camera, LABEL, sure_after=ABANDONED_AFTER, gap=10 * SECOND, gone_after=10 * SECOND)
            findings += lasting.seen(at, box, _SCORE, since=at - round(_OLD * SECOND))
            self._things.append(_Thing(box, lasting))
        return findings


def _apart(one: Pixels, other: Pixels, levels: float) -> Mask:
    blue, green, red = cv2.split(cv2.absdiff(one, other))
    most = cv2.max(cv2.max(blue, green), red)
    return np.asarray(cv2.threshold(most, levels, 255, cv2.THRESH_BINARY)[1], np.uint8)


def _edges(grey: Grey, outline: Mask) -> float:
    across, down = cv2.Sobel(grey, cv2.CV_32F, 1, 0), cv2.Sobel(grey, cv2.CV_32F, 0, 1)
    return float(cv2.mean(cv2.magnitude(across, down), outline)[0])
