"""Merging: entries that are taken together mean what they mean one by one."""

from collections.abc import Sequence
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ioc.model.alerts import AlertChange
from ioc.model.events import FIXED_COLUMNS, empty_batch
from ioc.model.instant import SECOND
from ioc.store.catalogue import load_catalogue
from ioc.store.event_stream import Entry
from rules import merging
from rules.book import read_book_text
from rules.engine import Engine
from rules.expressions import scope_of
from rules.merging import SPAN, portions

START = 1_790_000_000 * SECOND
CATALOGUE = load_catalogue()
RULES = """
- rule: threshold
  {late}
  from: sensor
  threshold: {{raise: pm25 > 5, for: 4 s, clear_for: 3 s}}
- rule: absence
  {late}
  from: sensor
  absence: {{after: 3 s}}
- rule: count
  {late}
  from: sensor
  window: {{over: 4 s, value: count(*), raise: ">= 3", clear: "< 2"}}
"""
BOOKS = {
    late: read_book_text(RULES.format(late=late), scope_of(CATALOGUE)) for late in ("severity: info", "lateness: 2 s")
}


def batch(events: Sequence[tuple[str, int, int | None, int]]) -> pl.DataFrame:
    rows = [
        dict.fromkeys(FIXED_COLUMNS)
        | {
            "kind": "sensor",
            "asset": asset,
            "pm25": pm25,
            "at": START + at * SECOND,
            "received_at": START + came * SECOND,
        }
        for asset, at, pm25, came in events
    ]
    schema = {**FIXED_COLUMNS, "at": pl.Int64, "received_at": pl.Int64, "pm25": pl.Float64}
    frame = pl.DataFrame(rows, schema=schema, orient="row")
    return frame.with_columns(pl.col("at", "received_at").cast(pl.Datetime("us", "UTC")))


@st.composite
def streams(draw: st.DrawFn) -> list[Entry]:
    """Entries whose stamps run ahead of what came: an event may come before the stamp of the entry before its own."""
    entries: list[Entry] = []
    clock = 0
    for number in range(draw(st.integers(1, 14))):
        clock += draw(st.sampled_from([0, 0, 0, 1, 1, 2, 5, 14]))
        events = draw(
            st.lists(
                st.tuples(
                    st.sampled_from("ab"),
                    st.integers(max(0, clock - 3), clock),
                    st.none() | st.integers(0, 9),
                    st.integers(max(0, clock - 2), clock),
                ),
                max_size=4,
            )
        )
        frame = batch(events) if events else empty_batch()
        entries.append(Entry(f"{number + 1}-0", START + clock * SECOND, frame))
    return entries


def told(changes: list[AlertChange]) -> list[tuple[Any, ...]]:
    return sorted((change.alert, change.rule, change.key, str(change.to), change.at) for change in changes)


@pytest.mark.parametrize("late", BOOKS)
@settings(max_examples=200, deadline=None)
@given(entries=streams(), span=st.integers(0, 9))
def test_taking_entries_together_changes_nothing(late: str, entries: list[Entry], span: int) -> None:
    alone, together = Engine(BOOKS[late], CATALOGUE), Engine(BOOKS[late], CATALOGUE)
    one_by_one = [change for entry in entries for change in alone.step(entry.batch, entry.clock)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(merging, "SPAN", span * SECOND)
        merged = list(portions(entries, 0))
    found = [change for each in merged for change in together.step(each.batch, each.clock, each.reached)]
    assert told(found) == told(one_by_one)
    assert merged[-1].position == entries[-1].position


def entry(number: int, clock: int, *events: tuple[str, int, int | None, int]) -> Entry:
    return Entry(f"{number}-0", clock, batch(events) if events else empty_batch())


def test_what_waits_is_taken_together_within_a_second() -> None:
    entries = [entry(n, START + n * SPAN // 4, ("a", 0, n, 0)) for n in range(8)]
    taken = list(portions(entries, START))
    assert [each.position for each in taken] == ["4-0", "7-0"]
    assert [each.batch.height for each in taken] == [5, 3]
    assert taken[1].reached.tolist() == [START + n * SPAN // 4 for n in (4, 5, 6)]


def test_a_hole_in_the_stream_stays_one() -> None:
    entries = [entry(1, START), entry(2, START + 20 * SECOND), entry(3, START + 20 * SECOND + 1)]
    assert [each.position for each in portions(entries, START)] == ["1-0", "2-0", "3-0"]


def test_a_portion_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(merging, "MAX_EVENTS", 2)
    entries = [entry(n, START, ("a", 0, n, 0)) for n in range(5)]
    assert [each.batch.height for each in portions(entries, START)] == [2, 2, 1]


def test_a_quantity_that_changes_its_type_is_taken_entry_by_entry() -> None:
    first = entry(1, START, ("a", 0, 1, 0))
    second = Entry("2-0", START, first.batch.with_columns(pl.lit("much").alias("pm25")))
    assert [each.batch.height for each in portions([first, second], START)] == [1, 1]


def test_ticks_alone_are_a_portion_without_events() -> None:
    (taken,) = portions([entry(1, START), entry(2, START + 1)], START)
    assert (taken.batch.height, taken.clock) == (0, START + 1)
