"""The HTTP interface over a real store: what it answers, what it refuses, and how it says so."""

import asyncio
from typing import Any

import pytest

from ioc.model.alerts import Severity
from ioc.model.assets import Asset
from ioc.model.faults import Fault
from ioc.model.kinds import Kind
from ioc.store.opening import Store, open_store
from ui.server.settings import UiSettings

ERROR_KEYS = {"code", "what", "where", "expected"}


async def test_the_city_is_described_with_its_tree_of_areas(served: Any) -> None:
    city = (await served.http.get("/api/city")).json()
    assert city["title"] == {"vi": "Đà Lạt", "en": "Da Lat"}
    assert city["bounds"] == [108.3, 11.8, 108.6, 12.1]
    assert [(area["id"], area["parent"]) for area in city["area_tree"]] == [
        ("lam-dong", None),
        ("xuan-huong", "lam-dong"),
        ("cam-ly", "lam-dong"),
    ]
    (shape,) = city["areas"]["features"]
    assert shape["properties"]["id"] == "xuan-huong"
    (((*_, last),),) = shape["geometry"]["coordinates"]
    assert last == [108.4, 11.9]
    assert (city["basemap"], city["demo"]) == (None, False)


async def test_without_a_city_there_is_a_nameless_one(embedded_store: str, serving: Any) -> None:
    async with open_store(embedded_store) as store, serving(store) as served:
        city = (await served.http.get("/api/city")).json()
    assert (city["id"], city["area_tree"]) == ("city", [])


async def test_quantities_come_with_unit_and_titles(served: Any) -> None:
    quantities = (await served.http.get("/api/quantities")).json()
    assert quantities["pm25"]["unit"] == "µg/m³"
    assert set(quantities["pm25"]["title"]) == {"vi", "en"}


async def test_assets_are_geojson_with_their_latest_values(served: Any, batch: Any, until: Any) -> None:
    await served.store.events.append(batch({"asset": "bus-1", "lat": 11.9, "lon": 108.4, "speed": 30.0}), 1)
    await served.store.events.append(batch({"asset": "stranger", "pm25": 12.0}), 2)

    async def known() -> bool:
        return len((await served.http.get("/api/assets")).json()["features"]) == 3

    await until(known)
    found = {feature["id"]: feature for feature in (await served.http.get("/api/assets")).json()["features"]}
    assert found["cam-1"]["geometry"] == {"type": "Point", "coordinates": [108.44, 11.94]}
    assert found["bus-1"]["geometry"] == {"type": "Point", "coordinates": [108.4, 11.9]}
    assert found["bus-1"]["properties"]["values"] == {"speed": 30.0}
    assert found["stranger"]["geometry"] is None
    assert [found[name]["properties"]["registered"] for name in ("cam-1", "stranger")] == [True, False]
    assert [found[name]["properties"]["status"] for name in ("cam-1", "bus-1")] == ["unknown", "online"]
    one = (await served.http.get("/api/assets/bus-1")).json()
    assert (one["lat"], one["lon"], one["name"]) == (11.9, 108.4, "Xe buýt 1")


async def test_incidents_are_found_by_filters_and_areas_include_those_within(
    served: Any, fire: Any, cleared: Any, until: Any
) -> None:
    lake = fire("cam-1")
    park = fire("cam-2", at=lake.raised_at + 1, area="cam-ly", severity=Severity.MINOR)
    await served.store.incidents.apply([lake, park], [cleared(park)])

    async def found(query: str = "") -> list[str]:
        body = (await served.http.get(f"/api/incidents{query}")).json()
        assert body["total"] == len(body["incidents"])
        return [incident["key"] for incident in body["incidents"]]

    async def both_cleared() -> bool:
        return await found("?condition=cleared") == ["cam-2"]

    await until(both_cleared)
    assert await found() == ["cam-2", "cam-1"]
    assert await found("?area=lam-dong") == ["cam-2", "cam-1"]
    assert await found("?area=xuan-huong") == ["cam-1"]
    assert await found("?severity=minor&work_state=new") == ["cam-2"]
    assert await found("?condition=&work_state=&severity=&area=") == await found("")
    assert await found("?work_state=resolved") == []


async def test_an_incident_has_evidence_and_timeline(served: Any, fire: Any) -> None:
    incident = fire()
    await served.store.incidents.apply([incident], [])
    body = (await served.http.get(f"/api/incidents/{incident.id}")).json()
    assert body["evidence"][0]["values"] == {"label": "smoke"}
    assert [entry["what"] for entry in body["timeline"]] == ["raised"]


async def test_a_command_is_answered_with_the_incident_and_seen_in_the_list_at_once(served: Any, fire: Any) -> None:
    incident = fire()
    await served.store.incidents.apply([incident], [])
    path = f"/api/incidents/{incident.id}"
    taken = await served.http.post(f"{path}/acknowledge", json={"who": " Lan "})
    assert (taken.status_code, taken.json()["assignee"], taken.json()["work_state"]) == (200, "Lan", "acknowledged")
    assert (await served.http.get("/api/incidents")).json()["incidents"][0]["assignee"] == "Lan"
    said = await served.http.post(f"{path}/comment", json={"who": "Lan", "text": "Đang tới\nhiện trường"})
    assert said.json()["timeline"][-1]["text"] == "Đang tới\nhiện trường"
    done = await served.http.post(f"{path}/resolve", json={"who": "Lan", "text": None})
    assert (done.json()["work_state"], done.json()["revision"]) == ("resolved", 4)


async def test_a_command_with_the_same_key_is_carried_out_once(served: Any, fire: Any) -> None:
    incident = fire()
    await served.store.incidents.apply([incident], [])
    path = f"/api/incidents/{incident.id}/comment"
    headers = {"Idempotency-Key": "abc"}
    answers = [await served.http.post(path, json={"who": "Lan", "text": "Một"}, headers=headers) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 200]
    assert answers[-1].json()["revision"] == 2
    other = await served.http.post(path, json={"who": "Lan", "text": "Hai"}, headers=headers)
    assert (other.status_code, other.json()["error"]["code"]) == (409, "key_reused")


async def test_a_refusal_says_why(served: Any, fire: Any) -> None:
    incident = fire()
    await served.store.incidents.apply([incident], [])
    path = f"/api/incidents/{incident.id}"
    await served.http.post(f"{path}/acknowledge", json={"who": "Lan"})
    refused = await served.http.post(f"{path}/acknowledge", json={"who": "Minh"})
    assert refused.status_code == 409
    assert refused.json()["error"] == {
        "code": "already_acknowledged",
        "what": "Lan has already acknowledged the incident.",
        "where": f"{path}/acknowledge",
        "expected": "an incident that nobody has taken yet",
    }


@pytest.mark.parametrize(
    ("body", "where"),
    [
        ({}, "body: who"),
        ({"who": ""}, "body: who"),
        ({"who": "   "}, "body: who"),
        ({"who": "x" * 81}, "body: who"),
        ({"who": "Lan\nMinh"}, "body: who"),
        ({"who": "machine"}, "body: who"),
        ({"who": 7}, "body: who"),
        ({"who": "Lan"}, "body: text"),
        ({"who": "Lan", "text": ""}, "body: text"),
        ({"who": "Lan", "text": "x" * 2001}, "body: text"),
        ({"who": "Lan", "text": "a\x00b"}, "body: text"),
        ({"who": "Lan", "text": "a\u202eb"}, "body: text"),
        ({"who": "Lan", "text": "a", "role": "admin"}, "body: role"),
        ([], "body"),
    ],
)
async def test_a_body_that_is_wrong_is_refused_by_the_field(served: Any, body: Any, where: str) -> None:
    answer = await served.http.post("/api/incidents/0000000000000000/comment", json=body)
    assert answer.status_code == 422
    assert answer.json()["error"]["where"] == where


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        ({"method": "GET", "url": "/api/nothing"}, 404),
        ({"method": "GET", "url": "/api/assets/nobody"}, 404),
        ({"method": "GET", "url": "/api/incidents/0000000000000000"}, 404),
        ({"method": "GET", "url": "/api/incidents/x:timeline"}, 404),
        ({"method": "GET", "url": "/basemap.pmtiles"}, 404),
        ({"method": "POST", "url": "/api/incidents/0000000000000000/resolve", "json": {"who": "Lan"}}, 404),
        ({"method": "DELETE", "url": "/api/incidents"}, 405),
        ({"method": "GET", "url": "/api/incidents?severity=terrible"}, 422),
        ({"method": "GET", "url": "/api/incidents?area=atlantis"}, 422),
        ({"method": "GET", "url": "/api/incidents/" + "x" * 65}, 422),
        ({"method": "POST", "url": "/api/incidents/0/comment", "content": b"{nope"}, 422),
        ({"method": "POST", "url": "/api/incidents/0/comment", "content": b"[" * 50_000}, 400),
        ({"method": "POST", "url": "/api/incidents/0/comment", "content": b"x" * 65_537}, 413),
    ],
)
async def test_whatever_is_refused_says_what_where_and_what_was_expected(
    served: Any, request_: dict[str, Any], status: int
) -> None:
    if "content" in request_:
        request_ = {**request_, "headers": {"Content-Type": "application/json"}}
    answer = await served.http.request(**request_)
    assert answer.status_code == status
    error = answer.json()["error"]
    assert error.keys() == ERROR_KEYS
    assert all(error.values())


async def test_an_endless_body_is_cut_off(served: Any) -> None:
    async def endless() -> Any:
        for _ in range(100):
            yield b"x" * 1_000

    answer = await served.http.post("/api/incidents/0/comment", content=endless())
    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "too_large")


async def test_a_chunked_body_is_read(served: Any, fire: Any) -> None:
    incident = fire()
    await served.store.incidents.apply([incident], [])

    async def pieces() -> Any:
        for piece in (b'{"who": "Lan",', b' "text": "Hai"}'):
            yield piece

    path = f"/api/incidents/{incident.id}/comment"
    answer = await served.http.post(path, content=pieces(), headers={"Content-Type": "application/json"})
    assert answer.json()["timeline"][-1]["text"] == "Hai"


async def test_a_command_needs_json_so_that_no_form_of_a_stranger_can_send_one(served: Any) -> None:
    for kind in ("text/plain", "application/x-www-form-urlencoded"):
        answer = await served.http.post(
            "/api/incidents/0/comment", content=b'{"who": "Lan", "text": "a"}', headers={"Content-Type": kind}
        )
        assert answer.status_code == 422


@pytest.mark.parametrize(
    "words", ["<img src=x onerror=alert(1)>", "</script><script>alert(1)</script>", "{{7*7}}", "' OR 1=1 --"]
)
async def test_words_stay_words(served: Any, fire: Any, words: str) -> None:
    incident = fire(title={"vi": words, "en": words})
    await served.store.incidents.apply([incident], [])
    answer = await served.http.post(f"/api/incidents/{incident.id}/comment", json={"who": words[:80], "text": words})
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-content-type-options"] == "nosniff"
    body = answer.json()
    assert (body["title"]["vi"], body["timeline"][-1]["text"]) == (words, words)


async def test_metrics_are_in_prometheus_format(served: Any, fire: Any, until: Any) -> None:
    await served.store.health.report("ingest", {"state": "ok", "events_total": 12, "last_event_at": 1_500}, 5)
    await served.store.incidents.apply([fire()], [])

    async def told() -> bool:
        text = (await served.http.get("/metrics")).text
        return (
            "ioc_ingest_events_total 12\n" in text and 'ioc_incidents{condition="active",work_state="new"} 1\n' in text
        )

    await until(told)
    answer = await served.http.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert 'ioc_up{process="ingest"} 1\n' in answer.text
    assert "ioc_ingest_last_event_timestamp_seconds 1.5\n" in answer.text
    assert 'ioc_http_requests_total{method="GET",status="200"}' in answer.text


async def test_the_health_says_who_is_missing(served: Any, until: Any) -> None:
    async def heard() -> bool:
        return "ingest" in (await served.http.get("/api/health")).json()["processes"]

    body = (await served.http.get("/api/health")).json()
    assert body["state"] == "degraded"
    assert {"severity": "major", "vi": "Chưa thấy tiến trình rules.", "en": "rules has not started yet."} in body[
        "messages"
    ]
    await served.store.health.report("ingest", {"state": "ok", "events_per_s": 3.5, "position": "1-0"}, 60)
    await served.store.health.report("rules", {"state": "ok"}, 60)
    await until(heard)
    body = (await served.http.get("/api/health")).json()
    assert (body["state"], body["messages"]) == ("ok", [])
    assert body["processes"]["ingest"] == {"state": "ok", "events_per_s": 3.5, "position": "1-0"}


async def test_the_registry_may_change_while_the_server_runs(served: Any, until: Any) -> None:
    await served.store.assets.replace([Asset("new-1", Kind.SENSOR, "Mới")])

    async def changed() -> bool:
        return [f["id"] for f in (await served.http.get("/api/assets")).json()["features"]] == ["new-1"]

    await until(changed)


async def test_a_port_that_is_taken_is_named(store: Store, served: Any, serving: Any) -> None:
    port = int(served.url.rpartition(":")[2])
    with pytest.raises(Fault, match=rf"Port {port} .*IOC_UI_PORT"):
        async with serving(store, UiSettings(port=port)):
            pass


async def test_nothing_listens_beyond_loopback_unless_told_to(store: Store, serving: Any) -> None:
    with pytest.raises(Fault, match="open_to_network"):
        async with serving(store, UiSettings(host="0.0.0.0", port=0)):
            pass


async def test_requests_are_answered_while_another_waits(served: Any) -> None:
    answers = await asyncio.gather(*(served.http.get("/api/incidents") for _ in range(50)))
    assert {answer.status_code for answer in answers} == {200}
