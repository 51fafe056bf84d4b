"""A city's past: what its sensors and access points would have reported, many readings at once.

The same formulas and the same chance as `simulators.voices`, in columns instead of messages: a device's value at a
moment is a function of seed, device and moment, so it can be asked for any moment of the past. What happens in it is
the city's own story, told slowly: each act about once a day, longer and not always as strong, so that some of it
passes a rule's threshold and some only comes near.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import polars as pl

from ioc.model.events import FIXED_COLUMNS, INSTANT_TYPE, AtSource, Signal, empty_batch
from ioc.model.instant import DAY, HOUR, MILLISECOND, MINUTE, SECOND, Duration, Instant
from simulators.chance import between, uniform
from simulators.devices import Device, Fleet, Role, Speech
from simulators.fleet_file import Crowd
from simulators.rhythms import people, pm25, traffic
from simulators.storyline import Performance, Scenario, Storyline, What
from simulators.voices.access_points import FULL
from simulators.world import World

ROLES: Final = (Role.AIR, Role.NOISE, Role.CLIMATE, Role.WATER, Role.ACCESS_POINT)
"""Whose past is told; what cameras and vehicles saw is told by nobody."""

ACTS: Final = (What.SMOG, What.LOUD, What.FLOOD, What.SILENCE, What.OVERLOAD, What.BATTERY)

ROUND: Final[Duration] = 19 * HOUR
"""How long a round of the story lasts: not a day, so that over a month each act comes at every hour."""

LONGER: Final = 5
"""How many times as long an act lasts as in the city's own story, which is told to somebody who watches."""

MAX_DELAY: Final[Duration] = 900 * MILLISECOND
"""How long a report takes to arrive at most."""

_SLOT: Final = 0x9A57

_CODECS: Final[Mapping[Speech, str]] = {
    Speech.OWN: "ioc",
    Speech.CHIRPSTACK: "chirpstack",
    Speech.ZIGBEE2MQTT: "zigbee2mqtt",
    Speech.OPENWIFI: "openwifi",
}

Floats = npt.NDArray[np.float64]
Instants = npt.NDArray[np.int64]
Columns = dict[str, npt.NDArray[Any]]


def slow(scenario: Scenario) -> Scenario:
    """Tell a city's story slowly: what of it befalls sensors and access points, spread over a longer round."""
    stretched = ROUND / scenario.every
    acts = tuple(
        replace(act, at=round(act.at * stretched), lasts=act.lasts * LONGER, leads_to=None)
        for act in scenario.acts
        if act.what in ACTS
    )
    return Scenario(scenario.name, scenario.title, ROUND, acts)


def strength(performance: Performance) -> float:
    """Say how strong an act is in the past, from a share of what it is in the city's own story to a little more."""
    return 0.35 + 0.75 * uniform(int(performance.chance * (1 << 53)), 7)


def as_told(performance: Performance) -> float:  # noqa: ARG001 - one of two ways
    """Say that an act is as strong as in the city's own story."""
    return 1.0


@dataclass(frozen=True, slots=True)
class _Group:
    """Devices that measure the same and speak alike, and what chance has given each for good."""

    devices: tuple[Device, ...]
    role: Role
    speech: Speech
    numbers: npt.NDArray[np.uint64]
    busy: Floats


@dataclass(frozen=True, slots=True)
class _Minutes:
    """The city's hour and weather, minute by minute; row 0 is the first minute."""

    first: int
    columns: Mapping[str, Floats]
    crowds: Mapping[Crowd, Floats]

    def at(self, name: str, at: Instants) -> Floats:
        return self.columns[name][at // MINUTE - self.first]


class Past:
    """The past of a city; knows no clock, and gives the same events whenever it is asked."""

    def __init__(
        self,
        fleet: Fleet,
        *,
        seed: int,
        scenario: Scenario | None,
        strong: Callable[[Performance], float] = strength,
    ) -> None:
        """Take the city and its story.

        Args:
            fleet: the devices.
            seed: of all chance; the simulators' own gives a past that goes on where they begin.
            scenario: what happens, as it is to be told; nothing out of the ordinary without one.
            strong: how strong an act is.
        """
        self._world = World(fleet, seed=seed, start=0)
        self._seed = seed
        self._strong = strong
        self._story = (
            None
            if scenario is None
            else Storyline(scenario, fleet, seed=seed, start=0, hour_at=lambda at: self._world.local(at)[0])
        )
        self._performances = lru_cache(maxsize=8)(self._round)
        self._groups = [
            _group(role, speech, [d for d in fleet.devices if d.role is role and d.speech is speech])
            for role in ROLES
            for speech in _CODECS
            if any(d.role is role and d.speech is speech for d in fleet.devices)
        ]

    def events(self, since: Instant, until: Instant, every: Duration) -> pl.DataFrame:
        """Tell what arrived within a time, in order of arrival.

        Args:
            since: the first arrival.
            until: the first arrival that is not told.
            every: time between two reports of a sensor; access points say something every minute at least.
        """
        if not self._groups:
            return empty_batch()
        minutes = self._minutes(since - every - MINUTE, until + MINUTE)
        acts = list(self._acts(since - every - MINUTE, until))
        frames = [self._told(group, minutes, acts, since, until, every) for group in self._groups]
        return pl.concat(frames, how="diagonal").sort("received_at", "asset", maintain_order=True)

    def _told(
        self,
        group: _Group,
        minutes: _Minutes,
        acts: Sequence[Performance],
        since: Instant,
        until: Instant,
        every: Duration,
    ) -> pl.DataFrame:
        """Make one group's events; arrays are devices by moments until they become columns."""
        if group.role is Role.ACCESS_POINT:
            # One that is heard every two minutes would be taken for silent time and again.
            every = min(every, MINUTE)
        # Whole seconds, and of each device always the same delay: a past that nobody measured shall at least be small.
        phases = (every * self._uniform(group, _SLOT)).astype(np.int64) // SECOND * SECOND
        delays = (MAX_DELAY * self._uniform(group, _SLOT, 1)).astype(np.int64) // MILLISECOND * MILLISECOND
        rounds = np.arange(since // every - 1, until // every + 1, dtype=np.int64)
        at = rounds[None, :] * every + phases[:, None]
        received = at + delays[:, None]
        keep = (received >= since) & (received < until)
        columns = self._measured(group, minutes, acts, at)
        for performance, row in _befallen(group, acts, What.SILENCE):
            keep[row] &= ~_during(performance, at[row])
        rows = np.broadcast_to(np.arange(len(group.devices))[:, None], at.shape)[keep]
        assets = pl.Series([device.asset.id for device in group.devices])
        own = group.speech is Speech.OWN
        places = {
            name: pl.Series(
                [getattr(device.asset, name) if own else None for device in group.devices], dtype=pl.Float64
            )
            for name in ("lat", "lon")
        }
        kind = str(group.devices[0].asset.kind)
        signal = str(Signal.HEARTBEAT) if group.speech is Speech.OPENWIFI else None
        frame = pl.DataFrame({"at": at[keep], "received_at": received[keep]}).select(
            id=pl.format("{}:past:{}", assets.gather(rows), pl.col("at") // SECOND),
            kind=pl.lit(kind),
            asset=assets.gather(rows),
            at=pl.col("at").cast(INSTANT_TYPE),
            received_at=pl.col("received_at").cast(INSTANT_TYPE),
            at_source=pl.lit(str(AtSource.DEVICE)),
            lat=places["lat"].gather(rows),
            lon=places["lon"].gather(rows),
            zone=pl.lit(None, pl.String),
            signal=pl.lit(signal, pl.String),
            codec=pl.lit(_CODECS[group.speech]),
            simulated=pl.lit(value=True),
            **{name: pl.Series(values[keep]) for name, values in columns.items()},
        )
        return frame.select(*FIXED_COLUMNS, pl.exclude(*FIXED_COLUMNS))

    def _measured(self, group: _Group, minutes: _Minutes, acts: Sequence[Performance], at: Instants) -> Columns:
        measures = {
            Role.AIR: self._air,
            Role.NOISE: self._noise,
            Role.CLIMATE: self._climate,
            Role.WATER: self._water,
            Role.ACCESS_POINT: self._access,
        }
        columns = measures[group.role](group, minutes, acts, at)
        if group.speech in (Speech.CHIRPSTACK, Speech.ZIGBEE2MQTT):
            full = self._between(52, 98, group, 42)
            battery = full[:, None] - 4 * (at % (60 * DAY)) / (60 * DAY)
            for performance, row in _befallen(group, acts, What.BATTERY):
                battery[row] = np.where(_during(performance, at[row]), 9 + 4 * performance.chance, battery[row])
            columns["battery"] = np.round(battery, 1)
        return columns

    def _air(self, group: _Group, minutes: _Minutes, acts: Sequence[Performance], at: Instants) -> Columns:
        # Fine dust grows evenly with how busy the road is.
        idle, busiest = minutes.at("dust_idle", at), minutes.at("dust_busiest", at)
        dust = idle + group.busy[:, None] * (busiest - idle)
        dust *= 1 + 0.22 * self._drift(group, at, 9 * MINUTE, 51)
        for performance, row in _befallen(group, acts, What.SMOG):
            dust[row] += self._strong(performance) * (165 + 60 * performance.chance) * _swell(performance, at[row])
        coarse = dust * (1.45 + 0.25 * self._drift(group, at, 40 * MINUTE, 52))
        return {
            "pm25": np.round(np.maximum(2.0, dust), 1),
            "pm10": np.round(np.maximum(3.0, coarse), 1),
            **self._climate(group, minutes, acts, at),
        }

    def _noise(self, group: _Group, minutes: _Minutes, acts: Sequence[Performance], at: Instants) -> Columns:
        busy = group.busy[:, None]
        level = 36 + 9 * busy + 24 * np.sqrt(busy * minutes.at("traffic", at))
        level = level + 2.5 * self._drift(group, at, 2 * MINUTE, 53)
        for performance, row in _befallen(group, acts, What.LOUD):
            loud = 84 + 7 * performance.chance + 2 * self._drift(group, at, MINUTE, 54)[row]
            loud -= 30 * (1 - min(1.0, self._strong(performance)))
            level[row] = np.where(_during(performance, at[row]), loud, level[row])
        return {"noise_db": np.round(level, 1)}

    def _climate(self, group: _Group, minutes: _Minutes, acts: Sequence[Performance], at: Instants) -> Columns:  # noqa: ARG002
        place = self._between(-1.6, 1.2, group, 55)[:, None]
        temperature = minutes.at("temperature", at) + place + 0.25 * self._drift(group, at, 6 * MINUTE, 56)
        damp = minutes.at("humidity", at) - 2.4 * place + 1.5 * self._drift(group, at, 11 * MINUTE, 57)
        return {"temp_c": np.round(temperature, 1), "humidity": np.round(np.clip(damp, 8.0, 99.5), 1)}

    def _water(self, group: _Group, minutes: _Minutes, acts: Sequence[Performance], at: Instants) -> Columns:
        usual = self._between(0.45, 0.95, group, 58)[:, None]
        streams = [any(tag.startswith("suoi") for tag in device.asset.tags) for device in group.devices]
        rises = np.where(streams, 0.9, 0.15)[:, None]
        level = usual + rises * minutes.at("runoff", at) + 0.03 * self._drift(group, at, 3 * HOUR, 59)
        for performance, row in _befallen(group, acts, What.FLOOD):
            crest = (2.75 + 0.45 * performance.chance - level[row]) * self._strong(performance)
            level[row] += crest * _swell(performance, at[row])
        return {"water_level": np.round(level, 2), "rain_mm_h": minutes.at("rain", at)}

    def _access(self, group: _Group, minutes: _Minutes, acts: Sequence[Performance], at: Instants) -> Columns:
        there = np.stack(
            [
                minutes.crowds[device.crowd or Crowd.SQUARE][row // MINUTE - minutes.first]
                for device, row in zip(group.devices, at, strict=True)
            ]
        )
        there *= 1 - np.minimum(0.6, minutes.at("rain", at) / 25)
        clients = np.rint(FULL * group.busy[:, None] * there * (1 + 0.25 * self._drift(group, at, 7 * MINUTE)))
        for performance, row in _befallen(group, acts, What.OVERLOAD):
            crowd = 86 + int(22 * performance.chance) + np.trunc(4 * self._drift(group, at, MINUTE)[row])
            crowd = np.rint(crowd * min(1.0, 0.5 + 0.65 * self._strong(performance)))
            clients[row] = np.where(_during(performance, at[row]), crowd, clients[row])
        clients = np.maximum(0, clients)
        columns: Columns = {"clients": clients.astype(np.int64)}
        if group.speech is Speech.OWN:
            columns["tx_mbps"] = np.round(0.6 * clients * (1 + 0.3 * self._drift(group, at, MINUTE, 1)), 1)
            columns["airtime"] = np.minimum(96.0, 6 + clients)
        return columns

    def _drift(self, group: _Group, at: Instants, period: Duration, *question: int) -> Floats:
        """Wander as `simulators.chance.drift` does."""
        step, rest = np.divmod(at, period)
        last = [np.uint64(number) for number in question]
        numbers = group.numbers[:, None]
        here = _uniform(step.astype(np.uint64), np.uint64(self._seed), numbers, *last)
        there = _uniform((step + 1).astype(np.uint64), np.uint64(self._seed), numbers, *last)
        share = (1 - np.cos(np.pi * rest / period)) / 2
        return np.asarray(2 * (here + (there - here) * share) - 1)

    def _uniform(self, group: _Group, *question: int) -> Floats:
        """Draw once for each device."""
        return _uniform(np.uint64(self._seed), group.numbers, *(np.uint64(number) for number in question))

    def _between(self, low: float, high: float, group: _Group, question: int) -> Floats:
        return np.array([between(low, high, self._seed, device.number, question) for device in group.devices])

    def _minutes(self, since: Instant, until: Instant) -> _Minutes:
        first, last = since // MINUTE, until // MINUTE + 1
        rows = [self._world.surroundings(minute * MINUTE) for minute in range(first, last)]
        columns = {
            "temperature": [now.temperature_c for now in rows],
            "humidity": [now.humidity for now in rows],
            "rain": [now.rain_mm_h for now in rows],
            "runoff": [now.runoff for now in rows],
            "traffic": [traffic(now.hour, now.weekday) for now in rows],
            "dust_idle": [pm25(now.hour, now.weekday, 0.0, now.rain_mm_h) for now in rows],
            "dust_busiest": [pm25(now.hour, now.weekday, 1.0, now.rain_mm_h) for now in rows],
        }
        crowds = {crowd: np.array([people(crowd, now.hour, now.weekday) for now in rows]) for crowd in Crowd}
        return _Minutes(first, {name: np.array(values) for name, values in columns.items()}, crowds)

    def _acts(self, since: Instant, until: Instant) -> Iterator[Performance]:
        if self._story is None:
            return
        every = self._story.scenario.every
        for number in range(max(0, since // every - 1), until // every + 1):
            for performance in self._performances(number):
                if performance.start < until and performance.end > since:
                    yield performance

    def _round(self, number: int) -> tuple[Performance, ...]:
        return () if self._story is None else self._story.performances(number)


def _group(role: Role, speech: Speech, devices: Sequence[Device]) -> _Group:
    numbers = np.array([device.number for device in devices], dtype=np.uint64)
    return _Group(tuple(devices), role, speech, numbers, np.array([device.busy for device in devices]))


def _befallen(group: _Group, acts: Sequence[Performance], what: What) -> Iterator[tuple[Performance, int]]:
    """Give each act of a sort with each device of the group that it befalls, by its row."""
    for performance in acts:
        if performance.act.what is what:
            for row, device in enumerate(group.devices):
                if device.number in performance.devices:
                    yield performance, row


def _during(performance: Performance, at: Instants) -> npt.NDArray[np.bool_]:
    return (at >= performance.start) & (at < performance.end)


def _swell(performance: Performance, at: Instants) -> Floats:
    """Rise quickly to 1, stay, and fall again at the end; 0 before and after."""
    share = (at - performance.start) / (performance.end - performance.start)
    swell = np.minimum(1.0, np.minimum(share / 0.12, (1 - share) / 0.08))
    return np.where(_during(performance, at), swell, 0.0)


def _uniform(*numbers: npt.NDArray[np.uint64] | np.uint64) -> Floats:
    """Draw as `simulators.chance.uniform` does, for many questions at once."""
    state: Any = np.uint64(0)
    with np.errstate(over="ignore"):
        for number in numbers:
            state = state + number + np.uint64(0x9E3779B97F4A7C15)
            state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
            state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
            state = state ^ (state >> np.uint64(31))
    return np.asarray((state >> np.uint64(11)).astype(np.float64) / float(1 << 53))
