"""The cheap looks at one camera's frames, taken together."""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

import cv2
import numpy as np

from ingest.vision.camera import Analytic, Camera
from ingest.vision.finding import Finding, Report
from ingest.vision.frame import Frame, Mask, Pixels
from ingest.vision.looks.abandoned import Abandoned
from ingest.vision.looks.contract import Glance, Grey, Look, made_small, region_mask
from ingest.vision.looks.day_night import DayNight
from ingest.vision.looks.flame import Flame
from ingest.vision.looks.motion import Motion
from ingest.vision.looks.smoke import Smoke
from ingest.vision.looks.tampering import Tampering
from ioc.model.cameras import Geometry
from ioc.model.instant import Duration, Instant

SMALLEST_SIDE: Final = 16
"""Pixels, after a frame was made small; of less than that nothing is said."""

LOOKS: Final[dict[Analytic, tuple[Callable[[str], Look], ...]]] = {
    Analytic.TAMPERING: (lambda _: Tampering(),),
    Analytic.SMOKE: (Smoke, Flame),
    Analytic.ABANDONED: (Abandoned,),
}
"""What is made for a camera that is looked at for it, from its asset id."""


class PixelLooks:
    """Looks at one camera's frames without any model; a reader shows it every frame that is due, in order."""

    def __init__(self, camera: Camera) -> None:
        """Look for what the camera is to be looked at for.

        Args:
            camera: as it is configured.
        """
        self._region = camera.geometry.region
        self._mask: Mask | None = None
        self._before: Pixels | None = None
        self._last_at: Instant | None = None
        self._set_back: Duration = 0
        self._motion = Motion()
        self._day_night = DayNight()
        self._looks = tuple(
            look(camera.id) for analytic, looks in LOOKS.items() if analytic in camera.analytics for look in looks
        )

    def look(self, frame: Frame) -> Report:
        """Look at the next frame.

        Args:
            frame: of any size; another size than before is looked at anew. Its pixels are neither changed nor kept.
        """
        small = made_small(frame.pixels)
        if min(small.shape[:2]) < SMALLEST_SIDE:
            return Report()
        if small is frame.pixels:
            small = small.copy()
        grey: Grey = cv2.cvtColor(small, cv2.COLOR_BGR2GRAY)  # type: ignore[assignment]
        if self._mask is None or self._mask.shape != grey.shape:
            self._mask = region_mask(self._region, *grey.shape)
        at = self._monotonic(frame.at)
        moving = self._motion.look(at, small, grey, self._mask)
        same = self._before is not None and np.array_equal(self._before, small)
        night = self._day_night.look(at, small, grey)
        glance = Glance(at, small, grey, same, night, self._mask)
        findings: list[Finding] = []
        for look in self._looks:
            findings.extend(replace(finding, at=frame.at) for finding in look.look(glance))
        self._before = small
        return Report(tuple(findings), moving.boxes, moving.share, glance.night, moving.worth_looking)

    def _monotonic(self, at: Instant) -> Instant:
        """Give the looks a time that goes on where it was when the clock is set back."""
        if self._last_at is not None:
            self._set_back = max(self._set_back, self._last_at - at)
        self._last_at = at + self._set_back
        return self._last_at

    def redraw(self, geometry: Geometry) -> None:
        """Look at another region from now on."""
        self._region, self._mask = geometry.region, None
        self._motion.restart()
        for look in self._looks:
            look.redraw(geometry)
