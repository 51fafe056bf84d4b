"""What stands still in the scenes: houses of the town, pines, and hills behind them."""

import math
from typing import Final

from simulators.cameras.ground import Ground
from simulators.cameras.painting import Canvas, Colour, colour, mixed_colour, palette
from simulators.chance import uniform

_WALLS: Final = palette("#e7d9bd #d9c3a8 #c9d3cf #e3c9b4 #cfd6c2 #ddd5cf #c7b9a6")
_ROOFS: Final = palette("#8f4a3a #7a4a3f #6d5a52 #93594a")
_SHUTTERS: Final = palette("#4d6b63 #6b5a48 #3f5870 #7d4c45")
_INSIDE: Final = colour("#4a5358")


def ridge(canvas: Canvas, seed: int, row: float, high: float, paint: Colour) -> None:
    """Paint a range of hills across the picture; `row` is its middle."""
    waves = [(uniform(seed, 1, n), 0.004 * 1.9**n, high / 1.7**n) for n in range(6)]
    line = [
        (float(x), row - sum(size * math.sin(6.28 * (begin + x * fast)) for begin, fast, size in waves) * 0.5)
        for x in range(-4, canvas.width + 8, 4)
    ]
    canvas.polygon([*line, (canvas.width + 4, canvas.height), (-4, canvas.height)], paint)


def house(canvas: Canvas, ground: Ground, left: float, wide: float, away: float, look: int) -> None:
    """Paint a house's front: a shop below, windows above, a pitched roof.

    Args:
        canvas: is painted on.
        ground: what it stands on.
        left: metres aside at which it begins.
        wide: metres.
        away: metres from the camera.
        look: chooses its colours and storeys.
    """
    scale = ground.pixels_per_metre(away)
    x, base = ground.place(left, away)
    across = wide * scale
    storeys = 1 + (look % 3 == 0)
    wall, roof = _WALLS[look % len(_WALLS)], _ROOFS[look % len(_ROOFS)]
    shutter = _SHUTTERS[(look // 2) % len(_SHUTTERS)]
    top = base - (2.9 + 2.5 * storeys) * scale
    canvas.rectangle(x, top, x + across, base, wall)
    canvas.polygon(
        [
            (x - 5, top + 3),
            (x + across * 0.2, top - 1.5 * scale),
            (x + across * 0.8, top - 1.5 * scale),
            (x + across + 5, top + 3),
        ],
        roof,
    )
    canvas.rectangle(x - 5, top + 1, x + across + 5, top + 4, mixed_colour(roof, (20, 16, 14), 0.35))
    panes = max(2, int(wide // 1.6))
    for storey in range(storeys):
        row = top + (0.75 + 2.5 * storey) * scale
        for pane in range(panes):
            middle = x + across * (pane + 0.5) / panes
            half = 0.42 * scale
            canvas.rectangle(
                middle - half - 2.2,
                row - 1.6,
                middle + half + 2.2,
                row + 1.35 * scale,
                mixed_colour(wall, (255, 255, 255), 0.45),
            )
            canvas.rectangle(middle - half, row, middle + half, row + 1.25 * scale, colour("#5b6f7c"))
            canvas.polygon(
                [(middle - half, row), (middle + half * 0.2, row), (middle - half, row + 0.9 * scale)],
                colour("#7d929d"),
            )
            for side in (-1, 1):
                edge = middle + side * half
                canvas.rectangle(
                    min(edge, edge + side * 4), row, max(edge, edge + side * 4), row + 1.25 * scale, shutter
                )
    shop = base - 2.45 * scale
    canvas.shade(_INSIDE, colour("#2f3539"), (shop, base), (max(0, x + 5), max(0, x + across - 5)))
    for post in range(1, panes):
        canvas.rectangle(x + across * post / panes - 1.4, shop, x + across * post / panes + 1.4, base, wall)
    awning = _ROOFS[(look + 1) % len(_ROOFS)] if look % 2 else shutter
    stripes = max(4, int(across / 9))
    for stripe in range(stripes):
        start, end = x + across * stripe / stripes, x + across * (stripe + 1) / stripes
        paint = awning if stripe % 2 else mixed_colour(awning, (245, 240, 232), 0.75)
        canvas.polygon([(start, shop - 4), (end, shop - 4), (end + 1, shop + 9), (start + 1, shop + 9)], paint)


def pine(canvas: Canvas, ground: Ground, aside: float, away: float, high_m: float) -> None:
    """Paint a pine."""
    scale = ground.pixels_per_metre(away)
    x, base = ground.place(aside, away)
    high = high_m * scale
    dark, light = colour("#35523f"), colour("#4b6d51")
    canvas.disc(x, base, high * 0.16, colour("#8d887d"), high * 0.03)
    canvas.rectangle(x - 2.2, base - high * 0.4, x + 2.2, base, colour("#5b4638"))
    for tier in range(5):
        wide, row = high * (0.24 - 0.038 * tier), base - high * (0.26 + 0.15 * tier)
        canvas.polygon([(x - wide, row), (x, row - high * 0.24), (x + wide, row), (x, row + 3)], dark)
        canvas.polygon([(x - wide, row), (x, row - high * 0.24), (x - wide * 0.15, row + 2)], light)
