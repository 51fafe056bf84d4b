"""The load on operators, by the measures of alarm management."""

from hypothesis import given
from hypothesis import strategies as st

from ioc.model.instant import HOUR, MINUTE, SECOND
from rules.bench.load import FLOOD_ABOVE, FLOOD_OVER_BELOW, SPAN, load_of

START = 1_790_000_000 * SECOND


def minutes(*moments: float) -> list[int]:
    return [START + round(moment * MINUTE) for moment in moments]


def test_nothing_is_no_load() -> None:
    load = load_of(0, [], START, START + HOUR)
    assert (load.per_hour, load.peak_10_min, load.floods, load.share_of_flood_time) == (0, 0, 0, 0)


def test_the_peak_is_the_most_within_any_ten_minutes() -> None:
    load = load_of(6, minutes(1, 8, 9, 10.5, 11, 19), START, START + HOUR)
    # From 1 to 11 exclusive there are four, from 8 to 18 four, from 9 to 19 exclusive three.
    assert load.peak_10_min == 4
    assert load.per_hour == 6


def test_ten_in_ten_minutes_are_no_flood_and_eleven_are_one() -> None:
    ten = minutes(*range(10))
    assert load_of(10, ten, START, START + HOUR).floods == 0
    eleven = load_of(11, sorted([*ten, *minutes(0.5)]), START, START + HOUR)
    assert eleven.floods == 1
    # It begins with the eleventh, in the ninth minute, and is over when but four are younger than ten minutes.
    assert eleven.share_of_flood_time == (minutes(15)[0] - minutes(9)[0]) / HOUR


def test_a_flood_that_lasts_is_one_flood() -> None:
    load = load_of(40, minutes(*(index * 0.75 for index in range(40))), START, START + HOUR)
    assert load.floods == 1


def test_a_flood_ends_no_later_than_the_time_looked_at() -> None:
    load = load_of(12, minutes(*([59] * 12)), START, START + HOUR)
    assert (load.floods, load.share_of_flood_time) == (1, MINUTE / HOUR)


@given(st.lists(st.integers(0, 40 * MINUTE), max_size=60))
def test_floods_are_those_of_counting_at_every_instant(offsets: list[int]) -> None:
    times = sorted(START + offset for offset in offsets)
    until = START + HOUR
    edges = sorted({*times, *(time + SPAN for time in times)})
    flooded, begun, share, since = False, 0, 0, START
    for edge in edges:
        count = sum(edge - SPAN < time <= edge for time in times)
        if not flooded and count > FLOOD_ABOVE:
            flooded, begun, since = True, begun + 1, edge
        elif flooded and count < FLOOD_OVER_BELOW:
            flooded, share = False, share + edge - since
    found = load_of(len(times), times, START, until)
    assert found.floods == begun
    assert abs(found.share_of_flood_time * (until - START) - share) < 1
