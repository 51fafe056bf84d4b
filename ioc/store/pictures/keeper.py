"""Tidies the folder of pictures every few minutes, knowing what open incidents hold."""

import asyncio
from collections.abc import Awaitable, Callable, Collection
from typing import Final

from ioc.model.incidents import Incident
from ioc.model.instant import Instant
from ioc.runtime import clock
from ioc.runtime.logging import Log
from ioc.store.connection import StoreUnavailable
from ioc.store.incidents import Incidents
from ioc.store.pictures.folder import PictureFolder, Tidied

EVERY_S: Final = 300.0
"""Seconds between two rounds: how much longer than promised a picture may lie."""

_QUANTITY: Final = "picture"


class HeldPictures:
    """Knows which pictures open incidents hold; an incident that has not changed is not read again."""

    def __init__(self, incidents: Incidents) -> None:
        """Take where incidents are kept."""
        self._incidents = incidents
        self._known: dict[str, tuple[int, frozenset[str]]] = {}

    async def __call__(self) -> frozenset[str]:
        """Give their ids.

        Raises:
            StoreUnavailable: the store is away.
        """
        _, incidents = await self._incidents.snapshot(closed_since=clock.now())
        known: dict[str, tuple[int, frozenset[str]]] = {}
        for incident in incidents:
            if not incident.is_open:
                continue
            found = self._known.get(incident.id)
            if found is None or found[0] != incident.revision:
                whole = await self._incidents.get(incident.id)
                found = (incident.revision, frozenset() if whole is None else pictures_of(whole))
            known[incident.id] = found
        self._known = known
        return frozenset().union(*(pictures for _, pictures in known.values()))


def pictures_of(incident: Incident) -> frozenset[str]:
    """Give the ids of the pictures that the events carry which made an incident."""
    found = ((event.get("values") or {}).get(_QUANTITY) for event in incident.evidence)
    return frozenset(picture for picture in found if isinstance(picture, str))


class Keeper:
    """The task that tidies.

    Attributes:
        last: what the last round did; None before the first.
        rounds: how many were done.
        failed: rounds that could not be done.
    """

    def __init__(
        self,
        folder: PictureFolder,
        held: Callable[[], Awaitable[Collection[str]]],
        *,
        now: Callable[[], Instant] = clock.now,
        every_s: float = EVERY_S,
    ) -> None:
        """Take what is tidied, and who knows the pictures that open incidents hold: `HeldPictures`, usually."""
        self.last: Tidied | None = None
        self.rounds = 0
        self.failed = 0
        self._folder = folder
        self._held = held
        self._now = now
        self._every_s = every_s
        self._known: Collection[str] | None = None
        self._said_failed = 0
        self._log = Log("pictures")

    async def run(self) -> None:
        """Tidy now, and every few minutes until the task is cancelled."""
        while True:
            await self.round()
            await asyncio.sleep(self._every_s)

    async def round(self) -> None:
        """Tidy once.

        While the store is away, what was known of open incidents last goes on to hold, so that retention does not wait
        for it; before anything was known of them, nothing is removed.
        """
        try:
            self._known = await self._held()
        except StoreUnavailable as error:
            self._log.warning("cannot ask which pictures open incidents hold", reason=error.reason)
        if self._known is None:
            self.failed += 1
            return
        try:
            self.last = await asyncio.to_thread(self._folder.tidy, self._now(), self._known)
        except OSError as error:
            self.failed += 1
            self._log.error("the folder of pictures cannot be tidied", folder=str(self._folder.root), error=str(error))
            return
        self.rounds += 1
        self._say(self.last)
        self._say_failed(self.last.failed)

    def _say(self, done: Tidied) -> None:
        if done.expired or done.crowded_out or done.originals:
            self._log.info(
                "pictures were removed",
                expired=done.expired,
                crowded_out=done.crowded_out,
                originals=done.originals,
                bytes_left=done.bytes,
            )
        if done.over:
            self._log.warning("open incidents hold more pictures than the folder may have", bytes_over=done.over)

    def _say_failed(self, failed: int) -> None:
        """Log a failure when it begins or changes: some folders, such as lost+found, can never be looked at."""
        if failed and failed != self._said_failed:
            self._log.error("files could not be looked at or removed", folder=str(self._folder.root), files=failed)
        self._said_failed = failed
