"""Pictures over HTTP: strictly by their ids, for as long as they are kept, and with faces only on the record."""

from pathlib import Path
from typing import Any

import pytest

from ioc.model.instant import DAY, HOUR
from ioc.runtime import clock
from ioc.store.audit import AuditLog
from ioc.store.opening import Store
from ioc.store.pictures.folder import PictureFolder
from ioc.store.pictures.originals import KEY_BYTES, Originals
from ui.server.pictures_api import PICTURES_SHOWN, pictures_of

JPEG = b"\xff\xd8 without faces"
FACES = b"\xff\xd8 with faces"
KEEP = {"person": 7.0, "scene": 30.0}
ID = "person/2026-11-22/cam-1-1795309200123-ab12cd34.jpg"


@pytest.fixture
def folder(tmp_path: Path) -> PictureFolder:
    """An empty folder of pictures."""
    return PictureFolder(tmp_path / "pictures", KEEP, 1, original_days=3)


@pytest.fixture
def originals(folder: PictureFolder) -> Originals:
    """The same with faces."""
    return Originals(folder, bytes(KEY_BYTES), 3)


def age(answer: Any) -> int:
    control = str(answer.headers["cache-control"])
    assert control.startswith("private, max-age=")
    assert control.endswith(", immutable")
    return int(control.removeprefix("private, max-age=").removesuffix(", immutable"))


async def test_a_picture_is_given_as_it_was_written(
    store: Store, serving: Any, fire: Any, folder: PictureFolder
) -> None:
    now = clock.now()
    fresh = folder.write("person", "cam:1", now, JPEG)
    ending = folder.write("person", "cam-1", now - 7 * DAY + HOUR, JPEG)
    held = folder.write("person", "cam-1", now - 8 * DAY, JPEG)
    await store.incidents.apply([fire(evidence=(shows(held),))], [])
    async with serving(store, pictures=folder) as served:
        answer = await served.http.get(f"/api/pictures/{fresh}")
        assert (answer.status_code, answer.content, answer.headers["content-type"]) == (200, JPEG, "image/jpeg")
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert age(answer) == 86_400
        assert 3_590 <= age(await served.http.get(f"/api/pictures/{ending}")) <= 3_600
        assert age(await served.http.get(f"/api/pictures/{held}")) == 0


async def test_a_picture_that_is_gone_says_for_how_long_it_was_kept(
    store: Store, serving: Any, folder: PictureFolder
) -> None:
    scene = folder.write("scene", "cam-1", clock.now() - 31 * DAY, JPEG)
    folder.tidy(clock.now(), ())
    async with serving(store, pictures=folder) as served:
        answer = await served.http.get(f"/api/pictures/{scene}")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "gone")
    assert answer.json()["error"]["what"] == "The picture was kept for 30 days and is gone."


ELSEWHERE = (
    "../pictures.key",
    "..%2Fpictures.key",
    "%2e%2e/%2e%2e/etc/passwd",
    "%2Fetc%2Fpasswd",
    "person/2026-11-22/../../../pictures.key",
    "person%2F2026-11-22%2F..%2F..%2F..%2Fpictures.key",
    "live/cam-1.jpg",
    "live/2026-11-22/cam-1-1795309200123-ab12cd34.jpg",
    "originals/2026-11-22/cam-1-1795309200123-ab12cd34.jpg",
    "originals/person/2026-11-22/cam-1-1795309200123-ab12cd34.jpg.sealed",
    "person/2026-11-23/cam-1-1795309200123-ab12cd34.jpg",
    "person/2026-11-22/cam-1-1795309200123-ab12cd34.jpg%00",
    "person/2026-11-22/cam-1-1795309200123-ab12cd34.png",
    "person\\2026-11-22\\cam-1-1795309200123-ab12cd34.jpg",
    "",
)


async def test_an_id_never_leads_anywhere_else(
    store: Store, serving: Any, folder: PictureFolder, tmp_path: Path
) -> None:
    (tmp_path / "pictures.key").write_bytes(JPEG)
    folder.write_live("cam-1", JPEG)
    async with serving(store, pictures=folder) as served:
        for wanted in ELSEWHERE:
            answer = await served.http.get(f"/api/pictures/{wanted}")
            assert (answer.status_code, answer.json()["error"]["code"]) == (404, "unknown"), wanted
        assert (await served.http.get("/api/pictures/" + "x" * 129)).status_code == 422


async def test_a_picture_that_cannot_be_read_is_not_said_to_be_gone(
    store: Store, serving: Any, folder: PictureFolder
) -> None:
    (folder.root / ID).mkdir(parents=True)
    async with serving(store, pictures=folder) as served:
        answer = await served.http.get(f"/api/pictures/{ID}")
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "unreadable")


async def test_without_a_folder_nothing_is_given(served: Any) -> None:
    for answer in (
        await served.http.get(f"/api/pictures/{ID}"),
        await served.http.post(f"/api/pictures/{ID}/original", json={"who": "Lan", "reason": "vụ 7"}),
    ):
        assert (answer.status_code, answer.json()["error"]["code"]) == (501, "no_pictures")


async def test_faces_are_shown_only_after_it_is_written_down_who_looks(
    store: Store, serving: Any, folder: PictureFolder, originals: Originals
) -> None:
    picture = folder.write("person", "cam-1", clock.now(), JPEG)
    originals.write(picture, FACES)
    audit = AuditLog(store.connection)
    async with serving(store, pictures=folder, originals=originals) as served:
        said = {"who": "Lan", "reason": "Trẻ lạc"}
        answer = await served.http.post(f"/api/pictures/{picture}/original", json=said)
        assert (answer.status_code, answer.content, answer.headers["content-type"]) == (200, FACES, "image/jpeg")
        assert answer.headers["cache-control"] == "no-store"
    (entry,) = await audit.entries()
    assert (entry.who, entry.subject, entry.reason) == ("Lan", picture, "Trẻ lạc")
    assert not (await audit.verify()).trouble


NOBODY = (
    ({"who": "Lan"}, "reason"),
    ({"who": "Lan", "reason": "  "}, "reason"),
    ({"who": "Lan", "reason": "x" * 1_001}, "reason"),
    ({"reason": "vụ 7"}, "who"),
    ({"who": "machine", "reason": "vụ 7"}, "who"),
    ({"who": "Lan\u202e", "reason": "vụ 7"}, "who"),
)


async def test_who_does_not_say_who_and_why_sees_nothing(
    store: Store, serving: Any, folder: PictureFolder, originals: Originals
) -> None:
    picture = folder.write("person", "cam-1", clock.now(), JPEG)
    originals.write(picture, FACES)
    async with serving(store, pictures=folder, originals=originals) as served:
        for said, where in NOBODY:
            answer = await served.http.post(f"/api/pictures/{picture}/original", json=said)
            assert (answer.status_code, answer.json()["error"]["where"]) == (422, f"body: {where}")
    assert await AuditLog(store.connection).entries() == []


async def test_what_cannot_be_written_down_is_not_shown(
    store: Store, serving: Any, folder: PictureFolder, originals: Originals
) -> None:
    picture = folder.write("person", "cam-1", clock.now(), JPEG)
    originals.write(picture, FACES)
    async with serving(store, pictures=folder, originals=originals) as served:
        await store.connection.call("CONFIG", "SET", "maxmemory", "1")
        try:
            said = {"who": "Lan", "reason": "vụ 7"}
            answer = await served.http.post(f"/api/pictures/{picture}/original", json=said, timeout=30)
        finally:
            await store.connection.call("CONFIG", "SET", "maxmemory", "0")
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "store_away")


async def test_a_city_that_keeps_no_faces_shows_none(store: Store, serving: Any, folder: PictureFolder) -> None:
    picture = folder.write("person", "cam-1", clock.now(), JPEG)
    async with serving(store, pictures=folder) as served:
        said = {"who": "Lan", "reason": "vụ 7"}
        answer = await served.http.post(f"/api/pictures/{picture}/original", json=said)
        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "no_originals")
        elsewhere = await served.http.post("/api/pictures/live/cam-1.jpg/original", json=said)
        assert elsewhere.status_code == 404
        reading = await served.http.get(f"/api/pictures/{picture}/original")
        assert reading.status_code in (404, 422)


async def test_whether_faces_are_kept_at_all_is_told_with_the_cameras(
    store: Store, serving: Any, folder: PictureFolder, originals: Originals
) -> None:
    for kept, told in (
        ({"pictures": folder, "originals": originals}, True),
        ({"pictures": folder}, False),
        ({"originals": originals}, False),
    ):
        async with serving(store, **kept) as served:
            assert (await served.http.get("/api/cameras")).json()["originals"] is told


async def test_an_original_that_is_gone_or_damaged_is_a_sentence(
    store: Store, serving: Any, folder: PictureFolder, originals: Originals
) -> None:
    gone = folder.write("person", "cam-1", clock.now(), JPEG)
    damaged = folder.write("person", "cam-1", clock.now(), JPEG)
    Originals(folder, bytes([1] * KEY_BYTES), 3).write(damaged, FACES)
    said = {"who": "Lan", "reason": "vụ 7"}
    async with serving(store, pictures=folder, originals=originals) as served:
        answer = await served.http.post(f"/api/pictures/{gone}/original", json=said)
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "gone")
        answer = await served.http.post(f"/api/pictures/{damaged}/original", json=said)
        assert (answer.status_code, answer.json()["error"]["code"]) == (422, "original")
        assert "another key" in answer.json()["error"]["what"]


def shows(picture: object, at: int = 1, **values: Any) -> dict[str, Any]:
    return {"asset": "cam-1", "at": at, "values": {"picture": picture} | values}


def named(n: int) -> str:
    return f"scene/2026-11-22/cam-1-{1_795_309_200_000 + n}-ab12cd34.jpg"


def test_an_incident_shows_the_latest_pictures_of_its_evidence_each_once() -> None:
    evidence = [shows(named(n), at=n) for n in range(9)] + [shows(named(8), at=8), {"asset": "cam-2", "at": 99}]
    found = pictures_of(evidence)
    assert [each["id"] for each in found] == [named(n) for n in range(8, 8 - PICTURES_SHOWN, -1)]
    assert pictures_of([]) == []


def test_a_picture_comes_with_what_it_is_about() -> None:
    box = "0.100,0.200,0.300,0.400"
    assert pictures_of([shows(ID, at=7, box=box)]) == [
        {"id": ID, "asset": "cam-1", "at": 7, "box": [0.1, 0.2, 0.3, 0.4]}
    ]


@pytest.mark.parametrize("box", ["", "1,2", "0,0,1,2", "a,b,c,d", "nan,0,1,1", 7, None, "0,0,1,1,1"])
def test_a_box_that_is_none_is_left_out(box: object) -> None:
    assert pictures_of([shows(ID, box=box)])[0]["box"] is None


@pytest.mark.parametrize("picture", ["https://elsewhere.example/a.jpg", "../secret", "live/cam-1.jpg", 7, None, ""])
def test_what_others_call_a_picture_is_not_taken_for_one_of_ours(picture: object) -> None:
    assert pictures_of([shows(picture)]) == []


async def test_an_incident_by_its_id_shows_its_pictures(served: Any, fire: Any) -> None:
    incident = fire(evidence=(shows(ID, at=7),))
    await served.store.incidents.apply([incident], [])
    path = f"/api/incidents/{incident.id}"
    expected = [{"id": ID, "asset": "cam-1", "at": 7, "box": None}]
    assert (await served.http.get(path)).json()["pictures"] == expected
    assert (await served.http.post(f"{path}/acknowledge", json={"who": "Lan"})).json()["pictures"] == expected
