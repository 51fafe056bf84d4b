"""What authors of rules are answered: the rules in force, what a draft says, and what it would have done."""

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, Final

from ioc.assembly.handover import Handover
from ioc.assembly.past_events import events_around
from ioc.assembly.rules_knowledge import Knowledge, known_places
from ioc.assembly.rules_publishing import OtherHolds, Publishing, Refused, mistakes_of
from ioc.assembly.rules_words import words_of
from ioc.model.faults import Fault
from ioc.model.incidents import Condition
from ioc.model.instant import DAY, LATEST, Instant, whole_milliseconds
from ioc.model.rule_versions import RuleVersion
from ioc.runtime import clock
from ioc.store.catalogue import load_catalogue
from ioc.store.connection import StoreUnavailable
from ioc.store.history import History
from ioc.store.opening import Store, open_store
from rules.bench import histogram
from rules.bench.explaining import Asked, explain, needs, standing_of
from rules.bench.numbers import numbers_of
from rules.bench.past import GivenUp, Past
from rules.bench.what_if import Bench, Told, to_json
from rules.book import BadBook, RuleBook, assembled, read_rules_text
from rules.published import SHADOW, author_name
from rules.rule import Rule

Answer = dict[str, Any]

PROGRESS_EVERY_S: Final = 0.1
"""Seconds between two lines of progress at least."""

COUNTED_FOR_S: Final = 5.0
"""Seconds for which the number of alerts of each rule is taken from memory."""

_END: Final = object()


class RulesAnswers:
    """Answers questions side by side; the store is opened when the first needs it."""

    def __init__(self, handover: Handover) -> None:
        """Take what is known of the configuration."""
        self._handover = handover
        self._catalogue = load_catalogue()
        self._history = None if handover.history_dir is None else History(Path(handover.history_dir))
        self._stack = AsyncExitStack()
        self._opening = asyncio.Lock()
        self._store: Store | None = None
        self._knowledge: Knowledge | None = None
        self._bench: tuple[str, Bench] | None = None
        self._past: Past | None = None if self._history is None else Past(self._history.batches)
        self._counted: tuple[float, dict[str, int], dict[str, int]] = (float("-inf"), {}, {})

    async def aclose(self) -> None:
        """Close the store."""
        await self._stack.aclose()

    async def rules(self) -> Answer:
        """List the rules in force."""
        known = await self._known()
        current, shadows = await known.current(), await known.store.rule_versions.shadows()
        alerts, firing = await self._counts(known.store)
        health = (await known.store.health.all()).get("rules", {})
        listed = [
            self._item(name, current.get(name), shadows.get(name), known, alerts, firing)
            for name in sorted(current.keys() | shadows.keys())
        ]
        extent = None if self._history is None else await asyncio.to_thread(self._history.info)
        return {
            "rules": listed,
            "book": {"version": health.get("book_version") or None, "error": health.get("book_error") or None},
            "history": {
                "since": None if extent is None or extent.since is None else whole_milliseconds(extent.since),
                # The last event is part of it; what is asked for ends before `until`.
                "until": None if extent is None or extent.until is None else whole_milliseconds(extent.until) + 1,
                "events": 0 if extent is None else extent.events,
            },
        }

    async def words(self) -> Answer:
        """Name what may stand in a rule."""
        known = await self._known()
        return words_of(self._catalogue, known.scope, known.city, known.registry)

    async def rule(self, name: str) -> Answer:
        """Show one rule."""
        known = await self._known()
        current, shadows = await known.current(), await known.store.rule_versions.shadows()
        if name not in current and name not in shadows:
            raise UnknownName(name)
        alerts, firing = await self._counts(known.store)
        version = current.get(name) or shadows[name]
        book = known.book(current.values())
        timelines = await asyncio.to_thread(self._publishing(known).timelines, name, book)
        return {
            **self._item(name, current.get(name), shadows.get(name), known, alerts, firing),
            "text": version.text,
            "timelines": timelines,
            "used_by": [rule.name for rule in book.rules if rule.name != name and name in known.named_by(rule)],
        }

    async def check(self, text: str) -> Answer:
        """Read a draft; say what is wrong with it, and where its numbers stand."""
        known = await self._known()
        try:
            draft = read_rules_text(text, known.scope, "draft")
            names = {rule.name for rule in draft}
            others = [rule for rule in known.book((await known.current()).values()).rules if rule.name not in names]
            assembled([*others, *draft])
        except BadBook as wrong:
            return {"ok": False, "mistakes": mistakes_of(wrong), "rules": []}
        numbers = numbers_of(text)
        rules = []
        for rule in draft:
            measured = histogram.measured_by(rule, numbers, self._catalogue)
            rules.append(
                {
                    "name": rule.name,
                    "kind": str(rule.kind),
                    "quantity": None if measured is None else measured.name,
                    "unit": None if measured is None else measured.unit,
                    "numbers": [number.to_json() for number in numbers if number.rule == rule.name],
                }
            )
        return {"ok": True, "mistakes": [], "rules": rules}

    async def what_if(self, text: str, since: Instant, until: Instant) -> AsyncIterator[Answer]:
        """Run a draft over the past, telling how far it has come."""
        began = time.perf_counter()
        known = await self._known()
        extent = None if self._history is None else await asyncio.to_thread(self._history.info)
        if self._past is None or extent is None or not extent.events or extent.since is None:
            yield _problem("There is no history yet.", "a past that has been kept: wait until some has come in")
            return
        if until <= extent.since or (extent.until is not None and since > extent.until):
            yield _problem("The history has nothing of that time.", "a time that GET /api/rules says there is")
            return
        in_force = known.book((await known.current()).values())
        lines: asyncio.Queue[Any] = asyncio.Queue()
        loop = asyncio.get_running_loop()
        stop = threading.Event()

        def work() -> Any:
            try:
                return self._bench_for(known).what_if(
                    text,
                    in_force,
                    since,
                    until,
                    registry=known.registry,
                    told=_paced(loop, lines),
                    given_up=stop.is_set,
                )
            finally:
                loop.call_soon_threadsafe(lines.put_nowait, _END)

        working = asyncio.ensure_future(asyncio.to_thread(work))
        # Where nobody waits any more, nobody asks how it ended either.
        working.add_done_callback(lambda done: done.cancelled() or done.exception())
        try:
            while (line := await lines.get()) is not _END:
                yield line
            answer = await working
        except BadBook as wrong:
            yield _problem("The rule has mistakes.", "a rule that can be read", mistakes_of(wrong))
            return
        except GivenUp:
            return
        finally:
            stop.set()
        places = known_places(known.registry, await known.states())
        yield {"result": await asyncio.to_thread(to_json, answer, places, (time.perf_counter() - began) * 1_000)}

    async def why(
        self, text: str | None, name: str | None, key: str | None, lat: float | None, lon: float | None, at: Instant
    ) -> Answer:
        """Say which conditions of a rule held at a time, and how near the others came."""
        known = await self._known()
        in_force = known.book((await known.current()).values())
        rule = self._asked_rule(known, in_force, text, name)
        place = None if lat is None or lon is None else (lat, lon)
        incidents = await known.store.incidents.find(condition=Condition.ACTIVE) if name else []
        asked = Asked(rule, at, key, place, standing_of(incidents, rule.name, key))
        batches = await events_around(known.store, self._history, needs(rule, at, in_force))

        def work() -> Answer:
            return explain(
                asked,
                batches,
                in_force=in_force,
                scope=known.scope,
                catalogue=self._catalogue,
                registry=known.registry,
            ).to_json()

        return await asyncio.to_thread(work)

    @staticmethod
    def _asked_rule(known: Knowledge, in_force: RuleBook, text: str | None, name: str | None) -> Rule:
        if text is None:
            found = next((rule for rule in in_force.rules if rule.name == name), None)
            if found is None:
                raise UnknownName(name)
            return found
        try:
            draft = read_rules_text(text, known.scope, "draft")
        except BadBook as wrong:
            raise Refused(mistakes=mistakes_of(wrong)) from wrong
        if not draft:
            raise Refused(mistakes=[{"line": 1, "column": 1, "sentence": "there is no rule in this text"}])
        return draft[0]

    async def publish(self, text: str, author: str, note: str, *, shadow: bool, expected: str | None) -> Answer:
        """Put a rule in force."""
        known = await self._known()
        publishing = self._publishing(known)
        in_force = known.book((await known.current()).values())
        # A shadow wakes nobody: an author may let one run to see whether it is the timelines that must change.
        rule = await asyncio.to_thread(publishing.examine, text, in_force, with_timelines=not shadow)
        return await publishing.publish(rule, text, author=author, note=note, shadow=shadow, expected=expected)

    async def versions(self, name: str) -> Answer:
        """List the versions of a rule."""
        known = await self._known()
        found = await self._publishing(known).versions(name)
        if not found:
            raise UnknownName(name)
        return {"versions": found}

    async def restore(self, name: str, version: str, author: str, note: str) -> Answer:
        """Put an earlier version in force again."""
        known = await self._known()
        publishing = self._publishing(known)
        earlier = await publishing.earlier(name, version)
        if earlier is None:
            raise UnknownName(version)
        current = await known.current()
        rule = await asyncio.to_thread(
            publishing.examine, earlier.text, known.book(current.values()), with_timelines=False
        )
        return await publishing.publish(rule, earlier.text, author=author, note=note, restored=True)

    async def stop_shadow(self, name: str, author: str) -> Answer:
        """End the shadow of a rule."""
        known = await self._known()
        versions = known.store.rule_versions
        if name not in await versions.shadows():
            raise UnknownName(name)
        await versions.end_shadow(name, author=author, now=clock.now())
        stays = (await versions.current()).get(name)
        return {"name": name, "version": None if stays is None else stays.version}

    async def shadow_alerts(self) -> Answer:
        """List the latest alerts of shadow rules."""
        known = await self._known()
        places = known_places(known.registry, await known.states())
        found = []
        for alert in await known.store.shadow_alerts.latest():
            place = places.get(alert.key)
            written = alert.to_json() | {"rule": author_name(alert.rule)}
            written["name"] = alert.key if place is None else place.name
            if written["lat"] is None and place is not None:
                written |= {"lat": place.lat, "lon": place.lon}
            found.append(written)
        return {"alerts": found}

    async def _known(self) -> Knowledge:
        """Open the store where it is not open yet, and look at what has changed in it."""
        async with self._opening:
            if self._store is None:
                self._store = await self._stack.enter_async_context(open_store(self._handover.redis_url))
            if self._knowledge is None:
                folder = None if self._handover.rules_dir is None else Path(self._handover.rules_dir)
                self._knowledge = Knowledge(self._store, self._catalogue, folder, self._handover.timezone)
            await self._knowledge.refresh()
            return self._knowledge

    def _bench_for(self, known: Knowledge) -> Bench:
        """Give the bench; another zone makes it another one, since its answers are others."""
        assert self._past is not None  # noqa: S101 - asked only where there is a history
        if self._bench is None or self._bench[0] != known.scope.timezone:
            self._bench = (known.scope.timezone, Bench(self._past, self._catalogue, known.scope))
        return self._bench[1]

    def _publishing(self, known: Knowledge) -> Publishing:
        return Publishing(known, self._catalogue)

    async def _counts(self, store: Store) -> tuple[dict[str, int], dict[str, int]]:
        """Count the alerts of each rule that began within a day, and those that hold."""
        at, alerts, firing = self._counted
        if time.monotonic() - at > COUNTED_FOR_S:
            now = clock.now()
            alerts = await store.incidents.raised_by_rule(now - DAY)
            for alert in await store.shadow_alerts.latest():
                if alert.raised_at >= now - DAY:
                    name = author_name(alert.rule) + SHADOW
                    alerts[name] = alerts.get(name, 0) + 1
            _, incidents = await store.incidents.snapshot(closed_since=LATEST)
            firing = {}
            for incident in incidents:
                if incident.condition is Condition.ACTIVE:
                    firing[incident.rule] = firing.get(incident.rule, 0) + 1
            self._counted = (time.monotonic(), alerts, firing)
        return alerts, firing

    @staticmethod
    def _item(
        name: str,
        current: RuleVersion | None,
        shadow: RuleVersion | None,
        known: Knowledge,
        alerts: Mapping[str, int],
        firing: Mapping[str, int],
    ) -> Answer:
        version = current or shadow
        assert version is not None  # noqa: S101 - one of both is why it is listed
        read = known.read(version)
        rule = read if isinstance(read, Rule) else None
        beside = None
        if shadow is not None:
            beside = {"version": shadow.version, "alerts_24h": alerts.get(name + SHADOW, 0)}
        running = "broken" if rule is None else "shadow" if current is None or rule.shadow else "running"
        return {
            "name": name,
            "kind": "" if rule is None else str(rule.kind),
            "title": dict.fromkeys(("vi", "en"), name) if rule is None else _titles(rule),
            "severity": "info" if rule is None else str(rule.severity),
            "state": running,
            "version": version.version,
            "author": version.author or None,
            "at": whole_milliseconds(version.at),
            "note": version.note or None,
            "source": str(version.source),
            "from": [] if rule is None else _kinds(rule),
            "alerts_24h": alerts.get(name, 0),
            "firing": firing.get(name, 0),
            "shadow": beside,
            "mistakes": [] if not isinstance(read, BadBook) else mistakes_of(read),
        }


class UnknownName(Exception):
    """There is no such rule, or no such version."""


def told_of(error: Exception) -> Answer:
    """Write an error so that whoever asked can make it again."""
    if isinstance(error, UnknownName):
        return {"kind": "unknown", "what": str(error)}
    if isinstance(error, Refused):
        return {"kind": "refused", "mistakes": list(error.mistakes), "timelines": list(error.timelines)}
    if isinstance(error, OtherHolds):
        return {"kind": "other", "version": error.version, "author": error.author}
    if isinstance(error, StoreUnavailable):
        return {"kind": "fault", "what": f"{error.reason} Try again in a moment."}
    if isinstance(error, Fault):
        return {"kind": "fault", "what": str(error)}
    return {"kind": "fault", "what": f"The rules could not be asked: {error!r}."}


def _paced(loop: asyncio.AbstractEventLoop, lines: "asyncio.Queue[Any]") -> Told:
    """Make what passes progress on, no faster than anybody can see."""
    last = float("-inf")

    def told(part: float, doing: Mapping[str, str]) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last >= PROGRESS_EVERY_S:
            last = now
            loop.call_soon_threadsafe(lines.put_nowait, {"progress": round(part, 3), "doing": dict(doing)})

    return told


def _problem(what: str, expected: str, mistakes: Sequence[Answer] = ()) -> Answer:
    return {"problem": {"what": what, "where": "what-if", "expected": expected, "mistakes": list(mistakes)}}


def _titles(rule: Rule) -> dict[str, str]:
    return {language: title.text for language, title in rule.title.items()}


def _kinds(rule: Rule) -> list[str]:
    kinds: Iterable[str] = (str(kind) for source in rule.watch.sources for kind in source.kinds or ("any",))
    return list(dict.fromkeys(kinds))
