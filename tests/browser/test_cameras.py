"""The view of cameras in a real browser: what it asks for, what it shows, and what people draw on it."""

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from ioc.model.cameras import CameraState, Geometry, Line, Way, Zone
from ioc.model.identity import alert_id, incident_id
from ioc.model.instant import MINUTE
from ioc.runtime import clock

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import ControlRoom, Watched
    from playwright.sync_api import Page

    Look = Callable[..., Watched]

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

OTHERS = Geometry(lines=(Line("their line", (0.1, 0.5), (0.9, 0.5), Way.NONE),))


def at(page: "Page", x: float, y: float) -> tuple[float, float]:
    """Say where a place of the picture is on the screen."""
    box = page.locator(".over-drawing").bounding_box()
    assert box is not None
    return box["x"] + x * box["width"], box["y"] + y * box["height"]


def click(page: "Page", *places: tuple[float, float]) -> None:
    for x, y in places:
        page.mouse.click(*at(page, x, y))


def test_a_camera_is_asked_for_pictures_only_while_it_is_looked_at(
    room: "ControlRoom", cameras: Any, look: "Look", gate: dict[str, Any]
) -> None:
    cameras.add("cam-gate-01", "Cổng chợ", **gate)
    cameras.add("cam-dark-02", "Công viên", state=CameraState.DARK)
    room.run(cameras.tell())
    watched = look(room.url, operator="Lan")
    page = watched.page
    page.locator(".feed-live").wait_for()
    assert cameras.asked == set()
    page.keyboard.press("g")
    page.keyboard.press("c")
    expect(page).to_have_url(re.compile("#cameras$"))
    card = page.locator("[data-camera=cam-gate-01]")
    expect(card).to_contain_text("có hình")
    card.locator("img").wait_for()
    # What needs people stands first, and says it in words.
    expect(page.locator(".camera-card").first).to_contain_text("tối đen")
    card.click()
    expect(page).to_have_url(re.compile("#cameras/cam-gate-01$"))
    labels = page.locator(".over-label")
    expect(labels).to_have_count(5)
    expect(labels.first).to_have_text(re.compile(r"^người\d\d%$"))
    expect(page.locator(".over-names")).to_contain_text("Cổng chính3")
    expect(page.locator(".stage-tags")).to_contain_text("chụp")
    first = page.locator(".stage-picture img").get_attribute("src")
    expect(page.locator(".stage-picture img")).not_to_have_attribute("src", str(first))
    page.evaluate("""() => {
        Object.defineProperty(document, "visibilityState", {get: () => "hidden", configurable: true});
        document.dispatchEvent(new Event("visibilitychange"));
    }""")
    page.wait_for_timeout(300)  # an answer that was on its way
    before = sum("/live" in url for url in watched.requests)
    page.wait_for_timeout(2_000)
    assert sum("/live" in url for url in watched.requests) == before
    page.evaluate("""() => {
        Object.defineProperty(document, "visibilityState", {get: () => "visible", configurable: true});
        document.dispatchEvent(new Event("visibilitychange"));
    }""")
    with page.expect_request(re.compile("/live$")):
        pass
    cameras.known["cam-gate-01"] = replace(
        cameras.known["cam-gate-01"], state=CameraState.UNREACHABLE, sentence="It does not answer.", since=clock.now()
    )
    gone = page.locator(".stage-instead")
    expect(gone).to_contain_text(re.compile("Không có hình: không kết nối được từ"))
    expect(gone).to_contain_text("It does not answer.")
    expect(labels).to_have_count(0)
    page.keyboard.press("Escape")
    expect(page.locator(".camera-head")).to_have_count(0)
    assert watched.errors == []


def test_zones_and_lines_are_drawn_undone_named_and_saved(
    room: "ControlRoom", cameras: Any, look: "Look", gate: dict[str, Any]
) -> None:
    cameras.add("cam-gate-01", "Gate", **{**gate, "file_geometry": Geometry()})
    room.run(cameras.tell())
    watched = look(room.url, lang="en", view="#cameras/cam-gate-01", operator="Lan")
    page = watched.page
    page.locator(".stage-picture img").wait_for()
    page.get_by_role("button", name="Draw").first.click()
    # Nothing is drawn yet, so the tool is the one for zones.
    click(page, (0.2, 0.3), (0.6, 0.3), (0.6, 0.8))
    page.keyboard.press("Backspace")
    click(page, (0.6, 0.7), (0.2, 0.7), (0.2, 0.3))
    expect(page.locator(".drawn-head")).to_contain_text("4 corners")
    page.get_by_label("Name", exact=True).fill("Gate")
    page.get_by_label("Tell how crowded it is").check()
    # A corner is dragged; the mark between two others becomes one.
    page.mouse.move(*at(page, 0.6, 0.7))
    page.mouse.down()
    page.mouse.move(*at(page, 0.7, 0.75), steps=4)
    page.mouse.up()
    click(page, (0.4, 0.3))
    expect(page.locator(".drawn-head")).to_contain_text("5 corners")
    page.keyboard.press("Control+z")
    expect(page.locator(".drawn-head")).to_contain_text("4 corners")
    # By keys alone: a line is put into the middle, and its end moved.
    page.get_by_role("button", name="Line", exact=True).focus()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Start of Line 1").focus()
    page.keyboard.press("Shift+ArrowUp")
    page.locator(".field select").select_option("out")
    expect(page.locator(".over-stop")).to_have_count(1)
    page.get_by_label("Name", exact=True).fill(" ")
    expect(page.get_by_role("button", name="Save")).to_be_disabled()
    page.get_by_label("Name", exact=True).fill("Entrance")
    page.keyboard.press("Escape")  # out of the field
    page.get_by_role("button", name="Save").click()
    page.locator(".cam-sheet textarea").fill("the gate has moved")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".camera-saved")).to_be_visible()
    drawn = room.run(room.store.cameras.geometry("cam-gate-01"))
    assert drawn is not None
    assert (drawn.who, drawn.note, drawn.revision) == ("Lan", "the gate has moved", 1)
    (zone,), (line,) = drawn.geometry.zones, drawn.geometry.lines
    assert (zone.name, zone.density, zone.dwell_s) == ("Gate", True, None)
    assert [tuple(round(side, 2) for side in corner) for corner in zone.polygon] == [
        (0.2, 0.3),
        (0.6, 0.3),
        (0.7, 0.75),
        (0.2, 0.7),
    ]
    assert (line.name, line.start, line.forbidden) == ("Entrance", (0.3, 0.47), Way.OUT)
    expect(page.locator(".over-names")).to_contain_text("Entrance")
    assert watched.errors == []


def test_what_somebody_else_drew_meanwhile_is_told_and_neither_is_lost(
    room: "ControlRoom", cameras: Any, look: "Look", gate: dict[str, Any]
) -> None:
    cameras.add("cam-gate-01", "Gate", **gate)
    room.run(cameras.tell())
    page = look(room.url, lang="en", view="#cameras/cam-gate-01", operator="Lan").page
    page.locator(".stage-picture img").wait_for()
    page.get_by_role("button", name="Draw").first.click()
    page.locator(".drawn-head").first.click()
    page.get_by_role("button", name="Delete").click()
    theirs = room.store.cameras.draw(
        "cam-gate-01", OTHERS, who="Hà", at=clock.now() - MINUTE, note="new line", revision=0
    )
    room.run(theirs)
    # Whoever goes elsewhere with something unsaved finds it there again.
    page.keyboard.press("g")
    page.keyboard.press("m")
    page.keyboard.press("g")
    page.keyboard.press("c")
    expect(page.locator(".drawn-item")).to_have_count(2)
    page.get_by_role("button", name="Save").click()
    page.keyboard.press("Control+Enter")
    why = page.locator(".cam-sheet-why")
    expect(why).to_contain_text("Hà has saved another drawing meanwhile")
    expect(why).to_contain_text("new line")
    page.get_by_role("button", name="Show theirs").click()
    expect(page.locator(".drawn-item")).to_have_count(1)
    expect(page.locator(".drawn-head")).to_contain_text("their line")
    page.locator(".over-drawing").focus()
    page.keyboard.press("Control+z")
    expect(page.locator(".drawn-item")).to_have_count(2)
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Go on drawing").click()
    page.get_by_role("button", name="Save").click()
    page.keyboard.press("Control+Enter")
    expect(page.locator(".camera-saved")).to_be_visible()
    drawn = room.run(room.store.cameras.geometry("cam-gate-01"))
    assert drawn is not None
    assert drawn.revision == 2
    assert [zone.name for zone in drawn.geometry.zones] == ["Bậc thềm"]
    # Whoever goes back to the configuration lets it hold again, and does not copy it.
    page.get_by_role("button", name="Draw").first.click()
    page.get_by_role("button", name="Take what cameras.yaml says").click()
    page.get_by_role("button", name="Save").click()
    page.keyboard.press("Control+Enter")
    expect(page.locator(".camera-saved")).to_be_visible()
    drawn = room.run(room.store.cameras.geometry("cam-gate-01"))
    assert drawn is not None
    assert (drawn.revision, drawn.geometry) == (3, None)


def test_a_finger_draws_too(room: "ControlRoom", cameras: Any, browser: Any, gate: dict[str, Any]) -> None:
    cameras.add("cam-gate-01", "Gate", **{**gate, "file_geometry": Geometry(zones=(Zone("Gate", _SQUARE),))})
    room.run(cameras.tell())
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    try:
        page = context.new_page()
        page.goto(f"{room.url}/?lang=en#cameras/cam-gate-01")
        page.locator(".stage-picture img").wait_for()
        page.locator(".camera-do button").nth(1).tap()
        page.get_by_role("button", name="Zone", exact=True).tap()
        for x, y in ((0.2, 0.1), (0.8, 0.1), (0.5, 0.25)):
            page.touchscreen.tap(*at(page, x, y))
        page.get_by_role("button", name="Finish").tap()
        expect(page.locator(".drawn-item")).to_have_count(2)
        page.locator(".drawn-head").first.tap()
        expect(page.locator(".over-handle")).to_have_count(4)
        page.touchscreen.tap(*at(page, 0.7, 0.3))
        page.get_by_role("button", name="Delete corner").tap()
        expect(page.locator(".over-handle")).to_have_count(3)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    finally:
        context.close()


_SQUARE = ((0.3, 0.3), (0.7, 0.3), (0.7, 0.8), (0.3, 0.8))


def test_an_incident_shows_the_picture_that_made_it_and_the_map_who_is_there(
    room: "ControlRoom", cameras: Any, look: "Look", gate: dict[str, Any], artifacts: Any
) -> None:
    now = clock.now()
    cameras.add("cam-gate-01", "Cổng chợ", **gate)
    room.run(cameras.tell())
    (other,) = room.raise_incidents(1)
    asset = other.assets[0]
    gone = f"scene/2026-01-02/{asset}-1767312001000-ab12cd34.jpg"
    told = [
        {"picture": gone, "box": "0.1,0.1,0.2,0.3"},
        {"picture": cameras.shoot(asset), "box": "0.50,0.25,0.75,0.50"},
    ]
    evidence = tuple(
        event | {"values": event["values"] | values} for event, values in zip(other.evidence[-2:], told, strict=True)
    )
    alert = alert_id("loitering", asset, now)
    incident = replace(other, id=incident_id(alert), alerts=(alert,), evidence=evidence, raised_at=now, updated_at=now)
    room.run(room.store.incidents.apply([incident], []))
    watched = look(room.url, view="#map")
    page = watched.page
    page.locator(".row").first.wait_for()
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    picture = page.locator(".panel-picture .picture")
    box = picture.locator(".picture-box")
    box.wait_for()
    outer, inner = picture.bounding_box(), box.bounding_box()
    assert outer is not None
    assert inner is not None
    assert inner["x"] - outer["x"] == pytest.approx(outer["width"] / 2, abs=1)
    assert inner["width"] == pytest.approx(outer["width"] / 4, abs=1)
    expect(page.locator(".panel .evidence")).not_to_contain_text("0.50")
    picture.click()
    expect(page.locator("dialog.picture-large img")).to_be_visible()
    page.screenshot(path=artifacts / "camera-incident-large.png")
    page.keyboard.press("Escape")
    expect(page.locator("dialog.picture-large")).to_have_count(0)
    expect(page.locator(".panel-picture")).to_be_visible()
    page.screenshot(path=artifacts / "camera-incident.png")
    assert watched.errors == []
    page.get_by_role("button", name="Hình sau").click()
    expect(page.locator(".picture-missing")).to_contain_text("Hình không còn được lưu")
    page.wait_for_function(
        """() => window.__ioc?.map.getSource('camera-people')?.serialize().data.features
            .some(one => one.properties.people === 4)"""
    )
    fields = page.evaluate(
        """() => window.__ioc.map.getSource('camera-fields').serialize().data.features.map(one => one.geometry.type)"""
    )
    assert fields == ["Polygon"]
