"""People who walk as a test says, watched by one camera."""

from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise

import pytest

from ingest.vision.camera import Camera
from ingest.vision.finding import Finding
from ingest.vision.frame import Box, Detection
from ingest.vision.watching.watch import Watch
from ioc.model.cameras import Geometry
from ioc.model.instant import SECOND, Instant

WIDTH, HEIGHT = 0.05, 0.15


def standing(x: float, y: float, label: str = "person", score: float = 0.8) -> Detection:
    """Something that stands at a point."""
    return Detection(label, score, Box(x - WIDTH / 2, y - HEIGHT, x + WIDTH / 2, y))


class Scene:
    """One camera's watch, looked through five times a second from the first second of 1970 on."""

    def __init__(self, geometry: Geometry | None = None) -> None:
        self.watch = Watch(Camera("gate", "file:/gate", geometry=geometry or Geometry()), "a")
        self.at: Instant = SECOND
        self.told: list[Finding] = []

    def look(self, frames: Iterable[Sequence[Detection]], rate: float = 5) -> list[Finding]:
        """Look at frames; returns what is told of them."""
        return self._tell(lambda frame: self.watch.look(self.at, frame), frames, rate)

    def quiet(self, seconds: int) -> list[Finding]:
        """Let seconds pass in which nothing moves."""
        return self._tell(lambda _: self.watch.quiet(self.at), [()] * seconds, 1)

    def walk(self, *points: tuple[float, float], seconds: float = 2.0, rate: float = 5) -> list[Finding]:
        """Let one person walk from point to point, each way in so many seconds."""
        steps = round(seconds * rate)
        frames = [
            [standing(x1 + (x2 - x1) * step / steps, y1 + (y2 - y1) * step / steps)]
            for (x1, y1), (x2, y2) in pairwise(points)
            for step in range(steps)
        ]
        return self.look(frames, rate)

    @staticmethod
    def standing(x: float, y: float, label: str = "person", score: float = 0.8) -> Detection:
        """Something that stands at a point."""
        return standing(x, y, label, score)

    @staticmethod
    def of(told: Iterable[Finding], event: str | None) -> list[Finding]:
        """Those of one sort: `crossing`, `count`, `dwell`, `density`; None for what is seen and gone."""
        return [finding for finding in told if finding.values.get("event") == event]

    def _tell(
        self, take: Callable[[Sequence[Detection]], list[Finding]], frames: Iterable[Sequence[Detection]], rate: float
    ) -> list[Finding]:
        told: list[Finding] = []
        for frame in frames:
            told += take(frame)
            self.at += round(SECOND / rate)
        self.told += told
        return told


@pytest.fixture(scope="session")
def scene() -> type[Scene]:
    """Sets up a scene with a geometry."""
    return Scene
