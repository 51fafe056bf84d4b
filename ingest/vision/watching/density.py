"""How much of a zone people cover."""

from typing import Final

import numpy as np

from ingest.vision.watching.plane import Floats, Polygon

GRID: Final = 32
"""Points across and down a zone at which it is asked whether somebody covers them: exact to about 1 %."""


class Cover:
    """The share of one zone that boxes cover, as a camera sees it: in the picture, not on the ground."""

    def __init__(self, polygon: Polygon) -> None:
        """Spread the points over the polygon."""
        low, high = polygon.corners.min(axis=0), polygon.corners.max(axis=0)
        steps = (np.arange(GRID) + 0.5) / GRID
        x, y = np.meshgrid(*(low + (high - low) * steps[:, None]).T)
        points = np.stack([x.ravel(), y.ravel()], axis=1)
        inside = points[polygon.holds(points)]
        # A polygon thinner than the grid holds none of its points.
        self._points: Floats = inside if len(inside) else polygon.corners

    def share(self, boxes: Floats) -> float:
        """Compute it, 0 to 1.

        Args:
            boxes: n × 4: left, top, right, bottom; what several of them cover counts once.
        """
        if not len(boxes):
            return 0.0
        x, y = self._points[:, :1], self._points[:, 1:]
        left, top, right, bottom = boxes.T
        covered = (x >= left) & (x <= right) & (y >= top) & (y <= bottom)
        return float(covered.any(axis=1).mean())
