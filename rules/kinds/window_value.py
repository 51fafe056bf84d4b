"""What a window computes, and the events of one key that it computes it of."""

from bisect import bisect_right, insort
from enum import StrEnum
from typing import Final

from ioc.model.instant import Duration, Instant
from rules.kinds.contract import NEVER
from rules.kinds.exact_sum import ExactSum


class Value(StrEnum):
    """What a window computes over its events."""

    COUNT = "count"
    SUM = "sum"
    MEAN = "mean"
    MIN = "min"
    MAX = "max"
    DISTINCT = "distinct"
    FIRST = "first"
    LAST = "last"
    CHANGE = "change"


_SUMMED: Final = frozenset((Value.SUM, Value.MEAN))
_ORDERED: Final = frozenset((Value.MIN, Value.MAX))


class KeyWindow:
    """The events of one key that still count, oldest first, and what is computed of them.

    Attributes:
        reached: up to when it has been judged.
        raised_at: when its alert began; NEVER where none holds.
        judge_at: an instant that is still to be judged, in event time; NEVER for none.
        judge_ref: the first event of that instant.
    """

    __slots__ = (
        "_counts",
        "_each",
        "_events",
        "_head",
        "_ordered",
        "_total",
        "_value",
        "judge_at",
        "judge_ref",
        "raised_at",
        "reached",
    )

    def __init__(self, value: Value, each: Duration) -> None:
        """Begin without events; see `WindowKind`."""
        self._value = value
        self._each = each
        self._events: list[tuple[Instant, float]] = []
        self._head = 0
        self._ordered: list[float] = []
        self._total = ExactSum()
        self._counts: dict[float, int] = {}
        self.reached: Instant = NEVER
        self.raised_at: Instant = NEVER
        self.judge_at: Instant = NEVER
        self.judge_ref = -1

    def __len__(self) -> int:
        """Count the events."""
        return len(self._events) - self._head

    @property
    def oldest(self) -> Instant | None:
        """When the oldest event happened; None where there is none."""
        return self._events[self._head][0] if self._head < len(self._events) else None

    def insert(self, at: Instant, value: float) -> None:
        """Take an event."""
        if len(self._events) == self._head or self._events[-1][0] <= at:
            self._events.append((at, value))
        else:
            insort(self._events, (at, value), lo=self._head, key=lambda event: event[0])
        if self._value in _ORDERED:
            insort(self._ordered, value)
        elif self._value in _SUMMED:
            self._total.add(value)
        elif self._value is Value.DISTINCT:
            self._counts[value] = self._counts.get(value, 0) + 1

    def evict(self, edge: Instant) -> None:
        """Let go of the events up to an instant."""
        events, head = self._events, self._head
        while head < len(events) and events[head][0] <= edge:
            value = events[head][1]
            if self._value in _ORDERED:
                del self._ordered[bisect_right(self._ordered, value) - 1]
            elif self._value in _SUMMED:
                self._total.add(-value)
            elif self._value is Value.DISTINCT:
                left = self._counts.pop(value) - 1
                if left:
                    self._counts[value] = left
            head += 1
        if head > 64 and head * 2 > len(events):
            del events[:head]
            head = 0
        self._head = head

    def measure(self) -> float | None:
        """Compute the value; None where it cannot be told."""
        count = len(self._events) - self._head
        if self._value is Value.COUNT:
            return count
        if self._value is Value.SUM:
            return self._total.value()
        if self._value is Value.DISTINCT:
            return len(self._counts)
        if not count:
            return None
        if self._value is Value.MEAN:
            return self._total.value() / count
        if self._value in _ORDERED:
            return self._ordered[0] if self._value is Value.MIN else self._ordered[-1]
        (begun, first), (ended, last) = self._events[self._head], self._events[-1]
        if self._value is Value.CHANGE:
            if begun == ended:
                return None
            return (last - first) * self._each / (ended - begun) if self._each else last - first
        return first if self._value is Value.FIRST else last
