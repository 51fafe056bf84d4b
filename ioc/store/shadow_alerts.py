"""What shadow rules raised: the latest are kept for authors to look at; nobody else is told."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

import msgspec

from ioc.model.instant import Instant, whole_milliseconds
from ioc.store import keys
from ioc.store.connection import Argument, Connection

KEPT: Final = 2_000
"""How many are kept; the oldest go first."""


@dataclass(frozen=True, slots=True)
class ShadowAlert:
    """An alert of a rule that runs as a shadow.

    Attributes:
        id: the alert's id.
        rule: the rule, as its author calls it.
        version: the version that raised it.
        cleared_at: None while it holds.
        lat, lon: where, as far as its evidence says.
        numbers: what was measured.
    """

    id: str
    rule: str
    version: str
    key: str
    raised_at: Instant
    cleared_at: Instant | None = None
    lat: float | None = None
    lon: float | None = None
    numbers: dict[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Write it as HTTP shows it; times are epoch milliseconds."""
        return {
            "rule": self.rule,
            "version": self.version,
            "key": self.key,
            "raised_at": whole_milliseconds(self.raised_at),
            "cleared_at": None if self.cleared_at is None else whole_milliseconds(self.cleared_at),
            "lat": self.lat,
            "lon": self.lon,
            "numbers": self.numbers,
        }


class ShadowAlerts:
    """The latest alerts of shadow rules, by id, sorted by when they began.

    All methods raise `StoreUnavailable` when the store is away.
    """

    def __init__(self, connection: Connection) -> None:
        """Take the connection to ask over."""
        self._connection = connection

    async def put(self, alerts: Sequence[ShadowAlert]) -> None:
        """Write alerts down, as they now stand; one that is known already is written anew."""
        if not alerts:
            return
        fields: list[Argument] = []
        scores: list[Argument] = []
        for alert in alerts:
            fields += [alert.id, msgspec.json.encode(alert)]
            scores += [alert.raised_at, alert.id]
        gone = await self._connection.call_many(
            [
                ["HSET", keys.SHADOW_ALERTS, *fields],
                ["ZADD", keys.SHADOW_ALERTS_BY_TIME, *scores],
                ["ZRANGE", keys.SHADOW_ALERTS_BY_TIME, 0, -KEPT - 1],
            ]
        )
        if gone[2]:
            await self._connection.call_many(
                [
                    ["HDEL", keys.SHADOW_ALERTS, *gone[2]],
                    ["ZREM", keys.SHADOW_ALERTS_BY_TIME, *gone[2]],
                ]
            )

    async def end(self, ended: Sequence[tuple[str, Instant]]) -> None:
        """Say of alerts, by id, when they ended; those that are not kept any more are passed over."""
        if not ended:
            return
        texts = await self._connection.call("HMGET", keys.SHADOW_ALERTS, *(alert for alert, _ in ended))
        known = [msgspec.json.decode(text, type=ShadowAlert) for text in texts if text is not None]
        instants = dict(ended)
        await self.put([replace(alert, cleared_at=instants[alert.id]) for alert in known])

    async def latest(self, limit: int = 500) -> list[ShadowAlert]:
        """Read the latest, newest first."""
        names = await self._connection.call("ZRANGE", keys.SHADOW_ALERTS_BY_TIME, 0, limit - 1, "REV")
        if not names:
            return []
        texts = await self._connection.call("HMGET", keys.SHADOW_ALERTS, *names)
        return [msgspec.json.decode(text, type=ShadowAlert) for text in texts if text is not None]
