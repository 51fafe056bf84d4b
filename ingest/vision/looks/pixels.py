"""The cheap looks at one camera's frames, taken together."""

from collections.abc import Callable
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
from ioc.model.instant import Instant

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
        self._before_at: Instant | None = None
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
        # A clock that was set back must not let anything last for ever.
        at = frame.at if self._before_at is None else max(frame.at, self._before_at)
        moving = self._motion.look(at, small, grey, self._mask)
        same = self._before is not None and np.array_equal(self._before, small)
        since = 0 if self._before_at is None else at - self._before_at
        night = self._day_night.look(at, small, grey)
        glance = Glance(at, since, small, grey, same, night, self._mask)
        findings: list[Finding] = []
        for look in self._looks:
            findings.extend(look.look(glance))
        self._before, self._before_at = small, at
        return Report(tuple(findings), moving.boxes, moving.share, glance.night, moving.worth_looking)

    def redraw(self, geometry: Geometry) -> None:
        """Look at another region from now on."""
        self._region, self._mask = geometry.region, None
        self._motion.restart()
        for look in self._looks:
            look.redraw(geometry)
