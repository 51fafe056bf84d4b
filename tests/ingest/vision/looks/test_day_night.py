import cv2
import drawn_scenes as draw
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from ingest.vision.looks.day_night import DayNight
from ioc.model.instant import SECOND

STREET = draw.View(draw.street())
INFRARED = draw.View(draw.infrared(draw.street()), noise=5)


def _looked(senses: DayNight, at: int, pixels: draw.Pixels) -> bool:
    return senses.look(at, pixels, np.asarray(cv2.cvtColor(pixels, cv2.COLOR_BGR2GRAY), np.uint8))


def test_the_first_picture_is_believed():
    assert not _looked(DayNight(), 0, STREET.at(0))
    grey = np.repeat(INFRARED.at(0)[..., :1], 3, axis=2)
    assert _looked(DayNight(), 0, grey)


def test_a_street_without_light_is_night_in_colour_too():
    assert _looked(DayNight(), 0, draw.View(draw.street(), gain=lambda _: 0.2).at(0))


@given(st.lists(st.tuples(st.integers(SECOND, 20 * SECOND), st.booleans()), min_size=1, max_size=40))
def test_day_and_night_change_only_when_the_picture_has_said_otherwise_for_seconds(pictures: list[tuple[int, bool]]):
    day, dark = np.full((20, 20, 3), (40, 120, 200), np.uint8), np.full((20, 20, 3), 20, np.uint8)
    senses, at, before = DayNight(), 0, None
    otherwise_since: int | None = None
    for step, night in pictures:
        at += step
        said = _looked(senses, at, dark if night else day)
        if before is not None and said != before:
            assert otherwise_since is not None
            assert at - otherwise_since >= 5 * SECOND
        otherwise_since = None if night == said else at if otherwise_since is None else otherwise_since
        before = said


def test_a_switch_to_infrared_is_told_within_seconds_and_back():
    senses = DayNight()
    said = [_looked(senses, n * SECOND, (INFRARED if 10 <= n < 30 else STREET).at(n)) for n in range(50)]
    assert not any(said[:10])
    assert all(said[18:30])
    assert not any(said[38:])
