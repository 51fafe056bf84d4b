"""Day or night: whether a camera's picture has colour and light, told apart slowly enough not to waver."""

from typing import Final

import cv2

from ingest.vision.frame import Pixels
from ingest.vision.looks.contract import Grey
from ioc.model.instant import SECOND, Duration, Instant

_COLOUR: Final = (3.0, 6.0)
"""Levels between a pixel's strongest and weakest channel, on the mean: below the first it is night, above the second
day. A camera that switches to infrared has less than one, whatever its noise, since its three channels are copies."""

_LIGHT: Final = (40.0, 55.0)
"""Levels of brightness on the mean: the same."""

_EVERY: Final[Duration] = 1 * SECOND
_PATIENCE: Final[Duration] = 5 * SECOND


class DayNight:
    """Tells day from night; changes its mind when the picture has said otherwise for five seconds."""

    def __init__(self) -> None:
        """Know nothing yet; the first picture is believed."""
        self.night: bool | None = None
        self._looked_at: Instant | None = None
        self._otherwise_since: Instant | None = None

    def look(self, at: Instant, small: Pixels, grey: Grey) -> bool:
        """Say whether it is night.

        Args:
            at: when the frame was taken, µs since 1970.
            small: the frame.
            grey: its brightness.
        """
        if self.night is not None and self._looked_at is not None and at - self._looked_at < _EVERY:
            return self.night
        self._looked_at = at
        night = self._is_night(small, grey)
        if self.night is None:
            self.night = night
        elif night == self.night:
            self._otherwise_since = None
        elif self._otherwise_since is None:
            self._otherwise_since = at
        elif at - self._otherwise_since >= _PATIENCE:
            self.night, self._otherwise_since = night, None
        return self.night

    def _is_night(self, small: Pixels, grey: Grey) -> bool:
        colours = cv2.split(small)
        strongest = cv2.max(cv2.max(colours[0], colours[1]), colours[2])
        weakest = cv2.min(cv2.min(colours[0], colours[1]), colours[2])
        colour = float(cv2.mean(strongest)[0] - cv2.mean(weakest)[0])
        light = float(cv2.mean(grey)[0])
        edge = 1 if self.night else 0
        return colour < _COLOUR[edge] or light < _LIGHT[edge]
