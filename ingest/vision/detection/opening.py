"""Opens detectors by the names that cameras are configured with."""

from pathlib import Path

from ingest.vision.camera import DetectorName
from ingest.vision.detection.contract import LEAST_SCORE, Detector
from ingest.vision.detection.models import ModelName, model_file


def open_detector(
    name: DetectorName, models: Path | None = None, threads: int = 1, *, least_score: float = LEAST_SCORE
) -> Detector:
    """Load a detector's model.

    Args:
        name: any but `moving`, which needs no model: see `ingest.vision.detection.moving`.
        models: the folder of models; None for the usual one.
        threads: how many threads SSD works on one picture with; NanoDet has as many as `cv2.setNumThreads` says.
        least_score: detections below it are left out.

    Raises:
        Fault: its model is not installed, or is not the one that was meant; the sentence says how to install it.
        ValueError: `moving`.
    """
    # Each brings a library of its own into the process: only the one that is used.
    if name is DetectorName.SSD:
        from ingest.vision.detection.ssd import SsdDetector  # noqa: PLC0415

        return SsdDetector(model_file(ModelName.SSD, models), threads, least_score=least_score)
    if name is DetectorName.SSD_TILES:
        from ingest.vision.detection.tiles import SsdTilesDetector  # noqa: PLC0415

        return SsdTilesDetector(model_file(ModelName.SSD, models), threads, least_score=least_score)
    if name is DetectorName.NANODET:
        from ingest.vision.detection.nanodet import NanoDetDetector  # noqa: PLC0415

        return NanoDetDetector(model_file(ModelName.NANODET, models), least_score=least_score)
    raise ValueError(f"{name!r} looks at what moves and has no model")
