"""Pictures of the view of cameras in all sizes, both languages and themes; for eyes, and that nothing breaks."""

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from ioc.model.assets import Asset
from ioc.model.cameras import CameraState, FieldOfView
from ioc.model.instant import DAY, HOUR, MINUTE, SECOND
from ioc.model.kinds import Kind
from ioc.runtime import clock

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from conftest import ControlRoom, Watched

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

WALL, DESK, PHONE = (1920, 1080), (1280, 720), (390, 844)
LOOKS = ((WALL, "vi", "dark"), (DESK, "en", "light"), (PHONE, "vi", "light"))


def city_of_cameras(room: "ControlRoom", cameras: Any, gate: dict[str, Any]) -> None:
    """Let there be cameras in every state."""
    now = clock.now()
    cameras.add("cam-gate-01", "Cổng chợ Đà Lạt", **gate)
    cameras.add("cam-lake-02", "Hồ Xuân Hương, bến thuyền", people=12, vehicles=3, simulated=True)
    cameras.add("cam-hill-03", "Đồi Robin, trạm cáp treo", look_for=("smoke", "tampering"), night=True)
    cameras.add(
        "cam-bus-04",
        "Bến xe liên tỉnh, cửa số 3, hướng nhìn ra đường Tô Hiến Thành và bãi đỗ xe khách",
        state=CameraState.UNREACHABLE,
        since=now - 12 * MINUTE,
        sentence="10.20.0.14:554 does not answer within 10 s; the camera may be off, or the network to it.",
    )
    cameras.add("cam-park-05", "Công viên Yersin", state=CameraState.DARK, since=now - HOUR)
    cameras.add("cam-hall-06", "Nhà văn hóa", state=CameraState.STARTING, since=now - 3 * SECOND)
    cameras.add("cam-dam-07", "Đập Tuyền Lâm", state=CameraState.MOVED, since=now - 3 * HOUR, people=1)
    room.run(cameras.count("cam-gate-01", now - (now + 7 * HOUR) % DAY - DAY))
    room.run(cameras.tell())


def test_cameras_of_all_states(
    room: "ControlRoom", cameras: Any, look: "Callable[..., Watched]", artifacts: "Path", gate: dict[str, Any]
) -> None:
    city_of_cameras(room, cameras, gate)
    for size, lang, theme in LOOKS:
        watched = look(room.url, size=size, lang=lang, theme=theme, view="#cameras", operator="Lan")
        page = watched.page
        name = f"cameras-{size[0]}x{size[1]}-{lang}-{theme}"
        page.locator("[data-camera=cam-gate-01]").wait_for()
        page.wait_for_function("() => document.fonts.status === 'loaded'")
        page.locator("[data-camera=cam-gate-01] img").wait_for()
        page.screenshot(path=artifacts / f"{name}.png")
        page.locator("[data-camera=cam-gate-01]").click()
        page.locator(".over-label").first.wait_for()
        page.locator(".counts-days button").first.click()
        page.locator(".counts-sums b", has_text="2").first.wait_for()
        page.locator(".counts-plot canvas").wait_for()
        if size != DESK:
            page.locator(".counts-head select").select_option("line Lối vào")
        page.screenshot(path=artifacts / f"{name}-open.png")
        if size == PHONE:
            page.locator(".counts-day").scroll_into_view_if_needed()
            page.screenshot(path=artifacts / f"{name}-below.png")
        page.locator(".camera-do button").nth(1).click()
        page.locator(".drawn-head").first.click()
        page.locator(".over-handle").first.wait_for()
        page.screenshot(path=artifacts / f"{name}-draw.png")
        page.keyboard.press("Escape")
        page.keyboard.press("Escape")
        page.goto(f"{room.url}/?lang={lang}&theme={theme}#cameras/cam-bus-04")
        page.locator(".stage-instead").wait_for()
        page.screenshot(path=artifacts / f"{name}-away.png")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert watched.errors == []
        page.close()


def test_where_cameras_look_on_the_map(
    room: "ControlRoom", cameras: Any, look: "Callable[..., Watched]", artifacts: "Path", gate: dict[str, Any]
) -> None:
    city_of_cameras(room, cameras, gate)
    views = ((11.9419, 108.4391, 300.0, 9), (11.9446, 108.4399, 200.0, 0), (11.9407, 108.4365, 10.0, 31))
    placed = [Asset("cam-gate-01", Kind.CAMERA, "Cổng chợ Đà Lạt", lat=11.9432, lon=108.4378)]
    for number, (lat, lon, heading, people) in enumerate(views):
        view = FieldOfView(lat, lon, heading, 55.0, 90.0)
        cameras.add(f"cam-near-{number}", f"Chợ {number}", view=view, people=people)
        placed.append(Asset(f"cam-near-{number}", Kind.CAMERA, f"Chợ {number}", lat=lat, lon=lon))
    room.register([*room.fleet.assets, *placed])
    watched = look(room.url, size=DESK, theme="light", view="#cameras/cam-gate-01")
    page = watched.page
    page.locator(".camera-do button").first.click()
    page.locator(".card-body").wait_for()
    page.wait_for_function("() => window.__ioc?.map.loaded() && window.__ioc.map.getZoom() > 15")
    page.screenshot(path=artifacts / "cameras-map.png")
    assert watched.errors == []


def test_no_camera_at_all_and_those_that_detect_by_themselves(
    room: "ControlRoom", cameras: Any, look: "Callable[..., Watched]", artifacts: "Path"
) -> None:
    page = look(room.url, size=DESK, view="#cameras").page
    page.locator(".own-row").first.wait_for()
    page.screenshot(path=artifacts / "cameras-own.png")
    page.locator(".own-row").nth(2).click()
    page.locator(".own-explained").wait_for()
    page.screenshot(path=artifacts / "cameras-own-open.png")
    page.close()
    page = look(room.url, size=DESK, lang="en", theme="light").page

    def without_devices(ours: Any) -> None:
        theirs = ours.connect_to_server()
        theirs.on_message(lambda text: ours.send(json.dumps(json.loads(text) | {"assets": []})))

    page.route_web_socket(re.compile("/ws/live"), without_devices)
    page.goto(f"{room.url}/?lang=en&theme=light&again#cameras")
    page.locator(".nothing .how").wait_for()
    page.screenshot(path=artifacts / "cameras-none.png")
