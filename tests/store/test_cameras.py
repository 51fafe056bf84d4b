"""Cameras: what is said of them fades in time, nobody draws over somebody else, and counts add up."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from ioc.model.cameras import CameraState, FieldOfView, Geometry, Line, Way, Zone
from ioc.model.instant import DAY, MINUTE
from ioc.store import keys
from ioc.store.camera_counts import MOST_NUMBERS, MOST_TRACKS, QUARTER, Count, Counted, CountOf, Tally
from ioc.store.cameras import CameraStatus, DrawnBox, DrawnMeanwhile, ZoneNow
from ioc.store.opening import Store

NOON = 1_795_323_600_000_000
GATE = Geometry(
    region=((0.0, 0.0), (1.0, 0.0), (1.0, 1.0)),
    zones=(Zone("gate", ((0.1, 0.1), (0.4, 0.1), (0.4, 0.9)), 60.0, density=True),),
    lines=(Line("entrance", (0.2, 0.8), (0.8, 0.8), Way.IN),),
)
STATUS = CameraStatus(
    id="cam-1",
    at=NOON,
    state=CameraState.LIVE,
    since=NOON - MINUTE,
    names={"vi": "Cổng", "en": "Gate"},
    source="rtsp",
    width=1920,
    height=1080,
    rate=25.0,
    target_rate=5.0,
    came=100,
    looked=20,
    look_for=("objects",),
    geometry=GATE,
    view=FieldOfView(11.94, 108.44, 120.0),
    people=3,
    zones_now=(ZoneNow("gate", 2, 0),),
    boxes=(DrawnBox("person", 0.91, "0.100,0.200,0.300,0.400", "b-1"),),
    shown_at=NOON,
)


async def test_what_was_said_of_a_camera_is_read_as_it_was_said(store: Store) -> None:
    await store.cameras.publish([replace(STATUS, id="cam-2"), STATUS])
    read = await store.cameras.statuses()
    assert list(read) == ["cam-1", "cam-2"]
    assert read["cam-1"] == STATUS


async def test_a_camera_that_is_no_longer_told_of_is_forgotten(store: Store) -> None:
    await store.cameras.publish([STATUS, replace(STATUS, id="cam-2")])
    await store.cameras.publish([STATUS])
    assert list(await store.cameras.statuses()) == ["cam-1"]
    await store.cameras.publish([])
    assert await store.cameras.statuses() == {}


async def test_one_camera_is_told_of_between_the_times_of_all(store: Store) -> None:
    await store.cameras.publish([STATUS, replace(STATUS, id="cam-2")])
    await store.cameras.update(replace(STATUS, people=4))
    assert await store.cameras.status("cam-1") == replace(STATUS, people=4)
    assert await store.cameras.status("cam-3") is None
    assert len(await store.cameras.statuses()) == 2


async def test_a_camera_is_watched_for_some_seconds_after_somebody_asked(store: Store) -> None:
    assert await store.cameras.watched() == frozenset()
    await store.cameras.watch(["cam-1", "cam-2"])
    await store.cameras.watch([])
    assert await store.cameras.watched() == {"cam-1", "cam-2"}
    ends = float(await store.connection.call("ZSCORE", keys.CAMERAS_WATCHED, "cam-1"))
    seconds, micros = await store.connection.call("TIME")
    assert 0 < ends - (int(seconds) * 1_000 + int(micros) / 1_000) <= 5_000
    await store.connection.call("ZADD", keys.CAMERAS_WATCHED, ends - 6_000, "cam-1")
    assert await store.cameras.watched() == {"cam-2"}


async def test_a_drawing_holds_until_the_next_and_all_are_kept(store: Store) -> None:
    cameras = store.cameras
    assert (await cameras.geometry("cam-1"), await cameras.geometry_revision()) == (None, 0)
    first = await cameras.draw("cam-1", GATE, who="Lan", at=NOON, note="cổng mới", revision=0)
    assert (first.revision, first.geometry, first.who) == (1, GATE, "Lan")
    assert await cameras.geometry("cam-1") == first
    second = await cameras.draw("cam-1", None, who="Minh", at=NOON + 1, revision=1)
    assert await cameras.geometries() == {"cam-1": second}
    assert await cameras.drawings("cam-1") == [second, first]
    assert await cameras.geometry_revision() == 2


async def test_nobody_draws_over_what_somebody_else_has_drawn_meanwhile(store: Store) -> None:
    first = await store.cameras.draw("cam-1", GATE, who="Lan", at=NOON, revision=0)
    with pytest.raises(DrawnMeanwhile, match="another drawing holds for 'cam-1'") as refused:
        await store.cameras.draw("cam-1", Geometry(), who="Minh", at=NOON + 1, revision=0)
    assert refused.value.holds == first
    with pytest.raises(DrawnMeanwhile) as refused:
        await store.cameras.draw("cam-2", Geometry(), who="Minh", at=NOON + 1, revision=7)
    assert refused.value.holds is None
    assert await store.cameras.geometries() == {"cam-1": first}


async def test_of_editors_who_draw_at_once_one_is_taken(store: Store) -> None:
    tries = [store.cameras.draw("cam-1", GATE, who=str(n), at=NOON, revision=0) for n in range(5)]
    done = await asyncio.gather(*tries, return_exceptions=True)
    assert sum(isinstance(each, DrawnMeanwhile) for each in done) == 4


async def test_drawn_again_because_the_answer_got_lost_it_is_drawn_once(store: Store) -> None:
    for _ in range(2):
        await store.cameras.draw("cam-1", GATE, who="Lan", at=NOON, revision=0)
    assert len(await store.cameras.drawings("cam-1")) == 1


def seen(tally: Tally, at: int = NOON, camera: str = "cam-1", **values: Any) -> None:
    tally.see(camera, at, {"label": "person", "track": "b-1", "phase": "new"} | values)


def test_an_object_counts_once_however_often_it_is_told_of() -> None:
    tally = Tally()
    seen(tally, zones="gate")
    seen(tally, phase="update", zones="gate,stairs")
    seen(tally, phase="update", zones="stairs")
    seen(tally, phase="end", zones="stairs")
    seen(tally, track="b-2", label="car")
    assert sorted(tally.take()) == [
        Count("cam-1", NOON, CountOf(Counted.ENTERED, "gate", "person"), 1),
        Count("cam-1", NOON, CountOf(Counted.ENTERED, "stairs", "person"), 1),
        Count("cam-1", NOON, CountOf(Counted.SEEN, "", "car"), 1),
        Count("cam-1", NOON, CountOf(Counted.SEEN, "", "person"), 1),
    ]
    assert tally.take() == []


def test_a_crossing_counts_for_its_way_and_as_forbidden_where_it_is() -> None:
    tally = Tally()
    for _ in range(2):
        seen(tally, event="crossing", phase="update", line="entrance", direction="in", forbidden=True)
    seen(tally, event="crossing", phase="update", line="entrance", direction="out", forbidden=False)
    seen(tally, event="crossing", phase="update", line="entrance", direction="sideways")
    assert {count.of.what: count.number for count in tally.take()} == {
        Counted.IN: 2,
        Counted.FORBIDDEN: 2,
        Counted.OUT: 1,
    }


def test_of_how_many_there_were_at_once_the_most_counts() -> None:
    tally = Tally()
    for people in (3, 7, 5):
        tally.see("cam-1", NOON, {"event": "count", "count_person": people, "count_vehicle": 0}, "gate")
    assert {count.of.label: count.number for count in tally.take()} == {"person": 7, "vehicle": 0}


def test_what_could_not_be_written_is_counted_with_what_comes_after() -> None:
    tally = Tally()
    at_once = {"event": "count", "count_person": 7}
    seen(tally)
    tally.see("cam-1", NOON, at_once)
    taken = tally.take()
    seen(tally, track="b-2")
    tally.see("cam-1", NOON, at_once | {"count_person": 3})
    tally.give_back(taken)
    assert {count.of.what: count.number for count in tally.take()} == {Counted.SEEN: 2, Counted.MOST: 7}


def test_a_tally_that_cannot_be_written_for_long_lets_the_oldest_go() -> None:
    tally = Tally()
    person = CountOf(Counted.SEEN, "", "person")
    tally.give_back(Count("cam-1", NOON + n * QUARTER, person, 1) for n in range(MOST_NUMBERS + 2))
    assert (tally.lost, min(count.start for count in tally.take())) == (2, NOON + 2 * QUARTER)


def test_what_is_told_besides_is_not_counted() -> None:
    tally = Tally()
    tally.see("cam-1", NOON, {"event": "camera", "camera_state": "dark", "fault": True})
    tally.see("cam-1", NOON, {"event": "dwell", "zone": "gate", "label": "person", "phase": "new", "dwell": 61.0})
    tally.see("cam-1", NOON, {})
    assert tally.take() == []


def test_a_tally_remembers_no_more_tracks_than_its_bound() -> None:
    tally = Tally()
    for n in range(MOST_TRACKS + 1):
        seen(tally, phase="update", track=f"b-{n}", zones="gate")
    assert [count.number for count in tally.take()] == [MOST_TRACKS + 1]
    seen(tally, phase="update", track=f"b-{MOST_TRACKS}", zones="gate")
    assert tally.take() == []
    seen(tally, phase="update", track="b-0", zones="gate")
    assert [count.number for count in tally.take()] == [1]


async def test_counts_add_up_and_the_largest_of_the_most_stays(store: Store) -> None:
    person, most = CountOf(Counted.SEEN, "", "person"), CountOf(Counted.MOST, "gate: [1]", "person")
    await store.cameras.add_counts([Count("cam-1", NOON, person, 2), Count("cam-1", NOON, most, 7)])
    await store.cameras.add_counts([Count("cam-1", NOON, person, 3), Count("cam-1", NOON, most, 4)])
    await store.cameras.add_counts([])
    assert await store.cameras.counts("cam-1", NOON, NOON + DAY) == [
        Count("cam-1", NOON, most, 7),
        Count("cam-1", NOON, person, 5),
    ]


async def test_counts_are_read_over_the_day_of_any_time_zone_and_fade(store: Store) -> None:
    person = CountOf(Counted.SEEN, "", "person")
    starts = [NOON - 13 * 4 * QUARTER + n * 4 * QUARTER for n in range(26)]
    await store.cameras.add_counts(Count("cam-1", start, person, 1) for start in starts)
    await store.cameras.add_counts([Count("cam-2", NOON, person, 1)])
    since = starts[0] + QUARTER
    read = await store.cameras.counts("cam-1", since, since + DAY)
    assert [count.start for count in read] == starts[1:25]
    day = await store.connection.call("TTL", keys.camera_counts("cam-2", "2026-11-22"))
    assert 34 * 86_400 < day <= 35 * 86_400
