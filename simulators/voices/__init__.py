"""How each sort of device speaks: its reports, as a function of the moment."""

from collections.abc import Iterator, Mapping
from typing import Final, Protocol

from ioc.model.instant import SECOND, Duration, Instant
from simulators.devices import Device, Role
from simulators.message import Message
from simulators.storyline import What
from simulators.voices.access_points import report_access_point
from simulators.voices.cameras import report_frigate_statistics, report_high_camera, report_street_camera
from simulators.voices.greetings import farewell, greeting
from simulators.voices.sensors import report_sensor
from simulators.voices.vehicles import VEHICLE_PERIOD, report_vehicle
from simulators.world import World

__all__ = ["BEATS", "farewell", "greeting", "period_of", "report", "report_frigate_statistics"]


class Voice(Protocol):
    """Makes a report; `extra` says that it is beside the usual rhythm, because something happens."""

    def __call__(self, world: World, device: Device, at: Instant, *, extra: bool) -> Iterator[Message]:
        """Report what a device has to say at a moment."""


_VOICES: Final[Mapping[Role, Voice]] = {
    Role.HIGH_CAMERA: report_high_camera,
    Role.STREET_CAMERA: report_street_camera,
    Role.ACCESS_POINT: report_access_point,
    Role.AIR: report_sensor,
    Role.NOISE: report_sensor,
    Role.CLIMATE: report_sensor,
    Role.WATER: report_sensor,
    Role.VEHICLE: report_vehicle,
}

BEATS: Final[Mapping[What, Duration]] = {
    What.SMOKE: 5 * SECOND,
    What.FIRE: 5 * SECOND,
    What.CROWD: 5 * SECOND,
    What.SMOG: 10 * SECOND,
    What.LOUD: 10 * SECOND,
    What.FLOOD: 10 * SECOND,
    What.BATTERY: 60 * SECOND,
}
"""How often a device reports beside its usual rhythm while something happens to it, as devices in alarm do."""


_MUTE: Final = frozenset({What.SILENCE, What.OUTAGE})


def period_of(device: Device) -> Duration:
    """Say how often a device reports."""
    if device.role is Role.VEHICLE:
        return VEHICLE_PERIOD
    return 60 * SECOND if device.role is Role.HIGH_CAMERA else 30 * SECOND


def report(world: World, device: Device, at: Instant, *, extra: bool = False) -> Iterator[Message]:
    """Make a device's report of a moment: its messages, some of which go out a little later.

    Args:
        world: the city.
        device: who speaks.
        at: the moment, by the city's own clock.
        extra: whether this is beside the usual rhythm, because something happens to the device.
    """
    for message in _VOICES[device.role](world, device, at, extra=extra):
        # A report may reach some seconds ahead; what falls after a failure is never said.
        if _MUTE.isdisjoint(world.happening(device, message.at)):
            yield message
