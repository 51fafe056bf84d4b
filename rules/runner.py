"""One rule at work: gives its state machine the events whose turn has come, and names what it answers."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import polars as pl

from ioc.model.alerts import AlertChange, AlertState
from ioc.model.instant import Instant
from rules.cooldown import Cooldown
from rules.evidence import Evidence
from rules.keys import NO_KEY, SEPARATOR, KeyTable
from rules.kinds.contract import Change, Feed, Kind, Numbers
from rules.ordering import stamped
from rules.rule import Rule
from rules.selection import Evaluated
from rules.watches.contract import Reading

NOTHING: Final[Numbers] = np.zeros(0, dtype=np.int64)


@dataclass(slots=True)
class Runner:
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
    reading: Reading
    held: Feed | None = None
    cooldown: Cooldown | None = None

    def step(self, evaluated: Evaluated, first_ref: int, clock: Instant, *, closing: bool) -> list[Change]:
        """Take what of a batch concerns the rule, then let time pass.

        Args:
            evaluated: the batch.
            first_ref: number of the batch's first event.
            clock: the stream's clock after the batch.
            closing: nothing more will come.
        """
        feed, until = self._due(self._fresh(evaluated, first_ref), clock, closing=closing)
        found = self.kind.step(feed, until, closing=closing)
        return stamped(found, feed, self.rule.lateness or 0) if found else found

    def _due(self, feed: Feed, clock: Instant, *, closing: bool) -> tuple[Feed, Instant]:
        """Give the events whose turn has come, and how far the rule's time has come."""
        lateness = self.rule.lateness
        if lateness is None:
            return feed, clock
        until = clock - lateness
        held = self.held
        if held is not None and len(held):
            if not (len(feed) or closing) and held.now[0] > until:
                return feed, until
            feed = held.followed_by(feed)
        order = np.argsort(feed.now, kind="stable")
        if closing:
            self.held = None
            feed = feed.take(order)
            return feed, max(clock, int(feed.now[-1])) if len(feed) else clock
        ready = int(np.searchsorted(feed.now[order], until, side="right"))
        self.held = feed.take(order[ready:])
        return feed.take(order[:ready]), until

    def _fresh(self, evaluated: Evaluated, first_ref: int) -> Feed:
        """Give the batch's events that concern the rule."""
        if not self.reading.meets(evaluated):
            return self._no_events()
        mask, columns = self.reading.columns(evaluated)
        keys = evaluated.arrays[self.key_name]
        rows = np.flatnonzero(mask & (keys != NO_KEY))
        if not len(rows):
            return self._no_events()
        at, now = evaluated.at[rows], evaluated.clocks[rows]
        if self.rule.lateness is not None:
            # An event later than the rule waits for takes its turn when it comes.
            now = np.maximum(at, now - self.rule.lateness)
        wanted = {name: values[rows] for name, values in columns.items()}
        return Feed(now, at, keys[rows], rows + first_ref, wanted)

    def _no_events(self) -> Feed:
        return Feed(NOTHING, NOTHING, NOTHING, NOTHING, dict.fromkeys(self.reading.wanted, NOTHING))

    def named(self, changes: Iterable[Change], evidence: Evidence | None) -> list[AlertChange]:
        """Turn codes into keys and numbers of events into events."""
        listed = list(changes)
        pairs = [change.key if isinstance(change.key, tuple) else (change.key,) for change in listed]
        texts = iter(self.keys.texts([code for pair in pairs for code in pair]))
        named = []
        for change, pair in zip(listed, pairs, strict=True):
            rows = change.rows
            if evidence is not None:
                rows = (*rows, *(evidence.row(ref) for ref in change.refs))
            named.append(
                AlertChange(
                    rule=self.rule.name,
                    key=SEPARATOR.join(next(texts) for _ in pair),
                    to=AlertState.FIRING if change.firing else AlertState.RESOLVED,
                    at=change.at,
                    raised_at=change.raised_at,
                    evidence=rows,
                    numbers=change.numbers,
                    known=change.known,
                )
            )
        return named

    def rested(self, changes: list[AlertChange], clock: Instant, *, closing: bool) -> list[AlertChange]:
        """Hold back what begins before the rule's cooldown is over, and give what has waited for long enough."""
        if self.cooldown is None:
            return changes
        until = clock if closing else clock - (self.rule.lateness or 0)
        return self.cooldown.step(changes, until, closing=closing)

    def refs(self) -> list[Numbers]:
        """Number the events that may yet be asked for."""
        held = [] if self.held is None else [self.held.ref]
        return [*held, np.array(self.kind.refs(), dtype=np.int64)]

    def shape(self) -> list[str]:
        """Say what must be the same for a state to be of use: the kind, the key, the feed, and how time is taken."""
        order = "stream order" if self.rule.lateness is None else "event time"
        return [str(self.rule.kind), *self.rule.per, *self.reading.wanted, order, *self.rule.watch.shape]

    def dump(self) -> dict[str, Any]:
        """Give the state as plain data, keys as texts."""
        state = self.kind.dump()
        state["keys"] = self.keys.texts(state["keys"])
        held = None
        if self.held is not None and len(self.held):
            feed = self.held
            held = {
                "now": feed.now.tolist(),
                "at": feed.at.tolist(),
                "key": self.keys.texts(feed.key.tolist()),
                "ref": feed.ref.tolist(),
                "columns": {name: values.tolist() for name, values in feed.columns.items()},
            }
        rest = None if self.cooldown is None else self.cooldown.dump()
        return {"shape": self.shape(), "state": state, "held": held, "rest": rest}

    def load(self, dumped: Mapping[str, Any] | None) -> bool:
        """Take what `dump` gave; says whether it is of any use, which what another kind or key left is not."""
        if dumped is None or dumped["shape"] != self.shape():
            return False
        state = dict(dumped["state"])
        state["keys"] = self._codes(state["keys"]).tolist()
        self.kind.load(state)
        rest = dumped.get("rest")
        if rest is not None:
            # Also where the rule no longer says so: alerts that it has moved end under the names they were given.
            self.cooldown = self.cooldown or Cooldown(0, self.rule.lateness or 0)
            self.cooldown.load(self.rule.name, rest)
        held = dumped["held"]
        if held is not None:
            self.held = Feed(
                np.array(held["now"], dtype=np.int64),
                np.array(held["at"], dtype=np.int64),
                self._codes(held["key"]),
                np.array(held["ref"], dtype=np.int64),
                {name: np.array(values) for name, values in held["columns"].items()},
            )
        return True

    def adopt(self, key: str, raised_at: Instant) -> None:
        """Go on with an alert that is open, as if this rule had raised it.

        Args:
            key: as alerts write it, the parts of a pair joined by `|`.
            raised_at: when it began.
        """
        if self.rule.kind.pairs:
            first, second = self._codes(key.split(SEPARATOR, 1)).tolist()
            self.kind.adopt((first, second), raised_at)
        else:
            self.kind.adopt(self.keys.code(key), raised_at)

    def _codes(self, texts: list[str]) -> Numbers:
        return self.keys.codes(pl.Series(texts, dtype=pl.String))
