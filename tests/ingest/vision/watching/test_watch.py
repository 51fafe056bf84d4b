"""What is told of a scene: seen and gone, counted, over lines, too long, crowded."""

from __future__ import annotations

import random
from itertools import groupby
from typing import TYPE_CHECKING

import pytest

from ingest.vision.finding import PictureClass
from ingest.vision.watching.counts import Passages, Presence
from ioc.model.cameras import Geometry, Line, Way, Zone
from ioc.model.instant import SECOND

if TYPE_CHECKING:
    from conftest import Scene

GATE = Zone("gate", ((0.4, 0.0), (1.0, 0.0), (1.0, 1.0), (0.4, 1.0)), dwell_s=5.0, density=True)
YARD = Zone("yard", ((0.6, 0.0), (1.0, 0.0), (1.0, 1.0), (0.6, 1.0)))
DOOR = Line("door", (0.5, 1.0), (0.5, 0.0))
"""Who looks along it looks up the picture: in is from left to right."""


def test_somebody_is_told_of_once_with_a_picture_then_now_and_then_and_when_gone(scene: type[Scene]):
    here = scene()
    here.look([[here.standing(0.3, 0.5)]] * 61)
    here.look([[]] * 15)
    told = here.of(here.told, None)
    assert [each.values["phase"] for each in told] == ["new", "update", "update", "end"]
    new, *_, end = told
    assert new.picture is PictureClass.PERSON
    assert new.at == SECOND + 2 * SECOND // 5
    assert new.values == {
        "label": "person",
        "score": 0.8,
        "top_score": 0.8,
        "track": "a-1",
        "event_key": "a-1",
        "box": "0.275,0.350,0.325,0.500",
        "phase": "new",
    }
    assert {each.values["track"] for each in told} == {"a-1"}
    assert [each.picture for each in told[1:]] == [None, None, None]
    assert end.values["age"] == 12.0


@pytest.mark.parametrize(
    ("label", "picture"),
    [("car", PictureClass.VEHICLE), ("person", PictureClass.PERSON), ("moving", PictureClass.SCENE)],
)
def test_the_picture_is_of_what_it_shows(scene: type[Scene], label: str, picture: PictureClass):
    here = scene()
    told = here.of(here.look([[here.standing(0.3, 0.5, label)]] * 5), None)
    assert [each.picture for each in told] == [picture]


def test_zones_are_named_and_a_change_of_them_is_told_at_once(scene: type[Scene]):
    here = scene(Geometry(zones=(GATE, YARD)))
    told = here.of(here.walk((0.2, 0.5), (0.8, 0.5), (0.2, 0.5), seconds=9), None)
    changes = [(each.values["zones"], each.zone) for each in told]
    assert [zones for zones, _ in groupby(changes)] == [
        ("", None),
        ("gate", "gate"),
        ("gate,yard", "gate"),
        ("gate", "gate"),
        ("", None),
    ]


def test_people_are_counted_in_zones_and_in_the_picture(scene: type[Scene]):
    here = scene(Geometry(zones=(GATE, YARD)))
    frame = [here.standing(0.2, 0.5), here.standing(0.5, 0.5), here.standing(0.7, 0.5), here.standing(0.8, 0.9, "car")]
    told = here.of(here.look([frame] * 11), "count")
    last = {each.zone: each.values for each in told}
    assert last[None] == {"event": "count", "count_person": 3, "count_vehicle": 1, "count_all": 4}
    assert last["gate"] == {"event": "count", "count_person": 2, "count_vehicle": 1, "count_all": 3}
    assert last["yard"] == {"event": "count", "count_person": 1, "count_vehicle": 1, "count_all": 2}
    assert here.watch.counts.zones == {"gate": Presence(2, 1, 3), "yard": Presence(1, 1, 2)}
    assert here.watch.counts.picture == Presence(3, 1, 4)
    assert [each[3] for each in here.watch.drawn()] == ["a-1", "a-2", "a-3", "a-4"]


def test_an_empty_picture_is_counted_too_and_told_every_minute(scene: type[Scene]):
    here = scene()
    here.look([[]])
    here.quiet(125)
    assert [each.values["count_all"] for each in here.of(here.told, "count")] == [0, 0, 0]


def test_nothing_is_counted_before_anybody_has_looked(scene: type[Scene]):
    here = scene(Geometry(zones=(GATE,)))
    assert here.watch.wants_look(here.at)
    assert here.quiet(100) == []


@pytest.mark.parametrize(("to", "way"), [(0.8, "in"), (0.2, "out")])
def test_who_crosses_a_line_is_told_with_the_way_and_a_picture(scene: type[Scene], to: float, way: str):
    here = scene(Geometry(lines=(DOOR,)))
    crossings = here.of(here.walk((1 - to, 0.5), (to, 0.5)), "crossing")
    assert [(each.values["line"], each.values["direction"], each.values["forbidden"]) for each in crossings] == [
        ("door", way, False)
    ]
    assert crossings[0].picture is PictureClass.PERSON
    assert crossings[0].values["phase"] == "update"
    assert here.watch.counts.lines == {"door": Passages(int(way == "in"), int(way == "out"))}


@pytest.mark.parametrize(
    ("forbidden", "told"),
    [(Way.NONE, [False, False]), (Way.IN, [True, False]), (Way.OUT, [False, True]), (Way.BOTH, [True, True])],
)
def test_a_way_that_nobody_is_to_take_is_said_to_be_one(scene: type[Scene], forbidden: Way, told: list[bool]):
    here = scene(Geometry(lines=(Line("door", DOOR.start, DOOR.end, forbidden),)))
    crossings = here.of(here.walk((0.2, 0.5), (0.8, 0.5), (0.2, 0.5)), "crossing")
    assert [each.values["forbidden"] for each in crossings] == told


def test_who_dithers_on_a_line_has_not_crossed_it(scene: type[Scene]):
    here = scene(Geometry(lines=(DOOR,)))
    here.walk((0.3, 0.5), (0.5, 0.5), seconds=8)
    here.look([[here.standing(0.5 + (0.008 if step % 2 else -0.008), 0.5)] for step in range(100)])
    assert here.of(here.told, "crossing") == []


def test_who_stands_on_a_line_and_trembles_is_not_counted(scene: type[Scene]):
    here = scene(Geometry(lines=(DOOR,)))
    chance = random.Random(1)
    here.look([[here.standing(0.5 + chance.gauss(0, 0.003), 0.5)] for _ in range(1500)])
    assert here.watch.counts.lines == {"door": Passages(0, 0)}


def test_who_goes_round_the_end_of_a_line_has_not_crossed_it(scene: type[Scene]):
    here = scene(Geometry(lines=(Line("short", (0.5, 0.6), (0.5, 0.3)),)))
    here.walk((0.3, 0.5), (0.3, 0.9), (0.7, 0.9), (0.7, 0.5))
    assert here.of(here.told, "crossing") == []
    here.walk((0.7, 0.5), (0.3, 0.5))
    assert [each.values["direction"] for each in here.of(here.told, "crossing")] == ["out"]


def test_who_crosses_while_hidden_is_told_when_seen_again(scene: type[Scene]):
    here = scene(Geometry(lines=(DOOR,)))
    frames = [[here.standing(0.3 + 0.02 * step, 0.5)] if not 8 <= step < 12 else [] for step in range(20)]
    crossings = here.of(here.look(frames), "crossing")
    assert [each.values["direction"] for each in crossings] == ["in"]


def test_who_stays_too_long_is_told_of_once_and_again_when_leaving(scene: type[Scene]):
    here = scene(Geometry(zones=(GATE,)))
    here.look([[here.standing(0.7, 0.5)]] * 60)
    here.walk((0.7, 0.5), (0.2, 0.5), seconds=5)
    dwells = here.of(here.told, "dwell")
    assert [(each.values["phase"], each.values["dwell"], each.zone) for each in dwells] == [
        ("update", 5.0, "gate"),
        ("end", pytest.approx(15.2, abs=0.5), "gate"),
    ]
    assert {each.values["event_key"] for each in dwells} == {"a-1:gate"}


def test_who_stands_still_stays_too_long_although_nothing_moves(scene: type[Scene]):
    here = scene(Geometry(zones=(GATE,)))
    here.look([[here.standing(0.7, 0.5)]] * 5)
    told = here.of(here.quiet(8), "dwell")
    assert [(each.values["phase"], each.values["label"]) for each in told] == [("update", "person")]


def test_a_stay_that_was_told_is_over_when_the_zone_is_drawn_no_more(scene: type[Scene]):
    here = scene(Geometry(zones=(GATE,)))
    here.look([[here.standing(0.7, 0.5)]] * 30)
    here.watch.redraw(Geometry())
    told = here.of(here.look([[here.standing(0.7, 0.5)]]), "dwell")
    assert [each.values["phase"] for each in told] == ["end"]


def test_density_is_told_where_it_is_asked_for(scene: type[Scene]):
    here = scene(Geometry(zones=(GATE, YARD)))
    told = here.of(here.look([[here.standing(0.7, 0.5), here.standing(0.7, 0.9)]] * 11), "density")
    assert {each.zone for each in told} == {"gate"}
    assert told[0].values == {"event": "density", "crowd_density": 0.0, "count_person": 0}
    share = 100 * 2 * 0.05 * 0.15 / 0.6
    assert told[-1].values == {"event": "density", "crowd_density": pytest.approx(share, abs=1), "count_person": 2}


def test_who_stands_still_is_not_gone_and_is_looked_for_now_and_then(scene: type[Scene]):
    here = scene()
    here.look([[here.standing(0.7, 0.5)]] * 10)
    assert not here.watch.wants_look(here.at)
    here.quiet(4)
    assert not here.watch.wants_look(here.at - SECOND)
    here.quiet(2)
    assert here.watch.wants_look(here.at)
    here.look([[here.standing(0.7, 0.5)]])
    here.quiet(30)
    phases = [each.values["phase"] for each in here.of(here.told, None)]
    assert phases[0] == "new"
    assert set(phases[1:]) == {"update"}
    assert here.watch.counts.picture.people == 1


def test_who_left_unseen_is_gone_after_a_few_looks(scene: type[Scene]):
    here = scene()
    here.look([[here.standing(0.7, 0.5)]] * 10)
    here.quiet(6)
    looks = 0
    while here.watch.wants_look(here.at) and looks < 20:
        here.look([[]])
        here.quiet(1)
        looks += 1
    assert 3 <= looks < 10
    assert [each.values["phase"] for each in here.of(here.told, None)][-1] == "end"


def test_who_is_not_looked_for_although_it_was_asked_is_gone_after_a_minute(scene: type[Scene]):
    here = scene()
    here.look([[here.standing(0.7, 0.5)]] * 10)
    here.quiet(58)
    assert here.watch.counts.picture.people == 1
    here.told = []
    here.quiet(100)
    assert [each.values["phase"] for each in here.of(here.told, None)][-1] == "end"
    assert here.of(here.told, "count")[1:] == []


def test_after_a_picture_that_was_away_nobody_is_known_again(scene: type[Scene]):
    here = scene()
    here.look([[here.standing(0.7, 0.5)]] * 10)
    here.at += 30 * SECOND
    told = here.of(here.look([[here.standing(0.7, 0.5)]] * 5), None)
    assert [(each.values["track"], each.values["phase"]) for each in told] == [("a-1", "end"), ("a-2", "new")]


def test_only_what_stands_in_the_region_is_looked_at(scene: type[Scene]):
    here = scene(Geometry(region=GATE.polygon))
    here.look([[here.standing(0.2, 0.5), here.standing(0.7, 0.5)]] * 5)
    assert here.watch.counts.picture.people == 1


def test_a_frame_that_is_not_newer_is_ignored(scene: type[Scene]):
    here = scene()
    here.look([[here.standing(0.7, 0.5)]] * 5)
    assert here.watch.look(SECOND, []) == []
    assert here.watch.quiet(SECOND) == []
    assert here.watch.counts.picture.people == 1


def test_closing_lets_go_of_everybody(scene: type[Scene]):
    here = scene(Geometry(zones=(GATE,)))
    here.look([[here.standing(0.7, 0.5)]] * 40)
    told = here.watch.close(here.at)
    assert [(each.values.get("event"), each.values["phase"]) for each in told] == [(None, "end"), ("dwell", "end")]
    assert here.watch.drawn() == []


def test_lines_keep_their_counts_when_the_drawing_changes(scene: type[Scene]):
    here = scene(Geometry(lines=(DOOR,)))
    here.walk((0.2, 0.5), (0.45, 0.5))
    here.watch.redraw(
        Geometry(lines=(Line("door", DOOR.start, DOOR.end, Way.IN), Line("other", (0.0, 0.1), (1.0, 0.1))))
    )
    told = here.of(here.walk((0.45, 0.5), (0.8, 0.5)), "crossing")
    assert [each.values["forbidden"] for each in told] == [True]
    here.watch.redraw(Geometry(lines=(Line("door", (0.3, 1.0), (0.3, 0.0)),)))
    here.walk((0.8, 0.5), (0.1, 0.5))
    assert here.watch.counts.lines == {"door": Passages(1, 1)}
