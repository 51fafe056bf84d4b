"""How long to wait before a source is opened again."""

import random
from collections.abc import Callable
from typing import Final

FIRST_S: Final = 1.0
LONGEST_S: Final = 60.0
REFUSED_S: Final = 300.0
"""Where trying is of no use until somebody has changed something; cameras lock who gives a wrong password often."""

STEADY_S: Final = 30.0
"""A source that brought frames for so long starts its pauses afresh."""


class Backoff:
    """Pauses that double from failure to failure, each shortened by chance so that cameras do not come back at once."""

    def __init__(self, chance: Callable[[], float] = random.random) -> None:
        """Take what gives numbers from 0 up to 1."""
        self._chance = chance
        self._failures = 0

    def after_failure(self, lived_s: float) -> float:
        """Give the seconds to wait.

        Args:
            lived_s: seconds for which the source had brought frames.
        """
        self._failures = 1 if lived_s >= STEADY_S else self._failures + 1
        longest: float = min(LONGEST_S, FIRST_S * 2.0 ** min(self._failures - 1, 10))
        return longest * (0.5 + 0.5 * self._chance())

    def after_refusal(self) -> float:
        """Give the seconds to wait."""
        return REFUSED_S * (0.8 + 0.2 * self._chance())
