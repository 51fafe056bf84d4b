"""The ingest stage: messages become events in the stream, and are acknowledged only when they are kept."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final, TypeVar

import polars as pl

from ingest.batch import UnknownQuantities, build_batch
from ingest.codec_reload import follow_codecs
from ingest.codecs.folder import CodecFolder
from ingest.combined_source import CombinedSource
from ingest.counters import Counters
from ingest.duplicates import RecentIds
from ingest.health import Health
from ingest.inbox_stream import open_inbox
from ingest.known_assets import KnownAssets
from ingest.mqtt import open_mqtt
from ingest.reader import Reader
from ingest.settings import IngestSettings
from ingest.source import Batch, MessageSource
from ioc.model.events import Event, RawMessage, Rejected
from ioc.model.faults import Fault
from ioc.model.instant import Instant
from ioc.runtime import clock
from ioc.runtime.logging import Log
from ioc.runtime.tasks import end
from ioc.store.catalogue import load_catalogue
from ioc.store.connection import StoreUnavailable
from ioc.store.event_stream import Superseded
from ioc.store.opening import Store

WRITER: Final = "ingest"
"""The name under which the stream is written; a second process of this name shuts the first one out."""

FEW: Final = 10
"""Messages in a batch below which little is coming in, and the next batch waits longer."""

DRAIN_S: Final = 2.0
"""Seconds to write and acknowledge what has been received, after the stop; what is left comes again."""

REGISTRY_S: Final = 2.0
"""Seconds between two looks at whether the registry has changed."""

_TAIL_EVENTS: Final = 20_000
_TAIL_ENTRIES: Final = 2_000
_TAIL_CHUNK: Final = 16
_RETRY_PAUSES_S: Final = (0.1, 0.2, 0.5, 1.0, 2.0)

_LOG = Log("ingest")

Result = TypeVar("Result")


async def run(store: Store, settings: IngestSettings, stop: asyncio.Event) -> None:
    """Run until `stop` is set; then keep and acknowledge what has been received, and leave.

    Raises:
        Fault: a codec or the broker's URL is wrong, or another ingest has taken this one's place.
    """
    catalogue = load_catalogue()
    codecs = CodecFolder(settings.codecs_dir, catalogue)
    reader = Reader(
        codecs.load(),
        catalogue,
        max_payload=settings.max_payload,
        timezone=settings.city_timezone,
    )
    unknown = UnknownQuantities()
    async with open_mqtt(settings) as broker, open_inbox(store.inbox) as inbox:
        source = CombinedSource(broker, inbox)
        ingest = Ingest(store, settings, source, reader, lambda events: build_batch(events, catalogue, unknown))
        await ingest.run(stop, partial(follow_codecs, codecs, reader))


@dataclass(frozen=True, slots=True)
class _Harvest:
    """What a batch of messages held."""

    frame: pl.DataFrame
    rejected: list[Rejected]
    duplicates: int = 0


class Ingest:
    """Carries messages from the source to the store; one loop, one batch at a time."""

    def __init__(
        self,
        store: Store,
        settings: IngestSettings,
        source: MessageSource,
        reader: Reader,
        build: Callable[[list[Event]], tuple[pl.DataFrame, list[Rejected]]],
    ) -> None:
        """Take what to read from, what to read with, and where to write."""
        self._store = store
        self._settings = settings
        self._source = source
        self._reader = reader
        self._build = build
        self._counters = Counters()
        self._health = Health(self._counters, source)
        self._recent = RecentIds()
        self._assets = KnownAssets({})
        self._registry_version = -1
        self._clock: Instant = 0
        self._loop = asyncio.get_running_loop()
        self._written_at = float("-inf")
        self._linger_ms = settings.linger_ms
        self._stopping = False

    async def run(
        self,
        stop: asyncio.Event,
        follow_codecs: Callable[[Callable[[str | None], None]], Coroutine[Any, Any, None]] | None = None,
    ) -> None:
        """Run until `stop` is set, and `DRAIN_S` longer at most.

        Args:
            stop: asks to stop.
            follow_codecs: gives the reader other codecs where they change, and says what is wrong with them.
        """
        try:
            async with asyncio.timeout(None) as deadline, asyncio.TaskGroup() as tasks:
                beside = [
                    tasks.create_task(self._stop_when(stop, deadline), name="wait for the stop"),
                    tasks.create_task(self._health.report_to(self._store), name="report health"),
                ]
                await self._take_over()
                await self._patiently(self._load_registry)
                beside.append(tasks.create_task(self._follow_registry(), name="follow the registry"))
                if follow_codecs is not None:
                    following = follow_codecs(self._health.note_codecs)
                    beside.append(tasks.create_task(following, name="follow the codecs"))
                await self._work()
                await end(beside)
        except TimeoutError:
            _LOG.warning("stopped before everything was kept; the broker sends the rest again", after_s=DRAIN_S)
        except ExceptionGroup as group:
            # One task failed and took the others along; it alone is the news.
            raise group.exceptions[0] from None
        await self._health.leave(self._store)

    async def _work(self) -> None:
        while not (self._stopping and self._source.backlog == 0):
            batch = await self._source.receive(
                self._settings.max_batch, wait=self._until_tick(), linger=self._linger_ms / 1_000
            )
            harvest = self._read(batch)
            await self._keep(harvest)
            self._source.acknowledge(batch)
            self._count(batch, harvest)

    def _read(self, batch: Batch) -> _Harvest:
        events: list[Event] = []
        rejected: list[Rejected] = []
        duplicates = 0
        for message in batch.messages:
            if isinstance(message, Rejected):
                rejected.append(message)
                continue
            found, refused = self._reader.read(message)
            rejected += refused
            for event in found:
                if not self._recent.add(event.id):
                    duplicates += 1
                elif (known := self._identified(event)) is None:
                    rejected.append(_unregistered(event, message))
                else:
                    events.append(known)
        frame, refused = self._build(events)
        return _Harvest(frame, rejected + refused, duplicates)

    def _identified(self, event: Event) -> Event | None:
        """Give the asset the city's name; None where it is not registered and must be."""
        if event.asset is None:
            return event
        name = self._assets.city_name(event.asset)
        if self._settings.strict_assets and name not in self._assets:
            return None
        return event if name == event.asset else replace(event, asset=name)

    async def _keep(self, harvest: _Harvest) -> None:
        """Write what there is, or a tick where one is due; returns when it is in the store."""
        if harvest.rejected:
            await self._patiently(lambda: self._store.rejected.add(harvest.rejected))
        if harvest.frame.is_empty() and self._until_tick() > 0:
            return
        # The clock of the stream stands still rather than go back with the machine's.
        self._clock = max(self._clock, clock.now())
        await self._patiently(lambda: self._store.events.append(harvest.frame, self._clock))
        self._written_at = self._loop.time()

    def _count(self, batch: Batch, harvest: _Harvest) -> None:
        counters, count = self._counters, len(batch)
        counters.messages += count
        counters.acknowledged += count
        counters.events += harvest.frame.height
        counters.duplicates += harvest.duplicates
        counters.rejected += len(harvest.rejected)
        if harvest.frame.height:
            counters.batches += 1
            counters.last_event_at = self._clock
        self._linger_ms = self._settings.linger_ms if count >= FEW else self._settings.linger_quiet_ms

    def _until_tick(self) -> float:
        """Say how many seconds are left until the stream must show that time has passed."""
        return max(0.0, self._written_at + self._settings.tick_s - self._loop.time())

    async def _take_over(self) -> None:
        """Become the one who writes, and learn from the end of the stream what an earlier process had kept.

        It may have been killed between keeping and acknowledging; what it kept then comes again.
        """
        await self._patiently(lambda: self._store.events.take_over(WRITER))
        before, entries = "+", 0
        while entries < _TAIL_ENTRIES and len(self._recent) < _TAIL_EVENTS:
            tail = await self._patiently(partial(self._store.events.read_back, before, limit=_TAIL_CHUNK))
            if not tail:
                break
            for entry in tail:
                self._clock = max(self._clock, entry.clock)
                for identity in entry.batch.get_column("id"):
                    self._recent.add(identity)
            before, entries = tail[-1].position, entries + len(tail)

    async def _load_registry(self) -> None:
        version = await self._store.assets.version()
        if version != self._registry_version:
            self._assets = KnownAssets(await self._store.assets.load())
            self._registry_version = version

    async def _follow_registry(self) -> None:
        while True:
            await asyncio.sleep(REGISTRY_S)
            # A store that is away is the message loop's news; until it is back, what was known stays known.
            with suppress(StoreUnavailable):
                await self._load_registry()

    async def _stop_when(self, stop: asyncio.Event, deadline: asyncio.Timeout) -> None:
        await stop.wait()
        _LOG.info("stopping: nothing more is read", backlog=self._source.backlog)
        self._stopping = True
        self._source.stop_reading()
        deadline.reschedule(self._loop.time() + DRAIN_S)

    async def _patiently(self, action: Callable[[], Awaitable[Result]]) -> Result:
        """Do something with the store, again and again until it is there; nothing is acknowledged meanwhile.

        Raises:
            Fault: another ingest has taken this one's place.
        """
        pauses = iter(_RETRY_PAUSES_S)
        while True:
            try:
                result = await action()
            except StoreUnavailable as away:
                self._health.note_store(away.reason)
                await asyncio.sleep(next(pauses, _RETRY_PAUSES_S[-1]))
            except Superseded as other:
                raise Fault(f"{other} Only one ingest may run for a partition.", wrong_use=False) from other
            else:
                self._health.note_store(None)
                return result


def _unregistered(event: Event, message: RawMessage) -> Rejected:
    return Rejected(
        message.topic,
        message.payload[:120],
        len(message.payload),
        event.codec,
        f"the asset {event.asset!r} is not registered; register it, or turn strict_assets off",
        message.received_at,
    )
