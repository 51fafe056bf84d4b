"""Lets what could go at any speed go at the speed of a camera."""

import time
from collections.abc import Callable
from typing import Final

_MOST_BEHIND_S: Final = 1.0
_JUMP_S: Final = 10.0


class Pace:
    """So many turns a second; who is late goes at once, and does not try to catch up for long."""

    def __init__(
        self,
        rate: float,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Take the rate, a second.

        Args:
            rate: more than 0.
            monotonic: seconds of a clock that never goes back.
            sleep: waits for so many seconds.
        """
        self._interval = 1 / rate
        self._monotonic = monotonic
        self._sleep = sleep
        self._next: float | None = None

    def wait(self) -> None:
        """Wait for the next turn."""
        now = self._monotonic()
        due = now if self._next is None else max(self._next, now - _MOST_BEHIND_S)
        if due > now:
            self._sleep(due - now)
        self._next = due + self._interval


class Timeline:
    """Shows frames at the times that stand in their clip."""

    def __init__(
        self, monotonic: Callable[[], float] = time.monotonic, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        """Take a clock that never goes back and what waits for so many seconds."""
        self._monotonic = monotonic
        self._sleep = sleep
        self._due: float | None = None
        self._position = 0.0

    def wait(self, position_s: float, interval_s: float) -> None:
        """Wait until a frame is to be shown.

        Args:
            position_s: its place in the clip; a jump, back or far ahead, is taken as the next frame's place.
            interval_s: how far frames are apart where their places do not say.
        """
        now = self._monotonic()
        step = position_s - self._position
        self._position = position_s
        if not 0 < step <= _JUMP_S:
            step = interval_s
        due = now if self._due is None else max(self._due + step, now - _MOST_BEHIND_S)
        if due > now:
            self._sleep(due - now)
        self._due = due
