from collections.abc import Callable
from itertools import takewhile

import pytest

from ioc.model.instant import HOUR, SECOND, Instant, from_iso
from simulators.cities import city_path
from simulators.devices import Fleet
from simulators.fleet import build
from simulators.message import Message
from simulators.scenarios import day_of
from simulators.storyline import Scenario, load_scenario, place_points
from simulators.timeline import Timeline
from simulators.world import World

SEED = 4


@pytest.fixture(scope="session")
def da_lat() -> Fleet:
    return build(city_path("da-lat"), SEED)


@pytest.fixture(scope="session")
def ordinary_day(da_lat: Fleet) -> Scenario:
    path = day_of("da-lat")
    assert path is not None
    return load_scenario(path, place_points(da_lat))


@pytest.fixture(scope="session")
def local_hour() -> Callable[[float], Instant]:
    """The instant of an hour of a Sunday in Đà Lạt."""
    midnight, _ = from_iso("2026-11-22T00:00:00+07:00")
    return lambda hour: midnight + round(hour * HOUR)


@pytest.fixture(scope="session")
def said(da_lat: Fleet) -> Callable[..., list[Message]]:
    """What the city says in the first seconds from a moment on."""

    def play(start: Instant, seconds: float, scenario: Scenario | None = None, seed: int = SEED) -> list[Message]:
        timeline = Timeline(World(da_lat, seed=seed, start=start, scenario=scenario))
        return list(takewhile(lambda message: message.at < start + seconds * SECOND, timeline))

    return play
