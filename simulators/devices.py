"""A simulated device and the fleet of a city."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from ioc.model.assets import Asset
from ioc.model.city import City
from ioc.model.geo import distance_m
from simulators.fleet_file import Crowd, Service
from simulators.roads import Point, Route


class Role(StrEnum):
    """What a device does."""

    HIGH_CAMERA = "high camera"
    STREET_CAMERA = "street camera"
    ACCESS_POINT = "access point"
    AIR = "air sensor"
    NOISE = "noise sensor"
    CLIMATE = "climate sensor"
    WATER = "water gauge"
    VEHICLE = "vehicle"


class Speech(StrEnum):
    """Whose format a device speaks."""

    OWN = "own"
    FRIGATE = "frigate"
    ZIGBEE2MQTT = "zigbee2mqtt"
    CHIRPSTACK = "chirpstack"
    OPENWIFI = "openwifi"


@dataclass(frozen=True, slots=True)
class Device:
    """One simulated device.

    Attributes:
        asset: as it is registered; its id is what the codec of its speech will say.
        number: tells its chance apart from others'.
        busy: 0 to 1, how much goes on around it at the busiest hour.
        crowd: what draws people to it, where something does.
        route, service: of vehicles only.
    """

    asset: Asset
    role: Role
    speech: Speech
    number: int
    busy: float = 0.5
    crowd: Crowd | None = None
    route: Route | None = None
    service: Service | None = None


@dataclass(frozen=True, slots=True)
class Fleet:
    """All devices of a city; `recorders` are what some of the cameras speak through."""

    city: City
    devices: tuple[Device, ...]
    recorders: tuple[Asset, ...] = ()

    @property
    def assets(self) -> list[Asset]:
        """What the registry should know, in a fixed order."""
        return [*(device.asset for device in self.devices), *self.recorders]


def nearest_devices(devices: Sequence[Device], place: Point) -> list[Device]:
    """Sort devices by how near they stand to a place, the nearest first."""
    lon, lat = place

    def metres(device: Device) -> float:
        asset = device.asset
        return math.inf if asset.lat is None or asset.lon is None else distance_m(lat, lon, asset.lat, asset.lon)

    return sorted(devices, key=metres)
