"""Pictures of the page for people to look at, kept under artifacts/screenshots; each also asserts that nothing broke."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Page

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
    for lang, theme in LOOKS:
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
