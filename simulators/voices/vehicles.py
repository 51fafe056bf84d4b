"""Vehicles: where they are on their route, how fast, which way."""

from collections.abc import Iterator
from typing import Final

from ioc.model.instant import DAY, HOUR, SECOND, Instant
from simulators.chance import between
from simulators.devices import Device
from simulators.fleet_file import Service
from simulators.message import Message
from simulators.roads import Route, point_along
from simulators.storyline import What
from simulators.voices.own import own_event
from simulators.world import World

_MEAN_KMH: Final = {Service.BUS: 27.0, Service.GARBAGE: 17.0, Service.PATROL: 33.0}
_HALT_S: Final = {Service.BUS: 35.0, Service.GARBAGE: 75.0, Service.PATROL: 20.0}
_BUS_HOURS: Final = (5.0, 22.5)
"""Buses stand still outside these; the others drive day and night."""

VEHICLE_PERIOD: Final = 2 * SECOND


def report_vehicle(world: World, device: Device, at: Instant, *, extra: bool) -> Iterator[Message]:  # noqa: ARG001
    """Tell where a vehicle is."""
    if device.route is None or device.service is None:
        return
    driving = device.service is not Service.BUS or _BUS_HOURS[0] <= world.surroundings(at).hour < _BUS_HOURS[1]
    lon, lat, speed, heading = place_of(world, device, device.route, device.service, at)
    speeding = world.happening(device, at).get(What.SPEEDING)
    if speeding is not None:
        speed = 76 + 18 * speeding.chance
    values = {"speed": round(speed if driving else 0.0, 1), "heading": round(heading)}
    numbered = {"boot": f"s{world.start // SECOND}", "seq": (at - world.start) // VEHICLE_PERIOD}
    yield own_event(world, device, at, values, lat=round(lat, 6), lon=round(lon, 6), **numbered)


def place_of(
    world: World, device: Device, route: Route, service: Service, at: Instant
) -> tuple[float, float, float, float]:
    """Find a vehicle on its route, which it drives there and back.

    Returns:
        Longitude and latitude (degrees), speed (km/h), heading (degrees clockwise from north).
    """
    mean = _MEAN_KMH[service] / 3.6 * between(0.9, 1.1, world.seed, device.number, 61)
    halt = _HALT_S[service]
    there = list(zip(route.stops, route.stops[1:], strict=False))
    legs = [*there, *((end, start) for start, end in reversed(there))]
    cycle = sum(abs(end - start) / mean + halt for start, end in legs)
    into = (_driven_s(world, service, at) + between(0, cycle, world.seed, device.number, 62)) % cycle
    for start, end in legs:
        drive = abs(end - start) / mean
        if into < drive:
            share = into / drive
            # Smooth from stop to stop: it starts and ends at rest, and is fastest (1.5 times the mean) halfway.
            metres = start + (end - start) * share * share * (3 - 2 * share)
            (lon, lat), heading = point_along(route.points, route.lengths, metres)
            return lon, lat, 3.6 * mean * 6 * share * (1 - share), heading if end > start else (heading + 180) % 360
        into -= drive
        if into < halt:
            (lon, lat), heading = point_along(route.points, route.lengths, end)
            return lon, lat, 0.0, heading
        into -= halt
    (lon, lat), heading = point_along(route.points, route.lengths, 0.0)
    return lon, lat, 0.0, heading


def _driven_s(world: World, service: Service, at: Instant) -> float:
    """Count the seconds of service since 1970; a clock that stands at night keeps buses where they stopped."""
    if service is not Service.BUS:
        return at / SECOND
    hour, _ = world.local(at)
    first, last = _BUS_HOURS
    # The number of the local day: what is left of now when the hours of today are taken away.
    days = round((at - hour * HOUR) / DAY)
    return (days * (last - first) + min(max(hour - first, 0.0), last - first)) * 3600
