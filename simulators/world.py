"""What every device of a city shares: the hour, the weather, and what happens just now."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from ioc.model.instant import MINUTE, SECOND, Instant
from simulators.chance import uniform
from simulators.devices import Device, Fleet
from simulators.rhythms import humidity, rain_mm_h, runoff, temperature_c
from simulators.storyline import Performance, Scenario, Storyline, What


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The city's hour and weather in one minute.

    Attributes:
        hour: local, 0 to 24, with fraction.
        weekday: 0 is Monday.
        runoff: 0 to about 1, how much of the last hours' rain is still in the streams.
    """

    hour: float
    weekday: int
    temperature_c: float
    humidity: float
    rain_mm_h: float
    runoff: float


class World:
    """A city at any moment; it keeps nothing but what it can compute again."""

    def __init__(
        self,
        fleet: Fleet,
        *,
        seed: int,
        start: Instant,
        scenario: Scenario | None = None,
        stamp: Callable[[Instant], Instant] = lambda at: at,
    ) -> None:
        """Take the city and its story.

        Args:
            fleet: the devices.
            seed: of all chance.
            start: when the story begins, by the city's own clock.
            scenario: what happens; nothing out of the ordinary without one.
            stamp: turns the city's time into the time that devices write into their messages; the two
                differ where the city's clock runs faster than the wall's.
        """
        self.fleet = fleet
        self.seed = seed
        self.start = start
        self.stamp = stamp
        self._zone = ZoneInfo(fleet.city.timezone)
        self._minute = -1
        self._surroundings: Surroundings | None = None
        self.storyline = (
            None
            if scenario is None
            else Storyline(scenario, fleet, seed=seed, start=start, hour_at=lambda at: self.local(at)[0])
        )

    def local(self, at: Instant) -> tuple[float, int]:
        """Give the local hour (0 to 24, with fraction) and the weekday (0 is Monday)."""
        local = datetime.fromtimestamp(at / SECOND, UTC).astimezone(self._zone)
        return local.hour + local.minute / 60 + local.second / 3600, local.weekday()

    def surroundings(self, at: Instant) -> Surroundings:
        """Give the hour and the weather, to the minute."""
        minute = at // MINUTE
        if self._surroundings is None or minute != self._minute:
            moment = minute * MINUTE
            hour, weekday = self.local(moment)
            temperature, rain = temperature_c(moment, hour, self.seed), rain_mm_h(moment, hour, self.seed)
            self._surroundings = Surroundings(
                hour, weekday, temperature, humidity(temperature, rain), rain, runoff(moment, hour, self.seed)
            )
            self._minute = minute
        return self._surroundings

    def happening(self, device: Device, at: Instant) -> dict[What, Performance]:
        """Tell what is happening to a device at a moment."""
        if self.storyline is None:
            return {}
        return {performance.act.what: performance for performance in self.storyline.on(device.number, at)}

    def draw(self, device: Device, at: Instant, *question: int) -> float:
        """Draw from [0, 1) for a device at a moment."""
        return uniform(self.seed, device.number, at, *question)
