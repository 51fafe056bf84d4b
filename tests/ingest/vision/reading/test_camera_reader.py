import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

from ingest.vision.camera import Analytic, Camera
from ingest.vision.exchange import Condition, Look, Message, Numbers, Quiet
from ingest.vision.finding import Finding, Phase, PictureClass, Report
from ingest.vision.frame import Frame, Pixels
from ingest.vision.reading.backoff import REFUSED_S, Backoff
from ingest.vision.reading.camera_reader import MOST_HELD, CameraReader, Means
from ingest.vision.sources.contract import PictureLost, SourceFailed, SourceRefused
from ioc.model.cameras import CameraState, Geometry
from ioc.model.instant import SECOND

GREY = np.full((36, 64, 3), 90, np.uint8)
MOVING = Report(worth_looking=True)
STILL = Report()


class Stop(threading.Event):
    """Ends the reading after so many pauses, and lets time pass in each."""

    def __init__(self, time: "Time", pauses: int) -> None:
        super().__init__()
        self.waited: list[float] = []
        self._time = time
        self._pauses = pauses

    def wait(self, timeout: float | None = None) -> bool:
        self.waited.append(timeout or 0.0)
        self._time.seconds += timeout or 0.0
        if len(self.waited) >= self._pauses:
            self.set()
        return self.is_set()


@dataclass
class Time:
    seconds: float = 1000.0

    def read(self) -> float:
        return self.seconds

    def now(self) -> int:
        return round(self.seconds * SECOND)


@dataclass
class FakeSource:
    """Brings what it is told to: pixels, an exception to raise at the decoding, or one at the waiting."""

    time: Time
    frames: Iterator[Any]
    rate: float = 5.0
    kind: str = "rtsp"
    width: int = 64
    height: int = 36
    closed: bool = False
    current: Any = None

    def grab(self) -> bool:
        self.time.seconds += 1 / self.rate
        self.current = next(self.frames, None)
        if isinstance(self.current, SourceFailed):
            raise self.current
        return self.current is not None

    def take(self) -> Pixels:
        if isinstance(self.current, Exception):
            raise self.current
        return self.current

    def close(self) -> None:
        self.closed = True


@dataclass
class Scene:
    """One reader with all around it pretended."""

    camera: Camera
    reports: Callable[[Frame], Report]
    sources: list[Any]
    pauses: int = 1
    time: Time = field(default_factory=Time)
    told: list[Message] = field(default_factory=list)
    handed: list[Pixels] = field(default_factory=list)
    redrawn: list[Geometry] = field(default_factory=list)
    frees: bool = True

    def __post_init__(self) -> None:
        self.stop = Stop(self.time, self.pauses)
        scene = self

        class Looks:
            def look(self, frame: Frame) -> Report:
                return scene.reports(frame)

            def redraw(self, geometry: Geometry) -> None:
                scene.redrawn.append(geometry)

        def open_source(_camera: Camera) -> Any:
            source = scene.sources.pop(0) if scene.sources else SourceFailed("nobody there")
            if isinstance(source, Exception):
                raise source
            return FakeSource(scene.time, iter(source)) if isinstance(source, list) else source

        def tell(message: Message) -> None:
            scene.told.append(message)
            if isinstance(message, Look) and scene.frees:
                scene.reader.free()

        self.reader = CameraReader(
            self.camera,
            Means(
                open_source=open_source,
                make_looks=lambda _camera: Looks(),
                tell=tell,
                hand_over=self.handed.append,
                slot_bytes=10_000_000,
                now=self.time.now,
                monotonic=self.time.read,
                stop=self.stop,
                backoff=Backoff(lambda: 1.0),
            ),
        )

    def run(self) -> "Scene":
        self.reader.run()
        return self

    def of(self, kind: type[Any]) -> list[Any]:
        return [message for message in self.told if isinstance(message, kind)]

    @property
    def states(self) -> list[CameraState]:
        return [message.state for message in self.of(Condition)]


CAMERA = Camera("cam-1", "rtsp://viewer:secret@10.0.0.5/gate", rate=5)


def test_what_moves_is_handed_over_frame_by_frame() -> None:
    scene = Scene(CAMERA, lambda _: MOVING, [[GREY] * 10]).run()
    looks = scene.of(Look)
    assert [look.number for look in looks] == list(range(1, 11))
    assert all(look.detect and not look.show for look in looks)
    assert len(scene.handed) == 10
    assert scene.of(Quiet) == []


def test_a_quiet_camera_says_so_once_a_second_and_hands_over_nothing() -> None:
    scene = Scene(CAMERA, lambda _: STILL, [[GREY] * 50]).run()
    assert scene.handed == []
    assert len(scene.of(Quiet)) == 10


def test_a_watched_camera_shows_a_frame_a_second_although_nothing_moves() -> None:
    scene = Scene(CAMERA, lambda _: STILL, [[GREY] * 50])
    scene.reader.watch(True)
    scene.run()
    assert len(scene.of(Look)) == 10
    assert all(look.show and not look.detect for look in scene.of(Look))


def test_a_watched_camera_in_which_something_moves_shows_a_frame_a_second_too() -> None:
    scene = Scene(CAMERA, lambda _: MOVING, [[GREY] * 50])
    scene.reader.watch(True)
    scene.run()
    assert len(scene.of(Look)) == 50
    assert sum(look.show for look in scene.of(Look)) == 10


def test_without_a_wish_for_objects_nothing_is_handed_over_for_them() -> None:
    camera = Camera("cam-1", CAMERA.url, analytics=frozenset({Analytic.TAMPERING}))
    scene = Scene(camera, lambda _: MOVING, [[GREY] * 10]).run()
    assert scene.of(Look) == []
    assert len(scene.of(Quiet)) == 2


def test_a_slot_that_is_taken_is_not_written_and_frames_are_counted_as_skipped() -> None:
    scene = Scene(CAMERA, lambda _: MOVING, [[GREY] * 10], frees=False).run()
    assert len(scene.handed) == 1
    assert scene.of(Numbers)[-1].skipped == 9
    assert scene.of(Numbers)[-1].looked == 10


def test_a_finding_waits_for_the_slot_and_is_told_once() -> None:
    finding = Finding(0, {"event": "camera"}, picture=PictureClass.SCENE)
    reports = {3: Report(findings=(finding,), worth_looking=True)}
    scene = Scene(CAMERA, lambda frame: reports.get(frame.number, MOVING), [[GREY] * 10], frees=False)

    def look(frame: Frame) -> Report:
        if frame.number == 6:
            scene.reader.free()
        return reports.get(frame.number, MOVING)

    scene.reports = look
    scene.run()
    told = [message for message in scene.of(Look) + scene.of(Quiet) if message.report.findings]
    assert [(type(message), message.report.findings) for message in told] == [(Look, (finding,))]


def test_a_finding_is_told_without_a_picture_where_the_slot_never_comes_back() -> None:
    finding = Finding(0, {"event": "camera"}, picture=PictureClass.SCENE)
    scene = Scene(
        CAMERA,
        lambda frame: Report(findings=(finding,)) if frame.number == 3 else MOVING,
        [[GREY] * 60],
        frees=False,
    ).run()
    assert [message.report.findings for message in scene.of(Quiet)] == [(finding,)]


@pytest.mark.parametrize("ending", [None, SourceFailed("gone"), SourceRefused("too large"), ValueError("odd")])
def test_what_waits_for_the_slot_is_told_when_the_stream_ends_and_before_that_is_told(ending: Exception | None) -> None:
    finding = Finding(0, {"event": "camera"}, picture=PictureClass.SCENE)
    frames = [GREY] * 3 if ending is None else [GREY] * 3 + [ending]
    scene = Scene(
        CAMERA,
        lambda frame: Report(findings=(finding,), night=True) if frame.number == 3 else MOVING,
        [frames],
        frees=False,
    ).run()
    (quiet,) = scene.of(Quiet)
    assert quiet.report.findings == (finding,)
    assert quiet.report.night
    assert quiet.at == round((1000 + 3 / 5) * SECOND)
    assert scene.told.index(quiet) < scene.told.index(scene.of(Condition)[-1])


def lasting(number: int, phase: Phase) -> Finding:
    return Finding(number, {"event_key": str(number), "phase": str(phase)}, picture=PictureClass.SCENE)


def told_while_the_slot_is_taken(phases: Callable[[int], Phase]) -> tuple[list[Finding], list[Quiet]]:
    """What is told of ten findings a frame, the slot taken, and in which messages."""

    def look(frame: Frame) -> Report:
        if frame.number == 1:
            return MOVING
        numbers = range(frame.number * 10, frame.number * 10 + 10)
        return Report(findings=tuple(lasting(number, phases(number)) for number in numbers), worth_looking=True)

    quiets = Scene(CAMERA, look, [[GREY] * 20], frees=False).run().of(Quiet)
    return [finding for quiet in quiets for finding in quiet.report.findings], quiets


def test_where_too_much_waits_for_the_slot_the_oldest_updates_go_and_never_an_end() -> None:
    told, quiets = told_while_the_slot_is_taken(
        lambda number: Phase.END if number % 10 == 9 else Phase.NEW if number % 10 == 0 else Phase.UPDATE
    )
    assert all(len(quiet.report.findings) <= MOST_HELD for quiet in quiets)
    assert [finding.at for finding in told if finding.values["phase"] == Phase.END] == list(range(29, 210, 10))
    assert [finding.at for finding in told if finding.values["phase"] == Phase.NEW] == list(range(20, 210, 10))
    updates = [finding.at for finding in told if finding.values["phase"] == Phase.UPDATE]
    assert updates == [number for number in range(updates[0], 210) if number % 10 not in {0, 9}]
    assert [finding.at for finding in told] == sorted(finding.at for finding in told)


def test_more_ends_than_may_wait_for_the_slot_are_told_at_once() -> None:
    told, quiets = told_while_the_slot_is_taken(lambda _: Phase.END)
    assert [finding.at for finding in told] == list(range(20, 210))
    assert all(len(quiet.report.findings) < MOST_HELD + 10 for quiet in quiets)


def test_wide_pictures_are_made_smaller_in_proportion() -> None:
    camera = Camera("cam-1", CAMERA.url, width=320)
    scene = Scene(camera, lambda _: MOVING, [[np.zeros((720, 1280, 3), np.uint8)]]).run()
    assert scene.handed[0].shape == (180, 320, 3)
    assert (scene.of(Condition)[1].width, scene.of(Condition)[1].height) == (1280, 720)


def test_a_stream_that_changes_its_size_goes_on_and_says_so() -> None:
    frames = [GREY] * 3 + [np.zeros((72, 128, 3), np.uint8)] * 3
    scene = Scene(CAMERA, lambda _: MOVING, [frames]).run()
    assert [(each.width, each.height) for each in scene.of(Condition) if each.state == CameraState.LIVE] == [
        (64, 36),
        (128, 72),
    ]
    assert len(scene.handed) == 6


def test_a_camera_that_is_away_is_tried_again_ever_more_rarely_and_told_of_once() -> None:
    scene = Scene(CAMERA, lambda _: STILL, [SourceFailed("nobody there")] * 9, pauses=9).run()
    assert scene.stop.waited == [1, 2, 4, 8, 16, 32, 60, 60, 60]
    assert scene.states == [CameraState.STARTING, CameraState.UNREACHABLE]


def test_a_refused_camera_is_left_alone_for_long() -> None:
    scene = Scene(CAMERA, lambda _: STILL, [SourceRefused("not allowed")]).run()
    assert scene.stop.waited == [REFUSED_S]
    assert scene.states == [CameraState.STARTING, CameraState.REFUSED]


def test_a_stream_that_breaks_is_opened_again_and_its_state_told() -> None:
    scene = Scene(CAMERA, lambda _: STILL, [[GREY, SourceFailed("gone")], [GREY]], pauses=2).run()
    assert scene.states[:4] == [
        CameraState.STARTING,
        CameraState.LIVE,
        CameraState.UNREACHABLE,
        CameraState.LIVE,
    ]
    assert scene.of(Numbers)[-1].opened == 2


def test_a_stream_without_a_single_frame_is_broken() -> None:
    scene = Scene(CAMERA, lambda _: STILL, [[]]).run()
    assert scene.of(Condition)[-1].state == CameraState.BROKEN
    assert "not one picture" in scene.of(Condition)[-1].sentence


def test_a_picture_that_cannot_be_used_is_counted_and_the_next_one_looked_at() -> None:
    scene = Scene(CAMERA, lambda _: MOVING, [[GREY, PictureLost("too large"), GREY]]).run()
    assert scene.of(Numbers)[-1].refused == 1
    assert len(scene.handed) == 2


def test_a_stream_of_nothing_but_bad_pictures_is_broken() -> None:
    scene = Scene(CAMERA, lambda _: MOVING, [[PictureLost("too large")] * 200]).run()
    assert scene.of(Condition)[-1].state == CameraState.BROKEN
    assert "too large" in scene.of(Condition)[-1].sentence
    assert scene.of(Numbers)[-1].refused < 60


@pytest.mark.parametrize("fault", [ValueError("x"), MemoryError(), ZeroDivisionError()])
def test_whatever_goes_wrong_in_a_look_breaks_this_camera_only_and_for_a_while(fault: Exception) -> None:
    def look(_frame: Frame) -> Report:
        raise fault

    scene = Scene(CAMERA, look, [[GREY]]).run()
    assert scene.states[-1] == CameraState.BROKEN
    assert scene.stop.waited


def test_a_source_is_closed_however_it_ends() -> None:
    time = Time()
    sources = [
        FakeSource(time, iter([GREY])),
        FakeSource(time, iter([SourceFailed("gone")])),
        FakeSource(time, iter([RuntimeError("odd")])),
    ]
    Scene(CAMERA, lambda _: STILL, list(sources), pauses=3, time=time).run()
    assert all(source.closed for source in sources)


def test_a_clip_that_is_not_to_begin_again_is_over() -> None:
    camera = Camera("cam-1", "file:/srv/gate.mp4", loop=False)
    scene = Scene(camera, lambda _: STILL, [[GREY] * 3, [GREY]], pauses=99).run()
    assert scene.stop.waited == []
    assert "its end" in scene.of(Condition)[-1].sentence


def test_a_new_drawing_is_in_force_from_the_next_frame_on() -> None:
    scene = Scene(CAMERA, lambda _: STILL, [[GREY] * 3])
    drawing = Geometry(region=((0, 0), (1, 0), (1, 1)))
    scene.reader.redraw(drawing)
    scene.run()
    assert scene.redrawn == [drawing]


def test_a_password_in_a_sentence_is_masked_whoever_wrote_it() -> None:
    scene = Scene(CAMERA, lambda _: STILL, [SourceFailed(f"cannot open {CAMERA.url}")]).run()
    assert "secret" not in str(scene.told)


def test_a_call_that_does_not_come_back_is_noticed() -> None:
    scene = Scene(CAMERA, lambda _: STILL, [[GREY]])
    assert scene.reader.stuck_s() == 0

    def look(_frame: Frame) -> Report:
        scene.time.seconds += 50
        assert scene.reader.stuck_s() == pytest.approx(50)
        return STILL

    scene.reports = look
    scene.run()
    assert scene.reader.stuck_s() == 0
