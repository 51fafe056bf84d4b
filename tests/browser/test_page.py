"""What an operator can see and do, in a real browser."""

import asyncio
import json
import re
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
from paho.mqtt import publish
from playwright.sync_api import expect

from ioc.model.assets import Asset
from ioc.model.instant import SECOND
from ioc.model.kinds import Kind
from ioc.runtime import clock
from ioc.store.opening import open_store

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import ControlRoom, Watched

    Look = Callable[..., Watched]

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]


def register(store_url: str, *assets: Asset) -> None:
    """Write the registry from a thread of its own: the browser's library has this thread's loop."""

    async def write() -> None:
        async with open_store(store_url) as store:
            await store.assets.replace(assets)

    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, write()).result(10)


@pytest.mark.end_to_end
def test_a_message_of_a_camera_becomes_a_row_and_a_mark_on_every_screen(product: Any, look: "Look") -> None:
    camera = Asset("cam_robin", Kind.CAMERA, "Đồi Robin 1", lat=11.9215, lon=108.4457, area="xuan-huong")
    register(product.redis, camera)
    watched = look(product.url)
    page = watched.page
    expect(page.locator(".feed-live, .feed-blind")).to_be_visible()
    page.wait_for_function("() => window.__ioc !== undefined && window.__ioc.map.getLayer('incident-sign')")
    page.wait_for_function("() => window.__ioc.map.getSource('assets-fixed').serialize().data.features?.length === 1")
    seen = {"id": "1732251.84-x9f2k", "camera": camera.id, "label": "smoke", "score": 0.91, "top_score": 0.91}
    now = clock.now() / SECOND
    seen |= {"start_time": now, "frame_time": now, "end_time": None, "current_zones": [], "entered_zones": []}
    message = {"type": "new", "before": seen, "after": seen}
    publish.single("frigate/events", json.dumps(message), qos=1, hostname="127.0.0.1", port=product.mqtt_port)
    row = page.locator(".row").first
    expect(row).to_contain_text(camera.name)
    incident = (row.get_attribute("id") or "").removeprefix("row-")
    assert [found["id"] for found in product.get("/api/incidents")["incidents"]] == [incident]
    watched.wait_for_mark(incident)
    expect(page).to_have_title(re.compile(r"^\(1\) IOC"))
    assert watched.errors == []
    assert watched.outside == []


def test_an_incident_is_taken_from_the_keyboard_and_every_screen_sees_whose_it_is(
    room: "ControlRoom", look: "Look"
) -> None:
    room.raise_incidents(1)
    mine, other = look(room.url), look(room.url, lang="en")
    expect(other.page.locator(".row")).to_contain_text("new")
    mine.page.locator(".row").wait_for()
    mine.page.keyboard.press("j")
    mine.page.keyboard.press("a")
    # The name is asked for once, in place; what was wanted then goes on by itself.
    name = mine.page.get_by_label("Tên của bạn")
    expect(name).to_be_focused()
    name.fill("Lan")
    name.press("Enter")
    expect(mine.page.locator(".row")).to_contain_text("đã nhận")
    expect(mine.page.locator(".timeline")).to_contain_text("Lan đã nhận việc")
    expect(other.page.locator(".row")).to_contain_text("acknowledged")
    expect(other.page.locator(".row")).to_contain_text("Lan")
    mine.page.keyboard.press("c")
    mine.page.keyboard.type("Đã gọi kiểm lâm <b>& đội 4</b>")
    mine.page.keyboard.press("Control+Enter")
    expect(mine.page.locator(".timeline .said")).to_have_text("Đã gọi kiểm lâm <b>& đội 4</b>")
    mine.page.get_by_role("button", name="Đã xử lý").click()
    mine.page.locator(".writing button[type=submit]").click()
    expect(mine.page.locator(".timeline")).to_contain_text("Lan đã xử lý")
    assert mine.errors == other.errors == []


def test_every_key_does_what_the_sheet_of_keys_says(room: "ControlRoom", look: "Look") -> None:
    room.raise_incidents(6)
    page = look(room.url, operator="Lan").page
    page.locator(".row").first.wait_for()
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("k")
    expect(page.locator(".row").first).to_have_class(re.compile("row-current"))
    page.keyboard.press("Enter")
    expect(page.locator(".panel h2")).to_have_text(page.locator(".row-title").first.text_content() or "a title")
    page.keyboard.press("j")
    expect(page.locator(".panel h2")).to_have_text(page.locator(".row-title").nth(1).text_content() or "a title")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.locator(".panel")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator(".panel")).to_have_count(0)
    page.keyboard.press("g")
    page.keyboard.press("i")
    assert page.evaluate("document.activeElement.closest('.list') !== null")


def test_the_page_speaks_both_languages_and_remembers_which(room: "ControlRoom", look: "Look") -> None:
    room.raise_incidents(1)
    watched = look(room.url)
    page = watched.page
    expect(page.locator(".row-title")).to_contain_text("Khói ở")
    expect(page.locator("html")).to_have_attribute("lang", "vi")
    page.get_by_role("button", name="EN", exact=True).click()
    expect(page.locator(".row-title")).to_contain_text("Smoke at")
    expect(page.get_by_role("heading", name="Incidents")).to_be_visible()
    page.goto(room.url)
    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(page.locator(".row-title")).to_contain_text("Smoke at")
    assert watched.errors == []


def test_search_without_accents_finds_places_devices_and_incidents(room: "ControlRoom", look: "Look") -> None:
    [incident] = room.raise_incidents(1)
    page = look(room.url).page
    page.locator(".row").wait_for()
    page.keyboard.press("/")
    page.keyboard.type("cho da lat")
    expect(page.locator(".hit-label").first).to_have_text("Chợ Đà Lạt")
    page.keyboard.press("Control+a")
    page.keyboard.type("khoi o")
    expect(page.locator(".hit-label").first).to_have_text(incident.title["vi"])
    page.keyboard.press("Enter")
    expect(page.locator(".panel h2")).to_have_text(incident.title["vi"])


def test_filters_narrow_the_list_and_the_map_and_say_what_they_hide(room: "ControlRoom", look: "Look") -> None:
    room.raise_incidents(6)
    watched = look(room.url)
    page = watched.page
    expect(page.locator(".row")).to_have_count(6)
    page.get_by_role("button", name="Bộ lọc").click()
    page.get_by_label("Loại").select_option("wifi")
    expect(page.locator(".row")).to_have_count(1)
    watched.wait_for_mark((page.locator(".row").get_attribute("id") or "").removeprefix("row-"))
    assert len(watched.marks()) == 1
    page.get_by_role("button", name="Hiện hoặc ẩn: Nghiêm trọng").click()
    expect(page.locator(".nothing")).to_contain_text("6 vụ việc đang mở bị bộ lọc ẩn đi")
    page.locator(".nothing button").click()
    expect(page.locator(".row")).to_have_count(6)


def test_what_arrives_while_the_list_is_read_waits_behind_a_pill(room: "ControlRoom", look: "Look") -> None:
    room.raise_incidents(2)
    page = look(room.url).page
    expect(page.locator(".row")).to_have_count(2)
    page.locator(".row").first.hover()
    room.raise_incidents(5)  # three of them are new
    pill = page.get_by_role("button", name="Hiện 3 vụ việc mới")
    expect(pill).to_be_visible()
    expect(page.locator(".row")).to_have_count(2)
    pill.click()
    expect(page.locator(".row")).to_have_count(5)


def test_a_feed_that_is_gone_is_said_and_comes_back_by_itself(room: "ControlRoom", look: "Look") -> None:
    room.raise_incidents(1)
    page = look(room.url).page
    expect(page.locator(".feed-live")).to_be_visible()
    room.stop_serving()
    expect(page.locator(".banner-bad")).to_contain_text(re.compile(r"Mất kết nối từ \d\d:\d\d:\d\d"))
    expect(page.locator(".map-dim")).to_be_visible()
    expect(page.locator(".row")).to_have_count(1)
    room.raise_incidents(2)
    room.serve()
    expect(page.locator(".feed-live")).to_be_visible()
    expect(page.locator(".banner-bad")).to_have_count(0)
    expect(page.locator(".row")).to_have_count(2)


def test_a_city_that_sends_nothing_is_blind_and_never_live(room: "ControlRoom", look: "Look") -> None:
    room.speaking = False
    page = look(room.url).page
    expect(page.locator(".feed-blind")).to_be_visible()
    expect(page.locator(".feed-live")).to_have_count(0)
    room.speaking = True
    expect(page.locator(".feed-live")).to_be_visible()


def test_words_from_outside_are_text_and_never_markup(room: "ControlRoom", look: "Look") -> None:
    evil = '<img src="x" onerror="window.pwned=1"><script>window.pwned=1</script>'
    [incident] = room.raise_incidents(1, title=evil)
    watched = look(room.url)
    page = watched.page
    expect(page.locator(".row-title")).to_have_text(evil)
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.locator(".panel h2")).to_have_text(evil)
    watched.wait_for_mark(incident.id)
    assert page.evaluate("window.pwned") is None
    assert watched.errors == []


def test_the_plain_map_asks_nothing_of_anybody_outside(room: "ControlRoom", look: "Look") -> None:
    [incident] = room.raise_incidents(1)
    watched = look(room.url, still=False)
    watched.wait_for_mark(incident.id)
    assert watched.outside == []
    assert watched.errors == []


def test_a_base_map_that_cannot_be_had_leaves_the_plain_one_and_a_word(room: "ControlRoom", look: "Look") -> None:
    [incident] = room.raise_incidents(1)
    room.stop_serving()
    room.serve("http://127.0.0.1:9/style.json")
    watched = look(room.url)
    expect(watched.page.locator(".map-note")).to_contain_text("Không tải được bản đồ nền")
    watched.wait_for_mark(incident.id)
    assert watched.page.evaluate("window.__ioc.map.getLayer('forest') !== undefined")


def test_a_style_from_elsewhere_lies_under_our_marks_and_lends_no_letters(room: "ControlRoom", look: "Look") -> None:
    [incident] = room.raise_incidents(1)
    room.stop_serving()
    room.serve("http://127.0.0.1:9/style.json")
    style = {
        "version": 8,
        "glyphs": "http://127.0.0.1:9/{fontstack}/{range}.pbf",
        "sources": {"spot": {"type": "geojson", "data": {"type": "Point", "coordinates": [108.44, 11.94]}}},
        "layers": [
            {"id": "paper", "type": "background", "paint": {"background-color": "#203040"}},
            {"id": "word", "type": "symbol", "source": "spot", "layout": {"text-field": "Đà Lạt", "text-font": ["X"]}},
        ],
    }
    watched = look(room.url, route=("**/style.json", json.dumps(style)))
    watched.wait_for_mark(incident.id)
    assert watched.page.evaluate("window.__ioc.map.getLayer('paper') !== undefined")
    assert not any(".pbf" in url for url in watched.requests)
    assert watched.errors == []


def test_no_letter_of_the_maps_font_is_one_that_maplibre_drops(room: "ControlRoom", look: "Look") -> None:
    page = look(room.url).page
    dropped = page.evaluate(
        """async () => {
            const letters = [];
            for (const [from, to] of [[0x21, 0x250], [0x1ea0, 0x1efa]])
                for (let code = from; code < to; code += 1) letters.push(String.fromCodePoint(code));
            const found = [];
            for (const [family, weight] of [["Map Regular", 400], ["Map Medium", 500]]) {
                await document.fonts.load(`${weight} 48px "${family}"`, letters.join(""));
                const context = new OffscreenCanvas(9, 9).getContext("2d");
                context.font = `${weight} 48px ${family}`;
                // A top of 27.5 units is 0 after the library's shift, which it takes for "not measured".
                found.push(...letters.filter(one => Math.ceil(context.measureText(one).actualBoundingBoxAscent) === 55));
            }
            return found;
        }"""
    )
    assert dropped == []
