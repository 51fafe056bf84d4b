"""The engine: batches of events in, changes of alerts out, for a whole rule book.

One `select` evaluates the conditions of all rules that a batch can concern; the rows that concern a rule go on, in
the order in which the rule takes them, to the small state machine of its kind. The only clock is the stream's.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import polars as pl

from ioc.model.alerts import AlertChange, AlertState
from ioc.model.assets import Asset
from ioc.model.events import FIXED_COLUMNS
from ioc.model.instant import SECOND, Duration, Instant
from ioc.model.quantities import Catalogue
from rules.book import Absence, Rule, RuleBook, Source, Threshold, Together, Window
from rules.evidence import Evidence
from rules.expressions import Compiled
from rules.keys import NO_KEY, KeyTable
from rules.kinds.absence import AbsenceKind
from rules.kinds.contract import NEVER, Change, Feed, Kind, Numbers
from rules.kinds.threshold import TRUE, UNKNOWN, ThresholdKind
from rules.kinds.together import TogetherKind
from rules.kinds.window import WindowKind
from rules.selection import Evaluated, Mask, Selection, codes_of

NOTHING: Final[Numbers] = np.zeros(0, dtype=np.int64)

DEAF_AFTER: Final[Duration] = 10 * SECOND
"""Time between two stamps of the stream after which ingest is taken to have been away."""


LARGEST_MEASURED: Final = 1e100
"""A window passes over values beyond this, as over missing ones: they measure nothing, and their sum is none."""


Columns = dict[str, npt.NDArray[Any]]


@dataclass(frozen=True, slots=True)
class _Gate:
    """Which events a source lets through: its kinds, by code, and the name of its condition, if it has one."""

    kinds: frozenset[int]
    where: str | None

    def mask(self, evaluated: Evaluated) -> Mask:
        mask = evaluated.of_kinds(self.kinds)
        return mask if self.where is None else mask & (evaluated.arrays[self.where] == TRUE)


@dataclass(frozen=True, slots=True)
class _Reading:
    """How a rule reads a batch.

    Attributes:
        gates: its sources; where the batch has no events of their kinds, it does not concern the rule.
        names: of the arrays it needs.
        columns: makes, of a batch, the mask of events that concern the rule and the columns of its feed.
        wanted: the names of those columns.
    """

    gates: tuple[_Gate, ...]
    names: frozenset[str]
    columns: Callable[[Evaluated], tuple[Mask, Columns]]
    wanted: tuple[str, ...] = ()

    def meets(self, evaluated: Evaluated) -> bool:
        return any(evaluated.has(gate.kinds) for gate in self.gates)


@dataclass(slots=True)
class _Runner:
    """One rule at work.

    Attributes:
        keys: the codes of its keys.
        key_name: of the array that holds them.
        held: events that wait for their turn, in event time.
    """

    rule: Rule
    keys: KeyTable
    key_name: str
    kind: Kind
    reading: _Reading
    held: Feed | None = None

    def no_events(self) -> Feed:
        return Feed(NOTHING, NOTHING, NOTHING, NOTHING, dict.fromkeys(self.reading.wanted, NOTHING))


class Engine:
    """Runs a rule book over batches; see the module's text.

    How the events are cut into batches does not matter: the same events give the same changes.
    """

    def __init__(
        self,
        book: RuleBook,
        catalogue: Catalogue,
        registry: Mapping[str, Asset] | None = None,
        *,
        keep_evidence: bool = True,
    ) -> None:
        """Make an engine that has seen nothing.

        Args:
            book: the rules.
            catalogue: gives the types of quantities that a batch lacks.
            registry: the city's assets: for rules per site or area, and for the silence of assets never heard.
            keep_evidence: whether changes carry the events that made them.
        """
        self._registry = dict(registry or {})
        self._evidence = Evidence() if keep_evidence else None
        self._selection = Selection({**FIXED_COLUMNS, **catalogue.schema()})
        self._clock: Instant = NEVER
        self._next_ref = 0
        self._runners = [self._runner(rule) for rule in book.rules]
        # What is needed of a batch, by the kinds of events that it has.
        self._needed: dict[frozenset[int], frozenset[str]] = {}
        self._started = False
        self._stamp: Instant = NEVER

    @property
    def clock(self) -> Instant:
        """How far the stream's clock has come; NEVER before the first event."""
        return self._clock

    def step(
        self, batch: pl.DataFrame, clock: Instant | None = None, reached: Numbers | None = None
    ) -> list[AlertChange]:
        """Take a batch, then let the stream's clock go on to `clock`.

        Args:
            batch: in order of arrival, `received_at` never null.
            clock: the stamp on the stream's entry; None: the batch's own arrival times are all there is.
            reached: how far the stream's clock had come before each event's entry, where the batch is of several.

        Returns:
            What changed, in order of time.
        """
        return self._advance(batch, clock, reached, closing=False)

    def finish(self) -> list[AlertChange]:
        """Let go of what is held back and stop the clock where it stands; for the end of a file."""
        return self._advance(pl.DataFrame(), None, None, closing=True)

    def _advance(
        self, batch: pl.DataFrame, clock: Instant | None, reached: Numbers | None, *, closing: bool
    ) -> list[AlertChange]:
        if clock is not None:
            self._notice_deafness(batch, clock)
        if self._evidence is not None:
            self._evidence.begin(self._next_ref, batch)
        evaluated = self._evaluate(batch, reached)
        if len(evaluated.clocks):
            self._clock = int(evaluated.clocks[-1])
        if clock is not None and clock > self._clock:
            self._clock = clock
        if self._clock == NEVER:
            return []
        if not self._started:
            self._started = True
            self._expect_registered()
        changes: list[AlertChange] = []
        for runner in self._runners:
            feed, until = self._feed(runner, evaluated, closing=closing)
            found = runner.kind.step(feed, until, closing=closing)
            if found:
                changes += self._named(runner, found)
        if self._evidence is not None:
            self._evidence.keep(self._refs())
        self._next_ref += batch.height
        changes.sort(key=lambda change: (change.at, change.to is AlertState.RESOLVED, change.rule, change.key))
        return changes

    def _notice_deafness(self, batch: pl.DataFrame, clock: Instant) -> None:
        """Where the stream has a hole, ingest was away: what was not heard then was not silent.

        Ingest stamps an entry every second, events or none, so only a stream without stamps has no such holes.
        """
        before, self._stamp = self._stamp, clock
        if before == NEVER or clock - before <= DEAF_AFTER:
            return
        first = clock if not batch.height else min(clock, int(batch["received_at"].to_physical()[0]))
        for runner in self._runners:
            if isinstance(runner.kind, AbsenceKind):
                runner.kind.listen_again(first)

    def _evaluate(self, batch: pl.DataFrame, reached: Numbers | None) -> Evaluated:
        """Evaluate every condition of every rule that the batch can concern."""
        evaluated = Evaluated.of(batch, self._clock if reached is None else np.maximum(reached, self._clock))
        needed = self._needed.get(evaluated.present)
        if needed is None:
            met = [runner for runner in self._runners if runner.reading.meets(evaluated)]
            needed = frozenset().union(*({runner.key_name} | runner.reading.names for runner in met))
            self._needed[evaluated.present] = needed
        if needed:
            evaluated.arrays = self._selection.compute(batch, needed)
        return evaluated

    def _feed(self, runner: _Runner, evaluated: Evaluated, *, closing: bool) -> tuple[Feed, Instant]:
        """Give a rule's events whose turn has come, and how far its time has come."""
        feed = self._fresh(runner, evaluated)
        lateness = runner.rule.lateness
        if lateness is None:
            return feed, self._clock
        until = self._clock - lateness
        held = runner.held
        if held is not None and len(held):
            if not (len(feed) or closing) and held.now[0] > until:
                return feed, until
            feed = held.followed_by(feed)
        order = np.argsort(feed.now, kind="stable")
        if closing:
            runner.held = None
            feed = feed.take(order)
            return feed, max(self._clock, int(feed.now[-1])) if len(feed) else self._clock
        ready = int(np.searchsorted(feed.now[order], until, side="right"))
        runner.held = feed.take(order[ready:])
        return feed.take(order[:ready]), until

    def _fresh(self, runner: _Runner, evaluated: Evaluated) -> Feed:
        """Give a rule the batch's events that concern it."""
        if not runner.reading.meets(evaluated):
            return runner.no_events()
        mask, columns = runner.reading.columns(evaluated)
        keys = evaluated.arrays[runner.key_name]
        rows = np.flatnonzero(mask & (keys != NO_KEY))
        if not len(rows):
            return runner.no_events()
        at, now = evaluated.at[rows], evaluated.clocks[rows]
        if runner.rule.lateness is not None:
            # An event later than the rule waits for takes its turn when it comes.
            now = np.maximum(at, now - runner.rule.lateness)
        wanted = {name: values[rows] for name, values in columns.items()}
        return Feed(now, at, keys[rows], rows + self._next_ref, wanted)

    def _runner(self, rule: Rule) -> _Runner:
        key_name, table = self._selection.key(rule.per, self._registry)
        kind, reading = self._kind(rule)
        return _Runner(rule, table, key_name, kind, reading)

    def _kind(self, rule: Rule) -> tuple[Kind, _Reading]:
        """Make a rule's state machine, and say how it reads a batch."""
        watch = rule.watch
        if isinstance(watch, Threshold):
            return ThresholdKind(watch.hold, watch.clear_hold), self._read_threshold(watch)
        if isinstance(watch, Absence):
            return AbsenceKind(watch.after), self._read_source(watch.source)
        if isinstance(watch, Window):
            event_time = rule.lateness is not None
            kind = WindowKind(watch.over, watch.value, watch.raise_if, watch.clear_if, event_time=event_time)
            return kind, self._read_source(watch.source) if watch.of is None else self._read_window(watch, watch.of)
        row_of = None if self._evidence is None else self._evidence.row
        return TogetherKind(watch.within, watch.near_m, watch.clear_after, row_of), self._read_together(watch)

    def _gate(self, source: Source) -> _Gate:
        return _Gate(codes_of(source.kinds), None if source.where is None else self._condition(source.where))

    def _condition(self, compiled: Compiled) -> str:
        return self._selection.condition(compiled.expression, compiled.columns)

    def _read_source(self, source: Source) -> _Reading:
        gate = self._gate(source)
        return _Reading((gate,), _names(gate), lambda evaluated: (gate.mask(evaluated), {}))

    def _read_threshold(self, watch: Threshold) -> _Reading:
        gate = self._gate(watch.source)
        raising = self._condition(watch.raise_if)
        clearing = None if watch.clear_if is None else self._condition(watch.clear_if)

        def read(evaluated: Evaluated) -> tuple[Mask, Columns]:
            raises = evaluated.arrays[raising]
            clears = _negated(raises) if clearing is None else evaluated.arrays[clearing]
            known = (raises != UNKNOWN) | (clears != UNKNOWN)
            return gate.mask(evaluated) & known, {"raise": raises, "clear": clears}

        return _Reading(
            (gate,), _names(gate) | ({raising} if clearing is None else {raising, clearing}), read, ("raise", "clear")
        )

    def _read_window(self, watch: Window, of: Compiled) -> _Reading:
        gate = self._gate(watch.source)
        value = self._selection.number(of.expression, of.columns)

        def read(evaluated: Evaluated) -> tuple[Mask, Columns]:
            values = evaluated.arrays[value]
            # NaN, the unknown value, is not below anything.
            return gate.mask(evaluated) & (np.abs(values) <= LARGEST_MEASURED), {"value": values}

        return _Reading((gate,), _names(gate) | {value}, read, ("value",))

    def _read_together(self, watch: Together) -> _Reading:
        one, other = (self._gate(source) for source in watch.sources)
        lat, lon = (self._selection.number(pl.col(name), (name,)) for name in ("lat", "lon"))
        placed = watch.near_m is not None

        def read(evaluated: Evaluated) -> tuple[Mask, Columns]:
            first, second = one.mask(evaluated), other.mask(evaluated)
            north, east = evaluated.arrays[lat], evaluated.arrays[lon]
            mask = first | second
            if placed:
                mask &= ~(np.isnan(north) | np.isnan(east))
            return mask, {"first": first, "second": second, "lat": north, "lon": east}

        return _Reading((one, other), _names(one, other) | {lat, lon}, read, ("first", "second", "lat", "lon"))

    def _expect_registered(self) -> None:
        """Watch registered assets that were never heard, from now on; those already watched stay as they are."""
        for runner in self._runners:
            watch = runner.rule.watch
            if isinstance(watch, Absence) and isinstance(runner.kind, AbsenceKind) and runner.rule.per == ("asset",):
                if watch.source.where is not None:
                    # Whether an asset will ever send what the condition asks for, nobody can know.
                    continue
                kinds = watch.source.kinds
                names = [asset.id for asset in self._registry.values() if not kinds or asset.kind in kinds]
                codes = runner.keys.codes(pl.Series(names, dtype=pl.String))
                runner.kind.expect(codes, self._clock)

    def _named(self, runner: _Runner, changes: Iterable[Change]) -> list[AlertChange]:
        """Turn codes into keys and numbers of events into events."""
        listed = list(changes)
        pairs = [change.key if isinstance(change.key, tuple) else (change.key,) for change in listed]
        texts = iter(runner.keys.texts([code for pair in pairs for code in pair]))
        named = []
        for change, pair in zip(listed, pairs, strict=True):
            evidence = change.rows
            if self._evidence is not None:
                evidence = (*evidence, *(self._evidence.row(ref) for ref in change.refs))
            named.append(
                AlertChange(
                    rule=runner.rule.name,
                    key="|".join(next(texts) for _ in pair),
                    to=AlertState.FIRING if change.firing else AlertState.RESOLVED,
                    at=change.at,
                    raised_at=change.raised_at,
                    evidence=evidence,
                    numbers=change.numbers,
                )
            )
        return named

    def _refs(self) -> list[Numbers]:
        """Number the events that held feeds and kinds may yet name."""
        held = [runner.held.ref for runner in self._runners if runner.held is not None]
        return held + [np.array(runner.kind.refs(), dtype=np.int64) for runner in self._runners]

    def dump(self) -> dict[str, Any]:
        """Give the whole state as plain data, keys as texts, for a checkpoint."""
        rules = {}
        for runner in self._runners:
            state = runner.kind.dump()
            state["keys"] = runner.keys.texts(state["keys"])
            held = None
            if runner.held is not None and len(runner.held):
                feed = runner.held
                held = {
                    "now": feed.now.tolist(),
                    "at": feed.at.tolist(),
                    "key": runner.keys.texts(feed.key.tolist()),
                    "ref": feed.ref.tolist(),
                    "columns": {name: values.tolist() for name, values in feed.columns.items()},
                }
            rules[runner.rule.name] = {"shape": _shape(runner), "state": state, "held": held}
        return {
            "format": 1,
            "clock": self._clock,
            "next_ref": self._next_ref,
            "started": self._started,
            "stamp": self._stamp,
            "rows": [] if self._evidence is None else self._evidence.dump(self._refs()),
            "rules": rules,
        }

    def load(self, dumped: Mapping[str, Any]) -> list[str]:
        """Take a state that `dump` gave, rule by rule.

        A rule that was edited goes on from its state, so that its open alerts stay open, as long as it is of
        the same kind and per the same key.

        Returns:
            The names of the rules that could take nothing over, because they are new or of another kind or key.
        """
        self._clock = dumped["clock"]
        self._next_ref = dumped["next_ref"]
        self._started = dumped["started"]
        self._stamp = dumped["stamp"]
        if self._evidence is not None:
            self._evidence.load(dumped["rows"])
        left = []
        for runner in self._runners:
            known = dumped["rules"].get(runner.rule.name)
            if known is None or known["shape"] != _shape(runner):
                left.append(runner.rule.name)
                continue
            state = dict(known["state"])
            state["keys"] = runner.keys.codes(pl.Series(state["keys"], dtype=pl.String)).tolist()
            runner.kind.load(state)
            if known["held"] is not None:
                held = known["held"]
                runner.held = Feed(
                    np.array(held["now"], dtype=np.int64),
                    np.array(held["at"], dtype=np.int64),
                    runner.keys.codes(pl.Series(held["key"], dtype=pl.String)),
                    np.array(held["ref"], dtype=np.int64),
                    {name: np.array(values) for name, values in held["columns"].items()},
                )
        if self._started:
            # An absence rule that is new, or an asset: watched from now on.
            self._expect_registered()
        return left


def _shape(runner: _Runner) -> list[str]:
    """What must be the same for a state to be of use: the kind, the key, the feed, and how time is taken."""
    order = "stream order" if runner.rule.lateness is None else "event time"
    return [str(runner.rule.kind), *runner.rule.per, *runner.reading.wanted, order, *_measured(runner.rule)]


def _measured(rule: Rule) -> list[str]:
    return [str(rule.watch.value)] if isinstance(rule.watch, Window) else []


def _names(*gates: _Gate) -> frozenset[str]:
    return frozenset(gate.where for gate in gates if gate.where is not None)


def _negated(condition: npt.NDArray[Any]) -> npt.NDArray[Any]:
    return np.where(condition == UNKNOWN, UNKNOWN, 1 - condition).astype(condition.dtype)
