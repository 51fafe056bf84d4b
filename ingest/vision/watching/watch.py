"""Watches one camera: what a detector sees, look by look, becomes what is told of it."""

from collections.abc import Sequence
from typing import Final

from ingest.vision.camera import Camera
from ingest.vision.finding import Finding, written_box
from ingest.vision.frame import Detection
from ingest.vision.tracking.tracker import Tracker
from ingest.vision.watching.counts import Counts
from ioc.model.cameras import Geometry
from ioc.model.instant import SECOND, Duration, Instant

LOOK_SOON: Final[Duration] = SECOND
"""How long after a look the next one is wanted where something is missed or not yet believed."""

LOOK_AGAIN: Final[Duration] = 5 * SECOND
"""The same where all that is followed stood still and was seen."""


class Watch:
    """Follows, counts and tells of what one camera sees; knows nothing of pixels."""

    def __init__(self, camera: Camera, boot: str) -> None:
        """Begin with nothing in sight.

        Args:
            camera: its geometry is what is drawn on its picture until `redraw` says otherwise.
            boot: tells the tracks of one start of the program from those of another: letters and digits.
        """
        self._tracker = Tracker(boot)
        self._geometry = camera.geometry
        self._last: Instant | None = None

    def look(self, at: Instant, detections: Sequence[Detection]) -> list[Finding]:
        """Take in what a detector saw in one frame; an empty list says that it saw nothing.

        Args:
            at: when the frame was taken; frames come in order, one that does not is ignored.
            detections: of the whole frame, in shares of the picture.
        """
        self._tracker.look(at, detections)
        self._last = at
        return []

    def quiet(self, at: Instant) -> list[Finding]:
        """Let time pass in which nothing moved: whoever stood there stands there still."""
        return [] if self._last is None or at > self._last else []

    def close(self, at: Instant) -> list[Finding]:
        """Let go of everything, since the camera is gone or the watch ends."""
        self._tracker.end_all()
        self._last = at
        return []

    def wants_look(self, at: Instant) -> bool:
        """Say whether a detector ought to look now, although nothing moves, to see whether things are still there."""
        if self._last is None or not self._tracker.tracks:
            return False
        return at - self._last >= (LOOK_SOON if self._tracker.unsettled else LOOK_AGAIN)

    def redraw(self, geometry: Geometry) -> None:
        """From now on these are the region, zones and lines; what is followed stays followed."""
        self._geometry = geometry

    @property
    def counts(self) -> Counts:
        """How many there are now, and how many crossed lines since the watch began."""
        return Counts()

    def drawn(self) -> list[tuple[str, float, str, str]]:
        """Label, score, box as text and track of everything that is believed to be there now."""
        return [(each.label, each.score, written_box(each.box), each.id) for each in self._tracker.present()]
