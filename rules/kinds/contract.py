"""What a kind of rule is: given its events in order and how far time has come, what it raises and clears."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from ioc.model.instant import Instant

Numbers = npt.NDArray[np.int64]

Row = dict[str, Any]
"""One event as a plain dict: column to value, nulls left out, times in µs."""

RowOf = Callable[[int], Row]
"""Finds an event of the batch at hand by its number."""

NEVER: Instant = -(2**62)
"""Stands for "not yet" where an instant is stored in an array."""


@dataclass(frozen=True, slots=True)
class Feed:
    """The events that concern one rule, in the order in which the rule takes them; one row an event.

    Attributes:
        now: how far the rule's time has come when it takes the event, µs; never falls.
            In stream order that is the stream's clock, in event time the event's own `at`.
        at: when the event happened, µs.
        key: code of the event's key.
        ref: number of the event since the engine began, by which evidence is found again.
        columns: what the kind asked for, by name.
    """

    now: Numbers
    at: Numbers
    key: Numbers
    ref: Numbers
    columns: dict[str, npt.NDArray[Any]] = field(default_factory=dict)

    def __len__(self) -> int:
        """Count the events."""
        return len(self.at)

    def take(self, rows: npt.NDArray[Any] | slice) -> "Feed":
        """Give some of the rows, in the given order."""
        columns = {name: values[rows] for name, values in self.columns.items()}
        return Feed(self.now[rows], self.at[rows], self.key[rows], self.ref[rows], columns)

    def followed_by(self, other: "Feed") -> "Feed":
        """Give this one's rows and then the other's, which has the same columns."""
        if not len(self):
            return other
        columns = {name: np.concatenate([values, other.columns[name]]) for name, values in self.columns.items()}
        pairs = ((self.now, other.now), (self.at, other.at), (self.key, other.key), (self.ref, other.ref))
        now, at, key, ref = (np.concatenate(pair) for pair in pairs)
        return Feed(now, at, key, ref, columns)


@dataclass(frozen=True, slots=True)
class Change:
    """An alert began or ended, in codes; the engine makes an AlertChange of it.

    Attributes:
        key: code of the key, or a pair of codes.
        firing: began (True) or ended (False).
        at: when.
        raised_at: when the alert began.
        refs: the events that made it, by number, as far as the engine still has them.
        rows: earlier events that made it, kept by the kind itself.
        numbers: what was measured.
        by: number of the event that decided it, AFTER_EVENTS where only time did; None: the last of `refs`, if any.
        known: when it came to be known; see rules/ordering.py, which says it.
    """

    key: int | tuple[int, int]
    firing: bool
    at: Instant
    raised_at: Instant
    refs: tuple[int, ...] = ()
    rows: tuple[Row, ...] = ()
    numbers: dict[str, Any] = field(default_factory=dict)
    by: int | None = None
    known: tuple[Instant, int] | None = None


class Kind(Protocol):
    """The state of one rule for all its keys. It reads no clock; how its events are cut must not matter."""

    def step(self, feed: Feed, until: Instant, *, closing: bool) -> list[Change]:
        """Take events, then let time pass.

        Args:
            feed: the next events.
            until: how far time has come. What falls due before it, happens; what falls due exactly at
                it waits, because another event of that very instant may still come.
            closing: nothing more will come: what falls due exactly at `until` happens too.
        """
        ...

    def dump(self) -> dict[str, Any]:
        """Give the state as plain data, keys as codes."""
        ...

    def load(self, state: dict[str, Any]) -> None:
        """Take a state that `dump` gave, its codes already those of this engine."""
        ...

    def adopt(self, key: int | tuple[int, int], raised_at: Instant) -> None:
        """Go on with an alert that is open, as if this state had raised it; for a rule that was edited."""
        ...

    def stop(self, at: Instant) -> list[Change]:
        """End every alert at `at` and begin anew; for the end of a rule's hours."""
        ...

    def refs(self) -> list[int]:
        """Number the events of past batches that may yet be named in a change."""
        ...


def grown(values: Numbers, size: int, fill: int) -> Numbers:
    """Give an array of at least this size, the new places filled; codes of keys only ever grow."""
    if len(values) >= size:
        return values
    larger = np.full(max(size, 2 * len(values), 64), fill, dtype=np.int64)
    larger[: len(values)] = values
    return larger
