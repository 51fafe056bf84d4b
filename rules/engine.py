"""The engine: batches of events in, changes of alerts out, for a whole rule book.

Batches go through lanes, which put events in the order in which rules take them. What rules ask of the events is
computed once for all of them; the events that concern a rule go on to the small state machine of its kind. The only
clock is the stream's.
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
from rules.line import Line
from rules.rule import Rule
from rules.runner import Runner
from rules.selection import Gate, Selection, codes_of
from rules.snapshots import plain
from rules.watches.absence import Absence
from rules.watches.contract import Source

FORMAT: Final = 2
"""Of the state that an engine gives."""

NOTHING: Final[Numbers] = np.zeros(0, dtype=np.int64)

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
        self._keep_evidence = keep_evidence
        self._schema = {**FIXED_COLUMNS, **catalogue.schema()}
        self._clock: Instant = NEVER
        self._next_ref = first_ref
        self._lines: dict[Duration | None, Line] = {}
        self._runners = [self._runner(rule) for rule in book.rules]
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
        clocks = self._clocks(batch, reached)
        if len(clocks):
            self._clock = int(clocks[-1])
        if clock is not None and clock > self._clock:
            self._clock = clock
        if self._clock == NEVER:
            return []
        if not self._started:
            self._started = True
            self._expect_registered(int(clocks[0]) if len(clocks) else self._clock)
        refs = np.arange(self._next_ref, self._next_ref + batch.height)
        self._next_ref += batch.height
        changes: list[AlertChange] = []
        for line in self._lines.values():
            turn = line.lane.take(batch, clocks, refs, self._clock, closing=closing)
            changes += line.step(turn, self._clock, closing=closing)
        changes.sort(key=lambda change: change.order)
        return self._clusters.step(changes) if self._clusters else changes

    def _clocks(self, batch: pl.DataFrame, reached: Numbers | None) -> Numbers:
        """Say how far the stream's clock had come when each event came."""
        if not batch.height:
            return NOTHING
        received = batch.get_column("received_at").to_physical().to_numpy()
        before = self._clock if reached is None else np.maximum(reached, self._clock)
        return np.maximum.accumulate(np.maximum(received, before))

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

    def _runner(self, rule: Rule) -> Runner:
        line = self._lines.get(rule.lateness)
        if line is None:
            evidence = Evidence() if self._keep_evidence else None
            line = self._lines[rule.lateness] = Line(rule.lateness, Selection(self._schema), evidence)
        key_name, table = line.selection.key(rule.per, self._registry)
        row_of = None if line.evidence is None else line.evidence.row
        kind, reading = rule.watch.put_to_work(_Workshop(line.selection, rule.lateness is not None, row_of))
        if rule.schedule is not None:
            kind = ScheduledKind(kind, rule.schedule, event_time=rule.lateness is not None)
        cooldown = None if rule.cooldown is None else Cooldown(rule.cooldown, rule.lateness or 0)
        runner = Runner(rule, table, key_name, kind, reading, line.evidence, cooldown)
        line.add(runner)
        return runner

    def _expect_registered(self, since: Instant) -> None:
        """Watch registered assets that were never heard, from an instant on; those already watched stay as they are."""
        for runner in self._runners:
            watch, kind = runner.rule.watch, unscheduled(runner.kind)
            if isinstance(watch, Absence) and isinstance(kind, AbsenceKind) and runner.rule.per == ("asset",):
                if watch.source.where is not None:
                    # Whether an asset will ever send what the condition asks for, nobody can know.
                    continue
                kinds = watch.source.kinds
                names = [asset.id for asset in self._registry.values() if not kinds or asset.kind in kinds]
                codes = runner.keys.codes(pl.Series(names, dtype=pl.String))
                kind.expect(codes, since)

    def adopt(self, rule: str, key: str, raised_at: Instant) -> None:
        """Go on with an alert that is open, as if the rule, which must be in the book, had raised it."""
        next(runner for runner in self._runners if runner.rule.name == rule).adopt(key, raised_at)

    def snapshot(self) -> dict[str, Any]:
        """Take the whole state at once; `rules.snapshots.plain`, perhaps in another thread, makes plain data of it."""
        return {
            "format": FORMAT,
            "clock": self._clock,
            "next_ref": self._next_ref,
            "started": self._started,
            "stamp": self._stamp,
            "rows": [row for line in self._lines.values() for row in line.rows()],
            "lanes": {str(lateness): line.lane.dump() for lateness, line in self._lines.items()},
            "seen": {name: seen for line in self._lines.values() for name, seen in line.dump_seen(self._clock)},
            "rules": {runner.rule.name: runner.dump() for runner in self._runners},
        }

    def dump(self) -> dict[str, Any]:
        """Give the whole state as plain data, keys as texts, for a checkpoint."""
        return {name: plain(part) for name, part in self.snapshot().items()}

    def load(self, dumped: Mapping[str, Any]) -> list[str]:
        """Take a state that `snapshot` or `dump` gave, rule by rule.

        A rule that was edited goes on from its state, so that its open alerts stay open, as long as it is of
        the same kind and per the same key.

        Returns:
            The names of the rules that could take nothing over, because they are new or of another kind or key.

        Raises:
            ValueError: the state is of another version.
        """
        if dumped.get("format") != FORMAT:
            raise ValueError(f"a state of format {dumped.get('format')!r}; expected {FORMAT}")
        self._clock = dumped["clock"]
        self._next_ref = dumped["next_ref"]
        self._started = dumped["started"]
        self._stamp = dumped["stamp"]
        for lateness, line in self._lines.items():
            line.load(dumped["lanes"].get(str(lateness)), dumped["seen"], dumped["rows"])
        known = dumped["rules"]
        left = [runner.rule.name for runner in self._runners if not runner.load(known.get(runner.rule.name))]
        if self._started:
            # An absence rule that is new, or an asset: watched from now on.
            self._expect_registered(self._clock)
        return left


@dataclass(frozen=True, slots=True)
class _Workshop:
    """What the engine offers to a rule that is put to work."""

    selection: Selection
    event_time: bool
    row_of: RowOf | None

    def condition(self, compiled: Compiled) -> str:
        return self.selection.condition(compiled)

    def number(self, expression: pl.Expr, columns: frozenset[str]) -> str:
        return self.selection.number(expression, columns)

    def gate(self, source: Source) -> Gate:
        return Gate(codes_of(source.kinds), None if source.where is None else self.condition(source.where))
