import itertools
from collections import Counter
from collections.abc import Callable

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ioc.model.instant import HOUR, MINUTE, SECOND, Instant
from simulators.clock import CityClock
from simulators.devices import Fleet, Role, Speech
from simulators.message import Message
from simulators.roads import metres_between
from simulators.storyline import Scenario, What
from simulators.voices.vehicles import place_of
from simulators.world import World

Say = Callable[..., list[Message]]
Hour = Callable[[float], Instant]


def test_the_same_seed_and_start_say_the_same(said: Say, local_hour: Hour, ordinary_day: Scenario) -> None:
    first = said(local_hour(8), 40, ordinary_day)
    assert said(local_hour(8), 40, ordinary_day) == first
    assert said(local_hour(8), 40, ordinary_day, seed=5) != first


def test_messages_come_in_order_of_time(said: Say, local_hour: Hour, ordinary_day: Scenario) -> None:
    moments = [message.at for message in said(local_hour(8), 60, ordinary_day)]
    assert moments == sorted(moments)


@pytest.mark.parametrize(("hour", "low", "high"), [(3, 20, 45), (8, 40, 90), (14, 30, 80), (17.2, 40, 90)])
def test_a_city_says_some_dozens_of_messages_a_second(
    said: Say, local_hour: Hour, ordinary_day: Scenario, hour: float, low: int, high: int
) -> None:
    messages = [message for message in said(local_hour(hour), 70, ordinary_day) if not message.retain]
    assert low <= len(messages) / 70 <= high


def test_within_seconds_everything_has_said_that_it_is_there(said: Say, da_lat: Fleet, local_hour: Hour) -> None:
    assert {message.device for message in said(local_hour(3), 4)} >= {device.number for device in da_lat.devices}


def test_only_what_is_so_until_further_notice_is_retained(said: Say, local_hour: Hour) -> None:
    retained = {message.topic.rsplit("/", 1)[1] for message in said(local_hour(8), 40) if message.retain}
    assert retained == {"status", "availability", "detect"}


def test_our_own_messages_say_that_they_are_simulated(said: Say, local_hour: Hour) -> None:
    own = [message for message in said(local_hour(8), 40) if message.topic.startswith("ioc/") and not message.retain]
    assert all(msgspec.json.decode(message.payload)["simulated"] is True for message in own)


def test_in_the_first_twenty_seconds_something_happens(da_lat: Fleet, local_hour: Hour, ordinary_day: Scenario) -> None:
    story = World(da_lat, seed=4, start=local_hour(8), scenario=ordinary_day).storyline
    assert story is not None
    early = [each for each in story.performances(0) if each.start < local_hour(8) + 20 * SECOND]
    assert len(early) >= 3


def test_something_happens_every_few_minutes(da_lat: Fleet, local_hour: Hour, ordinary_day: Scenario) -> None:
    story = World(da_lat, seed=4, start=local_hour(8), scenario=ordinary_day).storyline
    assert story is not None
    starts = sorted(each.start for number in range(4) for each in story.performances(number))
    gaps = [later - earlier for earlier, later in itertools.pairwise(starts)]
    assert max(gaps) <= 3 * MINUTE


def test_what_failed_is_silent_until_it_is_back(
    said: Say, da_lat: Fleet, local_hour: Hour, ordinary_day: Scenario
) -> None:
    start = local_hour(8)
    story = World(da_lat, seed=4, start=start, scenario=ordinary_day).storyline
    assert story is not None
    failures = [each for each in story.performances(0) if each.act.what in (What.OUTAGE, What.SILENCE)]
    assert failures
    messages = said(start, 800, ordinary_day)
    for failure in failures:
        spoken = Counter(m.device for m in messages if failure.start + SECOND < m.at < failure.end)
        assert not failure.devices & spoken.keys()
        after = {m.device for m in messages if failure.end <= m.at < failure.end + 31 * SECOND}
        assert failure.devices <= after


def test_a_round_is_a_variation_of_the_one_before(da_lat: Fleet, local_hour: Hour, ordinary_day: Scenario) -> None:
    story = World(da_lat, seed=4, start=local_hour(8), scenario=ordinary_day).storyline
    assert story is not None
    first, second = story.performances(0), story.performances(1)
    assert [each.act for each in first] == [each.act for each in second]
    changed = sum(one.devices != other.devices for one, other in zip(first, second, strict=True))
    assert changed > len(first) / 2


def test_loud_music_disturbs_at_night_only(da_lat: Fleet, local_hour: Hour, ordinary_day: Scenario) -> None:
    def happens(hour: float) -> set[What]:
        story = World(da_lat, seed=4, start=local_hour(hour), scenario=ordinary_day).storyline
        assert story is not None
        return {each.act.what for each in story.performances(0)}

    assert What.LOUD in happens(23)
    assert What.LOUD not in happens(14)


def test_what_frigate_tracks_appears_and_is_gone_again(said: Say, local_hour: Hour) -> None:
    phases: dict[str, list[str]] = {}
    for message in said(local_hour(8), 90):
        if message.topic == "frigate/events":
            body = msgspec.json.decode(message.payload)
            phases.setdefault(body["after"]["id"], []).append(body["type"])
    assert len(phases) > 20
    whole = [steps for steps in phases.values() if steps[-1] == "end"]
    assert len(whole) > 0.8 * len(phases)
    assert all(steps[0] == "new" and set(steps[1:-1]) <= {"update"} for steps in whole)


def test_no_visitors_telephone_has_an_address_of_a_maker(said: Say, local_hour: Hour) -> None:
    stations = [
        station["station"]
        for message in said(local_hour(19), 70)
        if message.topic.startswith("ucentral/") and message.topic.endswith("/state")
        for interface in msgspec.json.decode(message.payload)["payload"]["state"]["interfaces"]
        for network in interface["ssids"]
        for station in network["associations"]
    ]
    assert len(stations) > 50
    assert all(station.startswith("02:") for station in stations)


def test_a_vehicle_neither_jumps_nor_races(da_lat: Fleet, local_hour: Hour) -> None:
    world = World(da_lat, seed=4, start=local_hour(0))
    for device in da_lat.devices:
        if device.route is None or device.service is None:
            continue
        before = None
        # From before the first bus to after the last.
        for second in range(0, 24 * 3600, 97):
            at = local_hour(0) + second * SECOND
            *place, speed, heading = place_of(world, device, device.route, device.service, at)
            assert 0 <= speed <= 60
            assert 0 <= heading <= 360
            if before is not None:
                assert metres_between((before[0], before[1]), (place[0], place[1])) < 97 * 60 / 3.6
            before = place


def test_vehicles_number_their_messages_without_a_gap(said: Say, da_lat: Fleet, local_hour: Hour) -> None:
    numbers: dict[int, list[int]] = {}
    vehicles = {device.number for device in da_lat.devices if device.role is Role.VEHICLE}
    for message in said(local_hour(8), 30):
        if message.device in vehicles and message.topic.endswith("/events"):
            numbers.setdefault(message.device, []).append(msgspec.json.decode(message.payload)["seq"])
    assert len(numbers) == 20
    assert all(found == list(range(len(found))) for found in numbers.values())


def test_every_format_is_heard(said: Say, da_lat: Fleet, local_hour: Hour) -> None:
    heard = {message.topic.split("/")[0] for message in said(local_hour(8), 40)}
    assert heard == {"ioc", "frigate", "zigbee2mqtt", "application", "ucentral"}
    assert len(set(Speech)) == len(heard)


@settings(max_examples=50)
@given(st.floats(0.5, 600), st.lists(st.integers(0, 100 * HOUR), min_size=2, max_size=6))
def test_the_citys_clock_keeps_the_order_of_moments(speed: float, offsets: list[int]) -> None:
    clock = CityClock(1_000 * HOUR, speed)
    walls = [clock.wall(1_000 * HOUR + offset) for offset in sorted(offsets)]
    assert walls == sorted(walls)
    assert clock.wall(1_000 * HOUR) == 1_000 * HOUR


def test_a_pause_of_the_city_makes_everything_later() -> None:
    clock = CityClock(0, 10)
    clock.wait(5 * SECOND)
    assert clock.wall(20 * SECOND) == 7 * SECOND
