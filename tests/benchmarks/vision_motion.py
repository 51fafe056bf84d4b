"""Looks at frames without a model: how good motion is, what a frame costs, how often smoke and flames are told wrongly.

Times are processor milliseconds of one thread for a frame of 640 × 360, best of several rounds.
"""

import json
import os
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final

import cv2
import drawn_scenes as draw
import fire_trials
import numpy as np
from motion_score import score_highway

from ingest.vision.camera import Analytic, Camera
from ingest.vision.frame import Frame, Pixels
from ingest.vision.looks.contract import made_small
from ingest.vision.looks.motion import Motion
from ingest.vision.looks.pixels import PixelLooks
from ioc.model.instant import SECOND, Instant

ROOT: Final = Path(__file__).resolve().parents[2]
SHARED: Final = Path(os.environ.get("IOC_SHARED", ROOT.parent / "shared"))
ROUNDS: Final = 3
FRAMES: Final = 100
RATE: Final = 5
SEEDS: Final = range(11, 15)
"""Scenes by which no threshold was chosen; the two real clips were looked at for that."""


def main() -> None:
    """Print a line of figures for each."""
    cv2.setNumThreads(1)
    if SHARED.is_dir():
        for rate in (5.0, 30.0):
            score = score_highway(SHARED / "video" / "highway", rate=rate)
            _print(
                "motion on CDnet highway, frames 470 to 1700",
                taken_for_frames_a_second=rate,
                f1=round(score.f1, 4),
                precision=round(score.precision, 4),
                recall=round(score.recall, 4),
                ms_a_frame=round(1000 * score.seconds / score.frames, 2),
                target_f1=0.90,
            )
    else:
        sys.stderr.write(f"no clips at {SHARED}: their figures are left out\n")
    street = draw.street()
    traffic = (draw.vehicle(140, 45, (40, 30, 200)), draw.person(20, 170, 12))
    default = frozenset({Analytic.OBJECTS, Analytic.TAMPERING})
    for name, paints, analytics in (
        ("quiet", (), default),
        ("busy", traffic, default),
        ("quiet, all looks", (), frozenset(Analytic)),
        ("busy, all looks", traffic, frozenset(Analytic)),
    ):
        pictures = _pictures(draw.View(street, paints, noise=0))
        _print("looks at a frame", scene=name, ms=_best(pictures, partial(_look, PixelLooks(_camera(analytics)))))
    motion, everywhere = Motion(), np.full((draw.HEIGHT, draw.WIDTH), 255, np.uint8)
    small = [made_small(each) for each in _pictures(draw.View(street, traffic, noise=0))]
    _print(
        "motion alone, a busy frame",
        ms=_best(small, lambda at, each: motion.look(at, each, cv2.cvtColor(each, cv2.COLOR_BGR2GRAY), everywhere)),
        target_ms=2.0,
    )
    trials = [*fire_trials.trials(SEEDS)]
    if SHARED.is_dir():
        trials += [*fire_trials.clips(SHARED), *fire_trials.clips_with_drawn_fires(SHARED, SEEDS)]
    outcomes = [fire_trials.run(trial) for trial in trials]
    shown = [one for one in outcomes if one.trial.expected]
    _print(
        "smoke-like and flame-like",
        shown=len(shown),
        told=sum(one.after is not None for one in shown),
        told_wrongly=sum(len(one.wrong) for one in outcomes),
        hours=round(sum(one.seconds for one in outcomes) / 3600, 2),
        table=fire_trials.table(outcomes),
        note="smoke and flames are drawn, no real fire is among them",
    )


def _camera(analytics: frozenset[Analytic]) -> Camera:
    return Camera("bench", "file:", analytics=analytics)


def _look(looks: PixelLooks, at: Instant, pixels: Pixels) -> None:
    looks.look(Frame("bench", 0, at, pixels))


def _pictures(view: draw.View) -> list[Pixels]:
    source = np.random.default_rng(1)
    pictures = []
    for number in range(FRAMES):
        large = cv2.resize(view.at(number / RATE), (640, 360), interpolation=cv2.INTER_LINEAR).astype(np.float32)
        noisy = large + source.standard_normal(large.shape, dtype=np.float32) * np.float32(2)
        pictures.append(np.clip(noisy, 0, 255).astype(np.uint8))
    return pictures


def _best(pictures: list[Pixels], look: Callable[[Instant, Pixels], object]) -> float:
    """Look at the pictures again and again while time goes on; the first round, in which all is new, does not count."""
    at, times = 1_763_800_000_000_000, []
    for _ in range(ROUNDS + 1):
        began = time.process_time()
        for each in pictures:
            look(at, each)
            at += SECOND // RATE
        times.append(1000 * (time.process_time() - began) / len(pictures))
    return round(min(times[1:]), 3)


def _print(benchmark: str, **figures: object) -> None:
    sys.stdout.write(json.dumps({"benchmark": benchmark, **figures}, ensure_ascii=False) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
