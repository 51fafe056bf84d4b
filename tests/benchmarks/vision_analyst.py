"""The analyst: frames a second in which it finds objects, how long one takes, and its memory.

A clip of real people is given to it as sixteen cameras would, each with one frame on its way at a time.
"""

import asyncio
import json
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Final

import cv2
import psutil

from ingest.vision.camera import Camera, DetectorName
from ingest.vision.children import Child
from ingest.vision.exchange import Assign, Found, Look, Slots, Trouble
from ingest.vision.finding import Report
from ingest.vision.frame import Pixels
from ioc.model.instant import SECOND
from ioc.runtime import clock
from ioc.store.pictures.settings import PictureSettings

ROOT: Final = Path(__file__).resolve().parents[2]
CLIP: Final = Path(os.environ.get("IOC_SHARED", ROOT.parent / "shared")) / "video" / "pets09" / "vtest.avi"
CAMERAS: Final = 16
SECONDS: Final = 15.0
WARM_UP: Final = 160
FRAMES: Final = 320
RATE: Final = 5
"""Frames a second that the cameras are said to give, however fast they are asked."""


def frames(width: int) -> list[Pixels]:
    """Read frames of the clip, made as wide as asked."""
    clip = cv2.VideoCapture(str(CLIP))
    found: list[Pixels] = []
    while len(found) < FRAMES and (read := clip.read())[0]:
        found.append(cv2.resize(read[1], (width, width * 9 // 16)))
    return found


async def measure(detector: DetectorName, threads: int, width: int, folder: str) -> dict[str, Any]:
    """Give the analyst frames for some seconds; give frames a second and milliseconds a frame."""
    pictures = frames(width)
    slots = Slots.make(CAMERAS, width * width * 3)
    settings = PictureSettings(folder=Path(folder), key_file=Path(folder) / "key")
    told = {
        "pictures": settings.model_dump_json(),
        "models": None,
        "threads": threads,
        "slots": (slots.descriptor, slots.count, slots.slot_bytes),
        "log_level": "error",
    }
    child = await Child.start("ingest.vision.analyst", json.dumps(told), descriptors=[slots.descriptor])
    cameras = [Camera(f"cam-{number}", "file:/clip", detector=detector) for number in range(CAMERAS)]
    child.send(Assign(tuple(enumerate(cameras)), "bench"))
    sent: dict[str, float] = {}
    numbers = [0] * CAMERAS
    start = clock.now()

    def give(slot: int) -> None:
        numbers[slot] += 1
        number = numbers[slot]
        # Each camera shows another part of the clip, in its order; between two looks as much time passes as there.
        pixels = pictures[(number + slot * FRAMES // CAMERAS) % len(pictures)]
        slots.put(slot, pixels)
        camera = cameras[slot].id
        sent[camera] = time.perf_counter()
        height, wide = pixels.shape[:2]
        at = start + number * SECOND // RATE
        child.send(Look(camera, number, at, wide, height, Report(), detect=True, show=False))

    for slot in range(CAMERAS):
        give(slot)
    took: list[float] = []
    kept = 0
    began = 0.0
    process = psutil.Process(child.pid)
    used = 0.0
    async for message in child.messages():
        now = time.perf_counter()
        if isinstance(message, Trouble) and message.sentence:
            raise SystemExit(message.sentence)
        if not isinstance(message, Found):
            continue
        took.append(now - sent[message.camera])
        kept += sum(picture is not None for _, picture in message.findings)
        if len(took) == WARM_UP:
            began, kept, used = now, 0, sum(process.cpu_times()[:2])
        if began and now - began >= SECONDS:
            break
        give(int(message.camera.removeprefix("cam-")))
    memory = process.memory_info().rss
    cores = (sum(process.cpu_times()[:2]) - used) / (now - began)
    child.kill()
    await child.ended()
    measured = sorted(took[WARM_UP:])
    return {
        "benchmark": "vision_analyst",
        "detector": str(detector),
        "threads": threads,
        "frame": f"{width}x{width * 9 // 16}",
        "frames_per_s": round(len(measured) / (now - began), 1),
        "pictures_per_s": round(kept / (now - began), 1),
        "waits_of_16_p50_ms": round(measured[len(measured) // 2] * 1_000),
        "waits_of_16_p95_ms": round(measured[len(measured) * 95 // 100] * 1_000),
        "cores": round(cores, 2),
        "resident_mb": round(memory / 1e6),
    }


def main() -> None:
    """Print one line for each way to look."""
    if not CLIP.is_file():
        sys.stdout.write(json.dumps({"benchmark": "vision_analyst", "skipped": f"no {CLIP}"}) + "\n")
        return
    for detector, threads, width in (
        (DetectorName.MOVING, 1, 640),
        (DetectorName.SSD, 1, 640),
        (DetectorName.SSD, 2, 640),
        (DetectorName.SSD, 2, 1280),
        (DetectorName.SSD_TILES, 2, 640),
    ):
        with tempfile.TemporaryDirectory() as folder:
            figures = asyncio.run(measure(detector, threads, width, folder))
        sys.stdout.write(json.dumps(figures) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
