"""Child processes of the cameras: what one stream does to its reader stays with that stream."""

import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.vision import crew as crew_module
from ingest.vision.camera import Camera
from ingest.vision.children import Child, said_status
from ingest.vision.crew import Crew, Worker, halves, shares
from ingest.vision.exchange import Condition, Free, Message
from ioc.model.cameras import CameraState
from ioc.runtime.tasks import end

READER = """
import os, sys, time
from ingest.vision.exchange import Assign, Condition, messages, packed
from ioc.model.cameras import CameraState
for message in messages(sys.stdin.buffer):
    if isinstance(message, Assign):
        names = [camera.id for _, camera in message.cameras]
        for name in names:
            sys.stdout.buffer.write(packed(Condition(name, 1, CameraState.LIVE, str(os.getpid()))))
        sys.stdout.buffer.flush()
        if "killer" in names:
            os.kill(os.getpid(), 11)
"""


async def started(script: Path, text: str = READER) -> Child:
    script.write_text(text, encoding="utf-8")  # noqa: ASYNC240 - a few bytes
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(script), stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    return Child(process)


def places(*names: str) -> list[tuple[int, Camera]]:
    return [(slot, Camera(name, "folder:/nowhere")) for slot, name in enumerate(names)]


@pytest.fixture(autouse=True)
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crew_module, "FIRST_PAUSE_S", 0.01)
    monkeypatch.setattr(crew_module, "LONGEST_PAUSE_S", 0.05)


async def test_a_stream_that_kills_its_reader_ends_up_alone_and_the_others_are_read_on(tmp_path: Path) -> None:
    crashed: list[tuple[str, ...]] = []

    def note(worker: Worker, how: str, _pause: float) -> None:
        assert how == "SIGSEGV"
        crashed.append(tuple(camera.id for _, camera in worker.cameras))

    def reader(cameras: Sequence[tuple[int, Camera]]) -> Worker:
        return Worker("reader", cameras, lambda: started(tmp_path / "reader.py"), "b")

    crew = Crew(lambda _: None, lambda _: None, note)
    names = ["a", "b", "killer", "c", "d", "e"]

    def split(worker: Worker) -> Sequence[Worker]:
        return [worker] if len(worker.cameras) == 1 else [reader(part) for part in halves(worker.cameras)]

    task = asyncio.create_task(crew.keep_readers([reader(places(*names))], split))
    try:
        async with asyncio.timeout(30):
            while crashed.count(("killer",)) < 2 or len(crew.readers) < 4:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        read = {camera.id for each in crew.readers for _, camera in each.cameras if each.child is not None}
        assert read >= {"a", "b", "c", "d", "e"}
        assert {"a", "b", "killer", "c", "d", "e"} == set(crashed[0])
    finally:
        await end([task])


async def test_a_process_that_stopped_to_read_costs_messages_and_no_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ingest.vision.children.UNREAD_AT_MOST", 10_000)
    child = await started(tmp_path / "deaf.py", "import time\ntime.sleep(60)\n")
    try:
        for _ in range(200):
            child.send(Free("x" * 10_000))
        assert child.dropped > 0
        await asyncio.sleep(0)
    finally:
        child.kill()
        assert said_status(await child.ended()) == "SIGKILL"


async def test_a_process_that_says_something_unreadable_is_ended(tmp_path: Path) -> None:
    child = await started(tmp_path / "noise.py", "print('x' * 100, flush=True)\nimport time\ntime.sleep(60)\n")
    said = [message async for message in child.messages()]
    assert said == []
    assert await child.ended() != 0


async def test_a_message_comes_out_as_it_went_in(tmp_path: Path) -> None:
    worker = Worker("reader", places("a"), lambda: started(tmp_path / "reader.py"), "b")
    got: list[Message] = []

    def take(message: Message) -> None:
        got.append(message)
        if worker.child is not None:
            worker.child.kill()

    await worker.live(take, lambda _: None)
    assert [(type(each), getattr(each, "camera", None), getattr(each, "state", None)) for each in got] == [
        (Condition, "a", CameraState.LIVE)
    ]
    assert not worker.send(Free("a"))


@given(count=st.integers(1, 40), readers=st.integers(1, 50))
def test_every_camera_has_exactly_one_reader(count: int, readers: int) -> None:
    cameras: Any = places(*(f"c{number}" for number in range(count)))
    parts = shares(cameras, readers)
    assert sorted(slot for part in parts for slot, _ in part) == list(range(count))
    assert max(map(len, parts)) - min(map(len, parts)) <= 1
    for part in parts:
        assert [each for half in halves(part) for each in half] == list(part)
