"""Which keys of a window may reach its bound: found for many keys at once, so that few are looked at event by event.

What is told here may say too much, never too little: whether the value really reaches the bound is for others to say.
"""

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from ioc.model.instant import Duration
from rules.bounds import Bound
from rules.kinds.by_key import order_of
from rules.kinds.contract import Numbers
from rules.kinds.window_value import Value

Doubles = npt.NDArray[np.float64]
Truths = npt.NDArray[np.bool_]

SLACK: Final = 1e-9
"""Relative to all that was added up: more than doubles lose on the way."""

_COUNTED: Final = (Value.COUNT, Value.DISTINCT)


class Reach:
    """What the events of a key must come to before a window's value can reach its bound."""

    def __init__(self, value: Value, bound: Bound, over: Duration, each: Duration, *, event_time: bool) -> None:
        """Take the rule: see `WindowKind`."""
        self._value = value
        self._bound = bound
        self._over = over
        self._each = each
        self._event_time = event_time
        self._upward = bound.operator[0] == ">"
        sign = 1.0 if self._upward else -1.0
        # A value between the least and the greatest of the window needs one event that reaches the bound itself.
        self.need = 1.0
        if value in _COUNTED:
            self.need = bound.limit
        elif value is Value.SUM:
            self.need = sign * bound.limit * (1 - SLACK)
        elif value is Value.CHANGE:
            self.need = 2.0

    @property
    def tells(self) -> bool:
        """Whether any key can be ruled out at all."""
        return self.need > 0 and (self._upward or self._value not in _COUNTED)

    def weigh(self, values: Doubles) -> Doubles:
        """Say how much each event brings its key nearer to the bound; what a key needs of it is `need`."""
        if self._value in _COUNTED or self._value is Value.CHANGE:
            return np.ones(len(values))
        if self._value is Value.SUM:
            return np.maximum(values if self._upward else -values, 0.0)
        return self._nearly(values, np.abs(values)).astype(np.float64)

    def _nearly(self, values: Doubles, size: Doubles | float) -> Truths:
        """Say which values satisfy the bound, or would but for what doubles lose."""
        limit, slack = self._bound.limit, SLACK * (size + abs(self._bound.limit))
        return values >= limit - slack if self._upward else values <= limit + slack

    def reaching(self, key: Numbers, at: Numbers, values: Doubles, new: Truths) -> Numbers:
        """Find the keys that may reach the bound at one of their new events.

        Args:
            key: of the events that still count and, after them, of the new ones.
            at: of each, µs.
            values: of each.
            new: which of them are new.
        """
        order = order_of(key)
        key, at, values, new = key[order], at[order], values[order], new[order]
        same = key[1:] == key[:-1]
        # Where events came out of order, when they were judged decides: that is not computed here.
        strange = np.unique(key[1:][same & (at[1:] < at[:-1])])
        if len(strange):
            rows = np.flatnonzero(~np.isin(key, strange))
            key, at, values, new = key[rows], at[rows], values[rows], new[rows]
        possible = self._possible(key, at, values)
        return np.union1d(strange, key[possible & new])

    def _possible(self, key: Numbers, at: Numbers, values: Doubles) -> Truths:
        """Say at which events the value may satisfy the bound; each key's events together, in order of `at`."""
        if not len(key):
            return np.zeros(0, dtype=bool)
        begins = np.diff(key, prepend=-1) != 0
        place = np.cumsum(begins) - 1
        first = np.flatnonzero(begins)[place]
        low = _first_after(key, at, first, self._over)
        rows = np.arange(len(key))
        high = _last_alike(place, at) + 1 if self._event_time else rows + 1
        count = high - low
        if self._value in _COUNTED:
            return np.asarray(count >= self.need)
        if self._value in (Value.SUM, Value.MEAN):
            summed, size = _sums(values, low, high), _sums(np.abs(values), low, high)
            lost = SLACK * float(np.abs(values).sum()) + size
            return (
                self._nearly(summed / count, lost / count) if self._value is Value.MEAN else self._nearly(summed, lost)
            )
        if self._value is Value.CHANGE:
            last, begun = values[high - 1], values[low]
            time = at[high - 1] - at[low]
            change = (last - begun) / np.maximum(time, 1) * self._each if self._each else last - begun
            # At one instant the order of events decides which is the first and which the last.
            return np.asarray((time == 0) | self._nearly(change, np.abs(change)))
        holds = self._nearly(values, np.abs(values)).astype(np.float64)
        reached = _sums(holds, low, high)
        every = (self._value is Value.MIN and self._upward) or (self._value is Value.MAX and not self._upward)
        return np.asarray(reached >= count if every else reached > 0)


def _sums(values: Doubles, low: Numbers, high: Numbers) -> Doubles:
    total = np.concatenate([[0.0], np.cumsum(values)])
    return np.asarray(total[high] - total[low])


def _first_after(key: Numbers, at: Numbers, first: Numbers, over: Duration) -> Numbers:
    """Find, for each event, the first of its key that is less than `over` older."""
    low, high = first.copy(), np.arange(len(key))
    edge = at - over
    while (low < high).any():
        middle = (low + high) // 2
        inside = at[middle] > edge
        high = np.where(inside, middle, high)
        low = np.where(inside, low, middle + 1)
    return low


def _last_alike(place: Numbers, at: Numbers) -> Numbers:
    """Find, for each event, the last of its key at the same instant."""
    ends = np.ones(len(at), dtype=bool)
    ends[:-1] = (at[1:] != at[:-1]) | (place[1:] != place[:-1])
    last = np.flatnonzero(ends)
    return np.asarray(last[np.cumsum(ends) - ends])


class EventStore:
    """Events that still count, in the order in which they came."""

    def __init__(self) -> None:
        """Begin with none."""
        self.key: Numbers = np.zeros(0, dtype=np.int64)
        self.at: Numbers = np.zeros(0, dtype=np.int64)
        self.value: Doubles = np.zeros(0)
        self._pieces: list[tuple[Any, Any, Any]] = []
        self._added = 0

    @property
    def full(self) -> bool:
        """Whether as many have come as were kept, so that it is time to let go of some."""
        return self._added > max(1024, len(self.key))

    def add(self, key: Numbers, at: Numbers, value: Doubles) -> None:
        """Take more events."""
        self._pieces.append((key, at, value))
        self._added += len(key)

    def gather(self) -> None:
        """Put together what was added."""
        if self._pieces:
            pieces = [(self.key, self.at, self.value), *self._pieces]
            self.key, self.at, self.value = (np.concatenate(part) for part in zip(*pieces, strict=True))
            self._pieces = []

    def keep(self, rows: Truths) -> None:
        """Let go of all others."""
        self.key, self.at, self.value = self.key[rows], self.at[rows], self.value[rows]
        self._added = 0
