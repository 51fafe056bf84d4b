"""One trial: a thread reads the stream, the latest frame wins, and what is due is looked at as it would be live."""

import contextlib
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median, quantiles
from threading import Condition, Event, Thread
from typing import Final

import cv2
import numpy as np

from ingest.vision.camera import Analytic, Camera, DetectorName
from ingest.vision.detection.contract import Detector
from ingest.vision.detection.moving import moving_detections
from ingest.vision.detection.opening import open_detector
from ingest.vision.faces.finder import FaceFinder
from ingest.vision.finding import Finding, Report
from ingest.vision.frame import Frame, Pixels
from ingest.vision.looks.pixels import PixelLooks
from ingest.vision.sources.addresses import AllowedNetworks
from ingest.vision.sources.contract import PictureLost, Source, SourceFailed, SourceRefused
from ingest.vision.trial.clip import ClipWriter
from ingest.vision.trial.telling import Clip, Ended, Message, Now, Opened, Seen, TrialSettings
from ingest.vision.watching.watch import Watch
from ioc.model.faults import Fault
from ioc.model.instant import SECOND, Instant
from ioc.runtime.redaction import redact

NO_FRAME_S: Final = 15.0
"""Seconds without a frame after which a trial is given up."""

TELL_EVERY_S: Final = 0.25
_LAST_PICTURES_S: Final = 20.0
"""Seconds that a clip's last pictures may take."""

OpenSource = Callable[[Camera, AllowedNetworks], Source]


@dataclass(slots=True)
class _Stream:
    """What the reading thread knows of the stream; all of it guarded by `changed`.

    Attributes:
        frame: the latest frame that is due, with when it came out of the decoder; None where it was taken already.
        problem: why no more frames come; empty while they do.
    """

    changed: Condition = field(default_factory=Condition)
    opened: Opened | None = None
    frame: tuple[Instant, Pixels] | None = None
    came: int = 0
    first_at: Instant = 0
    last_at: Instant = 0
    skipped: int = 0
    refused: int = 0
    problem: str = ""
    over: bool = False


class Trial:
    """Tries one camera."""

    def __init__(
        self,
        settings: TrialSettings,
        open_source: OpenSource,
        now: Callable[[], Instant],
        tell: Callable[[Message], None],
    ) -> None:
        """Take what is to be tried.

        Args:
            settings: which camera, for how long.
            open_source: opens its stream.
            now: reads the clock.
            tell: is called with how it goes, and in the end with `Ended`.
        """
        self._settings = settings
        self._camera = settings.camera
        self._open_source = open_source
        self._now = now
        self._tell = tell
        self._stream = _Stream()
        self._stop = Event()
        self._looks = PixelLooks(self._camera)
        self._watch = Watch(self._camera, "trial")
        self._models = None if settings.models is None else Path(settings.models)
        self._detector: Detector | None = None
        self._clip: ClipWriter | None = None
        self._notes: list[str] = []
        self._looked = 0
        self._size = (0, 0)
        self._report = Report()
        self._delays: list[float] = []
        self._detect_ms: list[float] = []
        self._tracks: defaultdict[str, set[str]] = defaultdict(set)
        self._at_once: Counter[str] = Counter()
        self._crossed: Counter[tuple[str, str]] = Counter()
        self._told: dict[str, None] = {}

    def stop(self) -> None:
        """End it early; what was seen so far is told."""
        self._stop.set()
        with self._stream.changed:
            self._stream.changed.notify_all()

    def run(self) -> Ended:
        """Do it; whatever goes wrong is a sentence."""
        begun = self._now()
        self._prepare()
        # Its thread may hang in a library for ever: nobody waits for it.
        Thread(target=self._read, args=(begun,), daemon=True).start()
        waits_since, told_at = self._now(), 0
        while not self._stop.is_set():
            frame = self._next_frame()
            now = self._now()
            if frame is not None:
                waits_since = now
                self._look(*frame)
            stream = self._stream
            if (stream.over and stream.frame is None) or self._is_time_up(now):
                break
            if stream.opened is not None and now - waits_since > NO_FRAME_S * SECOND:
                stream.problem = stream.problem or f"no frame came for {NO_FRAME_S:.0f} s; is anything sent there?"
                break
            if stream.opened is None:
                waits_since = now
            elif now - told_at >= TELL_EVERY_S * SECOND:
                told_at = now
                self._tell(self._so_far(now))
        self._stop.set()
        ended = self._ended()
        self._tell(ended)
        return ended

    def _is_time_up(self, now: Instant) -> bool:
        first_at = self._stream.first_at
        return bool(first_at) and now - first_at >= self._settings.seconds * SECOND

    # Reading

    def _read(self, begun: Instant) -> None:
        stream = self._stream
        problem = ""
        source: Source | None = None
        try:
            allowed = AllowedNetworks.of(self._settings.allow)
            source = self._open_source(self._camera, allowed)
            opened = Opened((self._now() - begun) / SECOND, source.kind, source.rate)
            with stream.changed:
                stream.opened = opened
            self._tell(opened)
            problem = self._take_frames(source)
        except (SourceRefused, SourceFailed) as error:
            problem = redact(str(error))
        # A library's own exception must become a sentence too; which they are, nobody lists.
        except Exception as error:
            problem = redact(f"the stream cannot be read: {type(error).__name__}: {error}")
        finally:
            with stream.changed:
                stream.problem = stream.problem or problem
                stream.over = True
                stream.changed.notify_all()
            if source is not None:
                with contextlib.suppress(Exception):
                    source.close()

    def _take_frames(self, source: Source) -> str:
        stream = self._stream
        between = SECOND / self._camera.rate
        due: float = 0
        while not self._stop.is_set():
            try:
                if not source.grab():
                    return "" if stream.came else "the stream ended before its first frame"
                at = self._now()
                stream.came += 1
                stream.first_at = stream.first_at or at
                stream.last_at = at
                # A little early is no reason to wait for the one after it.
                if at < due - between / 4:
                    continue
                due = due + between if due + between > at else at + between
                pixels = source.take()
            except PictureLost:
                stream.refused += 1
                continue
            with stream.changed:
                stream.skipped += stream.frame is not None
                stream.frame = (at, pixels)
                stream.changed.notify_all()
        return ""

    def _next_frame(self) -> tuple[Instant, Pixels] | None:
        stream = self._stream
        with stream.changed:
            if stream.frame is None and not stream.over:
                stream.changed.wait(TELL_EVERY_S)
            frame, stream.frame = stream.frame, None
        return frame

    # Looking

    def _prepare(self) -> None:
        wants_objects = Analytic.OBJECTS in self._camera.analytics
        if wants_objects and self._camera.detector is not DetectorName.MOVING:
            try:
                self._detector = open_detector(self._camera.detector, self._models)
            except Fault as fault:
                self._notes.append(f"nothing is detected: {fault}")
        if self._settings.clip is not None:
            try:
                finder = FaceFinder.open(self._models)
            except Fault as fault:
                self._notes.append(f"no clip is written, since faces could not be blurred in it: {fault}")
            else:
                path = Path(self._settings.clip)
                self._clip = ClipWriter(path, self._camera.rate, finder, self._camera.geometry)

    def _look(self, at: Instant, pixels: Pixels) -> None:
        self._size = (pixels.shape[1], pixels.shape[0])
        pixels = _narrowed(pixels, self._camera.width)
        report = self._looks.look(Frame(self._camera.id, self._stream.came, at, pixels))
        self._report = report
        findings = list(report.findings)
        if Analytic.OBJECTS in self._camera.analytics:
            findings += self._objects(at, pixels, report)
        for finding in findings:
            self._note(finding)
        boxes = self._watch.drawn()
        for label, count in Counter(label for label, *_ in boxes).items():
            self._at_once[label] = max(self._at_once[label], count)
        for label, _, _, track in boxes:
            self._tracks[label].add(track)
        self._looked += 1
        self._delays.append((self._now() - at) / 1000)
        if self._clip is not None:
            self._clip.add(at, pixels, tuple(boxes))

    def _objects(self, at: Instant, pixels: Pixels, report: Report) -> list[Finding]:
        if self._camera.detector is DetectorName.MOVING:
            return self._watch.look(at, moving_detections(report))
        if self._detector is None:
            return []
        before = self._now()
        detections = self._detector.detect(pixels)
        self._detect_ms.append((self._now() - before) / 1000)
        return self._watch.look(at, detections)

    def _note(self, finding: Finding) -> None:
        values = finding.values
        if values.get("event") == "crossing":
            self._crossed[(str(values.get("line")), str(values.get("direction")))] += 1
        elif values.get("event") == "camera":
            self._told[f"camera {values.get('camera_state')}"] = None
        elif values.get("label") in {"smoke-like", "flame-like", "abandoned_object"}:
            self._told[str(values["label"])] = None

    # Telling

    def _rate(self) -> float:
        stream = self._stream
        lasted = (stream.last_at - stream.first_at) / SECOND
        return (stream.came - 1) / lasted if lasted > 0 else 0.0

    def _so_far(self, now: Instant) -> Now:
        begun = self._stream.first_at or now
        return Now(
            left_s=max(0.0, self._settings.seconds - (now - begun) / SECOND),
            came=self._stream.came,
            looked=self._looked,
            rate=self._rate(),
            delay_ms=self._delays[-1] if self._delays else 0.0,
            width=self._size[0],
            height=self._size[1],
            night=self._report.night,
            moving=self._report.moving_share,
            boxes=tuple(self._watch.drawn()),
        )

    def _ended(self) -> Ended:
        stream, opened = self._stream, self._stream.opened
        problem = stream.problem
        if not problem and not stream.came:
            problem = "it was ended before the first frame came"
        lasted = max(0.0, (stream.last_at - stream.first_at) / SECOND)
        clip = self._finished_clip()
        return Ended(
            problem=problem,
            opened_s=0.0 if opened is None else opened.after_s,
            kind="" if opened is None else opened.kind,
            width=self._size[0],
            height=self._size[1],
            said_rate=0.0 if opened is None else opened.rate,
            seconds=lasted,
            came=stream.came,
            looked=self._looked,
            rate=self._rate(),
            looked_rate=max(0, self._looked - 1) / lasted if lasted > 0 else 0.0,
            skipped=stream.skipped,
            refused=stream.refused,
            delay_ms=_middle(self._delays),
            slow_delay_ms=quantiles(self._delays, n=20)[-1] if len(self._delays) > 1 else _middle(self._delays),
            detect_ms=_middle(self._detect_ms),
            night=self._report.night,
            seen=tuple(
                Seen(label, len(tracks), self._at_once[label])
                for label, tracks in sorted(self._tracks.items(), key=lambda each: -len(each[1]))
            ),
            crossed=tuple((line, way, count) for (line, way), count in sorted(self._crossed.items())),
            told=tuple(self._told),
            clip=clip,
            notes=tuple(self._notes),
        )

    def _finished_clip(self) -> Clip | None:
        if self._clip is None:
            return None
        try:
            clip = self._clip.finish(_LAST_PICTURES_S)
        except Fault as fault:
            self._notes.append(str(fault))
            return None
        if clip is None and self._looked:
            self._notes.append("no clip was written: faces could not be looked for in time")
        return clip


def _middle(values: list[float]) -> float:
    return median(values) if values else 0.0


def _narrowed(pixels: Pixels, width: int) -> Pixels:
    """Make a picture that is too wide smaller, as readers do."""
    high, wide = pixels.shape[:2]
    if wide <= width:
        return pixels
    return np.asarray(cv2.resize(pixels, (width, round(high * width / wide)), interpolation=cv2.INTER_AREA), np.uint8)
