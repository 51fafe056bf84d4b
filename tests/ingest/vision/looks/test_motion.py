import math
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import cv2
import drawn_scenes as draw
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from motion_score import score_highway

from ingest.vision.camera import Analytic, Camera
from ingest.vision.frame import Frame
from ingest.vision.looks.contract import MOST_WIDTH, made_small, region_mask
from ingest.vision.looks.motion import MEMORY, MOST_BOXES, Motion
from ingest.vision.looks.pixels import PixelLooks
from ioc.model.cameras import Geometry

Show = Callable[..., list[Any]]

BEGINNING = 1_763_800_000_000_000
LEFT_HALF = Geometry(region=((0, 0), (0.5, 0), (0.5, 1), (0, 1)))


def test_what_moves_on_a_real_road_is_found_as_people_marked_it(
    shared: Path, show_table: Callable[[str, list[str]], None]
):
    # The first minutes of what is scored; the benchmark scores all of it.
    score = score_highway(shared / "video" / "highway", last=640)
    show_table(
        "vision-motion",
        [
            'motion on CDnet "highway", frames 470 to 640 (the benchmark scores up to 1700):',
            f"F1 {score.f1:.3f}, precision {score.precision:.3f}, recall {score.recall:.3f}",
        ],
    )
    assert score.f1 >= 0.90


@pytest.mark.parametrize(
    "view",
    [
        draw.View(draw.street(), noise=2),
        draw.View(draw.street(), noise=6),
        draw.View(draw.infrared(draw.street()), noise=6),
        draw.View(draw.street(), gain=lambda at: 1 + 0.05 * math.sin(40 * at)),
        draw.View(draw.street(), gain=lambda at: 1 - 0.1 * at / 20),
    ],
    ids=["calm", "noise", "noise at night", "flicker", "slow light"],
)
def test_a_view_in_which_nothing_moves_is_not_worth_a_detector(show: Show, view: draw.View):
    seen = [one.report for one in show(view, 20, rate=5) if one.seconds > 6]
    assert not any(report.worth_looking for report in seen)
    assert not any(report.moving for report in seen)


def test_the_first_frames_are_worth_looking_at_since_somebody_may_stand_there(show: Show):
    assert show(draw.View(draw.street()), 1)[0].report.worth_looking


def test_somebody_who_walks_in_is_worth_looking_at_at_once_and_for_a_moment_after_he_has_left(show: Show):
    walks = draw.View(draw.street(), (draw.person(-20, 170, 30, begin=10),))
    seen = show(walks, 32, rate=5)
    walking = [one for one in seen if 12 < one.seconds < 20]
    assert all(one.report.worth_looking for one in walking)
    boxes = [one.report.moving[0] for one in walking]
    assert all(
        box.left < (30 * (one.seconds - 10) - 20) / 320 < box.right for one, box in zip(walking, boxes, strict=True)
    )
    first = next(one.seconds for one in seen if one.seconds > 8 and one.report.worth_looking)
    assert 10 < first < 12
    assert not any(one.report.worth_looking for one in seen if one.seconds > 28)


def test_a_lamp_that_is_switched_on_is_soon_part_of_the_view(show: Show):
    lit = draw.View(draw.street(), gain=lambda at: 0.4 if at < 10 else 1.2)
    seen = show(lit, 20, rate=5)
    assert not any(one.report.worth_looking for one in seen if one.seconds > 15)


def test_what_moves_outside_the_region_is_not_seen(show: Show):
    right_half = draw.View(draw.street(), (draw.person(180, 170, 6),))
    assert all(not one.report.moving for one in show(right_half, 12, rate=5, geometry=LEFT_HALF) if one.seconds > 4)
    left_half = draw.View(draw.street(), (draw.person(20, 170, 6),))
    assert any(one.report.moving for one in show(left_half, 12, rate=5, geometry=LEFT_HALF) if one.seconds > 4)


def test_the_share_that_moves_is_of_the_region():
    region = region_mask(LEFT_HALF.region, 180, 320)
    motion = Motion()
    still = draw.View(draw.street(), noise=0).at(0)
    for number in range(20):
        motion.look(BEGINNING + number * 200_000, still, cv2.cvtColor(still, cv2.COLOR_BGR2GRAY), region)
    half = still.copy()
    half[:90, :160] = 255 - half[:90, :160]
    seen = motion.look(BEGINNING + 4_000_000, half, cv2.cvtColor(half, cv2.COLOR_BGR2GRAY), region)
    assert seen.share == pytest.approx(0.5, abs=0.06)


def test_another_region_holds_from_the_next_frame_on():
    looks = PixelLooks(Camera("c", "file:", analytics=frozenset()))
    view = draw.View(draw.street(), (draw.person(180, 170, 6),))
    frames = [Frame("c", n, BEGINNING + n * 200_000, view.at(n / 5)) for n in range(41)]
    assert any(looks.look(frame).moving for frame in frames[:40])
    looks.redraw(LEFT_HALF)
    assert not looks.look(frames[40]).moving


def test_after_a_long_silence_the_frames_are_worth_looking_at_again():
    looks, view = PixelLooks(Camera("c", "file:", analytics=frozenset())), draw.View(draw.street())
    reports = [looks.look(Frame("c", n, BEGINNING + n * 200_000, view.at(n / 5))) for n in range(50)]
    assert not reports[-1].worth_looking
    assert looks.look(Frame("c", 50, BEGINNING + 2 * MEMORY, view.at(10))).worth_looking


def test_the_largest_things_come_first_and_no_more_than_are_asked_for():
    motion, everywhere = Motion(), np.full((180, 320), 255, np.uint8)
    grey = np.full((180, 320), 90, np.uint8)
    for number in range(20):
        motion.look(BEGINNING + number * 200_000, cv2.merge([grey] * 3), grey, everywhere)
    for row in range(8, 180, 26):
        for column in range(8, 320, 26):
            grey[row : row + 9 + (row + column) % 5, column : column + 10] = 250
    boxes = motion.look(BEGINNING + 4_000_000, cv2.merge([grey] * 3), grey, everywhere).boxes
    assert len(boxes) == MOST_BOXES
    assert list(boxes) == sorted(boxes, key=lambda box: -box.area)


@settings(max_examples=20, deadline=None)
@given(
    st.lists(st.tuples(st.integers(1, 900), st.integers(1, 500), st.integers(-3_000_000, 9_000_000)), max_size=4),
    st.randoms(use_true_random=False),
)
def test_pictures_of_any_size_at_any_time_are_looked_at_and_boxes_stay_inside(
    pictures: list[tuple[int, int, int]], source: Random
):
    looks = PixelLooks(Camera("c", "file:", analytics=frozenset(Analytic)))
    at = BEGINNING
    for width, height, step in pictures:
        for number in range(source.randrange(1, 12)):
            at += step
            pixels = np.full((height, width, 3), source.randrange(256), np.uint8)
            pixels[: height // 2] = source.randrange(256)
            report = looks.look(Frame("c", number, at, pixels))
            assert all(0 <= side <= 1 for box in report.moving for side in box)
            assert 0 <= report.moving_share <= 1


@given(st.integers(1, 4000), st.integers(1, 40))
def test_small_pictures_are_narrow_and_keep_their_proportions(width: int, height: int):
    small = made_small(np.zeros((height, width, 3), np.uint8))
    assert small.shape[1] <= MOST_WIDTH or small.shape[0] == 1
    assert small.shape[0] >= 1


def test_a_frame_is_neither_changed_nor_kept():
    looks = PixelLooks(Camera("c", "file:"))
    first = draw.View(draw.street()).at(0)
    before = first.copy()
    looks.look(Frame("c", 0, BEGINNING, first))
    assert np.array_equal(first, before)
    # The reader decodes the next frame into the same memory.
    first[:] = 0
    looks.look(Frame("c", 1, BEGINNING + 200_000, before))
    assert looks._before is not None
    assert np.array_equal(looks._before, before)
