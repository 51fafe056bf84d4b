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
from rules.keys import SEPARATOR, KeyTable
from rules.kinds.contract import Change, Feed, Kind, Numbers
from rules.kinds.threshold import ThresholdKind
from rules.ordering import stamped
from rules.rule import Rule
from rules.selection import Evaluated, Part
from rules.snapshots import Coded, array, codes
from rules.watches.contract import Reading

NOTHING: Final[Numbers] = np.zeros(0, dtype=np.int64)


@dataclass(slots=True)
class Runner:
    """One rule at work.

    Attributes:
        keys: the codes of its keys.
        key_name: of the array that holds them.
        evidence: finds the events that made a change; None where no evidence is kept.
    """

    rule: Rule
    keys: KeyTable
    key_name: str
    kind: Kind
    reading: Reading
    evidence: Evidence | None = None
    cooldown: Cooldown | None = None

    def step(self, evaluated: Evaluated, until: Instant, *, closing: bool) -> list[Change]:
        """Take what of a batch concerns the rule, then let time pass.

        Args:
            evaluated: the events whose turn has come.
            until: how far the rule's time has come after them.
            closing: nothing more will come.
        """
        part = evaluated.part(self.reading.gates, self.key_name)
        if self._can_rest(part):
            return []
        feed = self._feed(part)
        if closing and len(feed):
            until = max(until, int(feed.now[-1]))
        found = self.kind.step(feed, until, closing=closing)
        return stamped(found, feed, self.rule.lateness or 0) if found else found

    def _can_rest(self, part: Part) -> bool:
        """Whether nothing can change, because no key has begun anything and no event begins it."""
        if self.reading.spark is None or not isinstance(self.kind, ThresholdKind) or not self.kind.at_rest:
            return False
        return not (len(part) and part.may_be_true(self.reading.spark))

    def _feed(self, part: Part) -> Feed:
        """Give the events that concern the rule."""
        if not len(part):
            return self._no_events()
        mask, columns = self.reading.columns(part)
        count = np.count_nonzero(mask)
        if not count:
            return self._no_events()
        wanted = {name: columns[name] for name in self.reading.wanted}
        feed = Feed(part.now, part.at, part.key, part.ref, wanted)
        return feed if count == len(part) else feed.take(np.flatnonzero(mask))

    def _no_events(self) -> Feed:
        return Feed(NOTHING, NOTHING, NOTHING, NOTHING, dict.fromkeys(self.reading.wanted, NOTHING))

    def named(self, changes: Iterable[Change]) -> list[AlertChange]:
        """Turn codes into keys and numbers of events into events."""
        listed = list(changes)
        if not listed:
            return []
        pairs = [change.key if isinstance(change.key, tuple) else (change.key,) for change in listed]
        texts = iter(self.keys.texts([code for pair in pairs for code in pair]))
        named = []
        for change, pair in zip(listed, pairs, strict=True):
            rows = change.rows
            if self.evidence is not None:
                rows = (*rows, *(self.evidence.row(ref) for ref in change.refs))
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

    def shape(self) -> list[str]:
        """Say what must be the same for a state to be of use: the kind, the key, the feed, and how time is taken."""
        order = "stream order" if self.rule.lateness is None else "event time"
        hours = [] if self.rule.schedule is None else ["hours"]
        return [str(self.rule.kind), *self.rule.per, *self.reading.wanted, order, *hours, *self.rule.watch.shape]

    def dump(self) -> dict[str, Any]:
        """Give the state, keys as codes that can be read later."""
        state = self.kind.dump()
        state["keys"] = Coded(self.keys, state["keys"])
        rest = None if self.cooldown is None else self.cooldown.dump()
        return {"shape": self.shape(), "state": state, "rest": rest}

    def load(self, dumped: Mapping[str, Any] | None) -> bool:
        """Take what `dump` gave; says whether it is of any use, which what another kind or key left is not."""
        if dumped is None or list(dumped["shape"]) != self.shape():
            return False
        state = {name: array(part) for name, part in dumped["state"].items()}
        state["keys"] = codes(self.keys, dumped["state"]["keys"]).tolist()
        self.kind.load(state)
        rest = dumped.get("rest")
        if rest is not None:
            # Also where the rule no longer says so: alerts that it has moved end under the names they were given.
            self.cooldown = self.cooldown or Cooldown(0, self.rule.lateness or 0)
            self.cooldown.load(self.rule.name, rest)
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
