"""A street in one direction with a crossing for people on foot; now and then somebody drives against the direction."""

import math
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from simulators.cameras.ground import Ground
from simulators.cameras.houses import house, pine, ridge
from simulators.cameras.painting import (
    HEIGHT,
    WIDTH,
    Canvas,
    Noise,
    Picture,
    Sprite,
    colour,
    mixed_colour,
    write_caption,
)
from simulators.cameras.passing import Passing, passing
from simulators.cameras.people import View
from simulators.cameras.scene import Standing, lay_all, walker
from simulators.cameras.vehicles import BUS, CAR, MOTORCYCLE, vehicle
from simulators.chance import uniform

GROUND: Final = Ground(horizon=78, focal=610, camera_m=4.4, middle=320)

ROUND_S: Final = 40.0
"""Seconds in which the lights go round: vehicles, then people."""

VEHICLES_S: Final = 17.0
"""Seconds of each round in which vehicles set out."""

WRONG_WAY_FIRST: Final = 1
"""The round, counted from 0, in which the first one drives against the direction,"""

WRONG_WAY_EVERY: Final = 9
"""and how many rounds later the next."""

NEAR_KERB: Final = 11.5
FAR_KERB: Final = 17.0
_LANES: Final = (13.4, 15.6)
_ZEBRA: Final = (-2.2, 2.2)
_WALL: Final = 20.2
_HALF_WAY: Final = 14.0
"""Metres aside at which everything is out of the picture."""


class Crossing:
    """The scene."""

    name = "Ngã tư Phan Đình Phùng"

    def __init__(self, seed: int) -> None:
        """Paint what stands still."""
        self._seed = seed
        self._still = _background(seed)
        self._noise = Noise(seed)

    def picture(self, at_s: float) -> Picture:
        """Paint it as it is so many seconds after it began."""
        picture = self._still.copy()
        light = Standing(_light(go=at_s % ROUND_S < VEHICLES_S + 3), -5.3, NEAR_KERB - 0.3, 2.9)
        lay_all(picture, GROUND, [light, *self._vehicles(at_s), *self._people(at_s)])
        self._noise.add(picture, round(1_000 * at_s))
        return picture

    def _vehicles(self, at_s: float) -> Iterator[Standing]:
        for lane, away in enumerate(_LANES):
            for each in passing(self._seed, lane, at_s, every_s=3.4, chance=0.62, lasts_s=11):
                if (at_s - each.since_s) % ROUND_S < VEHICLES_S:
                    yield _vehicle(each, away, lane)
        number, since = divmod(at_s - 8, ROUND_S)
        if number >= 0 and number % WRONG_WAY_EVERY == WRONG_WAY_FIRST:
            aside = _HALF_WAY - since * 3.2
            if aside > -_HALF_WAY:
                look = int(7 * uniform(self._seed, 77, int(number)))
                yield Standing(vehicle(CAR, look, leftwards=True), aside, 12.4, CAR.high_m)

    def _people(self, at_s: float) -> Iterator[Standing]:
        for lane, (away, view, spread) in enumerate(((10.75, View.RIGHT, 0.6), (18.4, View.LEFT, 0.9)), start=10):
            for each in passing(self._seed, lane, at_s, every_s=9.0, chance=0.66, lasts_s=40):
                way = each.since_s * (1.05 + 0.4 * each.draw(3))
                aside = way - _HALF_WAY if view is View.RIGHT else _HALF_WAY - way
                yield walker(each, view, aside, away + spread * (each.draw(4) - 0.5), way)
        for lane, view in ((20, View.FRONT), (21, View.BACK)):
            for each in passing(self._seed, lane, at_s, every_s=2.6, chance=0.6, lasts_s=8):
                # People set out while the vehicles wait, early enough to be over before these come.
                if not VEHICLES_S + 6 <= (at_s - each.since_s) % ROUND_S < ROUND_S - 8:
                    continue
                way = each.since_s * (1.2 + 0.3 * each.draw(3))
                away = FAR_KERB + 1.2 - way if view is View.FRONT else NEAR_KERB - 0.9 + way
                if NEAR_KERB - 1 < away < FAR_KERB + 1.3:
                    yield walker(each, view, _ZEBRA[0] + 0.6 + (_ZEBRA[1] - _ZEBRA[0] - 1.2) * each.draw(4), away, way)


def _vehicle(each: Passing, away: float, lane: int) -> Standing:
    draw = each.draw(5)
    kind = MOTORCYCLE if draw < 0.55 else CAR if draw < 0.92 or lane == 0 else BUS
    aside = each.since_s * (3.8 + 0.9 * each.draw(6)) - _HALF_WAY - kind.long_m / 2
    return Standing(vehicle(kind, each.number % 7), aside, away + 0.5 * (each.draw(7) - 0.5), kind.high_m)


def _background(seed: int) -> Picture:
    canvas = Canvas(WIDTH, HEIGHT)
    canvas.shade(colour("#9db7c4"), colour("#e9e2d2"), (0, 130))
    ridge(canvas, seed, 92, 26, colour("#8fa6a4"))
    ridge(canvas, seed + 1, 112, 18, colour("#6f8b7d"))
    _, base = GROUND.place(0, _WALL)
    (
        _,
        far,
    ) = GROUND.place(0, FAR_KERB)
    _, near = GROUND.place(0, NEAR_KERB)
    canvas.shade(colour("#b9b3a8"), colour("#c4beb2"), (int(base), HEIGHT))
    left = -11.5
    for number in range(6):
        wide = 4.2 + 1.8 * uniform(seed, 31, number)
        house(canvas, GROUND, left, wide, _WALL, seed * 7 + number)
        left += wide + (1.0 if number == 2 else 0.08)
    for aside in (-8.2, -0.6, 9.6):
        pine(canvas, GROUND, aside, 19.4, 4.2 + 0.8 * math.sin(aside))
    canvas.shade(colour("#6d6f73"), colour("#7b7d80"), (int(far), int(near)))
    canvas.rectangle(0, far - 1.5, WIDTH, far + 1.5, colour("#d6d1c6"))
    canvas.rectangle(0, near - 2, WIDTH, near + 3, colour("#dcd8ce"))
    _road_marks(canvas)
    _pavement(canvas, near)
    canvas.grain(seed, 2.2)
    picture: Picture = canvas.picture()
    write_caption(picture, Crossing.name)
    return picture


def _road_marks(canvas: Canvas) -> None:
    white = colour("#dfe0de")
    step = 0.9
    count = int((FAR_KERB - NEAR_KERB - 0.6) / step)
    for number in range(count):
        near = NEAR_KERB + 0.45 + number * step
        corners = [(_ZEBRA[0], near), (_ZEBRA[1], near), (_ZEBRA[1], near + 0.48), (_ZEBRA[0], near + 0.48)]
        canvas.polygon([GROUND.place(*corner) for corner in corners], white)
    for number in range(-6, 6):
        aside = 2.2 * number + (4.2 if number >= 0 else -1.6)
        corners = [(aside, 14.42), (aside + 1.2, 14.42), (aside + 1.2, 14.56), (aside, 14.56)]
        canvas.polygon([GROUND.place(*corner) for corner in corners], white)
    stop = [(-3.3, NEAR_KERB + 0.4), (-2.9, NEAR_KERB + 0.4), (-2.9, FAR_KERB - 0.3), (-3.3, FAR_KERB - 0.3)]
    canvas.polygon([GROUND.place(*corner) for corner in stop], white)
    for away in _LANES:
        shaft = [(-7.0, away - 0.09), (-5.4, away - 0.09), (-5.4, away + 0.09), (-7.0, away + 0.09)]
        tip = [(-5.5, away - 0.34), (-4.5, away), (-5.5, away + 0.34)]
        canvas.polygon([GROUND.place(*corner) for corner in shaft], white)
        canvas.polygon([GROUND.place(*corner) for corner in tip], white)


def _pavement(canvas: Canvas, near: float) -> None:
    joint = mixed_colour(colour("#c4beb2"), (60, 60, 60), 0.16)
    for aside in range(-9, 10):
        canvas.limb([GROUND.place(aside * 1.1, NEAR_KERB - 0.15), GROUND.place(aside * 1.1, 9.3)], 0.6, joint)
    for away in (9.7, 10.3, 10.95):
        _, row = GROUND.place(0, away)
        if row > near + 4:
            canvas.limb([(0, row), (WIDTH, row)], 0.6, joint)


@lru_cache(maxsize=2)
def _light(*, go: bool) -> Sprite:
    canvas = Canvas(24, 120, fine=3)
    canvas.limb([(12, 40), (12, 118)], 3, colour("#3c4146"))
    canvas.rectangle(5, 2, 19, 42, colour("#24282c"))
    for row, lit, paint in ((9, not go, "#ff5448"), (22, False, "#e8b53a"), (35, go, "#58d68d")):
        canvas.disc(12, row, 4.6, colour(paint) if lit else colour("#3a3f44"))
    return canvas.sprite()
