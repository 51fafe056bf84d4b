"""What one operator has yet to receive: every incident change, the latest of every asset, a limit."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Final

from ioc.model.instant import SECOND, Duration, Instant

INCIDENT_LIMIT: Final = 1_000
"""Incident changes that may wait for one operator: twice what a bad day has open."""

PATIENCE: Final[Duration] = 30 * SECOND
"""How long the oldest message may wait: a first snapshot over a slow line takes seconds, a dead one for ever."""


class FellBehind(Exception):
    """An operator's connection cannot keep up; it is closed (1013), and the page starts afresh."""


@dataclass(frozen=True, slots=True)
class Delta:
    """What changed in one tick, encoded once for everybody.

    Attributes:
        position: place in the log of incident changes that this reaches.
        now: the server's clock.
        clock: the stream's clock; None before the first entry.
        incidents: each changed incident as JSON, in the order of the changes.
        assets: ids of changed assets.
        health: the health as JSON, where it changed.
        text: the whole message; None where it must be written from the parts.
    """

    position: str
    now: Instant
    clock: Instant | None
    incidents: tuple[bytes, ...] = ()
    assets: tuple[str, ...] = ()
    health: bytes | None = None
    text: str | None = None


@dataclass
class Outbox:
    """Movement may be skipped, incidents may not.

    While the operator reads on, each message is the one that all others get. What comes while one is
    waiting is joined to it: an asset that moved three times is told once, as it stands when it is told.

    Attributes:
        first: the message that comes before all others, kept no longer than until it is taken: it is large.
        write: writes a delta as text, with its assets as they stand now.
        limit: incident changes that may wait.
        patience: how long the oldest waiting message may wait.
    """

    first: str | None
    write: Callable[[Delta], str]
    limit: int = INCIDENT_LIMIT
    patience: Duration = PATIENCE
    _waiting: list[Delta] = field(default_factory=list)
    _incidents: list[bytes] = field(default_factory=list)
    _assets: dict[str, None] = field(default_factory=dict)
    _health: bytes | None = None
    _since: Instant = 0
    _news: asyncio.Event = field(default_factory=asyncio.Event)
    _fell_behind: asyncio.Event = field(default_factory=asyncio.Event)

    def put(self, delta: Delta) -> None:
        """Add what changed; never blocks. Beyond limit or patience nothing is kept, and `fell_behind` returns."""
        if self._fell_behind.is_set():
            return
        if not self._waiting:
            self._since = delta.now
        # Two at most: the only one, whose text is everybody's, or the first and the latest.
        del self._waiting[1:]
        self._waiting.append(delta)
        self._incidents += delta.incidents
        self._assets.update(dict.fromkeys(delta.assets))
        self._health = delta.health or self._health
        if len(self._incidents) > self.limit or delta.now - self._since > self.patience:
            self._empty()
            self._fell_behind.set()
        self._news.set()

    async def take(self) -> str:
        """Wait for news and empty the outbox.

        Raises:
            FellBehind: too much was waiting.
        """
        if self.first is not None:
            text, self.first = self.first, None
            return text
        await self._news.wait()
        self._news.clear()
        if self._fell_behind.is_set():
            raise FellBehind
        latest = self._waiting[-1]
        if len(self._waiting) > 1 or latest.text is None:
            joined = replace(
                latest, incidents=tuple(self._incidents), assets=tuple(self._assets), health=self._health, text=None
            )
            text = self.write(joined)
        else:
            text = latest.text
        self._empty()
        return text

    def _empty(self) -> None:
        self._waiting.clear()
        self._incidents.clear()
        self._assets.clear()
        self._health = None

    async def fell_behind(self) -> None:
        """Wait until the operator has fallen behind; for whoever watches while a message is being sent."""
        await self._fell_behind.wait()
