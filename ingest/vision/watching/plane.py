"""Points, polygons and lines in a picture, for many points at once.

How far a point is from an edge is measured in sides of the box whose foot it is: widths across, heights down. A box
trembles by a share of its sides, wherever it is and whatever shape the picture has.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from ioc.model.cameras import Line, Point

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


class Polygon:
    """A closed polygon.

    Attributes:
        corners: k × 2.
    """

    def __init__(self, corners: Sequence[Point]) -> None:
        self.corners: Floats = np.array(corners, dtype=np.float64)
        self._following: Floats = np.roll(self.corners, -1, axis=0)

    def holds(self, points: Floats) -> Flags:
        """Say which of n × 2 points are inside: those from which a ray crosses the edge an odd number of times."""
        x, y = points[:, :1], points[:, 1:]
        x1, y1 = self.corners.T
        x2, y2 = self._following.T
        straddles = (y1 > y) != (y2 > y)
        rise = np.where(y2 == y1, 1.0, y2 - y1)
        crossed = straddles & (x < x1 + (y - y1) * (x2 - x1) / rise)
        inside: Flags = crossed.sum(axis=1) % 2 == 1
        return inside

    def distances(self, points: Floats, sides: Floats) -> Floats:
        """Measure how far points are from the nearest edge.

        Args:
            points: n × 2.
            sides: n × 2: width and height of each point's box, which are the units of the result.
        """
        start = (self.corners[None] - points[:, None]) / sides[:, None]
        along = (self._following - self.corners)[None] / sides[:, None]
        share = -(start * along).sum(axis=2) / np.maximum((along**2).sum(axis=2), 1e-18)
        nearest = start + np.clip(share, 0.0, 1.0)[..., None] * along
        least: Floats = np.sqrt((nearest**2).sum(axis=2)).min(axis=1)
        return least


def sides_of(line: Line, points: Floats, sides: Floats) -> Floats:
    """Measure how far points are to the right hand of a line, in sides of their boxes; negative to the left hand.

    Right is meant for somebody who looks along the line from its start to its end, in the picture.

    Args:
        line: taken as going on beyond its ends.
        points: n × 2.
        sides: n × 2: width and height of each point's box.
    """
    along = (np.array(line.end) - np.array(line.start)) / sides
    to_point = (points - np.array(line.start)) / sides
    across = along[:, 0] * to_point[:, 1] - along[:, 1] * to_point[:, 0]
    signed: Floats = across / np.hypot(along[:, 0], along[:, 1])
    return signed


def meets(line: Line, before: Point, after: Point) -> bool:
    """Say whether the straight way between two points, one on each side of the line, leads over it between its ends."""
    dx, dy = line.end[0] - line.start[0], line.end[1] - line.start[1]
    first = dx * (before[1] - line.start[1]) - dy * (before[0] - line.start[0])
    second = dx * (after[1] - line.start[1]) - dy * (after[0] - line.start[0])
    share = 0.5 if first == second else first / (first - second)
    x = before[0] + share * (after[0] - before[0]) - line.start[0]
    y = before[1] + share * (after[1] - before[1]) - line.start[1]
    return 0.0 <= (x * dx + y * dy) / (dx * dx + dy * dy) <= 1.0
