"""Events: what a device or system reported, from the raw message to the batch that rules read."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

import polars as pl

from ioc.model.instant import Instant
from ioc.model.kinds import Kind, Value

__all__ = [
    "FIXED_COLUMNS",
    "INSTANT_TYPE",
    "AtSource",
    "Event",
    "Kind",
    "RawMessage",
    "Rejected",
    "Signal",
    "Value",
    "empty_batch",
    "quantity_columns",
]


class Signal(StrEnum):
    """What an event says beyond its quantities."""

    ONLINE = "online"
    OFFLINE = "offline"
    HEARTBEAT = "heartbeat"
    ALERT = "alert"
    CLEAR = "clear"


class AtSource(StrEnum):
    """Whose clock an event's `at` is."""

    DEVICE = "device"
    ARRIVAL = "arrival"


@dataclass(frozen=True, slots=True)
class RawMessage:
    """Bytes that came, before anybody knows what they mean."""

    topic: str
    payload: bytes
    received_at: Instant
    retained: bool = False


@dataclass(slots=True)
class Event:
    """One immutable thing that a device or system reported.

    Not frozen only because a frozen dataclass costs three times as much to make, and ingest makes
    80,000 a second; nobody changes one.

    Attributes:
        id: the same for the same event delivered twice.
        asset: who reported; None for an enrichment that names no device.
        at: when it happened, by the clock that `at_source` says.
        lat, lon: WGS 84 degrees, both or neither.
        zone: the polygon it happened in, as the device calls it.
        codec: name of the codec that read it.
        values: quantity name to value, in the units of quantities.yaml.
    """

    id: str
    kind: Kind
    asset: str | None
    at: Instant
    received_at: Instant
    at_source: AtSource
    codec: str
    lat: float | None = None
    lon: float | None = None
    zone: str | None = None
    signal: Signal | None = None
    values: dict[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Rejected:
    """A message, or one value of it, that could not be read, and a sentence for a human why."""

    topic: str
    payload_start: bytes
    payload_size: int
    codec: str | None
    reason: str
    received_at: Instant


INSTANT_TYPE: Final = pl.Datetime("us", "UTC")

FIXED_COLUMNS: Final[dict[str, Any]] = {
    "id": pl.String,
    "kind": pl.String,
    "asset": pl.String,
    "at": INSTANT_TYPE,
    "received_at": INSTANT_TYPE,
    "at_source": pl.String,
    "lat": pl.Float64,
    "lon": pl.Float64,
    "zone": pl.String,
    "signal": pl.String,
    "codec": pl.String,
}
"""The columns that every batch has, in this order; quantities follow, one column each.

A batch (the design's EventBatch) is a polars frame with these and with a column for each quantity
that occurs in it, null where an event does not have it. Null means "no information".
"""


def empty_batch() -> pl.DataFrame:
    """Make a batch of no events, with the fixed columns."""
    return pl.DataFrame(schema=FIXED_COLUMNS)


def quantity_columns(batch: pl.DataFrame) -> list[str]:
    """Name the quantities in a batch, in the batch's order."""
    return [name for name in batch.columns if name not in FIXED_COLUMNS]
