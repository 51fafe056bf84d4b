"""A trial says what a camera sends and what is seen in it, and whatever goes wrong is a sentence."""

import itertools
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Thread

import cv2
import numpy as np
import pytest

from ingest.vision.camera import DEFAULT_ANALYTICS, Camera, DetectorName
from ingest.vision.faces import finder as finder_module
from ingest.vision.frame import Box, Pixels
from ingest.vision.sources.addresses import AllowedNetworks
from ingest.vision.sources.contract import PictureLost, SourceRefused
from ingest.vision.trial import child, running
from ingest.vision.trial.clip import ClipWriter, annotated
from ingest.vision.trial.running import Trial
from ingest.vision.trial.telling import Ended, Message, Now, Opened, Seen, TrialSettings, read, read_settings, written
from ioc.model.cameras import Geometry, Line, Way, Zone
from ioc.model.instant import MILLISECOND, Instant
from simulators.cameras.hill import Hill
from simulators.cameras.serving import CameraServer

SIZE = (180, 320)


class PretendSource:
    """Sends a square that moves; each frame is taken before the next one comes, and the clock goes by them."""

    kind, width, height, rate = "rtsp", SIZE[1], SIZE[0], 10.0

    def __init__(self, frames: int, clock: "FrameClock", losing: int = 0) -> None:
        self._frames, self._clock, self._losing = frames, clock, losing
        self._number = 0
        self.closed = False

    def grab(self) -> bool:
        self._number += 1
        self._clock.tick()
        return self._number <= self._frames

    def take(self) -> Pixels:
        if self._losing and self._number % self._losing == 0:
            raise PictureLost("this picture is cut off")
        picture = np.full((*SIZE, 3), 90, np.uint8)
        left = 6 * self._number % 250
        picture[60:140, left : left + 40] = (40, 60, 200)
        return picture

    def close(self) -> None:
        self.closed = True


class FrameClock:
    """Goes on by a tenth of a second with every frame."""

    def __init__(self) -> None:
        self.at: Instant = 1_790_000_000_000_000

    def tick(self) -> None:
        self.at += 100 * MILLISECOND

    def now(self) -> Instant:
        return self.at


def camera(**changes: object) -> Camera:
    given = {"url": "rtsp://viewer:secret@192.0.2.7/live", "rate": 5.0, "detector": DetectorName.MOVING, "loop": False}
    return Camera("cam-try", **(given | changes))  # type: ignore[arg-type]


def tried(
    source: Callable[[FrameClock], PretendSource],
    *,
    models: Path | None = None,
    clip: Path | None = None,
    **changes: object,
) -> tuple[Ended, list[Message]]:
    clock = FrameClock()
    told: list[Message] = []
    settings = TrialSettings(
        camera(**changes), 600, models=None if models is None else str(models), clip=None if clip is None else str(clip)
    )

    def open_source(wanted: Camera, allowed: AllowedNetworks) -> PretendSource:
        assert wanted.id == "cam-try"
        assert not allowed.networks
        return source(clock)

    ended = Trial(settings, open_source, clock.now, told.append).run()
    assert told[-1] is ended
    return ended, told


def test_every_frame_is_counted_and_half_of_them_are_due() -> None:
    ended, told = tried(lambda clock: PretendSource(60, clock))
    assert ended.problem == ""
    assert (ended.kind, ended.said_rate) == ("rtsp", 10.0)
    assert ended.came == 60
    assert ended.looked + ended.skipped == 30
    assert ended.rate == pytest.approx(10)
    assert (ended.width, ended.height) == (SIZE[1], SIZE[0])
    assert isinstance(told[0], Opened)
    assert ended.looked > 0


def test_pictures_that_cannot_be_used_are_counted_and_the_rest_goes_on() -> None:
    ended, _ = tried(lambda clock: PretendSource(60, clock, losing=3))
    assert ended.problem == ""
    assert ended.refused > 5
    assert ended.looked + ended.skipped + ended.refused >= 30


def test_a_stream_that_ends_before_its_first_frame_is_a_problem() -> None:
    ended, _ = tried(lambda clock: PretendSource(0, clock))
    assert ended.problem == "the stream ended before its first frame"


def test_what_the_source_says_is_the_problem_and_holds_no_password() -> None:
    def refuse(clock: FrameClock) -> PretendSource:
        raise SourceRefused("rtsp://viewer:secret@192.0.2.7/live is not allowed")

    ended, told = tried(refuse)
    assert ended.problem == "rtsp://viewer:***@192.0.2.7/live is not allowed"
    assert b"secret" not in b"".join(map(written, told))


def test_what_nobody_expected_of_a_library_is_a_sentence_too() -> None:
    def fail(clock: FrameClock) -> PretendSource:
        raise cv2.error("something within")

    ended, _ = tried(fail)
    assert ended.problem.startswith("the stream cannot be read: error: something within")


def test_without_models_the_stream_is_measured_and_nothing_is_detected_or_written(tmp_path: Path) -> None:
    clip = tmp_path / "clip.mp4"
    ended, _ = tried(lambda clock: PretendSource(30, clock), models=tmp_path, clip=clip, detector=DetectorName.SSD)
    assert ended.problem == ""
    assert ended.came == 30
    assert ended.seen == ()
    assert [note.split(":")[0] for note in ended.notes] == [
        "nothing is detected",
        "no clip is written, since faces could not be blurred in it",
    ]
    assert "ioc camera models --install ssd" in ended.notes[0]
    assert "ioc camera models --install faces" in ended.notes[1]
    assert not clip.exists()


class PretendFinder:
    """Finds a face in the middle of every picture, or fails."""

    def __init__(self, *, fails: bool = False) -> None:
        self._fails = fails

    def find(self, pixels: Pixels) -> list[tuple[Box, float]]:
        if self._fails:
            raise finder_module.FacesUnknown("the network failed")
        return [(Box(0.4, 0.4, 0.6, 0.6), 0.9)]


def pictures_of(path: Path) -> Iterator[Pixels]:
    clip = cv2.VideoCapture(str(path))
    try:
        while True:
            came, picture = clip.read()
            if not came:
                return
            yield np.asarray(picture, np.uint8)
    finally:
        clip.release()


@pytest.mark.parametrize("ending", [".mp4", ".avi", ".webm"])
def test_a_clip_is_as_long_as_what_it_shows_and_has_no_face_in_it(tmp_path: Path, ending: str) -> None:
    noise = np.random.default_rng(1).integers(0, 255, (*SIZE, 3), np.uint8)
    path = tmp_path / f"clip{ending}"
    writer = ClipWriter(path, 5.0, PretendFinder(), Geometry())  # type: ignore[arg-type]
    for number in (0, 1, 4, 9):
        writer.add(number * 200 * MILLISECOND, noise, ())
    clip = writer.finish(20)
    assert clip is not None
    assert (clip.pictures, clip.faces, clip.left_out, clip.seconds) == (4, 4, 0, 2.0)
    pictures = list(pictures_of(path))
    assert len(pictures) == 10
    face, elsewhere = pictures[5][80:100, 140:180], pictures[5][10:40, 10:60]
    assert face.std() < elsewhere.std() / 2


def test_a_picture_in_which_faces_could_not_be_looked_for_is_left_out(tmp_path: Path) -> None:
    writer = ClipWriter(tmp_path / "clip.mp4", 5.0, PretendFinder(fails=True), Geometry())  # type: ignore[arg-type]
    writer.add(0, np.zeros((*SIZE, 3), np.uint8), ())
    assert writer.finish(20) is None
    assert not (tmp_path / "clip.mp4").exists()


def test_zones_lines_and_boxes_are_drawn_where_they_are() -> None:
    geometry = Geometry(
        zones=(Zone("Sân chợ", ((0.1, 0.5), (0.4, 0.5), (0.4, 0.9))),),
        lines=(Line("gate", (0.6, 0.9), (0.9, 0.9), Way.IN),),
    )
    picture = annotated(np.zeros((*SIZE, 3), np.uint8), (("person", 0.8, "0.500,0.250,0.600,0.750", "t-1"),), geometry)
    for x, y in ((0.25, 0.5), (0.75, 0.9), (0.5, 0.5), (0.6, 0.5)):
        part = picture[round(y * SIZE[0]) - 2 : round(y * SIZE[0]) + 3, round(x * SIZE[1]) - 2 : round(x * SIZE[1]) + 3]
        assert part.max() > 100


def test_messages_come_back_as_they_were_written() -> None:
    now = Now(3.5, 20, 10, 9.9, 12.0, 640, 360, night=False, moving=0.1, boxes=(("person", 0.7, "0,0,1,1", "t-1"),))
    for message in (Opened(0.4, "rtsp", 25.0), now, Ended(seen=(Seen("person", 3, 2),), notes=("a note",))):
        assert read(written(message)) == message
    settings = TrialSettings(camera(analytics=DEFAULT_ANALYTICS), 10, ("10.0.0.0/8",), None, "x.mp4")
    assert read_settings(written(settings)) == settings


PROGRAMS = {
    "import os, signal; os.kill(os.getpid(), signal.SIGSEGV)": "ended its reader (SIGSEGV); nothing else was harmed",
    "raise SystemExit(3)": "ended with status 3 and said nothing",
    "import sys; sys.stdin.buffer.read()": "made its reader hang: nothing was heard of it for 1 s",
}


@pytest.mark.parametrize(("program", "said"), PROGRAMS.items(), ids=["killed", "failed", "hangs"])
def test_a_reader_that_dies_or_hangs_is_only_a_sentence(
    monkeypatch: pytest.MonkeyPatch, program: str, said: str
) -> None:
    monkeypatch.setattr(child, "python", lambda _: (sys.executable, "-c", program))
    ended = child.run_trial(TrialSettings(camera(), 1), lambda _: None, silent_s=1.0 if "hang" in said else 60.0)
    assert said in ended.problem


def test_a_real_process_tries_a_folder_of_pictures(tmp_path: Path) -> None:
    for number, value in enumerate(itertools.islice(itertools.cycle((40, 160)), 8)):
        cv2.imwrite(str(tmp_path / f"{number}.jpg"), np.full((*SIZE, 3), value, np.uint8))
    told: list[Message] = []
    settings = TrialSettings(camera(url=f"folder:{tmp_path}", rate=20.0), 30)
    ended = child.run_trial(settings, told.append)
    assert ended.problem == ""
    assert ended.came == 8
    assert isinstance(told[0], Opened)
    assert told[-1] == ended


def test_a_trial_that_nobody_sends_anything_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "NO_FRAME_S", 0.0)
    clock = itertools.count(1_790_000_000_000_000, MILLISECOND)
    trial: Trial

    class Silent(PretendSource):
        def grab(self) -> bool:
            trial._stop.wait(60)
            return False

    source = Silent(5, FrameClock())
    trial = Trial(TrialSettings(camera(), 600), lambda *_: source, lambda: next(clock), lambda _: None)
    assert trial.run().problem.startswith("no frame came for 0 s")


def test_ctrl_c_ends_a_trial_early_with_what_was_seen_so_far() -> None:
    server = CameraServer({"hill": Hill(7)}, port=0, rate=20)
    serving = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    serving.start()

    def interrupt(message: Message) -> None:
        if isinstance(message, Now) and message.looked > 2:
            raise KeyboardInterrupt

    try:
        settings = TrialSettings(camera(url=f"http://127.0.0.1:{server.port}/hill", rate=10.0), 3600, ("127.0.0.1",))
        ended = child.run_trial(settings, interrupt)
    finally:
        server.shutdown()
        server.server_close()
        serving.join()
    assert (ended.problem, ended.kind) == ("", "mjpeg")
    assert ended.looked > 2
