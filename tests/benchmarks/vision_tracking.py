"""How well people are followed and counted on the PETS 2009 clip (795 frames, 7 a second), and what that costs, as NDJSON.

For each detector that is installed, and for each rate at which a camera may be looked at: MOTA and IDF1 by py-motmetrics,
the mean error of the count in the picture and in zones, precision and recall of line crossings. The clip is looked at
once by each detector. What tracking and counting costs is measured on people who are drawn at random, with the
geometry below; detectors and pictures are no part of it.
"""

import json
import os
import random
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
import pets09
import pets09_tracks
from pets09_tracks import Crossing

from ingest.vision.camera import Camera, DetectorName
from ingest.vision.detection.contract import PERSON
from ingest.vision.detection.opening import open_detector
from ingest.vision.frame import Box, Detection
from ingest.vision.watching.watch import Watch
from ioc.model.cameras import Geometry, Line, Zone
from ioc.model.faults import Fault
from ioc.model.instant import SECOND

ROOT: Final = Path(__file__).resolve().parents[2]
FOLDER: Final = Path(os.environ.get("IOC_SHARED", ROOT.parent / "shared")) / "video" / "pets09"

STEPS: Final = (1, 2, 3)
"""Every frame, every second, every third: 7, 3.5 and 2.3 looks a second."""

LEAST_MOTA: Final = 0.6

GEOMETRY: Final = Geometry(
    zones=(
        Zone("left", ((0.0, 0.2), (0.35, 0.2), (0.35, 1.0), (0.0, 1.0)), 10.0, density=True),
        Zone("middle", ((0.35, 0.2), (0.7, 0.2), (0.7, 1.0), (0.35, 1.0)), 10.0, density=True),
        Zone("right", ((0.7, 0.2), (1.0, 0.2), (1.0, 1.0), (0.7, 1.0)), 10.0, density=True),
    ),
    lines=(
        Line("middle", (0.5, 0.0), (0.5, 1.0)),
        Line("left", (0.3, 1.0), (0.3, 0.0)),
        Line("slanting", (0.4, 0.0), (0.8, 1.0)),
        Line("level", (0.0, 0.55), (1.0, 0.55)),
    ),
)


def quality(name: DetectorName, seen: Sequence[Sequence[Detection]], step: int) -> dict[str, Any]:
    """Follow what a detector saw in every `step`-th frame."""
    watch = Watch(Camera("pets", "file:/pets", geometry=GEOMETRY), "b")
    truth = pets09_tracks.people(FOLDER)[::step]
    followed: list[dict[str, Box]] = []
    errors: list[float] = []
    zone_errors: list[float] = []
    told: dict[str, list[Crossing]] = {line.name: [] for line in GEOMETRY.lines}
    for number, (boxes, detections) in enumerate(zip(truth, seen[::step], strict=True)):
        at = SECOND + number * step * SECOND // pets09_tracks.RATE
        for finding in watch.look(at, detections):
            values = finding.values
            if values.get("event") == "crossing" and values["label"] == PERSON:
                foot = _box(str(values["box"])).foot
                told[str(values["line"])].append(Crossing(number, values["direction"] == "in", foot))
        followed.append({track.id: track.box for track in watch.tracks if track.seen == at and track.label == PERSON})
        counts = watch.counts
        errors.append(abs(counts.picture.people - len(boxes)))
        for zone in GEOMETRY.zones:
            there = sum(pets09_tracks.inside(zone.polygon, box.foot) for box in boxes.values())
            zone_errors.append(abs(counts.zones[zone.name].people - there))
    rate = pets09_tracks.RATE / step
    true = {line.name: pets09_tracks.true_crossings(truth, line, rate) for line in GEOMETRY.lines}
    right = sum(pets09_tracks.agreeing(told[line], true[line], rate) for line in true)
    return {
        "benchmark": "tracking",
        "detector": str(name),
        "looks_a_second": round(rate, 1),
        **pets09_tracks.scored(truth, followed),
        "mota_target": LEAST_MOTA,
        "count_error": round(float(np.mean(errors)), 3),
        "zone_count_error": round(float(np.mean(zone_errors)), 3),
        "crossings": sum(map(len, true.values())),
        "crossings_told": sum(map(len, told.values())),
        "crossing_precision": round(right / max(1, sum(map(len, told.values()))), 3),
        "crossing_recall": round(right / max(1, sum(map(len, true.values()))), 3),
    }


def cost(people: int, looks: int = 300) -> dict[str, Any]:
    """Measure one look at so many people who walk, three zones and four lines watched."""
    chance = random.Random(1)
    watch = Watch(Camera("pets", "file:/pets", geometry=GEOMETRY), "b")
    walkers = [[chance.random(), 0.2 + 0.6 * chance.random(), chance.uniform(-0.02, 0.02)] for _ in range(people)]
    took = []
    for number in range(looks):
        for walker in walkers:
            walker[0] = (walker[0] + walker[2]) % 1.0
        detections = [Detection(PERSON, 0.8, Box(x, y, x + 0.04, y + 0.13)) for x, y, _ in walkers]
        start = time.thread_time()
        watch.look(SECOND + number * SECOND // 5, detections)
        took.append(1e3 * (time.thread_time() - start))
    took.sort()
    return {
        "benchmark": "tracking cost",
        "people": people,
        "cpu_ms_p50": round(took[looks // 2], 2),
        "cpu_ms_p95": round(took[looks * 95 // 100], 2),
        "target_ms": 1.0 if people <= 20 else None,
    }


def _box(text: str) -> Box:
    return Box(*(float(side) for side in text.split(",")))


def _say(line: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


def main() -> None:
    """Print all lines."""
    for people in (5, 20, 50):
        _say(cost(people))
    if not FOLDER.is_dir():
        _say({"benchmark": "tracking", "skipped": f"no clip at {FOLDER}"})
        return
    cv2.setNumThreads(1)
    for name in (DetectorName.SSD, DetectorName.SSD_TILES, DetectorName.NANODET):
        try:
            detector = open_detector(name)
        except Fault as fault:
            _say({"benchmark": "tracking", "detector": str(name), "skipped": str(fault)})
            continue
        seen = [detector.detect(pixels) for _, pixels in pets09.frames(FOLDER)]
        for step in STEPS:
            _say(quality(name, seen, step))


if __name__ == "__main__":
    main()
