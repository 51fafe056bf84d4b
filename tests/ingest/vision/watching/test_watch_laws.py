"""What holds of whatever a detector says, at whatever times."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.vision.camera import Camera
from ingest.vision.finding import Finding
from ingest.vision.frame import Box, Detection
from ingest.vision.watching.watch import Watch
from ioc.model.cameras import Geometry, Line, Zone
from ioc.model.instant import SECOND

if TYPE_CHECKING:
    from conftest import Scene

LINE = Line("line", (0.5, 1.0), (0.5, 0.0))
ZONES = (
    Zone("left", ((0.0, 0.0), (0.5, 0.0), (0.5, 1.0), (0.0, 1.0)), dwell_s=3.0, density=True),
    Zone("low", ((0.0, 0.5), (1.0, 0.5), (1.0, 1.0), (0.0, 1.0)), dwell_s=2.0),
)
DRAWINGS = (
    Geometry(zones=ZONES, lines=(LINE,)),
    Geometry(zones=ZONES[:1]),
    Geometry(region=((0.2, 0.2), (0.9, 0.2), (0.9, 0.9), (0.2, 0.9)), lines=(LINE,)),
    Geometry(),
)

shares = st.floats(0, 1)
# A few places only, so that detections of one frame often go on with those of the one before it.
places = st.sampled_from([0.1, 0.12, 0.3, 0.45, 0.5, 0.55, 0.8])
detections = st.builds(
    lambda label, score, x, y: Detection(label, score, Box(x, y, x + 0.08, y + 0.2)),
    st.sampled_from(["person", "person", "car", "truck", "suitcase", "moving"]),
    shares,
    places,
    places,
)
steps = st.one_of(
    st.tuples(st.just("look"), st.lists(detections, max_size=6), st.integers(1, 3 * SECOND)),
    st.tuples(st.just("look"), st.just([Detection("person", 0.9, Box(0.3, 0.3, 0.4, 0.6))]), st.just(SECOND // 5)),
    st.tuples(st.just("quiet"), st.none(), st.integers(1, 70 * SECOND)),
    st.tuples(st.just("redraw"), st.sampled_from(DRAWINGS), st.just(0)),
    st.tuples(st.just("close"), st.none(), st.just(1)),
)


def run(story: list[tuple[str, Any, int]], watch: Watch) -> list[Finding]:
    at = SECOND
    told: list[Finding] = []
    for what, given_, passed in story:
        at += passed
        if what == "look":
            told += watch.look(at, given_)
        elif what == "quiet":
            told += watch.quiet(at)
        elif what == "redraw":
            watch.redraw(given_)
        else:
            told += watch.close(at)
        counts = watch.counts
        for there in (counts.picture, *counts.zones.values()):
            assert 0 <= there.people + there.vehicles <= there.everything <= counts.picture.everything
        names = [each[3] for each in watch.drawn()]
        assert len(names) == len(set(names)) == counts.picture.everything
    return told + watch.close(at + 1)


@settings(max_examples=150, deadline=None)
@given(story=st.lists(steps, max_size=40))
def test_each_track_is_new_once_then_updated_then_ends_once(story: list[tuple[str, Any, int]]):
    told = run(story, Watch(Camera("gate", "file:/gate", geometry=DRAWINGS[0]), "a"))
    phases: dict[Any, list[Any]] = {}
    for finding in told:
        if "event" not in finding.values:
            phases.setdefault(finding.values["track"], []).append(finding.values["phase"])
    for said in phases.values():
        assert said[0] == "new"
        assert said[-1] == "end"
        assert set(said[1:-1]) <= {"update"}
    assert list(phases) == [f"a-{number}" for number in range(1, len(phases) + 1)]


@settings(max_examples=150, deadline=None)
@given(story=st.lists(steps, max_size=40))
def test_what_is_told_comes_in_order_and_is_sound(story: list[tuple[str, Any, int]]):
    told = run(story, Watch(Camera("gate", "file:/gate", geometry=DRAWINGS[0]), "a"))
    assert [finding.at for finding in told] == sorted(finding.at for finding in told)
    begun: Counter[Any] = Counter()
    for finding in told:
        values = finding.values
        event, phase = values.get("event"), values.get("phase")
        # Rules count what is new: nothing that is told besides is.
        assert (phase == "new") <= (event is None)
        if event == "count":
            assert 0 <= values["count_person"] + values["count_vehicle"] <= values["count_all"]
        elif event == "density":
            assert 0 <= values["crowd_density"] <= 100
            assert (values["crowd_density"] > 0) <= (values["count_person"] > 0)
        elif event == "dwell":
            begun[values["event_key"]] += 1 if phase == "update" else -1
            assert begun[values["event_key"]] in {0, 1}
        else:
            assert all(0 <= float(side) <= 1 for side in values["box"].split(","))
    assert not +begun


@settings(max_examples=40, deadline=None)
@given(stops=st.lists(st.floats(0.05, 0.95), min_size=2, max_size=8))
def test_crossings_in_less_crossings_out_are_the_change_of_sides(scene: type[Scene], stops: list[float]):
    """A line through the whole picture, somebody who walks to and fro and rests at each stop."""
    here = scene(Geometry(lines=(LINE,)))
    here.look([[here.standing(stops[0], 0.6)]] * 5)
    for start, stop in pairwise(stops):
        here.walk((start, 0.6), (stop, 0.6), seconds=max(0.2, abs(stop - start) / 0.05))
        here.look([[here.standing(stop, 0.6)]] * 15)
    passed = here.watch.counts.lines["line"]
    assert passed.into - passed.out in {-1, 0, 1}
    if all(abs(stop - 0.5) > 0.02 for stop in (stops[0], stops[-1])):
        assert passed.into - passed.out == int(stops[-1] > 0.5) - int(stops[0] > 0.5)
    assert len(here.of(here.told, "crossing")) == passed.into + passed.out
    sides = [stop > 0.5 for stop in stops if abs(stop - 0.5) > 0.02]
    assert passed.into + passed.out >= sum(one != other for one, other in pairwise(sides))


@settings(max_examples=50, deadline=None)
@given(drawings=st.lists(st.sampled_from([DRAWINGS[0], DRAWINGS[1], DRAWINGS[3]]), min_size=1, max_size=10))
def test_redrawing_keeps_what_is_followed(scene: type[Scene], drawings: list[Geometry]):
    here = scene(DRAWINGS[0])
    here.look([[here.standing(0.3, 0.6), here.standing(0.8, 0.6, "car")]] * 5)
    for drawing in drawings:
        here.watch.redraw(drawing)
        here.look([[here.standing(0.3, 0.6), here.standing(0.8, 0.6, "car")]])
    assert [each[3] for each in here.watch.drawn()] == ["a-1", "a-2"]
    assert Counter(each.values["phase"] for each in here.of(here.told, None))["new"] == 2
    assert set(here.watch.counts.zones) == {zone.name for zone in drawings[-1].zones}
