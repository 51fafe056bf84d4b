"""The city's own clock, which may run faster than the wall's."""

from ioc.model.instant import Duration, Instant


class CityClock:
    """Tells when a moment of the city comes by the wall clock.

    Devices write the wall's time into their messages, whatever the speed: what runs faster is the day
    (hours, weather, traffic, the story). An event stamped with a city's hour that lies in the future
    would be taken for a wrong clock, and rightly.
    """

    def __init__(self, start: Instant, speed: float) -> None:
        """Start at a moment that is the same by both clocks; `speed` is city seconds per wall second."""
        self._city = start
        self._wall = start
        self._speed = speed

    def wall(self, at: Instant) -> Instant:
        """Say when a moment of the city comes, by the wall clock."""
        return self._wall + round((at - self._city) / self._speed)

    def wait(self, pause: Duration) -> None:
        """Let everything that is still to come, come later by so much of the wall's time."""
        self._wall += pause
