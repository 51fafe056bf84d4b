"""What is known of every camera now, from what the child processes tell; becomes the status that people see."""

from collections import deque
from dataclasses import dataclass, field
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from ingest.vision.camera import Camera
from ingest.vision.exchange import Condition, Found, Numbers
from ingest.vision.finding import Finding
from ioc.model.cameras import CameraState, Geometry
from ioc.model.instant import SECOND, Duration, Instant
from ioc.store.cameras import CameraStatus, DrawnBox, ZoneNow

STILL_SEEN: Final[Duration] = 5 * SECOND
"""What was seen is told as being there for so long after the last frame that was looked at."""


class Unanswered(NamedTuple):
    """What the analyst was given and has not answered.

    Attributes:
        since: when, on the loop's clock, seconds.
        findings: what its reader had found, which the answer is to bring back.
        gone: whether it was told that the camera is gone.
    """

    since: float
    findings: tuple[Finding, ...] = ()
    gone: bool = False


@dataclass(slots=True)
class CameraRecord:
    """What is known of one camera.

    Attributes:
        camera: as configured; its geometry is the file's.
        geometry: in force.
        drawing: the revision of the drawing that is in force; 0 for the file's.
        state: what is told: of its stream, or, where pictures come, what is wrong with them.
        stream: how its stream is.
        verdict: what looks at its pictures say, for as long as its reader lives.
        unanswered: what the analyst was given of it and has not answered, oldest first.
        in_flight: whether a frame of it is with the analyst.
        wants_look: whether the analyst wants a frame although nothing moves.
        unanalysed: frames that nobody could look for objects in, since the analyst was away.
    """

    camera: Camera
    geometry: Geometry
    drawing: int = 0
    state: CameraState = CameraState.STARTING
    stream: CameraState = CameraState.STARTING
    verdict: CameraState = CameraState.LIVE
    unanswered: deque["Unanswered"] = field(default_factory=deque)
    since: Instant = 0
    sentence: str = ""
    width: int = 0
    height: int = 0
    numbers: Numbers | None = None
    night: bool = False
    in_flight: bool = False
    wants_look: bool = False
    unanalysed: int = 0
    boxes: tuple[DrawnBox, ...] = ()
    seen_at: Instant = 0
    shown_at: Instant | None = None
    people: int = 0
    vehicles: int = 0
    zones_now: tuple[ZoneNow, ...] = ()
    skipped_before: int = field(default=0)

    def take_condition(self, condition: Condition) -> bool:
        """Note how the stream is; say whether that is another state than before."""
        if condition.width:
            self.width, self.height = condition.width, condition.height
        self.sentence = condition.sentence
        self.stream = condition.state
        if condition.state is CameraState.STARTING:
            # Another process looks at it now, which knows nothing of what was seen before.
            self.verdict = CameraState.LIVE
        return self._settle(condition.at)

    def take_verdict(self, state: CameraState, at: Instant) -> bool:
        """Note what a look at its pictures says; say whether its state is another one than before."""
        self.verdict = state
        return self._settle(at)

    def _settle(self, at: Instant) -> bool:
        state = self.verdict if self.stream is CameraState.LIVE else self.stream
        if state is self.state:
            return False
        self.state, self.since = state, at
        return True

    def take_found(self, found: Found) -> None:
        """Note what is seen now."""
        self.seen_at = found.at
        self.wants_look = found.wants_look
        if found.shown:
            # Those of later frames do not belong on this picture.
            self.shown_at, self.boxes = found.at, tuple(DrawnBox(*box) for box in found.boxes)
        counts = {zone: (people, vehicles) for zone, people, vehicles in found.counts}
        self.people, self.vehicles = counts.pop("", (0, 0))
        self.zones_now = tuple(ZoneNow(zone, *numbers) for zone, numbers in counts.items())

    def skipped_since(self) -> int:
        """How many frames were skipped since this was last asked."""
        skipped = self.numbers.skipped if self.numbers is not None else 0
        # Counted anew since its reader was started again.
        new, self.skipped_before = max(0, skipped - self.skipped_before), skipped
        return new

    def status(self, now: Instant, trouble: str) -> CameraStatus:
        """Say how the camera is."""
        camera, numbers = self.camera, self.numbers
        gone = now - self.seen_at > STILL_SEEN
        return CameraStatus(
            id=camera.id,
            at=now,
            state=self.state,
            since=self.since,
            sentence=self.sentence,
            trouble=trouble,
            names=camera.names,
            source=source_kind(camera.url),
            width=self.width,
            height=self.height,
            rate=0.0 if numbers is None else numbers.rate,
            target_rate=camera.rate,
            came=0 if numbers is None else numbers.came,
            looked=0 if numbers is None else numbers.looked,
            skipped=self.unanalysed + (0 if numbers is None else numbers.skipped),
            refused=0 if numbers is None else numbers.refused,
            opened=0 if numbers is None else numbers.opened,
            delay_ms=0.0 if numbers is None else numbers.delay_ms,
            night=self.night,
            detector=str(camera.detector),
            look_for=tuple(sorted(map(str, camera.analytics))),
            geometry=self.geometry,
            file_geometry=camera.geometry,
            drawing=self.drawing,
            view=camera.place,
            people=0 if gone else self.people,
            vehicles=0 if gone else self.vehicles,
            zones_now=() if gone else self.zones_now,
            boxes=() if self.shown_at is None else self.boxes,
            shown_at=self.shown_at,
            simulated=camera.simulated,
        )


def source_kind(url: str) -> str:
    """Say what kind of source an address is, which may be told to everybody, as the address may not."""
    parts = urlsplit(url)
    if parts.scheme in {"rtsp", "rtsps"}:
        return "rtsp"
    if parts.scheme in {"http", "https"}:
        return "hls" if parts.path.endswith(".m3u8") else "mjpeg"
    return parts.scheme if parts.scheme in {"file", "folder", "usb"} else "file"
