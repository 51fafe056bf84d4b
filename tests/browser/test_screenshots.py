"""Pictures of the page for people to look at, kept under artifacts/screenshots; each also asserts that nothing broke."""

import os
import random
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Page

from ioc.model.assets import Asset
from ioc.model.events import AtSource, Event, Rejected, Signal
from ioc.model.gaps import Gap
from ioc.model.instant import HOUR, MINUTE, SECOND
from ioc.model.kinds import Kind
from ioc.runtime import clock

if TYPE_CHECKING:
    from conftest import ControlRoom, Watched

# Software drawing of a wall-sized map takes a second a frame on a machine with other work.
pytestmark = [pytest.mark.browser, pytest.mark.timeout(400)]

WALL, DESK, PHONE = (1920, 1080), (1280, 720), (390, 844)


def settled(page: Page) -> None:
    """Wait until the map has drawn everything it has."""
    page.wait_for_function("() => window.__ioc !== undefined && document.fonts.status === 'loaded'")
    page.wait_for_function("() => window.__ioc.map.isStyleLoaded() && window.__ioc.map.areTilesLoaded()", polling=200)
    page.evaluate(
        """() => new Promise(resolve => {
            window.__ioc.map.once('idle', resolve);
            window.__ioc.map.triggerRepaint();
        })"""
    )


def open_first(page: Page) -> None:
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.locator(".panel .timeline li").first.wait_for()


LOOKS = (("vi", "dark"), ("en", "light"))


def looks_of(base: str, size: tuple[int, int]) -> tuple[tuple[str, str], ...]:
    """Both looks on a desk; elsewhere one over each base map, unless all pictures are asked for (make screenshots)."""
    if size == DESK or os.environ.get("IOC_ALL_SCREENSHOTS"):
        return LOOKS
    return (LOOKS[(base == "tiles") != (size == PHONE)],)


@pytest.mark.parametrize("size", [WALL, DESK, PHONE], ids=["wall", "desk", "phone"])
@pytest.mark.parametrize("base", ["plain", "tiles"])
def test_a_working_day_over_both_base_maps(
    request: pytest.FixtureRequest,
    look: "Callable[..., Watched]",
    artifacts: Path,
    base: str,
    size: tuple[int, int],
) -> None:
    room: ControlRoom = request.getfixturevalue("room" if base == "plain" else "room_with_tiles")
    room.raise_incidents(24)
    for lang, theme in looks_of(base, size):
        watched = look(room.url, size=size, lang=lang, theme=theme, operator="Lan")
        page = watched.page
        page.locator(".row").first.wait_for()
        settled(page)
        name = f"{base}-{size[0]}x{size[1]}-{lang}-{theme}"
        page.screenshot(path=artifacts / f"{name}.png")
        open_first(page)
        if base == "tiles":
            page.keyboard.press("m")
        settled(page)
        page.screenshot(path=artifacts / f"{name}-open.png")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert watched.errors == []
        assert watched.outside == []
        page.close()


@pytest.mark.parametrize("count", [0, 3, 300])
def test_a_quiet_a_usual_and_a_terrible_day(
    room: "ControlRoom", look: "Callable[..., Watched]", artifacts: Path, count: int
) -> None:
    room.raise_incidents(count)
    for size in (WALL, PHONE):
        watched = look(room.url, size=size, operator="Lan")
        watched.page.locator(".row" if count else ".nothing").first.wait_for()
        settled(watched.page)
        watched.page.screenshot(path=artifacts / f"incidents-{count}-{size[0]}x{size[1]}.png")
        assert watched.errors == []


def test_the_longest_titles_do_not_break_anything(
    room: "ControlRoom", look: "Callable[..., Watched]", artifacts: Path
) -> None:
    room.raise_incidents(12, longest=True)
    for size in (DESK, PHONE):
        watched = look(room.url, size=size, operator="Nguyễn Hoàng Minh Phương Thảo")
        watched.page.locator(".row").first.wait_for()
        open_first(watched.page)
        settled(watched.page)
        watched.page.screenshot(path=artifacts / f"longest-{size[0]}x{size[1]}.png")
        assert watched.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert watched.errors == []


def test_a_lost_feed_and_a_blind_city_look_like_nothing_else(
    room: "ControlRoom", look: "Callable[..., Watched]", artifacts: Path
) -> None:
    room.raise_incidents(6)
    room.speaking = False
    for size in (DESK, PHONE):
        blind = look(room.url, size=size).page
        blind.locator(".feed-blind").wait_for()
        settled(blind)
        blind.screenshot(path=artifacts / f"blind-{size[0]}x{size[1]}.png")
    room.speaking = True
    pages = [look(room.url, size=size).page for size in (DESK, PHONE)]
    for page in pages:
        page.locator(".feed-live").wait_for()
        settled(page)
    room.stop_serving()
    for page, size in zip(pages, (DESK, PHONE), strict=True):
        page.locator(".banner-bad").wait_for()
        page.wait_for_timeout(400)  # the map's dimming is a transition
        page.screenshot(path=artifacts / f"offline-{size[0]}x{size[1]}.png")


def test_search_device_layers_and_keys(room: "ControlRoom", look: "Callable[..., Watched]", artifacts: Path) -> None:
    room.raise_incidents(12)
    watched = look(room.url, size=DESK, operator="Lan")
    page = watched.page
    page.locator(".row").first.wait_for()
    settled(page)
    page.keyboard.press("/")
    page.keyboard.type("ho xuan huong")
    page.locator(".hit").first.wait_for()
    page.screenshot(path=artifacts / "search.png")
    page.locator(".hit", has_text="cam-").first.click()
    page.locator(".card-body").wait_for()
    settled(page)
    page.screenshot(path=artifacts / "device.png")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Bộ lọc").click()
    page.get_by_role("button", name="Lớp").click()
    page.screenshot(path=artifacts / "filters-layers.png")
    page.get_by_role("button", name="Chú giải").click()
    page.keyboard.press("?")
    page.locator("dialog").wait_for()
    page.screenshot(path=artifacts / "keys-legend.png")
    assert watched.errors == []


LONG_NAME = "Camera giám sát cháy rừng đồi Robin – hồ Tuyền Lâm, hướng nhìn đèo Prenn, trạm kiểm lâm số 3 (dự phòng)"


def many_devices(count: int) -> list[Asset]:
    """Register devices of all kinds, some with the longest of names."""
    kinds = list(Kind)
    return [
        Asset(
            f"{kinds[number % 6]}-{number:05}",
            kinds[number % 6],
            LONG_NAME if number % 7 == 3 else f"Điểm quan sát {number}, chợ Đà Lạt",
            lat=11.94,
            lon=108.44,
            area=("xuan-huong", "cam-ly", "lam-vien")[number % 3],
        )
        for number in range(count)
    ]


def an_hour_of_reports(assets: list[Asset], unregistered: str) -> list[Event]:
    """Let devices speak for an hour at their own paces; a few have fallen silent, one has said that it is gone."""
    now, chance = clock.now(), random.Random(3)
    events = []
    for number, name in enumerate([*(asset.id for asset in assets), unregistered]):
        if number % 11 == 5:
            continue
        every = (20, 60, 300, 900)[number % 4] * SECOND
        quiet = 40 * MINUTE if number % 13 == 4 else 0
        for ago in range(HOUR, quiet, -every):
            at = now - ago + chance.randrange(every // 2)
            gone = number % 17 == 7 and ago - every <= quiet
            events.append(
                Event(
                    id=f"{name}:{at}",
                    kind=assets[number].kind if number < len(assets) else Kind.SENSOR,
                    asset=name,
                    at=at,
                    received_at=at,
                    at_source=AtSource.DEVICE,
                    codec=("ioc", "frigate", "zigbee2mqtt", "chirpstack-v4")[number % 4],
                    signal=Signal.OFFLINE if gone else None,
                    values={"temp_c": 21.4, "battery": 87.0, "label": "đỗ xe sai quy định"},
                )
            )
    return sorted(events, key=lambda event: event.at)


@pytest.mark.parametrize("size", [WALL, DESK, PHONE], ids=["wall", "desk", "phone"])
def test_devices_of_all_statuses_with_the_longest_names(
    room: "ControlRoom", look: "Callable[..., Watched]", artifacts: Path, size: tuple[int, int]
) -> None:
    assets = many_devices(80)
    room.register([*room.fleet.assets, *assets])
    room.say(an_hour_of_reports(assets, "dam/gate-3/thiết bị chưa đăng ký"))
    room.lose([Gap(assets[2].id, "a1", 17, 21, clock.now()), Gap(assets[2].id, "a1", 40, 40, clock.now())])
    topic = f"ioc/{assets[2].kind}/{assets[2].id}/events"
    reason = "pm25 is 1e400, which is no finite number"
    room.refuse([Rejected(topic, b'{"pm25": 1e400}', 15, "ioc", reason, clock.now())])
    for lang, theme in (*LOOKS, ("vi", "light"), ("en", "dark")):
        watched = look(room.url, size=size, lang=lang, theme=theme, view="#devices")
        page = watched.page
        page.locator(".view-head .list-count", has_text="81").wait_for()
        page.wait_for_function("() => document.fonts.status === 'loaded'")
        name = f"devices-{size[0]}x{size[1]}-{lang}-{theme}"
        page.screenshot(path=artifacts / f"{name}.png")
        page.locator(".view-search input").fill(assets[2].id)
        page.locator(".device-row", has_text=assets[2].id).first.click()
        page.locator(".view-panel .values").wait_for()
        page.screenshot(path=artifacts / f"{name}-open.png")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert watched.errors == []
        page.close()


def test_ten_thousand_devices_and_none(room: "ControlRoom", look: "Callable[..., Watched]", artifacts: Path) -> None:
    room.register(many_devices(10_000))
    page = look(room.url, size=DESK, view="#devices").page
    page.locator(".view-head .list-count", has_text="10.").wait_for()
    page.locator(".devices-table .table-scroll").evaluate("box => box.scrollTo(0, 200_000)")
    page.locator(".device-row").nth(4).wait_for()
    page.screenshot(path=artifacts / "devices-10000.png")
    page.locator(".view-search input").fill("không có đâu")
    page.locator(".nothing").wait_for()
    page.screenshot(path=artifacts / "devices-none.png")


def refused_messages() -> list[Rejected]:
    """Messages of all sorts that nobody could read."""
    now = clock.now()

    def one(topic: str, payload: bytes, codec: str | None, reason: str, *, ago: int = 0, size: int = 0) -> Rejected:
        return Rejected(topic, payload, size or len(payload), codec, reason, now - ago * SECOND)

    heat = b'{"t": 215, "rh": 61, "bat": "87%", "at": "22/11/2026 08:00:01", "gate": {"open": true, "cm": 45}}'
    return [
        *[one("hall/heat-7/state", heat, None, "no codec takes this topic", ago=ago) for ago in range(400, 0, -2)],
        one(
            "frigate/cam_robin/snapshot",
            b"\xff\xd8\xff\xe0\x00\x10JFIF" * 40,
            "frigate",
            "a picture is no event",
            size=48_213,
        ),
        one("zigbee2mqtt/cua-so-nha-van-hoa-phuong-xuan-huong-da-lat/set", b"ON", "zigbee2mqtt", "'ON' is no mapping"),
        one(
            "ioc/sensor/air-12/events",
            b'{"at": 1e400, "pm25": NaN}',
            "ioc",
            "the JSON cannot be read: NaN is not a number that JSON knows, at byte 22 of 26; send null or leave it out",
            ago=75,
        ),
        one("a/\u202egnp.exe", "xin chào\x07 \u202eabc\n".encode(), None, "no codec takes this topic", ago=7_300),
        one("event air-12:a1:77 of air-12", b"", "ioc", "pm25 was a number when it first came, and now is 'n/a'"),
    ]


CODEC = """\
codec: hall
kind: sensor
messages:
  - name: heat
    topics: hall/{device}/state
    asset: "{device}"
    values:
      temp_c: {path: t, scale: 0.1}
      humidity: rh
      battery: bat
"""


@pytest.mark.parametrize("size", [WALL, DESK, PHONE], ids=["wall", "desk", "phone"])
def test_what_could_not_be_read_and_what_a_codec_makes_of_it(
    room: "ControlRoom", look: "Callable[..., Watched]", artifacts: Path, size: tuple[int, int]
) -> None:
    room.refuse(refused_messages())
    for lang, theme in (*LOOKS, ("vi", "light"), ("en", "dark")):
        watched = look(room.url, size=size, lang=lang, theme=theme, view="#rejected")
        page = watched.page
        page.locator(".rejected-row").first.wait_for()
        page.wait_for_function("() => document.fonts.status === 'loaded'")
        name = f"rejected-{size[0]}x{size[1]}-{lang}-{theme}"
        page.screenshot(path=artifacts / f"{name}.png")
        page.locator(".rejected-row", has_text="snapshot").click()
        page.locator(".bytes-hex").wait_for()
        page.screenshot(path=artifacts / f"{name}-hex.png")
        page.keyboard.press("Escape")
        page.locator(".rejected-row", has_text="hall/heat-7").click()
        page.locator(".trial-form .button-main").click()
        page.locator(".trial-verdict").wait_for()
        page.locator(".trial-verdict").scroll_into_view_if_needed()
        page.screenshot(path=artifacts / f"{name}-nearest.png")
        page.locator(".trial-form textarea").nth(1).fill(CODEC)
        page.locator(".trial-form .button-main").click()
        page.locator(".attempt-taken").wait_for()
        page.locator(".attempt-taken").scroll_into_view_if_needed()
        page.screenshot(path=artifacts / f"{name}-tried.png")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert watched.errors == []
        page.close()


def test_everything_could_be_read(room: "ControlRoom", look: "Callable[..., Watched]", artifacts: Path) -> None:
    watched = look(room.url, size=DESK, view="#rejected")
    watched.page.locator(".nothing").wait_for()
    watched.page.screenshot(path=artifacts / "rejected-none.png")
    watched.page.locator(".view-do").click()
    watched.page.locator(".trial-form").wait_for()
    watched.page.screenshot(path=artifacts / "rejected-own.png")
    assert watched.errors == []


def test_a_wall_and_a_handover_on_paper(room: "ControlRoom", look: "Callable[..., Watched]", artifacts: Path) -> None:
    room.raise_incidents(12)
    for view, there in (("", ".row"), ("#devices", ".device-row")):
        page = look(f"{room.url}", size=WALL, view=f"&wall=1{view}").page
        page.locator(there).first.wait_for()
        if view == "":
            settled(page)
        page.screenshot(path=artifacts / f"wall-mode-{view.removeprefix('#') or 'map'}.png")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert page.locator(".search").is_hidden()
        page.close()
    page = look(room.url, size=DESK, operator="Lan").page
    page.locator(".row").first.wait_for()
    open_first(page)
    page.emulate_media(media="print")
    page.screenshot(path=artifacts / "print.png", full_page=True)
    assert page.locator(".map").is_hidden()
    assert page.evaluate("getComputedStyle(document.querySelector('.row-title')).color") == "rgb(0, 0, 0)"
