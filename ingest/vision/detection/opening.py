"""Opens detectors by the names that cameras are configured with."""

from pathlib import Path

from ingest.vision.camera import DetectorName
from ingest.vision.detection.contract import Detector


def open_detector(
    name: DetectorName, models: Path | None = None, threads: int = 1, *, least_score: float | None = None
) -> Detector:
    """Load a detector's model.

    Args:
        name: any but `moving`, which needs no model: see `ingest.vision.detection.moving`.
        models: the folder of models; None for the usual one.
        threads: how many threads one picture is worked on with.
        least_score: detections below it are left out; None for the detector's own.

    Raises:
        Fault: its model is not installed, or is not the one that was meant; the sentence says how to install it.
        ValueError: `moving`.
    """
    raise NotImplementedError
