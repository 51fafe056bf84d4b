"""The stage of cameras: nothing that was found is held back, no slot is lost, and every trouble is said."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from ingest.vision.camera import Camera
from ingest.vision.crew import Worker
from ingest.vision.exchange import (
    Condition,
    Found,
    Free,
    Gone,
    Look,
    Message,
    Numbers,
    Quiet,
    Redraw,
    Trouble,
    Watched,
)
from ingest.vision.finding import Finding, PictureClass, Report
from ingest.vision.settings import CameraSettings
from ingest.vision.staffing import Surroundings
from ingest.vision.stage import Cameras, run
from ioc.model.cameras import CameraState, FieldOfView, Geometry, Line, Zone
from ioc.model.faults import Fault
from ioc.store.camera_counts import QUARTER
from ioc.store.connection import StoreUnavailable
from ioc.store.opening import Store, open_store
from ioc.store.pictures.settings import PictureSettings

NOW = 1_763_800_000_000_000


class Recorded:
    """A child process that only writes down what it is told; what real ones make of it is tested with them."""

    def __init__(self) -> None:
        self.got: list[Message] = []
        self.killed = False

    def kill(self) -> None:
        self.killed = True

    def send(self, message: Message) -> bool:
        self.got.append(message)
        return True


class Stage(Cameras):
    """The stage, with child processes that only write down what they are told."""

    def __init__(self, store: Store, folder: Path, cameras: list[Camera]) -> None:
        pictures = PictureSettings(folder=folder / "pictures", key_file=folder / "key")
        super().__init__(store, CameraSettings(), Surroundings(pictures), cameras, boot="b1")
        self.reader, self.analyst = Recorded(), Recorded()
        reader, analyst = self._staffing.readers()[0], self._staffing.analyst()
        reader.child, analyst.child = self.reader, self.analyst  # type: ignore[assignment]
        self._crew.readers, self._crew.analyst = [reader], analyst

    @property
    def workers(self) -> tuple[Worker, Worker]:
        assert self._crew.analyst is not None
        return self._crew.readers[0], self._crew.analyst

    def said(self) -> list[tuple[str, Any]]:
        """What would go to the broker, since the last time that this was asked."""
        waiting = [(each.topic, each.payload) for each in self._publisher._waiting]
        self._publisher._waiting.clear()
        return [(topic, json.loads(body) if body.startswith(b"{") else body.decode()) for topic, body in waiting]

    async def status(self) -> Any:
        await self._tell()
        return (await self._store.cameras.statuses())["cam-1"]


@pytest.fixture
async def store(embedded_store: str) -> AsyncIterator[Store]:
    async with open_store(embedded_store) as opened:
        yield opened


@pytest.fixture
async def stage(store: Store, tmp_path: Path) -> Stage:
    camera = Camera("cam-1", "rtsp://u:geheim@10.0.0.5/x", place=FieldOfView(11.9, 108.4, heading=30.0))
    return Stage(store, tmp_path, [camera])


def look(*findings: Finding, number: int = 1, show: bool = False, detect: bool = True) -> Look:
    return Look("cam-1", number, NOW, 640, 360, Report(findings), detect=detect, show=show)


SMOKE = Finding(NOW, {"label": "smoke-like", "score": 0.7, "phase": "new"}, picture=PictureClass.SCENE)


async def test_what_the_analyst_found_goes_out_with_its_picture_and_the_slot_is_free_again(stage: Stage) -> None:
    stage._take(look())
    assert stage.analyst.got == [look()]
    person = Finding(NOW, {"label": "person", "track": "b1-1", "phase": "new", "score": 0.8}, zone="gate")
    boxes = (("person", 0.8, "0.1,0.1,0.2,0.4", "b1-1"),)
    counts = (("", 1, 0), ("gate", 1, 0))
    stage._take(Free("cam-1"))
    stage._take(Found("cam-1", NOW, ((person, "person/2026-11-22/x.jpg"),), boxes, counts=counts))
    assert stage.reader.got == [Free("cam-1")]
    assert stage.said() == [
        (
            "ioc/camera/cam-1/events",
            {
                "at": NOW // 1_000,
                "seq": 1,
                "boot": "b1",
                "zone": "gate",
                "lat": 11.9,
                "lon": 108.4,
                "label": "person",
                "track": "b1-1",
                "phase": "new",
                "score": 0.8,
                "picture": "person/2026-11-22/x.jpg",
            },
        )
    ]
    record = stage._records["cam-1"]
    assert (record.status(NOW, "").people, record.status(NOW, "").zones_now[0].zone) == (1, "gate")
    assert record.status(NOW + 60_000_000, "").people == 0, "what nobody has looked at for long is not told as there"


async def test_the_boxes_of_a_live_picture_are_told_with_it_and_stay_until_the_next(stage: Stage, store: Store) -> None:
    walker, later = ("person", 0.8, "0.1,0.1,0.2,0.4", "b1-1"), ("person", 0.8, "0.2,0.1,0.3,0.4", "b1-1")
    await store.cameras.watch(["cam-1"])
    await stage._follow_watchers()
    stage._take(Found("cam-1", NOW, (), (walker,), shown=True))
    stage._take(Found("cam-1", NOW + 200_000, (), (later,)))
    await stage._tell_shown()
    status = await store.cameras.status("cam-1")
    assert status is not None
    assert (status.shown_at, status.boxes) == (NOW, (walker,))


async def test_what_was_counted_while_the_store_was_away_is_written_when_it_is_back(
    stage: Stage, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(_: object) -> None:
        raise StoreUnavailable("away")

    person = Finding(NOW, {"label": "person", "track": "b1-1", "phase": "new"})
    stage._take(Found("cam-1", NOW, ((person, None),)))
    with monkeypatch.context() as patched:
        patched.setattr(store.cameras, "add_counts", away)
        with pytest.raises(StoreUnavailable):
            await stage._write_counts()
    await stage._write_counts()
    assert [count.number for count in await store.cameras.counts("cam-1", NOW - QUARTER, NOW + 1)] == [1]


async def test_without_an_analyst_what_a_reader_found_is_told_and_no_slot_is_lost(stage: Stage) -> None:
    stage.workers[1].child = None
    stage._take(look(SMOKE))
    stage._take(Quiet("cam-1", NOW, Report((SMOKE,))))
    assert [body["label"] for _, body in stage.said()] == ["smoke-like", "smoke-like"]
    assert stage.reader.got == [Free("cam-1")]
    assert (await stage.status()).skipped == 1


async def test_an_analyst_that_ends_gives_back_every_slot_and_is_told_of_until_it_works_again(stage: Stage) -> None:
    stage._take(look())
    stage._crashed(stage.workers[1], "SIGKILL", 1.0)
    assert stage.reader.got == [Free("cam-1")]
    assert "SIGKILL" in (await stage.status()).trouble
    stage._take(Found("cam-1", NOW, ()))
    assert (await stage.status()).trouble == ""


async def test_what_lasted_is_told_to_be_over_when_nobody_can_say_so_later(stage: Stage) -> None:
    waiting = Finding(NOW, {"event": "dwell", "phase": "update", "label": "person", "event_key": "b1-1:gate"}, "gate")
    smoke = Finding(NOW, {"label": "smoke-like", "phase": "new", "event_key": "cam-1-smoke-like-1"})
    gone = Finding(NOW, {"label": "car", "phase": "new", "event_key": "b1-2"})
    left = Finding(NOW, {"label": "car", "phase": "end", "event_key": "b1-2"})
    stage._take(Found("cam-1", NOW, tuple((each, None) for each in (waiting, smoke, gone, left))))
    stage.said()
    stage._crashed(stage.workers[1], "SIGKILL", 1.0)
    [(_, over)] = stage.said()
    assert (over["event_key"], over["phase"], over["event"], over["zone"]) == ("b1-1:gate", "end", "dwell", "gate")
    # What the reader found may still be with the analyst: it is over once that has answered that the camera is gone.
    stage._crashed(stage.workers[0], "SIGKILL", 1.0)
    assert [topic for topic, body in stage.said() if isinstance(body, dict) and "event_key" in body] == []
    stage._take(Found("cam-1", NOW, ()))
    assert [body["event_key"] for _, body in stage.said()] == ["cam-1-smoke-like-1"]
    stage._crashed(stage.workers[1], "SIGKILL", 1.0)
    assert stage.said() == []


async def test_what_an_analyst_took_along_when_it_ended_is_told_without_a_picture(stage: Stage) -> None:
    stage._take(Condition("cam-1", NOW, CameraState.LIVE))
    covered = Finding(NOW, {"event": "camera", "camera_state": "covered", "fault": True}, picture=PictureClass.SCENE)
    stage._take(look(SMOKE))
    stage._take(Quiet("cam-1", NOW, Report((covered,))))
    stage.said()
    stage._crashed(stage.workers[1], "SIGKILL", 1.0)
    assert [body.get("label") or body["camera_state"] for _, body in stage.said()] == ["smoke-like", "covered"]
    assert (await stage.status()).state is CameraState.COVERED
    stage._crashed(stage.workers[1], "SIGKILL", 1.0)
    assert stage.said() == []


async def test_an_analyst_that_does_not_answer_is_ended(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    stage._take(look())
    await stage._tell()
    assert not stage.analyst.killed
    monkeypatch.setattr("ingest.vision.stage.UNANSWERED_S", -1.0)
    await stage._tell()
    assert stage.analyst.killed


async def test_another_process_neither_begins_nor_ends_what_it_does_not_know(stage: Stage) -> None:
    left = {"label": "abandoned_object", "event_key": "k"}
    stage._take(Found("cam-1", NOW, ((Finding(NOW, {**left, "phase": "new"}), None),)))
    stage._take(Found("cam-1", NOW, ((Finding(NOW, {**left, "phase": "new"}), None),)))
    stage._take(Found("cam-1", NOW, ((Finding(NOW, {**left, "phase": "end"}), None),)))
    stage._take(Found("cam-1", NOW, ((Finding(NOW, {**left, "phase": "end"}), None),)))
    assert [body["phase"] for _, body in stage.said()] == ["new", "update", "end"]


async def test_a_camera_that_is_covered_is_so_still_when_its_stream_comes_back(stage: Stage) -> None:
    stage._take(Condition("cam-1", NOW, CameraState.LIVE))
    covered = Finding(NOW, {"event": "camera", "camera_state": "covered", "fault": True})
    stage._take(Found("cam-1", NOW, ((covered, None),)))
    stage._take(Condition("cam-1", NOW, CameraState.UNREACHABLE, "no answer"))
    assert (await stage.status()).state is CameraState.UNREACHABLE
    stage.said()
    stage._take(Condition("cam-1", NOW, CameraState.LIVE))
    assert (await stage.status()).state is CameraState.COVERED
    assert [body["camera_state"] for _, body in stage.said() if isinstance(body, dict)] == ["covered"]


async def test_a_stream_that_is_only_being_opened_says_nothing_of_its_camera(stage: Stage) -> None:
    stage._take(Condition("cam-1", NOW, CameraState.UNREACHABLE, "no answer"))
    stage.said()
    stage._take(Condition("cam-1", NOW, CameraState.STARTING))
    assert stage.said() == []


async def test_a_picture_that_was_made_too_late_for_whoever_looked_is_removed(stage: Stage, tmp_path: Path) -> None:
    stage._folder.write_live("cam-1", b"\xff\xd8late")
    stage._take(Found("cam-1", NOW, (), shown=True))
    await stage._follow_watchers()
    assert stage._folder.read_live("cam-1") is None
    assert (await stage.status()).shown_at is None


async def test_after_the_stop_nothing_begins_again(stage: Stage) -> None:
    stage._stopping = True
    stage._take(Found("cam-1", NOW, ((SMOKE, None),)))
    assert stage.said() == []


async def test_a_reader_that_ends_leaves_its_cameras_marked(stage: Stage) -> None:
    stage._crashed(stage.workers[0], "SIGSEGV", 2.0)
    status = await stage.status()
    assert status.state is CameraState.BROKEN
    assert "SIGSEGV" in status.sentence
    assert [(topic, body) for topic, body in stage.said() if topic.endswith("status")] == [
        ("ioc/camera/cam-1/status", "offline")
    ]
    assert stage.analyst.got[0] == Gone("cam-1", stage._records["cam-1"].since)


async def test_a_change_of_state_is_one_event_and_the_same_again_is_none(stage: Stage) -> None:
    live = Condition("cam-1", NOW, CameraState.LIVE, "", 1920, 1080)
    stage._take(live)
    stage._take(live)
    said = stage.said()
    assert [topic for topic, _ in said] == ["ioc/camera/cam-1/status", "ioc/camera/cam-1/events"]
    assert {name: said[1][1][name] for name in ("event", "camera_state", "fault")} == {
        "event": "camera",
        "camera_state": "live",
        "fault": False,
    }
    status = await stage.status()
    assert (status.width, status.height, status.state) == (1920, 1080, CameraState.LIVE)


async def test_a_camera_that_looks_wrong_is_in_that_state_until_it_looks_right(stage: Stage) -> None:
    stage._take(Condition("cam-1", NOW, CameraState.LIVE))
    covered = {"event": "camera", "camera_state": "covered", "fault": True}
    stage._take(Quiet("cam-1", NOW, Report((Finding(NOW, covered),))))
    stage._take(Found("cam-1", NOW, ((Finding(NOW, covered), None),)))
    assert (await stage.status()).state is CameraState.COVERED
    seeing = {"event": "camera", "camera_state": "live", "fault": False}
    stage._take(Found("cam-1", NOW, ((Finding(NOW, seeing), None),)))
    assert (await stage.status()).state is CameraState.LIVE


async def test_what_people_draw_reaches_the_children_and_the_status(stage: Stage, store: Store) -> None:
    drawn = Geometry((), (Zone("gate", ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0))),), (Line("in", (0.0, 0.5), (1.0, 0.5)),))
    drawing = await store.cameras.draw("cam-1", drawn, who="Lan", at=NOW, revision=0)
    await stage._follow_drawings()
    assert stage.analyst.got == stage.reader.got == [Redraw("cam-1", drawn)]
    status = await stage.status()
    assert (status.geometry, status.drawing, status.file_geometry) == (drawn, 1, Geometry())
    await stage._follow_drawings()
    assert len(stage.reader.got) == 1, "nothing changed"
    await store.cameras.draw("cam-1", None, who="Lan", at=NOW, revision=drawing.revision)
    await stage._follow_drawings()
    assert stage.reader.got[-1] == Redraw("cam-1", Geometry())
    # A process that is started later is told what it cannot know.
    await store.cameras.draw("cam-1", drawn, who="Lan", at=NOW, revision=2)
    await stage._follow_drawings()
    stage.reader.got.clear()
    stage._prepare(stage.workers[0])
    assert stage.reader.got == [Redraw("cam-1", drawn), Watched(())]


async def test_a_live_picture_is_made_only_while_somebody_looks(stage: Stage, store: Store) -> None:
    await store.cameras.watch(["cam-1", "no-such-camera"])
    await stage._follow_watchers()
    assert stage.reader.got == [Watched(("cam-1",))]
    stage._take(look(show=True, detect=False))
    assert stage.analyst.got == [look(show=True, detect=False)]


async def test_a_frame_for_what_stood_still_shows_nobody_anything(stage: Stage) -> None:
    stage._take(Found("cam-1", NOW, (), wants_look=True))
    await stage._follow_watchers()
    assert stage.reader.got == [Watched(("cam-1",))]
    stage._take(look(show=True, detect=False))
    assert stage.analyst.got == [look(show=False, detect=True)]


async def test_a_model_that_is_missing_is_said_on_the_board(stage: Stage, store: Store) -> None:
    stage._take(Trouble("faces", "no face finder; until then no picture is kept."))
    await stage._tell()
    board = (await store.health.all())["cameras"]
    assert board["state"] == "degraded"
    assert "no picture is kept" in board["message"]
    stage._take(Trouble("faces", ""))
    await stage._tell()
    assert (await store.health.all())["cameras"]["state"] == "ok"


async def test_a_watched_camera_says_so_though_nothing_happens(stage: Stage) -> None:
    await stage._pulse()
    assert stage.said() == []
    stage._take(Condition("cam-1", NOW, CameraState.LIVE))
    stage._take(Numbers("cam-1", 100, 90, 10, 0, 1, 4.96, 3.0))
    stage.said()
    await stage._pulse()
    [(_, body)] = stage.said()
    assert {name: body[name] for name in ("camera_state", "camera_fps", "skipped_fps")} == {
        "camera_state": "live",
        "camera_fps": 5.0,
        "skipped_fps": 0.2,
    }


async def test_cameras_are_put_on_the_map_and_what_the_registry_says_already_stays(stage: Stage, store: Store) -> None:
    await stage._register()
    asset = (await store.assets.load())["cam-1"]
    assert (asset.lat, asset.lon, asset.kind) == (11.9, 108.4, "camera")
    version = await store.assets.version()
    await stage._register()
    assert await store.assets.version() == version


async def test_nothing_that_is_told_holds_the_password(stage: Stage, store: Store) -> None:
    stage._take(Condition("cam-1", NOW, CameraState.LIVE))
    stage._take(look(SMOKE))
    await stage._register()
    told = repr([await stage.status(), stage.said(), await store.health.all(), await store.assets.load()])
    assert "geheim" not in told
    assert "10.0.0.5" not in told


async def test_cameras_that_nobody_configured_are_a_sentence(store: Store, tmp_path: Path) -> None:
    import asyncio  # noqa: PLC0415

    with pytest.raises(Fault, match=r"cameras\.file"):
        await run(store, CameraSettings(), asyncio.Event(), surroundings=Surroundings(PictureSettings()))
