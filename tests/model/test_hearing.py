"""How often an asset speaks, and when its quiet is silence."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ioc.model.hearing import BIN, BINS, Hearing
from ioc.model.instant import HOUR, MINUTE, SECOND, Instant

NOON = 1_795_323_600 * SECOND


def heard(*moments: Instant) -> Hearing:
    hearing = Hearing()
    for moment in moments:
        hearing.hear(NOON + moment)
    return hearing


@given(moments=st.lists(st.integers(0, 11 * BIN), min_size=1), later=st.integers(0, HOUR))
def test_every_event_of_the_last_hour_is_counted_in_its_bin(moments: list[int], later: int) -> None:
    hearing, now = heard(*moments), NOON + max(moments) + later
    expected = Counter(now // BIN - (NOON + moment) // BIN for moment in moments)
    assert hearing.last_hour(now) == [expected[back] for back in reversed(range(BINS))]
    assert hearing.at == NOON + max(moments)


def test_the_rate_fades_evenly_as_the_five_minutes_pass() -> None:
    hearing = heard(*(second * SECOND for second in range(300)))
    assert hearing.per_minute(NOON + BIN - 1) == pytest.approx(60)
    assert hearing.per_minute(NOON + BIN + BIN // 2) == pytest.approx(30)
    assert hearing.per_minute(NOON + 2 * BIN) == 0


@pytest.mark.parametrize(
    ("every", "usual", "silent_after"),
    [(SECOND, 3 * SECOND, 2 * MINUTE), (MINUTE, MINUTE, 5 * MINUTE), (10 * MINUTE, 10 * MINUTE, 50 * MINUTE)],
)
def test_an_asset_is_silent_when_it_has_missed_five_of_its_usual_turns(
    every: int, usual: int, silent_after: int
) -> None:
    hearing = heard(*range(0, HOUR, every))
    assert hearing.pause() == pytest.approx(usual, rel=0.7)
    assert not hearing.is_silent(hearing.at + int(0.7 * silent_after))
    assert hearing.is_silent(hearing.at + int(1.1 * silent_after))


def test_an_asset_that_speaks_seldom_is_given_a_day() -> None:
    hearing = heard(0, 6 * HOUR)
    assert hearing.pause() is None
    assert not hearing.is_silent(hearing.at + 23 * HOUR)
    assert hearing.is_silent(hearing.at + 25 * HOUR)


def test_one_that_has_just_begun_is_judged_by_what_it_has_said_so_far() -> None:
    hearing = heard(*(second * SECOND for second in range(0, 60, 10)))
    assert hearing.pause() == 50 * SECOND // 6
