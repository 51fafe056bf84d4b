"""Keeps the world in memory as the store has it: loads it, then follows everything that changes it."""

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Final, NoReturn

import msgspec

from ioc.model.instant import MILLISECOND, Instant
from ioc.runtime.logging import Log
from ioc.runtime.tasks import end
from ioc.store.connection import StoreUnavailable
from ioc.store.event_stream import BEGINNING
from ioc.store.last_states import LastStates
from ioc.store.opening import Store
from ui.server.cameras import KnownCameras
from ui.server.devices import Devices
from ui.server.health import Board, Knowledge, judge
from ui.server.hub import Hub
from ui.server.world import CLOSED_SHOWN, World

PROCESS: Final = "ui"
"""The web server's name on the health board."""

WAIT_S: Final = 1.0
"""Seconds that a read waits for news; also how long stopping may take at most."""

ENTRIES_AT_ONCE: Final = 16
"""Entries of one read: few, so that pages are served between them while the server catches up."""

HEALTH_EVERY_S: Final = 1.0
REGISTRY_EVERY_S: Final = 2.0
GAPS_EVERY_S: Final = 5.0
CAMERAS_EVERY_S: Final = 0.5
REPORT_TTL_S: Final = 5.0
LEAVE_S: Final = 0.5

FIRST_PAUSE_S: Final = 0.2
LONGEST_PAUSE_S: Final = 5.0
"""Seconds between tries while the store is away: doubled each time, from the first to the longest."""

FIRST_LOAD_S: Final = 3.0
"""Seconds that pages wait at the start for everything to be loaded; then they get what there is."""

_JOBS: Final = ("registry", "incidents", "events", "health", "gaps", "cameras")

log = Log("ui")


@dataclass
class Feed:
    """What runs beside the web server.

    Attributes:
        store: what is followed.
        world: what is kept up.
        hub: who is told.
        devices: who shows what was lost.
    cameras: what is known of cameras.
        now: the wall clock.
    """

    store: Store
    world: World
    hub: Hub
    devices: Devices
    cameras: KnownCameras
    now: Callable[[], Instant]
    board: Board = field(default_factory=dict)
    _away: dict[str, str] = field(default_factory=dict)
    _refused: tuple[str, str] | None = None
    _lost: bool = False
    _began: Instant | None = None
    _loaded: dict[str, asyncio.Event] = field(default_factory=lambda: {name: asyncio.Event() for name in _JOBS})
    _registry_version: int = -1
    _position: str = BEGINNING

    @property
    def store_away(self) -> str | None:
        """Why the store cannot be asked; None where it can."""
        return next(iter(self._away.values()), None)

    @property
    def knowledge(self) -> Knowledge:
        """What the server itself can say of the program's health."""
        refused = self._refused if self._away else None
        return Knowledge(
            self.world.clock, self.store_away, self._lost, self._began, refused, tuple(self.cameras.statuses.values())
        )

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Load everything, then follow it for the length of the block."""
        jobs = (
            self._follow_registry,
            self._follow_incidents,
            self._follow_events,
            self._follow_health,
            self._follow_gaps,
            self._follow_cameras,
        )
        self._began = self.now()
        self._judge()
        async with asyncio.TaskGroup() as group:
            tasks = [
                group.create_task(self._steadily(name, job), name=f"ui {name}")
                for name, job in zip(_JOBS, jobs, strict=True)
            ]
            tasks.append(group.create_task(self.hub.run(), name="ui hub"))
            try:
                with suppress(TimeoutError):
                    async with asyncio.timeout(FIRST_LOAD_S):
                        for loaded in self._loaded.values():
                            await loaded.wait()
                yield
            finally:
                await end(tasks)
                await self._leave()

    async def _steadily(self, name: str, job: Callable[[], Awaitable[NoReturn]]) -> None:
        """Run a job that goes on for ever, again and again: the pages keep what is known meanwhile."""
        pause = FIRST_PAUSE_S
        while True:
            try:
                await job()
            except StoreUnavailable as error:
                reason = error.reason
                self._refused = (error.vi, error.reason) if error.refused else None
            except Exception as error:
                # The outermost edge: one entry that nobody expected must not take the screen away.
                log.exception("following the store failed; trying again", what=name)
                reason = f"{type(error).__name__} while following the {name}"
            pause = min(2 * pause, LONGEST_PAUSE_S) if name in self._away else FIRST_PAUSE_S
            # Told as soon as it is known: the health job may itself be waiting for an answer.
            self._away[name] = reason
            self._judge()
            await asyncio.sleep(pause)

    def _reached(self, name: str) -> None:
        self._loaded[name].set()
        if self._away.pop(name, None) is not None:
            self._judge()

    async def _follow_registry(self) -> NoReturn:
        while True:
            version = await self.store.assets.version()
            if version != self._registry_version:
                assets, city = await self.store.assets.load(), await self.store.assets.city()
                if not self.world.replace_assets(assets, city):
                    self.hub.start_afresh()
                self._registry_version = version
            self._reached("registry")
            await asyncio.sleep(REGISTRY_EVERY_S)

    async def _follow_incidents(self) -> NoReturn:
        # Always from a snapshot: the log is bounded, and a store that was away may have lost some of it.
        position, incidents = await self.store.incidents.snapshot(closed_since=self.now() - CLOSED_SHOWN)
        if not self.world.replace_incidents(position, incidents):
            self.hub.start_afresh()
        while True:
            self._reached("incidents")
            if self.world.incident_changed:
                self.hub.incidents_changed()
            for position, incident in await self.store.incidents.follow(self.world.position, wait=WAIT_S):
                self.world.take_incident(incident, position)

    async def _follow_events(self) -> NoReturn:
        saved = await self.store.assets.load_states()
        if saved is not None and _order(saved[0]) > _order(self._position):
            # At the beginning, and where the stream may have been trimmed while the store was out of reach.
            self._position, blob = saved
            self.world.replace_states(LastStates.from_bytes(blob))
        self._reached("events")
        while True:
            entries = await self.store.events.read(self._position, limit=ENTRIES_AT_ONCE, wait=WAIT_S)
            for entry in entries:
                self.world.take_entry(entry)
                self._position = entry.position

    async def _follow_health(self) -> NoReturn:
        while True:
            await self.store.health.report(PROCESS, self._report(), REPORT_TTL_S)
            self.board = await self.store.health.all()
            lost = await self.store.has_lost_its_data()
            self._reached("health")
            if lost and not self._lost:
                self._lost = True
                log.error("the store has come back without its data")
                self.world.replace_incidents(*await self.store.incidents.snapshot())
                self.hub.start_afresh()
            self.world.forget_closed(self.now() - CLOSED_SHOWN)
            self._judge()
            await asyncio.sleep(HEALTH_EVERY_S)

    async def _follow_gaps(self) -> NoReturn:
        while True:
            self.devices.gaps = await self.store.gaps.counts()
            self._reached("gaps")
            await asyncio.sleep(GAPS_EVERY_S)

    async def _follow_cameras(self) -> NoReturn:
        while True:
            await self.cameras.refresh(self.store.cameras)
            self._reached("cameras")
            await asyncio.sleep(CAMERAS_EVERY_S)

    async def _leave(self) -> None:
        """Take the server off the board, where the store hears it: what stops on purpose is not missed."""
        with suppress(TimeoutError, StoreUnavailable):
            async with asyncio.timeout(LEAVE_S):
                await self.store.health.forget(PROCESS)

    def _report(self) -> Mapping[str, str | int | float]:
        return {
            "state": "ok",
            "message": "",
            "at": self.now() // MILLISECOND,
            "pid": os.getpid(),
            "clients": self.hub.clients,
            "assets": len(self.world.assets),
            "incidents": len(self.world.incidents),
        }

    def _judge(self) -> None:
        self.hub.set_health(msgspec.json.encode(judge(self.board, self.knowledge, self.now())))


def _order(position: str) -> tuple[int, ...]:
    return tuple(int(part) for part in position.split("-"))
