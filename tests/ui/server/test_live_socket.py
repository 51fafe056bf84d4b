"""The websocket over a real store: a snapshot, then exactly what changed, whatever the other pages do."""

import asyncio
import contextlib
import socket
from itertools import pairwise
from typing import Any

import msgspec
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from ioc.model.assets import Asset
from ioc.model.kinds import Kind
from ioc.store.incidents import Refused
from ioc.store.opening import Store
from ui.server.settings import UiSettings


async def test_the_first_message_is_a_snapshot_with_a_position(served: Any, fire: Any) -> None:
    incident = fire()
    await served.store.incidents.apply([incident], [])
    await served.http.post(f"/api/incidents/{incident.id}/acknowledge", json={"who": "Lan"})
    async with served.page() as page:
        snapshot = await page.next()
    assert snapshot["type"] == "snapshot"
    assert [(found["id"], found["revision"]) for found in snapshot["incidents"]] == [(incident.id, 2)]
    assert "evidence" not in snapshot["incidents"][0]
    assert {asset["id"] for asset in snapshot["assets"]} == {"cam-1", "bus-1"}
    assert snapshot["health"]["processes"].keys() >= {"ui"}
    assert isinstance(snapshot["now"], int)


async def test_an_incident_is_told_with_its_position_in_the_log(served: Any, fire: Any) -> None:
    async with served.page() as page:
        await page.next()
        incident = fire()
        await served.store.incidents.apply([incident], [])
        delta = await page.until(lambda message: bool(message["incidents"]))
    assert delta["type"] == "delta"
    assert delta["position"] == await served.store.incidents.last_position()
    assert [found["id"] for found in delta["incidents"]] == [incident.id]


async def test_an_event_moves_an_asset_and_the_clock(served: Any, batch: Any) -> None:
    async with served.page() as page:
        await page.next()
        await served.store.events.append(batch({"asset": "bus-1", "lat": 11.95, "lon": 108.45}), 1_795_000_000_123_456)
        delta = await page.until(lambda message: bool(message["assets"]))
    (asset,) = delta["assets"]
    assert (asset["id"], asset["lat"], asset["status"]) == ("bus-1", 11.95, "online")
    assert delta["clock"] == 1_795_000_000_123


async def test_a_quiet_feed_is_heard_at_least_every_second(served: Any) -> None:
    async with served.page() as page:
        await page.next()
        beats = [await page.until(lambda message: not message["assets"]) for _ in range(3)]
    assert all(beat["type"] == "delta" and beat["incidents"] == [] for beat in beats)
    assert all(0 < after["now"] - before["now"] < 3_000 for before, after in pairwise(beats))


async def test_what_a_page_says_is_not_needed_and_does_no_harm(served: Any, fire: Any) -> None:
    async with served.page() as page:
        await page.next()
        for word in ('{"type":"ping"}', "", "nonsense", b"\x00\xff", "[" * 1_000):
            await page.socket.send(word)
        await served.store.incidents.apply([fire()], [])
        await page.until(lambda message: bool(message["incidents"]))


async def test_snapshot_and_deltas_give_exactly_the_state_of_the_store(served: Any, fire: Any, cleared: Any) -> None:
    """Pages that come at any moment end with the same picture; no revision is told twice, none is missed."""
    incidents = served.store.incidents
    fires = [fire(f"cam-{number}") for number in range(12)]
    last = fire("last")

    async def work() -> None:
        for number, incident in enumerate(fires):
            await incidents.apply([incident], [])
            await asyncio.gather(
                incidents.command(incident.id, "acknowledge", who="Lan", now=1),
                incidents.command(incident.id, "comment", who="Minh", now=1, text="?"),
                incidents.apply([incident], [cleared(incident)]),
            )
            if number % 3 == 0:
                await incidents.command(incident.id, "resolve", who="Lan", now=1)
            with contextlib.suppress(Refused):
                await served.http.post(f"/api/incidents/{incident.id}/acknowledge", json={"who": "An"})
        await incidents.apply([last], [])

    async def watch(delay_s: float) -> dict[str, dict[str, Any]]:
        await asyncio.sleep(delay_s)
        async with served.page() as page:
            snapshot = await page.next()
            picture = {incident["id"]: incident for incident in snapshot["incidents"]}
            while last.id not in picture:
                for incident in (await page.next())["incidents"]:
                    known = picture.get(incident["id"])
                    assert known is None or known["revision"] < incident["revision"]
                    picture[incident["id"]] = incident
        return picture

    working = asyncio.create_task(work())
    pictures = await asyncio.gather(*(watch(0.01 * number) for number in range(8)))
    await working
    _, stored = await incidents.snapshot()
    revisions = {incident.id: incident.revision for incident in stored}
    for picture in pictures:
        assert {incident_id: incident["revision"] for incident_id, incident in picture.items()} == revisions


def stalled(url: str) -> socket.socket:
    """Connect as a page that never reads, with as small a buffer as the system grants."""
    host, port = url.removeprefix("http://").split(":")
    page = socket.socket()
    page.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
    page.connect((host, int(port)))
    page.sendall(
        f"GET /ws/live HTTP/1.1\r\nHost: {host}:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
    )
    return page


def close_code(page: socket.socket) -> int:
    """Read on to the close frame and give its code."""
    page.settimeout(10)
    received = b""
    while chunk := page.recv(1 << 20):
        received = received[-256:] + chunk
        at = received.rfind(b"\x88")
        if at >= 0 and len(received) >= at + 4 and received[at + 1] == len(received) - at - 2:
            return int.from_bytes(received[at + 2 : at + 4], "big")
    raise AssertionError("the connection ended without a close frame")


async def test_a_slow_page_is_closed_with_1013_and_does_not_delay_others(served: Any, fire: Any) -> None:
    slow = await asyncio.to_thread(stalled, served.url)
    long = "x" * 40_000
    async with served.page() as page:
        await page.next()

        async def fell_behind() -> bool:
            return "ioc_live_operators_fell_behind_total 1\n" in (await served.http.get("/metrics")).text

        told = 0
        async with asyncio.timeout(60):
            while not await fell_behind():
                # More waiting changes than an outbox takes, and more bytes than the kernel's buffers do.
                fires = [fire(f"{told}-{number}", title={"vi": long, "en": ""}) for number in range(250)]
                await served.store.incidents.apply(fires, [])
                wanted = {incident.id for incident in fires}
                while wanted:
                    wanted -= {incident["id"] for incident in (await page.next())["incidents"]}
                told += 1
        await page.next()
    assert await asyncio.to_thread(close_code, slow) == 1013
    slow.close()


async def test_a_page_too_many_is_turned_away(store: Store, serving: Any) -> None:
    async with serving(store, UiSettings(port=0, max_sockets=2)) as served:
        async with served.page() as one, served.page() as two:
            assert (await one.next())["type"] == (await two.next())["type"] == "snapshot"
            with pytest.raises(InvalidStatus) as refused:
                async with served.page():
                    pass
            assert refused.value.response.status_code == 503
            assert msgspec.json.decode(refused.value.response.body or b"")["error"]["code"] == "full"
        async with served.page() as three:
            assert (await three.next())["type"] == "snapshot"


async def test_a_page_whose_city_has_been_replaced_is_asked_to_come_back(served: Any) -> None:
    async with served.page() as page:
        await page.next()
        await served.store.assets.replace([Asset("new-1", Kind.SENSOR, "Mới")])
        with pytest.raises(ConnectionClosed) as closed:
            await page.until(lambda message: False)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1012


async def test_pages_are_closed_with_1012_when_the_server_stops(store: Store, serving: Any) -> None:
    async with serving(store) as served:
        page = await connect(f"{served.url.replace('http', 'ws')}/ws/live")
        await page.recv()
    with pytest.raises(ConnectionClosed) as closed:
        await read_on(page)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1012


async def read_on(page: ClientConnection) -> None:
    while True:
        await page.recv()


async def test_a_path_that_is_no_websocket_is_refused(served: Any) -> None:
    with pytest.raises((InvalidStatus, ConnectionClosed)):
        async with connect(f"{served.url.replace('http', 'ws')}/ws/other"):
            pass
    assert (await served.http.get("/api/health")).status_code == 200
