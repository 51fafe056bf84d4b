"""Live pictures, from memory for a second however many ask, and the word that somebody looks at them."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Protocol
from urllib.parse import quote

from ioc.model.instant import SECOND, Duration, Instant, whole_milliseconds
from ioc.runtime.logging import Log
from ioc.store.cameras import Cameras, CameraStatus, DrawnBox
from ioc.store.connection import StoreUnavailable
from ui.server.cameras import boxes_view

log = Log("ui")

FRESH: Final[Duration] = SECOND
"""How long a live picture, and the word that it is watched, hold for everybody."""


class LiveFolder(Protocol):
    """Where live pictures are; `ioc.store.pictures.folder.PictureFolder` is one."""

    def read_live(self, asset: str) -> bytes | None:
        """Read the live picture of a camera; None where there is none.

        Raises:
            OSError: it is there and cannot be read.
        """
        ...


@dataclass(frozen=True, slots=True)
class Shot:
    """A live picture.

    Attributes:
        at: when it was taken; None where there is none.
        boxes: what is to be drawn on it.
    """

    at: Instant | None = None
    boxes: tuple[DrawnBox, ...] = ()
    jpeg: bytes = field(default=b"", repr=False)


@dataclass(slots=True)
class _Kept:
    """What is remembered of one camera: the last two shots, since a page asks for the one that it was told of."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    read_at: Instant | None = None
    shots: tuple[Shot, Shot] = (Shot(), Shot())


class LivePictures:
    """The live pictures of all cameras.

    Whoever asks is answered while the store is away too: then with the boxes that were known last.
    """

    def __init__(
        self,
        folder: LiveFolder | None,
        cameras: Cameras,
        known: Callable[[], Mapping[str, CameraStatus]],
        away: Callable[[], bool],
        now: Callable[[], Instant],
    ) -> None:
        """Take where pictures are, who says what is on them, and what was known of that last.

        Args:
            folder: None where this server has none; then there are no live pictures.
            cameras: of the store.
            known: what was last said of cameras; a camera must be among them to be asked for.
            away: whether the store is known not to answer, so that nobody waits for it.
            now: the wall clock.
        """
        self._folder = folder
        self._away = away
        self._cameras = cameras
        self._known = known
        self._now = now
        self._kept: dict[str, _Kept] = {}
        self._watched: dict[str, Instant] = {}

    async def watch(self, cameras: Iterable[str]) -> None:
        """Say that somebody looks at cameras, at most once a second for each."""
        if self._away():
            return
        now = self._now()
        wanted = [camera for camera in cameras if not _fresh(self._watched.get(camera), now)]
        self._watched.update(dict.fromkeys(wanted, now))
        try:
            await self._cameras.watch(wanted)
        except StoreUnavailable:
            # What is in memory is answered all the same; whoever looks asks again in a second.
            for camera in wanted:
                self._watched.pop(camera, None)

    async def shot(self, camera: str, at: int | None = None) -> Shot:
        """Give the live picture of a camera.

        Args:
            camera: one of the known ones.
            at: when it was taken, in milliseconds, as it was told; the latest where that is not remembered any more.
        """
        self._forget_strangers()
        kept = self._kept.setdefault(camera, _Kept())
        async with kept.lock:
            if not _fresh(kept.read_at, self._now()):
                kept.read_at = self._now()
                latest = await self._read(camera)
                if latest.at != kept.shots[0].at or latest.at is None:
                    kept.shots = (latest, kept.shots[0])
        latest, before = kept.shots
        told = before.at is not None and at is not None and whole_milliseconds(before.at) == at
        return before if told else latest

    async def _read(self, camera: str) -> Shot:
        if self._folder is None:
            return Shot()
        reading = asyncio.to_thread(self._jpeg, self._folder, camera)
        status, jpeg = await asyncio.gather(self._status(camera), reading)
        if jpeg is None or status is None or status.shown_at is None:
            return Shot()
        return Shot(status.shown_at, status.boxes, jpeg)

    @staticmethod
    def _jpeg(folder: LiveFolder, camera: str) -> bytes | None:
        try:
            return folder.read_live(camera)
        except OSError as error:
            log.warning("a live picture cannot be read", camera=camera, error=str(error))
            return None

    async def _status(self, camera: str) -> CameraStatus | None:
        # Asked at the same moment as the picture is read, so that its boxes are where they belong.
        if not self._away():
            try:
                return await self._cameras.status(camera)
            except StoreUnavailable:
                pass
        return self._known().get(camera)

    def _forget_strangers(self) -> None:
        known = self._known()
        if len(self._kept) > len(known):
            self._kept = {camera: kept for camera, kept in self._kept.items() if camera in known}
            self._watched = {camera: at for camera, at in self._watched.items() if camera in known}


def shot_view(camera: str, shot: Shot) -> dict[str, Any]:
    """Write a live picture: when, where, and what is to be drawn on it."""
    at = None if shot.at is None else whole_milliseconds(shot.at)
    return {
        "at": at,
        "picture": None if at is None else f"/api/cameras/{quote(camera, safe='')}/live.jpg?at={at}",
        "boxes": boxes_view(shot.boxes),
    }


def _fresh(since: Instant | None, now: Instant) -> bool:
    # A clock that was set back must not stop the pictures.
    return since is not None and 0 <= now - since < FRESH
