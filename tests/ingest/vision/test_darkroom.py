"""Pictures that are asked for faster than they can be made: events go out without one rather than late."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from ingest.vision.analysis import Analysed
from ingest.vision.darkroom import Darkroom
from ingest.vision.finding import Finding, PictureClass

PASSING = Finding(1, {"label": "person", "phase": "new"}, picture=PictureClass.PERSON)
CROSSING = Finding(1, {"event": "crossing", "phase": "update"}, picture=PictureClass.PERSON)
UNSEEN = Finding(1, {"event": "count", "count_person": 1})
PIXELS = np.zeros((2, 2, 3), np.uint8)


def analysed(*findings: Finding, camera: str = "a", show: bool = False, at: int = 1) -> Analysed:
    wanted = tuple(finding.picture for finding in findings)
    pixels = PIXELS if show or any(wanted) else None
    return Analysed(camera, at, findings, wanted, (), (), pixels, show, wants_look=False)


def test_what_needs_no_picture_goes_out_at_once_but_never_before_what_its_camera_said_earlier() -> None:
    room = Darkroom()
    alone = analysed(UNSEEN)
    assert room.take_in(alone) is alone
    assert room.take_in(analysed(PASSING)) is None
    assert room.take_in(analysed(UNSEEN, at=2)) is None
    assert room.take_in(analysed(UNSEEN, camera="b")) is not None
    first, second = room.next(), room.next()
    assert (first.findings, second.findings) == ((PASSING,), (UNSEEN,))
    room.done(first)
    assert room.take_in(analysed(UNSEEN, at=3)) is None, "the second one is not told yet"
    room.done(second)
    room.done(room.next())
    assert room.take_in(analysed(UNSEEN, at=4)) is not None


def test_passers_by_and_live_pictures_give_way_before_a_crossing_does() -> None:
    room = Darkroom(frames=3, reserved=1)
    for number in range(2):
        assert room.take_in(analysed(PASSING, camera=f"c{number}")) is None
    spared = room.take_in(analysed(PASSING, camera="late", show=True))
    assert spared is not None
    assert (spared.findings, spared.wanted, spared.pixels, spared.show) == ((PASSING,), (None,), None, False)
    assert room.spared == 2
    assert room.take_in(analysed(PASSING, CROSSING, camera="x")) is None
    full = room.take_in(analysed(CROSSING, camera="y"))
    assert full is not None
    assert full.wanted == (None,)
    assert room.spared == 4


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from([PASSING, CROSSING, UNSEEN]), st.booleans())))
def test_nothing_is_lost_the_order_of_a_camera_holds_and_frames_are_bounded(
    steps: list[tuple[str, Finding, bool]],
) -> None:
    room = Darkroom(frames=4, reserved=2)
    said: list[Analysed] = []
    waiting = 0
    for at, (camera, finding, make) in enumerate(steps):
        given_back = room.take_in(analysed(finding, camera=camera, at=at))
        if given_back is None:
            waiting += 1
        else:
            said.append(given_back)
        assert room._frames_waiting <= 4
        if make and waiting:
            said.append(room.next())
            room.done(said[-1])
            waiting -= 1
    while waiting:
        said.append(room.next())
        room.done(said[-1])
        waiting -= 1
    assert sorted(each.at for each in said) == list(range(len(steps)))
    for camera in "abc":
        times = [each.at for each in said if each.camera == camera]
        assert times == sorted(times)
    pictured = sum(any(each.wanted) for each in said)
    assert pictured + room.spared == sum(finding.picture is not None for _, finding, _ in steps)


def test_only_what_merely_comes_by_is_pictured_small() -> None:
    assert analysed(PASSING, UNSEEN).only_passing
    assert not analysed(PASSING, CROSSING).only_passing
    assert analysed(show=True).only_passing
