"""LoRaWAN devices as ChirpStack v4 tells of them."""

from typing import Any, Final

from ioc.model.instant import Instant, to_iso
from simulators.chance import mixed
from simulators.devices import Device
from simulators.message import Message, as_json
from simulators.world import World

_APPLICATION: Final = "51a0d1a7-0000-4000-8000-000000000004"
_GATEWAYS: Final = ("02d1a1ffffe00001", "02d1a1ffffe00002", "02d1a1ffffe00003")


def chirpstack_topic(device: Device, event: str) -> str:
    """Name the topic of a device's event."""
    return f"application/{_APPLICATION}/device/{device.asset.id}/event/{event}"


def device_info(device: Device) -> dict[str, Any]:
    """Describe a device as every event of ChirpStack does."""
    return {
        "tenantName": "IOC",
        "applicationId": _APPLICATION,
        "applicationName": "city-sensors",
        "deviceProfileName": str(device.role),
        "deviceName": device.asset.name,
        "devEui": device.asset.id,
        "tags": {"simulated": "true"},
    }


def uplink(world: World, device: Device, at: Instant, measured: dict[str, Any]) -> Message:
    """Write an uplink whose payload the network server has decoded."""
    first, second = mixed(world.seed, device.number, at), mixed(world.seed, at, device.number)
    text = f"{first:016x}{second:016x}"
    payload = {
        "deduplicationId": f"{text[:8]}-{text[8:12]}-4{text[13:16]}-8{text[17:20]}-{text[20:]}",
        "time": to_iso(world.stamp(at)),
        "deviceInfo": device_info(device),
        "devAddr": f"01{device.number:06x}",
        "dr": 3,
        "fCnt": (at - world.start) // 30_000_000 % 65_536,
        "fPort": 2,
        "object": measured,
        "rxInfo": [
            {
                "gatewayId": _GATEWAYS[device.number % len(_GATEWAYS)],
                "rssi": -70 - first % 45,
                "snr": round(9 - second % 140 / 10, 1),
            }
        ],
        "txInfo": {"frequency": 923_200_000},
    }
    return Message(at, device.number, chirpstack_topic(device, "up"), as_json(payload))
