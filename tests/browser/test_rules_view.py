"""The view of rules over the real product: a number changed and its effect, mistakes in place, versions, refusals."""

import json
import re
import time
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Any

import pytest
from paho.mqtt import publish
from playwright.sync_api import Page, expect

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from conftest import ControlRoom, Watched

    Look = Callable[..., Watched]
    Start = Callable[..., Any]

# What runs a rule is started when it is first asked, and a busy machine takes its time over that.
expect.set_options(timeout=30_000)

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

HEAT = """- rule: heat   # in the square
  title: {vi: "Nóng {temp_c:.0f} °C tại {asset.name}", en: "Heat of {temp_c:.0f} °C at {asset.name}"}
  severity: major
  from: sensor
  threshold: {raise: temp_c > 45, clear: temp_c < 40}  # asphalt
"""
SILENT = """- rule: silent
  title: {vi: "Im lặng: {asset.name}", en: "Silent: {asset.name}"}
  from: wifi
  absence: {after: 2 min}
"""
TESTS = """- test: A roof that burns is an alert
  events:
    - {at: 0 s, kind: sensor, asset: roof-1, values: {temp_c: 52}}
  expect:
    - {rule: heat, key: roof-1, raised: 0 s}
"""


@pytest.fixture
def written(product_environment: dict[str, str], tmp_path: "Path", start_demo: "Start") -> Any:
    """The product with two rules of its own, and a past in which one of them held once."""
    folder = tmp_path / "rules"
    folder.mkdir()
    (folder / "heat.yaml").write_text(HEAT)
    (folder / "silent.yaml").write_text(SILENT)
    (folder / "heat.test.yaml").write_text(TESTS)
    product_environment["IOC_RULES_DIR"] = str(folder)
    product = start_demo("--no-simulators")
    product.wait_until_ready()
    for celsius in (20, 48, 30):
        message = json.dumps({"temp_c": celsius})
        publish.single("ioc/sensor/roof-9/events", message, qos=1, hostname="127.0.0.1", port=product.mqtt_port)
    deadline = time.monotonic() + 90
    while not has_past(product):
        assert time.monotonic() < deadline, product.said()
        time.sleep(0.2)
    return product


def has_past(product: Any) -> bool:
    """Whether the three readings are in the history; no answer yet is no."""
    try:
        return bool(product.get("/api/rules")["history"]["events"] >= 3)
    except (TimeoutError, urllib.error.URLError):
        return False


def opened(look: "Look", product: Any, rule: str = "heat", **more: Any) -> Page:
    """Open a rule in English, as Lan, and wait until it has been tried."""
    page: Page = look(product.url, **({"lang": "en", "operator": "Lan", "view": f"#rules/{rule}"} | more)).page
    expect(page.locator(".effect-count")).to_be_visible()
    return page


def limit(page: Page) -> Any:
    """The number that the rule is about."""
    return page.locator(".number-main input")


def publish_draft(page: Page, note: str) -> None:
    """Publish what is in hand."""
    page.get_by_role("button", name="Publish…").click()
    page.get_by_role("dialog").get_by_label("Why?").fill(note)
    page.keyboard.press("Control+Enter")


def ask(product: Any, path: str, body: dict[str, Any]) -> Any:
    """Ask something of the server beside the page."""
    request = urllib.request.Request(  # noqa: S310 - always http://127.0.0.1
        product.url + path, json.dumps(body).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
        return json.load(answer)


@pytest.mark.end_to_end
def test_a_number_is_changed_seen_published_and_brought_back(written: Any, look: "Look") -> None:
    page = opened(look, written)
    row = page.locator("#rule-heat")
    expect(row.locator(".row-title")).to_have_text("Heat of … °C")
    expect(limit(page)).to_have_value("45")
    expect(page.locator(".effect-count")).to_contain_text("1 alerts")
    limit(page).press("ArrowUp")
    limit(page).fill("50")
    expect(page.locator(".effect-gone")).to_have_text("1 gone")
    expect(row).to_contain_text("not published")

    # The YAML says it too, and nothing else has changed in it.
    page.get_by_role("tab", name="YAML").click()
    changed = HEAT.replace("> 45", "> 50")
    expect(page.locator(".cm-line")).to_have_count(6)
    assert page.locator(".cm-line").all_inner_texts() == [*changed.rstrip("\n").split("\n"), "\n"]
    page.get_by_role("tab", name="Form").click()

    publish_draft(page, "Asphalt is hotter than we thought.")
    expect(page.locator(".rules-done")).to_contain_text("In force")
    held = written.get("/api/rules/heat")
    assert (held["text"], held["author"], held["note"]) == (changed, "Lan", "Asphalt is hotter than we thought.")

    page.get_by_role("tab", name="Versions").click()
    versions = page.locator(".version")
    expect(versions).to_have_count(2)
    expect(versions.first).to_contain_text("Asphalt is hotter")
    versions.first.get_by_role("button", name="Show what changed").click()
    expect(versions.first.locator(".diff-come")).to_contain_text("temp_c > 50")
    expect(versions.first.locator(".diff-gone")).to_contain_text("temp_c > 45")
    versions.nth(1).get_by_role("button", name="Restore…").click()
    page.get_by_role("dialog").get_by_role("button", name="Restore").click()
    expect(versions).to_have_count(3)
    assert written.get("/api/rules/heat")["text"] == HEAT
    page.get_by_role("tab", name="Form").click()
    expect(limit(page)).to_have_value("45")


@pytest.mark.end_to_end
def test_a_mistake_is_shown_where_it_stands_with_the_nearest_right_name(written: Any, look: "Look") -> None:
    watched = look(written.url, lang="en", view="#rules/heat")
    page = watched.page
    page.get_by_role("tab", name="YAML").click()
    editor = page.locator(".cm-content")
    editor.click()
    page.keyboard.press("Control+End")
    page.keyboard.type("  where: temp_x > 0")
    expect(page.locator(".cm-lintRange-error")).to_have_text("temp_x")
    expect(page.locator(".text-mistakes")).to_contain_text(re.compile("line 6.*did you mean 'temp_c'"))
    expect(page.get_by_role("button", name="Publish…")).to_be_disabled()
    page.get_by_role("tab", name="Form").click()
    page.locator(".effect-wrong").click()
    expect(editor).to_be_focused()

    # Where the name is begun again, the right one is offered.
    for _ in range(10):
        page.keyboard.press("Delete")
    page.keyboard.type("temp")
    page.locator(".cm-tooltip-autocomplete li", has_text="Temperature, °C").first.click()
    page.keyboard.type(" > 0")
    expect(page.locator(".text-fine")).to_have_text("No mistakes")
    expect(page.get_by_role("button", name="Publish…")).to_be_enabled()
    assert watched.errors == []


@pytest.mark.end_to_end
def test_a_rule_that_fails_its_own_tests_is_not_published_and_says_which_and_why(written: Any, look: "Look") -> None:
    page = opened(look, written)
    limit(page).fill("60")
    expect(page.locator(".effect-gone")).to_be_visible()
    publish_draft(page, "")
    why = page.get_by_role("dialog").get_by_role("alert")
    expect(why).to_contain_text("fails its own tests")
    expect(why).to_contain_text("A roof that burns is an alert")
    expect(why.locator("pre").first).to_contain_text("roof-1")
    assert written.get("/api/rules/heat")["text"] == HEAT
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(limit(page)).to_have_value("60")


@pytest.mark.end_to_end
def test_who_publishes_after_somebody_else_sees_whose_version_it_would_replace(written: Any, look: "Look") -> None:
    page = opened(look, written)
    limit(page).fill("49")
    theirs = HEAT.replace("> 45", "> 47")
    before = written.get("/api/rules/heat")["version"]
    ask(written, "/api/rules/publish", {"text": theirs, "author": "Hà", "note": "", "expected": before})
    publish_draft(page, "Mine")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Hà published another version meanwhile")
    expect(dialog.locator(".diff-gone")).to_contain_text("temp_c > 47")
    dialog.get_by_role("button", name="Publish").click()
    expect(dialog).to_have_count(0)
    assert written.get("/api/rules/heat")["text"] == HEAT.replace("> 45", "> 49")


@pytest.mark.end_to_end
def test_a_new_rule_is_begun_from_its_kind_by_keys_alone_and_tried_before_it_speaks(written: Any, look: "Look") -> None:
    watched = look(written.url, lang="en", operator="Lan")
    page = watched.page
    page.locator(".feed-live, .feed-blind, .feed-late").first.wait_for()
    for _ in range(20):
        # A pair of keys is one only where they come close together, which a busy machine may prevent.
        page.keyboard.press("g")
        page.keyboard.press("r")
        if "#rules" in page.url:
            break
    expect(page.locator("#rules")).to_be_focused()
    # What there is to see is seen at once, and the keys walk through the list.
    expect(page).to_have_url(re.compile("#rules/heat$"))
    page.keyboard.press("j")
    expect(page).to_have_url(re.compile("#rules/silent$"))
    page.get_by_role("button", name="New rule").press("Enter")
    page.get_by_role("button", name=re.compile("A limit is passed")).press("Enter")
    expect(page.locator(".effect-count")).to_contain_text("0 alerts")
    page.get_by_label("Quantity").select_option("temp_c")
    limit(page).fill("25")
    expect(page.locator(".effect-count")).to_contain_text("0 alerts")
    for _ in range(2):
        page.get_by_role("button", name="Remove: Alert when: for at least").or_(
            page.get_by_role("button", name="Remove: End when", exact=True)
        ).first.click()
    expect(page.locator(".effect-count")).to_contain_text("1 alerts")
    name = page.get_by_label("Name", exact=True)
    name.fill("warm")
    publish_draft(page, "Is it warm?")
    expect(page.locator("#rule-warm")).to_be_visible()
    expect(page).to_have_url(re.compile("#rules/warm$"))
    assert "raise: temp_c > 25" in written.get("/api/rules/warm")["text"]
    assert watched.errors == []


@pytest.mark.end_to_end
def test_a_trial_run_stands_beside_the_rule_and_is_ended_again(written: Any, look: "Look") -> None:
    page = opened(look, written)
    limit(page).fill("50")
    expect(page.locator(".effect-gone")).to_be_visible()
    page.get_by_role("button", name="Trial run…").click()
    page.keyboard.press("Control+Enter")
    trial = page.locator(".rules-trial")
    expect(trial).to_contain_text("0 alerts in 24 h")
    assert written.get("/api/rules/heat")["text"] == HEAT
    page.locator(".rules-trials").click()
    expect(page.locator(".rules-editor")).to_contain_text("No alerts of trial runs")
    page.locator("#rule-heat .row-button").click()
    # What was written is still there.
    expect(limit(page)).to_have_value("50")
    trial.get_by_role("button", name="End the trial run").click()
    page.keyboard.press("Enter")
    expect(trial).to_have_count(0)


@pytest.mark.end_to_end
def test_pictures_of_the_writing(written: Any, look: "Look", artifacts: "Path") -> None:
    for lang, theme, size in (("vi", "dark", (1280, 720)), ("en", "light", (1920, 1080)), ("vi", "light", (390, 844))):
        page = opened(look, written, lang=lang, theme=theme, size=size)

        def keep(what: str, page: Page = page, look: str = f"{lang}-{theme}-{size[0]}") -> None:
            page.screenshot(path=artifacts / f"rules-writing-{what}-{look}.png")

        limit(page).fill("38")
        expect(page.locator(".field-warning")).to_be_visible()
        keep("form")
        page.locator(".rules-foot .button-main").click()
        expect(page.locator(".sheet .diff-come")).to_be_visible()
        keep("publish")
        page.keyboard.press("Escape")
        page.get_by_role("tab", name="YAML").click()
        page.locator(".cm-content").click()
        page.keyboard.press("Control+End")
        page.keyboard.type("  where: temp_x > 0")
        expect(page.locator(".text-mistakes li")).to_have_count(1)
        keep("mistake")
        page.locator(".rules-discard").click()
        page.get_by_role("tab").last.click()
        page.locator(".version-do .link").first.click()
        expect(page.locator(".diff")).to_be_visible()
        keep("versions")
        # Nothing is wider than the page.
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_a_server_without_rules_says_so(room: "ControlRoom", look: "Look") -> None:
    page = look(room.url, lang="en", view="#rules").page
    expect(page.locator(".rules-list")).to_contain_text("keeps no rules to write")
    expect(page.locator(".rules-editor")).to_have_count(0)
