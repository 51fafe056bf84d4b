from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ioc.model.instant import DAY, HOUR, MINUTE, Instant
from simulators.chance import drift, uniform
from simulators.devices import Fleet, Role
from simulators.fleet_file import Crowd
from simulators.rhythms import by_hour, noise_db, people, pm25, rain_mm_h, runoff, temperature_c, traffic
from simulators.voices.access_points import clients_of
from simulators.voices.sensors import battery
from simulators.world import World

MOMENTS = st.integers(1_700_000_000, 1_900_000_000).map(lambda seconds: seconds * 1_000_000)


@given(st.lists(st.integers(-(2**70), 2**70), min_size=1, max_size=5))
def test_chance_answers_the_same_question_the_same_way(question: list[int]) -> None:
    assert uniform(*question) == uniform(*question)
    assert 0 <= uniform(*question) < 1


def test_chance_is_fair() -> None:
    draws = [uniform(4, device, 7) for device in range(20_000)]
    assert sum(draws) / len(draws) == pytest.approx(0.5, abs=0.01)


@given(MOMENTS, st.integers(0, 1000))
def test_what_drifts_does_not_jump(at: Instant, number: int) -> None:
    here, there = drift(at, 10 * MINUTE, number), drift(at + 1_000_000, 10 * MINUTE, number)
    assert -1 <= here <= 1
    assert abs(here - there) < 0.02


@given(st.sampled_from(Crowd), st.floats(0, 23.999), st.integers(0, 6))
def test_people_are_a_share_of_the_fullest_hour(crowd: Crowd, hour: float, weekday: int) -> None:
    assert 0 <= people(crowd, hour, weekday) <= 1


def test_a_daily_curve_closes_at_midnight() -> None:
    knots = ((2.0, 0.1), (8.0, 1.0), (20.0, 0.5))
    assert by_hour(knots, 0.0) == pytest.approx(by_hour(knots, 23.9999), abs=0.001)
    assert by_hour(knots, 8.0) == pytest.approx(1.0)


def test_streets_are_full_in_the_rush_hours_and_empty_at_three() -> None:
    assert traffic(7, 1) > 0.9 > traffic(9.5, 1)
    assert traffic(17.2, 1) > 0.95
    assert traffic(3, 1) < 0.05


def test_schools_are_empty_on_sunday_and_sights_are_not() -> None:
    assert people(Crowd.SCHOOL, 10, 6) < 0.3 * people(Crowd.SCHOOL, 10, 1)
    assert people(Crowd.SIGHT, 10.5, 6) > people(Crowd.SIGHT, 10.5, 1)


@given(MOMENTS, st.floats(0, 23.999))
def test_it_is_never_hot_nor_freezing_in_da_lat(at: Instant, hour: float) -> None:
    assert 13 <= temperature_c(at, hour, 4) <= 27


@given(MOMENTS, st.floats(0, 23.999), st.floats(0, 1), st.integers(0, 6))
def test_air_and_noise_of_an_ordinary_day_alarm_nobody(at: Instant, hour: float, busy: float, weekday: int) -> None:
    rain = rain_mm_h(at, hour, 4)
    assert 0 <= rain < 60
    assert 0 <= runoff(at, hour, 4) <= 1
    assert 1 <= pm25(hour, weekday, busy, rain) <= 40
    assert 35 <= noise_db(hour, weekday, busy) < 72


def test_dust_is_worst_beside_busy_roads_in_the_rush_hour() -> None:
    assert pm25(17, 1, 1.0, 0) > 30
    assert pm25(3, 1, 1.0, 0) < 15
    assert pm25(17, 1, 1.0, 10) < pm25(17, 1, 1.0, 0)


def test_it_rains_now_and_then_and_mostly_in_the_afternoon() -> None:
    week = [(hour % 24, rain_mm_h(DAY * 20_000 + hour * HOUR, hour % 24, 4)) for hour in range(24 * 60)]
    wet = [hour for hour, rain in week if rain > 0]
    assert 0.02 < len(wet) / len(week) < 0.4
    assert sum(12 <= hour < 20 for hour in wet) > 0.5 * len(wet)


def test_without_a_story_no_access_point_is_overloaded_and_no_battery_weak(
    da_lat: Fleet, local_hour: Callable[[float], Instant]
) -> None:
    world = World(da_lat, seed=4, start=local_hour(0))
    for hour in range(0, 24 * 7, 3):
        at = local_hour(hour)
        for device in da_lat.devices:
            if device.role is Role.ACCESS_POINT:
                assert 0 <= clients_of(world, device, at) <= 80
            elif device.role in (Role.AIR, Role.CLIMATE, Role.WATER):
                assert 20 < battery(world, device, at) <= 100
