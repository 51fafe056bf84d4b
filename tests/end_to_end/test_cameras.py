"""From a camera's stream to an operator's eye: people on the map, a crossing that raises a rule, a picture without faces."""

import json
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import chromium
import ffmpeg
import psutil
import pytest
import rtsp_server
from playwright.sync_api import sync_playwright

pytestmark = pytest.mark.end_to_end

CAMERAS = """
cameras:
  - camera: cam-square
    url: rtsp://viewer:${SQUARE_PASSWORD}@127.0.0.1:PORT/square
    rate: 7
    name: {vi: Camera quảng trường, en: Camera of the square}
    place: {lat: 11.9416, lon: 108.4383, heading: 40, angle: 70, range_m: 60}
    zones:
      - {zone: square, polygon: [[0, 0.2], [1, 0.2], [1, 1], [0, 1]]}
    lines:
      - {line: no entry, from: [0, 0.5], to: [1, 0.5], forbidden: both}
"""


def unavailable(reason: str) -> None:
    import os  # noqa: PLC0415

    if os.environ.get("CI") == "true":
        pytest.fail(f"cannot run: {reason}", pytrace=False)
    pytest.skip(reason)


@pytest.fixture
def square(shared: Path, tmp_path: Path, free_port: Callable[[], int]) -> Iterator[rtsp_server.RtspServer]:
    """A real RTSP server that shows real people on a square, to those who know the password."""
    program, reason = ffmpeg.find_or_install()
    python, why_not = rtsp_server.find_or_install()
    if program is None or python is None:
        unavailable(reason or why_not)
        raise AssertionError
    clip = tmp_path / "square.h264"
    ffmpeg.convert(
        program, str(shared / "video" / "pets09" / "vtest.avi"), clip, *ffmpeg.camera_stream("768x576", 7, 40)
    )
    server = rtsp_server.RtspServer(
        python, tmp_path / "rtsp", free_port(), {"/square": clip}, rate=7, user="viewer", password="geheim-17"
    )
    server.start()
    yield server
    server.kill()


def get(url: str) -> tuple[bytes, str]:
    with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310 - always http://127.0.0.1
        return answer.read(), answer.headers["content-type"]


@pytest.mark.browser
@pytest.mark.timeout(240)
def test_a_stream_leads_to_people_on_the_map_a_crossing_that_raises_a_rule_and_a_picture_in_the_incident(
    square: rtsp_server.RtspServer,
    product_environment: dict[str, str],
    start_demo: Any,
    eventually: Callable[..., Any],
    tmp_path: Path,
) -> None:
    file = tmp_path / "cameras.yaml"
    file.write_text(CAMERAS.replace("PORT", str(square.port)), encoding="utf-8")
    product_environment |= {
        "IOC_CAMERAS_FILE": str(file),
        "IOC_CAMERAS_ALLOW_NETWORKS": "127.0.0.0/8",
        "SQUARE_PASSWORD": "geheim-17",
    }
    demo = start_demo("--no-simulators")
    demo.wait_until_ready()

    def camera() -> dict[str, Any]:
        found = demo.get("/api/cameras")["cameras"]
        return next((each for each in found if each["id"] == "cam-square"), {})

    seen = eventually(lambda: (now := camera()).get("people", 0) >= 3 and now, seconds=60, what="three people")
    assert (seen["state"], seen["source"], seen["width"]) == ("live", "rtsp", 768)
    assert next(zone for zone in seen["zones_now"] if zone["zone"] == "square")["people"] >= 1

    # The camera stands on the map, and says how many it sees as any other device would.
    asset = eventually(
        lambda: "count_person" in demo.get("/api/assets/cam-square")["values"] and demo.get("/api/assets/cam-square")
    )
    assert (asset["name"], asset["status"], asset["lat"]) == ("Camera quảng trường", "online", 11.9416)

    incident = eventually(
        lambda: next(
            (each for each in demo.get("/api/incidents")["incidents"] if each["rule"] == "forbidden-crossing"), None
        ),
        seconds=60,
        what="an incident of the forbidden line",
    )
    whole = demo.get(f"/api/incidents/{incident['id']}")
    picture = whole["pictures"][0]
    assert picture["asset"] == "cam-square"
    jpeg, kind = get(f"{demo.url}/api/pictures/{picture['id']}")
    assert (jpeg[:2], kind) == (b"\xff\xd8", "image/jpeg")

    with sync_playwright() as playwright:
        browser = chromium.launch(playwright)
        page = browser.new_page(viewport={"width": 1280, "height": 720}, locale="en")
        page.goto(f"{demo.url}/?lang=en")
        page.locator(".row", has_text="no entry").first.click()
        shown = page.locator(".panel img")
        shown.wait_for(timeout=20_000)
        assert page.evaluate("image => image.decode().then(() => image.naturalWidth)", shown.element_handle()) >= 640
        page.screenshot(path=Path(__file__).parents[2] / "artifacts" / "screenshots" / "camera-incident.png")
        browser.close()

    # Nobody is told the password: not the page, not the store's readers, not the logs, not the process list.
    assert "geheim-17" not in json.dumps([demo.get("/api/cameras"), whole, demo.get("/api/health")])
    assert "geheim-17" not in "".join(
        log.read_text(errors="replace") for log in (tmp_path / "data" / "logs").glob("*.log")
    )
    commands = [" ".join(process.cmdline()) for process in demo.family() if process.status() != psutil.STATUS_ZOMBIE]
    assert not any("geheim-17" in command for command in commands)
    assert demo.stop() == 0
