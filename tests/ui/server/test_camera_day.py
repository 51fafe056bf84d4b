"""A day of counts is the city's day, whole, wherever the city is."""

from datetime import date, timedelta
from zoneinfo import available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ioc.model.cameras import Geometry, Line, Zone
from ioc.model.instant import HOUR, from_iso
from ioc.store.camera_counts import QUARTER, Count, Counted, CountOf
from ui.server.camera_day import bounds_of, counts_view, day_of

ZONES = sorted(available_timezones())
SEEN = CountOf(Counted.SEEN, "", "person")


@given(st.dates(date(1970, 1, 3), date(2100, 1, 1)), st.sampled_from(ZONES))
def test_days_follow_one_another_without_a_gap(day: date, zone: str) -> None:
    since, until = bounds_of(day, zone)
    assert bounds_of(day + timedelta(days=1), zone)[0] == until
    # Where people once moved the date line, a day of theirs has no length.
    assert 0 <= until - since <= 48 * HOUR
    if since < until:
        assert day_of(since, zone) == day


@given(
    st.dates(date(1970, 1, 3), date(2100, 1, 1)),
    st.sampled_from(ZONES),
    st.lists(st.integers(-100, 200), unique=True, max_size=20),
)
def test_what_is_counted_within_the_day_and_nothing_else_is_in_its_rows(
    day: date, zone: str, quarters: list[int]
) -> None:
    since, until = bounds_of(day, zone)
    counts = [Count("cam-1", since - since % QUARTER + n * QUARTER, SEEN, 1) for n in quarters]
    view = counts_view(counts, since, until, Geometry())
    within = sum(since <= count.start < until for count in counts)
    row = view["seen"].get("person", [])
    assert sum(row) == within
    assert len(row) in (0, view["quarters"])


@pytest.mark.parametrize(
    ("day", "zone", "hours"),
    [
        (date(2026, 11, 22), "Asia/Ho_Chi_Minh", 24),
        (date(2026, 3, 29), "Europe/Berlin", 23),
        (date(2026, 10, 25), "Europe/Berlin", 25),
        (date(2026, 11, 22), "Asia/Kathmandu", 24),
        (date(2026, 11, 22), "Nowhere/Atall", 24),
    ],
)
def test_a_day_has_as_many_quarter_hours_as_clocks_give_it(day: date, zone: str, hours: int) -> None:
    since, until = bounds_of(day, zone)
    assert counts_view([], since, until, Geometry())["quarters"] == 4 * hours


def test_a_day_begins_at_midnight_where_the_city_is() -> None:
    midnight = from_iso("2026-11-22T00:00:00+07:00")[0]
    assert bounds_of(date(2026, 11, 22), "Asia/Ho_Chi_Minh")[0] == midnight
    assert day_of(midnight - 1, "Asia/Ho_Chi_Minh") == date(2026, 11, 21)


def test_what_is_drawn_is_there_before_anything_was_counted() -> None:
    triangle = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0))
    drawn = Geometry(zones=(Zone("b", triangle), Zone("a", triangle)), lines=(Line("c", (0, 0), (1, 1)),))
    since, until = bounds_of(date(2026, 11, 22), "UTC")
    view = counts_view([Count("cam-1", since, CountOf(Counted.ENTERED, "0", "car"), 3)], since, until, drawn)
    assert [each["zone"] for each in view["zones"]] == ["b", "a", "0"]
    assert view["lines"] == [{"line": "c", "in": {}, "out": {}, "forbidden": {}}]


@pytest.mark.parametrize("day", [date.min, date.max, date(1969, 12, 31)])
def test_a_day_of_which_no_times_are_kept_is_refused(day: date) -> None:
    with pytest.raises(ValueError, match="outside the years"):
        bounds_of(day, "Asia/Ho_Chi_Minh")
