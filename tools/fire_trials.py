"""Measures how often smoke-like and flame-like are told rightly and wrongly, on drawn scenes and on real clips."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2
import drawn_scenes as draw
import numpy as np

from ingest.vision.camera import Analytic, Camera
from ingest.vision.frame import Frame
from ingest.vision.looks import flame, smoke
from ingest.vision.looks.pixels import PixelLooks

RATE: Final = 4.0
"""Drawn frames a second."""
SECONDS: Final = 36.0
BEGIN: Final = 12.0
"""When smoke and fires begin: looks know the clear view by then."""

REAL: Final = (("real square", "pets09/vtest.avi", 7.0), ("real road", "highway/input.avi", 30.0))
"""Name, place under `video`, frames a second: PETS09 S2.L1 and CDnet 2014 "highway"."""

_BEGINNING: Final = 1_763_800_000_000_000

Pictures = Iterable[tuple[float, draw.Pixels]]
"""Seconds and the picture at that time."""


@dataclass(frozen=True, slots=True)
class Trial:
    """One thing to look at.

    Attributes:
        name: what it shows.
        kind: trials of the same kind are counted together.
        expected: what is to be told of it; None where nothing is.
        pictures: makes its pictures anew.
    """

    name: str
    kind: str
    expected: str | None
    pictures: Callable[[], Pictures]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was told of a trial.

    Attributes:
        told: the labels that were told.
        after: seconds from the beginning of the smoke or fire until it was told; None where it was not.
        seconds: how long the trial is.
    """

    trial: Trial
    told: frozenset[str]
    after: float | None
    seconds: float

    @property
    def wrong(self) -> frozenset[str]:
        """What was told and is not there."""
        return self.told - {self.trial.expected or ""}


def trials(seeds: Iterable[int]) -> Iterator[Trial]:
    """Draw scenes with and without smoke and flames, each kind once for each seed."""
    for seed in seeds:
        day = draw.street(seed)
        night = draw.infrared(day)
        source = np.random.default_rng(seed)
        x, y = int(source.integers(60, 250)), int(source.integers(105, 160))
        wind = float(source.uniform(-0.5, 0.7))
        cars = (
            draw.vehicle(140, 45, (40, 30, 200), begin=float(source.uniform(0, 5))),
            draw.vehicle(165, -60, (205, 205, 200), every=8, high=26),
            draw.person(20, 172, 7),
        )

        def seen(name: str, expected: str | None, scene: draw.Field, *paints: draw.Paint, noise: float = 2.0) -> Trial:
            return Trial(name, name, expected, lambda: _drawn(draw.View(scene, paints, noise)))

        yield seen("smoke, dense", smoke.LABEL, day, draw.smoke(x, y, BEGIN, wind=wind, seed=seed))
        yield seen("smoke, thin", smoke.LABEL, day, draw.smoke(x, y, BEGIN, wind=wind, seed=seed, dense=0.4))
        yield seen("smoke, dark", smoke.LABEL, day, draw.smoke(x, y, BEGIN, wind=wind, seed=seed, grey=100))
        yield seen("smoke in traffic", smoke.LABEL, day, *cars, draw.smoke(x, y, BEGIN, wind=wind, seed=seed))
        yield seen("smoke, infrared", smoke.LABEL, night, draw.smoke(x, y, BEGIN, seed=seed, grey=120), noise=4)
        yield seen("flames", flame.LABEL, day, draw.flame(x, y, BEGIN, seed=seed))
        yield seen("flames, small", flame.LABEL, day, draw.flame(x, y, BEGIN, wide=4, high=11, seed=seed))
        yield seen("flames in traffic", flame.LABEL, day, *cars, draw.flame(x, y, BEGIN, wide=12, high=34, seed=seed))
        yield seen("flames at night", flame.LABEL, night, draw.flame(x, y, BEGIN, seed=seed), noise=4)
        yield seen("traffic", None, day, *cars)
        yield seen("red and orange cars", None, day, *_bright_cars())
        yield seen("clouds and their shadows", None, day, draw.clouds(9, seed), draw.cloud_shadow(15, 0.5, seed))
        yield seen("flag", None, day, draw.flag(x, 15, wide=24 + 10 * (seed % 4), high=16 + 6 * (seed % 4)))
        yield seen("blinking lamps", None, day, draw.blinker(x, 150), draw.blinker(40, 140, hertz=2.3))
        yield seen("headlights at night", None, night, *(draw.headlights(150, v, every=6) for v in (40, -60)), noise=4)


def clips(shared: Path, seconds: float | None = None) -> Iterator[Trial]:
    """Real clips, in which nothing burns.

    Args:
        shared: the material that lies beside the project.
        seconds: of each clip; all of it where None.
    """
    for name, file, rate in REAL:
        path = shared / "video" / file
        yield Trial(name, "real clips", None, lambda path=path, rate=rate: _clip(path, rate, seconds))


def clips_with_drawn_fires(shared: Path, seeds: Iterable[int]) -> Iterator[Trial]:
    """Real clips with drawn smoke or flames laid over them, each kind once for each seed."""
    for name, file, rate in REAL:
        path = shared / "video" / file
        for seed in seeds:
            source = np.random.default_rng(seed)
            x, y = int(source.integers(60, 250)), int(source.integers(90, 150))
            for kind, expected, paint in (
                ("large smoke", smoke.LABEL, draw.smoke(x, y, BEGIN, seed=seed, wide=16, rise=20)),
                ("smoke", smoke.LABEL, draw.smoke(x, y, BEGIN, seed=seed)),
                ("thin smoke", smoke.LABEL, draw.smoke(x, y, BEGIN, seed=seed, dense=0.45)),
                ("flames", flame.LABEL, draw.flame(x, y, BEGIN, seed=seed)),
                ("large flames", flame.LABEL, draw.flame(x, y, BEGIN, seed=seed, wide=14, high=40)),
            ):
                yield Trial(
                    f"{kind} over {name} {seed}",
                    f"{kind} over {name}",
                    expected,
                    lambda path=path, rate=rate, paint=paint: _painted(path, rate, paint),
                )


def run(trial: Trial) -> Outcome:
    """Look at a trial's pictures as a camera's frames are looked at."""
    looks = PixelLooks(Camera("trial", "file:", analytics=frozenset({Analytic.SMOKE})))
    told: dict[str, float] = {}
    last = 0.0
    for number, (seconds, pixels) in enumerate(trial.pictures()):
        last = seconds
        for finding in looks.look(Frame("trial", number, _BEGINNING + round(seconds * 1e6), pixels)).findings:
            told.setdefault(str(finding.values["label"]), seconds)
    after = told.get(trial.expected) if trial.expected else None
    return Outcome(trial, frozenset(told), None if after is None else after - BEGIN, last)


def table(outcomes: Iterable[Outcome]) -> list[str]:
    """Write what was told of each kind of trial, and how often that was wrong."""
    kinds: dict[str, list[Outcome]] = {}
    for outcome in outcomes:
        kinds.setdefault(outcome.trial.kind, []).append(outcome)
    lines = [
        "smoke-like and flame-like, by colour and time; all smoke and flames are drawn, some over real clips:",
        f"{'':32}{'shown':>6}{'told':>6}{'after s':>9}{'wrong':>7}{'wrong an hour':>15}",
    ]
    for kind, ones in kinds.items():
        expected = ones[0].trial.expected
        hits = [one.after for one in ones if one.after is not None]
        wrong = sum(len(one.wrong) for one in ones)
        hours = sum(one.seconds for one in ones) / 3600
        told = f"{len(hits)}" if expected else "–"
        after = f"{sum(hits) / len(hits):.1f}" if hits else "–"
        rate = f"{wrong / hours:.1f}" if hours else "–"
        lines.append(f"{kind:32}{len(ones):6}{told:>6}{after:>9}{wrong:7}{rate:>15}")
    return lines


def _bright_cars() -> tuple[draw.Paint, ...]:
    return (
        draw.vehicle(140, 45, (35, 30, 225)),
        draw.vehicle(160, -70, (20, 150, 245), every=7),
        draw.vehicle(172, 14, (30, 205, 245), every=30, high=26),
    )


def _drawn(view: draw.View) -> Pictures:
    for number in range(round(SECONDS * RATE)):
        yield number / RATE, view.at(number / RATE)


def _painted(path: Path, rate: float, paint: draw.Paint) -> Pictures:
    for seconds, pixels in _clip(path, rate, SECONDS):
        picture = cv2.resize(pixels, (draw.WIDTH, draw.HEIGHT), interpolation=cv2.INTER_AREA).astype(np.float32)
        paint(picture, seconds)
        yield seconds, np.clip(picture, 0, 255).astype(np.uint8)


def _clip(path: Path, rate: float, seconds: float | None) -> Pictures:
    clip = cv2.VideoCapture(str(path))
    number, due = 0, 0.0
    try:
        while (seconds is None or number / rate < seconds) and clip.grab():
            if number / rate >= due:
                there, pixels = clip.retrieve()
                if there:
                    yield number / rate, np.asarray(pixels, np.uint8)
                due += 1 / RATE
            number += 1
    finally:
        clip.release()
