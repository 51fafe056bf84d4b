"""Environment sensors: air, noise, climate and water."""

from collections.abc import Iterator
from typing import Any

from ioc.model.instant import DAY, HOUR, MINUTE, Instant
from simulators.chance import between, drift
from simulators.devices import Device, Role, Speech
from simulators.message import Message, as_json
from simulators.rhythms import noise_db, pm25
from simulators.storyline import Performance, What
from simulators.voices.chirpstack import uplink
from simulators.voices.own import own_event
from simulators.world import World


def report_sensor(world: World, device: Device, at: Instant, *, extra: bool) -> Iterator[Message]:  # noqa: ARG001
    """Tell what a sensor measures."""
    measured = _MEASURED[device.role](world, device, at, world.happening(device, at))
    if device.speech is Speech.OWN:
        yield own_event(world, device, at, measured)
        return
    measured["battery"] = battery(world, device, at)
    if device.speech is Speech.CHIRPSTACK:
        yield uplink(world, device, at, measured)
        return
    # Zigbee sensors have names of their own for what they measure.
    payload: dict[str, Any] = {"temperature" if name == "temp_c" else name: value for name, value in measured.items()}
    payload["linkquality"] = 60 + int(90 * world.draw(device, at, 41))
    payload["last_seen"] = world.stamp(at) // 1_000
    yield Message(at, device.number, f"zigbee2mqtt/{device.asset.id}", as_json(payload))


def battery(world: World, device: Device, at: Instant) -> float:
    """Say how full a sensor's battery is, %: it falls by a few percent a month from a level of its own."""
    weak = world.happening(device, at).get(What.BATTERY)
    if weak is not None:
        return round(9 + 4 * weak.chance, 1)
    full = between(52, 98, world.seed, device.number, 42)
    return round(full - 4 * (at % (60 * DAY)) / (60 * DAY), 1)


def _swell(performance: Performance, at: Instant) -> float:
    """Rise quickly to 1, stay, and fall again at the end."""
    share = performance.share(at)
    return min(1.0, share / 0.12, (1 - share) / 0.08)


def _air(world: World, device: Device, at: Instant, acts: dict[What, Performance]) -> dict[str, Any]:
    now = world.surroundings(at)
    dust = pm25(now.hour, now.weekday, device.busy, now.rain_mm_h)
    dust *= 1 + 0.22 * drift(at, 9 * MINUTE, world.seed, device.number, 51)
    if (smog := acts.get(What.SMOG)) is not None:
        dust += (165 + 60 * smog.chance) * _swell(smog, at)
    coarse = dust * (1.45 + 0.25 * drift(at, 40 * MINUTE, world.seed, device.number, 52))
    return {"pm25": round(max(2.0, dust), 1), "pm10": round(max(3.0, coarse), 1), **_climate(world, device, at, acts)}


def _noise(world: World, device: Device, at: Instant, acts: dict[What, Performance]) -> dict[str, Any]:
    now = world.surroundings(at)
    level = noise_db(now.hour, now.weekday, device.busy) + 2.5 * drift(at, 2 * MINUTE, world.seed, device.number, 53)
    if (loud := acts.get(What.LOUD)) is not None:
        level = 84 + 7 * loud.chance + 2 * drift(at, MINUTE, world.seed, device.number, 54)
    return {"noise_db": round(level, 1)}


def _climate(world: World, device: Device, at: Instant, acts: dict[What, Performance]) -> dict[str, Any]:
    now = world.surroundings(at)
    # Valleys and hilltops differ by a degree or two, always the same way.
    place = between(-1.6, 1.2, world.seed, device.number, 55)
    temperature = now.temperature_c + place + 0.25 * drift(at, 6 * MINUTE, world.seed, device.number, 56)
    damp = now.humidity - 2.4 * place + 1.5 * drift(at, 11 * MINUTE, world.seed, device.number, 57)
    if (fire := acts.get(What.FIRE)) is not None:
        temperature += 52 * _swell(fire, at)
        damp -= 40 * _swell(fire, at)
    return {"temp_c": round(temperature, 1), "humidity": round(min(99.5, max(8.0, damp)), 1)}


def _water(world: World, device: Device, at: Instant, acts: dict[What, Performance]) -> dict[str, Any]:
    now = world.surroundings(at)
    usual = between(0.45, 0.95, world.seed, device.number, 58)
    # A lake hardly moves; a stream rises with the rain of the last hours.
    rises = 0.9 if any(tag.startswith("suoi") for tag in device.asset.tags) else 0.15
    level = usual + rises * now.runoff + 0.03 * drift(at, 3 * HOUR, world.seed, device.number, 59)
    if (flood := acts.get(What.FLOOD)) is not None:
        level += (2.75 + 0.45 * flood.chance - level) * _swell(flood, at)
    return {"water_level": round(level, 2), "rain_mm_h": now.rain_mm_h}


_MEASURED = {Role.AIR: _air, Role.NOISE: _noise, Role.CLIMATE: _climate, Role.WATER: _water}
