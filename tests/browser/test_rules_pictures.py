"""What a rule would have done, as an author sees it: over time, by value, as a load, on the map, and why not here."""

import asyncio
import time
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import Page, expect
from sensor_month import write_sensor_month

from ioc.assembly.handover import Handover
from ioc.assembly.rules_bench import RulesBenchProcess
from ioc.model.instant import MINUTE

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from conftest import ControlRoom, Watched
    from pretend_bench import PretendBench

    Look = Callable[..., Watched]

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

# Software draws the map here, on a machine that other tests may share.
expect.set_options(timeout=20_000)

AIR = "#rules/air-hazard"
DRAWN = """() => window.__ioc === undefined ? [] : window.__ioc.map
    .queryRenderedFeatures({layers: ['what-if-same', 'what-if-sign'].filter(id => window.__ioc.map.getLayer(id))})
    .map(feature => feature.properties.image)"""


def counts(page: Page) -> dict[str, int]:
    """What stands beside the lanes."""
    said = page.locator(".lane-label").evaluate_all(
        "labels => labels.map(one => [one.querySelector('.change-sign').classList[1], one.querySelector('b').textContent])"
    )
    return {name.removeprefix("change-"): int(count.replace(",", "").replace(".", "")) for name, count in said}


def opened(look: "Look", room: "ControlRoom", **more: Any) -> "Watched":
    """Open the rule and wait for its pictures."""
    watched = look(room.url, **({"lang": "en", "size": (1920, 1080), "view": AIR} | more))
    watched.page.locator(".what-if-lines canvas").wait_for(state="attached")
    return watched


def drawn(page: Page) -> set[str]:
    """Which signs the map has drawn."""
    return {image.removeprefix("what-if-") for image in page.evaluate(DRAWN)}


def until_drawn(page: Page, sign: str) -> None:
    """Wait until the map has drawn a sign."""
    for _ in range(300):
        if sign in drawn(page):
            return
        page.wait_for_timeout(50)
    pytest.fail(f"the map never drew {sign!r}; it drew {drawn(page)}")


def until_asked(page: Page, bench: "PretendBench", text: str) -> None:
    """Wait until the last trial was of such a text."""
    for _ in range(300):
        if text in bench.asked[-1]:
            return
        page.wait_for_timeout(50)
    pytest.fail(f"never asked for {text!r}; the last was\n{bench.asked[-1]}")


def test_a_limit_moved_by_key_redraws_time_line_load_list_and_map(
    room: "ControlRoom", look: "Look", bench: "PretendBench"
) -> None:
    watched = opened(look, room)
    page = watched.page
    limit = page.get_by_role("slider", name="alert when >")
    expect(limit).to_have_attribute("aria-valuetext", "150\u00a0µg/m³")
    before = counts(page)
    assert before["same"] > 10
    assert before["added"] == before["gone"] == before["moved"] == 0
    until_drawn(page, "same")
    limit.focus()
    for _ in range(3):
        page.keyboard.press("PageDown")
    began = time.perf_counter()
    expect(limit).to_have_attribute("aria-valuenow", "90")
    expect(page.locator(".lane-label").first.locator("b")).not_to_have_text("0")
    pictures = time.perf_counter() - began
    until_drawn(page, "added")
    print(f"\nredrawn {pictures:.2f} s after the last key, the map {time.perf_counter() - began:.2f} s after it")
    assert "pm25 > 90" in bench.asked[-1]
    assert "# above this for a minute" in bench.asked[-1]
    after = counts(page)
    assert after["added"] > 0
    row = page.locator(".what-if-load tbody tr").first
    expect(row.locator(".load-figure").nth(0)).to_have_text(str(before["same"]))
    total = after["same"] + after["added"] + after["moved"]
    expect(row.locator(".load-figure").nth(1)).to_have_text(f"{total:,}")
    expect(page.locator(".what-if-alerts header")).to_contain_text("Changed alerts")
    assert watched.errors == []


def test_a_limit_is_dragged_by_the_pointer_and_the_text_follows(
    room: "ControlRoom", look: "Look", bench: "PretendBench"
) -> None:
    page = opened(look, room).page
    limit = page.get_by_role("slider", name="alert when >")
    box = limit.bounding_box()
    assert box is not None
    middle = box["x"] + box["width"] / 2
    page.mouse.move(middle, box["y"] + 60)
    page.mouse.down()
    for step in range(1, 13):
        page.mouse.move(middle + 3 * step, box["y"] + 60)
    page.mouse.up()
    expect(limit).not_to_have_attribute("aria-valuenow", "150")
    expect(page.locator(".lane-label").nth(1).locator("b")).not_to_have_text("0")
    value = float(limit.get_attribute("aria-valuenow") or "0")
    assert value > 150
    until_asked(page, bench, f"pm25 > {value:g},")
    until_drawn(page, "gone")


def test_alerts_are_found_on_the_time_line_in_the_list_and_on_the_map(
    room: "ControlRoom", look: "Look", bench: "PretendBench"
) -> None:
    watched = opened(look, room)
    page = watched.page
    line = page.locator(".what-if-lines")
    until_drawn(page, "same")
    page.evaluate("() => window.__ioc.map.jumpTo({center: [108.6, 12.1], zoom: 15})")
    line.focus()
    page.keyboard.press("ArrowRight")
    # The map goes where the alert is, where it is not in sight.
    page.wait_for_function("() => window.__ioc.map.getCenter().lng < 108.59")
    page.evaluate("() => window.__ioc.map.jumpTo({center: [108.44, 11.94], zoom: 12})")
    chosen = page.locator(".what-if-chosen")
    expect(chosen).to_have_count(1)
    first = chosen.inner_text()
    page.keyboard.press("ArrowRight")
    expect(chosen).not_to_have_text(first)
    expect(page.locator(".what-if-plot [aria-live]")).to_contain_text("stay, ")
    page.keyboard.press("+")
    page.keyboard.press("+")
    whole = page.locator(".what-if-whole")
    expect(whole).to_be_visible()
    whole.click()
    expect(whole).to_have_count(0)
    page.locator(".lane-label").nth(3).click()
    expect(page.locator(".what-if-alerts")).to_contain_text("All of them are hidden")
    page.locator(".lane-label").nth(3).click()
    until_drawn(page, "same")
    place = page.evaluate(
        """() => { const {map} = window.__ioc;
            const [one] = map.queryRenderedFeatures({layers: ['what-if-same']});
            const at = map.project(one.geometry.coordinates);
            const box = map.getContainer().getBoundingClientRect();
            return [at.x + box.left, at.y + box.top] }"""
    )
    page.mouse.click(*place)
    expect(page.locator(".what-if-alerts header .link")).to_have_text("Show all places")
    assert watched.errors == []


def test_why_not_here_is_asked_of_a_place_at_a_time(room: "ControlRoom", look: "Look", bench: "PretendBench") -> None:
    watched = opened(look, room)
    page = watched.page
    until_drawn(page, "same")
    box = page.locator(".map-canvas").bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] * 0.9, box["y"] + box["height"] * 0.75)
    reasons = page.locator(".what-if-reasons")
    expect(reasons).to_contain_text("It did not fire")
    expect(reasons.locator(".why-conditions li")).to_have_count(3)
    expect(reasons.locator(".why-fails")).to_contain_text("of 150 µg/m³")
    question = bench.whys[-1]
    # The rule holds for devices: asked is the nearest one that reports what the rule is about.
    assert question.key in {sensor.id for sensor in room.fleet.assets}
    assert question.text is not None
    reasons.locator("input[type=range]").focus()
    page.keyboard.press("Home")
    expect(reasons).not_to_have_class("what-if-busy")
    page.wait_for_function("() => document.querySelector('.what-if-busy') === null")
    expect(reasons.locator("output")).not_to_have_text("")
    reasons.locator(".why-near .link").first.click()
    for _ in range(300):
        if bench.whys[-1].key != question.key:
            break
        page.wait_for_timeout(50)
    assert bench.whys[-1].key != question.key
    assert bench.whys[-1].at == bench.until - 7 * 24 * 60 * MINUTE
    reasons.get_by_role("button", name="Close").click()
    page.locator(".what-if-why").first.click()
    expect(reasons.locator(".why-verdict code")).not_to_have_text("")
    assert watched.errors == []


def test_the_old_picture_stays_dimmed_until_the_new_one_has_come(
    room: "ControlRoom", look: "Look", bench: "PretendBench"
) -> None:
    page = opened(look, room).page
    before = counts(page)
    bench.hold = asyncio.Event()
    page.get_by_role("slider", name="alert when >").focus()
    page.keyboard.press("PageDown")
    expect(page.locator(".what-if")).to_have_attribute("aria-busy", "true")
    expect(page.locator(".what-if-running")).to_have_count(1)
    expect(page.locator(".what-if-old")).to_have_count(1)
    assert counts(page) == before
    hold = bench.hold

    async def go_on() -> None:
        hold.set()

    room.run(go_on())
    expect(page.locator(".what-if-old")).to_have_count(0)
    expect(page.locator(".what-if-state")).to_contain_text("events in")
    assert counts(page) != before


def test_live_incidents_step_back_while_a_rule_is_tried_and_come_forward_again(
    room: "ControlRoom", look: "Look", bench: "PretendBench"
) -> None:
    room.raise_incidents(4)
    page = opened(look, room).page
    until_drawn(page, "same")
    opacity = "() => window.__ioc.map.getPaintProperty('incident-sign', 'icon-opacity')"
    assert page.evaluate(opacity) < 0.5
    page.locator(".what-if-lines").focus()
    page.keyboard.press("g")
    page.keyboard.press("m")
    page.wait_for_function("() => window.__ioc.map.getLayer('what-if-sign') === undefined")
    assert page.evaluate(opacity) == 1


def test_without_any_history_it_says_where_one_comes_from(
    room: "ControlRoom", look: "Look", bench: "PretendBench"
) -> None:
    bench.events = 0
    page = look(room.url, lang="en", size=(1920, 1080), view=AIR).page
    expect(page.locator(".what-if .nothing h3")).to_have_text("No past to try it on yet")


def test_a_rule_without_a_quantity_has_its_numbers_to_move(
    room: "ControlRoom", look: "Look", bench: "PretendBench"
) -> None:
    bench.lines = False
    page = opened(look, room).page
    number = page.locator(".what-if-numbers input").first
    expect(page.locator(".what-if-numbers")).to_contain_text("alert when")
    number.focus()
    page.keyboard.press("PageDown")
    expect(page.locator(".lane-label").first.locator("b")).not_to_have_text("0")
    assert "pm25 > 150" not in bench.asked[-1]


def test_a_rule_that_would_never_have_fired_says_how_near_it_came(
    room: "ControlRoom", look: "Look", bench: "PretendBench"
) -> None:
    bench.values = bench.values.clip(0, 80)
    page = opened(look, room).page
    expect(page.locator(".part-alerts h3")).to_have_text("It would never have fired")
    expect(page.locator(".part-alerts")).to_contain_text("The highest reading was 80\u00a0µg/m³")


DUST = """\
- rule: dust
  title: {vi: "Bụi mịn cao", en: "Dusty"}
  from: sensor
  threshold: {raise: pm25 > 150, for: 60 s, clear: pm25 <= 120, clear_for: 30 s}
"""


def test_a_month_of_a_hundred_sensors_is_redrawn_by_the_real_bench(
    room: "ControlRoom", look: "Look", embedded_store: str, tmp_path: "Path"
) -> None:
    # 8.6 million events; how long it takes from the key to the redrawn page is printed.
    events = write_sensor_month(tmp_path / "history")
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "dust.yaml").write_text(DUST)
    folders = {"rules_dir": str(tmp_path / "rules"), "history_dir": str(tmp_path / "history")}
    bench = RulesBenchProcess(Handover(embedded_store, "warning", "console", "{}", **folders))
    room.stop_serving()
    room.rules_bench = bench
    room.serve()
    try:
        page = opened(look, room, view="#rules/dust").page
        page.get_by_role("button", name="30 days").click()
        expect(page.locator(".what-if-state")).to_contain_text("8.6M events", timeout=120_000)
        limit = page.get_by_role("slider", name="alert when >")
        for presses in (1, 2, 3):
            was = page.locator(".lane-label").evaluate_all("labels => labels.map(one => one.textContent).join()")
            began = time.perf_counter()
            limit.press("PageUp")
            page.wait_for_function(
                "was => [...document.querySelectorAll('.lane-label')].map(one => one.textContent).join() !== was "
                "&& document.querySelector('.what-if-old') === null",
                arg=was,
                timeout=120_000,
            )
            took = time.perf_counter() - began
            print(f"\nchange {presses}: redrawn after {took:.2f} s, {page.locator('.what-if-state').inner_text()}")
        assert events == 8_640_000
        assert counts(page)["gone"] + counts(page)["moved"] > 0
    finally:
        room.run(bench.close())


def test_pictures_of_the_pictures(room: "ControlRoom", look: "Look", bench: "PretendBench", artifacts: "Path") -> None:
    room.raise_incidents(6)
    for size, lang, theme in (((1920, 1080), "vi", "dark"), ((1920, 1080), "en", "light"), ((1280, 720), "vi", "dark")):
        page = opened(look, room, size=size, lang=lang, theme=theme).page
        until_drawn(page, "same")
        limit = page.locator(".limit").first
        limit.focus()
        page.keyboard.press("PageDown")
        until_drawn(page, "moved")
        page.screenshot(path=artifacts / f"rules-pictures-{size[0]}x{size[1]}-{lang}-{theme}.png")
        page.context.close()
