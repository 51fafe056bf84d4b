"""Tampering: whether a camera's picture is frozen, dark, covered, moved or out of focus, by its own past."""

from typing import Final

import cv2
import numpy as np

from ingest.vision.finding import Finding, PictureClass
from ingest.vision.looks.contract import Glance, Grey
from ingest.vision.looks.structure import Structure, correlation
from ioc.model.cameras import CameraState, Geometry
from ioc.model.instant import HOUR, MINUTE, SECOND, Duration, Instant
from ioc.model.kinds import Value

EVERY: Final[Duration] = 1 * SECOND
"""How often a picture is judged."""

FROZEN_AFTER: Final[Duration] = 30 * SECOND
"""Encoders repeat a quiet picture exactly for some seconds, and a clock in the picture is not there to be sure of."""

PATIENCE: Final[dict[CameraState, Duration]] = {
    CameraState.LIVE: 3 * SECOND,
    CameraState.FROZEN: 0,
    CameraState.DARK: 10 * SECOND,
    CameraState.COVERED: 5 * SECOND,
    CameraState.MOVED: 10 * SECOND,
    CameraState.BLURRED: 20 * SECOND,
}
"""How long a picture must be so before it is said."""

ACCEPTED_AFTER: Final[Duration] = 1 * HOUR
"""A view that moved and then stayed for so long is the camera's view from then on."""

_MEMORY: Final[Duration] = 2 * MINUTE
"""How fast the past follows the present: slower than hands, faster than dusk."""
_SETTLED: Final = 6
_SWITCHING: Final[Duration] = 30 * SECOND
"""A camera that switches between day and night changes its exposure and its lamp for so long."""

# Measured on two real clips (a road, a square) and drawn streets, in other light, in fog, blurred, shifted, covered:
# other light leaves 0.9 of the cells' edges and 0.75 of the sharpness, crowds and queues leave 0.69 of the edges; a
# shift by 5 % leaves less than 0.2 of the edges (0.44 where windows repeat), a blur of 1 pixel a fifth of sharpness.
_DARK: Final = (12.0, 30.0)
"""Brightness on the mean, and of the brightest twentieth."""
_FEW_EDGES: Final = 0.05
_COVERED: Final = 0.6
_SHADED_ALIKE: Final = 0.7
_MOVED: Final = 0.35
_STANDS_STILL: Final = 0.5
_BLURRED: Final = 0.4


class Tampering:
    """Says once when a camera's picture becomes bad, and once when it is good again."""

    def __init__(self) -> None:
        """Believe that the first pictures show what the camera is to show."""
        self.state = CameraState.LIVE
        self._verdict = CameraState.LIVE
        self._verdict_since: Instant | None = None
        self._same_since: Instant | None = None
        self._state_since: Instant | None = None
        self._before: Grey | None = None
        self._last: Structure | None = None
        self._judged_at: Instant | None = None
        self._forget()

    def _forget(self) -> None:
        self._past: dict[bool, Structure] = {}
        self._learned = 0
        self._night: bool | None = None
        self._switched_at: Instant | None = None

    def look(self, glance: Glance) -> list[Finding]:
        """Judge the picture, once a second."""
        if not glance.same:
            self._same_since = glance.at
        before, self._before = self._before, glance.grey
        if before is None or before.shape != glance.grey.shape:
            self._forget()
            self._last = None
            return []
        if self._judged_at is not None and glance.at - self._judged_at < EVERY:
            return []
        elapsed = 0 if self._judged_at is None else glance.at - self._judged_at
        self._judged_at = glance.at
        verdict = self._judge(glance, before, elapsed)
        return [] if verdict is None else self._told(glance.at, verdict)

    def redraw(self, geometry: Geometry) -> None:
        """Take the view as it is now for the right one, since somebody drew on it."""
        del geometry
        self._forget()

    def _told(self, at: Instant, verdict: CameraState) -> list[Finding]:
        # While one wrong state turns into another, the picture has been wrong all the time.
        turns = self.state == CameraState.LIVE and CameraState.LIVE not in {verdict, self._verdict}
        if self._verdict_since is None or (verdict != self._verdict and not turns):
            self._verdict_since = at
        self._verdict = verdict
        if verdict == self.state:
            if verdict == CameraState.MOVED and at - (self._state_since or at) >= ACCEPTED_AFTER:
                self._forget()
            return []
        if at - self._verdict_since < PATIENCE[verdict]:
            return []
        self.state, self._state_since = verdict, at
        wrong = verdict != CameraState.LIVE
        values: dict[str, Value] = {"event": "camera", "camera_state": str(verdict), "fault": wrong}
        return [Finding(at, values, picture=PictureClass.SCENE if wrong else None)]

    def _judge(self, glance: Glance, before: Grey, elapsed: Duration) -> CameraState | None:
        """Say how the picture is; None where that cannot be said now."""
        if self._same_since is not None and glance.at - self._same_since >= FROZEN_AFTER:
            return CameraState.FROZEN
        if _is_dark(glance.grey):
            return CameraState.DARK
        now = Structure.of(glance.grey, before)
        last, self._last = self._last, now
        past = self._past_of(glance.at, night=glance.night)
        if past is None or self._learned < _SETTLED:
            self._learn(now, 1 / (self._learned + 1), night=glance.night)
            return None
        verdict = self._compared(past, now, last)
        if self._switched_at is not None and verdict in {CameraState.MOVED, CameraState.BLURRED}:
            # Another light from another place: learn it quickly, and judge it when it has settled.
            self._learn(now, 0.3, night=glance.night)
            return None
        if verdict == CameraState.LIVE:
            self._learn(now, min(0.5, elapsed / _MEMORY), night=glance.night)
        return verdict

    def _past_of(self, at: Instant, *, night: bool) -> Structure | None:
        if self._night is not None and night != self._night:
            self._switched_at = at
            # A first night is compared with the day before it: a cloth that makes it dark is not to become its past.
            self._past.setdefault(night, self._past[self._night])
        if self._switched_at is not None and at - self._switched_at >= _SWITCHING:
            self._switched_at = None
        self._night = night
        return self._past.get(night)

    def _learn(self, now: Structure, share: float, *, night: bool) -> None:
        past = self._past.get(night)
        self._past[night] = now if past is None else past.mixed(now, share)
        self._learned += 1

    def _compared(self, past: Structure, now: Structure, last: Structure | None) -> CameraState | None:
        if past.textured < _FEW_EDGES:
            return CameraState.LIVE  # nothing is known of this view that could be missed
        kept, shaded_alike = past.kept(now), past.shaded_alike(now) >= _SHADED_ALIKE
        if past.lost(now) >= _COVERED:
            return CameraState.BLURRED if shaded_alike else CameraState.COVERED
        if shaded_alike and past.sharpness is not None:
            # Where no detail is left to measure, that the edges are gone says as much; dusk takes details only.
            sharpness = now.sharpness if now.sharpness is not None else 0.0 if kept < _MOVED else past.sharpness
            if sharpness < _BLURRED * past.sharpness:
                return CameraState.BLURRED
        if kept < _MOVED:
            still = last is not None and correlation(last.edges, now.edges) >= _STANDS_STILL
            return CameraState.MOVED if still else None
        return CameraState.LIVE


def _is_dark(grey: Grey) -> bool:
    mean, brightest = _DARK
    return cv2.mean(grey)[0] < mean and float(np.percentile(grey[::2, ::2], 95)) < brightest
