"""From a device's word to an operator's eye: MQTT, Redis, websocket and map, with nothing in between but the product."""

import json
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import aiomqtt
import chromium
import psutil
import pytest
import redis
from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import sync_playwright
from websockets.sync.client import connect

pytestmark = pytest.mark.end_to_end


def frigate_event(camera: str, label: str) -> bytes:
    """What Frigate says when it begins to follow an object."""
    now = time.time()
    seen = {
        "id": f"{now}-abc123",
        "camera": camera,
        "frame_time": now,
        "start_time": now,
        "end_time": None,
        "label": label,
        "score": 0.87,
        "top_score": 0.9,
        "false_positive": False,
        "box": [10, 20, 110, 220],
        "current_zones": [],
        "entered_zones": [],
        "stationary": False,
        "active": True,
    }
    return json.dumps({"type": "new", "before": seen, "after": seen}).encode()


async def publish(port: int, topic: str, payload: bytes) -> None:
    """Publish as a device does."""
    async with aiomqtt.Client("127.0.0.1", port) as client:
        await client.publish(topic, payload, qos=1)


@contextmanager
def listening(url: str) -> Iterator[list[dict[str, Any]]]:
    """Collect what the websocket says, from now on."""
    said: list[dict[str, Any]] = []
    with connect(url.replace("http", "ws", 1) + "/ws/live", max_size=None) as websocket:
        said.append(json.loads(websocket.recv(timeout=10)))

        def collect() -> None:
            said.extend(json.loads(text) for text in websocket)

        thread = threading.Thread(target=collect, name="websocket", daemon=True)
        thread.start()
        yield said
        websocket.close()
        thread.join(5)


@pytest.mark.browser
async def test_what_frigate_says_becomes_an_incident_in_redis_on_the_websocket_and_on_the_map(
    start_demo: Any, eventually: Callable[..., Any]
) -> None:
    demo = start_demo()
    demo.wait_until_ready()
    store = redis.Redis.from_url(demo.redis, decode_responses=True)
    # A high camera on whose hill the pretend city's own storyline does not light a fire at once.
    assets = demo.get("/api/assets")["features"]
    camera = next(asset for asset in assets if asset["properties"]["id"] == "cam-high-05")
    name = camera["properties"]["id"]
    key = "smoke-seen", name

    def kept() -> dict[str, str] | None:
        incidents = (store.hgetall(f"ioc:incident:{each}") for each in store.zrange("ioc:incidents:open", 0, -1))
        return next((i for i in incidents if (i["rule"], i["key"]) == key), None)

    with listening(demo.url) as said:
        assert said[0]["type"] == "snapshot"
        assert name not in {incident["key"] for incident in said[0]["incidents"]}
        await publish(demo.mqtt_port, "frigate/events", frigate_event(name, "fire"))
        incident = eventually(kept, what="the incident in Redis")
        assert incident["condition"] == "active"
        assert camera["properties"]["name"] in incident["title_vi"]

        def told() -> Any:
            return [i for message in said[1:] for i in message["incidents"] if i["id"] == incident["id"]]

        on_the_socket = eventually(told, what="the incident on the websocket")[0]
        assert on_the_socket["severity"] == "major"
        lon, lat = camera["geometry"]["coordinates"]
        assert (on_the_socket["lat"], on_the_socket["lon"]) == pytest.approx((lat, lon))
    failures: list[str] = []
    # Playwright's own event loop wants a thread that has none.
    arguments = (demo.url, incident["id"], incident["title_vi"], failures)
    thread = threading.Thread(target=look_for_the_mark, args=arguments, name="browser")
    thread.start()
    thread.join(110)
    assert failures == []
    assert not thread.is_alive()
    store.close()


def look_for_the_mark(url: str, incident: str, title: str, failures: list[str]) -> None:
    """Open the page, choose the incident in the list, and wait until the map has drawn its sign."""
    drawn = """id => {
        const map = window.__ioc?.map;
        return map?.loaded() && map.queryRenderedFeatures().some(mark => mark.properties.id === id);
    }"""
    try:
        with sync_playwright() as playwright:
            browser = chromium.launch(playwright)
            page = browser.new_page(viewport={"width": 1280, "height": 720}, reduced_motion="reduce")
            page.set_default_timeout(90_000)
            page.goto(f"{url}/?lang=vi")
            page.get_by_text(title).first.click()
            page.wait_for_function(drawn, arg=incident)
            browser.close()
    except (PlaywrightError, AssertionError) as error:
        failures.append(str(error))


async def test_what_cannot_be_read_is_counted_and_nothing_else_is_lost(
    product: Any, eventually: Callable[..., Any]
) -> None:
    hostile = {
        "somebody/else": b"\xff\xfe\x00",
        "ioc/sensor/a/events": b'{"pm25": NaN}',
        "ioc/sensor/b/events": b'{"pm25": 1e999}',
        "ioc/sensor/c/events": b"[" * 100_000,
        "ioc/sensor/d/events": b'{"at": 0, "pm25": 1, "pm25": 2}',
        "ioc/sensor//events": b'{"pm25": 1}',
        "ioc/sensor/e/events": b'{"pm25": "' + b"x" * 10_000_000 + b'"}',
        "ioc/toaster/f/events": b'{"pm25": 1}',
        "frigate/events": b'{"type": "new", "after": [1, 2]}',
        "ioc/sensor/g/events": b"",
    }
    pids = product.pids()
    for topic, payload in hostile.items():
        try:
            await publish(product.mqtt_port, topic, payload)
        except aiomqtt.MqttError:
            # The broker may refuse what is too large for it; then it is not ours to read.
            continue
    await publish(product.mqtt_port, "ioc/sensor/good/events", b'{"pm25": 12.5, "at": "1970-01-01T00:00:00Z"}')
    await publish(product.mqtt_port, "ioc/sensor/good/events", b'{"pm25": 12.5, "at": "2099-01-01T00:00:00Z"}')
    await publish(product.mqtt_port, "ioc/sensor/good/events", b'{"pm25": 13.5}')

    def good() -> Any:
        try:
            return product.get("/api/assets/good")["values"].get("pm25") == 13.5
        except OSError:
            return False

    eventually(good, what="the reading that came after the hostile ones")
    eventually(lambda: product.get("/api/health")["processes"]["ingest"]["rejected_total"] >= 7, what="their count")
    store = redis.Redis.from_url(product.redis)
    assert store.xlen("ioc:rejected") >= 7
    store.close()
    assert all(psutil.pid_exists(pid) for pid in pids.values()), product.said()


async def test_a_rules_process_that_is_killed_goes_on_with_the_same_incidents(
    product: Any, eventually: Callable[..., Any]
) -> None:
    await publish(product.mqtt_port, "ioc/sensor/meter-1/events", b'{"battery": 9}')
    first = eventually(lambda: product.get("/api/incidents")["incidents"], what="an incident")
    for number in range(3):
        before = product.get("/api/health")["processes"]["rules"]["pid"]
        os.kill(int(before), 9)
        await publish(product.mqtt_port, f"ioc/sensor/late-{number}/events", b'{"battery": 5}')
        eventually(
            lambda before=before: (
                product.get("/api/health")["processes"].get("rules", {}).get("pid") not in (None, before)
            ),
            seconds=40,
            what="new rules process",
        )
        eventually(
            lambda number=number: len(product.get("/api/incidents")["incidents"]) == number + 2,
            seconds=40,
            what="the incident that came while rules were away",
        )
    found = {incident["id"]: incident for incident in product.get("/api/incidents")["incidents"]}
    assert len(found) == 4
    assert found[first[0]["id"]]["raised_at"] == first[0]["raised_at"]
    store = redis.Redis.from_url(product.redis, decode_responses=True)
    log = [entry["incident"] for _, entry in store.xrange("ioc:incidents:log")]
    store.close()
    assert sorted(log) == sorted(found), "every incident was told of once"


async def test_a_mistake_in_a_rule_file_leaves_the_last_good_rules_at_work_and_is_told(
    product_environment: dict[str, str], start_demo: Any, tmp_path: Any, eventually: Callable[..., Any]
) -> None:
    folder = tmp_path / "rules"
    folder.mkdir()
    book = folder / "mine.yaml"
    book.write_text("- rule: warm\n  from: sensor\n  threshold: {raise: temp_c > 30}\n")
    product_environment["IOC_RULES_DIR"] = str(folder)
    demo = start_demo("--no-simulators")
    demo.wait_until_ready()
    book.write_text("- rule: warm\n  from: sensor\n  threshold: {raise: temp > 30}\n")

    def told() -> Any:
        health = demo.get("/api/health")
        return health["state"] == "degraded" and "mine.yaml:3:22" in json.dumps(health["messages"])

    eventually(told, what="word of the mistake")
    await publish(demo.mqtt_port, "ioc/sensor/t-1/events", b'{"temp_c": 35}')
    eventually(lambda: demo.get("/api/incidents")["incidents"], what="an incident of the last good rules")
    book.write_text("- rule: warm\n  from: sensor\n  threshold: {raise: temp_c > 40}\n")
    eventually(lambda: demo.get("/api/health")["state"] == "ok", what="the end of the warning")


def test_a_mistake_in_a_rule_file_at_the_start_ends_it_with_file_line_and_column(
    product_environment: dict[str, str], start_demo: Any, tmp_path: Any
) -> None:
    folder = tmp_path / "rules"
    folder.mkdir()
    (folder / "mine.yaml").write_text("- rule: warm\n  from: sensor\n  threshold: {raise: temp > 30}\n")
    product_environment["IOC_RULES_DIR"] = str(folder)
    demo = start_demo("--no-simulators")
    said, _ = demo.process.communicate(timeout=60)
    assert demo.process.returncode == 2, said
    assert "mine.yaml:3:22" in said
    assert "Traceback" not in said
