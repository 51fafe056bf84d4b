"""The rules stage: reads the stream, runs the rule book, writes incidents, and saves where it stands.

It owns its partition alone. Incidents are written before the checkpoint that covers them; after a crash what
is computed again has the same ids and is written once.
"""

import asyncio
import os
import socket
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import Final, TypeVar

from ioc.model.alerts import AlertChange, AlertState
from ioc.model.city import City
from ioc.model.faults import Fault
from ioc.model.identity import alert_id, incident_id
from ioc.model.incidents import Condition
from ioc.model.instant import LATEST, SECOND, to_milliseconds
from ioc.model.quantities import Catalogue
from ioc.runtime import clock
from ioc.runtime.folder_watch import FolderWatch
from ioc.runtime.logging import Log
from ioc.store.catalogue import load_catalogue
from ioc.store.checkpoints import LeaseHeld
from ioc.store.connection import StoreUnavailable
from ioc.store.event_stream import BEGINNING, Entry
from ioc.store.incidents import ClearedAlert
from ioc.store.last_states import LastStates
from ioc.store.opening import Store
from rules.book import BadBook, RuleBook, read_book
from rules.checkpointing import RulesState, from_bytes, to_bytes
from rules.engine import Engine
from rules.expressions import scope_of
from rules.incidents import Surroundings, open_incident
from rules.merging import Portion, portions
from rules.rule import Rule
from rules.settings import RulesSettings

log = Log("rules")

LEASE_S: Final = 10.0
HEALTH_S: Final = 1.0
HEALTH_TTL_S: Final = 5.0
READ_WAIT_S: Final = 0.5
ENTRIES_AT_ONCE: Final = 64
PACE_S: Final = 0.02
"""Seconds from one reading to the next at least: small entries that follow one another closely are taken together."""

TAIL_S: Final = 60.0
"""Seconds of the stream that stay behind the checkpoint: ingest, started again, finds there what it had kept."""

RETRY_S: Final = (0.1, 0.2, 0.5, 1.0, 2.0)

Result = TypeVar("Result")


@dataclass(slots=True)
class _Work:
    """What the stage carries from one entry to the next.

    Attributes:
        firing: alerts that hold: alert id to rule, key and raised_at.
        book_error: why the rule book as it now lies in the folder is not the one that runs.
        caught_up: whether everything that an earlier process may have computed has been computed again.
    """

    book: RuleBook
    engine: Engine
    states: LastStates
    position: str = BEGINNING
    clock: int = 0
    events: int = 0
    firing: dict[str, tuple[str, str, int]] = field(default_factory=dict)
    book_error: str = ""
    caught_up: bool = False

    @property
    def rules(self) -> dict[str, Rule]:
        return {rule.name: rule for rule in self.book.rules}


class _StoppedWaiting(Exception):
    """Told to stop while waiting for the store, or for the partition."""


async def run(store: Store, settings: RulesSettings, stop: asyncio.Event) -> None:
    """Run until `stop` is set; then save once more and give the partition back.

    Raises:
        Fault: the rule book cannot be read at the start; the sentence names file, line and column.
        LostLease: another process has taken the partition over.
    """
    await _Stage(store, settings, stop).run()


class _Stage:
    def __init__(self, store: Store, settings: RulesSettings, stop: asyncio.Event) -> None:
        self._store = store
        self._settings = settings
        self._stop = stop
        self._catalogue: Catalogue = load_catalogue()
        self._watch = FolderWatch(settings.rules_dir)
        self._token = 0
        self._saved_position = BEGINNING
        self._city: City | None = None
        self._surroundings = Surroundings({}, lambda _: None, ())
        self._registry_version = -1
        self._store_error = ""

    async def run(self) -> None:
        try:
            work = await self._start()
            await self._work(work)
        except _StoppedWaiting:
            # What was computed last is not written, so it must not be covered by a checkpoint either.
            log.warning("stopped while waiting; the next start reads on from the last checkpoint")
            return
        await self._leave(work)

    async def _start(self) -> _Work:
        await self._patiently(self._load_city)
        book = self._read_first_book()
        self._token = await self._acquire()
        work = await self._resume(book)
        log.info("rules are running", rules=len(book.rules), position=work.position)
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
                await self._reload(work)
                await self._report(work)
            enough = work.events - saved_events >= self._settings.checkpoint_events
            if work.position != self._saved_position and (enough or now - saved_at >= self._settings.checkpoint_s):
                await self._patiently(lambda: self._save(work))
                saved_at, saved_events = now, work.events
            if 0 < len(entries) < ENTRIES_AT_ONCE and not self._stop.is_set():
                await asyncio.sleep(max(0.0, read_at + PACE_S - asyncio.get_running_loop().time()))

    def _read_first_book(self) -> RuleBook:
        try:
            return self._read_book()
        except BadBook as mistakes:
            raise Fault(str(mistakes)) from mistakes

    def _read_book(self) -> RuleBook:
        timezone = "UTC" if self._city is None else self._city.timezone
        return read_book(self._settings.rules_dir, scope_of(self._catalogue, timezone))

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

    async def _resume(self, book: RuleBook) -> _Work:
        """Take up where the last checkpoint ended."""
        kept = await self._patiently(self._store.assets.load_states)
        states = LastStates() if kept is None else LastStates.from_bytes(kept[1])
        work = _Work(book, self._engine(book), states)
        checkpoint = await self._patiently(self._store.checkpoints.load)
        if checkpoint is None:
            return work
        state = from_bytes(checkpoint.state)
        if state is None or state.engine is None:
            log.error("the checkpoint cannot be read; starting from the oldest event that is kept")
            return work
        try:
            fresh = work.engine.load(state.engine)
        except (KeyError, TypeError, ValueError) as error:
            log.warning(
                "the checkpoint is of another version; starting from the oldest event that is kept", why=repr(error)
            )
            return _Work(book, self._engine(book), states)
        work.position = self._saved_position = checkpoint.position
        work.firing = state.firing
        work.clock = max(0, state.engine["clock"])
        await self._patiently(lambda: self._clear_orphans(work, fresh))
        return work

    def _engine(self, book: RuleBook) -> Engine:
        return Engine(book, self._catalogue, self._surroundings.registry)

    async def _load_city(self) -> None:
        version = await self._store.assets.version()
        if version == self._registry_version:
            return
        self._city = await self._store.assets.city()
        registry = await self._store.assets.load()
        self._registry_version = version
        areas = () if self._city is None else self._city.areas
        self._surroundings = Surroundings(registry, lambda _: None, areas)

    async def _read(self, work: _Work) -> list[Entry]:
        return await self._store.events.read(work.position, limit=ENTRIES_AT_ONCE, wait=READ_WAIT_S)

    async def _take(self, work: _Work, portion: Portion) -> None:
        """Run the rules over what waited and write what changed."""
        work.states.take_in_later(portion.batch)
        changes = work.engine.step(portion.batch, portion.clock, portion.reached)
        work.position = portion.position
        work.clock = portion.clock
        work.events += portion.batch.height
        if changes:
            await self._patiently(lambda: self._write(work, changes))

    async def _write(self, work: _Work, changes: list[AlertChange]) -> None:
        rules = work.rules
        around = replace(self._surroundings, state_of=work.states.get)
        opened = [open_incident(rules[c.rule], c, around) for c in changes if c.to is AlertState.FIRING]
        cleared = [
            ClearedAlert(incident_id(change.alert), change.alert, change.at)
            for change in changes
            if change.to is AlertState.RESOLVED
        ]
        versions = {rule.name: rule.version for rule in work.book.rules}
        await self._store.incidents.apply(opened, cleared, rule_versions=versions)
        for change in changes:
            if change.to is AlertState.FIRING:
                work.firing[change.alert] = (change.rule, change.key, change.raised_at)
                log.info("alert", rule=change.rule, key=change.key, alert=change.alert)
            else:
                work.firing.pop(change.alert, None)
                log.info("alert ended", rule=change.rule, key=change.key, alert=change.alert)

    async def _clear_orphans(self, work: _Work, fresh: list[str]) -> None:
        """End the alerts of rules that are gone, or that could take nothing over: nobody else would."""
        kept = set(work.rules) - set(fresh)
        orphans = {alert: named for alert, named in work.firing.items() if named[0] not in kept}
        cleared = [
            ClearedAlert(incident_id(alert), alert, max(work.clock, named[2])) for alert, named in orphans.items()
        ]
        await self._store.incidents.apply([], cleared)
        for alert, (rule, key, raised_at) in orphans.items():
            if alert_id(rule, key, raised_at) == alert:
                log.info("alert ended with its rule", rule=rule, key=key, alert=alert)
            del work.firing[alert]

    async def _clear_unknown(self, work: _Work) -> None:
        """End the incidents that hold in the store though no alert of ours does.

        A process that died may have raised them after its last checkpoint by rules that were edited since,
        or by a state that could not be read again. What it raised by the same rules has the same ids, and is known.
        """
        _, open_incidents = await self._store.incidents.snapshot(closed_since=LATEST)
        unknown = [
            ClearedAlert(incident.id, alert, max(work.clock, incident.raised_at))
            for incident in open_incidents
            if incident.condition is Condition.ACTIVE
            for alert in incident.alerts
            if alert not in work.firing
        ]
        await self._store.incidents.apply([], unknown)
        if unknown:
            log.warning("ended incidents of which nothing is known any more", incidents=len(unknown))

    async def _save(self, work: _Work) -> None:
        """Write the checkpoint, and trim the stream behind the one before."""
        if await self._store.has_lost_its_data():
            raise Fault("The store has lost its data: it is not the one that this process knew. Starting again.")
        await self._store.assets.save_states(work.position, work.states.to_bytes())
        state = to_bytes(RulesState(work.engine.dump(), work.firing))
        await self._store.checkpoints.renew(self._token)
        await self._store.checkpoints.save(self._token, work.position, state)
        if self._saved_position != BEGINNING:
            await self._store.events.trim(self._saved_position, keep_s=TAIL_S)
        self._saved_position = work.position

    async def _reload(self, work: _Work) -> None:
        """Take up a changed rule book or registry; on a mistake the last good rules stay."""
        version = self._registry_version
        await self._patiently(self._load_city)
        if not self._watch.changed() and version == self._registry_version:
            return
        try:
            book = self._read_book()
        except Fault as mistakes:
            if work.book_error != str(mistakes):
                log.warning("the rule book has mistakes; the last good rules stay", mistakes=str(mistakes))
            work.book_error = str(mistakes)
            return
        work.book_error = ""
        engine = self._engine(book)
        fresh = engine.load(work.engine.dump())
        work.book, work.engine = book, engine
        await self._patiently(lambda: self._clear_orphans(work, fresh))
        # At once: else a crash would run the new rules over events that the old ones have already judged.
        await self._patiently(lambda: self._save(work))
        log.info("rules reloaded", rules=len(book.rules), version=book.version)

    async def _report(self, work: _Work) -> None:
        lag = max(0.0, (clock.now() - work.clock) / SECOND) if work.clock else 0.0
        message = work.book_error or self._store_error
        fields: dict[str, str | int | float] = {
            "state": "degraded" if message else "ok",
            "message": message,
            "at": to_milliseconds(clock.now()),
            "position": work.position,
            "lag_s": round(lag, 3),
            "events_total": work.events,
            "rules_loaded": len(work.book.rules),
            "book_version": work.book.version,
            "book_error": work.book_error,
            "alerts_firing": len(work.firing),
            "pid": os.getpid(),
        }
        try:
            await self._store.health.report("rules", fields, HEALTH_TTL_S)
            await self._store.checkpoints.renew(self._token)
        except StoreUnavailable as error:
            self._store_error = error.reason

    async def _leave(self, work: _Work) -> None:
        try:
            await self._save(work)
            await self._store.checkpoints.release(self._token)
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
