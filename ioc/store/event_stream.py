"""The stream of event batches: one batch is one entry, written by ingest and read by everybody else."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import Final
from uuid import uuid4

import msgspec
import polars as pl

from ioc.model.events import empty_batch
from ioc.model.instant import Instant
from ioc.store import keys
from ioc.store.connection import Connection, Script

BEGINNING: Final = "0-0"
"""The position before the first entry."""

COMPRESS_ABOVE: Final = 16_384
"""Bytes of columns above which a batch is written with zstd.

Below, compression costs more time (60 to 100 µs) than the few kilobytes it saves are worth; from
here on it makes an entry 2 to 15 times smaller, on disk as in the store's memory.
"""

_LONGEST_WAIT_S: Final = 2.0
"""Seconds of one blocking read, well below the time in which a healthy store answers."""

_APPEND = Script.from_file("append_batch")
_LAST = Script.from_file("last_position")
_GIVE_UP = Script.from_file("give_up_entries")


class Superseded(Exception):
    """Another process has taken over the writing; this one must stop."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the stream.

    Attributes:
        position: where it stands; text that only the stream itself orders.
        clock: the stream's clock when it was written; never goes back.
        batch: the events, wide; no rows in a tick.
    """

    position: str
    clock: Instant
    batch: pl.DataFrame


@dataclass(frozen=True, slots=True)
class EncodedEntry:
    """One entry of the stream as it lies there, its events not looked at yet.

    Attributes:
        position: where it stands.
        count: how many events are in it.
        payload: what `decode_batch` reads; no bytes in a tick.
    """

    position: str
    count: int
    payload: bytes


@dataclass(frozen=True, slots=True)
class GivenUp:
    """What was ever forgotten of the stream although nobody had kept it.

    Attributes:
        entries: how many.
        events: how many were in them.
        first: the position of the first that went; empty where none did.
        last: that of the latest.
    """

    entries: int = 0
    events: int = 0
    first: str = ""
    last: str = ""


@dataclass(frozen=True, slots=True)
class _Attempt:
    """An entry on its way: the same batch is written once, however often it is tried."""

    batch: pl.DataFrame
    clock: Instant
    payload: bytes
    memory: bytes
    number: int


class EventStream:
    """Appends and reads batches of one partition.

    All methods raise `StoreUnavailable` when the store is away.
    """

    def __init__(self, connection: Connection, partition: int = 0) -> None:
        """Take the connection to ask over."""
        self._connection = connection
        self._key = keys.events(partition)
        self._partition = partition
        # An appender of which nobody has heard cannot be superseded; `take_over` gives it a name.
        self._writer = uuid4().hex
        self._generation = 0
        self._number = 0
        self._attempt: _Attempt | None = None

    async def take_over(self, writer: str) -> None:
        """Become the one process that appends under this name; earlier ones are refused from now on.

        Also what an earlier process had sent, and what still lies in the store's socket, is refused: so
        whoever takes over and *then* reads the end of the stream has read everything that its
        predecessor will ever have written.
        """
        self._generation = int(await self._connection.call("INCR", keys.generation(writer, self._partition)))
        self._writer = writer

    async def recall(self) -> dict[str, str]:
        """Read all that was to be remembered under this writer's name, whichever process said so."""
        answer = await self._connection.call("HGETALL", keys.memory(self._writer, self._partition))
        return {str(name, "utf-8"): str(text, "utf-8") for name, text in answer.items()}

    async def append(self, batch: pl.DataFrame, clock: Instant, remember: Mapping[str, str] | None = None) -> str:
        """Write a batch as one entry and say where it stands.

        After `StoreUnavailable`, call again with the same batch: it is written once, even if the
        store had already taken it when the connection broke.

        Args:
            batch: the events; none make a tick.
            clock: the stream's clock.
            remember: what to know again after a restart, by name, written in the same step as the entry; an empty
                text forgets.

        Raises:
            Superseded: another process has taken over.
        """
        attempt = self._attempt
        if attempt is None or attempt.batch is not batch or attempt.clock != clock:
            self._number += 1
            memory = msgspec.msgpack.encode(remember) if remember else b""
            attempt = self._attempt = _Attempt(batch, clock, encode_batch(batch), memory, self._number)
        position = await self._connection.run(
            _APPEND,
            [
                self._key,
                keys.writer(self._writer, self._partition),
                keys.generation(self._writer, self._partition),
                keys.memory(self._writer, self._partition),
            ],
            [self._generation, attempt.number, attempt.clock, attempt.batch.height, attempt.payload, attempt.memory],
        )
        if position is None:
            raise Superseded(f"Another process has taken over writing to {self._key} as {self._writer!r}.")
        self._attempt = None
        return str(position, "ascii")

    async def read(self, after: str, *, limit: int = 64, wait: float = 0.0) -> list[Entry]:
        """Read the entries after a position, oldest first.

        Args:
            after: a position, or `BEGINNING`.
            limit: at most so many entries.
            wait: seconds to wait for news where there is none yet.
        """
        while True:
            block = min(wait, _LONGEST_WAIT_S)
            wait -= block
            command: list[str | int] = ["XREAD", "COUNT", limit]
            if block > 0:
                command += ["BLOCK", max(1, math.ceil(block * 1_000))]
            answer = await self._connection.call(*command, "STREAMS", self._key, after)
            if answer:
                return [_entry(position, fields) for position, fields in answer[0][1]]
            if wait <= 0:
                return []

    async def read_encoded(self, after: str, *, limit: int = 64) -> list[EncodedEntry]:
        """Read the entries after a position as they lie there, oldest first; for who looks at them elsewhere."""
        answer = await self._connection.call("XREAD", "COUNT", limit, "STREAMS", self._key, after)
        entries = answer[0][1] if answer else []
        return [
            EncodedEntry(str(position, "ascii"), int(fields[b"count"]), fields[b"bytes"])
            for position, fields in entries
        ]

    async def read_back(self, before: str = "+", *, limit: int = 64) -> list[Entry]:
        """Read the entries before a position, newest first; `+` is the end of the stream."""
        start = before if before == "+" else f"({before}"
        answer = await self._connection.call("XREVRANGE", self._key, start, "-", "COUNT", limit)
        return [_entry(position, fields) for position, fields in answer]

    async def last_position(self) -> str:
        """Say where the newest entry stands; `BEGINNING` where there is none."""
        position = await self._connection.run(_LAST, [self._key], [])
        return BEGINNING if position is None else str(position, "ascii")

    async def memory(self) -> int:
        """Estimate the bytes that the entries take in the store."""
        return int(await self._connection.call("MEMORY", "USAGE", self._key, "SAMPLES", 8) or 0)

    async def give_up(self, before: str, *, limit: int) -> int:
        """Forget the oldest entries although somebody still needs them, and count them in the store.

        Args:
            before: the first position that stays in any case.
            limit: at most so many entries.

        Returns:
            How many went.
        """
        return int(await self._connection.run(_GIVE_UP, [self._key, keys.given_up(self._partition)], [before, limit]))

    async def given_up(self) -> GivenUp:
        """Say what was ever given up."""
        answer = await self._connection.call("HGETALL", keys.given_up(self._partition))
        found = {str(name, "ascii"): str(value, "ascii") for name, value in answer.items()}
        return GivenUp(
            int(found.get("entries", 0)), int(found.get("events", 0)), found.get("first", ""), found.get("last", "")
        )

    async def length(self) -> int:
        """Count the entries that are kept."""
        return int(await self._connection.call("XLEN", self._key))

    async def trim(self, before: str, *, keep_s: float = 0.0) -> int:
        """Forget the entries before a position, but none of the last seconds; says how many were forgotten.

        Args:
            before: the first position that somebody still needs.
            keep_s: how many seconds before that position are kept all the same.
        """
        return int(await self._connection.call("XTRIM", self._key, "MINID", "=", earlier(before, keep_s)))


def earlier(position: str, seconds: float) -> str:
    """Say which position lies so many seconds before another."""
    milliseconds, _, number = position.partition("-")
    return position if seconds <= 0 else f"{max(0, int(milliseconds) - round(seconds * 1_000))}-{number or 0}"


def encode_batch(batch: pl.DataFrame) -> bytes:
    """Write a batch as an Arrow IPC stream; no events are no bytes."""
    if batch.is_empty():
        return b""
    buffer = BytesIO()
    large = batch.estimated_size() > COMPRESS_ABOVE
    batch.rechunk().write_ipc_stream(buffer, compression="zstd" if large else "uncompressed")
    return buffer.getvalue()


def decode_batch(payload: bytes) -> pl.DataFrame:
    """Read what `encode_batch` wrote."""
    return pl.read_ipc_stream(BytesIO(payload)) if payload else empty_batch()


def _entry(position: bytes, fields: dict[bytes, bytes]) -> Entry:
    return Entry(str(position, "ascii"), int(fields[b"clock"]), decode_batch(fields[b"bytes"]))
