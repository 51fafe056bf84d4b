"""People as they are painted: walking or standing, seen from the side, from before and from behind."""

import math
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Final

from simulators.cameras.painting import Canvas, Colour, Points, Sprite, colour, mixed_colour, palette
from simulators.chance import mixed, uniform

LOOKS: Final = 14
"""How many different people there are."""

STEPS: Final = 8
"""Pictures of one double step."""

STEP_M: Final = 1.35
"""Metres of one double step."""

_TALL, _WIDE = 100, 52
_SKIN: Final = palette("#e0b08a #c98f66 #d8a47c")
_HAIR: Final = palette("#1d1a1b #2c2321 #3a2c25")
_TOPS: Final = palette("#b3423f #2f5d8c #d8d3c4 #3f6b4f #c98a2e #6b4a7a #34383f #a8455f #7c8f9e #e2c9a6")
_LEGS: Final = palette("#2b3140 #3d3a3a #4a5566 #1f2730 #6a5c4d")
_STRAW: Final = colour("#d9bf87")


class View(StrEnum):
    """From where somebody is seen."""

    RIGHT = "right"
    LEFT = "left"
    FRONT = "front"
    BACK = "back"


@dataclass(frozen=True, slots=True)
class _Look:
    skin: Colour
    hair: Colour
    top: Colour
    legs: Colour
    hat: bool
    long_hair: bool
    bag: bool
    skirt: bool


def step_of(way_m: float) -> int:
    """Say which picture of a step shows somebody who has gone so far."""
    return int(way_m / STEP_M * STEPS) % STEPS


@lru_cache(maxsize=LOOKS * 4 * (STEPS + 1))
def person(look: int, view: View, step: int | None) -> Sprite:
    """Paint somebody; `step` is that of `step_of`, None for somebody who stands."""
    if view is View.LEFT:
        return person(look, View.RIGHT, step).mirrored()
    canvas = Canvas(_WIDE, _TALL, fine=4)
    who = _look(look)
    turn = None if step is None else 2 * math.pi * step / STEPS
    if view is View.RIGHT:
        _from_the_side(canvas, who, turn)
    else:
        _along(canvas, who, turn, front=view is View.FRONT)
    return canvas.sprite()


def _look(number: int) -> _Look:
    def draw(question: int) -> float:
        return uniform(mixed(number, 4711), question)

    def one(of: tuple[Colour, ...], question: int) -> Colour:
        return of[int(draw(question) * len(of))]

    return _Look(
        skin=one(_SKIN, 1),
        hair=one(_HAIR, 2),
        top=_TOPS[number % len(_TOPS)],
        legs=one(_LEGS, 4),
        hat=draw(5) < 0.15,
        long_hair=draw(6) < 0.45,
        bag=draw(7) < 0.4,
        skirt=draw(8) < 0.2,
    )


def _darker(paint: Colour, share: float = 0.28) -> Colour:
    return mixed_colour(paint, (20, 14, 10), share)


def _lighter(paint: Colour, share: float = 0.16) -> Colour:
    return mixed_colour(paint, (255, 255, 255), share)


def _shadow(canvas: Canvas) -> None:
    canvas.disc(_WIDE / 2 + 2, 97, 15, (52, 52, 52), 2.6)
    canvas.cover[canvas.cover > 0] = 90


def _from_the_side(canvas: Canvas, who: _Look, turn: float | None) -> None:
    middle = _WIDE / 2
    swing = 0.0 if turn is None else math.sin(turn)
    rise = 0.0 if turn is None else 1.2 * abs(math.cos(turn))
    hip, neck = (middle, 54 - rise), (middle + 1, 20 - rise)
    _shadow(canvas)
    for side, near in ((-1, False), (1, True)):
        paint = who.legs if near else _darker(who.legs)
        canvas.limb(_leg(hip, side * swing, lift=turn is not None), 7.4 if near else 7, paint)
    far_arm = _arm((middle, 26 - rise), swing)
    canvas.limb(far_arm, 5, _darker(who.top))
    if who.skirt:
        canvas.polygon([(middle - 7, 50), (middle + 7, 50), (middle + 11, 74), (middle - 11, 74)], who.legs)
    torso = [(middle - 7, 24), (middle - 2, 19), (middle + 5, 20), (middle + 8, 28), (middle + 7, 54), (middle - 7, 55)]
    canvas.polygon([(x, y - rise) for x, y in torso], who.top)
    canvas.polygon(
        [(x, y - rise) for x, y in ((middle + 1, 21), (middle + 7, 27), (middle + 6, 53), (middle + 2, 53))],
        _lighter(who.top),
    )
    if who.bag:
        canvas.limb([(middle - 1, 21 - rise), (middle - 6, 44 - rise)], 1.4, _darker(who.legs))
        canvas.disc(middle - 8, 47 - rise, 5.6, _darker(who.legs, 0.1), 6.6)
    near_arm = _arm((middle, 26 - rise), -swing)
    canvas.limb(near_arm[:2], 5.6, _darker(who.top, 0.12))
    canvas.limb(near_arm[1:], 4.6, who.skin)
    _head(canvas, who, neck, facing=1)


def _along(canvas: Canvas, who: _Look, turn: float | None, *, front: bool) -> None:
    middle = _WIDE / 2
    swing = 0.0 if turn is None else math.sin(turn)
    rise = 0.0 if turn is None else 1.0 * abs(math.cos(turn))
    _shadow(canvas)
    for side in (-1, 1):
        # What comes nearer is lower in the picture; a step seen from before is mostly that.
        lift = max(0.0, side * swing) * 6
        knee = (middle + side * 5.2, 74 - rise - lift * 0.6)
        canvas.limb([(middle + side * 4, 54 - rise), knee, (middle + side * 5, 93 - lift)], 7.6, who.legs)
        canvas.limb([(middle + side * 5, 94 - lift), (middle + side * 6, 95.5 - lift)], 5, (28, 26, 30))
        reach = -side * swing * 3
        arm = [
            (middle + side * 10, 26 - rise),
            (middle + side * 13, 39 - rise),
            (middle + side * 12.5, 51 - rise + reach),
        ]
        canvas.limb(arm[:2], 5.4, _darker(who.top, 0.16))
        canvas.limb(arm[1:], 4.4, who.skin)
    if who.skirt:
        canvas.polygon([(middle - 9, 50), (middle + 9, 50), (middle + 13, 74), (middle - 13, 74)], who.legs)
    torso = [
        (middle - 11, 25),
        (middle - 4, 19),
        (middle + 4, 19),
        (middle + 11, 25),
        (middle + 9, 55),
        (middle - 9, 55),
    ]
    canvas.polygon([(x, y - rise) for x, y in torso], who.top)
    canvas.polygon(
        [(x, y - rise) for x, y in ((middle - 10, 26), (middle - 5, 21), (middle - 4, 54), (middle - 8, 54))],
        _lighter(who.top),
    )
    if who.bag:
        canvas.limb([(middle - 6, 20 - rise), (middle + 9, 46 - rise)], 1.5, _darker(who.legs))
        canvas.disc(middle + 11, 49 - rise, 4.6, _darker(who.legs, 0.1), 5.8)
    _head(canvas, who, (middle, 20 - rise), facing=0 if front else -1)


def _leg(hip: tuple[float, float], swing: float, *, lift: bool) -> Points:
    knee = (hip[0] + 9 * swing + (2.5 if lift else 0.5), hip[1] + 20)
    # The foot of the leg that comes forward is off the ground, the other one pushes.
    foot = (hip[0] + 15 * swing - (2 if swing < 0 else 0), 94 - (2.5 * abs(swing) if swing < 0 else 0))
    return [hip, knee, foot, (foot[0] + 4.5, foot[1] + 1)]


def _arm(shoulder: tuple[float, float], swing: float) -> Points:
    elbow = (shoulder[0] + 6 * swing - 1, shoulder[1] + 14)
    return [shoulder, elbow, (shoulder[0] + 12 * swing + 2, shoulder[1] + 25)]


def _head(canvas: Canvas, who: _Look, neck: tuple[float, float], *, facing: int) -> None:
    x, y = neck
    canvas.limb([(x, y + 1), (x, y - 4)], 5, _darker(who.skin, 0.15))
    if who.long_hair:
        canvas.disc(x - 1.5 * facing, y - 5, 6.6, who.hair, 9)
    canvas.disc(x, y - 9, 6, who.hair, 7.2)
    if facing >= 0:
        canvas.disc(x + 2 * facing, y - 7.6, 4.6, who.skin, 5.6)
    if who.hat:
        canvas.polygon([(x - 13, y - 9), (x, y - 19), (x + 13, y - 9), (x, y - 7)], _STRAW)
        canvas.polygon([(x - 13, y - 9), (x, y - 19), (x - 2, y - 8)], _lighter(_STRAW, 0.25))
