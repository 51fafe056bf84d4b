"""The file of cameras: one mistake costs one camera at the start, and none while the stage runs."""

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from ingest.vision import followed_file
from ingest.vision.followed_file import FollowedFile
from ioc.model.faults import Fault
from ioc.runtime.tasks import end

GOOD = "{camera: cam-1, url: 'rtsp://10.0.0.1/a'}"
OTHER = "{camera: cam-2, url: 'rtsp://10.0.0.2/a'}"
WRONG = "{camera: cam-3, url: 'rtsp://10.0.0.3/a', nmae: x}"


def write(path: Path, *cameras: str) -> Path:
    path.write_text(f"cameras: [{', '.join(cameras)}]\n", encoding="utf-8")
    return path


async def until(true: Callable[[], bool]) -> None:
    while not true():  # noqa: ASYNC110 - what is waited for has no event
        await asyncio.sleep(0.01)


@pytest.fixture(autouse=True)
def looked_at_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(followed_file, "LOOK_S", 0.02)


def test_at_the_start_a_camera_with_a_mistake_is_left_out_and_told_of(tmp_path: Path) -> None:
    file = FollowedFile(write(tmp_path / "c.yaml", GOOD, WRONG), {})
    assert [camera.id for camera in file.cameras] == ["cam-1"]
    assert "c.yaml:1:" in file.mistakes[0]
    assert "did you mean 'name'?" in file.mistakes[0]


def test_a_file_of_nothing_but_mistakes_is_one(tmp_path: Path) -> None:
    with pytest.raises(Fault, match="nmae"):
        FollowedFile(write(tmp_path / "c.yaml", WRONG), {})
    with pytest.raises(Fault):
        FollowedFile(tmp_path / "none.yaml", {})


async def test_other_cameras_are_taken_up_and_a_mistake_changes_nothing_until_it_is_mended(tmp_path: Path) -> None:
    path = write(tmp_path / "c.yaml", GOOD)
    file = FollowedFile(path, {})
    told: list[Sequence[str]] = []
    waiting = asyncio.create_task(file.changed_or(asyncio.Event(), told.append))
    try:
        async with asyncio.timeout(20):
            write(path, GOOD, WRONG)
            await until(lambda: bool(told))
            assert [camera.id for camera in file.cameras] == ["cam-1"]
            path.write_text("cameras: [", encoding="utf-8")
            await until(lambda: not (len(told) < 2))
            write(path, GOOD)
            await until(lambda: not (len(told) < 3))
            assert ["nmae" in told[0][0], len(told[1]), told[2]] == [True, 1, []]
            assert not waiting.done()
            write(path, GOOD, OTHER)
            await waiting
    finally:
        await end([waiting])
    assert [camera.id for camera in file.cameras] == ["cam-1", "cam-2"]
    assert file.mistakes == []


async def test_the_wait_ends_with_the_stop(tmp_path: Path) -> None:
    stop = asyncio.Event()
    stop.set()
    await FollowedFile(write(tmp_path / "c.yaml", GOOD), {}).changed_or(stop, lambda _: None)
