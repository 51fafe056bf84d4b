"""Makes pictures small enough for what is done with them."""

from typing import Final

import cv2
import numpy as np

from ingest.vision.frame import Pixels

_CHANNELS: Final = 3


def fitted(pixels: Pixels, width: int, most_bytes: int) -> Pixels:
    """Make a picture smaller where it is wider than wished for or larger than a slot; its proportions stay.

    Args:
        pixels: height × width × 3.
        width: pixels at most.
        most_bytes: of the result.
    """
    height_now, width_now = pixels.shape[:2]
    factor = min(1.0, width / width_now, (most_bytes / (_CHANNELS * width_now * height_now)) ** 0.5)
    if factor >= 1.0:
        return pixels
    size = (max(1, int(width_now * factor)), max(1, int(height_now * factor)))
    # Averages over areas: what is thrown away must not flicker, or every frame would look as if something moved.
    return np.ascontiguousarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)
