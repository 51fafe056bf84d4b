"""Sequences: a gap is what a device says it sent and what never came, and is told once."""

from hypothesis import given
from hypothesis import strategies as st

from ingest.sequences import GRACE, MAX_BOOTS, MAX_JUMP, MAX_MISSING, Sequences
from ioc.model.gaps import Gap
from ioc.model.instant import SECOND

START = 1_795_309_200 * SECOND
LATER = START + 2 * GRACE


def note(sequences: Sequences, *numbers: int, asset: str = "env-1", boot: str = "a", now: int = START) -> None:
    sequences.note([asset] * len(numbers), [boot] * len(numbers), numbers, now)


def told(sequences: Sequences, now: int = LATER) -> list[tuple[str, str, int, int]]:
    return [(gap.asset, gap.boot, gap.first, gap.last) for gap in sequences.due(now)]


def restarted(sequences: Sequences, *assets: str, now: int = START) -> Sequences:
    after = Sequences()
    after.restore(sequences.saved(assets or ("env-1",)), now)
    return after


def test_what_is_jumped_over_and_does_not_come_is_a_gap() -> None:
    sequences = Sequences()
    note(sequences, 1, 2, 5)
    assert sequences.due(START + GRACE - 1) == []
    assert sequences.due(START + GRACE) == [Gap("env-1", "a", 3, 4, START + GRACE)]
    assert Gap("env-1", "a", 3, 4, START).missing == 2


def test_a_gap_is_told_once() -> None:
    sequences = Sequences()
    note(sequences, 1, 3)
    assert told(sequences) == [("env-1", "a", 2, 2)]
    note(sequences, 3, 3, 4, now=LATER)
    assert told(sequences, LATER + 2 * GRACE) == []


def test_what_comes_late_was_not_missing() -> None:
    sequences = Sequences()
    note(sequences, 1, 9, 4, 2, 3)
    assert told(sequences) == [("env-1", "a", 5, 8)]


def test_what_comes_again_is_no_news() -> None:
    sequences = Sequences()
    note(sequences, 1, 2, 3, 1, 2, 3, 4, 2, 5)
    assert told(sequences) == []


def test_a_new_start_of_the_device_counts_anew() -> None:
    sequences = Sequences()
    note(sequences, 7, 8)
    note(sequences, 0, 1, boot="b")
    note(sequences, 9)
    note(sequences, 2, boot="b")
    assert told(sequences) == []


def test_the_first_message_that_is_seen_starts_the_count() -> None:
    sequences = Sequences()
    note(sequences, 1_000)
    assert told(sequences) == []


def test_a_device_that_counts_anew_without_saying_so_loses_nothing() -> None:
    sequences = Sequences()
    note(sequences, 5, 5 + MAX_JUMP + 2, 0, 1)
    assert told(sequences) == []


def test_a_gap_just_before_the_end_of_a_process_is_told_by_the_next() -> None:
    sequences = Sequences()
    note(sequences, 1, 4)
    after = restarted(sequences, now=LATER)
    assert told(after, LATER + GRACE - 1) == []
    assert told(after, LATER + GRACE) == [("env-1", "a", 2, 3)]


def test_what_the_next_process_receives_again_is_no_gap() -> None:
    sequences = Sequences()
    note(sequences, 1, 2, 3)
    note(sequences, 0, boot="b")
    after = restarted(sequences)
    note(after, 2, 3)
    note(after, 0, 1, boot="b")
    note(after, 4)
    assert told(after) == []


def test_what_is_told_is_not_told_by_the_next_process() -> None:
    sequences = Sequences()
    note(sequences, 1, 4)
    assert len(told(sequences)) == 1
    after = restarted(sequences)
    note(after, 5)
    assert told(after) == []


def test_devices_do_not_disturb_one_another() -> None:
    sequences = Sequences()
    sequences.note(["a", "b", "a", "b"], ["x"] * 4, [1, 1, 2, 3], START)
    assert told(sequences) == [("b", "x", 2, 2)]


def test_what_is_followed_has_an_end() -> None:
    sequences = Sequences(max_assets=2)
    for asset in ("a", "b"):
        note(sequences, 1, 3, asset=asset)
    note(sequences, 1, asset="c")
    assert told(sequences, START) == [("a", "a", 2, 2)]
    assert sequences.saved(["a", "b"]) == {"a": "", "b": "a:4:2-2"}
    for boot in range(MAX_BOOTS + 1):
        note(sequences, 1, asset="c", boot=f"boot-{boot}")
    assert len(sequences.saved(["c"])["c"].splitlines()) == MAX_BOOTS
    note(sequences, *range(1, 2 * MAX_MISSING + 4, 2), asset="d")
    assert len(told(sequences, START)) == 2


@given(
    st.lists(st.tuples(st.sampled_from("xy"), st.sampled_from("ab"), st.integers(0, 12)), max_size=60),
    st.sets(st.integers(0, 60)),
)
def test_exactly_what_never_came_is_told(messages: list[tuple[str, str, int]], restarts: set[int]) -> None:
    sequences = Sequences()
    for place, (asset, boot, number) in enumerate(messages):
        if place in restarts:
            sequences = restarted(sequences, "x", "y")
        note(sequences, number, asset=asset, boot=boot)
    missing = [(asset, boot, n) for asset, boot, first, last in told(sequences) for n in range(first, last + 1)]
    expected = []
    for asset in "xy":
        for boot in "ab":
            came = [number for a, b, number in messages if (a, b) == (asset, boot)]
            if came:
                expected += [(asset, boot, n) for n in range(came[0], max(came)) if n not in came]
    assert sorted(missing) == sorted(expected)
    assert told(sequences, LATER + 2 * GRACE) == []
