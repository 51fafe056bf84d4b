"""Cameras at work: milliseconds from a frame out of the decoder to its event at the broker, and memory and processor.

Four cameras show a clip of real people, five frames a second each, so that all of them are busy all the time.
"""

import asyncio
import json
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Final

import aiomqtt
import ffmpeg
import psutil
from running_line import Demo, start, stop

ROOT: Final = Path(__file__).resolve().parents[2]
CLIP: Final = Path(os.environ.get("IOC_SHARED", ROOT.parent / "shared")) / "video" / "pets09" / "vtest.avi"
CAMERAS: Final = 4
RATE: Final = 5
WARM_UP_S: Final = 15.0
SECONDS: Final = 40.0

CAMERA: Final = """
  - camera: bench-{number}
    url: file:{clip}
    rate: {rate}
    detector: {detector}
    look_for: [objects, tampering]
    zones: [{{zone: square, polygon: [[0, 0.3], [1, 0.3], [1, 1], [0, 1]]}}]
    lines: [{{line: across, from: [0, 0.5], to: [1, 0.5]}}]
"""


def clips(folder: Path) -> list[Path]:
    """Give each camera another part of the clip: cameras of a city do not see the same people come at once."""
    program, _ = ffmpeg.find_or_install()
    if program is None:
        return [CLIP] * CAMERAS
    return [
        ffmpeg.convert(program, str(CLIP), folder / f"{number}.avi", "-c", "copy", before=("-ss", str(number * 17)))
        for number in range(CAMERAS)
    ]


def processes(demo: Demo) -> dict[str, psutil.Process]:
    """The processes of the cameras, by what they are."""
    found: dict[str, psutil.Process] = {}
    for child in psutil.Process(demo.process.pid).children(recursive=True):
        command = " ".join(child.cmdline())
        for name, part in (
            ("stage", "ioc.assembly.process cameras"),
            ("reader", "ingest.vision.reading.process"),
            ("analyst", "ingest.vision.analyst"),
        ):
            if part in command:
                found[name] = child
    return found


async def measure(demo: Demo, detector: str) -> dict[str, Any]:
    """Listen for a while."""
    late: list[float] = []
    pictured: list[float] = []
    spent: dict[str, float] = {}
    began = time.monotonic()
    async with aiomqtt.Client("127.0.0.1", demo.mqtt) as client:
        await client.subscribe("ioc/camera/+/events", qos=1)
        async for message in client.messages:
            now = time.time() * 1_000
            elapsed = time.monotonic() - began
            if elapsed > WARM_UP_S + SECONDS:
                break
            said = json.loads(bytes(message.payload))  # type: ignore[arg-type]
            if elapsed > WARM_UP_S and ("label" in said or said.get("event") == "count"):
                if not spent:
                    spent = {name: sum(each.cpu_times()[:2]) for name, each in processes(demo).items()}
                late.append(now - said["at"])
                if "picture" in said:
                    pictured.append(late[-1])
    late.sort()
    pictured.sort()
    now_there = processes(demo)
    return {
        "benchmark": "vision_latency",
        "cameras": CAMERAS,
        "rate": RATE,
        "detector": detector,
        "events_per_s": round(len(late) / SECONDS, 1),
        "pictures_per_s": round(len(pictured) / SECONDS, 2),
        "with_picture_p50_ms": round(pictured[len(pictured) // 2]),
        "with_picture_p95_ms": round(pictured[len(pictured) * 95 // 100]),
        "frame_to_event_p50_ms": round(late[len(late) // 2]),
        "frame_to_event_p95_ms": round(late[len(late) * 95 // 100]),
        "target_p95_ms": 300,
        "cores": {
            name: round((sum(each.cpu_times()[:2]) - spent[name]) / SECONDS, 2) for name, each in now_there.items()
        },
        "resident_mb": {name: round(each.memory_info().rss / 1e6) for name, each in now_there.items()},
        "frames": frames(demo),
    }


def frames(demo: Demo) -> dict[str, int]:
    """What became of the frames, all cameras together."""
    import urllib.request  # noqa: PLC0415

    with urllib.request.urlopen(f"http://127.0.0.1:{demo.ui}/api/cameras", timeout=5) as answer:
        cameras = json.load(answer)["cameras"]
    return {
        name: sum(camera["frames"][name] for camera in cameras) for name in ("came", "looked", "skipped", "refused")
    }


def main() -> None:
    """Print one line for each detector."""
    if not CLIP.is_file():
        sys.stdout.write(json.dumps({"benchmark": "vision_latency", "skipped": f"no {CLIP}"}) + "\n")
        return
    for detector in sys.argv[1:] or ("ssd",):
        with tempfile.TemporaryDirectory() as folder:
            text = "cameras:" + "".join(
                CAMERA.format(number=number, clip=clip, rate=RATE, detector=detector)
                for number, clip in enumerate(clips(Path(folder)))
            )
            file = Path(folder, "cameras.yaml")
            file.write_text(text, encoding="utf-8")
            os.environ["IOC_CAMERAS_FILE"] = str(file)
            demo = start(folder, "--no-simulators")
            try:
                figures = asyncio.run(measure(demo, detector))
            finally:
                stop(demo)
        sys.stdout.write(json.dumps(figures) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
