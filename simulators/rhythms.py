"""How a city's day goes: people, traffic, weather, air and noise by hour and weekday.

Shapes follow what is known of Đà Lạt: cool all year (14 to 26 °C), short showers on rainy afternoons, an
early morning, a full evening market, more visitors from Friday to Sunday.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Final

from ioc.model.instant import HOUR, MINUTE, Instant
from simulators.chance import drift
from simulators.fleet_file import Crowd

_WEEKEND: Final = 4
"""From Friday (0 is Monday) on, visitors come."""

# Knots of (hour, share of the busiest hour); between them the curve is smooth, around midnight it closes.
_TRAFFIC: Final = (
    (0, 0.06),
    (3, 0.03),
    (5, 0.22),
    (7, 0.95),
    (9, 0.6),
    (11.3, 0.78),
    (13.5, 0.5),
    (17.2, 1.0),
    (19.5, 0.8),
    (22, 0.3),
)
_PEOPLE: Final[Mapping[Crowd, Sequence[tuple[float, float]]]] = {
    Crowd.MARKET: ((0, 0.12), (3, 0.25), (5.5, 0.7), (8, 0.8), (12, 0.55), (15, 0.5), (19.5, 1.0), (22, 0.6)),
    Crowd.SQUARE: ((0, 0.1), (4, 0.03), (6, 0.4), (9, 0.3), (13, 0.25), (17, 0.75), (20, 1.0), (22.5, 0.4)),
    Crowd.SIGHT: ((0, 0.01), (6, 0.05), (8, 0.5), (10.5, 1.0), (12.5, 0.65), (15.5, 0.95), (18, 0.2), (21, 0.03)),
    Crowd.SCHOOL: (
        (0, 0.02),
        (6, 0.15),
        (8, 0.95),
        (10, 1.0),
        (12, 0.4),
        (14.5, 0.9),
        (17.5, 0.35),
        (20, 0.3),
        (22, 0.06),
    ),
    Crowd.OFFICE: ((0, 0.08), (6, 0.2), (8.5, 1.0), (11.7, 0.55), (14, 0.95), (17, 0.5), (20, 0.2)),
    Crowd.STATION: ((0, 0.15), (4.5, 0.6), (7, 0.9), (11, 0.55), (15, 0.6), (18, 0.8), (21.5, 1.0), (23, 0.5)),
}


def by_hour(knots: Sequence[tuple[float, float]], hour: float) -> float:
    """Read a daily curve at an hour (0 to 24), smoothly between its knots and over midnight."""
    before_hour, before = knots[-1][0] - 24, knots[-1][1]
    for after_hour, after in (*knots, (knots[0][0] + 24, knots[0][1])):
        if hour < after_hour:
            share = (1 - math.cos(math.pi * (hour - before_hour) / (after_hour - before_hour))) / 2
            return before + (after - before) * share
        before_hour, before = after_hour, after
    return before


def traffic(hour: float, weekday: int) -> float:
    """Say how much traffic there is, 0 to 1."""
    return by_hour(_TRAFFIC, hour) * (1.0 if weekday < 5 else 0.85)


def people(crowd: Crowd, hour: float, weekday: int) -> float:
    """Say how many people are at a place, 0 to 1 of its fullest hour in the week."""
    share = by_hour(_PEOPLE[crowd], hour)
    if crowd in (Crowd.SCHOOL, Crowd.OFFICE):
        return share * (0.25 if weekday >= 5 else 1.0)
    return share * (1.0 if weekday >= _WEEKEND else 0.75)


def temperature_c(at: Instant, hour: float, seed: int) -> float:
    """Give the city's air temperature, °C: coldest about five in the morning, warmest about half past one."""
    share = (1 + math.cos(2 * math.pi * (hour - 13.5) / 24)) / 2
    # A cloudy day has less of a noon.
    noon = 23.8 + 1.6 * drift(at, 30 * HOUR, seed, 1)
    return 14.6 + (noon - 14.6) * math.pow(share, 1.2) + 0.5 * drift(at, 25 * MINUTE, seed, 2)


def rain_mm_h(at: Instant, hour: float, seed: int) -> float:
    """Give the rain, mm an hour: mostly none; showers in the afternoon."""
    likely = 0.35 + 0.55 * math.exp(-(((hour - 15.5) / 3) ** 2))
    wet = drift(at, 70 * MINUTE, seed, 3) + 0.5 * drift(at, 19 * HOUR, seed, 4) - (1.15 - likely)
    return round(max(0.0, wet) * 34, 2)


def runoff(at: Instant, hour: float, seed: int) -> float:
    """Say how much of the last hours' rain is still on its way down the streams, about 0 to 1."""
    past = (0.3, 0.8, 1.5, 2.4, 3.5)
    fallen = sum(rain_mm_h(at - int(ago * HOUR), (hour - ago) % 24, seed) * math.exp(-ago / 1.8) for ago in past)
    return 1 - math.exp(-fallen / 30)


def humidity(temperature: float, rain: float) -> float:
    """Give the relative humidity, %, from temperature (°C) and rain (mm/h)."""
    return min(99.0, max(45.0, 128 - 2.7 * temperature + min(14.0, rain)))


def pm25(hour: float, weekday: int, busy: float, rain: float) -> float:
    """Give fine dust, µg/m³: a clean background, more beside busy roads, and rain washes it out."""
    return (9 + 25 * busy * traffic(hour, weekday) + 4 * math.exp(-((hour - 21) ** 2) / 6)) / (1 + rain / 12)


def noise_db(hour: float, weekday: int, busy: float) -> float:
    """Give the noise beside a road, dB(A)."""
    return 36 + 9 * busy + 24 * math.sqrt(busy * traffic(hour, weekday))
