"""Cameras over drawn pictures, told of as their stage would tell: for what the page shows of them."""

import asyncio
import math
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np

from ioc.model.cameras import CameraState, FieldOfView, Geometry, Line, Way, Zone
from ioc.model.instant import MINUTE, SECOND, Instant
from ioc.runtime import clock
from ioc.store.camera_counts import QUARTER, Count, Counted, CountOf
from ioc.store.cameras import CameraStatus, DrawnBox, ZoneNow
from ioc.store.opening import Store
from ioc.store.pictures.folder import PictureFolder

WIDTH: Final = 960
HEIGHT: Final = 540
GATE: Final = Geometry(
    zones=(
        Zone("Cổng chính", ((0.42, 0.46), (0.66, 0.44), (0.74, 0.72), (0.36, 0.76)), 60.0, density=True),
        Zone("Bậc thềm", ((0.06, 0.55), (0.27, 0.5), (0.3, 0.82), (0.04, 0.9)), None),
    ),
    lines=(Line("Lối vào", (0.3, 0.86), (0.82, 0.82), Way.OUT),),
)


@dataclass
class Walker:
    """Somebody, or some vehicle, that goes to and fro."""

    label: str
    lane: float
    speed: float
    begin: float
    size: float

    def box(self, at: Instant) -> tuple[float, float, float, float]:
        """Say where it is: left, top, right, bottom, in shares."""
        x = 0.5 + 0.46 * math.sin(self.begin + self.speed * at / SECOND)
        wide = self.size * (0.36 if self.label == "person" else 1.5)
        high = self.size * (1.6 if self.label == "person" else 1.2)
        return max(0.0, x - wide / 2), self.lane - high, min(1.0, x + wide / 2), self.lane


@dataclass
class PretendCameras:
    """Tells of cameras once a second, and makes pictures of those that somebody watches.

    Attributes:
        store: where it is told.
        root: where pictures go.
        known: what is told of each.
        asked: the cameras that were watched at some time.
    """

    store: Store
    root: Path
    known: dict[str, CameraStatus] = field(default_factory=dict)
    asked: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        """Open the folder."""
        self.folder = PictureFolder(self.root, {"person": 7, "vehicle": 7, "scene": 7}, 1.0, original_days=3)

    def add(self, camera: str, name: str, *, state: CameraState = CameraState.LIVE, **more: Any) -> CameraStatus:
        """Let there be a camera."""
        now = clock.now()
        made: dict[str, Any] = {
            "since": now - 42 * MINUTE,
            "names": {"vi": name, "en": name},
            "source": "rtsp",
            "width": WIDTH,
            "height": HEIGHT,
            "rate": 15.0,
            "target_rate": 5.0,
            "came": 37_800,
            "looked": 12_410,
            "skipped": 190,
            "opened": 1,
            "delay_ms": 84.0,
            "detector": "ssd",
            "look_for": ("objects", "tampering"),
        }
        status = CameraStatus(camera, now, state, **(made | more))
        self.known[camera] = status
        return status

    async def run(self) -> None:
        """Tell, until cancelled."""
        while True:
            await self.tell()
            await asyncio.sleep(0.5)

    async def tell(self) -> None:
        """Tell of all cameras once."""
        now = clock.now()
        watched = await self.store.cameras.watched()
        self.asked |= watched
        drawings = await self.store.cameras.geometries()
        said = []
        for number, (camera, status) in enumerate(self.known.items()):
            drawing = drawings.get(camera)
            geometry = status.file_geometry if drawing is None or drawing.geometry is None else drawing.geometry
            fresh = replace(status, at=now, geometry=geometry, drawing=0 if drawing is None else drawing.revision)
            if camera in watched and status.state is CameraState.LIVE:
                walkers = crowd(number)
                self.folder.write_live(camera, scene(number, now, walkers))
                fresh = replace(fresh, shown_at=now, boxes=tuple(drawn(walkers, now)))
            said.append(fresh)
        await self.store.cameras.publish(said)

    def shoot(self, camera: str) -> str:
        """Keep a picture as an event would carry it, and give its id."""
        now = clock.now()
        return self.folder.write("scene", camera, now, scene(1, now, crowd(1)))

    async def count(self, camera: str, day: Instant) -> None:
        """Let a camera have counted all day until now."""
        chance = np.random.default_rng(7)
        counts = []
        for start in range(day, clock.now(), QUARTER):
            hour = (start - day) / (60 * MINUTE)
            busy = max(0.05, math.exp(-((hour - 7.5) ** 2) / 4) + 0.8 * math.exp(-((hour - 17) ** 2) / 5) + 0.25)
            busy *= 0.08 if hour < 5 or hour > 22.5 else 1
            for of, most in (
                (CountOf(Counted.SEEN, "", "person"), 60),
                (CountOf(Counted.SEEN, "", "motorcycle"), 42),
                (CountOf(Counted.SEEN, "", "car"), 14),
                (CountOf(Counted.MOST, "", "all"), 9),
                (CountOf(Counted.ENTERED, "Cổng chính", "person"), 34),
                (CountOf(Counted.IN, "Lối vào", "person"), 26),
                (CountOf(Counted.OUT, "Lối vào", "person"), 20),
                (CountOf(Counted.FORBIDDEN, "Lối vào", "person"), 1),
            ):
                counts.append(Count(camera, start, of, int(chance.poisson(most * busy))))
        await self.store.cameras.add_counts(counts)


def crowd(seed: int) -> list[Walker]:
    """Make up who goes about."""
    chance = np.random.default_rng(seed)
    people = [
        Walker("person", float(chance.uniform(0.62, 0.92)), float(chance.uniform(0.05, 0.2)), float(begin), 0.15)
        for begin in chance.uniform(0, 6, 4)
    ]
    return [*people, Walker("car", 0.6, 0.25, float(chance.uniform(0, 6)), 0.09)]


def drawn(walkers: list[Walker], at: Instant) -> list[DrawnBox]:
    """Say what a detector would."""
    return [
        DrawnBox(walker.label, 0.91 - 0.07 * number, ",".join(f"{side:.3f}" for side in walker.box(at)), f"t-{number}")
        for number, walker in enumerate(walkers)
    ]


def scene(seed: int, at: Instant, walkers: list[Walker]) -> bytes:
    """Draw a street, as a JPEG."""
    picture = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    sky, ground = np.array([150, 128, 104 + 9 * (seed % 5)]), np.array([84, 88, 90])
    horizon = int(HEIGHT * 0.4)
    picture[:horizon] = sky * np.linspace(1.0, 1.25, horizon)[:, None, None]
    picture[horizon:] = ground * np.linspace(0.85, 1.15, HEIGHT - horizon)[:, None, None]
    chance = np.random.default_rng(seed)
    for left in range(-40, WIDTH, 130):
        top = horizon - int(chance.uniform(60, 170))
        shade = [int(part) for part in chance.uniform(70, 150, 3)]
        cv2.rectangle(picture, (left, top), (left + 124, horizon + 8), shade, -1)
        for x in range(left + 14, left + 110, 28):
            for y in range(top + 14, horizon - 16, 30):
                cv2.rectangle(picture, (x, y), (x + 14, y + 16), [part // 2 for part in shade], -1)
    cv2.fillPoly(picture, [np.array([[0, 330], [WIDTH, 300], [WIDTH, 350], [0, 400]], np.int32)], [66, 66, 68])
    for walker in sorted(walkers, key=lambda one: one.lane):
        left, top, right, bottom = (
            round(side * extent) for side, extent in zip(walker.box(at), (WIDTH, HEIGHT) * 2, strict=True)
        )
        middle, high = (left + right) // 2, bottom - top
        cv2.ellipse(picture, (middle, bottom), ((right - left) // 2, 6), 0, 0, 360, [58, 60, 62], -1)
        if walker.label == "person":
            coat = [int(part) for part in np.random.default_rng(int(walker.begin * 1000)).uniform(40, 200, 3)]
            cv2.rectangle(picture, (middle - 8, top + high // 2), (middle + 8, bottom), [60, 50, 44], -1)
            cv2.rectangle(picture, (middle - 12, top + high // 5), (middle + 12, top + high * 3 // 5), coat, -1)
            cv2.circle(picture, (middle, top + high // 9), high // 10, [140, 170, 205], -1)
        else:
            cv2.rectangle(picture, (left, top + high // 3), (right, bottom - 6), [60, 60, 170], -1)
            cv2.rectangle(picture, (left + 24, top), (right - 24, top + high // 2), [120, 110, 90], -1)
    noise = np.random.default_rng(at // SECOND).normal(0, 5, (HEIGHT // 2, WIDTH // 2, 1))
    grain = cv2.resize(noise, (WIDTH, HEIGHT))[..., None]
    picture = np.clip(cv2.GaussianBlur(picture, (3, 3), 0) + grain, 0, 255).astype(np.uint8)
    return bytes(cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 82])[1])


def gate(lat: float, lon: float) -> dict[str, Any]:
    """Say what is told of the camera over the gate."""
    return {
        "file_geometry": GATE,
        "people": 4,
        "vehicles": 1,
        "zones_now": (ZoneNow("Cổng chính", 3, 0), ZoneNow("Bậc thềm", 0, 0)),
        "view": FieldOfView(lat, lon, 120.0, 70.0, 60.0),
    }
