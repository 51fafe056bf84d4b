import math
from collections.abc import Callable, Iterator
from typing import Any

import drawn_scenes as draw
import pytest

from ingest.vision.camera import Analytic
from ingest.vision.finding import Finding, PictureClass
from ingest.vision.looks.abandoned import ABANDONED_AFTER
from ioc.model.instant import SECOND

Show = Callable[..., list[Any]]
Told = Callable[[list[Any]], Iterator[tuple[float, Finding]]]

STREET = draw.street()
TRAFFIC = (
    draw.vehicle(140, 45, (40, 30, 200)),
    draw.vehicle(165, -60, (200, 200, 190), every=7, high=26),
    draw.person(20, 170, 12),
)
PUT, TAKEN = 30.0, 130.0


@pytest.mark.parametrize("around", [(), TRAFFIC], ids=["alone", "with traffic before it"])
def test_a_thing_that_is_put_down_and_left_is_told_and_ends_when_it_is_carried_away(
    show: Show, told: Told, around: tuple[draw.Paint, ...]
):
    view = draw.View(STREET, (draw.thing(100, 160, PUT, TAKEN), *around))
    findings = list(told(show(view, 160, Analytic.ABANDONED, rate=1)))
    ((began, new), *_, (ended, end)) = findings
    assert (new.values["phase"], end.values["phase"]) == ("new", "end")
    assert {finding.values["label"] for _, finding in findings} == {"abandoned_object"}
    assert len({finding.values["event_key"] for _, finding in findings}) == 1
    assert (new.picture, end.picture) == (PictureClass.SCENE, None)
    assert PUT + ABANDONED_AFTER / SECOND <= began <= PUT + ABANDONED_AFTER / SECOND + 15
    assert TAKEN <= ended <= TAKEN + 25
    left, top, right, bottom = (float(side) for side in str(new.values["box"]).split(","))
    assert (left, right) == pytest.approx((100 / 320, 112 / 320), abs=0.02)
    assert (top, bottom) == pytest.approx((151 / 180, 160 / 180), abs=0.03)


def test_two_things_are_two_events(show: Show, told: Told):
    view = draw.View(STREET, (draw.thing(100, 160, 30), draw.thing(220, 150, 45, colour=(60, 80, 160))))
    new = [f for _, f in told(show(view, 130, Analytic.ABANDONED, rate=1)) if f.values["phase"] == "new"]
    assert len({finding.values["event_key"] for finding in new}) == len(new) == 2


NOTHING = {
    "what was always there is taken away": draw.View(STREET, (draw.thing(100, 160, 0, 40),)),
    "traffic": draw.View(STREET, TRAFFIC),
    "light that jumps": draw.View(STREET, TRAFFIC, gain=lambda at: 0.5 if int(at / 40) % 2 else 1.2),
    "dusk": draw.View(STREET, TRAFFIC, gain=lambda at: max(0.3, 1 - at / 150)),
    "shadows of clouds": draw.View(STREET, (draw.cloud_shadow(),)),
    "infrared": draw.View(lambda at: draw.infrared(STREET) if at >= 50 else STREET, TRAFFIC),
    "what is soon taken up again": draw.View(STREET, (draw.thing(100, 160, 30, 75),)),
    "something that covers half the view": draw.View(STREET, (draw.thing(20, 175, 30, math.inf, wide=160, high=150),)),
}


@pytest.mark.parametrize("view", NOTHING.values(), ids=NOTHING)
def test_light_traffic_and_what_is_taken_away_are_no_abandoned_things(show: Show, told: Told, view: draw.View):
    assert not list(told(show(view, 140, Analytic.ABANDONED, rate=1)))
