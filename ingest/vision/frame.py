"""One picture of one camera, and places in it."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ioc.model.instant import Instant

Pixels = npt.NDArray[np.uint8]
"""A picture: height × width × 3, blue, green, red, as OpenCV has it."""

Mask = npt.NDArray[np.uint8]
"""Height × width, 255 where something is, 0 elsewhere."""


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One picture of one camera.

    Attributes:
        camera: the camera's asset id.
        number: counts the frames that the stream brought since it was opened, skipped ones included.
        at: when it came out of the decoder, µs since 1970.
    """

    camera: str
    number: int
    at: Instant
    pixels: Pixels

    @property
    def width(self) -> int:
        """In pixels."""
        return int(self.pixels.shape[1])

    @property
    def height(self) -> int:
        """In pixels."""
        return int(self.pixels.shape[0])


class Box(NamedTuple):
    """A rectangle in a picture, in shares of its width and height, so that it holds at any size."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def foot(self) -> tuple[float, float]:
        """Where what is in it stands: the middle of its lower edge."""
        return (self.left + self.right) / 2, self.bottom

    @property
    def area(self) -> float:
        """As a share of the picture."""
        return max(0.0, self.right - self.left) * max(0.0, self.bottom - self.top)

    def overlap(self, other: "Box") -> float:
        """Intersection over union, 0 to 1."""
        width = min(self.right, other.right) - max(self.left, other.left)
        height = min(self.bottom, other.bottom) - max(self.top, other.top)
        if width <= 0 or height <= 0:
            return 0.0
        shared = width * height
        return shared / (self.area + other.area - shared)


class Detection(NamedTuple):
    """Something that a detector saw in one frame.

    Attributes:
        label: person | bicycle | car | motorcycle | bus | truck | … as COCO names things; `moving` where only
            movement was seen.
        score: 0 to 1, the detector's own.
    """

    label: str
    score: float
    box: Box
