"""Live pictures come from memory for a second, with the boxes that belong on them."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from ioc.model.instant import SECOND, Instant
from ioc.store.cameras import CameraStatus
from ioc.store.connection import StoreUnavailable
from ioc.store.opening import Store
from ioc.store.pictures.folder import PictureFolder
from ui.server.live_pictures import LivePictures, Shot, shot_view

NOON = 1_795_323_600 * SECOND


@dataclass
class Folder:
    """A folder that counts how often it is read."""

    jpeg: bytes | None = b"1"
    reads: list[str] = field(default_factory=list)

    def read_live(self, asset: str) -> bytes | None:
        self.reads.append(asset)
        return self.jpeg


@dataclass
class Bench:
    """Live pictures whose clock the test sets."""

    store: Store
    folder: Folder | PictureFolder | None
    known: dict[str, CameraStatus]
    at: Instant = NOON
    away: bool = False
    live: LivePictures = field(init=False)

    def __post_init__(self) -> None:
        self.live = LivePictures(
            self.folder,
            self.store.cameras,
            known=lambda: self.known,
            away=lambda: self.away,
            now=lambda: self.at,
        )

    async def show(self, status: CameraStatus) -> None:
        self.known[status.id] = status
        await self.store.cameras.update(status)


async def test_however_many_look_the_folder_is_read_once_a_second(
    store: Store, camera: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    watch = store.cameras.watch

    async def heard(cameras: Iterable[str]) -> None:
        wanted = list(cameras)
        told.extend(wanted)
        await watch(wanted)

    monkeypatch.setattr(store.cameras, "watch", heard)
    folder = Folder()
    bench = Bench(store, folder, {})
    await bench.show(camera())

    async def look() -> Shot:
        await bench.live.watch(["cam-1"])
        return await bench.live.shot("cam-1")

    shots = await asyncio.gather(*(look() for _ in range(50)))
    bench.at += SECOND - 1
    shots += [await look()]
    assert {shot.jpeg for shot in shots} == {b"1"}
    assert folder.reads == told == ["cam-1"]
    bench.at += 1
    await look()
    assert folder.reads == told == ["cam-1", "cam-1"]


async def test_a_clock_that_was_set_back_does_not_stop_the_pictures(store: Store, camera: Any) -> None:
    bench = Bench(store, folder := Folder(), {})
    await bench.show(camera())
    await bench.live.shot("cam-1")
    bench.at -= 3_600 * SECOND
    await bench.live.shot("cam-1")
    assert len(folder.reads) == 2


async def test_who_was_told_of_a_picture_gets_that_one_a_second_later_too(store: Store, camera: Any) -> None:
    bench = Bench(store, folder := Folder(), {})
    await bench.show(camera(shown_at=NOON, boxes=()))
    told = shot_view("cam-1", await bench.live.shot("cam-1"))
    assert told == {"at": NOON // 1000, "picture": f"/api/cameras/cam-1/live.jpg?at={NOON // 1000}", "boxes": []}
    bench.at += SECOND
    folder.jpeg = b"2"
    await bench.show(camera(shown_at=bench.at))
    latest = await bench.live.shot("cam-1")
    assert (latest.jpeg, len(latest.boxes)) == (b"2", 1)
    assert (await bench.live.shot("cam-1", told["at"])).jpeg == b"1"
    assert (await bench.live.shot("cam-1", told["at"] - 1)).jpeg == b"2"


async def test_a_picture_that_nobody_writes_any_more_is_not_shown(store: Store, camera: Any) -> None:
    bench = Bench(store, folder := Folder(), {})
    await bench.show(camera())
    assert (await bench.live.shot("cam-1")).jpeg == b"1"
    bench.at += SECOND
    folder.jpeg = None
    assert await bench.live.shot("cam-1") == Shot()
    bench.at += SECOND
    folder.jpeg = b"3"
    await bench.show(camera(shown_at=None))
    assert await bench.live.shot("cam-1") == Shot()


async def test_without_a_folder_there_are_no_pictures(store: Store, camera: Any) -> None:
    bench = Bench(store, None, {})
    await bench.show(camera())
    assert await bench.live.shot("cam-1") == Shot()


async def test_while_the_store_is_away_pictures_go_on_with_what_was_known(
    store: Store, camera: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def unavailable(*_: Any) -> None:
        raise StoreUnavailable("away")

    bench = Bench(store, Folder(), {"cam-1": camera()})
    monkeypatch.setattr(store.cameras, "status", unavailable)
    monkeypatch.setattr(store.cameras, "watch", unavailable)
    for bench.away in (False, True):
        await bench.live.watch(["cam-1"])
        assert (await bench.live.shot("cam-1")).jpeg == b"1"
        bench.at += SECOND


async def test_cameras_that_are_gone_are_not_remembered(store: Store, camera: Any) -> None:
    bench = Bench(store, folder := Folder(), {})
    for n in range(3):
        await bench.show(camera(f"cam-{n}"))
        await bench.live.shot(f"cam-{n}")
    del bench.known["cam-1"], bench.known["cam-2"]
    await bench.live.shot("cam-0")
    await bench.show(camera("cam-1"))
    await bench.live.shot("cam-1")
    assert folder.reads == ["cam-0", "cam-1", "cam-2", "cam-1"]


async def test_a_real_folder_gives_what_was_written(store: Store, camera: Any, tmp_path: Path) -> None:
    folder = PictureFolder(tmp_path, {"person": 7}, 1)
    bench = Bench(store, folder, {})
    await bench.show(camera())
    folder.write_live("cam-1", b"\xff\xd8")
    assert (await bench.live.shot("cam-1")).jpeg == b"\xff\xd8"
