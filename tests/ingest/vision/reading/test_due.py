import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.vision.reading.backoff import FIRST_S, LONGEST_S, REFUSED_S, STEADY_S, Backoff
from ingest.vision.reading.due import Due


@given(
    st.sampled_from([5.0, 10.0, 12.5, 15.0, 25.0, 30.0, 60.0]),
    st.sampled_from([0.5, 1.0, 2.0, 5.0]),
    st.lists(st.floats(-0.02, 0.02), min_size=20, max_size=20),
)
def test_as_many_frames_are_looked_at_as_wished_although_they_jitter(
    brought: float, wished: float, jitter: list[float]
) -> None:
    due = Due(wished)
    seconds = 60
    times = [number / brought + jitter[number % 20] for number in range(int(seconds * brought))]
    looked = sum(due.is_due(time) for time in times)
    assert looked == pytest.approx(seconds * wished, rel=0.05, abs=2)


def test_a_stream_slower_than_the_wish_is_looked_at_whole() -> None:
    due = Due(5)
    assert all(due.is_due(number / 3) for number in range(30))


def test_what_came_during_a_long_look_is_old_and_passed_over() -> None:
    due = Due(5)
    assert due.is_due(0.0)
    due.looked(0.0, 1.0, 25.0)
    # 25 frames came meanwhile; they are decoded in no time, and the next one is new.
    assert [due.is_due(1.0 + number / 1000) for number in range(26)] == [False] * 25 + [True]
    assert due.passed_over == 5


def test_a_short_look_makes_nothing_old() -> None:
    due = Due(5)
    assert due.is_due(0.0)
    due.looked(0.0, 0.003, 25.0)
    assert due.passed_over == 0
    assert due.is_due(0.2)


def test_pauses_double_up_to_the_longest_and_begin_anew_after_a_steady_time() -> None:
    backoff = Backoff(chance=lambda: 1.0)
    pauses = [backoff.after_failure(0.0) for _ in range(9)]
    assert pauses[:4] == [FIRST_S, 2 * FIRST_S, 4 * FIRST_S, 8 * FIRST_S]
    assert pauses[-1] == LONGEST_S
    assert backoff.after_failure(STEADY_S) == FIRST_S


@given(st.floats(0, 1, exclude_max=True), st.integers(1, 2000))
def test_pauses_are_spread_and_never_none(chance: float, failures: int) -> None:
    backoff = Backoff(chance=lambda: chance)
    for _ in range(failures):
        pause = backoff.after_failure(0.0)
    assert FIRST_S / 2 <= pause <= LONGEST_S
    assert backoff.after_refusal() <= REFUSED_S
