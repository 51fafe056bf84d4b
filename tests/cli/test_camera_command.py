"""`ioc camera`: what it says of a trial, of a file of cameras, and of the cameras that are watched."""

import asyncio
import json
from dataclasses import replace
from pathlib import Path

import pytest

from ingest.vision.camera import Camera, DetectorName
from ingest.vision.trial import child
from ingest.vision.trial.telling import Clip, Ended, Message, Now, Opened, Seen, TrialSettings
from ioc.cli import camera_trial, main
from ioc.cli.camera_trial import clip_path, problems, summary, tried_camera
from ioc.model.cameras import CameraState
from ioc.model.faults import Fault
from ioc.runtime import clock
from ioc.store.cameras import CameraStatus, ZoneNow
from ioc.store.opening import open_store

CAMERA = Camera("camera-test", "rtsp://viewer:secret@192.0.2.7:8554/live/1")
GOOD = Ended(
    opened_s=0.8,
    kind="rtsp",
    width=1280,
    height=720,
    said_rate=10.0,
    seconds=10.0,
    came=100,
    looked=50,
    rate=10.0,
    looked_rate=5.0,
    delay_ms=31.0,
    slow_delay_ms=58.0,
    detect_ms=14.0,
    seen=(Seen("person", 12, 5), Seen("car", 2, 1)),
    crossed=(("gate", "in", 3),),
    clip=Clip("/nowhere/clip.mp4", 10.0, 48, 31, 2),
)


def settings(**changes: object) -> TrialSettings:
    return TrialSettings(replace(CAMERA, **changes), 10)  # type: ignore[arg-type]


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr("sys.argv", ["ioc", "camera", *arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    return int(ended.value.code or 0)


def test_the_summary_says_what_came_what_was_seen_and_never_the_password() -> None:
    said = summary(settings(), GOOD)
    assert said == [
        "camera        rtsp://192.0.2.7:8554",
        "opened        in 0.8 s: rtsp, 1280 × 720, 10 frames/s as it says",
        "frames        10.0 a second came, 5.0 were looked at, in 10 s; 0 skipped, 0 not usable",
        "delay         31 ms from the decoder until seen, 58 ms for the slowest twentieth, of it 14 ms to find objects",
        "seen          person 12 (at most 5 at once), car 2 (at most 1 at once)",
        "crossed       gate in 3",
        "picture       of the day",
        "clip          /nowhere/clip.mp4, 10 s of 48 pictures, 2 left out; 31 times a face was blurred",
    ]
    assert problems(settings(), GOOD) == []


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"rate": 2.0, "looked_rate": 2.0}, "2.0 frames/s come, fewer than the 5"),
        ({"looked_rate": 2.5}, "only 2.5 of 5 frames/s can be looked at on this machine"),
        ({"width": 3840, "height": 2160}, "its pictures are 3840 wide and are made smaller to 1280"),
        ({"rate": 30.0}, "30 frames/s are decoded and 5 looked at"),
        ({"refused": 7}, "7 pictures could not be used"),
        ({"seen": ()}, "nothing was seen"),
        ({"notes": ("no clip is written",)}, "no clip is written"),
    ],
)
def test_what_would_be_wrong_is_said_with_what_to_do(changes: dict[str, object], said: str) -> None:
    (problem,) = problems(
        settings(), Ended(**({field: getattr(GOOD, field) for field in GOOD.__struct_fields__} | changes))
    )
    assert problem.startswith(said)


def test_a_private_address_is_refused_with_the_option_that_lets_it_through() -> None:
    ended = Ended(problem="10.0.0.5 is a private or reserved address that is not allowed; list its network")
    assert problems(settings(url="rtsp://10.0.0.5/a"), ended)[1] == "for this trial, --allow 10.0.0.5 lets it through"
    assert "--allow NETWORK" in problems(settings(url="rtsp://gate.lan/a"), ended)[1]


def test_an_address_takes_its_password_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATE_PASSWORD", "p@ss/word")
    camera = tried_camera("rtsp://viewer:${GATE_PASSWORD}@192.0.2.7/live", None, detector="moving", rate=2.0)
    assert camera.url == "rtsp://viewer:p%40ss%2Fword@192.0.2.7/live"
    assert (camera.detector, camera.rate, camera.loop) == (DetectorName.MOVING, 2.0, False)
    monkeypatch.delenv("GATE_PASSWORD")
    with pytest.raises(Fault, match="the environment has no 'GATE_PASSWORD'"):
        tried_camera("rtsp://viewer:${GATE_PASSWORD}@192.0.2.7/live", None, detector=None, rate=None)


def test_a_camera_of_the_file_is_tried_as_the_file_has_it(tmp_path: Path) -> None:
    file = tmp_path / "cameras.yaml"
    file.write_text(
        "cameras:\n  - {camera: gate, url: 'rtsp://192.0.2.7/a', rate: 3, lines: [{line: l, from: [0, 0], to: [1, 1]}]}\n"
    )
    camera = tried_camera("gate", file, detector=None, rate=None)
    assert (camera.rate, [line.name for line in camera.geometry.lines]) == (3.0, ["l"])
    with pytest.raises(Fault, match=r"has no camera 'gaet'; it has gate"):
        tried_camera("gaet", file, detector=None, rate=None)
    with pytest.raises(Fault, match="no address of a camera"):
        tried_camera("gate", None, detector=None, rate=None)
    with pytest.raises(Fault, match="there is no detector 'yolo'; there are ssd, "):
        tried_camera("gate", file, detector="yolo", rate=None)


def test_a_clip_of_an_unknown_kind_or_in_no_folder_is_refused_before_anything_is_opened(tmp_path: Path) -> None:
    assert clip_path(tmp_path / "a.WEBM").name == "a.WEBM"
    with pytest.raises(Fault, match=r"expected a name that ends in \.mp4"):
        clip_path(tmp_path / "a.gif")
    with pytest.raises(Fault, match="there is no folder"):
        clip_path(tmp_path / "no" / "a.mp4")


def test_the_command_ends_with_0_where_the_camera_can_be_watched_and_with_1_where_not(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    given: list[TrialSettings] = []
    outcomes = [GOOD, Ended(problem="192.0.2.7, port 554, did not answer within 10 s")]

    def pretend(wanted: TrialSettings, tell: object) -> Ended:
        given.append(wanted)
        return outcomes.pop(0)

    monkeypatch.setattr(child, "run_trial", pretend)
    address = "rtsp://viewer:secret@192.0.2.7/live"
    assert run(monkeypatch, "test", address, "--no-clip", "--allow", "192.0.2.0/24", "--seconds", "3") == 0
    said = capsys.readouterr().out
    assert "  - camera: cam-1\n    url: rtsp://viewer:${CAMERA_PASSWORD}@192.0.2.7/live\n" in said
    assert "secret" not in said
    assert (given[0].seconds, given[0].allow, given[0].clip) == (3.0, ("192.0.2.0/24",), None)
    assert run(monkeypatch, "test", address, "--json", "--no-clip") == 1
    told = json.loads(capsys.readouterr().out)
    assert told["wrong"] == ["192.0.2.7, port 554, did not answer within 10 s"]
    assert told["address"] == "rtsp://192.0.2.7:554"
    assert run(monkeypatch, "test", address, "--allow", "home") == 2
    assert "expected a network such as 192.168.0.0/16" in capsys.readouterr().err


def test_while_it_runs_the_objects_are_shown_with_their_tracks() -> None:
    from rich.console import Console  # noqa: PLC0415 - slow to import

    view = camera_trial._View(settings())
    console = Console(width=120, force_terminal=False)
    messages: list[Message] = [
        Opened(0.4, "rtsp", 25.0),
        Now(7.5, 20, 10, 9.9, 12.0, 640, 360, False, 0.1, (("person", 0.71, "0.400,0.200,0.500,0.700", "b-4"),)),
    ]
    shown = []
    for message in [None, *messages]:
        if message is not None:
            view.take(message)
        with console.capture() as capture:
            console.print(view.shown())
        shown.append(capture.get())
    assert "opening …" in shown[0]
    assert "no frame yet" in shown[1]
    head = "rtsp 640 × 360 9.9 frames/s came, 10 looked at, 12 ms day, 10% moves 8 s left"
    assert head in " ".join(shown[2].split())
    assert [word in shown[2] for word in ("person", "0.71", "b-4", "0.45, 0.70", "180 px")] == [True] * 5


def test_the_file_is_checked_and_what_would_keep_a_camera_from_being_watched_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "cameras.yaml"
    file.write_text("cameras:\n  - {camera: gate, url: 'rtsp://10.20.0.5/a'}\n")
    monkeypatch.setenv("IOC_CAMERAS_MODELS", str(tmp_path))
    assert run(monkeypatch, "check", str(file)) == 0
    assert capsys.readouterr().out.splitlines() == [
        "note: the model ssd is not installed: ioc camera models --install ssd",
        "note: the model faces is not installed: ioc camera models --install faces",
        "note: gate: 10.20.0.5 is a private address; list its network in cameras.allow_networks",
        "1 camera is in order",
    ]
    file.write_text("cameras:\n  - {camera: gate, url: 'rtsp://10.20.0.5/a', detecter: ssd}\n")
    assert run(monkeypatch, "check", str(file)) == 1
    said = capsys.readouterr().out
    assert f"{file}:2:" in said
    assert "did you mean 'detector'" in said
    assert said.endswith("1 mistake\n")


def test_the_cameras_that_are_watched_are_listed_with_what_is_wrong(
    embedded_store: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    now = clock.now()
    live = CameraStatus(
        "gate", now, CameraState.LIVE, now, source="rtsp", width=1280, height=720, rate=25.0, target_rate=5.0, people=3,
        zones_now=(ZoneNow("square", 2, 0),),
    )  # fmt: skip
    away = CameraStatus("hill", now, CameraState.UNREACHABLE, now, sentence="nobody answers there", source="mjpeg")

    async def publish() -> None:
        async with open_store(embedded_store) as store:
            await store.cameras.publish([live, away])

    monkeypatch.setenv("IOC_REDIS_URL", embedded_store)
    assert run(monkeypatch, "list") == 0
    assert "no camera is watched" in capsys.readouterr().out
    asyncio.run(publish())
    assert run(monkeypatch, "list") == 0
    lines = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    assert lines[1].startswith("gate live rtsp 1280 × 720 25.0 5 0 ms 3 0 ")
    assert "hill: nobody answers there" in lines
    assert run(monkeypatch, "list", "--json") == 0
    told = {each["camera"]: each for each in json.loads(capsys.readouterr().out)}
    assert told["gate"]["zones"] == {"square": {"people": 2, "vehicles": 0}}
    assert told["hill"]["state"] == "unreachable"
