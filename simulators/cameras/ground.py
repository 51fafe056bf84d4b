"""The ground of a scene, seen from a mast: where metres on it lie in the picture."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Ground:
    """A level ground before a camera that looks straight ahead.

    Attributes:
        horizon: the row in which it ends.
        focal: pixels; a metre that is so many metres away is one pixel long.
        camera_m: how high the camera hangs.
        middle: the column straight ahead.
    """

    horizon: float
    focal: float
    camera_m: float
    middle: float

    def pixels_per_metre(self, away: float) -> float:
        """Say how long a metre is, so many metres away."""
        return self.focal / away

    def place(self, aside: float, away: float) -> tuple[float, float]:
        """Say where a point lies in the picture: metres to the right of straight ahead, metres away."""
        scale = self.focal / away
        return self.middle + aside * scale, self.horizon + self.camera_m * scale
