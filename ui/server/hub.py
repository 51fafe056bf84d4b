"""Tells every connected page what changed: encoded once a tick, one bounded outbox a page."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Final

from ioc.model.instant import MILLISECOND, SECOND, Duration, Instant
from ui.server.outbox import INCIDENT_LIMIT, PATIENCE, Delta, Outbox
from ui.server.world import World, array

HEARTBEAT: Final[Duration] = 1 * SECOND
"""A message is sent at least this often, so that a page knows that its feed lives."""


@dataclass
class Counts:
    """What the hub has done since it began."""

    messages: int = 0
    fell_behind: int = 0
    turned_away: int = 0


@dataclass
class Hub:
    """Where the world's changes become messages.

    Attributes:
        world: what is told of.
        now: the wall clock.
        tick: movement waits this long to be told together; incident changes do not.
        incident_limit, patience: see `Outbox`.
        most: pages that may be connected at once.
    """

    world: World
    now: Callable[[], Instant]
    tick: Duration = 50 * MILLISECOND
    most: int = 200
    incident_limit: int = INCIDENT_LIMIT
    patience: Duration = PATIENCE
    health: bytes = b"{}"
    counts: Counts = field(default_factory=Counts)
    _outboxes: dict[int, Outbox] = field(default_factory=dict)
    _urgent: asyncio.Event = field(default_factory=asyncio.Event)
    _health_changed: bool = False
    _told_at: Instant = 0
    # Ends when what pages have been told no longer holds and no delta can mend it.
    _era: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def clients(self) -> int:
        """How many pages are connected."""
        return len(self._outboxes)

    @property
    def is_full(self) -> bool:
        """Whether another page would be one too many."""
        return len(self._outboxes) >= self.most

    @contextmanager
    def joined(self) -> Iterator[tuple[Outbox, asyncio.Event]]:
        """Connect a page for the length of the block.

        Yields:
            Its outbox, which begins with a snapshot and goes on without a gap or a repetition; and an event
            that asks it to come back for another snapshot.
        """
        self.flush()
        outbox = Outbox(self.snapshot(), self._write, self.incident_limit, self.patience)
        self._outboxes[id(outbox)] = outbox
        try:
            yield outbox, self._era
        finally:
            del self._outboxes[id(outbox)]

    def incidents_changed(self) -> None:
        """Have the world's changes told at once rather than at the next tick."""
        self._urgent.set()

    def set_health(self, health: bytes) -> None:
        """Take in the health as JSON, to be told with the next message."""
        self.health = health
        self._health_changed = True

    def start_afresh(self) -> None:
        """Ask every page to connect again and take a new snapshot."""
        self._era.set()
        self._era = asyncio.Event()

    def snapshot(self) -> str:
        """Write the first message of a page."""
        world = self.world
        assets = world.assets_json(world.asset_ids())
        parts = (
            self._head("snapshot", world.position, self.now(), world.clock),
            b',"incidents":',
            world.incidents_json(),
            b',"assets":',
            assets,
            b',"health":',
            self.health,
            b"}",
        )
        return b"".join(parts).decode()

    def flush(self) -> None:
        """Tell what has changed, or that nothing has, where it is time to say so."""
        now = self.now()
        changes = self.world.take_changes()
        nothing = not changes.incidents and not changes.assets
        # A clock that was set back must not silence the heartbeat.
        if nothing and 0 <= now - self._told_at < HEARTBEAT:
            return
        self._told_at = now
        self._urgent.clear()
        if not self._outboxes:
            self._health_changed = False
            return
        health = self.health if self._health_changed else None
        self._health_changed = False
        world = self.world
        delta = Delta(world.position, now, world.clock, changes.incidents, changes.assets, health)
        delta = replace(delta, text=self._write(delta))
        for outbox in self._outboxes.values():
            outbox.put(delta)
        self.counts.messages += len(self._outboxes)

    async def run(self) -> None:
        """Tell what changes, until cancelled."""
        tick_s = self.tick / SECOND
        while True:
            try:
                async with asyncio.timeout(tick_s):
                    await self._urgent.wait()
            except TimeoutError:
                pass
            self._urgent.clear()
            self.flush()

    def _write(self, delta: Delta) -> str:
        parts = [
            self._head("delta", delta.position, delta.now, delta.clock),
            b',"incidents":',
            array(delta.incidents),
            b',"assets":',
            self.world.assets_json(delta.assets),
        ]
        if delta.health is not None:
            parts += (b',"health":', delta.health)
        return b"".join((*parts, b"}")).decode()

    @staticmethod
    def _head(what: str, position: str, now: Instant, clock: Instant | None) -> bytes:
        shown = "null" if clock is None else clock // MILLISECOND
        return f'{{"type":"{what}","position":"{position}","now":{now // MILLISECOND},"clock":{shown}'.encode()
