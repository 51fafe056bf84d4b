"""SSD-MobileNetV2 over overlapping tiles of a picture and all of it: finds what is small, at five times the cost."""

from pathlib import Path
from typing import Final

import numpy as np

from ingest.vision.camera import DetectorName
from ingest.vision.detection.candidates import Candidates
from ingest.vision.detection.contract import LEAST_SCORE
from ingest.vision.detection.ssd import SsdNetwork, cleared
from ingest.vision.frame import Box, Detection, Pixels

SIDE: Final = 0.6
"""Side of a tile, as a share of the picture's; two beside one another share 0.2."""

TILES: Final = tuple(Box(left, top, left + SIDE, top + SIDE) for top in (0.0, 1.0 - SIDE) for left in (0.0, 1.0 - SIDE))

EDGE: Final = 0.01
"""Boxes that come closer to a tile's inner edge (share of the picture) are taken to be cut by it."""

FITS: Final = 2 * SIDE - 1 - 2 * EDGE
"""What is no larger than this, either way, is whole in one tile at least, wherever it is."""

SURE: Final = 0.43
"""As `ssd.SURE`: what is looked at from nearer gets higher scores."""


class SsdTilesDetector:
    """SSD-MobileNetV2 over two by two tiles and the whole picture."""

    name = DetectorName.SSD_TILES

    def __init__(self, model: Path, threads: int = 1, *, least_score: float = LEAST_SCORE) -> None:
        """Load the network.

        Raises:
            Fault: LiteRT cannot load it.
        """
        self._network = SsdNetwork(model, threads, least_score, SURE)

    def detect(self, pixels: Pixels) -> list[Detection]:
        """Find objects in a picture; see `Detector`."""
        parts = [whole_in(self._network.candidates(pixels, tile), tile) for tile in TILES]
        return cleared(Candidates.together([large(self._network.candidates(pixels)), *parts]))


def whole_in(candidates: Candidates, tile: Box) -> Candidates:
    """Leave out what a tile's inner edge cuts: the tile beside it, or the whole picture, shows it whole."""
    left, top, right, bottom = candidates.boxes.T
    cut = np.zeros(len(left), np.bool_)
    if tile.left > 0:
        cut |= left < tile.left + EDGE
    if tile.top > 0:
        cut |= top < tile.top + EDGE
    if tile.right < 1:
        cut |= right > tile.right - EDGE
    if tile.bottom < 1:
        cut |= bottom > tile.bottom - EDGE
    return candidates.chosen(~cut)


def large(candidates: Candidates) -> Candidates:
    """Keep of the whole picture's what may be whole in no tile; the rest is seen better there."""
    left, top, right, bottom = candidates.boxes.T
    return candidates.chosen((right - left > FITS) | (bottom - top > FITS))
