"""What docs/cameras.md shows is what the program does, on a real RTSP server where the page says so."""

import asyncio
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import pytest
import rtsp_server as rtsp_tool
from rtsp_server import RtspServer

from ingest.vision.camera import Analytic, DetectorName
from ingest.vision.camera_file import _KEYS, read_cameras
from ingest.vision.detection.models import ModelName, installed
from ioc.model.cameras import CameraState, Way
from ioc.runtime import clock
from ioc.store.cameras import CameraStatus
from ioc.store.opening import open_store
from simulators.cameras.market import Market

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "cameras.md").read_text("utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
ADDRESS = "10.20.0.5"


def blocks(language: str, start: str = "") -> list[str]:
    return [text for name, text in BLOCKS if name == language and text.startswith(start)]


COMMANDS = [
    (command, said)
    for block in blocks("console")
    for command, said in re.findall(r"^\$ (.*)\n((?:[^$].*\n|\n)*)", block, re.MULTILINE)
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files that the page speaks of."""
    folder = tmp_path_factory.mktemp("page")
    (cameras,) = blocks("yaml", "cameras:")
    (folder / "cameras.yaml").write_text(cameras, "utf-8")
    (folder / "my-rules").mkdir()
    for start, name in (("- rule:", "gate.yaml"), ("- test:", "gate.test.yaml")):
        (text,) = blocks("yaml", start)
        (folder / "my-rules" / name).write_text(text, "utf-8")
    return folder


def run(folder: Path, command: str, **variables: str) -> str:
    program, *arguments = shlex.split(command)
    assert program == "ioc"
    environment = {name: value for name, value in os.environ.items() if not name.startswith("IOC_")}
    done = subprocess.run(
        [sys.executable, "-m", "ioc.cli", *arguments],
        cwd=folder,
        env=environment | {"GATE_PASSWORD": "geheim-17"} | variables,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "geheim-17" not in done.stdout + done.stderr
    return done.stdout + done.stderr


def is_shown(said: str, page: str) -> None:
    # Columns of tables are as wide as what stands in them.
    shown, wanted = (re.sub(r"[ ]{2,}", " ", text.strip()) for text in (said, page))
    pattern = re.escape(wanted).replace("…", ".*").replace(r"\ ", r"\s+")
    assert re.fullmatch(pattern, shown, re.DOTALL), said


def command(start: str) -> tuple[str, str]:
    (found,) = [each for each in COMMANDS if each[0].startswith(start)]
    return found


def test_every_command_of_the_page_is_run_here() -> None:
    tested = ["ioc camera models", "ioc camera test", "ioc camera check", "ioc camera list", "ioc rules test"]
    assert [" ".join(command.split()[:3]) for command, _ in COMMANDS] == [
        "ioc camera models",
        "ioc camera test",
        "ioc camera check",
        "ioc camera list",
        "ioc rules test",
    ]
    assert len(COMMANDS) == len(tested)


@pytest.mark.parametrize("start", ["ioc camera check", "ioc rules test"])
def test_commands_about_files_print_what_the_page_shows(folder: Path, start: str) -> None:
    asked, said = command(start)
    printed = run(folder, asked)
    # Whether models are installed is another page's business.
    is_shown("\n".join(line for line in printed.splitlines() if "is not installed" not in line), said)


@pytest.fixture
def gate(tmp_path: Path, free_port: Callable[[], int]) -> Iterator[RtspServer]:
    """A real RTSP server that shows the pretend market to whoever knows the password."""
    import ffmpeg as ffmpeg_tool  # noqa: PLC0415

    program, python = ffmpeg_tool.find(), rtsp_tool.find()
    if program is None or python is None or not all(map(installed, (ModelName.SSD, ModelName.FACES))):
        reason = "needs FFmpeg and an RTSP server (Debian's), and the models that `make setup` installs"
        if os.environ.get("CI") == "true":
            pytest.fail(f"cannot run: {reason}", pytrace=False)
        pytest.skip(reason)
    scene, drawn = Market(7), tmp_path / "drawn.avi"
    writer = cv2.VideoWriter(str(drawn), cv2.VideoWriter.fourcc(*"MJPG"), 5, (640, 360))
    for number in range(60):
        writer.write(scene.picture(25 + number / 5))
    writer.release()
    clip = tmp_path / "gate.h264"
    ffmpeg_tool.convert(program, str(drawn), clip, *ffmpeg_tool.camera_stream("640x360", 5, 12))
    server = RtspServer(
        python, tmp_path / "rtsp", free_port(), {"/stream1": clip}, rate=5, user="viewer", password="geheim-17"
    )
    server.start()
    yield server
    server.kill()


def test_a_trial_of_a_real_stream_prints_what_the_page_shows(folder: Path, gate: RtspServer) -> None:
    is_shown(run(folder, command("ioc camera models")[0]), command("ioc camera models")[1])
    asked, said = command("ioc camera test")
    here = f"127.0.0.1:{gate.port}"
    asked = asked.replace(f"{ADDRESS}/", f"{here}/").replace("10.20.0.0/16", "127.0.0.1") + " --seconds 5"
    printed = run(folder, asked).replace(here, ADDRESS).replace(f"{ADDRESS}\n", f"{ADDRESS}:554\n", 1)
    # A machine that is busy may say that it is.
    is_shown(re.sub(r"^! only .*\n", "", printed, flags=re.MULTILINE), said)
    clip = cv2.VideoCapture(str(folder / "camera-test.mp4"))
    assert clip.read()[0]
    clip.release()


def test_cameras_that_are_watched_are_listed_as_the_page_shows(folder: Path, embedded_store: str) -> None:
    now = clock.now()
    status = CameraStatus(
        "cam-gate-01", now, CameraState.LIVE, now, source="rtsp", width=640, height=360, rate=5.0, target_rate=5.0
    )

    async def publish() -> None:
        async with open_store(embedded_store) as store:
            await store.cameras.publish([status])

    asyncio.run(publish())
    asked, said = command("ioc camera list")
    is_shown(run(folder, asked, IOC_REDIS_URL=embedded_store), said)


def test_the_file_of_the_page_is_read_as_it_is_meant(folder: Path) -> None:
    (camera,) = read_cameras(folder / "cameras.yaml", {"GATE_PASSWORD": "geheim-17"})
    assert camera.url == f"rtsp://viewer:geheim-17@{ADDRESS}/stream1"
    assert camera.geometry.zones[0].dwell_s == 60
    assert camera.geometry.lines[0].forbidden is Way.NONE


def test_every_word_of_the_file_and_every_shipped_rule_stands_on_the_page() -> None:
    written = set(re.findall(r"[a-z_0-9-]+", " ".join(re.findall(r"`([^`\n]+)`", PAGE))))
    words = [*_KEYS, *DetectorName, *Analytic, *CameraState, *(way for way in Way if way is not Way.NONE)]
    rules = re.findall(
        r"^- rule: (\S+)", (ROOT / "rules" / "library" / "cameras.yaml").read_text("utf-8"), re.MULTILINE
    )
    assert [word for word in (*words, *rules) if str(word) not in written] == []
