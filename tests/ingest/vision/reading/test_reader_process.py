import os
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from rtsp_server import RtspServer

from ingest.vision.camera import Camera
from ingest.vision.exchange import Assign, Condition, Free, Look, Message, Numbers, Slots, Watched, messages, packed
from ingest.vision.reading import process as reader_process
from ingest.vision.reading.process import Reading
from ioc.model.cameras import CameraState
from ioc.runtime.children import python

PATIENCE_S = 60.0
SLOT_BYTES = 640 * 480 * 3


class Reader:
    """A real reader process, and all that it said."""

    def __init__(self, cameras: list[Camera], allowed: str = "127.0.0.1/32") -> None:
        self.slots = Slots.make(len(cameras), SLOT_BYTES)
        arguments = [str(number) for number in (self.slots.descriptor, self.slots.count, self.slots.slot_bytes)]
        self.process = subprocess.Popen(
            python("ingest.vision.reading.process", *arguments, allowed),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            pass_fds=[self.slots.descriptor],
        )
        self.said: list[Message] = []
        self.errors = b""
        self._threads = [threading.Thread(target=self._hear), threading.Thread(target=self._hear_errors)]
        for thread in self._threads:
            thread.start()
        self.send(Assign(tuple(enumerate(cameras)), "boot"))

    def send(self, message: Message) -> None:
        self.process.stdin.write(packed(message))
        self.process.stdin.flush()

    def _hear(self) -> None:
        for message in messages(self.process.stdout):
            self.said.append(message)

    def _hear_errors(self) -> None:
        self.errors = self.process.stderr.read()

    def wait_for(self, what: Callable[[Message], bool], more_than: int = 0) -> Any:
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            found = [message for message in list(self.said) if what(message)]
            if len(found) > more_than:
                return found[-1]
            time.sleep(0.01)
        raise AssertionError(f"it never came; it said {self.said[-5:]}")

    def end(self) -> int:
        with suppress(OSError):
            self.process.stdin.close()
        status = self.process.wait(PATIENCE_S)
        for thread in self._threads:
            thread.join(PATIENCE_S)
        self.process.stdout.close()
        self.process.stderr.close()
        os.close(self.slots.descriptor)
        return status


@pytest.fixture
def reader() -> Iterator[Callable[..., Reader]]:
    started: list[Reader] = []

    def start(*cameras: Camera, **more: Any) -> Reader:
        started.append(Reader(list(cameras), **more))
        return started[-1]

    yield start
    for each in started:
        if each.process.poll() is None:
            each.process.kill()
            each.end()


def state_of(camera: str, state: CameraState) -> Callable[[Message], bool]:
    return lambda message: isinstance(message, Condition) and (message.camera, message.state) == (camera, state)


def test_frames_come_through_shared_memory_and_the_process_ends_with_its_input(
    reader: Callable[..., Reader], tmp_path: Path
) -> None:
    for number in range(3):
        cv2.imwrite(str(tmp_path / f"{number}.png"), np.full((48, 64, 3), 60 + number, np.uint8))
    there = reader(Camera("cam-1", f"folder:{tmp_path}", rate=10))
    there.send(Watched(("cam-1",)))
    look = there.wait_for(lambda message: isinstance(message, Look))
    pixels = there.slots.get(0, look.width, look.height)
    assert pixels.shape == (48, 64, 3)
    assert pixels.min() == pixels.max()
    assert 60 <= pixels[0, 0, 0] <= 62
    there.send(Free("cam-1"))
    there.wait_for(lambda message: isinstance(message, Look), more_than=1)
    assert there.end() == 0


def test_one_broken_camera_disturbs_no_other_and_no_password_is_ever_said(
    reader: Callable[..., Reader],
    rtsp: Callable[..., RtspServer],
    server: Callable[..., Any],
    drawn_clip: Callable[..., Path],
    tmp_path: Path,
    free_port: Callable[[], int],
) -> None:
    good = rtsp({"/gate": drawn_clip("gate.h264")}, user="viewer", password="hunter2")
    (tmp_path / "broken.mp4").write_bytes(b"no clip")
    redirecting = server(
        lambda _head, connection: connection.sendall(b"HTTP/1.1 302 x\r\nLocation: /\r\nContent-Length: 0\r\n\r\n")
    )
    there = reader(
        Camera("good", good.url("/gate", "viewer:hunter2")),
        Camera("wrong", good.url("/gate", "viewer:hunter3")),
        Camera("away", f"rtsp://viewer:hunter4@127.0.0.1:{free_port()}/gate"),
        Camera("private", "rtsp://viewer:hunter5@169.254.169.254/gate"),
        Camera("endless", f"http://viewer:hunter6@127.0.0.1:{redirecting.port}/"),
        Camera("broken", f"file:{tmp_path}/broken.mp4"),
        Camera("odd", "gopher://viewer:hunter7@host/"),
    )
    for camera, state in (
        ("good", CameraState.LIVE),
        ("wrong", CameraState.REFUSED),
        ("away", CameraState.UNREACHABLE),
        ("private", CameraState.REFUSED),
        ("endless", CameraState.REFUSED),
        ("broken", CameraState.BROKEN),
        ("odd", CameraState.REFUSED),
    ):
        assert there.wait_for(state_of(camera, state)).sentence or camera == "good"
    numbers = there.wait_for(lambda message: isinstance(message, Numbers) and message.camera == "good", more_than=1)
    assert numbers.looked > 0
    assert there.end() == 0
    assert b"hunter" not in there.errors
    assert "hunter" not in str(there.said)


def test_a_stream_that_hangs_is_named_and_told_of(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[bytes] = []
    hanging = threading.Event()

    def open_camera(_camera: Camera) -> Any:
        hanging.wait(PATIENCE_S)
        raise RuntimeError

    monkeypatch.setattr(reader_process, "STUCK_S", 0.05)
    reading = Reading(Slots.make(1, 1000), said.append, open_camera, lambda _camera: None)  # type: ignore[arg-type,return-value]
    reading.take(Assign(((0, Camera("cam-1", "usb:0")),), "boot"))
    deadline = time.monotonic() + PATIENCE_S
    while reading.stuck() is None and time.monotonic() < deadline:
        time.sleep(0.01)
    assert reading.stuck() == "cam-1"
    reading.give_up("cam-1")
    assert b"hung" in said[-1]
    reading.stop()
    hanging.set()
