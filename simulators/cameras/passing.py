"""Who passes when: a timetable that can be asked about any moment, and always answers the same."""

from collections.abc import Iterator
from dataclasses import dataclass

from simulators.chance import mixed, uniform


@dataclass(frozen=True, slots=True)
class Passing:
    """Somebody who is on the way.

    Attributes:
        number: tells one from another; whole, 64 bits.
        since_s: how long ago it set out.
    """

    number: int
    since_s: float

    def draw(self, question: int) -> float:
        """Draw a number of 0 to 1 that belongs to it."""
        return uniform(self.number, question)


def passing(seed: int, lane: int, at_s: float, *, every_s: float, chance: float, lasts_s: float) -> Iterator[Passing]:
    """Say who is on the way at a moment.

    Args:
        seed: of the scene.
        lane: tells one stream of passers-by from another.
        at_s: the moment, seconds since the scene began.
        every_s: one sets out in each so many seconds, at a moment of its own,
        chance: with this probability.
        lasts_s: how long a way takes at most.
    """
    newest = int(at_s // every_s)
    for slot in range(max(0, newest - int(lasts_s // every_s) - 1), newest + 1):
        number = mixed(seed, lane, slot)
        since = at_s - (slot + 0.8 * uniform(number, 1)) * every_s
        if uniform(number, 0) < chance and 0 <= since < lasts_s:
            yield Passing(number, since)
