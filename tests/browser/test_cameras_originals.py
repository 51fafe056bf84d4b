"""Pictures before faces were blurred, in a real browser: who looks says why first, and that is written down."""

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import pytest
from playwright.sync_api import expect

from ioc.model.identity import alert_id, incident_id
from ioc.runtime import clock
from ioc.store.audit import AuditLog

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import ControlRoom, Watched

    from ioc.store.pictures.originals import Originals

    Look = Callable[..., Watched]

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

COLOUR = """image => {
    const canvas = document.createElement('canvas');
    canvas.width = canvas.height = 1;
    const drawing = canvas.getContext('2d');
    drawing.drawImage(image, 0, 0, 1, 1);
    return [...drawing.getImageData(0, 0, 1, 1).data].slice(0, 3);
}"""
"""What an image shows on the whole: red, green, blue."""

IS_HELD = """address => new Promise(tell => {
    const image = new Image();
    image.onload = () => tell(true);
    image.onerror = () => tell(false);
    image.src = address;
})"""


def red() -> bytes:
    """Draw a picture that no camera takes."""
    picture = np.zeros((540, 960, 3), np.uint8)
    picture[:] = (0, 0, 250)
    return bytes(cv2.imencode(".jpg", picture)[1])


def test_who_sees_a_picture_unblurred_says_why_and_is_written_down(
    room: "ControlRoom", cameras: Any, originals: "Originals", look: "Look", gate: dict[str, Any], artifacts: Any
) -> None:
    now = clock.now()
    cameras.add("cam-gate-01", "Cổng chợ", **gate)
    room.run(cameras.tell())
    (other,) = room.raise_incidents(1)
    asset = other.assets[0]
    kept, bare = cameras.shoot(asset), cameras.shoot(asset)
    originals.write(kept, red())
    evidence = tuple(
        event | {"values": event["values"] | {"picture": picture}}
        for event, picture in zip(other.evidence[-2:], (bare, kept), strict=True)
    )
    alert = alert_id("loitering", asset, now)
    incident = replace(other, id=incident_id(alert), alerts=(alert,), evidence=evidence, raised_at=now, updated_at=now)
    room.run(room.store.incidents.apply([incident], []))
    audit = AuditLog(room.store.connection)
    watched = look(room.url, view="#map")
    page = watched.page
    page.locator(".row").first.wait_for()
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.locator(".panel-picture .picture").focus()
    page.keyboard.press("Enter")
    large = page.locator("dialog.picture-large")
    see = large.get_by_role("button", name="Xem ảnh gốc")
    see.focus()
    page.keyboard.press("Enter")
    # It is said before anything is sent; nobody knows yet who this is, so the name comes first.
    expect(large).to_contain_text(re.compile("ghi vĩnh viễn vào nhật ký kiểm tra, kèm tên và lý do"))
    expect(large.locator("input")).to_be_focused()
    page.keyboard.type("Lan")
    page.keyboard.press("Tab")
    expect(large.locator("textarea")).to_be_focused()
    send = large.get_by_role("button", name="Ghi nhật ký và xem")
    expect(send).to_be_disabled()
    page.keyboard.type("  ")
    page.keyboard.press("Control+Enter")
    expect(send).to_be_disabled()
    page.screenshot(path=artifacts / "camera-original-asked.png")
    page.keyboard.press("Escape")
    expect(large.locator("form")).to_have_count(0)
    expect(see).to_be_focused()
    assert not [url for url in watched.requests if "/original" in url]
    assert room.run(audit.entries()) == []
    page.keyboard.press("Enter")
    large.locator("input").fill("Lan")
    large.locator("textarea").fill("Trẻ lạc, vụ 7")
    # Keys that turn pictures over move within the text here.
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Control+Enter")
    image = large.locator(".picture-whole img")
    expect(image).to_have_attribute("src", re.compile("^blob:"))
    expect(large.locator(".picture-unblurred")).to_have_text("ảnh gốc, chưa làm mờ")
    expect(large.get_by_role("button", name="Làm mờ trở lại")).to_be_focused()
    assert image.evaluate("image => image.decode()") is None
    shown = image.evaluate(COLOUR)
    assert shown[0] > 200
    assert max(shown[1:]) < 60
    page.screenshot(path=artifacts / "camera-original.png")
    (entry,) = room.run(audit.entries())
    assert (entry.who, entry.what, entry.subject, entry.reason) == ("Lan", "original seen", kept, "Trẻ lạc, vụ 7")
    held = image.get_attribute("src")
    page.keyboard.press("Escape")
    expect(large).to_have_count(0)
    expect(page.locator(".panel-picture .picture")).to_be_focused()
    assert watched.errors == []
    assert page.evaluate(IS_HELD, held) is False
    # The blurred one is back; to look again is to say again why. The other picture has no original.
    page.keyboard.press("Enter")
    expect(image).to_have_attribute("src", re.compile("^/api/pictures/"))
    page.keyboard.press("ArrowRight")
    see.click()
    expect(large.locator("input")).to_have_value("Lan")
    expect(large.locator("textarea")).to_be_focused()
    page.keyboard.type("vụ 7")
    send.click()
    expect(large.get_by_role("alert")).to_contain_text("Không có ảnh gốc của hình này")
    assert [one.subject for one in room.run(audit.entries())] == [kept, bare]
    room.stop_serving()
    send.click()
    expect(large.get_by_role("alert")).to_contain_text("Máy chủ không trả lời")
    expect(large.locator("textarea")).to_have_value("vụ 7")
    room.originals = None
    room.serve()
    send.click()
    expect(large.get_by_role("alert")).to_contain_text("thành phố không lưu ảnh gốc")
    page.keyboard.press("Escape")
    # A city that keeps none is not asked for any.
    expect(see).to_have_count(0)
    expect(large).to_contain_text("Khuôn mặt đã được làm mờ.")
