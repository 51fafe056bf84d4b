"""Abandoned objects: what came into a view, lies still, and is not carried away."""

from dataclasses import dataclass
from typing import Any, Final

import cv2
import numpy as np
import numpy.typing as npt

from ingest.vision.finding import Finding
from ingest.vision.frame import Box, Mask, Pixels
from ingest.vision.looks.contract import Glance, box_of
from ingest.vision.looks.lasting import Lasting
from ioc.model.cameras import Geometry
from ioc.model.instant import SECOND, Duration, Instant

Field = npt.NDArray[np.float32]
Picture = npt.NDArray[Any]

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


class Abandoned:
    """Keeps two pictures of a view: as it is when empty, and as it has been lately where that is another one."""

    def __init__(self, camera: str) -> None:
        """Know nothing of the empty view yet.

        Args:
            camera: its asset id.
        """
        self._camera = camera
        self._things: list[_Thing] = []
        self._forget()

    def _forget(self) -> None:
        self._samples: list[Pixels] = []
        self._mean: Field | None = None
        self._empty: Pixels | None = None
        self._lately: Pixels | None = None
        self._age: Field | None = None
        self._looked_at: Instant | None = None
        self._shape: tuple[int, ...] = ()
        self._night: bool | None = None

    def look(self, glance: Glance) -> list[Finding]:
        """Look once a second."""
        if self._looked_at is not None and glance.at - self._looked_at < _EVERY:
            return []
        if self._shape != glance.small.shape or glance.night != self._night:
            self._forget()
            self._shape, self._night = glance.small.shape, glance.night
        elapsed = 0.0 if self._looked_at is None else (glance.at - self._looked_at) / SECOND
        self._looked_at = glance.at
        found = self._found(glance, elapsed) if self._knows_the_view(glance.small) else []
        return self._told(glance.at, found)

    def redraw(self, geometry: Geometry) -> None:
        """Take what lies there now for part of the view, since somebody drew on it."""
        del geometry
        self._forget()

    def _knows_the_view(self, small: Pixels) -> bool:
        """Take the median of the first pictures for the empty view: what passes through is in few of them."""
        if self._empty is not None:
            return True
        self._samples.append(small)
        if len(self._samples) >= _SAMPLES:
            self._empty = np.median(np.stack(self._samples), axis=0).astype(np.uint8)
            self._mean = self._empty.astype(np.float32)
            self._lately = small.copy()
            self._age = np.zeros(small.shape[:2], np.float32)
            self._samples = []
        return False

    def _found(self, glance: Glance, elapsed: float) -> list[Box]:
        """Bring both pictures up to date; say where things lie."""
        assert self._mean is not None  # noqa: S101 - _knows_the_view() has set them
        assert self._empty is not None  # noqa: S101
        assert self._lately is not None  # noqa: S101
        assert self._age is not None  # noqa: S101
        differs = _apart(glance.small, self._empty, _DIFFERS)
        if cv2.countNonZero(differs) > _EVERYTHING * differs.size:
            self._forget_the_view()
            return []
        stays = cv2.bitwise_not(_apart(glance.small, self._lately, _STAYS))
        lies = cv2.bitwise_and(differs, stays)
        self._age += np.where(lies > 0, np.float32(elapsed), np.float32(-_HIDDEN * elapsed))
        np.maximum(self._age, 0, out=self._age)
        self._age[(differs == 0) & (stays > 0)] = 0  # it is as it was before
        gone = np.asarray(self._age <= 0, np.uint8) * np.uint8(255)
        cv2.copyTo(glance.small, gone, self._lately)
        # Where a thing lies, and where somebody passes, the empty view is not seen.
        seen = cv2.bitwise_and(cv2.bitwise_not(differs), gone)
        cv2.accumulateWeighted(glance.small, self._mean, min(0.5, elapsed / _MEMORY), seen)
        self._empty = cv2.convertScaleAbs(self._mean)  # type: ignore[assignment]
        old = np.asarray(self._age > _OLD, np.uint8) * glance.region
        if not cv2.countNonZero(old):
            return []
        return self._lying(cv2.morphologyEx(old, cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8)), glance)

    def _forget_the_view(self) -> None:
        self._empty = None

    def _lying(self, old: Picture, glance: Glance) -> list[Box]:
        assert self._mean is not None  # noqa: S101 - _knows_the_view() has set them
        assert self._empty is not None  # noqa: S101
        assert self._age is not None  # noqa: S101
        height, width = old.shape[:2]
        count, labels, stats, _ = cv2.connectedComponentsWithStats(old)
        before = cv2.cvtColor(self._empty, cv2.COLOR_BGR2GRAY)
        boxes = []
        for n in range(1, count):
            left, top, wide, high, area = (int(each) for each in stats[n])
            place = np.asarray(labels == n, np.uint8)
            outline = cv2.morphologyEx(place, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8))
            if _edges(glance.grey, outline) < _EDGES * _edges(before, outline):
                # A thing was taken away, or the light is another one: this is the view from now on.
                self._mean[place > 0] = glance.small[place > 0]
                self._age[place > 0] = 0
            elif (
                area >= _SMALLEST * height * width
                and wide * high <= _LARGEST * height * width
                and max(wide, high) <= _LONGEST * min(wide, high)
                and area >= _FILLED * wide * high
            ):
                boxes.append(box_of(left, top, wide, high, height, width))
        return boxes[:_MOST]

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


def _edges(grey: Picture, outline: Picture) -> float:
    across, down = cv2.Sobel(grey, cv2.CV_32F, 1, 0), cv2.Sobel(grey, cv2.CV_32F, 0, 1)
    return float(cv2.mean(cv2.magnitude(across, down), outline)[0])
