"""A square before the gate of a market: people go in and come out, and at times one waits there and leaves a bag."""

import math
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

import cv2

from simulators.cameras.ground import Ground
from simulators.cameras.houses import pine, ridge
from simulators.cameras.painting import (
    HEIGHT,
    WIDTH,
    Canvas,
    Colour,
    Noise,
    Picture,
    Sprite,
    colour,
    mixed_colour,
    palette,
    write_caption,
)
from simulators.cameras.passing import passing
from simulators.cameras.people import LOOKS, View, person, step_of
from simulators.cameras.scene import Standing, lay_all, walker
from simulators.chance import mixed, uniform

GROUND: Final = Ground(horizon=70, focal=610, camera_m=4.2, middle=320)

GATE: Final = 17.6
"""Metres to the gate."""

GATE_HALF_M: Final = 2.6

WAITING_EVERY_S: Final = 300.0
"""Seconds from one who waits to the next."""

WAITING_S: Final = 75.0
"""Seconds that somebody waits."""

BAG_EVERY: Final = 2
"""One of so many who wait leaves a bag,"""

BAG_S: Final = 140.0
"""which is taken away after so many seconds."""

_BEGIN: Final = 9.6
_SPOT: Final = (2.9, 12.4)
_SIDE: Final = 8.2
_WALK: Final = 1.1
_CLOTH: Final = palette("#b3523f #3f6b5f #c79a3e #5a5f86 #8f4a5f")
_FLOWERS: Final = palette("#d9577a #e8b84a #c94a3d #b98ad0 #eae3d0 #e07f3f")


class Market:
    """The scene."""

    name = "Cổng chợ Đà Lạt"

    def __init__(self, seed: int) -> None:
        """Paint what stands still."""
        self._seed = seed
        self._still = _background(seed)
        self._noise = Noise(seed)

    def picture(self, at_s: float) -> Picture:
        """Paint it as it is so many seconds after it began."""
        picture = self._still.copy()
        lay_all(picture, GROUND, [*self._going(at_s), *self._strolling(at_s), *self._waiting(at_s)])
        self._noise.add(picture, round(1_000 * at_s))
        return picture

    def _going(self, at_s: float) -> Iterator[Standing]:
        """Those who go through the gate, in and out."""
        # They come and go in waves, as from buses.
        for lane, view in ((30, View.BACK), (31, View.FRONT)):
            for each in passing(self._seed, lane, at_s, every_s=5.0, chance=0.6, lasts_s=12):
                way = each.since_s * (1.0 + 0.35 * each.draw(3))
                deep = way if view is View.BACK else GATE + 0.3 - _BEGIN - way
                if not 0 <= deep <= GATE + 0.3 - _BEGIN:
                    continue
                start, end = 6.5 * (each.draw(4) - 0.5), 3.4 * (each.draw(5) - 0.5)
                share = deep / (GATE + 0.3 - _BEGIN)
                yield walker(each, view, start + (end - start) * share, _BEGIN + deep, way)

    def _strolling(self, at_s: float) -> Iterator[Standing]:
        for lane, away, view in ((40, 10.6, View.RIGHT), (41, 11.5, View.LEFT)):
            for each in passing(self._seed, lane, at_s, every_s=11.0, chance=0.6, lasts_s=20):
                way = each.since_s * (0.9 + 0.3 * each.draw(3))
                aside = way - _SIDE if view is View.RIGHT else _SIDE - way
                yield walker(each, view, aside, away + 0.8 * (each.draw(6) - 0.5), way)

    def _waiting(self, at_s: float) -> Iterator[Standing]:
        aside, away = _SPOT
        come = (_SIDE - aside) / _WALK
        begin = 12.0
        for number in range(
            max(0, int((at_s - begin - BAG_S) // WAITING_EVERY_S) - 1), int(at_s // WAITING_EVERY_S) + 1
        ):
            since = at_s - begin - number * WAITING_EVERY_S
            look = mixed(self._seed, 55, number) % LOOKS
            leave = come + WAITING_S
            if 0 <= since < come:
                yield Standing(person(look, View.LEFT, step_of(since * _WALK)), _SIDE - since * _WALK, away, 1.75)
            elif come <= since < leave:
                yield _waiter(look, since - come)
            elif leave <= since < leave + come:
                way = (since - leave) * _WALK
                yield Standing(person(look, View.RIGHT, step_of(way)), aside + way, away, 1.75)
            if number % BAG_EVERY == 0 and come + 6 <= since < leave + BAG_S:
                yield Standing(_bag(), aside - 0.75, away + 0.02, 0.72)


def _waiter(look: int, since: float) -> Standing:
    """Somebody who waits looks about, and shifts from one foot to the other."""
    aside, away = _SPOT
    view = (View.FRONT, View.LEFT, View.FRONT, View.RIGHT)[int(since / 4.5) % 4]
    return Standing(person(look, view, None), aside + 0.09 * math.sin(since * 0.8), away, 1.75)


@lru_cache(maxsize=1)
def _bag() -> Sprite:
    canvas = Canvas(44, 50, fine=4)
    canvas.disc(22, 46, 19, (50, 50, 50), 3)
    canvas.cover[canvas.cover > 0] = 110
    canvas.limb([(15, 14), (15, 4), (29, 4), (29, 14)], 2.4, colour("#2a2c30"))
    canvas.rectangle(5, 12, 39, 46, colour("#7c2f38"))
    canvas.rectangle(5, 12, 39, 18, colour("#95414b"))
    canvas.rectangle(5, 30, 39, 33, colour("#5e2229"))
    return canvas.sprite()


def _background(seed: int) -> Picture:
    canvas = Canvas(WIDTH, HEIGHT)
    canvas.shade(colour("#a5bdc8"), colour("#eee4d2"), (0, 130))
    ridge(canvas, seed + 3, 74, 22, colour("#8aa39d"))
    _, wall = GROUND.place(0, GATE + 1.2)
    canvas.shade(colour("#bdb4a4"), colour("#cbc3b4"), (wall - 1, HEIGHT))
    _hall(canvas)
    _paving(canvas, wall)
    for aside in (-7.6, 7.7):
        pine(canvas, GROUND, aside, GATE + 0.6, 4.8)
    for side in (-1, 1):
        for number, away in enumerate((16.4, 14.3, 12.5)):
            _stall(canvas, side, away, seed * 5 + number + (3 if side > 0 else 0), seed)
    canvas.grain(seed, 2.2)
    picture: Picture = canvas.picture()
    _sign(picture)
    write_caption(picture, Market.name)
    return picture


def _hall(canvas: Canvas) -> None:
    """Paint the market's hall and, before it, the gate."""
    plaster, roof = colour("#e3d3b0"), colour("#96503c")
    scale = GROUND.pixels_per_metre(GATE + 1.2)
    x, base = GROUND.place(-6.4, GATE + 1.2)
    right, _ = GROUND.place(6.4, GATE + 1.2)
    top = base - 3.6 * scale
    canvas.rectangle(x, top, right, base, plaster)
    canvas.polygon([(x - 8, top + 2), (x + 46, top - 34), (right - 46, top - 34), (right + 8, top + 2)], roof)
    canvas.rectangle(x - 8, top, right + 8, top + 4, mixed_colour(roof, (20, 16, 14), 0.35))
    for number in range(8):
        left = x + (right - x) * (number + 0.18) / 8
        canvas.rectangle(left, top + 18, left + (right - x) * 0.64 / 8, base - 34, colour("#5b6f7c"))
    inside = [GROUND.place(-GATE_HALF_M, GATE + 1.2), GROUND.place(GATE_HALF_M, GATE + 1.2)]
    canvas.shade(colour("#4a5055"), colour("#343a3e"), (base - 2.9 * scale, base), (inside[0][0], inside[1][0]))
    pillar = colour("#b9583f")
    near = GROUND.pixels_per_metre(GATE)
    for aside in (-GATE_HALF_M - 0.35, GATE_HALF_M - 0.05):
        left, foot = GROUND.place(aside, GATE)
        canvas.rectangle(left, foot - 3.5 * near, left + 0.4 * near, foot, pillar)
        canvas.rectangle(left, foot - 3.5 * near, left + 0.12 * near, foot, mixed_colour(pillar, (255, 255, 255), 0.2))
        canvas.rectangle(left - 3, foot - 0.3 * near, left + 0.4 * near + 3, foot, mixed_colour(pillar, (0, 0, 0), 0.3))
    left, foot = GROUND.place(-GATE_HALF_M - 0.8, GATE)
    right, _ = GROUND.place(GATE_HALF_M + 0.8, GATE)
    canvas.rectangle(left, foot - 4.3 * near, right, foot - 3.4 * near, pillar)
    canvas.polygon(
        [
            (left - 8, foot - 4.3 * near),
            (left + 14, foot - 4.75 * near),
            (right - 14, foot - 4.75 * near),
            (right + 8, foot - 4.3 * near),
        ],
        mixed_colour(pillar, (30, 20, 20), 0.35),
    )


def _sign(picture: Picture) -> None:
    near = GROUND.pixels_per_metre(GATE)
    _, foot = GROUND.place(0, GATE)
    cv2.putText(
        picture,
        "CHỢ ĐÀ LẠT",
        (int(GROUND.middle) - 58, int(foot - 3.62 * near)),
        (225, 240, 250),
        cv2.FontFace("sans"),
        19,
        700,
    )


def _paving(canvas: Canvas, wall: float) -> None:
    joint = mixed_colour(colour("#c6bdae"), (70, 66, 60), 0.15)
    for aside in range(-14, 15):
        canvas.limb([GROUND.place(aside * 1.2, GATE + 1.1), GROUND.place(aside * 1.2, 8.9)], 0.6, joint)
    for step in range(9):
        _, row = GROUND.place(0, 9.4 + step)
        if row > wall:
            canvas.limb([(0, row), (WIDTH, row)], 0.6, joint)


def _stall(canvas: Canvas, side: int, away: float, look: int, seed: int) -> None:
    scale = GROUND.pixels_per_metre(away)
    inner, foot = GROUND.place(side * 4.3, away)
    outer, _ = GROUND.place(side * 6.9, away)
    left, right = min(inner, outer), max(inner, outer)
    cloth: Colour = _CLOTH[look % len(_CLOTH)]
    canvas.rectangle(left, foot - 0.95 * scale, right, foot, colour("#7d6650"))
    canvas.rectangle(left, foot - 0.95 * scale, right, foot - 0.8 * scale, colour("#957b60"))
    for row in range(2):
        count = int((right - left) / 7)
        for number in range(count):
            paint = _FLOWERS[int(len(_FLOWERS) * uniform(seed, look, row, number // 3))]
            across = 3.0 + 1.4 * uniform(seed, look, row, number, 1)
            canvas.disc(left + 5 + number * 7, foot - (1.02 + 0.12 * row) * scale, across, paint)
    for post in (left + 3, right - 3):
        canvas.limb([(post, foot - 0.9 * scale), (post, foot - 2.2 * scale)], 2, colour("#5a4a3c"))
    stripes = 8
    top = foot - 2.55 * scale
    for stripe in range(stripes):
        start, end = (left + (right - left) * (stripe + n) / stripes for n in (0, 1))
        paint = cloth if stripe % 2 else mixed_colour(cloth, (245, 240, 232), 0.78)
        canvas.polygon(
            [(start + 3, top), (end + 3, top), (end, top + 0.42 * scale), (start, top + 0.42 * scale)], paint
        )
