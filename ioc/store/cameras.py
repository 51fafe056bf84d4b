"""Cameras as their stage last told of them, what people have drawn on their pictures, and what they counted."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final, NamedTuple

import msgspec

from ioc.model.cameras import CameraState, FieldOfView, Geometry
from ioc.model.instant import Instant
from ioc.store import keys
from ioc.store.camera_counts import Count, read_counts, write_counts
from ioc.store.connection import Argument, Connection, Script

WATCHED_S: Final = 5.0
"""Seconds for which a camera is watched after somebody has asked for its picture."""

DRAWINGS_KEPT: Final = 50
"""Drawings of a camera that are kept; the oldest go first."""

STATUSES_KEPT: Final = timedelta(days=7)
"""How long cameras are remembered of which nobody tells any more."""

_DRAW: Final = Script.from_file("draw_camera")
_WATCH: Final = Script.from_file("watch_cameras")


class DrawnBox(NamedTuple):
    """Something to be drawn on a live picture.

    Attributes:
        box: left, top, right, bottom, in shares of the picture, as the quantity `box` has it.
        track: which one it is; empty where nobody follows it.
    """

    label: str
    score: float
    box: str
    track: str


class ZoneNow(NamedTuple):
    """Who is in a zone now."""

    zone: str
    people: int
    vehicles: int


@dataclass(frozen=True, slots=True)
class CameraStatus:
    """What can be said of one camera now.

    Attributes:
        at: when this was said, µs since 1970.
        state: what its picture is like.
        since: since when.
        sentence: what is wrong and what to do, without any password; empty where all is well.
        trouble: what does not work although the picture comes (a model, the face finder); empty where all does.
        names: what it is called, by language; empty where the registry says it.
        source: what kind of source it is: rtsp, mjpeg, hls, file, folder, usb. Never its address.
        width: of the stream's pictures, pixels; 0 where none came yet.
        rate: frames a second that come.
        target_rate: frames a second that are to be looked at.
        came: frames that came in all; `looked`, `skipped` and `refused` are what became of them.
        opened: how often the stream was opened.
        delay_ms: how long the last frame waited for its look.
        look_for: what is looked for in it.
        geometry: what is drawn on its picture, as it is in force.
        file_geometry: the same as its configuration says it, in force where nobody has drawn.
        drawing: the revision of the drawing that is in force; 0 where it is the configuration's.
        view: where it stands and looks; None where nobody said.
        people: in the picture now.
        zones_now: the same by zone.
        boxes: what is to be drawn on the live picture.
        shown_at: when the frame was taken that the live picture and `boxes` show; None where nobody watches.
        simulated: whether what it shows is pretended.
    """

    id: str
    at: Instant
    state: CameraState
    since: Instant
    sentence: str = ""
    trouble: str = ""
    names: dict[str, str] = field(default_factory=dict)
    source: str = ""
    width: int = 0
    height: int = 0
    rate: float = 0.0
    target_rate: float = 0.0
    came: int = 0
    looked: int = 0
    skipped: int = 0
    refused: int = 0
    opened: int = 0
    delay_ms: float = 0.0
    night: bool = False
    detector: str = ""
    look_for: tuple[str, ...] = ()
    geometry: Geometry = field(default_factory=Geometry)
    file_geometry: Geometry = field(default_factory=Geometry)
    drawing: int = 0
    view: FieldOfView | None = None
    people: int = 0
    vehicles: int = 0
    zones_now: tuple[ZoneNow, ...] = ()
    boxes: tuple[DrawnBox, ...] = ()
    shown_at: Instant | None = None
    simulated: bool = False


@dataclass(frozen=True, slots=True)
class Drawing:
    """What somebody has drawn on a camera's picture.

    Attributes:
        revision: 1 for the first one of a camera, one more with each.
        geometry: None where they said that the camera's configuration is to hold again.
        who: their name.
        note: why, in their words.
    """

    revision: int
    geometry: Geometry | None
    who: str
    at: Instant
    note: str = ""


class DrawnMeanwhile(Exception):
    """Somebody else has drawn since the editor began.

    Attributes:
        holds: what they drew; None where the store knows of no drawing (any more).
    """

    def __init__(self, camera: str, holds: Drawing | None) -> None:
        """Take the camera and the drawing that holds."""
        super().__init__(f"another drawing holds for {camera!r}; look at it and draw again")
        self.holds = holds


class Cameras:
    """What is known of all cameras.

    All methods raise `StoreUnavailable` when the store is away.
    """

    def __init__(self, connection: Connection) -> None:
        """Take the connection to ask over."""
        self._connection = connection

    async def publish(self, statuses: Sequence[CameraStatus]) -> None:
        """Say how all cameras are; one that is not among them is forgotten."""
        pairs = [item for status in statuses for item in (status.id, msgspec.json.encode(status))]
        said = [["HSET", keys.CAMERAS, *pairs], ["EXPIRE", keys.CAMERAS, int(STATUSES_KEPT.total_seconds())]]
        await self._connection.call_many([["DEL", keys.CAMERAS], *(said if pairs else ())], atomic=True)

    async def statuses(self) -> dict[str, CameraStatus]:
        """Read how every camera is, by id, sorted; `at` says whether that still holds."""
        answer = await self._connection.call("HGETALL", keys.CAMERAS)
        found = (msgspec.json.decode(text, type=CameraStatus) for text in answer.values())
        return {status.id: status for status in sorted(found, key=lambda status: status.id)}

    async def status(self, camera: str) -> CameraStatus | None:
        """Read how one camera is; None where nobody tells of it."""
        answer = await self._connection.call("HGET", keys.CAMERAS, camera)
        return None if answer is None else msgspec.json.decode(answer, type=CameraStatus)

    async def update(self, status: CameraStatus) -> None:
        """Say how one of the cameras is, at once: such as what its new live picture shows."""
        await self._connection.call("HSET", keys.CAMERAS, status.id, msgspec.json.encode(status))

    async def watch(self, cameras: Iterable[str]) -> None:
        """Say that somebody looks at cameras; they are watched for `WATCHED_S` seconds from now."""
        wanted = list(cameras)
        if wanted:
            await self._connection.run(_WATCH, [keys.CAMERAS_WATCHED], [round(WATCHED_S * 1_000), *wanted])

    async def watched(self) -> frozenset[str]:
        """Name the cameras that somebody looks at."""
        answer = await self._connection.run(_WATCH, [keys.CAMERAS_WATCHED], [0])
        return frozenset(str(camera, "utf-8") for camera in answer)

    async def draw(
        self, camera: str, geometry: Geometry | None, *, who: str, at: Instant, note: str = "", revision: int
    ) -> Drawing:
        """Put zones and lines in force; the stage takes them up within seconds.

        Args:
            camera: whose they are.
            geometry: what was drawn; None lets the camera's configuration hold again.
            who: who drew.
            at: when.
            note: why, in their words.
            revision: of the drawing that they began with; 0 where there was none.

        Raises:
            DrawnMeanwhile: another drawing holds.
        """
        drawing = Drawing(revision + 1, geometry, who, at, note)
        names = [keys.CAMERA_DRAWINGS, keys.camera_drawings(camera), keys.CAMERA_DRAWINGS_REVISION]
        arguments: list[Argument] = [camera, revision, msgspec.json.encode(drawing), DRAWINGS_KEPT]
        holds = await self._connection.run(_DRAW, names, arguments)
        if holds is not None:
            raise DrawnMeanwhile(camera, _drawing(holds) if holds else None)
        return drawing

    async def geometry(self, camera: str) -> Drawing | None:
        """Give the drawing that holds for a camera; None where nobody ever drew, and its configuration holds."""
        answer = await self._connection.call("HGET", keys.CAMERA_DRAWINGS, camera)
        return None if answer is None else _drawing(answer)

    async def geometries(self) -> dict[str, Drawing]:
        """Give the drawings that hold, by camera."""
        answer = await self._connection.call("HGETALL", keys.CAMERA_DRAWINGS)
        return {str(camera, "utf-8"): _drawing(text) for camera, text in answer.items()}

    async def geometry_revision(self) -> int:
        """Number the last change of any drawing; another number means that one has changed."""
        return int(await self._connection.call("GET", keys.CAMERA_DRAWINGS_REVISION) or 0)

    async def drawings(self, camera: str, limit: int = 20) -> list[Drawing]:
        """Give the latest drawings of a camera, newest first."""
        answer = await self._connection.call("LRANGE", keys.camera_drawings(camera), 0, limit - 1)
        return [_drawing(text) for text in answer]

    async def add_counts(self, counts: Iterable[Count]) -> None:
        """Add what was counted, as a `Tally` gives it.

        What the connection breaks upon may be counted twice.
        """
        await write_counts(self._connection, counts)

    async def counts(self, camera: str, since: Instant, until: Instant) -> list[Count]:
        """Read the counts of the quarter hours that begin within a time, the earliest first."""
        return await read_counts(self._connection, camera, since, until)


def _drawing(text: bytes) -> Drawing:
    return msgspec.json.decode(text, type=Drawing)
