"""The last known state of every asset: what a stream of batches comes to, however it is cut."""

from collections.abc import Iterable, Iterator, Sequence
from io import BytesIO
from itertools import repeat
from sys import intern
from typing import Any, Final

import msgspec
import polars as pl

from ioc.model.assets import AssetState, AssetStatus
from ioc.model.events import FIXED_COLUMNS, INSTANT_TYPE, Signal, quantity_columns
from ioc.model.hearing import BIN, Hearing
from ioc.model.instant import Instant
from ioc.model.kinds import Kind, Value

VECTORISED_FROM: Final = 20_000
"""Rows from which it pays to let polars fold a batch to one row an asset first (measured)."""

_BLOB_SCHEMA: Final[dict[str, Any]] = {
    "id": pl.String,
    "kind": pl.String,
    "at": pl.Int64,
    "status": pl.String,
    "lat": pl.Float64,
    "lon": pl.Float64,
    "zone": pl.String,
    "codec": pl.String,
    "values": pl.String,
    "heard_at": pl.Int64,
    "heard": pl.List(pl.Int64),
}
_VALUES: Final = list(_BLOB_SCHEMA).index("values")


StateRow = tuple[
    str,
    Kind,
    Instant,
    AssetStatus,
    float | None,
    float | None,
    str | None,
    str | None,
    dict[str, Value],
    Instant,
    list[int],
]
"""One asset's state as it was copied: what the columns of the blob hold, its values not yet written."""


def written(states: Sequence[StateRow]) -> bytes:
    """Write states that were copied, as `LastStates.to_bytes` does."""
    encode = msgspec.json.Encoder().encode
    columns: list[Sequence[Any]] = list(zip(*states, strict=True)) or [()] * len(_BLOB_SCHEMA)
    columns[_VALUES] = [encode(values).decode() for values in columns[_VALUES]]
    buffer = BytesIO()
    frame = pl.DataFrame(dict(zip(_BLOB_SCHEMA, columns, strict=True)), schema=_BLOB_SCHEMA)
    frame.write_ipc_stream(buffer, compression="zstd")
    return buffer.getvalue()


class LastStates:
    """Folds events, in the order of the stream, into one state an asset.

    When an event counts as having happened is its `at`, but never later than its arrival: a device whose
    clock runs ahead must not outlive the news that it went offline. An event from before what the asset's
    state already knows changes nothing; of two from the same instant the later in the stream wins.
    An event that counts sets kind, codec and status (a signal `offline` says offline, anything else online),
    its place and zone where it has them, and its values beside those that it does not mention.

    How often an asset speaks goes by arrival, and every event counts for it, also one that changes nothing else.
    """

    def __init__(self, states: Iterable[AssetState] = ()) -> None:
        """Begin with what is known."""
        self._states = {state.id: state for state in states}
        self._waiting: list[pl.DataFrame] = []
        self._waiting_rows = 0

    def __len__(self) -> int:
        """Count the assets of which something is known."""
        self._catch_up()
        return len(self._states)

    def get(self, asset_id: str) -> AssetState | None:
        """Look one asset's state up; the object changes with the next batch."""
        self._catch_up()
        return self._states.get(asset_id)

    def all(self) -> Iterator[AssetState]:
        """Give every state, in the order in which the assets first spoke."""
        self._catch_up()
        return iter(self._states.values())

    def take_in_later(self, batch: pl.DataFrame) -> None:
        """Take a batch in when somebody asks, or enough has come: many rows at once cost far less than each batch."""
        if batch.height:
            self._waiting.append(batch)
            self._waiting_rows += batch.height
            if self._waiting_rows >= VECTORISED_FROM:
                self._catch_up()

    def _catch_up(self) -> None:
        waiting, self._waiting, self._waiting_rows = self._waiting, [], 0
        if waiting:
            self.update(pl.concat(waiting, how="diagonal_relaxed"))

    def update(self, batch: pl.DataFrame) -> list[str]:
        """Take a batch in.

        Args:
            batch: events as `ioc.model.events` lays them out, in the order of the stream; events of no
                asset are passed over.

        Returns:
            Ids of the assets whose state took something in, each once.
        """
        self._catch_up()
        if batch.is_empty():
            return []
        arrivals = _arrivals(batch)
        if batch.height >= VECTORISED_FROM:
            batch = self._folded(batch)
        ids = batch.get_column("asset").to_list()
        moments = batch.select(_WHEN).to_series().to_list()
        kinds = batch.get_column("kind").to_list()
        codecs = batch.get_column("codec").to_list()
        signals = batch.get_column("signal").to_list()
        touched: list[AssetState | None] = []
        states = self._states
        for asset_id, at, kind, codec, signal in zip(ids, moments, kinds, codecs, signals, strict=True):
            if asset_id is None:
                touched.append(None)
                continue
            state = states.get(asset_id)
            if state is None:
                state = states[asset_id] = AssetState(asset_id, Kind(kind), at)
            elif at < state.at:
                touched.append(None)
                continue
            else:
                state.at = at
                if state.kind != kind:
                    state.kind = Kind(kind)
            state.codec = codec
            state.status = AssetStatus.OFFLINE if signal == Signal.OFFLINE else AssetStatus.ONLINE
            touched.append(state)
        _set_places(batch, touched)
        for name in quantity_columns(batch):
            column = batch.get_column(name)
            if column.null_count() < batch.height:
                # Each batch brings its own copy of a name; ten thousand assets shall share one.
                _set_values(intern(name), column.to_list(), touched)
        for asset_id, at, count in arrivals:
            if asset_id is not None:
                states[asset_id].heard.hear(at, count)
        return list(dict.fromkeys(state.id for state in touched if state is not None))

    def to_bytes(self) -> bytes:
        """Write all states as one Arrow IPC blob (zstd)."""
        return written(self.copied())

    def copied(self) -> list[StateRow]:
        """Copy all states, so that they can be written elsewhere while this goes on: a tenth of what writing costs."""
        self._catch_up()
        return [
            (
                state.id,
                state.kind,
                state.at,
                state.status,
                state.lat,
                state.lon,
                state.zone,
                state.codec,
                state.values.copy(),
                state.heard.at,
                state.heard.counts.copy(),
            )
            for state in self._states.values()
        ]

    @classmethod
    def from_bytes(cls, blob: bytes) -> "LastStates":
        """Read what `to_bytes` wrote."""
        values = msgspec.json.Decoder(dict[str, Value])
        rows = pl.read_ipc_stream(BytesIO(blob))
        if "heard" not in rows.columns:
            # Written before it was known how often assets speak.
            rows = rows.with_columns(heard_at=pl.col("at"), heard=pl.lit([1], pl.List(pl.Int64)))
        return cls(
            AssetState(
                asset_id,
                Kind(kind),
                at,
                AssetStatus(status),
                lat,
                lon,
                zone,
                codec,
                values.decode(text),
                Hearing(heard_at, heard),
            )
            for asset_id, kind, at, status, lat, lon, zone, codec, text, heard_at, heard in rows.iter_rows()
        )

    def _folded(self, batch: pl.DataFrame) -> pl.DataFrame:
        """Fold a batch to one row an asset, the same as its rows one after the other would come to."""
        batch = batch.filter(pl.col("asset").is_not_null())
        assets = batch.get_column("asset").unique()
        known = [state.at if (state := self._states.get(asset_id)) else None for asset_id in assets.to_list()]
        floor = pl.DataFrame({"asset": assets, "_floor": pl.Series(known, dtype=pl.Int64)})
        when = _WHEN.alias("_when")
        running = pl.max_horizontal(pl.col("_when").cum_max().over("asset"), "_floor")
        both = pl.col("lat").is_not_null() & pl.col("lon").is_not_null()
        merged = [
            pl.col(name).drop_nulls().last() for name in batch.columns if name == "zone" or name not in FIXED_COLUMNS
        ]
        return (
            batch.with_columns(when)
            .join(floor, on="asset", how="left", maintain_order="left")
            .filter(pl.col("_when") >= running)
            .group_by("asset", maintain_order=True)
            .agg(
                pl.col("_when").last().cast(INSTANT_TYPE).alias("at"),
                pl.col("kind", "codec", "signal").last(),
                pl.col("lat", "lon").filter(both).last(),
                *merged,
            )
            .with_columns(pl.lit(None, INSTANT_TYPE).alias("received_at"))
        )


def _arrivals(batch: pl.DataFrame) -> Iterable[tuple[str | None, Instant, int]]:
    """Give asset, arrival and count of what is to be heard; of many rows, those of one asset and bin together."""
    if batch.height < VECTORISED_FROM:
        return zip(batch.get_column("asset").to_list(), batch.select(_ARRIVAL).to_series().to_list(), repeat(1))
    return (
        batch.select("asset", at=_ARRIVAL)
        .group_by("asset", pl.col("at") // BIN, maintain_order=True)
        .agg(last=pl.col("at").max(), count=pl.len())
        .select("asset", "last", "count")
        .iter_rows()
    )


def _set_places(batch: pl.DataFrame, touched: list[AssetState | None]) -> None:
    lats, lons, zones = (batch.get_column(name) for name in ("lat", "lon", "zone"))
    if lats.null_count() < batch.height:
        for state, lat, lon in zip(touched, lats.to_list(), lons.to_list(), strict=True):
            if state is not None and lat is not None and lon is not None:
                state.lat, state.lon = lat, lon
    if zones.null_count() < batch.height:
        for state, zone in zip(touched, zones.to_list(), strict=True):
            if state is not None and zone is not None:
                state.zone = zone


def _set_values(name: str, column: list[Value | None], touched: list[AssetState | None]) -> None:
    for state, value in zip(touched, column, strict=True):
        if value is not None and state is not None:
            state.values[name] = value


# Microseconds; a row without an arrival (from a file) is taken at its word. A batch always has `at`.
_WHEN: Final = pl.min_horizontal(pl.col("at").to_physical(), pl.col("received_at").to_physical())

_ARRIVAL: Final = pl.coalesce(pl.col("received_at"), pl.col("at")).to_physical()
"""Microseconds; a row without an arrival (from a file) counts when it happened."""
