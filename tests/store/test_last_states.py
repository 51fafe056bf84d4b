"""The last known states: the same whatever the cut of the batches, and never set back by what is older."""

import io
from dataclasses import asdict
from itertools import pairwise
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ioc.model.assets import AssetState, AssetStatus
from ioc.model.events import FIXED_COLUMNS, empty_batch
from ioc.model.hearing import BIN, Hearing
from ioc.model.instant import MINUTE, SECOND
from ioc.model.kinds import Kind
from ioc.store import last_states
from ioc.store.last_states import LastStates

NOON = 1_795_323_600 * SECOND
QUANTITIES = {"pm25": pl.Float64, "clients": pl.Int64, "label": pl.String, "motion": pl.Boolean}


def batch(*events: dict[str, Any]) -> pl.DataFrame:
    """Lay events out wide; what is not said is null, times are microseconds after noon."""
    if not events:
        return empty_batch()
    wide = {**FIXED_COLUMNS, **{name: kind for name, kind in QUANTITIES.items() if any(name in e for e in events)}}
    rows = [{"id": "e", "kind": "sensor", "codec": "ours", "at_source": "device", **event} for event in events]
    return pl.DataFrame(
        {
            name: pl.Series(
                [NOON + row[name] if name in ("at", "received_at") and name in row else row.get(name) for row in rows],
                dtype=pl.Int64 if name in ("at", "received_at") else kind,
            ).cast(kind)
            for name, kind in wide.items()
        }
    )


def after(*events: dict[str, Any]) -> AssetState:
    states = LastStates()
    states.update(batch(*events))
    state = states.get("a")
    assert state is not None
    return state


def test_values_merge_and_the_newest_of_each_stays() -> None:
    state = after(
        {"asset": "a", "at": 0, "pm25": 10.0, "label": "fog", "lat": 11.9, "lon": 108.4, "zone": "z1"},
        {"asset": "a", "at": 1, "pm25": 12.5, "clients": 3},
        {"asset": "a", "at": 2, "kind": "wifi", "codec": "other"},
    )
    assert state == AssetState(
        id="a",
        kind=Kind.WIFI,
        at=NOON + 2,
        lat=11.9,
        lon=108.4,
        zone="z1",
        codec="other",
        values={"pm25": 12.5, "label": "fog", "clients": 3},
        heard=Hearing(NOON + 2, [3]),
    )


def test_what_is_older_than_the_known_changes_nothing() -> None:
    state = after(
        {"asset": "a", "at": 10, "pm25": 1.0},
        {"asset": "a", "at": 9, "pm25": 2.0, "clients": 5, "signal": "offline", "lat": 1.0, "lon": 2.0},
    )
    assert (state.at, state.values, state.status, state.lat) == (NOON + 10, {"pm25": 1.0}, AssetStatus.ONLINE, None)


def test_of_two_from_the_same_instant_the_later_in_the_stream_wins() -> None:
    assert after({"asset": "a", "at": 1, "pm25": 1.0}, {"asset": "a", "at": 1, "pm25": 2.0}).values == {"pm25": 2.0}


@pytest.mark.parametrize(
    ("signal", "status"), [("offline", "offline"), ("online", "online"), ("heartbeat", "online"), (None, "online")]
)
def test_an_asset_is_what_it_last_said(signal: str | None, status: str) -> None:
    for before in ("offline", "online"):
        assert (
            after({"asset": "a", "at": 0, "signal": before}, {"asset": "a", "at": 1, "signal": signal}).status == status
        )


def test_a_clock_that_runs_ahead_does_not_outlive_the_news_that_the_device_is_gone() -> None:
    state = after(
        {"asset": "a", "at": 4 * MINUTE, "received_at": 0, "pm25": 1.0},
        {"asset": "a", "at": SECOND, "received_at": SECOND, "signal": "offline"},
    )
    assert (state.status, state.at) == (AssetStatus.OFFLINE, NOON + SECOND)


def test_half_a_place_is_no_place() -> None:
    state = after({"asset": "a", "at": 0, "lat": 1.0, "lon": 2.0}, {"asset": "a", "at": 1, "lat": 3.0})
    assert (state.lat, state.lon) == (1.0, 2.0)


def test_only_assets_that_took_something_in_are_named_each_once() -> None:
    states = LastStates()
    assert states.update(batch({"asset": "b", "at": 5}, {"asset": "a", "at": 5}, {"asset": "b", "at": 6})) == ["b", "a"]
    assert states.update(batch({"asset": "a", "at": 1}, {"asset": None, "at": 9}, {"asset": "b", "at": 7})) == ["b"]
    assert states.update(empty_batch()) == []
    assert len(states) == 2


def test_states_survive_being_written_down() -> None:
    states = LastStates()
    states.update(
        batch(
            {"asset": "a", "at": 0, "pm25": 1.0, "clients": 2**53 + 1, "label": "Đà Lạt <b>", "motion": True},
            {"asset": "b", "at": 1, "kind": "camera", "signal": "offline", "lat": 1.5, "lon": 2.5, "zone": "z"},
        )
    )
    again = LastStates.from_bytes(states.to_bytes())
    assert written(again) == written(states)
    assert type(again.all().__next__().values["pm25"]) is float
    assert written(LastStates.from_bytes(LastStates().to_bytes())) == []


def test_every_event_is_heard_when_it_arrived_even_one_that_changes_nothing() -> None:
    states = LastStates()
    states.update(batch({"asset": "a", "at": 9, "received_at": 9}))
    assert states.update(batch({"asset": "a", "at": 1, "received_at": BIN})) == []
    state = states.get("a")
    assert state is not None
    assert (state.at, state.heard) == (NOON + 9, Hearing(NOON + BIN, [1, 1]))


def test_states_that_were_written_before_hearing_was_known_can_be_read() -> None:
    states = LastStates()
    states.update(batch({"asset": "a", "at": 0, "pm25": 1.0}))
    old = io.BytesIO()
    pl.read_ipc_stream(states.to_bytes()).drop("heard", "heard_at").write_ipc_stream(old)
    assert written(LastStates.from_bytes(old.getvalue())) == written(states)


EVENTS = st.lists(
    st.fixed_dictionaries(
        {"asset": st.sampled_from(["a", "b", "c", None]), "at": st.integers(0, 6)},
        optional={
            "received_at": st.one_of(st.integers(0, 6), st.integers(-15, 15).map(lambda number: number * BIN)),
            "kind": st.sampled_from(["sensor", "wifi"]),
            "codec": st.sampled_from(["one", "two"]),
            "signal": st.sampled_from(["online", "offline", "heartbeat", None]),
            "lat": st.sampled_from([1.0, 2.0, None]),
            "lon": st.sampled_from([3.0, 4.0, None]),
            "zone": st.sampled_from(["z1", "z2", None]),
            "pm25": st.sampled_from([1.0, 2.0, None]),
            "label": st.sampled_from(["x", "y", None]),
            "motion": st.sampled_from([True, False, None]),
        },
    ),
    max_size=12,
)


@given(events=EVENTS, cuts=st.lists(st.integers(0, 12), max_size=4), vectorised=st.booleans())
def test_the_cut_of_batches_does_not_matter(events: list[dict[str, Any]], cuts: list[int], vectorised: bool) -> None:
    one_by_one, in_pieces = LastStates(), LastStates()
    said = [asset_id for event in events for asset_id in one_by_one.update(batch(event))]
    edges = [0, *sorted(cuts), len(events)]
    with pytest.MonkeyPatch.context() as patch:
        if vectorised:
            patch.setattr(last_states, "VECTORISED_FROM", 1)
        pieces = [in_pieces.update(batch(*events[start:end])) for start, end in pairwise(edges)]
    assert written(one_by_one) == written(in_pieces)
    assert set(said) == {asset_id for piece in pieces for asset_id in piece}


@given(events=EVENTS, cuts=st.lists(st.integers(0, 12), max_size=4), limit=st.integers(1, 12))
def test_what_is_taken_in_later_comes_to_the_same(events: list[dict[str, Any]], cuts: list[int], limit: int) -> None:
    one_by_one, later = LastStates(), LastStates()
    for event in events:
        one_by_one.update(batch(event))
    edges = [0, *sorted(cuts), len(events)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(last_states, "VECTORISED_FROM", limit)
        for start, end in pairwise(edges):
            later.take_in_later(batch(*events[start:end]))
    assert len(later) == len(one_by_one)
    assert written(LastStates.from_bytes(later.to_bytes())) == written(one_by_one)


def written(states: LastStates) -> list[dict[str, Any]]:
    return sorted((asdict(state) for state in states.all()), key=lambda state: str(state["id"]))
