"""A view over the town to wooded hills: nothing moves for minutes, and then smoke rises at the edge of the wood."""

import math
from functools import lru_cache
from typing import Final

from simulators.cameras.houses import ridge
from simulators.cameras.painting import (
    HEIGHT,
    WIDTH,
    Canvas,
    Noise,
    Picture,
    Sprite,
    colour,
    lay,
    mixed_colour,
    palette,
    write_caption,
)
from simulators.chance import uniform

SMOKE_EVERY_S: Final = 600.0
"""Seconds from one smoke to the next,"""

SMOKE_FIRST_S: Final = 50.0
"""the first one after so many,"""

SMOKE_LASTS_S: Final = 90.0
"""each for so long."""

_PLACES: Final = ((432.0, 232.0), (224.0, 224.0), (330.0, 236.0))
_PUFFS_A_SECOND: Final = 0.9
_PUFF_S: Final = 14.0
_DENSE: Final = 60
"""How much one puff hides where it is thickest, of 255: the wood is seen through the smoke."""
_SIZES: Final = (36.0, 110.0)
"""Pixels across of a puff when it is new, and how many more when it has faded."""
_RISE: Final = 12.0
"""Pixels a second."""


class Hill:
    """The scene."""

    name = "Đồi thông Robin"

    def __init__(self, seed: int) -> None:
        """Paint what stands still."""
        self._seed = seed
        self._still = _background(seed)
        self._noise = Noise(seed)

    def picture(self, at_s: float) -> Picture:
        """Paint it as it is so many seconds after it began."""
        picture = self._still.copy()
        number, since = divmod(at_s - SMOKE_FIRST_S, SMOKE_EVERY_S)
        if number >= 0 and since < SMOKE_LASTS_S + _PUFF_S:
            self._smoke(picture, int(number), since)
        self._noise.add(picture, round(1_000 * at_s))
        return picture

    def _smoke(self, picture: Picture, number: int, since: float) -> None:
        """Lay its puffs, the oldest first: each rises, grows, is carried away by the wind, and fades."""
        x, y = _PLACES[number % len(_PLACES)]
        newest = int(min(since, SMOKE_LASTS_S) * _PUFFS_A_SECOND)
        oldest = max(0, int((since - _PUFF_S) * _PUFFS_A_SECOND) + 1)
        for puff in range(oldest, newest + 1):
            age = since - puff / _PUFFS_A_SECOND
            if not 0 <= age < _PUFF_S:
                continue

            def draw(question: int, puff: int = puff) -> float:
                return uniform(self._seed, number, puff, question)

            share = age / _PUFF_S
            rise = _RISE * age * (0.85 + 0.3 * draw(1))
            sway = 4 * math.sin(age * 0.9 + 6.28 * draw(2)) + 3.1 * age * share + 9 * (draw(3) - 0.5)
            across = _SIZES[0] + _SIZES[1] * share**0.8 + 8 * draw(4)
            grade = min(_GRADES - 1, int(_GRADES * (min(1.0, age) * (1 - share) ** 0.7)))
            lay(picture, _puff(int(draw(5) * _SHAPES), grade), x + sway, y - rise + across / 2, across)


_SHAPES: Final = 4
_GRADES: Final = 8


@lru_cache(maxsize=_SHAPES * _GRADES)
def _puff(shape: int, grade: int) -> Sprite:
    """Paint a soft grey puff; `grade` says how much it hides."""
    canvas = Canvas(64, 64, fine=1)
    tone = mixed_colour(colour("#a9a8a6"), colour("#dcdbd8"), uniform(shape, 9))
    canvas.pixels[:] = tone
    cover = canvas.cover.astype(float)
    for lump in range(7):
        turn = 6.28 * uniform(shape, lump, 1)
        x, y = 32 + 11 * math.cos(turn), 32 + 11 * math.sin(turn)
        wide = 8 + 5 * uniform(shape, lump, 2)
        for row in range(64):
            for column in range(64):
                near = math.exp(-((column - x) ** 2 + (row - y) ** 2) / (2 * wide * wide))
                cover[row, column] = max(cover[row, column], near)
    canvas.cover[:] = (cover**1.3 * _DENSE * (grade + 1) / _GRADES).astype("uint8")
    return canvas.sprite(1.0)


def _background(seed: int) -> Picture:
    canvas = Canvas(WIDTH, HEIGHT)
    canvas.shade(colour("#8fb0c6"), colour("#f0e5cf"), (0, 170))
    far, near = colour("#9fb3b6"), colour("#41604a")
    for number in range(5):
        share = number / 4
        ridge(canvas, seed + 11 * number, 112 + 34 * number, 40 - 5 * number, mixed_colour(far, near, share))
        if number >= 2:
            _wood(
                canvas, seed + number, 118 + 36 * number, 14 + 4 * number, mixed_colour(far, near, min(1, share + 0.15))
            )
    _town(canvas, seed)
    canvas.grain(seed, 1.6)
    picture: Picture = canvas.picture()
    write_caption(picture, Hill.name)
    return picture


def _wood(canvas: Canvas, seed: int, row: float, high: float, paint: tuple[int, int, int]) -> None:
    for tree in range(150):
        x = WIDTH * uniform(seed, 5, tree)
        y = row + 40 * uniform(seed, 6, tree)
        tall = high * (0.7 + 0.6 * uniform(seed, 7, tree))
        shade = mixed_colour(paint, (34, 44, 28), 0.6 * uniform(seed, 8, tree))
        canvas.polygon([(x - tall * 0.22, y), (x, y - tall), (x + tall * 0.22, y)], shade)


def _town(canvas: Canvas, seed: int) -> None:
    """Paint the roofs of the valley and its lake."""
    canvas.disc(470, 300, 120, colour("#8fb3bf"), 15)
    canvas.disc(462, 298, 104, colour("#a5c4cb"), 10)
    houses = sorted((278 + 52 * uniform(seed, 21, n), n) for n in range(70))
    walls = palette("#e7d9bd #d9c3a8 #dfe0d8 #e3c9b4")
    roofs = palette("#9a5240 #8a5a4a #7c6a60")
    for y, number in houses:
        x = WIDTH * uniform(seed, 22, number)
        size = 0.5 + (y - 270) / 60
        if (x - 470) ** 2 / 130**2 + (y - 300) ** 2 / 22**2 < 1:
            continue
        wide, high = 17 * size, 10 * size
        canvas.rectangle(x, y - high, x + wide, y, walls[number % 4])
        canvas.rectangle(x + wide * 0.62, y - high, x + wide, y, mixed_colour(walls[number % 4], (40, 40, 40), 0.16))
        canvas.polygon(
            [(x - 2, y - high), (x + wide * 0.5, y - high * 1.75), (x + wide + 2, y - high)], roofs[number % 3]
        )
        canvas.rectangle(x + wide * 0.2, y - high * 0.7, x + wide * 0.4, y - high * 0.3, colour("#6a7f8c"))
