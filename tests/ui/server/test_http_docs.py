"""What docs/http.md, docs/asyncapi.yaml and OpenAPI promise is what the server does."""

import re
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec
import yaml

from ioc.model.events import Rejected
from ioc.model.instant import from_iso
from ioc.store.camera_counts import Count, Counted, CountOf
from ioc.store.opening import Store
from ioc.store.pictures.folder import PictureFolder
from ui.server.app import create_app
from ui.server.metrics import METRICS
from ui.server.settings import UiSettings

DOCS = Path(__file__).parents[3] / "docs"
BLOCK = re.compile(r"```(http|json)\n(.*?)```", re.DOTALL)
ANYTHING = "…"


def fits(expected: object, found: object) -> bool:
    """Whether an answer has at least what the page shows of it."""
    if expected == ANYTHING:
        return True
    if isinstance(expected, dict):
        return isinstance(found, dict) and all(
            name in found and fits(value, found[name]) for name, value in expected.items()
        )
    if isinstance(expected, list):
        return (
            isinstance(found, list)
            and len(expected) == len(found)
            and all(fits(*pair) for pair in zip(expected, found, strict=True))
        )
    return bool(expected == found)


async def test_the_examples_are_what_the_server_answers(
    store: Store, serving: Any, fire: Any, camera: Any, until: Any, tmp_path: Path
) -> None:
    incident = fire()
    await store.incidents.apply([incident], [])
    strange = Rejected("hall/heat-7", b'{"t": 215}', 10, None, "no codec takes this topic", 1)
    await store.rejected.add([strange, strange])
    await store.cameras.publish([camera()])
    await store.cameras.add_counts(
        Count("cam-1", from_iso("2026-11-22T05:00:00Z")[0], of, 3)
        for of in (
            CountOf(Counted.SEEN, "", "person"),
            CountOf(Counted.ENTERED, "gate", "person"),
            CountOf(Counted.MOST, "gate", "person"),
            CountOf(Counted.IN, "entrance", "person"),
        )
    )
    pictures = PictureFolder(tmp_path, {"person": 7}, 1)
    pictures.write_live("cam-1", b"\xff\xd8live")
    async with serving(store, pictures=pictures) as served:

        async def seen() -> bool:
            return bool((await served.http.get("/api/incidents")).json()["total"] == 1)

        await until(seen)
        assert await answered_as_documented(served, incident.id) == 17


async def answered_as_documented(served: Any, incident_id: str) -> int:
    text = (DOCS / "http.md").read_text().replace("{id}", incident_id)
    blocks = BLOCK.findall(text)
    asked = 0
    for (kind, request), (_, expected) in pairwise(blocks):
        if kind != "http":
            continue
        head, _, body = request.partition("\n\n")
        first, *lines = head.strip().splitlines()
        method, path = first.split()
        headers = dict(line.split(": ", 1) for line in lines)
        answer = await served.http.request(method, path, headers=headers, content=body.encode())
        assert fits(msgspec.json.decode(expected), answer.json()), f"{first}: {answer.text}"
        asked += 1
    return asked


async def test_the_websocket_speaks_as_documented(served: Any, fire: Any) -> None:
    described = yaml.safe_load((DOCS / "asyncapi.yaml").read_text())
    payloads = {name: message["payload"] for name, message in described["components"]["messages"].items()}
    schemas = described["components"]["schemas"]
    async with served.page() as page:
        messages = [await page.next()]
        await served.store.incidents.apply([fire()], [])
        messages.append(await page.until(lambda message: bool(message["incidents"])))
        messages.append(await page.until(lambda message: "health" in message))
    shown = [
        msgspec.json.decode(block)
        for kind, block in BLOCK.findall((DOCS / "http.md").read_text())
        if kind == "json" and '"type": ' in block and '"position"' in block
    ]
    assert [example["type"] for example in shown] == ["snapshot", "delta"]
    for message in messages:
        payload = payloads[message["type"]]
        assert set(payload["required"]) <= message.keys() <= payload["properties"].keys()
        assert next(example for example in shown if example["type"] == message["type"]).keys() <= message.keys()
        for name, schema in (("incidents", "incident"), ("assets", "asset")):
            assert all(set(schemas[schema]["required"]) <= item.keys() for item in message[name])


async def until_listed(served: Any, until: Any) -> None:
    async def listed() -> bool:
        return bool((await served.http.get("/api/cameras")).json()["total"])

    await until(listed)


def operations(api: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    return [
        (f"{method} {path}", operation) for path, item in api["paths"].items() for method, operation in item.items()
    ]


async def test_openapi_describes_every_operation_parameter_and_answer(store: Store) -> None:
    api = create_app(store, UiSettings()).openapi()
    assert {name for name, _ in operations(api)} >= {
        "get /api/health",
        "get /api/city",
        "get /api/quantities",
        "get /api/assets",
        "get /api/assets/{id}",
        "get /api/incidents",
        "get /api/incidents/{id}",
        "post /api/incidents/{id}/acknowledge",
        "post /api/incidents/{id}/comment",
        "post /api/incidents/{id}/resolve",
        "get /api/devices",
        "get /api/devices/{id}",
        "get /api/rejected",
        "post /api/codecs/try",
        "get /api/rules",
        "get /api/rules/words",
        "get /api/rules/{name}",
        "get /api/rules/{name}/versions",
        "get /api/rules/shadow/alerts",
        "post /api/rules/check",
        "post /api/rules/what-if",
        "post /api/rules/why",
        "post /api/rules/publish",
        "post /api/rules/{name}/restore",
        "post /api/rules/{name}/stop-shadow",
        "post /api/in/{codec}",
        "post /api/in/{codec}/{source}",
        "get /api/cameras",
        "get /api/cameras/{id}",
        "get /api/cameras/{id}/live",
        "get /api/cameras/{id}/live.jpg",
        "get /api/cameras/{id}/counts",
        "put /api/cameras/{id}/geometry",
        "get /api/pictures/{id}",
        "post /api/pictures/{id}/original",
        "get /basemap.pmtiles",
        "get /metrics",
    }
    for name, operation in operations(api):
        assert operation["summary"], name
        assert operation["description"], name
        assert operation["tags"], name
        for parameter in operation.get("parameters", []):
            assert parameter["description"], name
        for status, answer in operation["responses"].items():
            assert answer["description"], name
            if status[0] in "45" and status != "416":
                schema = answer["content"]["application/json"]["schema"]
                bodies = ("ErrorBody", "RuleErrorBody", "DrawingErrorBody")
                assert schema in [{"$ref": f"#/components/schemas/{body}"} for body in bodies], (name, status)
    for name, schema in api["components"]["schemas"].items():
        assert schema.get("description"), name
    posts = [operation for name, operation in operations(api) if name.startswith(("post", "put"))]
    for operation in posts:
        done = "202" if "webhooks" in operation["tags"] else "200"
        needed = {done, "400", "403", "413", "422", "503"} | (
            {"404", "409"} if "commands" in operation["tags"] else set()
        )
        assert operation["responses"].keys() >= needed
        assert "requestBody" in operation


async def test_openapi_is_served_and_names_every_field_that_is_answered(
    served: Any, fire: Any, camera: Any, until: Any
) -> None:
    incident = fire()
    await served.store.cameras.publish([camera()])
    await until_listed(served, until)
    await served.store.incidents.apply([incident], [])
    api = (await served.http.get("/api/openapi.json")).json()
    schemas = api["components"]["schemas"]
    whole = (await served.http.get(f"/api/incidents/{incident.id}")).json()
    assert whole.keys() == schemas["FullIncident"]["properties"].keys()
    asset = (await served.http.get("/api/assets/cam-1")).json()
    assert asset.keys() == schemas["AssetItem"]["properties"].keys()
    feature = (await served.http.get("/api/assets")).json()["features"][0]
    assert feature.keys() == schemas["AssetFeature"]["properties"].keys()
    assert feature["properties"].keys() == schemas["AssetProperties"]["properties"].keys()
    city = (await served.http.get("/api/city")).json()
    assert city.keys() == schemas["CityView"]["properties"].keys()
    health = (await served.http.get("/api/health")).json()
    assert health.keys() == schemas["HealthView"]["properties"].keys()
    devices = (await served.http.get("/api/devices")).json()
    assert devices.keys() == schemas["DeviceList"]["properties"].keys()
    assert devices["devices"][0].keys() == schemas["DeviceItem"]["properties"].keys()
    assert (await served.http.get("/api/devices/cam-1")).json().keys() == schemas["DeviceDetails"]["properties"].keys()
    cameras = (await served.http.get("/api/cameras")).json()
    assert cameras.keys() == schemas["CameraList"]["properties"].keys()
    item = cameras["cameras"][0]
    assert item.keys() == schemas["CameraItem"]["properties"].keys()
    assert item["geometry"].keys() == schemas["CameraGeometry"]["properties"].keys()
    assert item["geometry"]["zones"][0].keys() == schemas["CameraZone"]["properties"].keys()
    assert item["geometry"]["lines"][0].keys() == schemas["CameraLine"]["properties"].keys()
    assert item["place"].keys() == schemas["CameraPlace"]["properties"].keys()
    whole = (await served.http.get("/api/cameras/cam-1")).json()
    assert whole.keys() == schemas["CameraDetails"]["properties"].keys()
    live = (await served.http.get("/api/cameras/cam-1/live")).json()
    assert live.keys() == schemas["CameraLive"]["properties"].keys()
    counts = (await served.http.get("/api/cameras/cam-1/counts")).json()
    assert counts.keys() == schemas["CameraCounts"]["properties"].keys()
    assert counts["zones"][0].keys() == schemas["ZoneCounts"]["properties"].keys()
    assert counts["lines"][0].keys() == schemas["LineCounts"]["properties"].keys()
    await served.store.rejected.add([Rejected("hall/1", b"?", 1, None, "no codec takes it", 1)])
    rejected = (await served.http.get("/api/rejected")).json()
    assert rejected.keys() == schemas["RejectedList"]["properties"].keys()
    assert rejected["groups"][0].keys() == schemas["RejectedGroup"]["properties"].keys()


def test_every_metric_is_documented_as_it_is() -> None:
    rows = re.findall(r"^\| `(ioc_\w+)` \| (\w+) \| (.*?) ?\| (.*) \|$", (DOCS / "http.md").read_text(), re.MULTILINE)
    assert rows == [
        (metric.name, str(metric.type), ", ".join(f"`{label}`" for label in metric.labels), metric.help)
        for metric in METRICS
    ]


async def test_every_error_code_is_documented() -> None:
    table = (DOCS / "http.md").read_text()
    source = "".join(path.read_text() for path in (Path(__file__).parents[3] / "ui" / "server").glob("*.py"))
    used = set(re.findall(r"Problem\(\s*(?:\d+|status),\s*\"(\w+)\"", source)) | {
        "already_acknowledged",
        "already_resolved",
        "key_reused",
    }
    assert len(used) >= 10
    assert {code for code in used if f"`{code}`" not in table} == set()
