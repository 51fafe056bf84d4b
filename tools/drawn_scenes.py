"""Draws what a camera may see, for tests and figures: a street by day and night, weather, vehicles, smoke, flames."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

WIDTH: Final = 320
HEIGHT: Final = 180
HORIZON: Final = 60
"""Row that the sky ends at."""

_SPARE: Final = 200
_NOISE: Final = np.random.default_rng(0).standard_normal((HEIGHT + _SPARE, WIDTH + _SPARE, 3), dtype=np.float32)

Pixels = npt.NDArray[np.uint8]
Field = npt.NDArray[np.float32]

Paint = Callable[[Field, float], None]
"""Draws into a scene (height × width × 3, blue, green, red, 0 to 255) what stands there at a time in seconds."""


def cloudy(seed: int, height: int, width: int, coarse: int, octaves: int = 4) -> Field:
    """Make a field that looks like clouds, 0 to 1: noise of several sizes, the coarse strongest.

    Args:
        seed: the same gives the same field.
        height: rows.
        width: columns.
        coarse: pixels of its largest shapes.
        octaves: how many sizes there are, each half of the one before.
    """
    source = np.random.default_rng(seed)
    total = np.zeros((height, width), np.float32)
    for octave in range(octaves):
        step = max(1, coarse >> octave)
        grid = source.random((height // step + 3, width // step + 3), dtype=np.float32)
        total += cv2.resize(grid, (width, height), interpolation=cv2.INTER_CUBIC) * np.float32(0.5**octave)
    low, high = float(total.min()), float(total.max())
    return np.asarray((total - low) / (high - low), np.float32)


def street(seed: int = 1) -> Field:
    """Draw a street: sky, houses with windows, trees, a road with marks; every seed another one."""
    source = np.random.default_rng(seed)
    scene = np.zeros((HEIGHT, WIDTH, 3), np.float32)
    scene[:HORIZON] = np.linspace((225, 190, 150), (230, 220, 205), HORIZON, dtype=np.float32)[:, None]
    scene[HORIZON:] = (96, 104, 104)
    left = 0
    while left < WIDTH:
        wide, top = int(source.integers(28, 60)), int(source.integers(18, 52))
        wall = source.uniform(85, 190) + source.uniform(-22, 22, 3)
        colour = tuple(float(each) for each in wall)
        cv2.rectangle(scene, (left, top), (left + wide, 105), colour, -1)
        for row in range(top + 5, 98, 11):
            for column in range(left + 4, left + wide - 6, 10):
                shade = float(source.uniform(20, 90))
                cv2.rectangle(scene, (column, row), (column + 5, row + 6), (shade * 1.1, shade, shade * 0.9), -1)
        left += wide
    leaves = cloudy(seed + 1, HEIGHT, WIDTH, 12)
    for _ in range(4):
        x, y = int(source.integers(0, WIDTH)), int(source.integers(70, 95))
        crown = np.zeros((HEIGHT, WIDTH), np.uint8)
        cv2.ellipse(crown, (x, y), (int(source.integers(12, 24)), int(source.integers(14, 26))), 0, 0, 360, 255, -1)
        scene[crown > 0] = (np.array((40, 95, 55), np.float32) * (0.4 + leaves[..., None]))[crown > 0]
        cv2.line(scene, (x, y + 12), (x, 112), (40, 60, 70), 4)
    cv2.fillPoly(scene, [np.array([(70, 105), (250, 105), (330, 180), (-10, 180)], np.int32)], (80, 80, 84))
    for row in range(108, 180, 14):
        cv2.line(scene, (160, row), (160, row + 6), (215, 215, 215), 2 + row // 60)
    grain = cloudy(seed + 2, HEIGHT, WIDTH, 6, 3)[..., None] - 0.5
    scene[HORIZON:] += grain[HORIZON:] * 34
    return np.asarray(np.clip(scene, 0, 255), np.float32)


def infrared(scene: Field, seed: int = 5) -> Field:
    """Draw what a camera with a lamp of its own sees of a scene at night: no colour, leaves bright, the sky black."""
    blue, green, red = cv2.split(scene)
    leafy = np.clip((green - (blue + red) / 2) / 30, 0, 1)
    grey = 0.25 * blue + 0.35 * green + 0.4 * red
    grey = grey * (0.55 + 0.2 * cloudy(seed, HEIGHT, WIDTH, 40)) + 70 * leafy
    grey[:HORIZON] = np.where(grey[:HORIZON] > 105, 6, grey[:HORIZON])
    rows, columns = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
    lamp = np.exp(-(((rows - 115) / 90) ** 2) - ((columns - WIDTH / 2) / 170) ** 2)
    return np.asarray(cv2.merge([grey * lamp] * 3), np.float32)


@dataclass(slots=True)
class View:
    """A camera before a scene; `at` gives its picture at a time, always the same for the same view and time.

    Attributes:
        scene: what stands still, or a function that gives it at a time in seconds.
        paints: what is drawn over it, in this order.
        noise: the sensor's, levels.
        gain: brightness at a time, 1 where all is well lit.
        after: what becomes of the finished picture at a time: a cloth over the lens, say.
    """

    scene: Field | Callable[[float], Field]
    paints: tuple[Paint, ...] = ()
    noise: float = 2.0
    gain: Callable[[float], float] = field(default=lambda _: 1.0)
    after: Callable[[Field, float], Field] = field(default=lambda picture, _: picture)

    def at(self, seconds: float) -> Pixels:
        """Take the picture."""
        picture = (self.scene(seconds) if callable(self.scene) else self.scene).copy()
        for paint in self.paints:
            paint(picture, seconds)
        picture = self.after(picture * np.float32(self.gain(seconds)), seconds)
        if self.noise:
            # Cut out of one large field wherever the time says: to make noise anew takes longer than all the rest.
            row, column = np.random.default_rng(round(seconds * 1000)).integers(0, _SPARE, 2)
            picture = picture + _NOISE[row : row + HEIGHT, column : column + WIDTH] * np.float32(self.noise)
        return np.asarray(np.clip(picture, 0, 255), np.uint8)


def blended(picture: Field, colour: tuple[float, float, float] | Field, strength: Field) -> None:
    """Lay a colour over a picture, each pixel with its own strength, 0 to 1."""
    picture += (np.asarray(colour, np.float32) - picture) * strength[..., None]


def smoke(
    x: int,
    y: int,
    begin: float,
    *,
    wide: float = 9,
    rise: float = 14,
    wind: float = 0.25,
    grey: float = 175,
    dense: float = 1.0,
    seed: int = 7,
) -> Paint:
    """Smoke that rises from a place from a time on and spreads as it goes.

    Args:
        x: column of its source.
        y: row of its source.
        begin: seconds.
        wide: pixels at the source.
        rise: pixels a second.
        wind: how far it is blown aside, pixels to the right for each upward.
        grey: how bright it is.
        dense: 1 hides nearly all that is behind it, less lets more through.
        seed: another seed gives other billows.
    """
    billows = cloudy(seed, 512, 512, 24, 5)
    rows, columns = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
    above = y - rows

    def paint(picture: Field, seconds: float) -> None:
        age = seconds - begin
        if age <= 0:
            return
        height = rise * age / (1 + age / 12)
        breadth = wide * (1 + above / 34)
        aside = columns - x - wind * above
        inside = np.exp(-((aside / np.maximum(breadth, 1)) ** 2)) * (above > -2)
        inside *= np.clip((height - above) / 12, 0, 1) * np.clip(1.25 - above / 150, 0, 1)
        # The billows ride upward with the smoke and grow wider as they do.
        across = (aside * 34 / (34 + np.maximum(above, 0)) * 2 + 256).astype(np.int32) % 512
        along = (above * 1.6 - rise * 1.6 * seconds).astype(np.int32) % 512
        strength = inside * dense * (0.35 + 1.1 * billows[along, across])
        blended(picture, (grey + 4, grey, grey - 3), np.clip(strength, 0, 0.9))

    return paint


def flame(x: int, y: int, begin: float, *, wide: float = 8, high: float = 22, seed: int = 11) -> Paint:
    """A fire from a time on: white and yellow within, orange and red outside, its outline never the same.

    Args:
        x: column of its middle.
        y: row of its foot.
        begin: seconds.
        wide: pixels from its middle to its side.
        high: pixels.
        seed: another seed gives other tongues.
    """
    tongues = cloudy(seed, 512, 512, 16, 4)
    rows, columns = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
    above, aside = y - rows, columns - x

    def paint(picture: Field, seconds: float) -> None:
        if seconds < begin:
            return
        breathing = 0.85 + 0.3 * math.sin(seconds * 17.3) * math.sin(seconds * 5.1)
        up = above / (high * breathing)
        along = (above * 5 - seconds * 380).astype(np.int32) % 512
        across = (aside * 6 + 40 * seconds).astype(np.int32) % 512
        heat = 1.25 - np.abs(aside) / wide - 0.75 * np.clip(up, 0, 4) + 1.1 * (tongues[along, across] - 0.5)
        heat = np.where(above < 0, 0, np.clip(heat, 0, 1)).astype(np.float32)
        colour = np.stack(
            [
                np.clip(heat * 330 - 150, 10, 190),
                np.clip(40 + heat * 260, 0, 245),
                np.clip(185 + heat * 180, 0, 255),
            ],
            axis=-1,
        ).astype(np.float32)
        blended(picture, colour, np.clip(heat * 4, 0, 1))

    return paint


def vehicle(
    y: int, speed: float, colour: tuple[float, float, float], *, begin: float = 0.0, every: float = 12.0, high: int = 18
) -> Paint:
    """A vehicle that drives through from left to right, or back for a negative speed, again and again.

    Args:
        y: row of its wheels.
        speed: pixels a second.
        colour: blue, green, red.
        begin: seconds until the first.
        every: seconds from one to the next.
        high: pixels.
    """

    def paint(picture: Field, seconds: float) -> None:
        if seconds < begin:
            return
        way = (seconds - begin) % every * abs(speed) - 2.4 * high
        left = way if speed > 0 else WIDTH - way
        x, wide = int(left), int(2.2 * high)
        cv2.rectangle(picture, (x, y - high), (x + wide, y), colour, -1)
        roof = tuple(0.85 * each for each in colour)
        cv2.rectangle(picture, (x + wide // 5, y - int(1.45 * high)), (x + 4 * wide // 5, y - high), roof, -1)
        cv2.rectangle(picture, (x + wide // 4, y - int(1.35 * high)), (x + 3 * wide // 4, y - high), (60, 50, 45), -1)
        for wheel in (x + wide // 4, x + 3 * wide // 4):
            cv2.circle(picture, (wheel, y), high // 4, (25, 25, 25), -1)

    return paint


def headlights(y: int, speed: float, *, every: float = 9.0) -> Paint:
    """Two bright lamps that drive towards the camera's left or right with a pool of yellowish light before them."""
    rows, columns = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)

    def paint(picture: Field, seconds: float) -> None:
        way = seconds % every * abs(speed) - 40
        x = way if speed > 0 else WIDTH - way
        ahead = 28 if speed > 0 else -28
        pool = np.exp(-(((columns - x - ahead) / 26) ** 2) - ((rows - y - 4) / 9) ** 2)
        picture += pool[..., None] * np.array((60, 95, 110), np.float32)
        for lamp in (x - 4, x + 4):
            cv2.circle(picture, (int(lamp), y), 3, (215, 248, 255), -1)

    return paint


def blinker(x: int, y: int, *, hertz: float = 1.5) -> Paint:
    """An orange lamp that blinks."""

    def paint(picture: Field, seconds: float) -> None:
        if seconds * hertz % 1 < 0.5:
            cv2.circle(picture, (x, y), 4, (40, 165, 255), -1)

    return paint


def flag(x: int, y: int, *, wide: int = 40, high: int = 27, hertz: float = 1.1) -> Paint:
    """A red flag with a yellow star that flutters at its pole."""
    cloth = np.zeros((high, wide, 3), np.float32)
    cloth[:] = (30, 35, 215)
    points = []
    for corner in range(10):
        reach = (0.33 if corner % 2 == 0 else 0.13) * high
        angle = -math.pi / 2 + corner * math.pi / 5
        points.append((round(wide / 2 + reach * math.cos(angle)), round(high / 2 + reach * math.sin(angle))))
    cv2.fillPoly(cloth, [np.array(points, np.int32)], (20, 235, 250))
    rows, columns = np.mgrid[0 : high + 12, 0:wide].astype(np.float32)

    def paint(picture: Field, seconds: float) -> None:
        swing = columns / wide
        wave = np.sin(2 * math.pi * (hertz * seconds - columns / 22)) * swing
        drawn = cv2.remap(cloth, columns, rows - 6 - 5 * wave, cv2.INTER_LINEAR, borderValue=(-1, -1, -1))
        shade = 1 + 0.22 * np.cos(2 * math.pi * (hertz * seconds - columns / 22)) * swing
        there = drawn[..., 2] >= 0
        part = picture[y : y + high + 12, x : x + wide]
        part[there] = (drawn * shade[..., None])[there]
        cv2.line(picture, (x, y), (x, y + 80), (120, 120, 120), 2)

    return paint


def clouds(speed: float = 3.0, seed: int = 3) -> Paint:
    """Grey and white clouds that drift over the sky."""
    drifting = cloudy(seed, HORIZON, 1024, 40)

    def paint(picture: Field, seconds: float) -> None:
        shift = seconds * speed
        first = int(shift)
        part = np.take(drifting, range(first, first + WIDTH + 1), axis=1, mode="wrap")
        share = np.float32(shift - first)
        strength = np.zeros(picture.shape[:2], np.float32)
        strength[:HORIZON] = np.clip((part[:, :-1] * (1 - share) + part[:, 1:] * share) * 1.9 - 0.75, 0, 0.85)
        # Clouds stand behind the houses: they end at the first row from above that is not bluish and light.
        sky = (picture.min(axis=2) > 140) & (picture[..., 0] - picture[..., 2] > 20)
        strength *= np.logical_and.accumulate(sky, axis=0)
        blended(picture, (235, 232, 230), strength)

    return paint


def cloud_shadow(speed: float = 12.0, depth: float = 0.45, seed: int = 4) -> Paint:
    """Shadows of clouds that pass over everything."""
    drifting = cloudy(seed, HEIGHT, 1024, 120, 2)

    def paint(picture: Field, seconds: float) -> None:
        part = np.take(drifting, range(int(seconds * speed), int(seconds * speed) + WIDTH), axis=1, mode="wrap")
        picture *= (1 - depth * np.clip(part * 2.4 - 0.9, 0, 1))[..., None]

    return paint


def person(
    x0: float, y: int, speed: float, *, high: int = 26, stops_at: float | None = None, begin: float = 0.0
) -> Paint:
    """Somebody who walks from a column on, and stays at `stops_at` where that is given."""

    def paint(picture: Field, seconds: float) -> None:
        if seconds < begin:
            return
        x = x0 + speed * (seconds - begin)
        if stops_at is not None:
            x = min(x, stops_at) if speed > 0 else max(x, stops_at)
        step = math.sin(seconds * 7) * high / 9 if x != stops_at else 0.0
        foot, centre = (int(x), y), int(x)
        cv2.line(picture, (centre, y - high // 2), (foot[0] + round(step), y), (60, 45, 40), max(2, high // 9))
        cv2.line(picture, (centre, y - high // 2), (foot[0] - round(step), y), (60, 45, 40), max(2, high // 9))
        cv2.ellipse(picture, (centre, y - 2 * high // 3), (high // 7, high // 4), 0, 0, 360, (130, 60, 50), -1)
        cv2.circle(picture, (centre, y - high), high // 9 + 1, (140, 170, 205), -1)

    return paint


def thing(
    x: int,
    y: int,
    begin: float,
    end: float = math.inf,
    *,
    wide: int = 12,
    high: int = 9,
    colour: tuple[float, float, float] = (40, 30, 25),
) -> Paint:
    """A bag that lies somewhere from a time on until another."""

    def paint(picture: Field, seconds: float) -> None:
        if begin <= seconds < end:
            cv2.rectangle(picture, (x, y - high), (x + wide, y), colour, -1)
            lid = tuple(min(255.0, each + 45) for each in colour)
            cv2.line(picture, (x, y - high + 2), (x + wide, y - high + 2), lid, 1)

    return paint
