from hypothesis import given
from hypothesis import strategies as st

from ingest.vision.finding import PictureClass
from ingest.vision.frame import Box
from ingest.vision.looks.lasting import UPDATE_EVERY, Lasting
from ioc.model.instant import SECOND

BOX = Box(0.1, 0.2, 0.3, 0.4)


@given(st.lists(st.tuples(st.integers(0, 15 * SECOND), st.booleans()), max_size=80))
def test_whatever_lasts_is_told_as_new_then_updates_then_end_under_one_key(steps: list[tuple[int, bool]]):
    lasting = Lasting("cam-1", "smoke-like", sure_after=3 * SECOND, gap=2 * SECOND, gone_after=8 * SECOND)
    at, told, first, last = 0, [], None, 0
    for step, there in steps:
        at += step
        was_open = lasting.open
        if first is not None and at - last >= (8 if was_open else 2) * SECOND:
            first = None
        if there:
            first, last = (at if first is None else first), at
        told += lasting.seen(at, BOX, 0.7) if there else lasting.unseen(at)
        # It is open exactly while it has been seen for long enough, and not been gone for long.
        assert not lasting.open or (first is not None and last - first >= 3 * SECOND)
    keys: set[object] = set()
    open_key: object = None
    told_at = 0
    for finding in told:
        key, phase = finding.values["event_key"], finding.values["phase"]
        if phase == "new":
            assert open_key is None
            assert key not in keys
            assert finding.picture is PictureClass.SCENE
            open_key = key
            keys.add(key)
        else:
            assert key == open_key
            assert finding.picture is None
            if phase == "update":
                assert finding.at - told_at >= UPDATE_EVERY
            else:
                open_key = None
        told_at = finding.at


def test_what_is_told_says_where_how_sure_and_for_how_long():
    lasting = Lasting("cam-1", "flame-like", sure_after=2 * SECOND, gap=2 * SECOND, gone_after=8 * SECOND)
    assert not lasting.seen(10 * SECOND, BOX, 0.5)
    assert not lasting.seen(11 * SECOND, BOX, 0.4)
    (finding,) = lasting.seen(12 * SECOND, BOX, 0.61)
    assert finding.at == 12 * SECOND
    assert finding.values == {
        "label": "flame-like",
        "score": 0.61,
        "box": "0.100,0.200,0.300,0.400",
        "phase": "new",
        "event_key": "cam-1-flame-like-10000",
        "age": 2.0,
    }


def test_what_was_seen_too_shortly_is_never_told():
    lasting = Lasting("cam-1", "flame-like", sure_after=2 * SECOND, gap=2 * SECOND, gone_after=8 * SECOND)
    assert not lasting.seen(0, BOX, 0.5)
    assert not lasting.seen(SECOND, BOX, 0.5)
    assert lasting.known
    assert not lasting.unseen(3 * SECOND)
    assert not lasting.known
