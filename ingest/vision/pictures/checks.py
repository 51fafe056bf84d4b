"""Decodes pictures that strangers send: only after their heads were checked, and never with an exception of OpenCV."""

import cv2
import numpy as np

from ingest.vision.frame import Pixels
from ingest.vision.pictures.headers import PictureRefused, checked_head

__all__ = ["PictureRefused", "checked_picture"]


def checked_picture(data: bytes) -> Pixels:
    """Check a JPEG, PNG or WebP picture, then decode it; for child processes, which may die of it.

    Args:
        data: the encoded picture.

    Returns:
        Height × width × 3, blue, green, red; turned upright where the picture says how it lies.

    Raises:
        PictureRefused: more than 2 MB, more than 25 megapixels, of another form, moving, cut off, or not decodable.
    """
    head = checked_head(data)
    try:
        pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    except (cv2.error, MemoryError) as error:
        raise PictureRefused(f"the {head.form} of {len(data):,} bytes cannot be decoded") from error
    if pixels is None:
        raise PictureRefused(f"the {head.form} of {len(data):,} bytes cannot be decoded")
    if sorted(pixels.shape[:2]) != sorted((head.height, head.width)):
        height, width = pixels.shape[:2]
        raise PictureRefused(
            f"the {head.form} says that it is {head.width} × {head.height} pixels large, and is {width} × {height}"
        )
    return np.ascontiguousarray(pixels, np.uint8)
