"""Files of events: Event JSON as NDJSON or Parquet, read as batches in arrival order."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any, Final

import msgspec
import polars as pl

from ioc.model.events import FIXED_COLUMNS, INSTANT_TYPE
from ioc.model.faults import Fault
from ioc.model.instant import LATEST, MILLISECOND, Instant, from_iso, from_milliseconds
from ioc.model.quantities import Catalogue, fit
from ioc.runtime.ahead import ahead

CHUNK_BYTES: Final = 24_000_000
BATCH_ROWS: Final = 131_072
_TIMES: Final = ("at", "received_at")
_LATEST_MS: Final = LATEST // MILLISECOND
_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
_FIXED_TEXTS: Final = tuple(name for name, type_ in FIXED_COLUMNS.items() if type_ == pl.String)

Progress = Callable[[float], None]
"""Told now and then which part of the file has been read, 0 to 1."""


@dataclass(slots=True)
class Complaints:
    """Lines that could not be read: how many, and the first few in words."""

    count: int = 0
    first: list[str] = field(default_factory=list)

    def add(self, sentence: str) -> None:
        """Count one, and keep the sentence while there are few."""
        self.count += 1
        if len(self.first) < 10:
            self.first.append(sentence)


def read_events(
    path: Path,
    catalogue: Catalogue,
    columns: Collection[str] | None = None,
    complaints: Complaints | None = None,
    progress: Progress | None = None,
) -> Iterator[pl.DataFrame]:
    """Read a file of Event JSON, batch by batch; a line that cannot be read is passed over and complained of.

    Args:
        path: NDJSON, or Parquet where the name ends in .parquet.
        catalogue: the types of the known quantities.
        columns: the columns that are wanted, besides both times; None for all known ones.
        complaints: collects what could not be read.
        progress: told how far it has come.

    Yields:
        Batches with the wanted columns, `at` and `received_at` never null.

    Raises:
        Fault: the file is not there, or is no such file.
    """
    if not path.is_file():
        raise Fault(f"{path} is not a file; expected events as NDJSON or Parquet")
    wanted = {**FIXED_COLUMNS, **catalogue.schema()}
    if columns is not None:
        wanted = {name: type_ for name, type_ in wanted.items() if name in columns or name in _TIMES}
    found = complaints if complaints is not None else Complaints()
    if path.suffix == ".parquet":
        yield from ahead(_read_parquet(path, wanted, progress))
    else:
        yield from ahead(_read_ndjson(path, wanted, catalogue, found, progress))


def _read_ndjson(
    path: Path, wanted: Mapping[str, Any], catalogue: Catalogue, complaints: Complaints, progress: Progress | None
) -> Iterator[pl.DataFrame]:
    size, done, line_number, rest = max(path.stat().st_size, 1), 0, 1, b""
    with path.open("rb") as file:
        while True:
            chunk = file.read(CHUNK_BYTES)
            done += len(chunk)
            data = rest + chunk
            if line_number == 1:
                data = data.removeprefix(_BYTE_ORDER_MARK)
            cut = len(data) if not chunk else data.rfind(b"\n") + 1
            data, rest = data[:cut], data[cut:]
            if data.strip():
                frame = _fast(data, wanted)
                if frame is None:
                    frame = _careful(data, wanted, catalogue, complaints, (path.name, line_number))
                if frame.height:
                    yield from frame.iter_slices(BATCH_ROWS)
            line_number += data.count(b"\n")
            if progress is not None:
                progress(done / size)
            if not chunk:
                return


def _fast(data: bytes, wanted: Mapping[str, Any]) -> pl.DataFrame | None:
    """Read lines that are all as expected, times as whole milliseconds; None where any is not."""
    quantities = {name: type_ for name, type_ in wanted.items() if name not in FIXED_COLUMNS}
    schema: dict[str, Any] = {name: type_ for name, type_ in wanted.items() if name in FIXED_COLUMNS}
    schema.update(dict.fromkeys(_TIMES, pl.Int64))
    schema["kind"] = pl.String
    if quantities:
        schema["values"] = pl.Struct(quantities)
    try:
        frame = pl.read_ndjson(BytesIO(data), schema=schema)
    except pl.exceptions.PolarsError:
        return None
    if frame["at"].null_count() or frame["kind"].null_count():
        return None
    frame = frame.with_columns(pl.coalesce("received_at", "at").alias("received_at"))
    if not all(frame.select(pl.col(_TIMES).is_between(0, _LATEST_MS).all()).row(0)):
        return None
    frame = frame.with_columns((pl.col(_TIMES) * MILLISECOND).cast(INSTANT_TYPE))
    if quantities:
        frame = frame.unnest("values")
    texts = [name for name, type_ in frame.schema.items() if type_ == pl.String]
    if not _are_texts(frame, texts, data):
        return None
    return frame.select(list(wanted))


def _are_texts(frame: pl.DataFrame, texts: Sequence[str], data: bytes) -> bool:
    """Whether all texts were texts in the file: polars takes a number or an object for one, and half a surrogate."""
    if b"\\ud" in data or b"\\uD" in data:
        return False
    odd = frame.select(pl.col(texts).str.contains(r"^(?:[-\d{\[]|true$|false$)").any())
    for name in texts:
        if odd[name].item():
            begins = [f'"{name}":{space}'.encode() for space in ("", " ")]
            right = sum(data.count(begin + value) for begin in begins for value in (b'"', b"null"))
            if right != data.count(begins[0]):
                return False
    return True


class _Line(msgspec.Struct):
    """One event as Event JSON has it; what is not named here is passed over."""

    kind: str
    at: int | float | str
    values: dict[str, Any] | None = None
    asset: str | None = None
    received_at: int | float | str | None = None
    id: str | None = None
    at_source: str | None = None
    lat: float | None = None
    lon: float | None = None
    zone: str | None = None
    signal: str | None = None
    codec: str | None = None


def _careful(
    data: bytes,
    wanted: Mapping[str, Any],
    catalogue: Catalogue,
    complaints: Complaints,
    place: tuple[str, int],
) -> pl.DataFrame:
    """Read lines one by one; each that cannot be read is complained of, as is each value."""
    name, line_number = place
    decoder = msgspec.json.Decoder(_Line)
    rows: list[dict[str, Any]] = []
    for number, text in enumerate(data.split(b"\n"), start=line_number):
        if not text.strip():
            continue
        try:
            line = decoder.decode(text)
            row: dict[str, Any] = {column: getattr(line, column) for column in _FIXED_TEXTS}
            row |= {"at": _instant(line.at), "lat": line.lat, "lon": line.lon}
            row["received_at"] = row["at"] if line.received_at is None else _instant(line.received_at)
        except (msgspec.DecodeError, ValueError) as error:
            complaints.add(f"{name}:{number}: {error}")
            continue
        for quantity, value in (line.values or {}).items():
            if value is None or quantity not in wanted or quantity in FIXED_COLUMNS:
                continue
            try:
                row[quantity] = fit(catalogue[quantity], value, ranged=False)
            except ValueError as error:
                complaints.add(f"{name}:{number}: {error}")
        rows.append({column: row.get(column) for column in wanted})
    schema = {**wanted, **dict.fromkeys(_TIMES, pl.Int64)}
    frame = pl.DataFrame(rows, schema=schema, orient="row")
    return frame.with_columns(pl.col(*_TIMES).cast(INSTANT_TYPE))


def _instant(value: float | str) -> Instant:
    return from_iso(value)[0] if isinstance(value, str) else from_milliseconds(value)


def _read_parquet(path: Path, wanted: Mapping[str, Any], progress: Progress | None) -> Iterator[pl.DataFrame]:
    try:
        scan = pl.scan_parquet(path)
        schema = scan.collect_schema()
        total = scan.select(pl.len()).collect().item()
    except (pl.exceptions.PolarsError, OSError) as error:
        raise Fault(f"{path} cannot be read as Parquet: {error}", wrong_use=False) from error
    for name in ("kind", "at"):
        if name not in schema:
            raise Fault(f"{path} has no column {name!r}; expected events with kind, asset, at and values")
    selected = scan.select(_parquet_columns(schema, wanted))
    for offset in range(0, total, BATCH_ROWS):
        try:
            frame = selected.slice(offset, BATCH_ROWS).collect()
        except pl.exceptions.PolarsError as error:
            raise Fault(f"{path} cannot be read as events: {error}", wrong_use=False) from error
        if frame["at"].null_count():
            raise Fault(f"{path} has an event without `at` near row {offset}; every event needs one", wrong_use=False)
        yield frame
        if progress is not None:
            progress(min(1.0, (offset + BATCH_ROWS) / max(total, 1)))


def _parquet_columns(schema: Mapping[str, Any], wanted: Mapping[str, Any]) -> list[pl.Expr]:
    """Bring a file's columns into a batch's; quantities may stand inside `values` or as columns of their own."""
    nested = schema.get("values")
    inside = {part.name for part in nested.fields} if isinstance(nested, pl.Struct) else set()
    columns = []
    for name, type_ in wanted.items():
        if name in _TIMES:
            source = "at" if name not in schema else name
            time = _parquet_time(source, schema[source])
            if name == "received_at" and source == name:
                time = pl.coalesce(time, _parquet_time("at", schema["at"]))
            columns.append(time.alias(name))
        elif name in schema:
            columns.append(pl.col(name).cast(type_))
        elif name in inside:
            columns.append(pl.col("values").struct.field(name).cast(type_).alias(name))
        else:
            columns.append(pl.lit(None, type_).alias(name))
    return columns


def _parquet_time(name: str, type_: Any) -> pl.Expr:
    if type_ == pl.String:
        return pl.col(name).str.to_datetime(time_unit="us", time_zone="UTC").cast(INSTANT_TYPE)
    if isinstance(type_, pl.Datetime):
        if type_.time_zone is None:
            return pl.col(name).dt.replace_time_zone("UTC").cast(INSTANT_TYPE)
        return pl.col(name).cast(INSTANT_TYPE)
    return (pl.col(name).cast(pl.Float64) * 1000).round().cast(pl.Int64).cast(INSTANT_TYPE)
