"""A running sum of floats that never drifts: what is added and taken away again leaves no trace.

Kept as a list of non-overlapping partial sums (J. R. Shewchuk, "Adaptive Precision Floating-Point
Arithmetic and Fast Robust Geometric Predicates", 1997), so the sum is that of the exact real numbers,
whatever the order in which they came; that is why the cut of batches cannot change a mean.
"""

import math


class ExactSum:
    """The exact sum of the numbers added so far."""

    __slots__ = ("_partials",)

    def __init__(self) -> None:
        """Begin at 0."""
        self._partials: list[float] = []

    def add(self, number: float) -> None:
        """Add a number; to take one away, add its negative."""
        partials = self._partials
        kept = 0
        for partial in partials:
            low, high = (partial, number) if abs(partial) < abs(number) else (number, partial)
            total = high + low
            rest = low - (total - high)
            if rest:
                partials[kept] = rest
                kept += 1
            number = total
        partials[kept:] = [number] if number else []

    def value(self) -> float:
        """The sum, rounded once."""
        return math.fsum(self._partials)
