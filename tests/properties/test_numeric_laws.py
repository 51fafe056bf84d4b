"""Laws of what numpy evaluates instead of polars: both give the same, for every condition and every batch."""

from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ioc.model.events import FIXED_COLUMNS
from ioc.runtime.marked_yaml import read_marked
from ioc.store.catalogue import load_catalogue
from rules.expressions import compile_condition, scope_of
from rules.numeric import UNKNOWN
from rules.selection import Gate, Selection, Whole

CATALOGUE = load_catalogue()
SCOPE = scope_of(CATALOGUE)
SCHEMA = {**FIXED_COLUMNS, **CATALOGUE.schema()}
READ = ("pm25", "temp_c", "lat", "clients", "occupied", "label", "zone")
NUMBERS = ("pm25", "temp_c", "lat", "clients")
TEXTS = ("label", "zone")
WORDS = ("", "smoke", "fire", "a'b")
LIMITS = ("0", "-1", "5", "5.5", "10", "-0.0", "1e9")


def _quoted(word: str) -> str:
    return "'" + word.replace("'", "''") + "'"


compared = st.builds(
    lambda name, sign, limit, turned: f"{limit} {sign} {name}" if turned else f"{name} {sign} {limit}",
    st.sampled_from(NUMBERS),
    st.sampled_from(("<", "<=", ">", ">=", "=", "<>")),
    st.sampled_from(LIMITS),
    st.booleans(),
)
between = st.builds(
    lambda name, low, high: f"{name} between {low} and {high}",
    st.sampled_from(NUMBERS),
    st.sampled_from(LIMITS),
    st.sampled_from(LIMITS),
)
listed = st.builds(
    lambda name, limits: f"{name} in ({', '.join(limits)})",
    st.sampled_from(NUMBERS),
    st.lists(st.sampled_from(LIMITS), min_size=1, max_size=3),
)
worded = st.builds(
    lambda name, sign, word: f"{name} {sign} {_quoted(word)}",
    st.sampled_from(TEXTS),
    st.sampled_from(("=", "<>")),
    st.sampled_from(WORDS),
)
one_of = st.builds(
    lambda name, words: f"{name} in ({', '.join(_quoted(word) for word in words)})",
    st.sampled_from(TEXTS),
    st.lists(st.sampled_from(WORDS), min_size=1, max_size=3),
)
missing = st.builds(lambda name, how: f"{name} is {how}", st.sampled_from(READ), st.sampled_from(("null", "not null")))
truths = st.sampled_from(("occupied", "occupied = true", "occupied <> false"))
simple = st.one_of(compared, between, listed, worded, one_of, missing, truths)
conditions = st.recursive(
    simple,
    lambda inner: st.one_of(
        st.builds(lambda one, other: f"({one}) and ({other})", inner, inner),
        st.builds(lambda one, other: f"({one}) or ({other})", inner, inner),
        st.builds(lambda one: f"not ({one})", inner),
    ),
    max_leaves=6,
)

doubles = st.none() | st.sampled_from([float("nan"), float("inf"), float("-inf"), -0.0, 0.0, -1.0, 5.0, 5.5, 10.0, 1e9])
rows = st.fixed_dictionaries(
    {
        "pm25": doubles,
        "temp_c": doubles,
        "lat": doubles,
        "clients": st.none() | st.sampled_from([0, -1, 5, 10, 10**9]),
        "occupied": st.none() | st.booleans(),
        "label": st.none() | st.sampled_from(WORDS),
        "zone": st.none() | st.sampled_from([*WORDS, "elsewhere"]),
    }
)


def batch(events: list[dict[str, Any]], lacking: set[str]) -> pl.DataFrame:
    """Make a batch of events of one kind; columns that are lacking are unknown for all."""
    full = [
        dict.fromkeys(FIXED_COLUMNS) | {"kind": "sensor", "asset": "a", "at": 0, "received_at": 0} | e for e in events
    ]
    schema = {name: SCHEMA[name] for name in (*FIXED_COLUMNS, *READ)} | {"at": pl.Int64, "received_at": pl.Int64}
    frame = pl.DataFrame(full, schema=schema, orient="row")
    return frame.with_columns(pl.col("at", "received_at").cast(FIXED_COLUMNS["at"])).drop(lacking)


@settings(max_examples=300, deadline=None)
@given(
    text=conditions,
    events=st.lists(rows, min_size=1, max_size=12),
    lacking=st.sets(st.sampled_from(("pm25", "clients", "label", "occupied"))),
)
def test_a_condition_means_what_polars_says(text: str, events: list[dict[str, Any]], lacking: set[str]) -> None:
    node = read_marked('- "' + text.replace('"', '\\"') + '"', "rules.yaml")
    assert node is not None
    compiled = compile_condition(node.sequence()[0], SCOPE)
    selection = Selection(SCHEMA)
    name = selection.condition(compiled)
    key_name, _ = selection.key(("asset",), {})
    selection.ask((frozenset(),), frozenset((name, key_name)))
    assert name in selection.conditions, "it was left to polars"

    frame = batch(events, lacking)
    now = np.arange(len(events))
    whole = Whole(selection, frame, now, now)
    filled = frame.with_columns(pl.lit(None, SCHEMA[column]).alias(column) for column in sorted(lacking))
    wanted = filled.select(compiled.expression.cast(pl.Int8).fill_null(UNKNOWN).alias("_"), pl.col("at"))["_"].to_list()

    assert whole.arrays[name].tolist() == wanted
    assert whole.may_be_true(name) or 1 not in wanted
    part = whole.part((Gate(frozenset(), name),), key_name)
    assert part.ref.tolist() == [row for row, value in enumerate(wanted) if value == 1]
    known = part.known(name)
    assert known is None or known.all()


def test_a_unit_is_reckoned_with() -> None:
    node = read_marked('- "pm25 > 1 mg/m³"', "rules.yaml")
    assert node is not None
    selection = Selection(SCHEMA)
    name = selection.condition(compile_condition(node.sequence()[0], SCOPE))
    frame = batch([{"pm25": 999.0}, {"pm25": 1001.0}], set())
    assert Whole(selection, frame, np.arange(2), np.arange(2)).arrays[name].tolist() == [0, 1]


@pytest.mark.parametrize(
    "text", ["pm25 > pm10", "abs(pm25) > 5", "label ~ '^s'", "hour(at) > 6", "lower(label) = 'smoke'", "label < 'b'"]
)
def test_what_is_more_than_columns_and_constants_is_left_to_polars(text: str) -> None:
    node = read_marked(f'- "{text}"', "rules.yaml")
    assert node is not None
    selection = Selection(SCHEMA)
    assert selection.condition(compile_condition(node.sequence()[0], SCOPE)) not in selection.conditions
