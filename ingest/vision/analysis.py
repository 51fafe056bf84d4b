"""What is made of one camera's frame: objects, their tracks, what they do, and the pictures that show it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

from ingest.vision.camera import Analytic, Camera, DetectorName
from ingest.vision.detection.contract import Detector
from ingest.vision.detection.moving import moving_detections
from ingest.vision.exchange import Found, Gone, Look, Quiet
from ingest.vision.finding import Finding, PictureClass
from ingest.vision.frame import Detection, Pixels
from ingest.vision.left_behind import LeftBehind
from ingest.vision.watching.watch import Watch
from ioc.model.cameras import Geometry
from ioc.model.faults import Fault
from ioc.model.instant import SECOND, Duration, Instant

BETWEEN_PICTURES: Final[Duration] = 2 * SECOND
"""A camera's pictures of passers-by are at least so far apart; an event between two of them has none."""

TRY_AGAIN: Final[Duration] = 60 * SECOND
"""After so long a detector that could not be opened is tried again: somebody may have installed it."""


class Photographer(Protocol):
    """Makes pictures without faces; what `ingest.vision.pictures.snapshots.Snapshots` does."""

    def take(self, pixels: Pixels, picture_class: str, asset: str, at: Instant) -> str | None:
        """Keep a picture and give its id; None where none may be kept."""

    def show(self, pixels: Pixels, asset: str, at: Instant) -> bool:
        """Write the live picture of a camera; False where none may be written."""


@dataclass(slots=True)
class _Seen:
    """What is known of one camera between two frames."""

    camera: Camera
    watch: Watch
    left_behind: LeftBehind = field(default_factory=LeftBehind)
    pictured_at: Instant = 0


@dataclass(slots=True)
class _Detectors:
    """The detectors that cameras ask for, each opened when it is first needed.

    Attributes:
        problems: why one cannot be used, and when it was tried.
    """

    open_detector: Callable[[DetectorName], Detector]
    opened: dict[DetectorName, Detector] = field(default_factory=dict)
    problems: dict[DetectorName, tuple[str, Instant]] = field(default_factory=dict)

    def get(self, name: DetectorName, at: Instant) -> Detector | None:
        detector = self.opened.get(name)
        if detector is None and at - self.problems.get(name, ("", -TRY_AGAIN))[1] >= TRY_AGAIN:
            try:
                detector = self.opened[name] = self.open_detector(name)
                self.problems.pop(name, None)
            except Fault as fault:
                self.problems[name] = (str(fault), at)
        return detector


@dataclass(frozen=True, slots=True, eq=False)
class Analysed:
    """What objects and their tracks say of one frame; pictures come after it.

    Attributes:
        pixels: the frame; None where nothing is to be pictured.
        wanted: of which class the picture of each finding is to be, None for no picture.
    """

    camera: str
    at: Instant
    findings: tuple[Finding, ...]
    wanted: tuple[PictureClass | None, ...]
    boxes: tuple[tuple[str, float, str, str], ...]
    counts: tuple[tuple[str, int, int], ...]
    pixels: Pixels | None
    show: bool
    wants_look: bool

    @property
    def only_passing(self) -> bool:
        """Whether nothing is to be pictured but what merely comes into the picture."""
        return all(
            wish is None or is_passing(finding) for finding, wish in zip(self.findings, self.wanted, strict=True)
        )


class Analysis:
    """All cameras of one process: the detectors they share, and a watch for each."""

    def __init__(self, cameras: Sequence[Camera], boot: str, open_detector: Callable[[DetectorName], Detector]) -> None:
        """Take the cameras, what tells this start from another, and how detectors are opened."""
        self._seen = {camera.id: _Seen(camera, Watch(camera, boot)) for camera in cameras}
        self._detectors = _Detectors(open_detector)

    def redraw(self, camera: str, geometry: Geometry) -> None:
        """Change the zones and lines of a camera."""
        if camera in self._seen:
            self._seen[camera].watch.redraw(geometry)

    @property
    def problem(self) -> str:
        """Why objects are not found; empty where they are."""
        return "; ".join(sentence for sentence, _ in self._detectors.problems.values())

    def look(self, look: Look, pixels: Pixels) -> Analysed:
        """Look for objects in a frame and follow them."""
        seen = self._seen[look.camera]
        findings = list(look.report.findings)
        if look.detect and Analytic.OBJECTS in seen.camera.analytics:
            detections = self._detect(seen.camera, look, pixels)
            if detections is not None:
                findings += seen.watch.look(look.at, detections)
        findings = _judged(seen, findings)
        wanted = tuple(self._wanted(seen, finding) for finding in findings)
        pictured = look.show or any(wanted)
        return _analysed(seen, look.at, findings, wanted, pixels=pixels if pictured else None, look=look)

    def quiet(self, quiet: Quiet) -> Analysed:
        """Let time pass for a camera in which nothing moves."""
        seen = self._seen[quiet.camera]
        findings = list(quiet.report.findings)
        if Analytic.OBJECTS in seen.camera.analytics:
            findings += seen.watch.quiet(quiet.at)
        findings = _judged(seen, findings)
        return _analysed(seen, quiet.at, findings, (None,) * len(findings))

    def gone(self, gone: Gone) -> Analysed:
        """Let go of what was followed in a camera whose pictures do not come any more."""
        seen = self._seen[gone.camera]
        findings = seen.watch.close(gone.at)
        return _analysed(seen, gone.at, findings, (None,) * len(findings))

    def _detect(self, camera: Camera, look: Look, pixels: Pixels) -> list[Detection] | None:
        if camera.detector is DetectorName.MOVING:
            return moving_detections(look.report)
        detector = self._detectors.get(camera.detector, look.at)
        return None if detector is None else detector.detect(pixels)

    @staticmethod
    def _wanted(seen: _Seen, finding: Finding) -> PictureClass | None:
        if finding.picture is None:
            return None
        # A crowd passing by is one picture in two seconds; whatever is more than passing by has its own.
        passing = is_passing(finding)
        if passing and 0 <= finding.at - seen.pictured_at < BETWEEN_PICTURES:
            return None
        if passing:
            seen.pictured_at = finding.at
        return finding.picture


def _judged(seen: _Seen, findings: Sequence[Finding]) -> list[Finding]:
    return seen.left_behind.judge(findings, [(track.label, track.box) for track in seen.watch.tracks])


def is_passing(finding: Finding) -> bool:
    """Whether a finding is of somebody or something that merely comes into the picture."""
    return "event" not in finding.values and finding.picture is not PictureClass.SCENE


def _analysed(
    seen: _Seen,
    at: Instant,
    findings: Sequence[Finding],
    wanted: tuple[PictureClass | None, ...],
    *,
    pixels: Pixels | None = None,
    look: Look | None = None,
) -> Analysed:
    counts = seen.watch.counts
    places = {"": counts.picture, **counts.zones}
    return Analysed(
        camera=seen.camera.id,
        at=at,
        findings=tuple(findings),
        wanted=wanted,
        boxes=tuple(seen.watch.drawn()),
        counts=tuple((place, there.people, there.vehicles) for place, there in places.items()),
        pixels=pixels,
        show=look is not None and look.show,
        wants_look=seen.watch.wants_look(at),
    )


def pictured(analysed: Analysed, photographer: Photographer | None) -> Found:
    """Take the pictures that findings ask for, one of each class, and say what is to be told."""
    taken: dict[PictureClass | None, str | None] = {}
    shown = False
    if photographer is not None and analysed.pixels is not None:
        for wanted in {wanted for wanted in analysed.wanted if wanted is not None}:
            taken[wanted] = photographer.take(analysed.pixels, str(wanted), analysed.camera, analysed.at)
        if analysed.show:
            shown = photographer.show(analysed.pixels, analysed.camera, analysed.at)
    ids = [taken.get(wanted) for wanted in analysed.wanted]
    return Found(
        camera=analysed.camera,
        at=analysed.at,
        findings=tuple(zip(analysed.findings, ids, strict=True)),
        boxes=analysed.boxes,
        counts=analysed.counts,
        shown=shown,
        wants_look=analysed.wants_look,
    )
