"""Reads one camera for ever: opens it, looks at its frames, hands over what is worth it, opens it again."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Final, Protocol

from ingest.vision.camera import Analytic, Camera
from ingest.vision.exchange import Condition, Look, Message, Numbers, Quiet
from ingest.vision.finding import Finding, Phase, Report
from ingest.vision.frame import Frame, Pixels
from ingest.vision.reading.backoff import Backoff
from ingest.vision.reading.due import Due
from ingest.vision.reading.fitting import fitted
from ingest.vision.sources.contract import (
    TIME_OUT_S,
    PictureLost,
    Source,
    SourceBroken,
    SourceFailed,
    SourceRefused,
)
from ioc.model.cameras import CameraState, Geometry
from ioc.model.instant import SECOND, Duration, Instant
from ioc.runtime.logging import Log
from ioc.runtime.redaction import redact

NUMBERS_S: Final = 2.0

QUIET: Final[Duration] = SECOND
SHOW: Final[Duration] = SECOND
_NEARLY: Final[Duration] = SECOND // 10
"""Frames do not come on the second."""

HELD: Final[Duration] = 5 * SECOND
"""Findings that want a picture wait so long for the slot; then they are told without one."""

MOST_HELD: Final = 64
"""Findings that wait for the slot; beyond them the oldest updates go, since newer ones or an end follow. Where there
are not enough of those, all are told at once and without a picture."""

_LOG: Final = Log("cameras.reader")


class Looks(Protocol):
    """The cheap looks at one camera's frames."""

    def look(self, frame: Frame) -> Report:
        """Look at the next frame."""
        ...

    def redraw(self, geometry: Geometry) -> None:
        """Go by other zones and lines from now on."""
        ...


@dataclass(frozen=True, slots=True)
class Means:
    """What a camera's reader works with.

    Attributes:
        open_source: opens the camera.
        make_looks: gives the looks of the camera.
        tell: takes what is to be told.
        hand_over: copies pixels into the camera's slot.
        slot_bytes: as many as a slot has.
        now: the wall clock.
        monotonic: seconds of a clock that never goes back.
        stop: set when the reading is to end.
        backoff: says how long to wait after a failure.
    """

    open_source: Callable[[Camera], Source]
    make_looks: Callable[[Camera], Looks]
    tell: Callable[[Message], None]
    hand_over: Callable[[Pixels], None]
    slot_bytes: int
    now: Callable[[], Instant]
    monotonic: Callable[[], float]
    stop: threading.Event
    backoff: Backoff


class CameraReader:
    """One camera; `run` is its thread, everything else may be called from others."""

    def __init__(self, camera: Camera, means: Means) -> None:
        """Take the camera and what to work with."""
        self.camera = camera
        self._means = means
        self._looks = means.make_looks(camera)
        self._due = Due(camera.rate)
        self._objects = Analytic.OBJECTS in camera.analytics
        self._slot_free = True
        self._watched = False
        self._geometry: Geometry | None = None
        self._busy_since: float | None = None
        self._state: tuple[CameraState, str, int, int] | None = None
        self._held: Quiet | None = None
        self._held_since: Instant = 0
        self._told_at: Instant = 0
        self._shown_at: Instant = 0
        self._number = 0
        self._came = self._looked = self._waited = self._refused = self._opened = 0
        self._rate = 0.0
        self._delay_ms = 0.0
        self._counted_at = 0.0
        self._counted = 0

    # Called by others

    def free(self) -> None:
        """Take note that the slot may be written again."""
        self._slot_free = True

    def watch(self, watched: bool) -> None:  # noqa: FBT001 - the only thing that it says
        """Take note of whether a frame a second is wanted, moving or not."""
        self._watched = watched

    def redraw(self, geometry: Geometry) -> None:
        """Go by other zones and lines from the next frame on."""
        self._geometry = geometry

    def stuck_s(self) -> float:
        """Seconds since OpenCV was called that has not come back."""
        since = self._busy_since
        return 0.0 if since is None else self._means.monotonic() - since

    # The camera's own thread

    def run(self) -> None:
        """Read until it is to stop, or a clip has ended that is not to start again."""
        self._condition(CameraState.STARTING)
        while not self._means.stop.is_set():
            pause = self._visit()
            self._rate = 0.0
            self._count()
            if pause is None or self._means.stop.wait(pause):
                return

    def _visit(self) -> float | None:
        """Open the source and read it until it fails; give the seconds to wait, None for no next time."""
        began: float | None = None

        def lived() -> float:
            return 0.0 if began is None else self._means.monotonic() - began

        try:
            with self._calling():
                source = self._means.open_source(self.camera)
            self._opened += 1
            try:
                began = self._means.monotonic()
                self._read(source)
            finally:
                self._tell_held()
                with self._calling():
                    source.close()
        except SourceRefused as problem:
            self._condition(CameraState.REFUSED, str(problem))
            return self._means.backoff.after_refusal()
        except SourceBroken as problem:
            self._condition(CameraState.BROKEN, str(problem))
        except SourceFailed as problem:
            self._condition(CameraState.UNREACHABLE, str(problem))
        except Exception as problem:
            # The outermost edge of one camera: whatever its stream brought about, the others go on.
            _LOG.exception("reading a camera failed in a way that nobody expected", camera=self.camera.id)
            self._condition(
                CameraState.BROKEN, f"reading it failed unexpectedly ({type(problem).__name__}); see the log"
            )
        else:
            if self._means.stop.is_set():
                return None
            if not self.camera.loop and self.camera.url.startswith(("file:", "folder:")):
                self._condition(CameraState.UNREACHABLE, "it has come to its end, and `loop` is false")
                return None
            self._condition(CameraState.UNREACHABLE, "the stream has ended; it is opened again")
        return self._means.backoff.after_failure(lived())

    def _read(self, source: Source) -> None:
        """Read until the stream ends.

        Raises:
            SourceFailed: it broke, or nothing in it can be used.
            SourceRefused: its pictures are too large.
        """
        self._number = 0
        self._counted_at, self._counted = self._means.monotonic(), self._came
        self._rate = source.rate
        usable_at = self._counted_at
        while not self._means.stop.is_set():
            try:
                with self._calling():
                    came = source.grab()
                if not came:
                    break
                self._number += 1
                self._came += 1
                if self._look(source, self._means.now(), self._means.monotonic()):
                    usable_at = self._means.monotonic()
            except PictureLost as problem:
                self._refused += 1
                if self._means.monotonic() - usable_at > TIME_OUT_S:
                    raise SourceBroken(f"none of its pictures can be used: {problem}") from None
            self._count_now_and_then()
        if not self._number:
            raise SourceBroken("the stream was opened, but brought not one picture")

    def _look(self, source: Source, at: Instant, came_at: float) -> bool:
        if not self._due.is_due(came_at):
            return False
        with self._calling():
            pixels = source.take()
            self._condition(CameraState.LIVE, width=int(pixels.shape[1]), height=int(pixels.shape[0]))
            pixels = fitted(pixels, self.camera.width, self._means.slot_bytes)
            frame = Frame(self.camera.id, self._number, at, pixels)
            geometry, self._geometry = self._geometry, None
            if geometry is not None:
                self._looks.redraw(geometry)
            self._delay_ms = 1000 * (self._means.monotonic() - came_at)
            report = self._looks.look(frame)
        self._looked += 1
        self._deliver(frame, report)
        self._due.looked(came_at, self._means.monotonic(), self._rate or source.rate)
        return True

    def _deliver(self, frame: Frame, report: Report) -> None:
        if self._held is not None:
            report = replace(report, findings=_fewer((*self._held.report.findings, *report.findings)))
        detect = report.worth_looking and self._objects
        show = self._watched and frame.at - self._shown_at >= SHOW - _NEARLY
        pictured = any(finding.picture is not None for finding in report.findings)
        if detect or show or pictured:
            if self._slot_free:
                self._slot_free = False
                self._means.hand_over(frame.pixels)
                width, height = frame.width, frame.height
                look = Look(frame.camera, frame.number, frame.at, width, height, report, detect=detect, show=show)
                self._means.tell(look)
                self._told_at, self._held = frame.at, None
                if show:
                    self._shown_at = frame.at
                return
            self._waited += detect
        if report.findings and (detect or pictured):
            if self._held is None:
                self._held_since = frame.at
            if frame.at - self._held_since < HELD and len(report.findings) <= MOST_HELD:
                self._held = Quiet(frame.camera, frame.at, report)
                return
        if report.findings or (not detect and frame.at - self._told_at >= QUIET - _NEARLY):
            self._means.tell(Quiet(frame.camera, frame.at, report))
            self._told_at, self._held = frame.at, None

    def _tell_held(self) -> None:
        """Tell what waits for the slot, since no frame comes that could be put there."""
        held, self._held = self._held, None
        if held is not None:
            self._means.tell(held)
            self._told_at = held.at

    # What is told of the stream itself

    def _condition(self, state: CameraState, sentence: str = "", width: int = 0, height: int = 0) -> None:
        condition = (state, redact(sentence), width, height)
        if condition != self._state:
            self._state = condition
            self._means.tell(Condition(self.camera.id, self._means.now(), *condition))

    def _count_now_and_then(self) -> None:
        now = self._means.monotonic()
        since = now - self._counted_at
        if since >= NUMBERS_S:
            self._rate = (self._came - self._counted) / since
            self._counted_at, self._counted = now, self._came
            self._count()

    def _count(self) -> None:
        self._means.tell(
            Numbers(
                camera=self.camera.id,
                came=self._came,
                looked=self._looked,
                skipped=self._due.passed_over + self._waited,
                refused=self._refused,
                opened=self._opened,
                rate=round(self._rate, 2),
                delay_ms=round(self._delay_ms, 1),
            )
        )

    @contextmanager
    def _calling(self) -> Iterator[None]:
        self._busy_since = self._means.monotonic()
        try:
            yield
        finally:
            self._busy_since = None


def _fewer(findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """Leave out the oldest updates as long as there are too many findings."""
    excess = len(findings) - MOST_HELD
    if excess <= 0:
        return findings
    updates = [place for place, finding in enumerate(findings) if finding.values.get("phase") == Phase.UPDATE]
    left_out = set(updates[:excess])
    return tuple(finding for place, finding in enumerate(findings) if place not in left_out)
