"""Patterns are refused by the size of the automaton that they would need, before it is built."""

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.expressions_patterns import MAX_STATES, complaint_about, states


@pytest.mark.parametrize(
    "pattern",
    ["^(bus|car)$", "khói", r"^\w+-\d{1,4}$", "(?i)fire", "a{2,}", r"[^\d]", "", "x{0,20}", r"\p{L}+", "[[:alpha:]]"],
)
def test_patterns_that_people_write_are_taken(pattern: str) -> None:
    assert complaint_about(pattern) is None


@pytest.mark.parametrize(
    ("pattern", "size"),
    [("abc", 3), ("a{10}", 10), ("(a{10}){10}", 100), ("(ab|c){4}", 12), ("a{2,5}", 5), ("[abc]{2}", 40), ("a+b*", 2)],
)
def test_counted_repetitions_multiply(pattern: str, size: int) -> None:
    assert states(pattern) == size


parts = st.recursive(
    st.sampled_from(["a", "bc", ".", r"\w", "[a-z]", "[^x]"]),
    lambda inner: (
        st.tuples(inner, inner).map("".join)
        | st.tuples(inner, inner).map(lambda two: f"({two[0]}|{two[1]})")
        | st.tuples(inner, st.integers(0, 60)).map(lambda two: f"({two[0]}){{{two[1]}}}")
        | inner.map(lambda one: f"({one})*")
    ),
    max_leaves=6,
)


@settings(deadline=None, max_examples=60)
@given(parts)
def test_what_is_taken_is_matched_and_what_is_too_large_is_said_to_be(pattern: str) -> None:
    said = complaint_about(pattern)
    if said is None:
        assert pl.Series(["a" * 2000]).str.contains(pattern).len() == 1
    elif len(pattern) <= 300:
        assert states(pattern) > MAX_STATES
        assert "too large an automaton" in said
