"""Public Wi-Fi: how many people are connected."""

from collections.abc import Iterator
from typing import Final

from ioc.model.instant import MINUTE, Instant
from simulators.chance import drift
from simulators.devices import Device, Speech
from simulators.fleet_file import Crowd
from simulators.message import Message
from simulators.rhythms import people
from simulators.storyline import What
from simulators.voices.openwifi import health, state
from simulators.voices.own import own_event
from simulators.world import World

FULL: Final = 62
"""Clients of the busiest access point in the busiest hour; above 80 one is overloaded."""


def clients_of(world: World, device: Device, at: Instant) -> int:
    """Say how many are connected to an access point."""
    overload = world.happening(device, at).get(What.OVERLOAD)
    if overload is not None:
        return 86 + int(22 * overload.chance) + int(4 * drift(at, MINUTE, world.seed, device.number))
    now = world.surroundings(at)
    there = people(device.crowd or Crowd.SQUARE, now.hour, now.weekday) * (1 - min(0.6, now.rain_mm_h / 25))
    wander = 1 + 0.25 * drift(at, 7 * MINUTE, world.seed, device.number)
    return max(0, round(FULL * device.busy * there * wander))


def report_access_point(world: World, device: Device, at: Instant, *, extra: bool) -> Iterator[Message]:
    """Tell how many are connected."""
    clients = clients_of(world, device, at)
    if device.speech is Speech.OPENWIFI:
        yield state(world, device, at, clients)
        if at // (30 * 1_000_000) % 2 == 0 and not extra:
            yield health(world, device, at, clients)
        return
    values = {
        "clients": clients,
        "tx_mbps": round(0.6 * clients * (1 + 0.3 * drift(at, MINUTE, world.seed, device.number, 1)), 1),
        "channel": (1, 6, 11)[device.number % 3],
        "airtime": min(96, 6 + clients),
    }
    yield own_event(world, device, at, values)
