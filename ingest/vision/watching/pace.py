"""When a figure is told: when it has changed, not too often, and now and then all the same."""

from typing import Final

from ioc.model.instant import MINUTE, SECOND, Duration, Instant

AT_MOST: Final[Duration] = SECOND
"""A figure that changes all the time is told so often."""

AT_LEAST: Final[Duration] = MINUTE
"""A figure that does not change is told so often, so that silence means that nobody counts."""


class Pace:
    """Decides for one group of figures."""

    def __init__(self, step: float = 1.0) -> None:
        """Begin with nothing told.

        Args:
            step: by how much one of the figures must have changed; from and to nothing is always a change.
        """
        self._step = step
        self._told: tuple[float, ...] | None = None
        self._told_at: Instant = 0

    def due(self, at: Instant, figures: tuple[float, ...]) -> bool:
        """Say whether the figures are to be told now; if so they are taken as told."""
        passed = at - self._told_at
        due = self._told is None or passed >= AT_LEAST or (passed >= AT_MOST and self._changed(figures))
        if due:
            self._told, self._told_at = figures, at
        return due

    def _changed(self, figures: tuple[float, ...]) -> bool:
        pairs = zip(self._told or (), figures, strict=True)
        return any(abs(new - old) >= self._step or (new == 0) != (old == 0) for old, new in pairs)
