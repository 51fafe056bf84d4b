"""Our own topic and payload."""

from typing import Any

from ioc.model.instant import MILLISECOND, Instant
from simulators.devices import Device
from simulators.message import Message, as_json
from simulators.world import World


def own_event(world: World, device: Device, at: Instant, values: dict[str, Any], **envelope: Any) -> Message:
    """Write one event in our own format; `envelope` may hold seq, boot, lat, lon and zone."""
    asset = device.asset
    payload = {
        "at": world.stamp(at) // MILLISECOND,
        "lat": asset.lat,
        "lon": asset.lon,
        **envelope,
        **values,
        "simulated": True,
    }
    return Message(at, device.number, f"ioc/{asset.kind}/{asset.id}/events", as_json(payload))
