"""Cameras over HTTP: how they are, what they show, who draws, what they counted."""

from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ioc.model.cameras import CameraState, Geometry, geometry_to_json
from ioc.model.instant import SECOND, from_iso
from ioc.runtime import clock, embedded
from ioc.store.camera_counts import QUARTER, Count, Counted, CountOf
from ioc.store.opening import Store, open_store
from ioc.store.pictures.folder import PictureFolder

JPEG = b"\xff\xd8 a picture"
TRIANGLE = {"zone": "gate", "polygon": [[0.1, 0.1], [0.4, 0.1], [0.4, 0.9]]}


async def listed(served: Any, until: Any, count: int) -> None:
    async def known() -> bool:
        return bool((await served.http.get("/api/cameras")).json()["total"] == count)

    await until(known)


@pytest.fixture
def folder(tmp_path: Path) -> PictureFolder:
    """An empty folder of pictures."""
    return PictureFolder(tmp_path / "pictures", {"person": 7}, 1)


async def test_cameras_are_listed_with_their_states(served: Any, camera: Any, until: Any) -> None:
    now = clock.now()
    await served.store.cameras.publish(
        [
            camera("cam-2", state=CameraState.REFUSED, sentence="The camera refuses the password.", since=now),
            camera("cam-3", at=now - 60 * SECOND),
            camera(),
        ]
    )
    await listed(served, until, 3)
    body = (await served.http.get("/api/cameras")).json()
    assert [each["id"] for each in body["cameras"]] == ["cam-1", "cam-2", "cam-3"]
    assert [each["silent"] for each in body["cameras"]] == [False, False, True]
    assert body["by_state"] == {"live": 1, "refused": 1, "silent": 1}
    refused = body["cameras"][1]
    assert (refused["state"], refused["sentence"]) == ("refused", "The camera refuses the password.")
    assert {each["live"] for each in body["cameras"]} == {None}


async def test_what_the_configuration_does_not_say_the_registry_does(served: Any, camera: Any, until: Any) -> None:
    await served.store.cameras.publish([camera(names={}, view=None), camera("strange", names={}, view=None)])
    await listed(served, until, 2)
    known, strange = (await served.http.get("/api/cameras")).json()["cameras"]
    assert known["name"] == {"vi": "Hồ Xuân Hương", "en": "Hồ Xuân Hương"}
    assert known["place"] == {"lat": 11.94, "lon": 108.44, "heading": None, "angle": 60.0, "range_m": 60.0}
    assert (strange["name"], strange["place"]) == ({"vi": "strange", "en": "strange"}, None)


async def test_a_camera_that_does_not_exist_is_not_found(served: Any) -> None:
    for path in ("nobody", "nobody/live", "nobody/live.jpg", "nobody/counts", "..%2F..%2Fetc/live", "%2e%2e/live.jpg"):
        answer = await served.http.get(f"/api/cameras/{path}")
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "unknown"), path
    said = {"geometry": None, "who": "Lan", "revision": 0}
    assert (await served.http.put("/api/cameras/nobody/geometry", json=said)).status_code == 404


async def test_a_camera_is_watched_once_somebody_asks_for_its_picture(
    store: Store, serving: Any, camera: Any, until: Any, folder: PictureFolder
) -> None:
    await store.cameras.publish([camera(f"cam-{n}") for n in range(1, 5)])
    async with serving(store, pictures=folder) as served:
        await listed(served, until, 4)
        assert await store.cameras.watched() == frozenset()
        await served.http.get("/api/cameras?watch=cam-1,cam-2,nobody")
        assert await store.cameras.watched() == {"cam-1", "cam-2"}
        await served.http.get("/api/cameras/cam-3/live")
        await served.http.get("/api/cameras/cam-4/live.jpg")
        assert await store.cameras.watched() == {"cam-1", "cam-2", "cam-3", "cam-4"}


async def test_more_cameras_than_anybody_looks_at_are_refused(served: Any, camera: Any, until: Any) -> None:
    await served.store.cameras.publish([camera(f"c{n}") for n in range(65)])
    await listed(served, until, 65)
    answer = await served.http.get("/api/cameras?watch=" + ",".join(f"c{n}" for n in range(65)))
    assert (answer.status_code, answer.json()["error"]["where"]) == (422, "query: watch")
    assert (await served.http.get("/api/cameras?watch=" + "x" * 5_000)).status_code == 422


async def test_a_live_picture_comes_with_the_boxes_that_belong_on_it(
    store: Store, serving: Any, camera: Any, until: Any, folder: PictureFolder
) -> None:
    shown = camera()
    await store.cameras.publish([shown])
    async with serving(store, pictures=folder) as served:
        await listed(served, until, 1)
        missing = await served.http.get("/api/cameras/cam-1/live.jpg")
        assert (missing.status_code, missing.json()["error"]["code"]) == (404, "no_picture")
        folder.write_live("cam-1", JPEG)

        async def is_there() -> bool:
            return bool((await served.http.get("/api/cameras/cam-1/live")).json()["picture"])

        await until(is_there)
        live = (await served.http.get("/api/cameras/cam-1/live")).json()
        assert live["at"] == shown.shown_at // 1000
        assert live["boxes"] == [{"label": "person", "score": 0.91, "box": [0.1, 0.2, 0.3, 0.4], "track": "b-1"}]
        assert (live["people"], live["zones_now"]) == (3, [{"zone": "gate", "people": 2, "vehicles": 0}])
        picture = await served.http.get(live["picture"])
        assert (picture.content, picture.headers["content-type"]) == (JPEG, "image/jpeg")
        assert picture.headers["cache-control"] == "no-store"
        assert picture.headers["x-content-type-options"] == "nosniff"
        listing = (await served.http.get("/api/cameras?watch=cam-1")).json()["cameras"][0]["live"]
        assert listing == {name: live[name] for name in ("at", "picture", "boxes")}


async def test_without_a_folder_of_pictures_there_is_none(served: Any, camera: Any, until: Any) -> None:
    await served.store.cameras.publish([camera()])
    await listed(served, until, 1)
    assert (await served.http.get("/api/cameras/cam-1/live")).json()["picture"] is None
    assert (await served.http.get("/api/cameras/cam-1/live.jpg")).status_code == 404


async def test_what_was_drawn_holds_until_the_configuration_is_to_hold_again(
    served: Any, camera: Any, until: Any
) -> None:
    await served.store.cameras.publish([camera()])
    await listed(served, until, 1)
    before = (await served.http.get("/api/cameras/cam-1")).json()
    assert before["geometry"] == before["file_geometry"]
    said = {"geometry": {"zones": [TRIANGLE]}, "who": "Lan", "note": " cổng mới ", "revision": 0}
    drawn = (await served.http.put("/api/cameras/cam-1/geometry", json=said)).json()
    assert drawn["geometry"]["zones"] == [TRIANGLE | {"dwell_s": None, "density": False}]
    assert (drawn["revision"], drawn["in_force"], drawn["drawings"][0]["note"]) == (1, False, "cổng mới")
    held = await served.store.cameras.geometry("cam-1")
    assert geometry_to_json(held.geometry) == drawn["geometry"]

    await served.store.cameras.update(camera(drawing=1, geometry=held.geometry))

    async def in_force() -> bool:
        return bool((await served.http.get("/api/cameras/cam-1")).json()["in_force"])

    await until(in_force)
    said = {"geometry": None, "who": "Minh", "revision": 1}
    again = (await served.http.put("/api/cameras/cam-1/geometry", json=said)).json()
    assert (again["revision"], again["geometry"]) == (2, before["geometry"])
    assert [(each["who"], each["from_file"]) for each in again["drawings"]] == [("Minh", True), ("Lan", False)]


async def test_the_second_of_two_editors_is_told_who_was_first_and_when(served: Any, camera: Any, until: Any) -> None:
    await served.store.cameras.publish([camera()])
    await listed(served, until, 1)
    lan = {"geometry": {"zones": [TRIANGLE]}, "who": "Lan", "note": "cổng mới", "revision": 0}
    minh = {"geometry": {"lines": []}, "who": "Minh", "revision": 0}
    assert (await served.http.put("/api/cameras/cam-1/geometry", json=lan)).status_code == 200
    refused = await served.http.put("/api/cameras/cam-1/geometry", json=minh)
    body = refused.json()
    assert (refused.status_code, body["error"]["code"]) == (409, "other_drawing")
    held = await served.store.cameras.geometry("cam-1")
    assert body["error"]["what"].startswith("Lan has drawn on this camera's picture meanwhile, at 20")
    assert body["drawn"] == {
        "revision": 1,
        "who": "Lan",
        "at": held.at // 1000,
        "note": "cổng mới",
        "from_file": False,
        "geometry": geometry_to_json(held.geometry),
    }
    unknown = await served.http.put("/api/cameras/cam-1/geometry", json=minh | {"revision": 7})
    assert (unknown.status_code, unknown.json()["drawn"]["revision"]) == (409, 1)
    assert (await served.http.put("/api/cameras/cam-1/geometry", json=minh | {"revision": 1})).status_code == 200


async def test_a_drawing_made_elsewhere_is_seen_here(served: Any, camera: Any, until: Any) -> None:
    await served.store.cameras.publish([camera()])
    await listed(served, until, 1)
    await served.store.cameras.draw("cam-1", Geometry(), who="Lan", at=1, revision=0)

    async def seen() -> bool:
        return bool((await served.http.get("/api/cameras")).json()["cameras"][0]["revision"] == 1)

    await until(seen)


NOT_DRAWINGS: tuple[tuple[dict[str, Any], str, str], ...] = (
    ({"geometry": {"zones": [TRIANGLE, TRIANGLE]}}, "geometry", "Two zones are called 'gate'"),
    ({"geometry": {"zones": [{"zone": "gate", "polygon": [[0, 0], [1, 1]]}]}}, "geometry", "3 to 64 corners"),
    ({"geometry": {"region": [[0, 0], [0.5, 0.5], [1, 1]]}}, "geometry", "encloses nothing"),
    ({"geometry": {"zones": [TRIANGLE | {"zone": "a\u202eb"}]}}, "geometry", "plain text"),
    ({"geometry": {"zones": [TRIANGLE | {"dwell_s": 10**400}]}}, "geometry", "dwell_s"),
    ({"geometry": {"lines": [{"line": "a", "from": [0, 0], "to": [0, 1.1]}]}}, "geometry", "from 0 to 1"),
    ({"geometry": {"zones": [TRIANGLE] * 33}}, "geometry", "at most 32"),
    ({"geometry": {"circles": []}}, "geometry", "no 'circles'"),
    ({"geometry": "all of it"}, "invalid", "geometry"),
    ({"who": ""}, "invalid", "who"),
    ({"who": "machine"}, "invalid", "who"),
    ({"note": "x" * 301}, "invalid", "note"),
    ({"note": "\x07"}, "invalid", "note"),
    ({"revision": -1}, "invalid", "revision"),
    ({"url": "rtsp://10.0.0.1"}, "invalid", "url"),
)
NO_BODIES = ((b"[" * 60_000, (400, 422)), (b"{", (400, 422)), (b'{"geometry": "' + b"x" * 65_536, (413,)))


async def test_what_cannot_be_drawn_is_refused_with_a_sentence(served: Any, camera: Any, until: Any) -> None:
    await served.store.cameras.publish([camera()])
    await listed(served, until, 1)
    path = "/api/cameras/cam-1/geometry"
    for change, code, says in NOT_DRAWINGS:
        said = {"geometry": {"zones": [TRIANGLE]}, "who": "Lan", "revision": 0} | change
        answer = await served.http.put(path, json=said)
        error = answer.json()["error"]
        assert (answer.status_code, error["code"]) == (422, code), change
        assert says in error["what"]
    for body, status in NO_BODIES:
        answer = await served.http.put(path, content=body, headers={"content-type": "application/json"})
        assert answer.status_code in status
        assert answer.json()["error"]["what"]
    assert await served.store.cameras.geometries() == {}


async def test_a_page_from_elsewhere_may_not_draw(served: Any, camera: Any, until: Any) -> None:
    await served.store.cameras.publish([camera()])
    await listed(served, until, 1)
    said = {"geometry": None, "who": "Lan", "revision": 0}
    headers = {"Origin": "https://evil.example"}
    assert (await served.http.put("/api/cameras/cam-1/geometry", json=said, headers=headers)).status_code == 403


async def test_a_day_is_counted_by_quarter_hours_where_the_city_is(served: Any, camera: Any, until: Any) -> None:
    await served.store.cameras.publish([camera()])
    await listed(served, until, 1)
    midnight = from_iso("2026-11-22T00:00:00+07:00")[0]
    person = CountOf(Counted.SEEN, "", "person")
    await served.store.cameras.add_counts(
        [
            Count("cam-1", midnight - QUARTER, person, 9),
            Count("cam-1", midnight, person, 1),
            Count("cam-1", midnight + 95 * QUARTER, person, 2),
            Count("cam-1", midnight + 96 * QUARTER, person, 9),
            Count("cam-1", midnight, CountOf(Counted.MOST, "", "vehicle"), 4),
            Count("cam-1", midnight, CountOf(Counted.ENTERED, "old zone", "car"), 5),
            Count("cam-1", midnight, CountOf(Counted.OUT, "entrance", "person"), 6),
        ]
    )
    body = (await served.http.get("/api/cameras/cam-1/counts?day=2026-11-22")).json()
    assert (body["start"], body["quarters"]) == (midnight // 1000, 96)
    assert body["seen"] == {"person": [1, *[0] * 94, 2]}
    assert body["most"]["vehicle"][0] == 4
    assert [zone["zone"] for zone in body["zones"]] == ["gate", "old zone"]
    assert body["zones"][0] == {"zone": "gate", "entered": {}, "most": {}}
    assert body["zones"][1]["entered"]["car"][0] == 5
    assert body["lines"] == [{"line": "entrance", "in": {}, "out": {"person": [6, *[0] * 95]}, "forbidden": {}}]


async def test_a_day_that_is_none_is_refused(served: Any, camera: Any, until: Any) -> None:
    await served.store.cameras.publish([camera()])
    await listed(served, until, 1)
    for day in ("0001-01-01", "9999-12-31", "1969-12-31", "tomorrow", "2026-02-30", "1e9", ""):
        answer = await served.http.get(f"/api/cameras/cam-1/counts?day={day}")
        assert (answer.status_code, answer.json()["error"]["where"]) == (422, "query: day"), day


async def test_metrics_tell_of_every_camera_that_is_told_of(served: Any, camera: Any, until: Any) -> None:
    gone = camera("cam-2", at=clock.now() - 60 * SECOND, came=7)
    await served.store.cameras.publish([camera(skipped=3, refused=1), gone])
    await listed(served, until, 2)
    lines = (await served.http.get("/metrics")).text.splitlines()
    told = {line for line in lines if line.startswith("ioc_camera") and "ioc_cameras" not in line}
    assert told == {
        'ioc_camera_frames_total{camera="cam-1",outcome="came"} 100',
        'ioc_camera_frames_total{camera="cam-1",outcome="looked"} 20',
        'ioc_camera_frames_total{camera="cam-1",outcome="skipped"} 3',
        'ioc_camera_frames_total{camera="cam-1",outcome="refused"} 1',
        'ioc_camera_opened_total{camera="cam-1"} 1',
        'ioc_camera_delay_seconds{camera="cam-1"} 0.042000000000000003',
    }
    assert {'ioc_cameras{state="live"} 1', 'ioc_cameras{state="silent"} 1'} <= set(lines)


async def test_a_camera_that_does_not_work_is_on_every_page(served: Any, camera: Any, until: Any) -> None:
    await served.store.cameras.publish([camera(), camera("cam-2", state=CameraState.COVERED)])
    async with served.page() as page:
        await page.until(
            lambda message: any(
                each["en"] == "1 of 2 cameras cannot be relied on: cam-2 is covered."
                for each in message.get("health", {}).get("messages", [])
            )
        )


@pytest.mark.timeout(90)
async def test_while_the_store_is_away_cameras_are_answered_as_they_were(
    tmp_path: Path, free_port: Callable[[], int], serving: Any, camera: Any, until: Any, folder: PictureFolder
) -> None:
    command = embedded.store(tmp_path, port=free_port(), log=tmp_path / "store.log")
    async with AsyncExitStack() as stack:
        with embedded.running(command):
            store = await stack.enter_async_context(open_store(f"redis://127.0.0.1:{command.ports[0]}"))
            shown = camera()
            await store.cameras.publish([shown, replace(shown, id="cam-2")])
            folder.write_live("cam-1", JPEG)
            served = await stack.enter_async_context(serving(store, pictures=folder))
            await listed(served, until, 2)

        async def away() -> bool:
            return "ioc_store_up 0\n" in (await served.http.get("/metrics", timeout=30)).text

        await until(away, within_s=20)
        listing = (await served.http.get("/api/cameras?watch=cam-1", timeout=30)).json()
        assert listing["cameras"][0]["live"]["at"] == shown.shown_at // 1000
        assert (await served.http.get("/api/cameras/cam-1/live.jpg", timeout=30)).content == JPEG
        said = {"geometry": None, "who": "Lan", "revision": 0}
        refused = await served.http.put("/api/cameras/cam-1/geometry", json=said, timeout=30)
        assert (refused.status_code, refused.json()["error"]["code"]) == (503, "store_away")
        await stack.aclose()
