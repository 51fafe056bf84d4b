from hypothesis import given
from hypothesis import strategies as st

from ingest.duplicates import RecentIds


@given(st.lists(st.integers(0, 40)), st.integers(2, 30))
def test_the_last_half_is_always_remembered_and_never_more_than_the_whole(numbers: list[int], limit: int) -> None:
    recent, fresh = RecentIds(limit), []
    for number in numbers:
        identity = f"env:{number}"
        if number in fresh[-(limit // 2) :]:
            assert not recent.add(identity)
        elif number not in fresh:
            assert recent.add(identity)
            fresh.append(number)
        elif recent.add(identity):
            fresh.append(number)
        assert len(recent) <= limit


@given(st.lists(st.lists(st.integers(0, 30).map(str), max_size=8), max_size=12))
def test_many_at_once_are_judged_as_one_by_one(batches: list[list[str]]) -> None:
    alone, together = RecentIds(40), RecentIds(40)
    for batch in batches:
        one_by_one = [alone.add(identity) for identity in batch]
        found = together.keep_new(batch)
        assert (found or [True] * len(batch)) == one_by_one
