"""What the tests of looks share: a camera that is shown drawn pictures."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import drawn_scenes as draw
import pytest

from ingest.vision.camera import Analytic, Camera
from ingest.vision.finding import Finding, Report
from ingest.vision.frame import Frame
from ingest.vision.looks.pixels import PixelLooks
from ioc.model.cameras import Geometry

BEGINNING = 1_763_800_000_000_000


@dataclass(frozen=True, slots=True)
class Seen:
    """What was found, and when, in seconds from the beginning."""

    seconds: float
    report: Report


Show = Callable[..., list[Seen]]


@pytest.fixture
def show() -> Show:
    """A function that shows a view to a camera's looks and returns the report of every frame."""

    def shown(
        view: draw.View,
        seconds: float,
        *analytics: Analytic,
        rate: float = 2.0,
        geometry: Geometry | None = None,
    ) -> list[Seen]:
        camera = Camera("cam-1", "file:", analytics=frozenset(analytics), geometry=geometry or Geometry())
        looks = PixelLooks(camera)
        seen = []
        for number in range(round(seconds * rate)):
            at = number / rate
            frame = Frame("cam-1", number, BEGINNING + round(at * 1e6), view.at(at))
            seen.append(Seen(at, looks.look(frame)))
        return seen

    return shown


@pytest.fixture
def told() -> Callable[[list[Seen]], Iterator[tuple[float, Finding]]]:
    """A function that walks through the findings of what was seen, each with its second."""

    def walk(seen: list[Seen]) -> Iterator[tuple[float, Finding]]:
        return ((one.seconds, finding) for one in seen for finding in one.report.findings)

    return walk
