"""Detections for cameras without a detector: whatever moves, without knowing what it is."""

from typing import Final

from ingest.vision.detection.contract import MOVING
from ingest.vision.finding import Report
from ingest.vision.frame import Detection

SCORE: Final = 1.0
"""Movement is there or not."""


def moving_detections(report: Report) -> list[Detection]:
    """Take what moved as what was seen."""
    return [Detection(MOVING, SCORE, box) for box in report.moving]
