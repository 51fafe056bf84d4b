"""What devices say of being there: online when they start, offline when they fail."""

from ioc.model.instant import SECOND, Instant, to_iso
from simulators.devices import Device, Speech
from simulators.message import Message, as_json
from simulators.voices.chirpstack import chirpstack_topic, device_info
from simulators.voices.openwifi import envelope
from simulators.world import World


def greeting(world: World, device: Device, at: Instant) -> Message:
    """Say that a device is there, in its own way."""
    asset = device.asset
    stamp = world.stamp(at)
    if device.speech is Speech.ZIGBEE2MQTT:
        topic = f"zigbee2mqtt/{asset.id}/availability"
        return Message(at, device.number, topic, b'{"state":"online"}', retain=True)
    if device.speech is Speech.FRIGATE:
        return Message(at, device.number, f"frigate/{asset.id}/status/detect", b"online", retain=True)
    if device.speech is Speech.CHIRPSTACK:
        joined = {"time": to_iso(stamp), "deviceInfo": device_info(device), "devAddr": f"01{device.number:06x}"}
        return Message(at, device.number, chirpstack_topic(device, "join"), as_json(joined))
    if device.speech is Speech.OPENWIFI:
        ping = {
            "compatible": "simulated",
            "firmware": "OpenWrt 23.05 simulated",
            "locale": "VN",
            "serialNumber": asset.id,
            "timestamp": stamp // SECOND,
        }
        return Message(at, device.number, f"ucentral/{asset.id}/connection", as_json(envelope({"ping": ping})))
    return Message(at, device.number, f"ioc/{asset.kind}/{asset.id}/status", b"online", retain=True)


def farewell(device: Device, at: Instant) -> Message:
    """Say that a device is gone, as its last will or its recorder would."""
    asset = device.asset
    if device.speech is Speech.FRIGATE:
        return Message(at, device.number, f"frigate/{asset.id}/status/detect", b"offline", retain=True)
    return Message(at, device.number, f"ioc/{asset.kind}/{asset.id}/status", b"offline", retain=True)
