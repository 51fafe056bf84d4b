"""The rules stage: reads the stream, runs the rule book, writes incidents, and saves where it stands.

It owns its partition alone. Incidents are written before the checkpoint that covers them; after a crash what
is computed again has the same ids and is written once.
"""

import asyncio
import os
import socket
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, TypeVar

from ioc.model.alerts import AlertChange, AlertState
from ioc.model.instant import SECOND, to_milliseconds
from ioc.model.quantities import Catalogue
from ioc.runtime import clock
from ioc.runtime.logging import Log
from ioc.runtime.tasks import end
from ioc.store.catalogue import load_catalogue
from ioc.store.checkpoints import LeaseHeld
from ioc.store.connection import StoreUnavailable
from ioc.store.event_stream import BEGINNING, Entry
from ioc.store.history import History
from ioc.store.history.archiver import Archiver
from ioc.store.last_states import LastStates
from ioc.store.opening import Store
from rules.book import RuleBook
from rules.checkpointing import RulesState, from_bytes
from rules.engine import Engine
from rules.keeping import BookKeeper
from rules.merging import Portion, portions
from rules.preparing import Prepared, catch_up, prepare
from rules.published import Running
from rules.rebuilding import APART, Rebuilding, alert_keys, put_together, to_rebuild
from rules.rule import Rule
from rules.saving import Saving, Snapshot
from rules.settings import RulesSettings
from rules.shadows import Shadows
from rules.speaking.changes import IncidentChange
from rules.speaking.grouping import Grouping
from rules.speaking.writing import mend, tell, writes_of

log = Log("rules")

LEASE_S: Final = 10.0
HEALTH_S: Final = 1.0
HEALTH_TTL_S: Final = 5.0
READ_WAIT_S: Final = 0.5
ENTRIES_AT_ONCE: Final = 64
PACE_S: Final = 0.02
"""Seconds from one reading to the next at least: small entries that follow one another closely are taken together."""

ARCHIVED_S: Final = 2.0
"""Seconds that the archiver is given, when all stop, to write what it has; what it does not the store keeps."""

RETRY_S: Final = (0.1, 0.2, 0.5, 1.0, 2.0)

Result = TypeVar("Result")


@dataclass(slots=True)
class _Work:
    """What the stage carries from one entry to the next.

    Attributes:
        firing: alerts that hold: alert id to rule, key and raised_at.
        shadows: the same of shadow rules.
        grouping: which incidents speak for them.
        caught_up: whether everything that an earlier process may have computed has been computed again.
    """

    book: RuleBook
    engine: Engine
    states: LastStates
    position: str = BEGINNING
    clock: int = 0
    events: int = 0
    firing: dict[str, tuple[str, str, int]] = field(default_factory=dict)
    shadows: dict[str, tuple[str, str, int]] = field(default_factory=dict)
    caught_up: bool = False
    grouping: Grouping = field(default_factory=lambda: Grouping((), {}))

    @property
    def rules(self) -> dict[str, Rule]:
        return {rule.name: rule for rule in self.book.rules}


class _StoppedWaiting(Exception):
    """Told to stop while waiting for the store, or for the partition."""


async def run(
    store: Store,
    settings: RulesSettings,
    stop: asyncio.Event,
    *,
    history: History | None = None,
    archiver: Archiver | None = None,
) -> None:
    """Run until `stop` is set; then save once more and give the partition back.

    Args:
        store: where events come from, and where incidents and checkpoints go.
        settings: see `RulesSettings`.
        stop: set when it is time to end.
        history: the archived past, for rules that are new or edited; without it they know what the stream still has.
        archiver: writes that past, beside the rules and for as long as they own the partition; where there is one,
            the stream is trimmed behind it too.

    Raises:
        Fault: the rule book cannot be read at the start; the sentence names file, line and column.
        LostLease: another process has taken the partition over.
    """
    await _Stage(store, settings, stop, history, archiver).run()


class _Stage:
    def __init__(
        self,
        store: Store,
        settings: RulesSettings,
        stop: asyncio.Event,
        history: History | None = None,
        archiver: Archiver | None = None,
    ) -> None:
        self._store = store
        self._history = history
        self._archiver = archiver
        self._saving = Saving(store, archiver)
        self._being_saved: asyncio.Task[None] | None = None
        self._archiving: asyncio.Task[None] | None = None
        self._settings = settings
        self._stop = stop
        self._catalogue: Catalogue = load_catalogue()
        self._keeper = BookKeeper(store, settings, self._catalogue)
        self._mistakes = ""
        self._shadows = Shadows(store.shadow_alerts)
        self._preparing: asyncio.Task[Prepared] | None = None
        self._store_error = ""

    async def run(self) -> None:
        try:
            work = await self._start()
            if self._archiver is not None:
                self._archiving = asyncio.create_task(self._archiver.run(self._store, self._stop), name="archive")
            await self._work(work)
            await self._leave(work)
            if self._archiving is not None:
                # It was asked to stop as well, and writes what it has.
                await asyncio.wait({self._archiving}, timeout=ARCHIVED_S)
        except _StoppedWaiting:
            # What was computed last is not written, so it must not be covered by a checkpoint either.
            log.warning("stopped while waiting; the next start reads on from the last checkpoint")
        finally:
            tasks = (self._preparing, self._archiving, self._being_saved)
            await end([task for task in tasks if task is not None])

    async def _start(self) -> _Work:
        await self._patiently(self._keeper.load_city)
        self._keeper.read_files()
        self._saving.token = await self._acquire()
        said = await self._patiently(self._keeper.said)
        work = await self._resume(said)
        if not len(work.grouping):
            self._regroup(work, work.grouping.dump())
        self._mistakes = "\n".join(said.mistakes)
        log.info("rules are running", rules=len(work.book.rules), position=work.position)
        await self._report(work)
        return work

    async def _work(self, work: _Work) -> None:
        saved_at = reported_at = asyncio.get_running_loop().time()
        saved_events = 0
        while not self._stop.is_set():
            entries = await self._patiently(lambda: self._read(work))
            read_at = asyncio.get_running_loop().time()
            for portion in portions(entries, work.clock):
                await self._take(work, portion)
            if not work.caught_up and len(entries) < ENTRIES_AT_ONCE:
                await self._patiently(lambda: self._clear_unknown(work))
                work.caught_up = True
            now = asyncio.get_running_loop().time()
            if now - reported_at >= HEALTH_S:
                reported_at = now
                await self._look_for_changes(work)
                await self._report(work)
            if self._preparing is not None and self._preparing.done():
                await self._change_over(work, self._preparing.result())
                self._preparing = None
            enough = work.events - saved_events >= self._settings.checkpoint_events
            if self._being_saved is not None and self._being_saved.done():
                self._being_saved.result()
                self._being_saved = None
            due = enough or now - saved_at >= self._settings.checkpoint_s
            if due and self._being_saved is None and work.position != self._saving.position:
                self._being_saved = asyncio.create_task(self._save(self._snapshot(work)), name="save a checkpoint")
                saved_at, saved_events = now, work.events
            if 0 < len(entries) < ENTRIES_AT_ONCE and not self._stop.is_set():
                await asyncio.sleep(max(0.0, read_at + PACE_S - asyncio.get_running_loop().time()))

    async def _acquire(self) -> int:
        owner = f"rules@{socket.gethostname()}"
        while True:
            try:
                return await self._patiently(lambda: self._store.checkpoints.acquire(owner, LEASE_S))
            except LeaseHeld as held:
                log.warning("another process owns the partition; waiting", owner=held.owner, seconds=held.remaining)
                await self._pause(min(held.remaining + 0.1, LEASE_S))
                if self._stop.is_set():
                    raise _StoppedWaiting from held

    async def _resume(self, said: Running) -> _Work:
        """Take up where the last checkpoint ended."""
        kept = await self._patiently(self._store.assets.load_states)
        states = LastStates() if kept is None else LastStates.from_bytes(kept[1])
        book = said.book
        checkpoint = await self._patiently(self._store.checkpoints.load)
        state = None if checkpoint is None else from_bytes(checkpoint.state)
        if checkpoint is None or state is None or state.engine is None:
            if checkpoint is not None:
                log.error("the checkpoint cannot be read; starting from the oldest event that is kept")
            return _Work(book, self._engine(book), states)
        unchanged = RuleBook(tuple(rule for rule in book.rules if state.behaviour.get(rule.name) == rule.behaviour))
        work = _Work(unchanged, self._engine(unchanged), states)
        try:
            fresh = work.engine.load(state.engine)
        except (KeyError, TypeError, ValueError) as error:
            log.warning(
                "the checkpoint is of another version; starting from the oldest event that is kept", why=repr(error)
            )
            return _Work(book, self._engine(book), states)
        work.position = self._saving.position = checkpoint.position
        work.firing, work.shadows = state.firing, state.shadow_firing
        work.clock = max(0, state.engine["clock"])
        work.book = book
        self._regroup(work, state.grouping)
        work.book = unchanged
        prepared = await self._patiently(lambda: self._prepare(work, book, state.behaviour, state.alert_keys))
        await self._change_over(work, prepared, left=fresh)
        return work

    def _engine(self, book: RuleBook) -> Engine:
        return Engine(book, self._catalogue, self._keeper.surroundings.registry)

    async def _read(self, work: _Work) -> list[Entry]:
        return await self._store.events.read(work.position, limit=ENTRIES_AT_ONCE, wait=READ_WAIT_S)

    async def _take(self, work: _Work, portion: Portion) -> None:
        """Run the rules over what waited and write what changed."""
        work.states.take_in_later(portion.batch)
        raised = work.engine.step(portion.batch, portion.clock, portion.reached)
        changes, shadowed = self._shadows.told_apart(work.book, raised)
        work.position = portion.position
        work.clock = portion.clock
        work.events += portion.batch.height
        if shadowed:
            await self._patiently(lambda: self._shadows.write(work.book, shadowed, work.shadows))
        # Also where nothing changed: time has passed, and some storm may be over.
        await self._write(work, changes)

    async def _write(self, work: _Work, changes: Sequence[AlertChange]) -> None:
        """Decide which incidents speak for alerts that began or ended, and write what becomes of them."""
        await self._write_incidents(work, work.grouping.step(changes, work.clock))
        for change in changes:
            if change.to is AlertState.FIRING:
                work.firing[change.alert] = (change.rule, change.key, change.raised_at)
            else:
                work.firing.pop(change.alert, None)

    async def _write_incidents(self, work: _Work, news: Sequence[IncidentChange]) -> None:
        if not news:
            return
        around = replace(self._keeper.surroundings, state_of=work.states.get)
        writes = writes_of(news, work.rules, around)
        versions = {rule.name: rule.version for rule in work.book.rules}
        await self._patiently(lambda: self._store.incidents.write(writes, rule_versions=versions))
        tell(news, work.firing)

    async def _clear_orphans(self, work: _Work, fresh: Sequence[str], ended: Collection[str]) -> None:
        """End the alerts of rules that are gone, or that could take nothing over, and those that hold no longer."""
        kept = {name for name, rule in work.rules.items() if not rule.shadow} - set(fresh)
        orphans = [alert for alert, named in work.firing.items() if named[0] not in kept or alert in ended]
        await self._write_incidents(work, work.grouping.forget(orphans, work.clock))
        for alert in orphans:
            del work.firing[alert]

    async def _clear_unknown(self, work: _Work) -> None:
        unknown = await mend(self._store.incidents, work.grouping, work.clock)
        if unknown:
            log.warning("ended incidents of which nothing is known any more", incidents=unknown)

    def _regroup(self, work: _Work, state: Mapping[str, Any] | None) -> None:
        """Let incidents be grouped as the book says, from the state in which they were."""
        work.grouping = Grouping(work.book.rules, self._keeper.surroundings.registry)
        if state is not None:
            work.grouping.load(state)
        work.grouping.adopt(work.firing)

    def _snapshot(self, work: _Work) -> Snapshot:
        rules = RulesState(
            work.engine.snapshot(),
            dict(work.firing),
            {rule.name: rule.behaviour for rule in work.book.rules},
            {rule.name: alert_keys(rule) for rule in work.book.rules},
            dict(work.shadows),
            work.grouping.dump(),
        )
        return Snapshot(work.position, rules, work.states.copied())

    async def _save(self, snapshot: Snapshot) -> None:
        """Write a checkpoint; while rules are made ready, nothing is trimmed that they have not seen yet."""
        await self._patiently(lambda: self._saving.save(snapshot, trim=self._preparing is None))

    async def _save_now(self, work: _Work) -> None:
        """Write a checkpoint of this very moment, and wait until it is written."""
        if self._being_saved is not None:
            await self._being_saved
            self._being_saved = None
        await self._save(self._snapshot(work))

    async def _look_for_changes(self, work: _Work) -> None:
        """Take up what files, publications or the registry say anew; on a mistake the last good rules stay."""
        news = await self._patiently(self._keeper.news)
        if news is None:
            return
        if news.mistakes and news.mistakes != self._mistakes:
            log.warning("the rule book has mistakes; the last good rules stay", mistakes=news.mistakes)
        self._mistakes = news.mistakes
        if news.of_city or news.book.version != work.book.version:
            await self._make_ready(work, news.book)

    async def _make_ready(self, work: _Work, book: RuleBook) -> None:
        """Begin to show a book's new and edited rules the past; the others run on meanwhile."""
        if self._preparing is not None:
            # What was being made ready is not wanted any more.
            await end([self._preparing])
        behaviour = {rule.name: rule.behaviour for rule in work.book.rules}
        keys = {rule.name: alert_keys(rule) for rule in work.book.rules}

        async def ready() -> Prepared:
            return await self._patiently(lambda: self._prepare(work, book, behaviour, keys))

        self._preparing = asyncio.create_task(ready(), name="make rules ready")

    async def _prepare(
        self, work: _Work, book: RuleBook, behaviour: Mapping[str, str], keys: Mapping[str, Sequence[str]]
    ) -> Prepared:
        anew = Rebuilding.of(
            to_rebuild(book, behaviour),
            keys,
            work.firing | work.shadows,
            self._catalogue,
            self._keeper.surroundings.registry,
            first_ref=work.engine.next_ref + APART,
        )
        return await prepare(book, anew, self._store.events, self._history, until=work.position, clock=work.clock)

    async def _change_over(self, work: _Work, prepared: Prepared, left: Sequence[str] = ()) -> None:
        """Let a book that was made ready run from here on.

        Args:
            work: changed in place.
            prepared: the book.
            left: rules of it whose state could not be taken up, though it should have been.
        """
        await self._patiently(lambda: catch_up(prepared, self._store.events, until=work.position))
        rebuilt = prepared.rebuilding.finish(work.clock, work.firing | work.shadows)
        engine = self._engine(prepared.book)
        lost = [*left, *engine.load(put_together(prepared.book, work.engine.snapshot(), rebuilt.state))]
        work.book, work.engine = prepared.book, engine
        self._regroup(work, work.grouping.dump())
        anew = {rule.name for rule in prepared.rebuilding.book.rules}
        await self._patiently(lambda: self._clear_orphans(work, lost, rebuilt.ended))
        await self._patiently(lambda: self._shadows.end_orphans(work.book, work.shadows, rebuilt.ended, work.clock))
        begun, shadowed = self._shadows.told_apart(work.book, rebuilt.begun)
        if shadowed:
            await self._patiently(lambda: self._shadows.write(work.book, shadowed, work.shadows))
        await self._write(work, begun)
        await self._write(work, engine.catch_up(work.firing))
        # At once: else a crash would run the new rules over events that the old ones have already judged.
        await self._save_now(work)
        log.info("rules changed over", rules=len(work.book.rules), version=work.book.version, rebuilt=len(anew))

    async def _report(self, work: _Work) -> None:
        lag = max(0.0, (clock.now() - work.clock) / SECOND) if work.clock else 0.0
        message = self._mistakes or self._store_error
        fields: dict[str, str | int | float] = {
            "state": "degraded" if message else "ok",
            "message": message,
            "at": to_milliseconds(clock.now()),
            "position": work.position,
            "lag_s": round(lag, 3),
            "events_total": work.events,
            "rules_loaded": len(work.book.rules),
            "book_version": work.book.version,
            "book_error": self._mistakes,
            "alerts_firing": len(work.firing),
            "pid": os.getpid(),
        }
        try:
            await self._store.health.report("rules", fields, HEALTH_TTL_S)
            await self._store.checkpoints.renew(self._saving.token)
        except StoreUnavailable as error:
            self._store_error = error.reason

    async def _leave(self, work: _Work) -> None:
        try:
            await self._save_now(work)
            await self._store.checkpoints.release(self._saving.token)
            await self._store.health.forget("rules")
        except StoreUnavailable as error:
            log.warning(
                "stopped without a last checkpoint; the next start reads on from the one before", why=error.reason
            )

    async def _patiently(self, action: Callable[[], Awaitable[Result]]) -> Result:
        """Do something with the store, again and again until it is there.

        Raises:
            _StoppedWaiting: told to stop meanwhile; it was not done.
        """
        attempt = 0
        while True:
            try:
                result = await action()
            except StoreUnavailable as error:
                if not self._store_error:
                    log.warning("the store is away; rules wait", why=error.reason)
                self._store_error = error.reason
                await self._pause(RETRY_S[min(attempt, len(RETRY_S) - 1)])
                attempt += 1
                if self._stop.is_set():
                    raise _StoppedWaiting from error
            else:
                if self._store_error:
                    log.info("the store is back")
                    self._store_error = ""
                return result

    async def _pause(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._stop.wait(), seconds)
        except TimeoutError:
            return
