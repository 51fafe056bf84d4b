"""Gaps in what devices sent: the latest are kept for people to look at, all are counted for each asset."""

from collections.abc import Sequence
from typing import Final

from ioc.model.gaps import Gap
from ioc.store import keys
from ioc.store.connection import Argument, Connection, Script

KEPT: Final = 10_000
"""How many are kept; the oldest go first."""

_RECORD = Script.from_file("record_gaps")
_CHUNK: Final = 500


class Gaps:
    """The gaps of one partition.

    All methods raise `StoreUnavailable` when the store is away.
    """

    def __init__(self, connection: Connection, partition: int = 0) -> None:
        """Take the connection to ask over."""
        self._connection = connection
        self._keys = [keys.gaps(partition), keys.gap_counts(partition)]

    async def record(self, gaps: Sequence[Gap]) -> None:
        """Keep and count gaps; one that is recorded already is left alone, so this may be tried again."""
        for start in range(0, len(gaps), _CHUNK):
            arguments: list[Argument] = [KEPT]
            for gap in gaps[start : start + _CHUNK]:
                arguments += [gap.asset, _member(gap), gap.at, gap.missing]
            await self._connection.run(_RECORD, self._keys, arguments)

    async def latest(self, limit: int = 100) -> list[Gap]:
        """Read the latest, newest first."""
        answer = await self._connection.call("ZREVRANGE", self._keys[0], 0, limit - 1, "WITHSCORES")
        return [_gap(member, at) for member, at in zip(answer[::2], answer[1::2], strict=True)]

    async def counts(self) -> dict[str, int]:
        """Count the messages that are missing, for each asset that has ever missed any."""
        answer = await self._connection.call("HGETALL", self._keys[1])
        return {str(asset, "utf-8"): int(count) for asset, count in answer.items()}


def _member(gap: Gap) -> str:
    # An asset may hold any sign that can be seen; what stands behind it cannot hold a space.
    return f"{gap.boot} {gap.first} {gap.last} {gap.asset}"


def _gap(member: bytes, at: bytes) -> Gap:
    boot, first, last, asset = str(member, "utf-8").split(" ", 3)
    return Gap(asset, boot, int(first), int(last), int(float(at)))
