"""Events to be archived, and a history that has some."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from ioc.model.events import FIXED_COLUMNS, INSTANT_TYPE
from ioc.model.instant import MILLISECOND, SECOND
from ioc.store.history.layout import HistoryFile, Writer
from ioc.store.history.writing import write_events

HOUR_START = 1_795_352_400 * SECOND
"""A whole hour: 2026-11-22T13:00:00Z."""


@pytest.fixture(scope="session")
def make_events() -> Callable[..., pl.DataFrame]:
    """A function that makes a batch: `ids` from a number on, a second apart from `start`, with quantities."""

    def make(
        first: int, count: int, *, start: int = HOUR_START, kind: str = "sensor", **quantities: Any
    ) -> pl.DataFrame:
        numbers = range(first, first + count)
        fixed = {
            "id": [f"e{number}" for number in numbers],
            "kind": [kind] * count,
            "asset": [f"a{number % 7}" for number in numbers],
            "at": [start + (number - first) * SECOND for number in numbers],
            "received_at": [start + (number - first) * SECOND + 40_000 for number in numbers],
            "at_source": ["device"] * count,
            "lat": [11.94] * count,
            "lon": [108.43] * count,
            "zone": [None] * count,
            "signal": [None] * count,
            "codec": ["ioc"] * count,
        }
        schema = {**FIXED_COLUMNS, "at": pl.Int64, "received_at": pl.Int64}
        frame = pl.DataFrame(fixed, schema=schema).with_columns(pl.col("at", "received_at").cast(INSTANT_TYPE))
        return frame.with_columns(
            **{
                name: pl.lit(value if isinstance(value, pl.Series) else pl.Series([value] * count))
                for name, value in quantities.items()
            }
        )

    return make


@pytest.fixture(scope="session")
def put_into() -> Callable[..., HistoryFile]:
    """A function that writes a batch into a history, at the positions of its first and last arrival."""

    def put_(folder: Path, frame: pl.DataFrame, *, pretended: bool = False) -> HistoryFile:
        arrivals = frame.get_column("received_at").to_physical() // MILLISECOND
        first, last = (int(arrivals[0]), 0), (int(arrivals[-1]), 0)
        return write_events(folder, frame, first, last, Writer.ARCHIVE, pretended=pretended)

    return put_


@pytest.fixture
def put(tmp_path: Path, put_into: Callable[..., HistoryFile]) -> Callable[..., HistoryFile]:
    """The same, into the history in `tmp_path`."""
    return partial(put_into, tmp_path)
