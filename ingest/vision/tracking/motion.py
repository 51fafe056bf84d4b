"""Where boxes are and where they will be: one small Kalman filter for each side of each box, all at once.

A box is followed by its centre and its size. The centre moves with nearly constant velocity, disturbed by a white
acceleration (Bar-Shalom, Li, Kirubarajan, "Estimation with Applications to Tracking and Navigation", 2001, section
6.2.2); the size wanders. Disturbances and errors of measurement are shares of the box's own width and height, so that
what is near and what is far behave alike, and the picture's shape need not be known.
"""

from typing import Final

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

MEASURED: Final = 0.1
"""How far a detector's box is off, standard deviation, in shares of the box's side."""

ACCELERATION: Final = 0.3
"""How a centre's velocity changes in a second, standard deviation, in sides of the box a second."""

GROWTH: Final = 0.05
"""How a size changes in a second, standard deviation, in shares of it."""

FIRST_SPEED: Final = 1.0
"""How fast something may be when it is first seen, standard deviation, in sides of the box a second."""


class Motion:
    """The motion of n boxes: row k of each array is that of the k-th.

    Attributes:
        place: n × 4: centre x, centre y, width, height, in shares of the picture.
        speed: n × 2: of the centre, shares a second.
    """

    def __init__(self) -> None:
        self.place: Floats = np.zeros((0, 4))
        self.speed: Floats = np.zeros((0, 2))
        # The variances of place and speed, and their covariance; the two axes and the two sizes never mix.
        self._place_var: Floats = np.zeros((0, 4))
        self._speed_var: Floats = np.zeros((0, 2))
        self._mixed_var: Floats = np.zeros((0, 2))

    def add(self, boxes: Floats) -> None:
        """Follow more: n × 4 as `place`."""
        sizes = boxes[:, 2:]
        noise = (MEASURED * np.concatenate([sizes, sizes], axis=1)) ** 2
        self.place = np.concatenate([self.place, boxes])
        self.speed = np.concatenate([self.speed, np.zeros_like(sizes)])
        self._place_var = np.concatenate([self._place_var, noise])
        self._speed_var = np.concatenate([self._speed_var, (FIRST_SPEED * sizes) ** 2])
        self._mixed_var = np.concatenate([self._mixed_var, np.zeros_like(sizes)])

    def keep(self, rows: npt.NDArray[np.intp]) -> None:
        """Follow these rows only, in this order."""
        self.place, self.speed = self.place[rows], self.speed[rows]
        self._place_var, self._speed_var = self._place_var[rows], self._speed_var[rows]
        self._mixed_var = self._mixed_var[rows]

    def predict(self, seconds: float) -> None:
        """Let time pass."""
        sizes = self.place[:, 2:]
        push = (ACCELERATION * sizes) ** 2
        self.place[:, :2] += self.speed * seconds
        centre_var = self._place_var[:, :2]
        centre_var += seconds * (2 * self._mixed_var + seconds * self._speed_var) + push * seconds**3 / 3
        self._mixed_var += seconds * self._speed_var + push * seconds**2 / 2
        self._speed_var += push * seconds
        self._place_var[:, 2:] += (GROWTH * sizes) ** 2 * seconds

    def correct(self, rows: npt.NDArray[np.intp], boxes: Floats) -> None:
        """Take in what was measured of some rows: as many × 4 as `place`."""
        sizes = self.place[rows, 2:]
        noise = (MEASURED * np.concatenate([sizes, sizes], axis=1)) ** 2
        variance = self._place_var[rows]
        gain = variance / (variance + noise)
        mixed = self._mixed_var[rows]
        speed_gain = mixed / (variance[:, :2] + noise[:, :2])
        error = boxes - self.place[rows]
        self.place[rows] += gain * error
        self.speed[rows] += speed_gain * error[:, :2]
        self._place_var[rows] = variance * (1 - gain)
        self._speed_var[rows] -= speed_gain * mixed
        self._mixed_var[rows] = mixed * (1 - gain[:, :2])

    def halt(self) -> None:
        """Take it that everything stands still."""
        self.speed[:] = 0.0

    def corners(self) -> Floats:
        """Say where the boxes are: n × 4: left, top, right, bottom."""
        return corners_of(self.place)


def corners_of(boxes: Floats) -> Floats:
    """Give the left, top, right and bottom of boxes that are given by centre x, centre y, width and height."""
    half = boxes[:, 2:] / 2
    return np.concatenate([boxes[:, :2] - half, boxes[:, :2] + half], axis=1)
