"""Access points as OpenWiFi's gateway tells of them (uCentral)."""

from typing import Any, Final

from ioc.model.instant import SECOND, Instant
from simulators.chance import mixed, uniform
from simulators.devices import Device
from simulators.message import Message, as_json
from simulators.world import World

_SSID: Final = "DaLat Free WiFi"
_STAYS: Final = 900
"""Seconds that a simulated visitor stays connected."""


def envelope(payload: dict[str, Any]) -> dict[str, Any]:
    """Wrap a payload as the gateway does."""
    return {"system": {"id": 4_000_000_000_000_000_001, "host": "https://owgw.simulated:17002"}, "payload": payload}


def state(world: World, device: Device, at: Instant, clients: int) -> Message:
    """Write the state of an access point with so many clients."""
    serial, stamp = device.asset.id, world.stamp(at)
    channel = (1, 6, 11)[device.number % 3]
    body = {
        "serial": serial,
        "state": {
            "interfaces": [
                {
                    "name": "up0v0",
                    "location": "/interfaces/0",
                    "ssids": [
                        {
                            "ssid": _SSID,
                            "mode": "ap",
                            "iface": "wlan0",
                            "radio": {"$ref": "#/radios/0"},
                            "associations": [_station(world, device, at, place) for place in range(clients)],
                        }
                    ],
                }
            ],
            "radios": [{"channel": channel, "noise": -101 + device.number % 9, "tx_power": 20}],
            "unit": {
                "load": [round(0.1 + clients / 60, 2), 0.2, 0.2],
                "localtime": stamp // SECOND,
                "memory": {"free": 141_000_000 - clients * 300_000, "total": 512_000_000},
                "uptime": 86_400 + (at - world.start) // SECOND,
            },
        },
    }
    return Message(at, device.number, f"ucentral/{serial}/state", as_json(envelope(body)))


def health(world: World, device: Device, at: Instant, clients: int) -> Message:
    """Write how well an access point is."""
    body = {
        "serial": device.asset.id,
        "timestamp": world.stamp(at) // SECOND,
        "sanity": 100,
        "data": {"unit": {"memory": min(95, 24 + clients // 2)}},
    }
    return Message(at, device.number, f"ucentral/{device.asset.id}/healthcheck", as_json(envelope(body)))


def _station(world: World, device: Device, at: Instant, place: int) -> dict[str, Any]:
    visit = at // (_STAYS * SECOND)
    address = f"{mixed(world.seed, device.number, place, visit) & 0xFFFFFFFFFF:010x}"
    # The first octet 02 is of the range that no maker gives out.
    station = ":".join(("02", *(address[index : index + 2] for index in range(0, 10, 2))))
    strength = uniform(world.seed, device.number, place, visit, 1)
    return {
        "station": station,
        "rssi": -88 + int(40 * strength),
        "connected": at // SECOND % _STAYS,
        "tx_rate": {"bitrate": 6_000 + int(280_000 * strength), "chwidth": 20},
    }
