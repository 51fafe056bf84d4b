"""What a look at frames is: it is shown every frame of one camera in order, once, and says what is to be told."""

from dataclasses import dataclass
from typing import Final, Protocol

import cv2
import numpy as np
import numpy.typing as npt

from ingest.vision.finding import Finding
from ingest.vision.frame import Box, Mask, Pixels
from ioc.model.cameras import Geometry, Point
from ioc.model.instant import Instant

Grey = npt.NDArray[np.uint8]
"""Height × width, brightness 0 to 255."""

MOST_WIDTH: Final = 400
"""Looks see a frame halved until it is no wider than this: 640 becomes 320, 1280 too, 768 becomes 384."""


@dataclass(frozen=True, slots=True, eq=False)
class Glance:
    """One frame made small, with what was already found out about it; nobody changes its arrays.

    Attributes:
        at: when the frame came out of the decoder, µs since 1970; it never runs backwards.
        small: the frame, at most `MOST_WIDTH` wide.
        grey: the brightness of `small`.
        same: whether `small` equals the one before it in every pixel.
        night: whether the picture is one of the night.
        region: 255 where the camera is to look, as large as `grey`.
    """

    at: Instant
    small: Pixels
    grey: Grey
    same: bool
    night: bool
    region: Mask


class Look(Protocol):
    """One thing that is looked for in a camera's frames.

    It holds its state in plain attributes and knows the time from its glances only, so that the same frames give the
    same findings whenever they are shown.
    """

    def look(self, glance: Glance) -> list[Finding]:
        """Look at the next frame; times never run backwards."""
        ...

    def redraw(self, geometry: Geometry) -> None:
        """Take note that another drawing is in force: somebody has looked at the picture and found it right."""
        ...


def made_small(pixels: Pixels) -> Pixels:
    """Halve a picture until it is no wider than `MOST_WIDTH`; the same array where it is not wider.

    Halving is several times faster than any other reduction, and averages noise away.
    """
    while pixels.shape[1] > MOST_WIDTH and pixels.shape[0] > 1:
        height, width = pixels.shape[0] // 2, pixels.shape[1] // 2
        # An odd row or column is left out: with it, the factor would not be two, and the slow way be taken.
        pixels = cv2.resize(  # type: ignore[assignment]
            pixels[: 2 * height, : 2 * width], (width, height), interpolation=cv2.INTER_AREA
        )
    return pixels


def region_mask(region: tuple[Point, ...], height: int, width: int) -> Mask:
    """Draw a region as a mask of a picture's size; all of it where the region is empty."""
    if not region:
        return np.full((height, width), 255, np.uint8)
    mask = np.zeros((height, width), np.uint8)
    corners = np.array([(round(x * width), round(y * height)) for x, y in region], np.int32)
    cv2.fillPoly(mask, [corners], 255)
    return mask


def box_of(left: int, top: int, wide: int, high: int, height: int, width: int) -> Box:
    """Write a rectangle of pixels in shares of the picture."""
    return Box(left / width, top / height, (left + wide) / width, (top + high) / height)
