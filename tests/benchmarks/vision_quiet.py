"""Measures what 16 quiet cameras cost: RTSP from a real server, 640 × 360, looked at five times a second.

Processor time and memory are those of the reader's process and the analyst's, which are all that a quiet camera keeps
busy; the server that plays the cameras is not counted. Memory that processes share is counted in each.
"""

import asyncio
import json
import os
import socket
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

import cv2
import ffmpeg as ffmpeg_tool
import numpy as np
import psutil
import rtsp_server as rtsp_tool

from ingest.vision.camera import Camera
from ingest.vision.children import Child
from ingest.vision.exchange import Assign, Condition, Free, Look, Numbers, Quiet, Slots
from ioc.model.cameras import CameraState
from ioc.store.pictures.settings import PictureSettings

CAMERAS: Final = 16
WIDTH: Final = 640
HEIGHT: Final = 360
LOOKED_AT: Final = 5.0
MEASURED_S: Final = 15.0
SETTLING_S: Final = 8.0
PATIENCE_S: Final = 90.0


def main() -> None:
    """Print a line of figures for streams of five frames a second, and one for streams of 25."""
    ffmpeg, why_not = ffmpeg_tool.find_or_install()
    server_python, why_no_server = rtsp_tool.find_or_install()
    if ffmpeg is None or server_python is None:
        sys.stderr.write(f"quiet cameras were not measured: {why_not or why_no_server}\n")
        return
    with tempfile.TemporaryDirectory() as name:
        for rate in (5.0, 25.0):
            folder = Path(name) / f"{rate:g}"
            folder.mkdir()
            clip = quiet_clip(ffmpeg, folder, rate)
            server = rtsp_tool.RtspServer(server_python, folder, free_port(), {"/quiet": clip}, rate=rate)
            server.start()
            try:
                figures = asyncio.run(measure(server.url("/quiet"), folder))
            finally:
                server.kill()
            line = {
                "benchmark": f"{CAMERAS} quiet cameras, {WIDTH} × {HEIGHT}, looked at {LOOKED_AT:g} times a second",
                "frames_a_second_sent": rate,
                **figures,
                "target_core_percent": 50,
                "target_mb": 2 * 100 + 10 * CAMERAS,
            }
            sys.stdout.write(json.dumps(line, ensure_ascii=False) + "\n")
            sys.stdout.flush()


def quiet_clip(ffmpeg: Path, folder: Path, rate: float) -> Path:
    """Draw a street in which nothing moves, as a noisy sensor sees it and a camera's substream sends it: 512 kbit/s."""
    street = np.full((HEIGHT, WIDTH, 3), (150, 140, 130), np.uint8)
    cv2.rectangle(street, (0, 200), (WIDTH, HEIGHT), (90, 90, 90), -1)
    for left in range(20, WIDTH, 90):
        cv2.rectangle(street, (left, 60), (left + 60, 190), (110 + left % 50, 120, 140), -1)
        cv2.rectangle(street, (left, 280), (left + 40, 288), (220, 220, 220), -1)
    picture = folder / "street.png"
    cv2.imwrite(str(picture), street)
    options = list(ffmpeg_tool.camera_stream(f"{WIDTH}x{HEIGHT}", rate, 10))
    options[options.index("-vf") + 1] += ",noise=alls=5:allf=t"
    options += ["-b:v", "512k", "-maxrate", "512k", "-bufsize", "512k"]
    return ffmpeg_tool.convert(
        ffmpeg, str(picture), folder / "quiet.h264", *options, before=("-loop", "1", "-framerate", str(rate))
    )


def free_port() -> int:
    """Find a loopback port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def measure(url: str, folder: Path) -> dict[str, float]:
    """Let both processes work on 16 cameras at one address; give the figures."""
    slots = Slots.make(CAMERAS, WIDTH * HEIGHT * 3)
    shared = (slots.descriptor, slots.count, slots.slot_bytes)
    settings = PictureSettings(folder=folder / "pictures", key_file=folder / "key")
    told = {"pictures": settings.model_dump_json(), "models": None, "threads": 2, "slots": shared, "log_level": "error"}
    arguments = [*(str(each) for each in shared), "127.0.0.1/32", "error", "console"]
    reader = await Child.start("ingest.vision.reading.process", *arguments, descriptors=[slots.descriptor])
    analyst = await Child.start("ingest.vision.analyst", json.dumps(told), descriptors=[slots.descriptor])
    heard = Heard(reader, analyst)
    cameras = tuple(enumerate(Camera(f"cam-{n}", url, rate=LOOKED_AT, width=WIDTH) for n in range(CAMERAS)))
    listening = [asyncio.create_task(each) for each in (heard.reader_speaks(), heard.analyst_speaks())]
    try:
        for child in (reader, analyst):
            child.send(Assign(cameras, "bench"))
        async with asyncio.timeout(PATIENCE_S):
            await heard.all_live.wait()
        # Backgrounds are learnt, and what was allocated for the opening is given back.
        await asyncio.sleep(SETTLING_S)
        processes = [psutil.Process(child.pid) for child in (reader, analyst)]
        before, looked, began = [spent_s(each) for each in processes], heard.looked, time.monotonic()
        await asyncio.sleep(MEASURED_S)
        took = time.monotonic() - began
        shares = [100 * (spent_s(each) - then) / took for each, then in zip(processes, before, strict=True)]
        megabytes = [each.memory_info().rss / 1e6 for each in processes]
        return {
            "core_percent": round(sum(shares), 1),
            "of_it_reader": round(shares[0], 1),
            "mb": round(sum(megabytes)),
            "of_it_reader_mb": round(megabytes[0]),
            "looked_at_a_second": round((heard.looked - looked) / took, 1),
            "handed_over": heard.handed_over,
            "skipped": heard.skipped,
        }
    finally:
        for child in (reader, analyst):
            await child.ended()
        await asyncio.gather(*listening)
        os.close(slots.descriptor)


class Heard:
    """What the reader and the analyst said, passed on between them as the stage does."""

    def __init__(self, reader: Child, analyst: Child) -> None:
        """Take both."""
        self.all_live = asyncio.Event()
        self._live: set[str] = set()
        self.handed_over = 0
        self._reader = reader
        self._analyst = analyst
        self._numbers: dict[str, Numbers] = {}

    @property
    def looked(self) -> int:
        """Frames that were looked at."""
        return sum(each.looked for each in self._numbers.values())

    @property
    def skipped(self) -> int:
        """Frames that were due and not looked at."""
        return sum(each.skipped for each in self._numbers.values())

    async def reader_speaks(self) -> None:
        """Listen to the reader until it ends."""
        async for message in self._reader.messages():
            if isinstance(message, Look | Quiet):
                self.handed_over += isinstance(message, Look)
                self._analyst.send(message)
            elif isinstance(message, Numbers):
                self._numbers[message.camera] = message
            elif isinstance(message, Condition) and message.state is CameraState.LIVE:
                self._live.add(message.camera)
                if len(self._live) == CAMERAS:
                    self.all_live.set()

    async def analyst_speaks(self) -> None:
        """Listen to the analyst until it ends."""
        async for message in self._analyst.messages():
            if isinstance(message, Free):
                self._reader.send(Free(message.camera))


def spent_s(process: psutil.Process) -> float:
    """Give the processor seconds that a process has used."""
    times = process.cpu_times()
    return float(times.user + times.system)


if __name__ == "__main__":
    main()
