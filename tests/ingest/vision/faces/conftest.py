"""A face finder where its model is installed, and drawn faces that it takes for real ones."""

import os
from collections.abc import Callable

import cv2
import numpy as np
import pytest

from ingest.vision.faces.finder import FaceFinder
from ingest.vision.frame import Pixels
from ioc.model.faults import Fault


@pytest.fixture(scope="session")
def finder() -> FaceFinder:
    """The installed face finder."""
    try:
        return FaceFinder.open()
    except Fault as fault:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip(str(fault))


@pytest.fixture(scope="session")
def draw_face() -> Callable[[Pixels, int, int, int], None]:
    """A function that draws a face into a picture: its middle, pixels, and how tall it is."""

    def draw(pixels: Pixels, x: int, y: int, height: int) -> None:
        def oval(left: float, down: float, wide: float, high: float, colour: tuple[int, int, int]) -> None:
            unit = height / 200
            middle = (round((x + left * unit) * 16), round((y + down * unit) * 16))
            cv2.ellipse(
                pixels,
                middle,
                (round(wide * unit * 16), round(high * unit * 16)),
                0,
                0,
                360,
                colour,
                -1,
                cv2.LINE_AA,
                4,
            )

        oval(0, -25, 88, 105, (30, 40, 60))
        oval(0, 130, 120, 60, (90, 60, 40))
        oval(0, 0, 72, 98, (150, 180, 225))
        for side in (-30, 30):
            oval(side, -15, 16, 8, (245, 245, 245))
            oval(side, -15, 7, 7, (60, 50, 40))
            oval(side, -34, 20, 4, (40, 50, 70))
        oval(0, 20, 9, 22, (130, 160, 210))
        oval(0, 28, 12, 6, (110, 140, 190))
        oval(0, 55, 26, 9, (90, 90, 190))

    return draw


@pytest.fixture
def street() -> Pixels:
    """A picture as large as pictures are kept, with nobody in it."""
    return np.full((540, 960, 3), (120, 130, 120), np.uint8)
