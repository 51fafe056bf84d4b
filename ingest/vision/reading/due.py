"""Which of a stream's frames are looked at: as many a second as wished for, and only ones that are new."""

from typing import Final

_EARLY: Final = 0.3
"""Share of the interval by which a frame may come early: streams jitter, and waiting for the next would halve the
rate."""

_MOST_OLD: Final = 250


class Due:
    """Decides frame by frame; times are seconds of a clock that never goes back.

    Attributes:
        passed_over: frames that were due and not looked at, since newer ones had come.
    """

    def __init__(self, rate: float) -> None:
        """Take the wished rate, frames a second."""
        self.passed_over = 0
        self._interval = 1 / rate
        self._next: float | None = None
        self._old = 0

    def is_due(self, came_at: float) -> bool:
        """Say whether a frame that came is to be looked at."""
        if self._old:
            self._old -= 1
            return False
        if self._next is None:
            self._next = came_at
        if came_at < self._next - _EARLY * self._interval:
            return False
        behind = came_at - self._next > self._interval
        self._next = (came_at if behind else self._next) + self._interval
        return True

    def looked(self, began: float, ended: float, rate: float) -> None:
        """Take note of how long a look took: what the stream brought meanwhile is old when it is decoded.

        Args:
            began: when the frame had come.
            ended: when the look was over.
            rate: frames a second that the stream brings.
        """
        took = ended - began
        self._old = min(_MOST_OLD, int(took * rate))
        self.passed_over += int(took / self._interval)
