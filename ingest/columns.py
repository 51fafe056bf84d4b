"""Our own topic, many messages at once: those with the same keys become columns, and are checked as columns.

The meaning of a message is the reader's alone. Here stand only the quick ways to see that there is nothing
remarkable about it; whatever is remarkable (a wrong type, a key twice, an array, a time without an offset …) is left
to the reader, message by message. A property test holds the two together.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import repeat
from operator import attrgetter
from typing import Any, Final

import msgspec
import polars as pl

from ingest.batch import UnknownQuantities
from ingest.codecs.own import NOT_QUANTITIES, TAKEN, read_own
from ingest.codecs.registry import Codecs
from ingest.codecs.strict_json import WHITESPACE
from ingest.column_checks import ColumnChecks
from ingest.reader import MAX_VALUES, NEWEST, OLDEST, Reader, identity
from ingest.source import Batch
from ioc.model.events import FIXED_COLUMNS, INSTANT_TYPE, AtSource
from ioc.model.quantities import Catalogue

ROW: Final = ".row"
"""A column beside those of a batch: the number of the message that an event came in. No quantity can be called so."""

MAX_SPEAKERS: Final = 50_000
"""Topics of which it is remembered who speaks there; beyond it the memory starts afresh."""

MAX_SHAPES: Final = 1_000
"""Sets of keys that are remembered, likewise."""

_OPTIONAL: Final = ("lat", "lon", "zone", "signal")

_asset_of: Final = attrgetter("asset")
_kind_of: Final = attrgetter("kind")
_codec_of: Final = attrgetter("codec")

_decode: Final = msgspec.json.Decoder().decode


@dataclass(frozen=True, slots=True)
class Speaker:
    """Who speaks on a topic of ours."""

    codec: str
    kind: str
    asset: str


Numbers = tuple[Sequence[int], Sequence[str], Sequence[str], Sequence[int]]
"""How devices count their messages, as columns: the message's place in the batch, the asset as the topic says, what
tells the device's starts apart, and the count since then."""


@dataclass(frozen=True, slots=True)
class Table:
    """Events of messages with the same keys.

    Attributes:
        frame: as `build_batch` makes it, with `ROW` before all.
        quantities: its last columns.
        numbers: how devices count these messages; None where they do not.
    """

    frame: pl.DataFrame
    quantities: list[str]
    numbers: Numbers | None


@dataclass(slots=True)
class _Group:
    """Messages with the same keys, in order of receipt."""

    rows: list[int]
    values: list[dict[str, Any]]
    speakers: list[Speaker]

    def without(self, places: set[int]) -> "_Group":
        kept = [place for place in range(len(self.rows)) if place not in places]
        return _Group(
            [self.rows[place] for place in kept],
            [self.values[place] for place in kept],
            [self.speakers[place] for place in kept],
        )


@dataclass(frozen=True, slots=True)
class _Shape:
    """Which keys there are.

    Attributes:
        envelope: where each of the envelope's stands.
        quantities: where each quantity stands, and its name.
    """

    envelope: Mapping[str, int]
    quantities: tuple[tuple[int, str], ...]


class Columns:
    """Reads what is alike in a batch of messages; it decides nothing that the reader would decide otherwise."""

    def __init__(self, reader: Reader, catalogue: Catalogue, unknown: UnknownQuantities) -> None:
        """Take who reads what is left, and what is known of quantities."""
        self._reader = reader
        self._catalogue = catalogue
        self._unknown = unknown
        self._codecs: Codecs | None = None
        self._speakers: dict[str, Speaker | None] = {}
        self._shapes: dict[tuple[str, ...], _Shape | None] = {}

    def read(self, batch: Batch, alike: int) -> tuple[list[Table], list[int]]:
        """Read the messages of which at least `alike` have the same keys.

        Returns:
            A table for each set of keys, and the numbers of the messages that are left to the reader, ascending.
        """
        if self._codecs is not self._reader.codecs:
            # Others may speak for a topic now.
            self._codecs = self._reader.codecs
            self._speakers.clear()
        groups, left = self._group(batch)
        tables = []
        for keys, group in groups.items():
            shape = self._shape(keys) if len(group.rows) >= alike else None
            if shape is None or not all(self._is_settled(name) for _, name in shape.quantities):
                left += group.rows
                continue
            odd: set[int] = set()
            table = self._table(shape, group, batch, odd)
            if table is None:
                left += [group.rows[place] for place in odd]
                table = self._table(shape, group.without(odd), batch, set())
            if table is not None:
                tables.append(table)
        left.sort()
        return tables, left

    def speaker(self, topic: str) -> Speaker | None:
        """Say who speaks on a topic; None where it is not ours."""
        if topic in self._speakers:
            return self._speakers[topic]
        speaker = None
        alone = self._reader.codecs.reads_alone(topic)
        if alone is not None and alone[0].code is read_own and alone[0].reads == "json":
            message, captures = alone
            speaker = Speaker(message.codec, captures["kind"], captures["asset"])
        if len(self._speakers) >= MAX_SPEAKERS:
            self._speakers.clear()
        self._speakers[topic] = speaker
        return speaker

    def _group(self, batch: Batch) -> tuple[dict[tuple[str, ...], _Group], list[int]]:
        """Sort messages by their keys; the numbers of those that are not plainly one event of ours are left over."""
        topics, payloads, longest = batch.topics, batch.payloads, self._reader.max_payload
        values = _decode_all(payloads)
        colons = map(bytes.count, payloads, repeat(b":"))
        speakers = map(self._speakers.get, topics)
        groups: dict[tuple[str, ...], _Group] = {}
        left: list[int] = []
        for row, (value, speaker, colon_count, payload) in enumerate(
            zip(values, speakers, colons, payloads, strict=True)
        ):
            if (
                value.__class__ is dict
                and len(payload) <= longest
                and (
                    # As in `read_json`: no more colons than keys means that none was swallowed as a duplicate.
                    colon_count == len(value) or payload.translate(None, WHITESPACE).count(b'":') == len(value)
                )
                and (known := speaker or self.speaker(topics[row])) is not None
            ):
                keys = tuple(value)
                group = groups.get(keys)
                if group is None:
                    group = groups[keys] = _Group([], [], [])
                group.rows.append(row)
                group.values.append(value)
                group.speakers.append(known)
            else:
                left.append(row)
        return groups, left

    def _shape(self, keys: tuple[str, ...]) -> _Shape | None:
        """Sort out the keys; None where the reader would complain about them."""
        if keys in self._shapes:
            return self._shapes[keys]
        envelope = {name: place for place, name in enumerate(keys) if name in TAKEN}
        quantities = tuple((place, name) for place, name in enumerate(keys) if name not in TAKEN)
        is_plain = (
            len(quantities) <= MAX_VALUES
            and NOT_QUANTITIES.isdisjoint(keys)
            and ("lat" in envelope) == ("lon" in envelope)
            and (quantities or "lat" in envelope or "signal" in envelope)
        )
        if len(self._shapes) >= MAX_SHAPES:
            self._shapes.clear()
        shape = self._shapes[keys] = _Shape(envelope, quantities) if is_plain else None
        return shape

    def _is_settled(self, name: str) -> bool:
        return name in self._catalogue or self._unknown.settled(name) is not None

    def _table(self, shape: _Shape, group: _Group, batch: Batch, odd: set[int]) -> Table | None:
        """Make a table; None where there is no message, or where some are odd, whose places it adds to `odd`."""
        if not group.rows:
            return None
        checks = ColumnChecks(self._reader, self._catalogue, self._unknown, odd)
        rows, count = group.rows, len(group.rows)
        columns = list(zip(*map(dict.values, group.values), strict=True))
        given = {name: columns[place] for name, place in shape.envelope.items()}
        times = checks.times(given["at"]) if "at" in given else None
        position = checks.position(given["lat"], given["lon"]) if "lat" in given else (None, None)
        zone = checks.zones(given["zone"]) if "zone" in given else None
        signal = checks.signals(given["signal"]) if "signal" in given else None
        sequences = checks.sequences(given["seq"]) if "seq" in given else None
        # Without a boot a number names nothing, and a boot without a number means nothing.
        boots = checks.boots(given["boot"]) if "boot" in given and sequences is not None else None
        quantities = [checks.quantity(name, columns[place]) for place, name in shape.quantities]
        if any(batch.retained):
            # What a codec makes of those that the broker had kept from before is its own affair.
            odd.update(place for place, row in enumerate(rows) if batch.retained[row])
        if odd:
            return None
        assets = list(map(_asset_of, group.speakers))
        received = batch.received_at if count == len(batch.topics) else [batch.received_at[row] for row in rows]
        arrival = pl.Series("received_at", received, dtype=pl.Int64)
        at, at_source = self._believed(times, arrival)
        if boots is not None and sequences is not None:
            numbers = rows, assets, boots, sequences
            ids = [f"{asset}:{boot}:{sequence}" for asset, boot, sequence in zip(assets, boots, sequences, strict=True)]
        else:
            numbers, ids = None, _hashes(rows, batch, timeless=times is None)
        frame = pl.DataFrame(
            [
                pl.Series(ROW, rows, dtype=pl.Int64),
                pl.Series("id", ids, dtype=pl.String),
                _texts("kind", list(map(_kind_of, group.speakers))),
                pl.Series("asset", assets, dtype=pl.String),
                at.alias("at").cast(INSTANT_TYPE),
                arrival.cast(INSTANT_TYPE),
                at_source,
                *(
                    _one(name, None).new_from_index(0, count) if made is None else made
                    for name, made in zip(_OPTIONAL, (*position, zone, signal), strict=True)
                ),
                _texts("codec", list(map(_codec_of, group.speakers))),
                *(made for made in quantities if made is not None),
            ]
        )
        return Table(frame, [name for _, name in shape.quantities], numbers)

    def _believed(self, times: pl.Series | None, arrival: pl.Series) -> tuple[pl.Series, pl.Series]:
        """Choose between the devices' times and the arrival, and say which was taken."""
        if times is None:
            return arrival, _same("at_source", AtSource.ARRIVAL, arrival.len())
        if not self._reader.windowed:
            return times, _same("at_source", AtSource.DEVICE, arrival.len())
        lag = arrival - times
        if lag.min() >= -NEWEST and lag.max() <= OLDEST:  # type: ignore[operator]
            return times, _same("at_source", AtSource.DEVICE, arrival.len())
        near = lag.is_between(-NEWEST, OLDEST)
        source = _same("at_source", AtSource.DEVICE, 1).zip_with(
            near, _same("at_source", AtSource.ARRIVAL, arrival.len())
        )
        return times.zip_with(near, arrival), source


def _decode_all(payloads: Sequence[bytes]) -> list[Any]:
    """Decode JSON; None for what is none."""
    values: list[Any] = []
    rest = map(_decode, payloads)
    while True:
        try:
            # One call for all. Where a payload cannot be read, those before it are in the list already.
            values.extend(rest)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            values.append(None)
        else:
            return values


def _hashes(rows: Sequence[int], batch: Batch, *, timeless: bool) -> list[str]:
    topics, payloads, received_at = batch.topics, batch.payloads, batch.received_at
    return [identity(topics[row], payloads[row], received_at[row] if timeless else None) for row in rows]


@lru_cache(maxsize=256)
def _one(name: str, value: str | None) -> pl.Series:
    """Make a column of one row, once: that is most of what a short column costs."""
    return pl.Series(name, [value], dtype=FIXED_COLUMNS[name])


def _same(name: str, text: str, count: int) -> pl.Series:
    return _one(name, text).new_from_index(0, count)


def _texts(name: str, texts: list[str]) -> pl.Series:
    """Make a column of texts that are mostly one and the same."""
    if texts.count(texts[0]) == len(texts):
        return _same(name, texts[0], len(texts))
    return pl.Series(name, texts, dtype=pl.String)
