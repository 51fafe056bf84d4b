"""How the scenes are painted: shapes at several times their size, made smaller and laid over a picture."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Final

import cv2
import numpy as np
import numpy.typing as npt

from simulators.chance import mixed

Picture = npt.NDArray[np.uint8]
"""Height × width × 3, blue, green, red."""

Colour = tuple[int, int, int]
"""Blue, green, red, 0 to 255."""

Points = Sequence[tuple[float, float]]

WIDTH: Final = 640
HEIGHT: Final = 360

CAPTION: Final = "MÔ PHỎNG · SIMULATED"

_FINE: Final = 3
"""Times its size at which what stands still is painted, so that its edges are smooth."""


def colour(written: str) -> Colour:
    """Read `#rrggbb`."""
    return int(written[5:7], 16), int(written[3:5], 16), int(written[1:3], 16)


def palette(written: str) -> tuple[Colour, ...]:
    """Read several, with spaces between them."""
    return tuple(map(colour, written.split()))


def mixed_colour(one: Colour, other: Colour, share: float) -> Colour:
    """Mix two colours; `share` is that of the other one."""
    blue, green, red = (round(a + (b - a) * share) for a, b in zip(one, other, strict=True))
    return blue, green, red


@dataclass(slots=True)
class Canvas:
    """A picture that is painted at several times its size, with what of it is painted.

    Attributes:
        fine: painted pixels for one of the size that points are given in.
    """

    width: int
    height: int
    fine: int = _FINE
    pixels: Picture = field(init=False)
    cover: Picture = field(init=False)

    def __post_init__(self) -> None:
        """Begin with nothing painted."""
        self.pixels = np.zeros((self.height * self.fine, self.width * self.fine, 3), np.uint8)
        self.cover = np.zeros(self.pixels.shape[:2], np.uint8)

    def polygon(self, points: Points, paint: Colour) -> None:
        """Fill a polygon."""
        corners = np.array([[round(x * self.fine), round(y * self.fine)] for x, y in points], np.int32)
        cv2.fillPoly(self.pixels, [corners], paint, cv2.LINE_AA)
        cv2.fillPoly(self.cover, [corners], 255, cv2.LINE_AA)

    def rectangle(self, left: float, top: float, right: float, bottom: float, paint: Colour) -> None:
        """Fill a rectangle."""
        self.polygon([(left, top), (right, top), (right, bottom), (left, bottom)], paint)

    def limb(self, points: Points, thick: float, paint: Colour) -> None:
        """Draw a line with round ends and joints."""
        corners = [(round(x * self.fine), round(y * self.fine)) for x, y in points]
        wide = max(1, round(thick * self.fine))
        for start, end in pairwise(corners):
            for layer, ink in ((self.pixels, paint), (self.cover, (255, 255, 255))):
                cv2.line(layer, start, end, ink, wide, cv2.LINE_AA)

    def disc(
        self, x: float, y: float, across: float, paint: Colour, high: float | None = None, turn: float = 0
    ) -> None:
        """Fill an ellipse; `across` and `high` are its half axes."""
        middle = (round(x * self.fine), round(y * self.fine))
        axes = (max(1, round(across * self.fine)), max(1, round((across if high is None else high) * self.fine)))
        for layer, ink in ((self.pixels, paint), (self.cover, (255, 255, 255))):
            cv2.ellipse(layer, middle, axes, turn, 0, 360, ink, -1, cv2.LINE_AA)

    def shade(
        self, top: Colour, bottom: Colour, rows: tuple[float, float], columns: tuple[float, float] = (0, 1e9)
    ) -> None:
        """Fill a rectangle with a colour that passes into another, from above downwards."""
        first, last = (round(row * self.fine) for row in rows)
        left, right = (round(min(column, self.width) * self.fine) for column in columns)
        ramp = np.linspace(np.array(top, np.float32), np.array(bottom, np.float32), max(1, last - first))
        self.pixels[first:last, left:right] = ramp[:, None, :].astype(np.uint8)
        self.cover[first:last, left:right] = 255

    def grain(self, seed: int, strength: float) -> None:
        """Give plain surfaces the unevenness that a sensor sees in them."""
        rough = np.random.default_rng(seed).normal(0, strength, (*self.pixels.shape[:2], 1))
        self.pixels[:] = np.clip(self.pixels + rough, 0, 255).astype(np.uint8)

    def picture(self) -> Picture:
        """Give it in its own size."""
        picture: Picture = resized(self.pixels, self.width, self.height)
        return picture

    def sprite(self, sharp: float = 1.5) -> "Sprite":
        """Give it as something that can be laid over pictures; `sharp` is how many times its size it may be seen."""
        share = self.cover[..., None].astype(np.float32) / 255
        layers = np.dstack([self.pixels * share, share * 255]).astype(np.uint8)
        return Sprite(resized(layers, round(self.width * sharp), round(self.height * sharp)))


@dataclass(frozen=True, slots=True, eq=False)
class Sprite:
    """A painted thing with a soft edge.

    Attributes:
        layers: height × width × 4: the colours, already multiplied by how much they cover, and that, 0 to 255.
    """

    layers: npt.NDArray[np.uint8]

    def mirrored(self) -> "Sprite":
        """Turn it left to right."""
        return Sprite(np.ascontiguousarray(self.layers[:, ::-1]))


def resized(pixels: Any, width: int, height: int) -> Any:
    """Make a picture smaller by the mean of what falls together."""
    return cv2.resize(pixels, (max(1, width), max(1, height)), interpolation=cv2.INTER_AREA)


def lay(picture: Picture, sprite: Sprite, x: float, y: float, high: float) -> None:
    """Lay a sprite over a picture.

    Args:
        picture: is painted on.
        sprite: what is laid.
        x: where the middle of its lower edge comes to lie, pixels.
        y: likewise.
        high: its height there, pixels.
    """
    tall = max(2, round(high))
    wide = max(2, round(high * sprite.layers.shape[1] / sprite.layers.shape[0]))
    left, top = round(x - wide / 2), round(y) - tall
    first_x, first_y = max(0, left), max(0, top)
    last_x, last_y = min(picture.shape[1], left + wide), min(picture.shape[0], top + tall)
    if first_x >= last_x or first_y >= last_y:
        return
    small = resized(sprite.layers, wide, tall)[first_y - top : last_y - top, first_x - left : last_x - left]
    under = picture[first_y:last_y, first_x:last_x]
    through = cv2.cvtColor(255 - small[..., 3], cv2.COLOR_GRAY2BGR)
    under[:] = cv2.add(cv2.multiply(under, through, scale=1 / 255), small[..., :3])


class Noise:
    """What a sensor adds to every picture: without it a still view would look like a stream that hangs."""

    _ROOM: Final = 64

    def __init__(self, seed: int) -> None:
        """Make it once, larger than a picture: another part of it is another noise."""
        size = (HEIGHT + self._ROOM, WIDTH + self._ROOM, 1)
        rough = np.random.default_rng(seed).integers(0, 5, size, np.uint8)
        self._rough = np.repeat(rough, 3, axis=2)

    def add(self, picture: Picture, number: int) -> None:
        """Add it to the picture of this number."""
        left, top = (mixed(number, side) % self._ROOM for side in (1, 2))
        part = self._rough[top : top + HEIGHT, left : left + WIDTH]
        cv2.add(picture, part, picture)


def write_caption(picture: Picture, name: str) -> None:
    """Write into a picture what it shows, and that it is pretended."""
    font = cv2.FontFace("sans")
    cv2.rectangle(picture, (0, HEIGHT - 22), (WIDTH, HEIGHT), (24, 18, 14), -1)
    cv2.putText(picture, CAPTION, (10, HEIGHT - 7), (120, 200, 255), font, 13, 600)
    cv2.putText(picture, name, (220, HEIGHT - 7), (225, 225, 225), font, 13)
