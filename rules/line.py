"""A line of rules: those of one lateness, which take the same events in the same order."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np

from ioc.model.alerts import AlertChange
from ioc.model.instant import Duration, Instant
from rules.evidence import Evidence
from rules.keys import KeyTable
from rules.kinds.contract import Numbers, Row
from rules.lanes import Lane, Turn
from rules.runner import Runner
from rules.seen import Seen
from rules.selection import Selection, Whole
from rules.snapshots import Coded, array, codes


class Line:
    """The rules of one lateness at work."""

    def __init__(self, lateness: Duration | None, selection: Selection, evidence: Evidence | None) -> None:
        """Begin without rules.

        Args:
            lateness: see `Lane`.
            selection: collects what the rules ask of events.
            evidence: keeps the events that made a change; None: nobody asks for them.
        """
        self.lane = Lane(lateness)
        self.selection = selection
        self.evidence = evidence
        self._lateness = lateness
        self._runners: list[Runner] = []
        self._seen: dict[str, tuple[Seen, KeyTable]] = {}

    def add(self, runner: Runner) -> None:
        """Take a rule up."""
        self._runners.append(runner)
        reading = runner.reading
        self.selection.ask(tuple(gate.kinds for gate in reading.gates), reading.names | {runner.key_name})
        for condition in reading.in_order:
            gate = reading.gates[0]
            parts = (
                "in the order of the stream" if self._lateness is None else self._lateness,
                *sorted(gate.kinds),
                self.selection.text(gate.where),
                *runner.rule.per,
                self.selection.measure(condition),
            )
            seen = Seen(gate, runner.key_name, condition)
            self._seen.setdefault("|".join(str(part) for part in parts), (seen, runner.keys))

    def step(self, turn: Turn, clock: Instant, *, closing: bool) -> list[AlertChange]:
        """Take the events whose turn has come.

        Args:
            turn: what the lane gave.
            clock: how far the stream's clock has come.
            closing: nothing more will come.
        """
        evaluated = Whole(self.selection, turn.frame, turn.now, turn.ref)
        if self.evidence is not None:
            self.evidence.begin(turn.ref, turn.frame)
        for seen, _ in self._seen.values():
            part = evaluated.part((seen.gate,), seen.key_name)
            part.set_late(self.selection.measure(seen.condition), seen.step(part))
        changes: list[AlertChange] = []
        for runner in self._runners:
            found = runner.step(evaluated, turn.until, closing=closing)
            if found or runner.cooldown is not None:
                changes += runner.rested(runner.named(found), clock, closing=closing)
        if self.evidence is not None:
            self.evidence.keep(self._refs())
        return changes

    def _refs(self) -> Numbers:
        """Number the events of past batches that may yet be named."""
        refs: list[int] = []
        for runner in self._runners:
            refs += runner.kind.refs()
        return np.unique(np.array(refs, dtype=np.int64))

    def rows(self) -> list[tuple[int, Row]]:
        """Give the events of past batches that may yet be named."""
        return [] if self.evidence is None else self.evidence.dump(self._refs())

    def dump_seen(self, clock: Instant) -> Iterator[tuple[str, dict[str, Any]]]:
        """Give what keys have already shown, by what it is shown of."""
        for name, (seen, table) in self._seen.items():
            state = seen.dump(clock)
            yield name, state | {"keys": Coded(table, state["keys"])}

    def load(self, lane: Mapping[str, Any] | None, seen: Mapping[str, Any], rows: Iterable[tuple[int, Row]]) -> None:
        """Take what this line's lane, `dump_seen` and `rows` gave."""
        if lane is not None:
            self.lane.load({name: array(part) for name, part in lane.items()})
        for name, (one, table) in self._seen.items():
            if name in seen:
                one.load(codes(table, seen[name]["keys"]), {"seen": array(seen[name]["seen"])})
        if self.evidence is not None:
            self.evidence.load(rows)
