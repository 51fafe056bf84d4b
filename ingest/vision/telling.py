"""Writes what cameras see as messages in the program's own format: topic `ioc/camera/<asset>/events`."""

from collections import Counter
from typing import Any, Final

import msgspec

from ingest.mqtt.publisher import Outgoing
from ingest.vision.camera import Camera
from ingest.vision.finding import Finding, Phase
from ioc.model.cameras import CameraState
from ioc.model.instant import Instant, to_milliseconds

FAULTY: Final = frozenset(CameraState) - {CameraState.STARTING, CameraState.LIVE}
"""States that somebody must mend."""

UNHEARD: Final = frozenset({CameraState.UNREACHABLE, CameraState.REFUSED, CameraState.BROKEN})
"""States in which no picture comes."""


class Teller:
    """Numbers and writes the messages of all cameras."""

    def __init__(self, boot: str) -> None:
        """Take what tells this start of the program from another."""
        self._boot = boot
        self._said: Counter[str] = Counter()

    def event(self, camera: Camera, finding: Finding, picture: str | None) -> Outgoing:
        """Write a finding; an update may be spared where the broker is away for long."""
        values: dict[str, Any] = dict(finding.values)
        if picture is not None:
            values["picture"] = picture
        spare = values.get("phase") == Phase.UPDATE and "event" not in values
        return self._outgoing(camera, finding.at, values, zone=finding.zone, spare=spare)

    def condition(self, camera: Camera, state: CameraState, at: Instant, picture: str | None = None) -> Outgoing:
        """Write how a camera is."""
        values: dict[str, Any] = {"event": "camera", "camera_state": str(state), "fault": state in FAULTY}
        if picture is not None:
            values["picture"] = picture
        return self._outgoing(camera, at, values)

    def pulse(self, camera: Camera, state: CameraState, at: Instant, *, rate: float, skipped: float) -> Outgoing:
        """Write that a camera is still watched, at which rate, so that its silence means something."""
        values = {"camera_state": str(state), "camera_fps": round(rate, 1), "skipped_fps": round(skipped, 1)}
        return self._outgoing(camera, at, values, spare=True)

    @staticmethod
    def status(camera: Camera, state: CameraState) -> Outgoing:
        """Write whether pictures come at all."""
        word = b"offline" if state in UNHEARD else b"online"
        return Outgoing(f"ioc/camera/{camera.id}/status", word, retain=True)

    def _outgoing(
        self, camera: Camera, at: Instant, values: dict[str, Any], *, zone: str | None = None, spare: bool = False
    ) -> Outgoing:
        self._said[camera.id] += 1
        body: dict[str, Any] = {"at": to_milliseconds(at), "seq": self._said[camera.id], "boot": self._boot}
        if zone is not None:
            body["zone"] = zone
        if camera.place is not None:
            body["lat"], body["lon"] = camera.place.lat, camera.place.lon
        if camera.simulated:
            body["simulated"] = True
        return Outgoing(f"ioc/camera/{camera.id}/events", msgspec.json.encode(body | values), spare=spare)
