"""How well and how fast objects are found, on the people of the PETS 2009 clip (795 frames of 768×576), as NDJSON.

A line for each detector: average precision at an overlap of 0.5; the best F1; the mean error of the count of people at
the score where it is least and at the score from which detections count (0.5); milliseconds of processor time a frame; the
memory of a process that has nothing else loaded. Then frames a second on all cores: a process a core, one thread each,
and one process with a thread a core. What is not installed is said and left out.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
import pets09

from ingest.vision.camera import DetectorName
from ingest.vision.detection.contract import PERSON, SURE_SCORE
from ingest.vision.detection.opening import open_detector
from ioc.model.faults import Fault

ROOT: Final = Path(__file__).resolve().parents[2]
FOLDER: Final = Path(os.environ.get("IOC_SHARED", ROOT.parent / "shared")) / "video" / "pets09"

DETECTORS: Final = (DetectorName.SSD, DetectorName.SSD_TILES, DetectorName.NANODET)

TARGETS: Final = {
    DetectorName.SSD: (0.76, 0.8),
    DetectorName.SSD_TILES: (0.88, 0.7),
    DetectorName.NANODET: (0.90, 0.5),
}
"""Least average precision and largest error of the count."""

LEAST: Final = 0.03
"""Detections down to this score are compared: the curve of precision over recall ends there."""

TIMED: Final = 100
"""Frames that throughput is measured on, in each process."""

_MEMORY: Final = """
import sys, cv2, numpy, psutil
from ingest.vision.camera import DetectorName
from ingest.vision.detection.opening import open_detector
cv2.setNumThreads(1)
before = psutil.Process().memory_info().rss
detector = open_detector(DetectorName(sys.argv[1]))
for _ in range(3):
    detector.detect(numpy.zeros((576, 768, 3), numpy.uint8))
print(before, psutil.Process().memory_info().rss)
"""


def quality(name: DetectorName) -> dict[str, Any]:
    """Look at every frame with one thread."""
    cv2.setNumThreads(1)
    detector = open_detector(name, least_score=LEAST)
    there = pets09.people(FOLDER)
    found, took = [], []
    for _, pixels in pets09.frames(FOLDER):
        start = time.process_time()
        detections = detector.detect(pixels)
        took.append(time.process_time() - start)
        found.append([each for each in detections if each.label == PERSON])
    least, most = TARGETS[name]
    score = pets09.score(found, there)
    return {
        "benchmark": "detection",
        "detector": str(name),
        "frames": len(found),
        "ap50": round(score.precision, 3),
        "ap50_target": least,
        "f1": round(score.f1, 3),
        "count_error": round(score.count_error, 3),
        "count_error_target": most,
        "count_error_at_0.5": round(pets09.count_error(found, there, SURE_SCORE), 3),
        "scores": {key: round(value, 2) for key, value in asdict(score).items() if key.endswith("_at")},
        "cpu_ms": round(float(np.median(took)) * 1e3, 1),
        **memory(name),
    }


def memory(name: DetectorName) -> dict[str, Any]:
    """Measure a process that has only the detector."""
    said = subprocess.run([sys.executable, "-c", _MEMORY, name], capture_output=True, text=True, check=True).stdout
    before, after = (int(each) for each in said.split())
    return {"rss_mb": round(after / 1e6), "of_which_libraries_mb": round(before / 1e6)}


def look(name: DetectorName, threads: int) -> tuple[float, float]:
    """Detect objects in many frames; return when that began and ended. Decoding is not part of it."""
    cv2.setNumThreads(threads)
    detector = open_detector(name, threads=threads)
    pictures = [pixels for _, pixels in pets09.frames(FOLDER, every=40)]
    detector.detect(pictures[0])
    begin = time.monotonic()
    for number in range(TIMED):
        detector.detect(pictures[number % len(pictures)])
    return begin, time.monotonic()


def throughput(name: DetectorName) -> dict[str, Any]:
    """Measure frames a second on all cores, both ways."""
    cores = os.cpu_count() or 1
    with ProcessPoolExecutor(cores, mp_context=get_context("spawn")) as pool:
        times = list(pool.map(look, [name] * cores, [1] * cores))
        apart = max(end for _, end in times) - min(begin for begin, _ in times)
        begin, end = pool.submit(look, name, cores).result()
    return {
        "benchmark": "detection, frames a second",
        "detector": str(name),
        "cores": cores,
        "a process a core": round(cores * TIMED / apart, 1),
        "a thread a core": round(TIMED / (end - begin), 1),
    }


def measured() -> Iterator[dict[str, Any]]:
    """Measure each detector that is installed."""
    for measure in (quality, throughput):
        for name in DETECTORS:
            try:
                yield measure(name)
            except Fault as fault:
                yield {"benchmark": "detection", "detector": str(name), "left out": str(fault)}


def main() -> None:
    """Print one line a measurement."""
    if not FOLDER.is_dir():
        sys.stdout.write(json.dumps({"benchmark": "detection", "left out": f"there is no {FOLDER}"}) + "\n")
        return
    for line in measured():
        sys.stdout.write(json.dumps(line) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
