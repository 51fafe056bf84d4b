"""The ingest stage: messages become events in the stream, and are acknowledged only when they are kept."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from functools import partial
from typing import Any, Final, TypeVar

from ingest.codec_reload import follow_codecs
from ingest.codecs.folder import CodecFolder
from ingest.combined_source import CombinedSource
from ingest.counters import Counters
from ingest.flood import Allowance, FloodGate
from ingest.gathering import Gatherer
from ingest.harvest import Harvest, Harvester
from ingest.health import Health
from ingest.inbox_stream import open_inbox
from ingest.known_assets import KnownAssets
from ingest.mqtt import open_mqtt
from ingest.pseudonyms import Pseudonyms
from ingest.reader import Reader
from ingest.settings import IngestSettings
from ingest.source import Batch, MessageSource
from ioc.model.faults import Fault
from ioc.model.instant import Instant
from ioc.runtime import clock
from ioc.runtime.logging import Log
from ioc.runtime.marked_yaml import Misplaced
from ioc.runtime.tasks import end
from ioc.store.catalogue import load_catalogue
from ioc.store.connection import StoreUnavailable
from ioc.store.event_stream import Superseded
from ioc.store.opening import Store

WRITER: Final = "ingest"
"""The name under which the stream is written; a second process of this name shuts the first one out."""

BUSY_PER_S: Final = 2_500
"""Messages a second from which a batch does not wait any longer than it must."""

BURST_S: Final = 10
"""For how many seconds' worth of events a device may burst."""

DRAIN_S: Final = 2.0
"""Seconds to write and acknowledge what has been received, after the stop; what is left comes again."""

LOOK_UP_S: Final = 2.0
"""Seconds between two looks at whether the registry has changed, or the next day's key is due."""

TAIL_EVENTS: Final = 100_000
"""Events at the end of the stream that are known again after a restart: more than a broker can have on its way."""

TAIL_ENTRIES: Final = 2_000
"""Entries of the stream that are looked at for them; at a city's rates a minute and a half of it."""

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
    pseudonyms = Pseudonyms(settings.city_timezone)
    codecs = CodecFolder(settings.codecs_dir, catalogue, pseudonyms=pseudonyms)
    try:
        loaded = codecs.load()
    except Misplaced as mistake:
        # At the start there are no last good ones to go on with; a person must mend it.
        raise Fault(str(mistake)) from None
    reader = Reader(
        loaded,
        catalogue,
        max_payload=settings.max_payload,
        timezone=settings.city_timezone,
    )
    rate = settings.flood_events_per_s
    harvester = Harvester(
        Gatherer(reader, catalogue),
        gate=FloodGate(Allowance(rate, rate * BURST_S)) if rate else None,
        strict_assets=settings.strict_assets,
    )
    async with open_mqtt(settings) as broker, open_inbox(store.inbox) as inbox:
        ingest = Ingest(store, settings, CombinedSource(broker, inbox), harvester, pseudonyms)
        await ingest.run(stop, partial(follow_codecs, codecs, reader))


class Ingest:
    """Carries messages from the source to the store; the next batch is read while the one before it is written."""

    def __init__(
        self,
        store: Store,
        settings: IngestSettings,
        source: MessageSource,
        harvester: Harvester,
        pseudonyms: Pseudonyms | None = None,
    ) -> None:
        """Take what to read from, what makes events of it, where to write, and whose keys to keep supplied."""
        self._store = store
        self._settings = settings
        self._source = source
        self._harvester = harvester
        self._pseudonyms = pseudonyms
        self._counters = Counters()
        self._health = Health(self._counters, source)
        self._registry_version = -1
        self._clock: Instant = 0
        self._loop = asyncio.get_running_loop()
        self._written_at = float("-inf")
        self._linger_ms = settings.linger_ms
        self._unsaved: dict[str, str] = {}
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
                await self._patiently(self._look_up)
                beside.append(tasks.create_task(self._keep_looking_up(), name="look up assets and keys"))
                if follow_codecs is not None:
                    following = follow_codecs(self._health.note_codecs)
                    beside.append(tasks.create_task(following, name="follow the codecs"))
                await self._work(tasks)
                await end(beside)
        except TimeoutError:
            _LOG.warning("stopped before everything was kept; the broker sends the rest again", after_s=DRAIN_S)
        except ExceptionGroup as group:
            # One task failed and took the others along; it alone is the news.
            raise group.exceptions[0] from None
        await self._health.leave(self._store)

    async def _work(self, tasks: asyncio.TaskGroup) -> None:
        writing: asyncio.Task[None] | None = None
        while not (self._stopping and self._source.backlog == 0):
            if writing is not None and self._source.backlog < self._settings.max_batch:
                # A broker that waits for acknowledgements sends no more until it has them: two halves of what it
                # sends at once would cost nearly twice as much as the whole.
                await writing
            batch = await self._source.receive(
                self._settings.max_batch, wait=self._until_tick(), linger=self._linger_ms / 1_000
            )
            harvest = self._harvester.harvest(batch, clock.now())
            self._choose_linger(len(batch))
            # Two are at work, never three: what the store has not taken is what the broker has to keep.
            if writing is not None:
                await writing
            writing = tasks.create_task(self._finish(batch, harvest), name="write and acknowledge")
        if writing is not None:
            await writing

    async def _finish(self, batch: Batch, harvest: Harvest) -> None:
        await self._keep(harvest)
        self._source.acknowledge(batch)
        self._count(batch, harvest)

    async def _keep(self, harvest: Harvest) -> None:
        """Write what there is, or a tick where one is due; returns when it is in the store."""
        if harvest.rejected:
            await self._patiently(lambda: self._store.rejected.add(harvest.rejected))
        if harvest.gaps:
            await self._patiently(lambda: self._store.gaps.record(harvest.gaps))
        self._unsaved.update(harvest.remember)
        if harvest.frame.is_empty() and self._until_tick() > 0:
            return
        # The clock of the stream stands still rather than go back with the machine's.
        self._clock = max(self._clock, clock.now())
        await self._patiently(lambda: self._store.events.append(harvest.frame, self._clock, self._unsaved))
        self._unsaved = {}
        self._written_at = self._loop.time()

    def _count(self, batch: Batch, harvest: Harvest) -> None:
        counters, count = self._counters, len(batch)
        counters.messages += count
        counters.acknowledged += count
        counters.events += harvest.frame.height
        counters.duplicates += harvest.duplicates
        counters.coalesced += harvest.coalesced
        counters.rejected += len(harvest.rejected)
        counters.gaps += sum(gap.missing for gap in harvest.gaps)
        if harvest.frame.height:
            counters.batches += 1
            counters.last_event_at = self._clock

    def _choose_linger(self, count: int) -> None:
        """Wait longer for the next batch where little comes in, so that it is worth its cost."""
        busy = count >= BUSY_PER_S * self._linger_ms / 1_000
        self._linger_ms = self._settings.linger_ms if busy else self._settings.linger_quiet_ms

    def _until_tick(self) -> float:
        """Say how many seconds are left until the stream must show that time has passed."""
        return max(0.0, self._written_at + self._settings.tick_s - self._loop.time())

    async def _take_over(self) -> None:
        """Become the one who writes, and learn from the end of the stream what an earlier process had kept.

        It may have been killed between keeping and acknowledging; what it kept then comes again.
        """
        await self._patiently(lambda: self._store.events.take_over(WRITER))
        self._harvester.restore(await self._patiently(self._store.events.recall), clock.now())
        before, entries = "+", 0
        while entries < TAIL_ENTRIES and self._harvester.remembered_ids < TAIL_EVENTS:
            tail = await self._patiently(partial(self._store.events.read_back, before, limit=_TAIL_CHUNK))
            if not tail:
                break
            for entry in tail:
                self._clock = max(self._clock, entry.clock)
                self._harvester.remember_ids(entry.batch.get_column("id").to_list())
            before, entries = tail[-1].position, entries + len(tail)

    async def _look_up(self) -> None:
        """Learn what the store says that messages are read by: the city's assets, and the day's key."""
        if self._pseudonyms is not None:
            await self._pseudonyms.fetch(self._store.daily_keys, clock.now())
        version = await self._store.assets.version()
        if version != self._registry_version:
            self._harvester.assets = KnownAssets(await self._store.assets.load())
            self._registry_version = version

    async def _keep_looking_up(self) -> None:
        while True:
            await asyncio.sleep(LOOK_UP_S)
            # A store that is away is the message loop's news; until it is back, what was known stays known.
            with suppress(StoreUnavailable):
                await self._look_up()

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
                self._health.note_store(away)
                await asyncio.sleep(next(pauses, _RETRY_PAUSES_S[-1]))
            except Superseded as other:
                raise Fault(f"{other} Only one ingest may run for a partition.", wrong_use=False) from other
            else:
                self._health.note_store(None)
                return result
