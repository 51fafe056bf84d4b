"""Makes faces unrecognizable, such that nothing brings them back."""

from collections.abc import Sequence
from typing import Final

import cv2

from ingest.vision.frame import Box, Pixels

GROWN: Final = 1.4
"""How much larger than the found face the blurred part is, in both directions: hair, ears and chin tell people too."""

CELLS: Final = 6
"""Colours that are left of a blurred part's longer side, about four for the face in it. Block portraits that people
still recognize have some 16 (Harmon and Julesz, 1973, doi:10.1126/science.180.4091.1194)."""

LEAST_GROWN: Final = 8
"""Pixels that are added around a face at least."""


def blurred(pixels: Pixels, boxes: Sequence[Box]) -> Pixels:
    """Blur parts of a picture.

    A part is made as small as `CELLS` pixels, and large again from nothing but these: what lay between them is gone,
    not merely mixed, so that no deconvolution finds it.

    Args:
        pixels: the picture; it stays as it is.
        boxes: faces, in shares of the picture; more around each is blurred too.

    Returns:
        A picture of the same size.
    """
    answer = pixels.copy()
    for box in boxes:
        left, top, right, bottom = covered(box, pixels.shape[1], pixels.shape[0])
        if right <= left or bottom <= top:
            continue
        # Taken from what is blurred already: a small part within a large one must not bring its pixels back.
        part = answer[top:bottom, left:right]
        width, height = right - left, bottom - top
        cell = max(width, height) / CELLS
        few = (max(1, round(width / cell)), max(1, round(height / cell)))
        cells = cv2.resize(part, few, interpolation=cv2.INTER_AREA)
        answer[top:bottom, left:right] = cv2.resize(cells, (width, height), interpolation=cv2.INTER_LINEAR)
    return answer


def covered(box: Box, width: int, height: int) -> tuple[int, int, int, int]:
    """Say which pixels are blurred for a face: left, top, right, bottom, the latter two excluded.

    Args:
        box: the face, in shares of the picture.
        width: of the picture, pixels.
        height: of the picture, pixels.
    """
    more_x = max((box.right - box.left) * width * (GROWN - 1) / 2, LEAST_GROWN)
    more_y = max((box.bottom - box.top) * height * (GROWN - 1) / 2, LEAST_GROWN)
    return (
        max(0, int(box.left * width - more_x)),
        max(0, int(box.top * height - more_y)),
        min(width, int(box.right * width + more_x) + 1),
        min(height, int(box.bottom * height + more_y) + 1),
    )
