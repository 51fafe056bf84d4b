from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import drawn_scenes as draw
import fire_trials
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.vision.camera import Analytic
from ingest.vision.finding import Finding, PictureClass
from ingest.vision.looks.flame import flame_coloured
from ioc.model.cameras import Geometry

Show = Callable[..., list[Any]]
Told = Callable[[list[Any]], Iterator[tuple[float, Finding]]]

TRIALS = {trial.name: trial for trial in fire_trials.trials([1])}
OUTCOMES: dict[str, fire_trials.Outcome] = {}


@pytest.fixture(scope="module", autouse=True)
def _table(show_table: Callable[[str, list[str]], None]) -> Iterator[None]:
    yield
    show_table("vision-fire", fire_trials.table(OUTCOMES.values()))


@pytest.mark.parametrize("trial", TRIALS.values(), ids=TRIALS)
def test_smoke_and_flames_are_told_and_nothing_that_only_looks_a_little_like_them(trial: fire_trials.Trial):
    outcome = OUTCOMES[trial.name] = fire_trials.run(trial)
    assert not outcome.wrong
    assert outcome.told == ({trial.expected} if trial.expected else set())


def test_nothing_burns_in_real_clips(shared: Path):
    for trial in fire_trials.clips(shared, seconds=30):
        outcome = OUTCOMES[trial.name] = fire_trials.run(trial)
        assert not outcome.told


def test_smoke_is_called_what_it_looks_like_and_ends_when_it_is_gone(show: Show, told: Told):
    smoke = draw.smoke(150, 120, 10, seed=3)
    paint = lambda picture, at: smoke(picture, at) if at < 30 else None  # noqa: E731
    findings = [finding for _, finding in told(show(draw.View(draw.street(2), (paint,)), 60, Analytic.SMOKE, rate=3))]
    assert {finding.values["label"] for finding in findings} == {"smoke-like"}
    assert (findings[0].values["phase"], findings[-1].values["phase"]) == ("new", "end")
    assert len({finding.values["event_key"] for finding in findings}) == 1
    assert findings[0].picture is PictureClass.SCENE
    left, top, right, bottom = (float(side) for side in str(findings[0].values["box"]).split(","))
    assert left < 150 / 320 < right
    assert top < 110 / 180 < bottom + 0.05


def test_a_fire_outside_the_region_is_not_told(show: Show, told: Told):
    left = Geometry(region=((0, 0), (0.4, 0), (0.4, 1), (0, 1)))
    view = draw.View(draw.street(), (draw.flame(250, 150, 2),))
    assert not list(told(show(view, 14, Analytic.SMOKE, rate=4, geometry=left)))


def test_the_same_frames_give_the_same_findings_whenever_they_are_shown(show: Show, told: Told):
    fire = draw.View(draw.street(), (draw.flame(150, 150, 2), draw.smoke(90, 130, 8)))
    first, again = (list(told(show(fire, 24, *Analytic, rate=4))) for _ in range(2))
    assert first == again
    assert first


@given(st.tuples(*[st.integers(0, 255)] * 3))
def test_only_bright_warm_colours_are_a_flames(colour: tuple[int, int, int]):
    blue, green, red = colour
    marked = bool(flame_coloured(np.full((4, 4, 3), colour, np.uint8)).any())
    if marked:
        assert red >= green > blue
        assert red >= 185
        assert red - blue >= 70
    if blue == green == red:
        assert not marked
