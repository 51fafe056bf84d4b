"""What could not be read: the latest are kept for a human to look at, all are counted."""

from collections import Counter
from collections.abc import Sequence
from typing import Final

from ioc.model.events import Rejected
from ioc.store import keys
from ioc.store.connection import Argument, Connection

KEPT: Final = 10_000
"""How many are kept, about; the oldest go first."""

PAYLOAD_KEPT: Final = 512
"""Bytes kept of each payload, from its start."""

_TOTAL: Final = "rejected"


class RejectedMessages:
    """A bounded stream of rejected messages, and counters by codec.

    All methods raise `StoreUnavailable` when the store is away. A message may be kept twice
    where the connection breaks while it is written.
    """

    def __init__(self, connection: Connection) -> None:
        """Take the connection to ask over."""
        self._connection = connection

    async def add(self, rejected: Sequence[Rejected]) -> None:
        """Keep and count them."""
        counts = Counter(f"{_TOTAL}:{one.codec or ''}" for one in rejected)
        counts[_TOTAL] = len(rejected)
        # More than is kept at all need not be sent.
        kept = [["XADD", keys.REJECTED, "MAXLEN", "~", KEPT, "*", *_fields(one)] for one in rejected[-KEPT:]]
        counted: list[list[Argument]] = [["HINCRBY", keys.COUNTERS, name, count] for name, count in counts.items()]
        await self._connection.call_many([*kept, *counted])

    async def latest(self, limit: int = 100) -> list[Rejected]:
        """Read the latest, newest first."""
        answer = await self._connection.call("XREVRANGE", keys.REJECTED, "+", "-", "COUNT", limit)
        return [_rejected(fields) for _, fields in answer]

    async def after(self, position: str, limit: int = 1_000) -> list[tuple[str, Rejected]]:
        """Read what came after a position, oldest first, each with its own position; "0-0" reads from the oldest."""
        answer = await self._connection.call("XRANGE", keys.REJECTED, f"({position}", "+", "COUNT", limit)
        return [(str(entry, "ascii"), _rejected(fields)) for entry, fields in answer]

    async def newest(self) -> str:
        """Name the position of the newest; "0-0" where there is none."""
        answer = await self._connection.call("XREVRANGE", keys.REJECTED, "+", "-", "COUNT", 1)
        return str(answer[0][0], "ascii") if answer else "0-0"

    async def counts(self) -> dict[str | None, int]:
        """Count all that ever came, by codec; None is what no codec claimed."""
        prefix = f"{_TOTAL}:".encode()
        found: dict[bytes, bytes] = await self._connection.call("HGETALL", keys.COUNTERS)
        return {
            str(name.removeprefix(prefix), "utf-8") or None: int(count)
            for name, count in found.items()
            if name.startswith(prefix)
        }


def _fields(rejected: Rejected) -> list[Argument]:
    return [
        "topic",
        # A topic may hold what UTF-8 cannot write.
        rejected.topic.encode("utf-8", "surrogatepass"),
        "payload_start",
        rejected.payload_start[:PAYLOAD_KEPT],
        "payload_size",
        rejected.payload_size,
        "codec",
        rejected.codec or "",
        "reason",
        rejected.reason,
        "received_at",
        rejected.received_at,
    ]


def _rejected(fields: dict[bytes, bytes]) -> Rejected:
    return Rejected(
        topic=str(fields[b"topic"], "utf-8", "surrogatepass"),
        payload_start=fields[b"payload_start"],
        payload_size=int(fields[b"payload_size"]),
        codec=str(fields[b"codec"], "utf-8") or None,
        reason=str(fields[b"reason"], "utf-8"),
        received_at=int(fields[b"received_at"]),
    )
