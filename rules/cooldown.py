"""Cooldown: an alert that would begin too soon after the key's last one is held back until it may.

It begins when the cooldown is over, if it still holds then. One that ends before never was, and is counted.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Final

from ioc.model.alerts import AFTER_EVENTS, AlertChange, AlertState
from ioc.model.instant import DAY, Duration, Instant

_FEW: Final = 4_096


@dataclass(slots=True)
class _Held:
    """An alert that waits.

    Attributes:
        due: when it may begin.
        known: when that is decided, as `AlertChange.known`.
    """

    change: AlertChange
    due: Instant
    known: tuple[Instant, int]


class Cooldown:
    """What one rule's alerts become; a pure step over them, in the order of each key.

    Attributes:
        held_back: how many alerts never were.
    """

    def __init__(self, cooldown: Duration, lateness: Duration = 0) -> None:
        """Take how long a key rests after an alert, and how far the rule's time lies behind the stream's, µs."""
        self._cooldown = cooldown
        self._lateness = lateness
        self._ended: dict[str, Instant] = {}
        self._waiting: dict[str, _Held] = {}
        # Alerts that began later than their rule said: key to what the rule says, and what is said instead.
        self._moved: dict[str, tuple[Instant, Instant]] = {}
        self.held_back = 0
        self._sweep_above = _FEW

    def step(self, changes: Iterable[AlertChange], until: Instant, *, closing: bool = False) -> list[AlertChange]:
        """Take the rule's changes, then let its time go on.

        Args:
            changes: each key's in their order.
            until: how far the rule's time has come; what falls due before it, happens.
            closing: what falls due exactly at it happens too.
        """
        out: list[AlertChange] = []
        for change in changes:
            held = self._waiting.get(change.key)
            if held is not None and held.due < change.known_at - self._lateness:
                # By the time this came to be known, it had begun already.
                self._release(change.key, out)
            if change.to is AlertState.FIRING:
                self._begin(change, out)
            else:
                self._end(change, out)
        limit = until + 1 if closing else until
        for key in [key for key, held in self._waiting.items() if held.due < limit]:
            self._release(key, out)
        self._forget(limit)
        return out

    def _begin(self, change: AlertChange, out: list[AlertChange]) -> None:
        ended = self._ended.get(change.key)
        if ended is None or change.at >= ended + self._cooldown:
            out.append(change)
            return
        due = ended + self._cooldown
        known = (due + self._lateness, AFTER_EVENTS)
        self._waiting[change.key] = _Held(change, due, known if change.known is None else max(known, change.known))

    def _end(self, change: AlertChange, out: list[AlertChange]) -> None:
        held = self._waiting.get(change.key)
        if held is not None and held.change.raised_at == change.raised_at:
            if change.at <= held.due:
                del self._waiting[change.key]
                self.held_back += 1
                return
            if change.known is not None:
                held.known = min(held.known, change.known)
            self._release(change.key, out)
        moved = self._moved.get(change.key)
        if moved is not None and moved[0] == change.raised_at:
            del self._moved[change.key]
            change = replace(change, raised_at=moved[1], at=max(change.at, moved[1]))
        self._ended[change.key] = change.at
        out.append(change)

    def _release(self, key: str, out: list[AlertChange]) -> None:
        held = self._waiting.pop(key)
        self._moved[key] = (held.change.raised_at, held.due)
        out.append(replace(held.change, at=held.due, raised_at=held.due, known=held.known))

    def _forget(self, limit: Instant) -> None:
        """Let go of ends that hold nothing back any more; not at every step, so that it costs little.

        A day longer than they seem to be needed: ingest takes no event that is older.
        """
        if len(self._ended) < self._sweep_above:
            return
        edge = limit - self._cooldown - DAY
        self._ended = {key: ended for key, ended in self._ended.items() if ended >= edge or key in self._waiting}
        self._sweep_above = max(_FEW, 2 * len(self._ended))

    def dump(self) -> dict[str, Any]:
        """Give the state as plain data."""
        return {
            "ended": dict(self._ended),
            "moved": {key: list(pair) for key, pair in self._moved.items()},
            "held_back": self.held_back,
            "waiting": [
                [
                    key,
                    held.due,
                    list(held.known),
                    held.change.raised_at,
                    list(held.change.evidence),
                    held.change.numbers,
                ]
                for key, held in self._waiting.items()
            ],
        }

    def load(self, rule: str, state: dict[str, Any]) -> None:
        """Take what `dump` gave."""
        self._ended = dict(state["ended"])
        self._moved = {key: (was, now) for key, (was, now) in state["moved"].items()}
        self.held_back = state["held_back"]
        for key, due, (at, by), raised_at, evidence, numbers in state["waiting"]:
            change = AlertChange(rule, key, AlertState.FIRING, raised_at, raised_at, tuple(evidence), numbers)
            self._waiting[key] = _Held(change, due, (at, by))
