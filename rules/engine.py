"""The engine: batches of events in, changes of alerts out, for a whole rule book.

One `select` evaluates the conditions of all rules that a batch can concern; the rows that concern a rule go on, in
the order in which the rule takes them, to the small state machine of its kind. The only clock is the stream's.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import polars as pl

from ioc.model.alerts import AlertChange
from ioc.model.assets import Asset
from ioc.model.events import FIXED_COLUMNS
from ioc.model.instant import SECOND, Duration, Instant
from ioc.model.quantities import Catalogue
from rules.book import RuleBook
from rules.clusters import Clusters
from rules.cooldown import Cooldown
from rules.evidence import Evidence
from rules.expressions import Compiled
from rules.kinds.absence import AbsenceKind
from rules.kinds.contract import NEVER, Numbers, RowOf
from rules.kinds.scheduled import ScheduledKind, unscheduled
from rules.rule import Rule
from rules.runner import Runner
from rules.selection import Evaluated, Selection, codes_of
from rules.watches.absence import Absence
from rules.watches.contract import Gate, Source

DEAF_AFTER: Final[Duration] = 10 * SECOND
"""Time between two stamps of the stream after which ingest is taken to have been away."""


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
        first_ref: int = 0,
    ) -> None:
        """Make an engine that has seen nothing.

        Args:
            book: the rules.
            catalogue: gives the types of quantities that a batch lacks.
            registry: the city's assets: for rules per site or area, and for the silence of assets never heard.
            keep_evidence: whether changes carry the events that made them.
            first_ref: number of the first event; states that are to be put together must not share numbers.
        """
        self._registry = dict(registry or {})
        self._evidence = Evidence() if keep_evidence else None
        self._selection = Selection({**FIXED_COLUMNS, **catalogue.schema()})
        self._clock: Instant = NEVER
        self._next_ref = first_ref
        self._runners = [self._runner(rule) for rule in book.rules]
        # What is needed of a batch, by the kinds of events that it has.
        self._needed: dict[frozenset[int], frozenset[str]] = {}
        self._started = False
        self._stamp: Instant = NEVER
        self._clusters = Clusters([(runner.rule, runner.kind) for runner in self._runners], self._registry)

    @property
    def clock(self) -> Instant:
        """How far the stream's clock has come; NEVER before the first event."""
        return self._clock

    @property
    def next_ref(self) -> int:
        """The number that the next event gets."""
        return self._next_ref

    def step(
        self, batch: pl.DataFrame, clock: Instant | None = None, reached: Numbers | None = None
    ) -> list[AlertChange]:
        """Take a batch, then let the stream's clock go on to `clock`.

        Args:
            batch: in order of arrival, `received_at` never null.
            clock: the stamp on the stream's entry; None: the batch's own arrival times are all there is.
            reached: how far the stream's clock had come before each event's entry, where the batch is of several.

        Returns:
            What changed, in the order in which it came to be known.
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
            found = runner.step(evaluated, self._next_ref, self._clock, closing=closing)
            if found or runner.cooldown is not None:
                changes += runner.rested(runner.named(found, self._evidence), self._clock, closing=closing)
        if self._evidence is not None:
            self._evidence.keep(self._refs())
        self._next_ref += batch.height
        changes.sort(key=lambda change: change.order)
        return self._clusters.step(changes) if self._clusters else changes

    def catch_up(self, firing: Mapping[str, tuple[str, str, Instant]]) -> list[AlertChange]:
        """Tell clusters that are new, or were edited, of the alerts that hold; see `Clusters.catch_up`."""
        return self._clusters.catch_up(firing, self._clock) if self._clusters else []

    def _notice_deafness(self, batch: pl.DataFrame, clock: Instant) -> None:
        """Where the stream has a hole, ingest was away: what was not heard then was not silent.

        Ingest stamps an entry every second, events or none, so only a stream without stamps has no such holes.
        """
        before, self._stamp = self._stamp, clock
        if before == NEVER or clock - before <= DEAF_AFTER:
            return
        first = clock if not batch.height else min(clock, int(batch["received_at"].to_physical()[0]))
        for runner in self._runners:
            kind = unscheduled(runner.kind)
            if isinstance(kind, AbsenceKind):
                kind.listen_again(first)

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

    def _runner(self, rule: Rule) -> Runner:
        key_name, table = self._selection.key(rule.per, self._registry)
        row_of = None if self._evidence is None else self._evidence.row
        kind, reading = rule.watch.put_to_work(_Workshop(self._selection, rule.lateness is not None, row_of))
        if rule.schedule is not None:
            kind = ScheduledKind(kind, rule.schedule, event_time=rule.lateness is not None)
        cooldown = None if rule.cooldown is None else Cooldown(rule.cooldown, rule.lateness or 0)
        return Runner(rule, table, key_name, kind, reading, cooldown=cooldown)

    def _expect_registered(self) -> None:
        """Watch registered assets that were never heard, from now on; those already watched stay as they are."""
        for runner in self._runners:
            watch, kind = runner.rule.watch, unscheduled(runner.kind)
            if isinstance(watch, Absence) and isinstance(kind, AbsenceKind) and runner.rule.per == ("asset",):
                if watch.source.where is not None:
                    # Whether an asset will ever send what the condition asks for, nobody can know.
                    continue
                kinds = watch.source.kinds
                names = [asset.id for asset in self._registry.values() if not kinds or asset.kind in kinds]
                codes = runner.keys.codes(pl.Series(names, dtype=pl.String))
                kind.expect(codes, self._clock)

    def _refs(self) -> list[Numbers]:
        """Number the events that held feeds and kinds may yet name."""
        return [refs for runner in self._runners for refs in runner.refs()]

    def adopt(self, rule: str, key: str, raised_at: Instant) -> None:
        """Go on with an alert that is open, as if the rule, which must be in the book, had raised it."""
        next(runner for runner in self._runners if runner.rule.name == rule).adopt(key, raised_at)

    def dump(self) -> dict[str, Any]:
        """Give the whole state as plain data, keys as texts, for a checkpoint."""
        return {
            "format": 1,
            "clock": self._clock,
            "next_ref": self._next_ref,
            "started": self._started,
            "stamp": self._stamp,
            "rows": [] if self._evidence is None else self._evidence.dump(self._refs()),
            "rules": {runner.rule.name: runner.dump() for runner in self._runners},
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
        known = dumped["rules"]
        left = [runner.rule.name for runner in self._runners if not runner.load(known.get(runner.rule.name))]
        if self._started:
            # An absence rule that is new, or an asset: watched from now on.
            self._expect_registered()
        return left


@dataclass(frozen=True, slots=True)
class _Workshop:
    """What the engine offers to a rule that is put to work."""

    selection: Selection
    event_time: bool
    row_of: RowOf | None

    def condition(self, compiled: Compiled) -> str:
        return self.selection.condition(compiled.expression, compiled.columns)

    def number(self, expression: pl.Expr, columns: frozenset[str]) -> str:
        return self.selection.number(expression, columns)

    def gate(self, source: Source) -> Gate:
        return Gate(codes_of(source.kinds), None if source.where is None else self.condition(source.where))
