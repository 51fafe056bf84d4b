"""What a pretend camera shows: a still background, and what moves before it at any moment that is asked for."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from simulators.cameras.ground import Ground
from simulators.cameras.painting import Picture, Sprite, lay
from simulators.cameras.passing import Passing
from simulators.cameras.people import LOOKS, View, person, step_of


class Scene(Protocol):
    """One camera's view.

    Attributes:
        name: what it is called, in the picture.
    """

    name: str

    def picture(self, at_s: float) -> Picture:
        """Paint it as it is so many seconds after it began; the same moment always looks the same."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Something that stands on the ground.

    Attributes:
        aside: metres to the right of straight ahead.
        away: metres from the camera.
        high_m: its height.
    """

    sprite: Sprite
    aside: float
    away: float
    high_m: float


def walker(each: Passing, view: View, aside: float, away: float, way_m: float) -> Standing:
    """Make somebody who walks, after `way_m` metres."""
    tall = 1.71 + 0.2 * (each.draw(8) - 0.5)
    return Standing(person(each.number % LOOKS, view, step_of(way_m)), aside, away, tall)


def lay_all(picture: Picture, ground: Ground, things: Iterable[Standing]) -> None:
    """Lay things over a picture, what is farthest first."""
    for thing in sorted(things, key=lambda each: -each.away):
        x, y = ground.place(thing.aside, thing.away)
        lay(picture, thing.sprite, x, y, thing.high_m * ground.pixels_per_metre(thing.away))
