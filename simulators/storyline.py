"""A scenario: what happens in the city when, told in a YAML file and repeated with variations."""

import math
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from ioc.model.geo import distance_m
from ioc.model.instant import HOUR, MINUTE, SECOND, Duration, Instant
from ioc.runtime.marked_yaml import YamlNode
from ioc.store.city_file import read_document, read_number
from simulators.chance import uniform
from simulators.devices import Device, Fleet, Role, Speech, nearest_devices
from simulators.fleet_file import Service
from simulators.roads import Point


class What(StrEnum):
    """What may happen to devices."""

    SPEEDING = "speeding"
    SMOKE = "smoke"
    FIRE = "fire"
    SMOG = "smog"
    LOUD = "loud"
    FLOOD = "flood"
    CROWD = "crowd"
    SILENCE = "silence"
    OVERLOAD = "overload"
    BATTERY = "battery"
    OUTAGE = "outage"


@dataclass(frozen=True, slots=True)
class Act:
    """One thing that happens in every round of the story.

    Attributes:
        at: how long after the round begins.
        lasts: how long it goes on.
        where: places of the city, of which each round takes the next; empty for anywhere.
        devices: how many devices it befalls.
        hours: it only happens when the local hour is in this range (from, until; may go over midnight).
        leads_to: the rule that should catch it, by name.
    """

    what: What
    at: Duration
    lasts: Duration
    where: tuple[str, ...] = ()
    devices: int = 1
    hours: tuple[float, float] | None = None
    leads_to: str | None = None


@dataclass(frozen=True, slots=True)
class Scenario:
    """A storyline as it is told; `every` is the length of a round."""

    name: str
    title: Mapping[str, str]
    every: Duration
    acts: tuple[Act, ...]


@dataclass(frozen=True, slots=True)
class Performance:
    """An act as it happens: from when to when, to which devices (by number), and a chance of its own."""

    act: Act
    start: Instant
    end: Instant
    devices: frozenset[int]
    chance: float

    def share(self, at: Instant) -> float:
        """Say how much of it is over, 0 to 1."""
        return (at - self.start) / (self.end - self.start)


_UNITS: Final = {"s": SECOND, "min": MINUTE, "h": HOUR}
_DURATION: Final = re.compile(r"(\d+(?:\.\d+)?) ?(s|min|h)")
_FIRE_NEAR_M: Final = 180.0
_ANY_SEED: Final = 0x5717


def load_scenario(path: Path, places: Collection[str]) -> Scenario:
    """Read a scenario file; `places` are those that its acts may name.

    Raises:
        Fault: the file cannot be read, or something in it is wrong: with file, line and column.
    """
    fields = read_document(path).mapping(
        known=("scenario", "title", "every", "acts"), required=("scenario", "title", "every", "acts")
    )
    title = fields["title"].mapping(known=("vi", "en"), required=("vi", "en"))
    every = _duration(fields["every"])
    if every < MINUTE:
        raise fields["every"].wrong("a round lasts at least 1 min")
    return Scenario(
        name=fields["scenario"].text(),
        title={language: text.text() for language, text in title.items()},
        every=every,
        acts=tuple(_act(node, every, places) for node in fields["acts"].sequence()),
    )


def _act(node: YamlNode, every: Duration, places: Collection[str]) -> Act:
    fields = node.mapping(
        known=("what", "at", "lasts", "where", "devices", "hours", "leads_to"), required=("what", "at", "lasts")
    )
    at, lasts = _duration(fields["at"]), _duration(fields["lasts"])
    if at >= every:
        raise fields["at"].wrong("this is after the end of the round; it would never happen")
    if not SECOND <= lasts <= every:
        raise fields["lasts"].wrong("an act lasts from 1 s to one round")
    devices = read_number(fields["devices"], 1, 1000) if "devices" in fields else 1
    return Act(
        what=What(fields["what"].choice([str(what) for what in What])),
        at=at,
        lasts=lasts,
        where=tuple(place.choice(places) for place in fields["where"].sequence()) if "where" in fields else (),
        devices=int(devices),
        hours=_hours(fields["hours"]) if "hours" in fields else None,
        leads_to=fields["leads_to"].text() if "leads_to" in fields else None,
    )


def _duration(node: YamlNode) -> Duration:
    match = _DURATION.fullmatch(node.text())
    if match is None:
        raise node.wrong(f"expected a duration such as 90 s, 5 min or 1 h, found {node.described()}")
    return round(float(match[1]) * _UNITS[match[2]])


def _hours(node: YamlNode) -> tuple[float, float]:
    pair = node.sequence()
    if len(pair) != 2:
        raise node.wrong("expected [from, until], two hours of the day")
    return read_number(pair[0], 0, 24), read_number(pair[1], 0, 24)


class Storyline:
    """A scenario played in a city, from a moment on, round after round."""

    def __init__(
        self,
        scenario: Scenario,
        fleet: Fleet,
        *,
        seed: int,
        start: Instant,
        hour_at: Callable[[Instant], float],
    ) -> None:
        """Take the story and the city; `hour_at` says the local hour of a moment."""
        self.scenario = scenario
        self.start = start
        self._fleet = fleet
        self._seed = seed
        self._hour_at = hour_at
        self._rounds: dict[int, tuple[Performance, ...]] = {}
        self._places = place_points(fleet)

    def performances(self, number: int) -> tuple[Performance, ...]:
        """Tell what happens in a round, counted from 0; the same every time it is asked."""
        found = self._rounds.get(number)
        if found is None:
            begin = self.start + number * self.scenario.every
            casts = [self._cast(act, index, number, begin) for index, act in enumerate(self.scenario.acts)]
            found = tuple(cast for cast in casts if cast is not None)
            self._rounds = {key: value for key, value in self._rounds.items() if key >= number - 2}
            self._rounds[number] = found
        return found

    def on(self, device: int, at: Instant) -> list[Performance]:
        """Tell what is happening to a device at a moment; an act may reach into the next round."""
        number = (at - self.start) // self.scenario.every
        return [
            performance
            for index in (number - 1, number)
            if index >= 0
            for performance in self.performances(index)
            if performance.start <= at < performance.end and device in performance.devices
        ]

    def _cast(self, act: Act, index: int, number: int, begin: Instant) -> Performance | None:
        start = begin + act.at
        if act.hours is not None and not _within(self._hour_at(start), act.hours):
            return None
        chance = uniform(self._seed, _ANY_SEED, index, number)
        place = self._places.get(act.where[number % len(act.where)]) if act.where else None
        devices = self._befallen(act, place, chance, start)
        if not devices:
            return None
        return Performance(act, start, start + act.lasts, frozenset(device.number for device in devices), chance)

    def _befallen(self, act: Act, place: Point | None, chance: float, at: Instant) -> Sequence[Device]:
        fitting = [device for device in self._fleet.devices if self._fits(device, act.what, at)]
        if not fitting:
            return ()
        if place is not None:
            fitting = nearest_devices(fitting, place)
            first = fitting[0]
        else:
            turn = int(chance * len(fitting))
            fitting = fitting[turn:] + fitting[:turn]
            first = fitting[0]
        if act.what is What.CROWD:
            return [device for device in fitting if device.asset.zone == first.asset.zone]
        if act.what is What.FIRE:
            return [first, *self._thermometers(first)]
        return fitting[: act.devices]

    def _fits(self, device: Device, what: What, at: Instant) -> bool:
        role, speech = device.role, device.speech
        if what is What.SPEEDING:
            by_day = 6 <= self._hour_at(at) < 21
            return role is Role.VEHICLE and device.service is (Service.BUS if by_day else Service.PATROL)
        if what is What.SMOKE:
            return role is Role.HIGH_CAMERA and "forest" in device.asset.tags
        if what is What.FIRE:
            return role is Role.HIGH_CAMERA and bool(self._thermometers(device))
        if what is What.BATTERY:
            return speech in (Speech.ZIGBEE2MQTT, Speech.CHIRPSTACK)
        return role is _ROLES[what]

    def _thermometers(self, camera: Device) -> list[Device]:
        lat, lon = camera.asset.lat or 0.0, camera.asset.lon or 0.0
        return [
            device
            for device in self._fleet.devices
            if device.role is Role.CLIMATE
            and device.speech is Speech.OWN
            and distance_m(lat, lon, device.asset.lat or math.inf, device.asset.lon or math.inf) < _FIRE_NEAR_M
        ]


_ROLES: Final = {
    What.SMOG: Role.AIR,
    What.LOUD: Role.NOISE,
    What.FLOOD: Role.WATER,
    What.CROWD: Role.STREET_CAMERA,
    What.SILENCE: Role.ACCESS_POINT,
    What.OVERLOAD: Role.ACCESS_POINT,
    What.OUTAGE: Role.STREET_CAMERA,
}


def place_points(fleet: Fleet) -> dict[str, Point]:
    """Name the places where something may happen: those of the sketch, and the sites of access points."""
    places: dict[str, Point] = {}
    for device in fleet.devices:
        asset = device.asset
        if device.role is Role.ACCESS_POINT and asset.site and asset.lat is not None and asset.lon is not None:
            places.setdefault(asset.site, (asset.lon, asset.lat))
    for feature in fleet.city.sketch["features"]:
        if feature["properties"]["layer"] == "place":
            lon, lat = feature["geometry"]["coordinates"]
            places[feature["properties"]["name"]] = (lon, lat)
    return places


def _within(hour: float, hours: tuple[float, float]) -> bool:
    first, last = hours
    return first <= hour < last if first <= last else hour >= first or hour < last
