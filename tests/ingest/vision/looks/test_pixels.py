from collections.abc import Callable
from typing import Any

import drawn_scenes as draw
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.vision.camera import Analytic, Camera
from ingest.vision.frame import Frame
from ingest.vision.looks.pixels import SMALLEST_SIDE, PixelLooks
from ioc.model.instant import HOUR, SECOND

BEGINNING = 1_763_800_000_000_000
CLOTH = draw.View(draw.street(), after=lambda picture, at: picture * 0 + 90 if at >= 20 else picture)


@pytest.mark.parametrize("step", [-HOUR, HOUR], ids=["back", "forward"])
def test_a_clock_that_is_set_does_not_blind_a_camera(step: int):
    looks = PixelLooks(Camera("c", "file:", analytics=frozenset({Analytic.TAMPERING})))
    told = []
    for second in range(60):
        at = BEGINNING + second * SECOND + (step if second >= 15 else 0)
        report = looks.look(Frame("c", second, at, CLOTH.at(second)))
        assert all(finding.at == at for finding in report.findings)
        told += [(second, finding.values["camera_state"]) for finding in report.findings]
    ((second, state),) = told
    assert state == "covered"
    assert 25 <= second <= 28


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(-HOUR, HOUR), max_size=12))
def test_looks_never_see_time_run_backwards(steps: list[int]):
    looks, at, last = PixelLooks(Camera("c", "file:")), BEGINNING, 0
    for step in steps:
        at += step
        now = looks._monotonic(at)
        assert now >= max(at, last)
        last = now


def test_of_a_picture_of_a_few_pixels_nothing_is_said():
    report = PixelLooks(Camera("c", "file:")).look(
        Frame("c", 0, BEGINNING, np.zeros((SMALLEST_SIDE - 1, 40, 3), np.uint8))
    )
    assert not report.findings
    assert not report.worth_looking


def test_a_report_says_whether_it_is_night(show: Callable[..., list[Any]]):
    night = draw.View(draw.infrared(draw.street()), gain=lambda _: 0.5)
    assert show(night, 1)[0].report.night
    assert not show(draw.View(draw.street()), 1)[0].report.night
