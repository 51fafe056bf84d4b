import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cv2
import drawn_scenes as draw
import numpy as np
import pytest

from ingest.vision.camera import Analytic, Camera
from ingest.vision.finding import Finding, PictureClass
from ingest.vision.frame import Frame
from ingest.vision.looks.pixels import PixelLooks
from ingest.vision.looks.tampering import ACCEPTED_AFTER, FROZEN_AFTER, PATIENCE
from ioc.model.cameras import CameraState, Geometry
from ioc.model.instant import SECOND

Show = Callable[..., list[Any]]
Told = Callable[[list[Any]], Iterator[tuple[float, Finding]]]
Become = Callable[[draw.Field], draw.Field]

STREET = draw.street()
NIGHT = draw.infrared(STREET)
TRAFFIC = (
    draw.vehicle(140, 45, (40, 30, 200)),
    draw.vehicle(165, -60, (200, 200, 190), every=7, high=26),
    draw.person(20, 170, 12),
)
BEGIN, END = 20.0, 60.0


def between(begin: float, end: float, become: Become) -> Callable[[draw.Field, float], draw.Field]:
    return lambda picture, at: become(picture) if begin <= at < end else picture


def cloth(bright: float, folds: float) -> Become:
    over = draw.cloudy(9, draw.HEIGHT, draw.WIDTH, 150, 2)[..., None] * np.float32(folds) + np.float32(bright)
    return lambda _: np.asarray(np.repeat(over, 3, axis=2), np.float32)


def turned(share: float) -> Become:
    matrix = np.array([[1, 0, share * draw.WIDTH], [0, 1, share / 3 * draw.HEIGHT]], np.float32)
    return lambda picture: cv2.warpAffine(picture, matrix, (draw.WIDTH, draw.HEIGHT), borderMode=cv2.BORDER_REFLECT)


def blurred(pixels: float) -> Become:
    return lambda picture: cv2.GaussianBlur(picture, (0, 0), pixels)


def lamp(picture: draw.Field) -> draw.Field:
    rows, columns = np.mgrid[0 : draw.HEIGHT, 0 : draw.WIDTH].astype(np.float32)
    light = np.exp(-((rows / draw.HEIGHT - 0.2) ** 2 + (columns / draw.WIDTH - 0.3) ** 2) / 0.16)
    return np.asarray(picture * (0.3 + 2.2 * light[..., None]), np.float32)


WRONG = {
    "black": (lambda picture: picture * 0, CameraState.DARK),
    "bright cloth": (cloth(60, 60), CameraState.COVERED),
    "dark cloth": (cloth(20, 10), CameraState.COVERED),
    "turned by a tenth": (turned(0.1), CameraState.MOVED),
    "turned away": (turned(0.4), CameraState.MOVED),
    "slightly out of focus": (blurred(1.2), CameraState.BLURRED),
    "far out of focus": (blurred(4), CameraState.BLURRED),
}


@pytest.mark.parametrize(("become", "state"), WRONG.values(), ids=WRONG)
@pytest.mark.parametrize(("scene", "noise"), [(STREET, 3.0), (NIGHT, 6.0)], ids=["day", "night"])
def test_a_bad_picture_is_told_once_when_it_is_sure_and_once_when_it_is_good_again(
    show: Show, told: Told, scene: draw.Field, noise: float, become: Become, state: CameraState
):
    paints = TRAFFIC if scene is STREET else (draw.headlights(150, 40),)
    view = draw.View(scene, paints, noise, after=between(BEGIN, END, become))
    findings = list(told(show(view, 75, Analytic.TAMPERING, rate=1)))
    assert [finding.values for _, finding in findings] == [
        {"event": "camera", "camera_state": str(state), "fault": True},
        {"event": "camera", "camera_state": "live", "fault": False},
    ]
    assert [finding.picture for _, finding in findings] == [PictureClass.SCENE, None]
    began, ended = (at for at, _ in findings)
    assert 0 <= began - BEGIN - PATIENCE[state] / SECOND <= 3
    assert 0 <= ended - END - PATIENCE[CameraState.LIVE] / SECOND <= 3


FINE = {
    "traffic": draw.View(STREET, TRAFFIC),
    "flicker": draw.View(STREET, TRAFFIC, gain=lambda at: 1 + 0.3 * math.sin(40 * at)),
    "noise": draw.View(STREET, TRAFFIC, noise=12),
    "noise comes and goes": draw.View(
        STREET,
        after=lambda picture, at: (
            picture + 20 * (int(at) // 20 % 2) * (draw.cloudy(int(at), 180, 320, 2, 1)[..., None] - 0.5)
        ),
    ),
    "a lamp switched on and off": draw.View(STREET, TRAFFIC, after=between(30, 60, lamp)),
    "light switched on in a room": draw.View(STREET, gain=lambda at: 0.35 if at < 40 else 1.1),
    "exposure that jumps": draw.View(STREET, TRAFFIC, gain=lambda at: 0.5 if int(at / 15) % 2 else 1.2),
    "dusk without infrared": draw.View(STREET, TRAFFIC, gain=lambda at: max(0.2, 1 - at / 75)),
    "switch to infrared and back": draw.View(lambda at: NIGHT if 30 <= at < 75 else STREET, TRAFFIC, 3),
    "dusk, infrared, dawn": draw.View(
        lambda at: NIGHT if 40 <= at < 80 else STREET,
        TRAFFIC,
        gain=lambda at: 1 if 40 <= at < 80 else max(0.3, 1 - at / 50) if at < 40 else min(1.0, 0.4 + (at - 80) / 30),
    ),
    "clouds and shadows": draw.View(STREET, (draw.clouds(9), draw.cloud_shadow(15, 0.5), *TRAFFIC)),
    "a lorry close by": draw.View(STREET, (draw.vehicle(175, 25, (150, 160, 150), every=30, high=70),)),
    "light fog": draw.View(STREET, TRAFFIC, after=lambda picture, at: picture + (200 - picture) * min(0.6, at / 120)),
    "a mast that sways": draw.View(STREET, TRAFFIC, after=lambda picture, at: turned(0.006 * math.sin(at))(picture)),
}


@pytest.mark.parametrize("view", FINE.values(), ids=FINE)
def test_light_noise_weather_and_traffic_are_no_tampering(show: Show, told: Told, view: draw.View):
    assert [finding.values for _, finding in told(show(view, 100, Analytic.TAMPERING, rate=1))] == []


def test_real_crowds_and_queues_are_no_tampering(shared: Path):
    for file, rate, every in (("pets09/vtest.avi", 7, 7), ("highway/input.avi", 30, 30)):
        looks = PixelLooks(Camera("c", "file:", analytics=frozenset({Analytic.TAMPERING})))
        clip = cv2.VideoCapture(str(shared / "video" / file))
        number = 0
        while number < 60 * rate and clip.grab():
            if number % every == 0:
                report = looks.look(
                    Frame("c", number, 1_763_800_000_000_000 + number * SECOND // rate, clip.retrieve()[1])
                )
                assert not report.findings
            number += 1
        clip.release()


def test_a_picture_that_repeats_itself_for_long_is_frozen():
    view = draw.View(STREET, TRAFFIC)
    looks = PixelLooks(Camera("c", "file:", analytics=frozenset({Analytic.TAMPERING})))
    states = []
    for second in range(90):
        report = looks.look(Frame("c", second, second * SECOND, view.at(min(second, 20) if second < 70 else second)))
        states += [(second, finding.values["camera_state"]) for finding in report.findings]
    (frozen, first), (again, last) = states
    assert (first, last) == ("frozen", "live")
    assert 20 + FROZEN_AFTER / SECOND <= frozen <= 22 + FROZEN_AFTER / SECOND
    assert 70 <= again <= 75


def test_an_encoder_that_repeats_a_quiet_picture_for_some_seconds_is_not_frozen(show: Show, told: Told):
    class Sparing(draw.View):
        __slots__ = ()

        def at(self, seconds: float) -> draw.Pixels:
            return super().at(seconds // 15 * 15)

    assert not list(told(show(Sparing(STREET), 100, Analytic.TAMPERING, rate=1)))


def test_a_view_that_stays_moved_is_accepted_in_the_end(show: Show, told: Told):
    view = draw.View(STREET, after=between(200, math.inf, turned(0.3)))
    seconds = ACCEPTED_AFTER / SECOND + 500
    findings = list(told(show(view, seconds, Analytic.TAMPERING, rate=0.05)))
    assert [finding.values["camera_state"] for _, finding in findings] == ["moved", "live"]
    assert findings[1][0] - findings[0][0] >= ACCEPTED_AFTER / SECOND


def test_a_moved_view_on_which_somebody_draws_is_right_from_then_on():
    view = draw.View(STREET, after=between(20, math.inf, turned(0.3)))
    looks = PixelLooks(Camera("c", "file:", analytics=frozenset({Analytic.TAMPERING})))
    states = []
    for second in range(70):
        if second == 45:
            looks.redraw(Geometry())
        report = looks.look(Frame("c", second, second * SECOND, view.at(second)))
        states += [(finding.values["camera_state"]) for finding in report.findings]
    assert states == ["moved", "live"]


def test_a_cloth_that_makes_it_night_is_not_learned_as_the_night(show: Show, told: Told):
    view = draw.View(STREET, TRAFFIC, after=between(20, 140, cloth(20, 10)))
    states = [finding.values["camera_state"] for _, finding in told(show(view, 160, Analytic.TAMPERING, rate=1))]
    assert states == ["covered", "live"]


def test_who_does_not_ask_for_tampering_hears_nothing_of_it(show: Show, told: Told):
    view = draw.View(STREET, after=between(5, math.inf, cloth(60, 60)))
    assert not list(told(show(view, 30, Analytic.OBJECTS, rate=1)))
