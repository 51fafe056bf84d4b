"""The `fleet` section of a city file: how many devices of which sort, and where."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from ioc.runtime.marked_yaml import YamlNode
from ioc.store.city_file import read_number, read_point
from simulators.roads import Point


class Crowd(StrEnum):
    """What draws people to a place, and so when they are there."""

    MARKET = "market"
    SQUARE = "square"
    SIGHT = "sight"
    SCHOOL = "school"
    OFFICE = "office"
    STATION = "station"


class Service(StrEnum):
    """What a vehicle is for."""

    BUS = "bus"
    GARBAGE = "garbage"
    PATROL = "patrol"


WATCHED: Final = ("forest", "site", "street")
"""What a high camera looks at."""

_MOST: Final = 5_000


@dataclass(frozen=True, slots=True)
class HighCameraPlan:
    """A camera on a mast or a roof."""

    name: str
    at: Point
    watches: str


@dataclass(frozen=True, slots=True)
class PlacePlan:
    """A public place with access points."""

    name: str
    at: Point
    count: int
    crowd: Crowd


@dataclass(frozen=True, slots=True)
class WaterPlan:
    """A water that gauges stand along, by its name in the sketch."""

    along: str
    count: int


@dataclass(frozen=True, slots=True)
class VehiclePlan:
    """A vehicle and the places it serves, by their names in the sketch."""

    name: str
    service: Service
    stops: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FleetPlan:
    """What a city file says of its devices."""

    high_cameras: tuple[HighCameraPlan, ...]
    street_cameras: int
    places: tuple[PlacePlan, ...]
    air: int
    noise: int
    climate: int
    waters: tuple[WaterPlan, ...]
    vehicles: tuple[VehiclePlan, ...]


def read_fleet(node: YamlNode, place_names: set[str], water_names: set[str]) -> FleetPlan:
    """Read the section.

    Args:
        node: the section.
        place_names: places of the sketch, where vehicles may stop.
        water_names: waters of the sketch, along which gauges may stand.

    Raises:
        Fault: something in it is wrong, with file, line and column.
    """
    fields = node.mapping(
        known=("high_cameras", "street_cameras", "access_points", "sensors", "vehicles"),
        required=("high_cameras", "street_cameras", "access_points", "sensors", "vehicles"),
    )
    sensors = fields["sensors"].mapping(
        known=("air", "noise", "climate", "water", "waters"), required=("air", "noise", "climate", "water", "waters")
    )
    waters = tuple(_water(item, water_names) for item in sensors["waters"].sequence())
    gauges = _count(sensors["water"])
    if sum(water.count for water in waters) != gauges:
        total = sum(water.count for water in waters)
        raise sensors["water"].wrong(f"{gauges} gauges are announced, but the waters below have {total} together")
    return FleetPlan(
        high_cameras=tuple(_high_camera(item) for item in fields["high_cameras"].sequence()),
        street_cameras=_count(fields["street_cameras"]),
        places=tuple(_place(item) for item in fields["access_points"].sequence()),
        air=_count(sensors["air"]),
        noise=_count(sensors["noise"]),
        climate=_count(sensors["climate"]),
        waters=waters,
        vehicles=tuple(_vehicle(item, place_names) for item in fields["vehicles"].sequence()),
    )


def _count(node: YamlNode) -> int:
    number = read_number(node, 0, _MOST)
    if number != int(number):
        raise node.wrong(f"expected a whole number, found {node.described()}")
    return int(number)


def _high_camera(node: YamlNode) -> HighCameraPlan:
    fields = node.mapping(known=("name", "at", "watches"), required=("name", "at", "watches"))
    return HighCameraPlan(fields["name"].text(), read_point(fields["at"]), fields["watches"].choice(WATCHED))


def _place(node: YamlNode) -> PlacePlan:
    keys = ("name", "at", "count", "crowd")
    fields = node.mapping(known=keys, required=keys)
    return PlacePlan(
        fields["name"].text(),
        read_point(fields["at"]),
        _count(fields["count"]),
        Crowd(fields["crowd"].choice([str(crowd) for crowd in Crowd])),
    )


def _water(node: YamlNode, names: set[str]) -> WaterPlan:
    fields = node.mapping(known=("along", "count"), required=("along", "count"))
    return WaterPlan(fields["along"].choice(names), _count(fields["count"]))


def _vehicle(node: YamlNode, names: set[str]) -> VehiclePlan:
    fields = node.mapping(known=("name", "service", "stops"), required=("name", "service", "stops"))
    stops = tuple(stop.choice(names) for stop in fields["stops"].sequence())
    if len(stops) < 2:
        raise fields["stops"].wrong("a vehicle needs at least two stops")
    service = Service(fields["service"].choice([str(service) for service in Service]))
    return VehiclePlan(fields["name"].text(), service, stops)
