"""Chance that can be asked again: the same question always gets the same answer.

A device's value at a moment is a function of the seed, the device and the moment, so a simulated city
can be started at any hour, run at any speed, and be the same.
"""

import math
from typing import Final

from ioc.model.instant import Instant

_MASK: Final = (1 << 64) - 1


def mixed(*numbers: int) -> int:
    """Mix whole numbers to 64 bits that look random (the finaliser of SplitMix64, over each in turn)."""
    state = 0
    for number in numbers:
        state = (state + (number & _MASK) + 0x9E3779B97F4A7C15) & _MASK
        state = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
        state = ((state ^ (state >> 27)) * 0x94D049BB133111EB) & _MASK
        state ^= state >> 31
    return state


def uniform(*numbers: int) -> float:
    """Draw from [0, 1), by whole numbers that name the question."""
    return (mixed(*numbers) >> 11) / (1 << 53)


def between(low: float, high: float, *numbers: int) -> float:
    """Draw from [low, high)."""
    return low + (high - low) * uniform(*numbers)


def drift(at: Instant, period: int, *numbers: int) -> float:
    """Wander smoothly in [-1, 1] with time.

    Args:
        at: the moment.
        period: microseconds from one random level to the next.
        numbers: what wanders.
    """
    step, rest = divmod(at, period)
    here, there = uniform(step, *numbers), uniform(step + 1, *numbers)
    share = (1 - math.cos(math.pi * rest / period)) / 2
    return 2 * (here + (there - here) * share) - 1
