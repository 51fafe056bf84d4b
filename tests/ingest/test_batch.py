"""Batches: the frame that rules read has the columns and types that were promised."""

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.batch import UnknownQuantities, build_batch
from ioc.model.events import FIXED_COLUMNS, AtSource, Event, Kind, Signal, Value
from ioc.store.catalogue import load_catalogue

CATALOGUE = load_catalogue()


def event(number: int = 1, signal: Signal | None = None, **values: Value) -> Event:
    return Event(
        f"id-{number}", Kind.SENSOR, f"env-{number}", 1000 + number, 2000, AtSource.DEVICE, "ioc", 11.9, 108.4, None,
        signal, values,
    )  # fmt: skip


def test_an_empty_batch_has_the_fixed_columns() -> None:
    assert build_batch([], CATALOGUE)[0].schema == pl.Schema(FIXED_COLUMNS)


def test_the_fixed_columns_come_first_and_each_quantity_has_one_of_its_type() -> None:
    frame, rejected = build_batch([event(1, pm25=1.0), event(2, Signal.ALERT, label="smoke", clients=3)], CATALOGUE)
    assert rejected == []
    assert list(frame.schema.items()) == [
        *pl.Schema(FIXED_COLUMNS).items(),
        ("pm25", pl.Float64),
        ("label", pl.String),
        ("clients", pl.Int64),
    ]
    assert frame["signal"].to_list() == [None, "alert"]
    assert frame["kind"].to_list() == ["sensor", "sensor"]
    assert frame["pm25"].to_list() == [1.0, None]
    assert frame["at"].dt.timestamp("us").to_list() == [1001, 1002]


def test_a_whole_number_is_a_number() -> None:
    frame, rejected = build_batch([event(1, pm25=1), event(2, pm25=1.5)], CATALOGUE)
    assert (frame["pm25"].to_list(), rejected) == ([1.0, 1.5], [])


def test_a_value_of_another_type_is_rejected_by_name_and_its_event_kept() -> None:
    frame, (rejected,) = build_batch([event(1, pm25="much"), event(2, pm25=2.0), event(3, motion=True)], CATALOGUE)
    assert frame["pm25"].to_list() == [None, 2.0, None]
    assert rejected.reason == "pm25 must be a number, not 'much'"
    assert rejected.topic == "event id-1 of env-1"


def test_an_unknown_quantity_keeps_the_type_of_its_first_value_from_batch_to_batch() -> None:
    unknown = UnknownQuantities()
    build_batch([event(1, salinity=3)], CATALOGUE, unknown)
    frame, (rejected,) = build_batch([event(1, salinity="salty"), event(2, salinity=3.5)], CATALOGUE, unknown)
    assert frame["salinity"].to_list() == [None, 3.5]
    assert rejected.reason == "salinity was a number when it first came, and now is 'salty'"
    frame, _ = build_batch([event(1, salinity=True)], CATALOGUE, unknown)
    assert "salinity" not in frame.columns


def test_true_is_not_the_number_one() -> None:
    frame, rejected = build_batch([event(1, pm25=True), event(2, pm25=1.0)], CATALOGUE)
    assert frame["pm25"].to_list() == [None, 1.0]
    assert len(rejected) == 1


def test_unknown_quantities_have_an_end() -> None:
    unknown = UnknownQuantities(limit=2)
    frame, rejected = build_batch([event(1, a=1, b=2, c=3)], CATALOGUE, unknown)
    assert frame.columns[len(FIXED_COLUMNS) :] == ["a", "b"]
    assert [each.reason[:36] for each in rejected] == ["c is one unknown quantity too many; "]


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.dictionaries(
            st.sampled_from(["pm25", "label", "motion", "clients", "mine", "yours"]),
            st.one_of(st.booleans(), st.integers(-(2**63), 2**63 - 1), st.floats(allow_nan=False), st.text(max_size=5)),
        ),
        min_size=1,
        max_size=8,
    )
)
def test_every_value_is_in_the_frame_or_rejected(values: list[dict[str, Value]]) -> None:
    frame, rejected = build_batch([event(number, None, **each) for number, each in enumerate(values)], CATALOGUE)
    quantities = frame.select(pl.exclude(list(FIXED_COLUMNS)))
    kept = sum(quantities.height - column.null_count() for column in quantities)
    assert frame.height == len(values)
    assert kept + len(rejected) == sum(len(each) for each in values)


@pytest.mark.parametrize("field", ["at", "received_at"])
def test_times_are_utc_microseconds(field: str) -> None:
    assert build_batch([event()], CATALOGUE)[0].schema[field] == pl.Datetime("us", "UTC")
