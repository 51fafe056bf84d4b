"""An incident that speaks for others, in a real browser: one row, its count, and all of it to be opened."""

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from ioc.model.identity import alert_id, incident_id
from ioc.model.incidents import Incident
from ioc.model.instant import SECOND
from ioc.store.incident_fields import AlertOf
from ioc.store.incident_writes import CountedIncident, FoldedIncident, JoinedAlert, Writes

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import ControlRoom, Watched

    Look = Callable[..., Watched]

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]


def write(room: "ControlRoom", writes: Writes) -> None:
    room.run(room.store.incidents.write(writes))


def larger_of(smaller: Incident, title: str, **more: Any) -> Incident:
    alert = alert_id("site-silent", "Chợ", smaller.raised_at)
    words = {"vi": title, "en": title}
    given: dict[str, Any] = {"id": incident_id(alert), "rule": "site-silent", "key": "Chợ", "title": words} | more
    return replace(smaller, alerts=(alert,), **given)


def test_what_a_larger_incident_speaks_for_leaves_the_list_and_the_map_and_comes_back(
    room: "ControlRoom", look: "Look"
) -> None:
    small = room.raise_incidents(3)
    watched = look(room.url)
    page = watched.page
    expect(page.locator(".row")).to_have_count(3)
    large = larger_of(small[0], "17 điểm phát im lặng ở Chợ")
    folds = tuple(FoldedIncident(one.id, large.id, room.began, turn) for turn, one in enumerate(small[:2]))
    write(room, Writes(opened=(large,), folded=folds, counted=(CountedIncident(large.id, 1, 17, room.began),)))
    expect(page.locator(".row")).to_have_count(2)
    row = page.locator(f"#row-{large.id}")
    expect(row.locator(".row-title")).to_contain_text("×17")
    # The only other one is taken already.
    expect(page).to_have_title(re.compile(r"^\(1\) IOC"))
    watched.wait_for_mark(large.id)
    assert not {one.id for one in small[:2]} & watched.marks()
    row.locator("button").click()
    expect(page.locator(".panel")).to_contain_text("Thay cho 17 cảnh báo")
    expect(page.locator(".panel .spoken-incident")).to_have_count(2)
    expect(page.locator(".panel")).to_contain_text("và 15 cảnh báo nữa")
    page.locator(".panel .spoken-incident").first.click()
    expect(page.locator(".panel h2")).to_have_text(small[0].title["vi"])
    expect(page.locator(".panel")).to_contain_text("Được gộp vào")
    page.locator(".panel .spoken-incident").click()
    expect(page.locator(".panel h2")).to_have_text(large.title["vi"])
    write(room, Writes(folded=tuple(replace(fold, under=None, turn=9) for fold in folds)))
    expect(page.locator(".row")).to_have_count(4)
    assert watched.errors == []


def test_a_storm_names_its_alerts_and_counts_the_rest(room: "ControlRoom", look: "Look") -> None:
    (first,) = room.raise_incidents(1)
    storm = larger_of(first, "Bão cảnh báo: luật dust", storm=True, lat=None, lon=None, place=None, assets=())
    joined = tuple(
        JoinedAlert(AlertOf(f"alert-{n}", "dust", f"s{n}", room.began + n * SECOND, storm.id), told=False)
        for n in range(40)
    )
    write(
        room, Writes(opened=(storm,), joined=joined, counted=(CountedIncident(storm.id, 10_000, 10_000, room.began),))
    )
    watched = look(room.url, lang="en")
    page = watched.page
    row = page.locator(f"#row-{storm.id}")
    expect(row.locator(".row-title")).to_contain_text("×10000")
    row.locator("button").click()
    expect(page.locator(".panel")).to_contain_text("Speaks for 10000 alerts")
    expect(page.locator(".panel .spoken-alert")).to_have_count(30)
    expect(page.locator(".panel")).to_contain_text("and 9970 more, each kept by itself")
    assert watched.errors == []
