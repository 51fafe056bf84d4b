"""An event loop whose time passes only when nobody has anything to do: hours of waiting cost nothing, and all runs
of the same steps are the same.
"""

import asyncio
import selectors
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

EPOCH_NS: Final = 1_795_323_600_000_000_000
"""What the wall clock shows when such a loop begins."""

WORK_S: Final = 1e-6
"""Seconds of one turn of the loop."""


class _Selector(selectors.BaseSelector):
    """Waits for nothing: where there is nothing to read, the time that should be waited has passed."""

    def __init__(self) -> None:
        self._inner = selectors.DefaultSelector()
        self.now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Look, and let the time pass."""
        ready = self._inner.select(0)
        # Work takes time as well; where it took none, waiting for less than a clock can show would never end.
        self.now += WORK_S
        if not ready:
            if timeout is None:
                raise AssertionError("nothing will ever happen again: everybody waits for somebody else")
            self.now += max(0.0, timeout)
        return ready

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        """Watch a file."""
        return self._inner.register(fileobj, events, data)

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:
        """Watch it no longer."""
        return self._inner.unregister(fileobj)

    def get_map(self) -> Mapping[Any, selectors.SelectorKey]:
        """Give what is watched."""
        return self._inner.get_map()

    def close(self) -> None:
        """Watch nothing."""
        self._inner.close()


async def _nobody(_factory: Any) -> Any:
    raise ConnectionRefusedError(111, "nobody is there")


class VirtualLoop(asyncio.SelectorEventLoop):
    """A loop with a time of its own."""

    def __init__(self) -> None:
        """Begin at zero."""
        self.dial: Callable[[Any], Awaitable[Any]] = _nobody
        self._passing = _Selector()
        super().__init__(self._passing)

    async def create_connection(self, factory: Any, *_: Any, **__: Any) -> Any:
        """Reach the one broker that there is."""
        return await self.dial(factory)

    def time(self) -> float:
        """Give the seconds that have passed."""
        return self._passing.now

    def time_ns(self) -> int:
        """Give the wall clock that goes with it."""
        return EPOCH_NS + round(self._passing.now * 1e9)
