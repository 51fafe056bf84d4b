"""The views beside the map: a device that falls silent, and a message that nobody could read."""

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from ioc.model.assets import Asset
from ioc.model.events import AtSource, Event, Rejected, Signal
from ioc.model.identity import digest
from ioc.model.instant import MINUTE, SECOND
from ioc.model.kinds import Kind
from ioc.runtime import clock

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import ControlRoom, Watched

    Look = Callable[..., Watched]

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]


def spoken(asset: str, *, ago: int = 0, signal: Signal | None = None, kind: Kind = Kind.SENSOR) -> Event:
    """Make an event that arrived so long ago."""
    at = clock.now() - ago
    return Event(
        id=digest("spoken", asset, str(at)),
        kind=kind,
        asset=asset,
        at=at,
        received_at=at,
        at_source=AtSource.ARRIVAL,
        codec="frigate",
        signal=signal,
        values={"temp_c": 21.5},
    )


def test_a_device_that_falls_silent_is_found_and_shown_on_the_map(room: "ControlRoom", look: "Look") -> None:
    robin = Asset("cam_robin", Kind.CAMERA, "Đồi Robin 1", lat=11.9215, lon=108.4457, area="xuan-huong")
    room.register([robin, Asset("quiet-1", Kind.SENSOR, "Trạm mưa hồ Tuyền Lâm")])
    steps = range(10 * MINUTE, 25 * MINUTE, 20 * SECOND)
    room.say([spoken("cam_robin", ago=ago, kind=Kind.CAMERA) for ago in reversed(steps)])
    watched = look(room.url)
    page = watched.page
    page.locator(".feed-live, .feed-blind").wait_for()
    page.keyboard.press("g")
    page.keyboard.press("d")
    page.get_by_placeholder("Tên, mã").fill("doi robin")
    row = page.locator(".device-row")
    expect(row).to_have_count(1)
    expect(row.locator(".device-status")).to_have_text("im lặng")
    expect(page).to_have_url(re.compile("#devices$"))
    row.click()
    panel = page.locator(".view-panel")
    expect(panel.locator("h2")).to_have_text("Đồi Robin 1")
    expect(panel).to_contain_text("21,5")
    page.reload()
    expect(panel.locator("h2")).to_have_text("Đồi Robin 1")
    room.say([spoken("cam_robin", kind=Kind.CAMERA)])
    expect(panel.locator(".device-status")).to_have_text("hoạt động")
    page.keyboard.press("m")
    expect(page.locator(".card-body")).to_contain_text("Đồi Robin 1")
    expect(page.locator("#devices")).to_have_count(0)
    page.locator(".card-more").click()
    expect(panel.locator("h2")).to_have_text("Đồi Robin 1")
    page.keyboard.press("Escape")
    expect(panel).to_have_count(0)
    page.go_back()
    expect(page.locator(".map")).to_be_visible()
    assert watched.errors == []


def test_filters_and_counts_go_by_word_and_sign_and_never_by_colour_alone(room: "ControlRoom", look: "Look") -> None:
    room.register([Asset(f"s-{number}", Kind.SENSOR, f"Trạm {number}") for number in range(3)])
    room.say([spoken("s-0"), spoken("s-1", signal=Signal.OFFLINE), spoken("lạ/1")])
    page = look(room.url, lang="en", view="#devices").page
    offline = page.locator(".statuses button", has_text="offline")
    offline.click()
    expect(page.locator(".device-row .device-status").first).to_have_text("offline")
    expect(offline).to_have_attribute("aria-pressed", "true")
    page.get_by_role("button", name="Clear filters").click()
    page.get_by_placeholder("Name, id").fill("lạ/1")
    expect(page.locator(".device-row")).to_have_count(1)
    expect(page.locator(".device-row .unregistered")).to_have_text("not registered")
    page.get_by_placeholder("Name, id").fill("nobody at all")
    expect(page.locator(".nothing")).to_contain_text("No device matches")
    page.locator(".nothing button").click()
    expect(page.locator(".device-row").first).to_be_visible()


def test_of_ten_thousand_devices_the_last_is_reached_and_only_what_is_seen_is_drawn(
    room: "ControlRoom", look: "Look"
) -> None:
    room.register([Asset(f"cam-{number:05}", Kind.CAMERA, f"Camera {number}") for number in range(10_000)])
    watched = look(room.url, view="#devices")
    page = watched.page
    expect(page.locator(".view-head .list-count")).to_contain_text("10.")
    page.locator(".table-head .cell-name button").click()
    page.get_by_placeholder("Tên, mã").fill("camera")
    expect(page.locator(".statuses button").first).to_contain_text("10.000")
    expect(page.locator(".device-row").first).to_contain_text("Camera 0")
    page.locator(".devices-table .table-scroll").evaluate("box => box.scrollTo(0, box.scrollHeight)")
    expect(page.locator(".device-row").last).to_contain_text("Camera 9999")
    assert page.locator(".device-row").count() < 60
    assert watched.errors == []


CODEC = """\
codec: hall
kind: sensor
messages:
  - name: heat
    topics: hall/{device}/state
    asset: "{device}"
    values:
      temp_c: {path: t, scale: 0.1}
"""


def test_a_message_that_nobody_could_read_is_read_by_a_codec_that_is_tried(room: "ControlRoom", look: "Look") -> None:
    now = clock.now()
    strange = Rejected("hall/heat-7/state", b'{"t": 215}', 10, None, "no codec takes this topic", now)
    room.refuse([strange, strange, Rejected("cam/7/snapshot", b"\xff\xd8\xff\xe0", 48_213, None, "a picture", now)])
    watched = look(room.url, view="#rejected")
    page = watched.page
    expect(page.locator(".rejected-row")).to_have_count(2)
    page.locator(".rejected-row", has_text="cam/7/snapshot").click()
    expect(page.locator(".bytes-hex")).to_contain_text("ff d8 ff e0")
    page.locator(".rejected-row", has_text="hall/heat-7/state").click()
    expect(page.locator(".bytes")).to_contain_text('"t": 215')
    page.get_by_role("button", name="Thử", exact=True).click()
    expect(page.locator(".trial-verdict")).to_contain_text("Không bộ giải mã nào nhận")
    page.get_by_label("Bộ giải mã (YAML)").fill(CODEC.replace("sensor", "robot"))
    page.keyboard.press("Control+Enter")
    expect(page.locator(".trial-refusal")).to_contain_text(re.compile(r":2:7: "))
    page.get_by_label("Bộ giải mã (YAML)").fill(CODEC)
    page.keyboard.press("Control+Enter")
    expect(page.locator(".trial-verdict")).to_contain_text("hall đọc được")
    expect(page.locator(".trial-event")).to_contain_text("heat-7")
    expect(page.locator(".trial-event")).to_contain_text("21,5")
    expect(page.locator(".attempt-taken")).to_contain_text("device = heat-7")
    assert [error for error in watched.errors if "422" not in error] == []


def test_topics_and_payloads_from_outside_are_text_and_never_markup(room: "ControlRoom", look: "Look") -> None:
    evil = '<img src="x" onerror="window.pwned=1">'
    payload = f"{evil}\u202e".encode()
    room.refuse([Rejected(f"a/{evil}", payload, len(payload), None, f"no {evil}", clock.now())])
    room.say([spoken(f"id {evil}")])
    page = look(room.url, view="#rejected").page
    page.locator(".rejected-row").click()
    expect(page.locator(".bytes")).to_have_text(f"{evil}⟨202e⟩")
    expect(page.locator(".trial-panel h2")).to_have_text(f"no {evil}")
    page.keyboard.press("Escape")
    page.keyboard.press("g")
    page.keyboard.press("d")
    page.get_by_placeholder("Tên, mã").fill("onerror")
    expect(page.locator(".device-row")).to_have_count(1)
    page.locator(".device-row").click()
    expect(page.locator(".view-panel h2")).to_have_text(f"id {evil}")
    assert page.evaluate("window.pwned") is None


def test_a_store_that_refuses_is_said_on_every_view(room: "ControlRoom", look: "Look") -> None:
    page = look(room.url, view="#devices").page
    page.locator(".device-row").first.wait_for()
    room.trouble = '{"vi": "Kho dữ liệu không nhận sự kiện: đã đầy.", "en": "The store refuses: it is full."}'
    expect(page.locator(".banner-bad")).to_contain_text("Kho dữ liệu không nhận sự kiện: đã đầy.")
    room.trouble = ""
    expect(page.locator(".banner-bad")).to_have_count(0)
