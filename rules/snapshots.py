"""Snapshots of the rules' state: cheap to take, and made plain data later, elsewhere.

Taking one stands in the way of the events that wait; so it copies arrays and leaves the rest for whoever writes it.
"""

from dataclasses import dataclass
from io import BytesIO
from typing import Any

import numpy as np
import polars as pl

from rules.keys import KeyTable
from rules.kinds.contract import Numbers


@dataclass(frozen=True, slots=True)
class Coded:
    """Keys as codes, to be written as texts."""

    table: KeyTable
    codes: Any

    def texts(self) -> pl.Series:
        """Write them out."""
        return self.table.series(np.asarray(self.codes, dtype=np.int64))


def plain(value: Any) -> Any:
    """Make plain data of a part of a snapshot: what msgpack can write; large things become bytes."""
    if isinstance(value, dict):
        return {name: plain(part) for name, part in value.items()}
    if isinstance(value, np.ndarray):
        return {"dtype": value.dtype.str, "array": value.tobytes()}
    if isinstance(value, Coded):
        buffer = BytesIO()
        value.texts().to_frame("text").write_ipc(buffer)
        return {"texts": buffer.getvalue()}
    return value


def array(value: Any) -> Any:
    """Give an array again, of a snapshot or of what was made of it; anything else as it is."""
    if isinstance(value, dict) and "array" in value:
        return np.frombuffer(value["array"], dtype=value["dtype"])
    return value


def texts(value: Any) -> pl.Series:
    """Give keys again, of a snapshot or of what was made of it."""
    if isinstance(value, Coded):
        return value.texts()
    return pl.read_ipc(BytesIO(value["texts"])).get_column("text")


def codes(table: KeyTable, value: Any) -> Numbers:
    """Give keys again as codes of a table."""
    return table.codes(texts(value))
