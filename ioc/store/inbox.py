"""What came over HTTP and is not yet in the stream of events: kept as it came, until ingest has read it."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from ioc.model.events import RawMessage
from ioc.model.instant import Instant
from ioc.store import keys
from ioc.store.connection import Connection, Script

BEGINNING: Final = "0-0"
"""The position before the first message."""

MOST_MESSAGES: Final = 100_000
MOST_BYTES: Final = 128 * 1_048_576
"""What waits at most; more is refused to whoever sends it, and never dropped."""

_LONGEST_WAIT_S: Final = 2.0

_KEEP = Script.from_file("keep_message")
_FORGET = Script.from_file("forget_messages")


class InboxFull(Exception):
    """There is no room for another message: whoever sends it must wait and send it again."""


@dataclass(frozen=True, slots=True)
class Kept:
    """One message that waits, and where it stands."""

    position: str
    message: RawMessage


class MessageInbox:
    """A bounded stream of raw messages of one partition; written by the web server, read by ingest.

    All methods raise `StoreUnavailable` when the store is away.
    """

    def __init__(
        self,
        connection: Connection,
        partition: int = 0,
        *,
        most_messages: int = MOST_MESSAGES,
        most_bytes: int = MOST_BYTES,
    ) -> None:
        """Take the connection to ask over, and the bounds."""
        self._connection = connection
        self._keys = (keys.inbox(partition), keys.inbox_bytes(partition))
        self._bounds = (most_messages, most_bytes)

    async def keep(self, topic: str, payload: bytes, received_at: Instant) -> str:
        """Keep a message and say where it stands; returns when the store has it.

        Asked again after `StoreUnavailable`, it may stand there twice; both give the same events, with the same ids.

        Raises:
            InboxFull: there is no room.
        """
        written = topic.encode("utf-8", "surrogatepass")
        position = await self._connection.run(_KEEP, self._keys, [*self._bounds, written, payload, received_at])
        if position is None:
            raise InboxFull
        return str(position, "ascii")

    async def read(self, after: str, *, limit: int = 64, wait: float = 0.0) -> list[Kept]:
        """Read the messages after a position, oldest first.

        Args:
            after: a position, or `BEGINNING`.
            limit: at most so many.
            wait: seconds to wait for news where there is none yet; at most two.
        """
        command: list[str | int] = ["XREAD", "COUNT", limit]
        if wait > 0:
            command += ["BLOCK", max(1, math.ceil(min(wait, _LONGEST_WAIT_S) * 1_000))]
        answer = await self._connection.call(*command, "STREAMS", self._keys[0], after)
        return [_kept(position, fields) for position, fields in answer[0][1]] if answer else []

    async def forget(self, positions: Sequence[str]) -> None:
        """Forget messages whose events are kept elsewhere; may be asked twice."""
        if positions:
            await self._connection.run(_FORGET, self._keys, list(positions))

    async def length(self) -> int:
        """Count the messages that wait."""
        return int(await self._connection.call("XLEN", self._keys[0]))


def _kept(position: bytes, fields: dict[bytes, bytes]) -> Kept:
    topic = str(fields[b"topic"], "utf-8", "surrogatepass")
    return Kept(str(position, "ascii"), RawMessage(topic, fields[b"payload"], int(fields[b"received_at"])))
