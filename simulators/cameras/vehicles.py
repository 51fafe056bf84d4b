"""Vehicles as they are painted: from the side, going to the right."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from simulators.cameras.painting import Canvas, Colour, Sprite, colour, mixed_colour, palette

_GLASS: Final = colour("#39505f")
_TYRE: Final = colour("#1c1c1f")
_RIM: Final = colour("#8f959b")
_PAINTS: Final = palette("#c8ccd0 #8e2f2c #2c4a6e #e8e4da #3b3f45 #4d6b57 #b58a3c")
_LAMP: Final = colour("#ffe9b0")
_REAR: Final = colour("#a8262a")


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of vehicle.

    Attributes:
        high_m: how high its picture is, metres.
        long_m: how long it is, metres.
        paint: paints one.
    """

    name: str
    high_m: float
    long_m: float
    paint: Callable[[Colour, int], Canvas]


def _wheel(canvas: Canvas, x: float, y: float, across: float) -> None:
    canvas.disc(x, y, across, _TYRE)
    canvas.disc(x, y, across * 0.55, _RIM)
    canvas.disc(x, y, across * 0.2, _TYRE)


def _shadow(canvas: Canvas, left: float, right: float, y: float) -> None:
    canvas.disc((left + right) / 2, y, (right - left) / 2, (48, 46, 46), 3)
    canvas.cover[canvas.cover > 0] = 110


def _car(paint: Colour, look: int) -> Canvas:
    canvas = Canvas(210, 76, fine=3)
    dark, light = mixed_colour(paint, (10, 8, 8), 0.3), mixed_colour(paint, (255, 255, 255), 0.22)
    _shadow(canvas, 4, 206, 71)
    tail = 26 if look % 2 else 14
    body = [(8, 40), (tail, 35), (30, 31), (60, 11), (128, 10), (158, 31), (190, 36), (203, 45), (203, 60), (8, 61)]
    canvas.polygon(body, paint)
    canvas.polygon([(8, 40), (30, 34), (190, 38), (203, 46), (203, 50), (8, 45)], light)
    canvas.rectangle(8, 55, 203, 62, dark)
    canvas.polygon([(40, 31), (63, 15), (92, 14.5), (92, 32)], _GLASS)
    canvas.polygon([(97, 14.5), (126, 14.5), (149, 32), (97, 32)], _GLASS)
    canvas.polygon([(104, 15), (112, 15), (104, 32), (97, 32)], mixed_colour(_GLASS, (255, 255, 255), 0.25))
    canvas.limb([(94, 33), (94, 56)], 0.8, dark)
    canvas.rectangle(80, 40, 88, 42, dark)
    canvas.disc(198, 44, 5, _LAMP, 3)
    canvas.rectangle(8, 40, 13, 48, _REAR)
    _wheel(canvas, 46, 60, 13)
    _wheel(canvas, 164, 60, 13)
    return canvas


def _bus(paint: Colour, look: int) -> Canvas:
    canvas = Canvas(330, 132, fine=2)
    _shadow(canvas, 4, 326, 126)
    white = colour("#e9e6dd")
    canvas.polygon([(8, 14), (14, 8), (312, 8), (322, 40), (322, 114), (8, 114)], white)
    canvas.polygon([(8, 72), (322, 72), (322, 114), (8, 114)], paint)
    canvas.rectangle(8, 66, 322, 71, mixed_colour(paint, white, 0.45))
    for number in range(6):
        left = 20 + number * 41
        canvas.rectangle(left, 24, left + 36, 58, _GLASS)
        canvas.polygon(
            [(left + 6, 24), (left + 14, 24), (left + 4, 58), (left, 58), (left, 46)],
            mixed_colour(_GLASS, (255, 255, 255), 0.18),
        )
    canvas.polygon([(270, 22), (306, 22), (317, 46), (317, 64), (270, 64)], _GLASS)
    canvas.rectangle(226 if look % 2 else 60, 62, 262 if look % 2 else 96, 112, mixed_colour(paint, (0, 0, 0), 0.25))
    canvas.disc(316, 100, 6, _LAMP, 4)
    _wheel(canvas, 68, 112, 16)
    _wheel(canvas, 262, 112, 16)
    return canvas


def _motorcycle(paint: Colour, look: int) -> Canvas:
    canvas = Canvas(112, 100, fine=4)
    top = _PAINTS[(look * 3 + 1) % len(_PAINTS)]
    trousers, skin, helmet = colour("#2b3140"), colour("#c98f66"), mixed_colour(paint, (240, 240, 240), 0.4)
    _shadow(canvas, 8, 106, 96)
    _wheel(canvas, 25, 80, 15)
    _wheel(canvas, 88, 80, 15)
    canvas.limb([(88, 80), (78, 52), (70, 44)], 3.4, _RIM)
    canvas.limb([(25, 80), (48, 76), (62, 70)], 4, _RIM)
    canvas.polygon([(8, 56), (30, 54), (56, 60), (66, 74), (44, 82), (24, 70)], paint)
    canvas.polygon([(72, 46), (84, 56), (80, 78), (66, 80), (70, 66)], paint)
    canvas.polygon([(84, 64), (100, 66), (94, 70), (82, 70)], mixed_colour(paint, (10, 8, 8), 0.3))
    canvas.limb([(14, 53), (48, 55)], 6, _TYRE)
    canvas.limb([(72, 43), (66, 40)], 3, _TYRE)
    canvas.disc(80, 51, 4.5, _LAMP)
    canvas.rectangle(7, 57, 12, 62, _REAR)
    # The rider: leg, back, arm, head.
    canvas.limb([(38, 52), (61, 58), (58, 78), (64, 80)], 8, trousers)
    canvas.polygon([(30, 54), (32, 30), (40, 21), (50, 24), (49, 54)], top)
    canvas.limb([(43, 28), (54, 42), (69, 43)], 5.4, mixed_colour(top, (10, 8, 8), 0.2))
    canvas.disc(69, 43, 3, skin)
    canvas.disc(48, 13, 6, skin, 7)
    canvas.disc(46.5, 9.5, 8, helmet, 7.5)
    return canvas


MOTORCYCLE: Final = Kind("motorcycle", 1.75, 1.95, _motorcycle)
CAR: Final = Kind("car", 1.52, 4.2, _car)
BUS: Final = Kind("bus", 2.75, 6.9, _bus)


@lru_cache(maxsize=64)
def vehicle(kind: Kind, look: int, *, leftwards: bool = False) -> Sprite:
    """Paint one; `look` chooses its colours."""
    if leftwards:
        return vehicle(kind, look).mirrored()
    return kind.paint(_PAINTS[look % len(_PAINTS)], look).sprite()
