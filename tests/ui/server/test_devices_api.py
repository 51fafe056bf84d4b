"""Devices, refused messages and codec trials over HTTP."""

import asyncio
import base64
from typing import Any
from urllib.parse import quote

import pytest

from ioc.model.events import RawMessage, Rejected
from ioc.model.faults import Fault
from ioc.model.gaps import Gap
from ioc.model.instant import SECOND
from ioc.store.rejected import KEPT
from ui.server import devices_api
from ui.server.settings import UiSettings

NOON = 1_795_323_600 * SECOND


def refused(topic: str = "hall/1", reason: str = "no codec takes it", *, second: int = 0, **more: Any) -> Rejected:
    said = {"payload_start": b"21,5", "payload_size": 4, "codec": None} | more
    return Rejected(topic=topic, reason=reason, received_at=NOON + second * SECOND, **said)


async def test_devices_come_in_pages_with_counts(served: Any, batch: Any, until: Any) -> None:
    await served.store.events.append(batch({"asset": "bus-1"}, {"asset": "a/b"}), 1)

    async def known() -> bool:
        return bool((await served.http.get("/api/devices")).json()["known"] == 3)

    await until(known)
    whole = (await served.http.get("/api/devices?sort=name")).json()
    assert [device["id"] for device in whole["devices"]] == ["a/b", "cam-1", "bus-1"]
    assert whole["by_status"] == {"online": 2, "never": 1, "offline": 0, "silent": 0}
    assert (whole["codecs"], whole["total"]) == (["ours"], 3)
    page = (await served.http.get("/api/devices?sort=name&offset=1&limit=1")).json()
    assert ([device["id"] for device in page["devices"]], page["total"]) == (["cam-1"], 3)
    narrowed = (await served.http.get("/api/devices?q=xe buyt&status=online&kind=&codec=")).json()
    assert [device["name"] for device in narrowed["devices"]] == ["Xe buýt 1"]


@pytest.mark.parametrize(
    "query", ["sort=size", "status=tired", "kind=robot", "limit=501", "offset=-1", "q=" + "x" * 201, "registered=maybe"]
)
async def test_a_filter_that_does_not_exist_is_refused_by_name(served: Any, query: str) -> None:
    answer = await served.http.get(f"/api/devices?{query}")
    assert answer.status_code == 422
    assert answer.json()["error"]["where"] == f"query: {query.partition('=')[0]}"


@pytest.mark.parametrize("where", ["devices", "assets"])
async def test_an_id_with_slashes_is_found(served: Any, batch: Any, until: Any, where: str) -> None:
    name = "site/1/thiết bị"
    await served.store.events.append(batch({"asset": name, "pm25": 3.0}), 1)

    async def found() -> bool:
        return bool((await served.http.get(f"/api/{where}/{quote(name, safe='')}")).status_code == 200)

    await until(found)
    body = (await served.http.get(f"/api/{where}/{quote(name, safe='/')}")).json()
    assert (body["id"], body["values"]) == (name, {"pm25": 3.0})


async def test_a_device_shows_what_was_lost_and_what_nobody_could_read(store: Any, serving: Any, until: Any) -> None:
    await store.gaps.record([Gap("cam-1", "a1", 17, 21, NOON), Gap("other", "b", 1, 1, NOON)])
    await store.rejected.add(
        [refused("ioc/camera/cam-1/events"), refused("ioc/camera/cam-11/events"), refused("event 1 of cam-1")]
    )
    async with serving(store) as served:

        async def counted() -> bool:
            return bool((await served.http.get("/api/devices/cam-1")).json()["gaps"] == 5)

        await until(counted)
        device = (await served.http.get("/api/devices/cam-1")).json()
    assert device["missing"] == [{"boot": "a1", "first": 17, "last": 21, "count": 5, "at": NOON // 1000}]
    assert [group["topic"] for group in device["rejected"]] == ["event 1 of cam-1", "ioc/camera/cam-1/events"]


async def test_what_could_not_be_read_is_grouped_by_topic_and_reason(served: Any) -> None:
    await served.store.rejected.add([refused(), refused("hall/2", codec="ours"), refused(second=9, payload_start=b"x")])
    body = (await served.http.get("/api/rejected")).json()
    assert [(group["topic"], group["count"], group["text"]) for group in body["groups"]] == [
        ("hall/1", 2, "x"),
        ("hall/2", 1, "21,5"),
    ]
    assert (body["groups"][0]["first_at"], body["groups"][0]["last_at"]) == (NOON // 1000, NOON // 1000 + 9_000)
    assert (body["total"], body["messages"], body["kept"], body["codecs"]) == (2, 3, 3, ["", "ours"])
    await served.store.rejected.add([refused(second=20)])
    again = (await served.http.get("/api/rejected?q=hall/1&codec=")).json()
    assert [(group["topic"], group["count"]) for group in again["groups"]] == [("hall/1", 3)]


async def test_a_flood_of_refused_messages_is_answered_in_bounds(served: Any) -> None:
    await served.store.rejected.add([refused(f"hall/{number}") for number in range(KEPT + 2_000)])
    body = (await served.http.get("/api/rejected?limit=500")).json()
    assert (len(body["groups"]), body["kept"]) == (500, KEPT)


@pytest.mark.parametrize(
    ("start", "size", "text"),
    [
        (b"\xc4\x90\xc3\xa0", 4, "Đà"),
        (b"\xc4\x90\xc3", 900, "Đ"),
        (b"\xff\xd8\xff\xe0", 4, None),
        (b"a\0b", 3, None),
        (b"", 0, ""),
    ],
)
async def test_first_bytes_are_text_where_they_are_text(served: Any, start: bytes, size: int, text: str | None) -> None:
    await served.store.rejected.add([refused(payload_start=start, payload_size=size)])
    (group,) = (await served.http.get("/api/rejected")).json()["groups"]
    assert (group["text"], base64.b64decode(group["start"]), group["size"]) == (text, start, size)


async def test_a_topic_that_is_not_text_does_not_break_the_list(served: Any) -> None:
    await served.store.rejected.add([refused("a/\ud800/\u202e")])
    (group,) = (await served.http.get("/api/rejected")).json()["groups"]
    assert group["topic"] == "a/\\ud800/\u202e"


async def test_an_emptied_store_is_an_empty_list(served: Any) -> None:
    await served.store.rejected.add([refused()])
    assert (await served.http.get("/api/rejected")).json()["total"] == 1
    await served.store.connection.call("DEL", "ioc:rejected")
    assert (await served.http.get("/api/rejected")).json() | {"now": 0} == {
        "groups": [],
        "total": 0,
        "messages": 0,
        "kept": 0,
        "codecs": [],
        "now": 0,
    }


async def test_without_codecs_a_trial_is_refused_with_a_sentence(served: Any) -> None:
    answer = await served.http.post("/api/codecs/try", json={"topic": "a", "payload": "b"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (501, "no_codecs")


def tried(message: RawMessage, codec: str | None) -> dict[str, Any]:
    """Say what was given."""
    if codec == "wrong":
        raise Fault("codec.yaml:1:1: a codec is a mapping")
    return {"topic": message.topic, "payload": message.payload.hex(), "retained": message.retained, "codec": codec}


async def test_a_trial_is_given_what_was_sent(store: Any, serving: Any) -> None:
    async with serving(store, UiSettings(port=0), try_codec=tried) as served:
        said = {"topic": "a/b", "payload": "/9g=", "encoding": "base64", "codec": "codec: x", "retained": True}
        answer = await served.http.post("/api/codecs/try", json=said)
        assert answer.json() == {"topic": "a/b", "payload": "ffd8", "retained": True, "codec": "codec: x"}
        text = await served.http.post("/api/codecs/try", json={"topic": "a", "payload": "Đ"})
        assert text.json()["payload"] == "c490"


@pytest.mark.parametrize(
    ("body", "where"),
    [
        ({"topic": "a", "payload": "b", "codec": "wrong"}, "body: codec"),
        ({"topic": "a", "payload": "?", "encoding": "base64"}, "body: payload"),
        ({"topic": "", "payload": "b"}, "body: topic"),
        ({"topic": "x" * 1_025, "payload": "b"}, "body: topic"),
        ({"topic": "a"}, "body: payload"),
        ({"topic": "a", "payload": "b", "codec": "x" * 32_769}, "body: codec"),
        ({"topic": "a", "payload": "b", "encoding": "hex"}, "body: encoding"),
        ({"topic": "a", "payload": "b", "more": 1}, "body: more"),
    ],
)
async def test_a_trial_that_is_wrong_is_refused_by_the_field(
    store: Any, serving: Any, body: dict[str, Any], where: str
) -> None:
    async with serving(store, UiSettings(port=0), try_codec=tried) as served:
        answer = await served.http.post("/api/codecs/try", json=body)
    assert (answer.status_code, answer.json()["error"]["where"]) == (422, where)


async def test_a_stranger_s_page_may_not_try_codecs(store: Any, serving: Any) -> None:
    async with serving(store, UiSettings(port=0), try_codec=tried) as served:
        answer = await served.http.post(
            "/api/codecs/try", json={"topic": "a", "payload": "b"}, headers={"Origin": "http://elsewhere"}
        )
    assert answer.status_code == 403


async def test_a_codec_that_takes_for_ever_does_not_hold_the_page(
    store: Any, serving: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    loop = asyncio.get_running_loop()
    free: asyncio.Future[None] = loop.create_future()

    def slow(message: RawMessage, codec: str | None) -> dict[str, Any]:
        async def freed() -> None:
            await free

        asyncio.run_coroutine_threadsafe(freed(), loop).result(10)
        return {}

    monkeypatch.setattr(devices_api, "SLOWEST_TRIAL_S", 0.05)
    async with serving(store, UiSettings(port=0), try_codec=slow) as served:
        answer = await served.http.post("/api/codecs/try", json={"topic": "a", "payload": "b"})
        free.set_result(None)
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "too_slow")
