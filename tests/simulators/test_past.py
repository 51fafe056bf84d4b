"""A city's past: what its devices would have said, in columns."""

from collections.abc import Iterator
from itertools import pairwise

import polars as pl
import pytest

from ingest.codecs.registry import load_codecs
from ingest.reader import Reader
from ioc.model.events import FIXED_COLUMNS, Event, RawMessage
from ioc.model.instant import DAY, HOUR, MINUTE, SECOND
from ioc.store.catalogue import load_catalogue
from simulators.cities import city_path
from simulators.devices import Fleet
from simulators.fleet import build
from simulators.past import ACTS, ROLES, Past, as_told, slow, strength
from simulators.scenarios import day_of
from simulators.storyline import Scenario, Storyline, What, load_scenario, place_points
from simulators.voices import report
from simulators.world import World

END = 1_795_352_400 * SECOND
"""2026-11-22T13:00:00Z."""


@pytest.fixture(scope="module")
def fleet() -> Fleet:
    return build(city_path("da-lat"), 4)


@pytest.fixture(scope="module")
def scenario(fleet: Fleet) -> Scenario:
    path = day_of(fleet.city.id)
    assert path is not None
    return slow(load_scenario(path, place_points(fleet)))


def heard(fleet: Fleet, scenario: Scenario, events: pl.DataFrame) -> Iterator[tuple[dict[str, object], Event]]:
    """Let each device speak at the moments of some events, and read what it says as ingest does."""
    world = World(fleet, seed=4, start=0)
    world.storyline = Storyline(scenario, fleet, seed=4, start=0, hour_at=lambda at: world.local(at)[0])
    catalogue = load_catalogue()
    reader = Reader(load_codecs(catalogue=catalogue), catalogue, windowed=False)
    devices = {device.asset.id: device for device in fleet.devices}
    for row in events.with_columns(pl.col("at", "received_at").to_physical()).iter_rows(named=True):
        for message in report(world, devices[row["asset"]], row["at"]):
            found, rejected = reader.read(RawMessage(message.topic, message.payload, row["received_at"]))
            assert rejected == []
            if found and "sanity" not in found[0].values:
                yield row, found[0]


def test_it_is_what_the_devices_themselves_would_have_said(fleet: Fleet, scenario: Scenario):
    past = Past(fleet, seed=4, scenario=scenario, strong=as_told)
    story = Storyline(scenario, fleet, seed=4, start=0, hour_at=lambda at: World(fleet, seed=4, start=0).local(at)[0])
    number = END // scenario.every
    acted: set[What] = set()
    compared = 0
    for index in range(number - 3, number + 1):
        for performance in story.performances(index):
            middle = (performance.start + performance.end) // 2
            events = past.events(middle, middle + MINUTE, MINUTE)
            # The devices that something happens to, and some of the others.
            numbers = {device.asset.id for device in fleet.devices if device.number in performance.devices}
            chosen = pl.concat([events.filter(pl.col("asset").is_in(numbers)), events.sample(12, seed=index)])
            acted.add(performance.act.what)
            for row, event in heard(fleet, scenario, chosen):
                compared += 1
                assert (row["kind"], row["codec"], row["lat"], row["lon"], row["zone"], row["signal"]) == (
                    event.kind,
                    event.codec,
                    event.lat,
                    event.lon,
                    event.zone,
                    event.signal,
                )
                told = {n: v for n, v in row.items() if n not in FIXED_COLUMNS and v is not None and n != "simulated"}
                for name, value in told.items():
                    assert value == pytest.approx(event.values[name], abs=0.11), (performance.act.what, name)
                expected = {"pm25", "water_level", "noise_db", "temp_c", "clients"} & event.values.keys()
                assert expected <= told.keys()
    assert acted == set(ACTS)
    assert compared > 200


def test_every_event_is_marked_as_simulated_and_has_a_registered_asset(fleet: Fleet, scenario: Scenario):
    events = Past(fleet, seed=4, scenario=scenario).events(END - 5 * MINUTE, END, MINUTE)
    assert events["simulated"].all()
    assert set(events["asset"]) <= {asset.id for asset in fleet.assets}
    assert events["id"].n_unique() == events.height
    assert events.columns[: len(FIXED_COLUMNS)] == list(FIXED_COLUMNS)


def test_neighbouring_times_share_no_event_and_leave_none_out(fleet: Fleet, scenario: Scenario):
    past = Past(fleet, seed=4, scenario=scenario)
    whole = past.events(END - HOUR, END, 2 * MINUTE)
    cuts = [END - HOUR, END - 41 * MINUTE - 7 * SECOND, END - 13 * SECOND - 450_000, END]
    parts = [past.events(begin, end, 2 * MINUTE) for begin, end in pairwise(cuts)]
    assert pl.concat(parts, how="diagonal")["id"].to_list() == whole["id"].to_list()
    assert whole["received_at"].is_sorted()
    devices = [device for device in fleet.devices if device.role in ROLES]
    counts = whole.group_by("kind", "asset").len()
    assert counts.filter(pl.col("kind") == "sensor")["len"].max() == 30
    # Less than the two minutes after which one that says nothing is missed.
    assert counts.filter(pl.col("kind") == "wifi")["len"].max() == 60
    assert whole["asset"].n_unique() == len(devices)


def test_silence_is_told_by_saying_nothing(fleet: Fleet, scenario: Scenario):
    past = Past(fleet, seed=4, scenario=scenario)
    story = Storyline(scenario, fleet, seed=4, start=0, hour_at=lambda _: 12.0)
    silence = next(each for each in story.performances(END // scenario.every) if each.act.what is What.SILENCE)
    silent = {device.asset.id for device in fleet.devices if device.number in silence.devices}
    events = past.events(silence.start, silence.end, MINUTE).filter(
        pl.col("at") >= pl.lit(silence.start).cast(pl.Datetime("us", "UTC"))
    )
    assert silent
    assert silent.isdisjoint(events["asset"].to_list())


def test_acts_are_of_various_strength_so_that_some_only_come_near_a_threshold(fleet: Fleet, scenario: Scenario):
    past = Past(fleet, seed=4, scenario=scenario)
    peaks: list[float] = []
    story = Storyline(scenario, fleet, seed=4, start=0, hour_at=lambda _: 12.0)
    for index in range((END - 12 * DAY) // scenario.every, END // scenario.every):
        for performance in story.performances(index):
            if performance.act.what is What.SMOG:
                assert 0.3 < strength(performance) < 1.2
                middle = (performance.start + performance.end) // 2
                peaks.append(float(past.events(middle, middle + MINUTE, MINUTE)["pm25"].max() or 0))
    assert min(peaks) < 140
    assert max(peaks) > 170


def test_a_city_without_sensors_has_an_empty_past(fleet: Fleet):
    cameras = tuple(device for device in fleet.devices if device.role not in ROLES)
    events = Past(Fleet(fleet.city, cameras), seed=4, scenario=None).events(END - HOUR, END, MINUTE)
    assert (events.height, events.columns) == (0, list(FIXED_COLUMNS))


def test_a_city_without_a_story_has_a_quiet_past(fleet: Fleet):
    events = Past(fleet, seed=4, scenario=None).events(END - 10 * MINUTE, END, MINUTE)
    assert float(events["pm25"].max() or 0) < 60
