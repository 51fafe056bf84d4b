"""Window: a value over the last while, (t − over, t], that reaches a bound.

Raised at an event that makes the value satisfy `raise`; ended at the first instant after it, expiry of old
events included, at which the value satisfies `clear`. A value that cannot be told (the mean of nothing)
is unknown, and changes nothing.

In stream order each event is judged as it comes. In event time an instant is judged once it is over, when
all of its events are known, so that the result is that of a whole-file computation.
"""

from bisect import bisect_right, insort
from enum import StrEnum
from typing import Any

from ioc.model.alerts import AFTER_EVENTS
from ioc.model.instant import DAY, Duration, Instant
from rules.bounds import Bound
from rules.kinds.contract import NEVER, Change, Feed
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


_SUMMED = frozenset((Value.SUM, Value.MEAN))
_ORDERED = frozenset((Value.MIN, Value.MAX))


class _Key:
    """The events of one key that still count, oldest first, and what is computed of them."""

    __slots__ = ("counts", "events", "head", "judge_at", "judge_ref", "ordered", "raised_at", "reached", "total")

    def __init__(self) -> None:
        self.events: list[tuple[Instant, float]] = []
        self.head = 0
        self.ordered: list[float] = []
        self.total = ExactSum()
        self.counts: dict[float, int] = {}
        self.reached: Instant = NEVER
        self.raised_at: Instant = NEVER
        self.judge_at: Instant = NEVER
        self.judge_ref = -1


class WindowKind:
    """The state of one window rule. Its feed has the column `value`, except for a count."""

    def __init__(
        self,
        over: Duration,
        value: Value,
        raise_if: Bound,
        clear_if: Bound,
        *,
        event_time: bool,
        each: Duration = 0,
    ) -> None:
        """Take the rule.

        Args:
            over: how far back events count, µs.
            value: what is computed.
            raise_if: what the value must reach.
            clear_if: what ends the alert.
            event_time: whether whole instants are judged (see the module's text).
            each: for `change`, the time for which it is told, µs; 0: as it is.
        """
        self._over = over
        self._value = value
        self._each = each
        self._raise_if = raise_if
        self._clear_if = clear_if
        self._event_time = event_time
        self._keys: dict[int, _Key] = {}
        # Keys for which time alone can bring something: those that fire, and those with an instant to judge.
        self._waiting: set[int] = set()
        self._until: Instant = NEVER

    def step(self, feed: Feed, until: Instant, *, closing: bool) -> list[Change]:
        """Take events, then judge what time brings."""
        changes: list[Change] = []
        if len(feed):
            values = feed.columns["value"].tolist() if "value" in feed.columns else [1.0] * len(feed)
            rows = zip(feed.key.tolist(), feed.at.tolist(), feed.now.tolist(), values, feed.ref.tolist(), strict=True)
            for code, at, now, value, ref in rows:
                key = self._keys.get(code)
                if key is None:
                    key = self._keys[code] = _Key()
                self._pass_time(code, key, now, changes)
                instant = now if self._event_time else max(at, key.reached)
                if at > instant - self._over:
                    self._insert(key, at, value)
                if self._event_time:
                    if key.judge_at != instant:
                        key.judge_at, key.judge_ref = instant, ref
                    self._waiting.add(code)
                else:
                    self._judge(code, key, instant, ref, changes)
        self._until = max(self._until, until)
        limit = until + 1 if closing else until
        for code in sorted(self._waiting):
            self._pass_time(code, self._keys[code], limit, changes)
        return changes

    def _pass_time(self, code: int, key: _Key, limit: Instant, changes: list[Change]) -> None:
        """Judge, in order, every instant before `limit` at which something can change."""
        while code in self._waiting:
            instant = key.judge_at
            if key.raised_at != NEVER and key.head < len(key.events):
                expiry = key.events[key.head][0] + self._over
                instant = expiry if instant == NEVER else min(instant, expiry)
            if instant == NEVER or instant >= limit:
                return
            ref = -1
            if key.judge_at == instant:
                ref, key.judge_at = key.judge_ref, NEVER
            self._judge(code, key, instant, ref, changes)

    def _judge(self, code: int, key: _Key, instant: Instant, ref: int, changes: list[Change]) -> None:
        """Compare the value at an instant; `ref` is the event that came at it, -1 where only time passed."""
        key.reached = instant
        self._evict(key, instant - self._over)
        value = self._measure(key)
        if value is not None:
            numbers = {"value": value, "count": len(key.events) - key.head}
            refs = () if ref < 0 else (ref,)
            # In event time an instant is judged when time has passed it, not when its last event came.
            by = AFTER_EVENTS if ref < 0 or self._event_time else ref
            if key.raised_at == NEVER:
                if ref >= 0 and self._raise_if.holds(value):
                    key.raised_at = instant
                    changes.append(Change(code, True, instant, instant, refs, numbers=numbers, by=by))
            elif self._clear_if.holds(value) and instant > key.raised_at:
                changes.append(Change(code, False, instant, key.raised_at, refs, numbers=numbers, by=by))
                key.raised_at = NEVER
        if key.raised_at != NEVER or key.judge_at != NEVER:
            self._waiting.add(code)
        else:
            self._waiting.discard(code)

    def _insert(self, key: _Key, at: Instant, value: float) -> None:
        if len(key.events) == key.head or key.events[-1][0] <= at:
            key.events.append((at, value))
        else:
            insort(key.events, (at, value), lo=key.head, key=lambda event: event[0])
        if self._value in _ORDERED:
            insort(key.ordered, value)
        elif self._value in _SUMMED:
            key.total.add(value)
        elif self._value is Value.DISTINCT:
            key.counts[value] = key.counts.get(value, 0) + 1

    def _evict(self, key: _Key, edge: Instant) -> None:
        events, head = key.events, key.head
        while head < len(events) and events[head][0] <= edge:
            value = events[head][1]
            if self._value in _ORDERED:
                del key.ordered[bisect_right(key.ordered, value) - 1]
            elif self._value in _SUMMED:
                key.total.add(-value)
            elif self._value is Value.DISTINCT:
                left = key.counts.pop(value) - 1
                if left:
                    key.counts[value] = left
            head += 1
        if head > 64 and head * 2 > len(events):
            del events[:head]
            head = 0
        key.head = head

    def _measure(self, key: _Key) -> float | None:
        count = len(key.events) - key.head
        if self._value is Value.COUNT:
            return count
        if self._value is Value.SUM:
            return key.total.value()
        if self._value is Value.DISTINCT:
            return len(key.counts)
        if not count:
            return None
        if self._value is Value.MEAN:
            return key.total.value() / count
        if self._value in _ORDERED:
            return key.ordered[0] if self._value is Value.MIN else key.ordered[-1]
        (begun, first), (ended, last) = key.events[key.head], key.events[-1]
        if self._value is Value.CHANGE:
            if begun == ended:
                return None
            return (last - first) * self._each / (ended - begun) if self._each else last - first
        return first if self._value is Value.FIRST else last

    def dump(self) -> dict[str, Any]:
        """Give each key's events that still count, and where it stands; forget the keys that have none."""
        self._forget()
        keys = []
        for code, key in self._keys.items():
            events = key.events[key.head :]
            at, values = [event[0] for event in events], [event[1] for event in events]
            keys.append([code, at, values, key.reached, key.raised_at, key.judge_at, key.judge_ref])
        return {"keys": [entry[0] for entry in keys], "entries": [entry[1:] for entry in keys]}

    def load(self, state: dict[str, Any]) -> None:
        """Take a state that `dump` gave."""
        for code, (at, values, reached, raised_at, judge_at, judge_ref) in zip(
            state["keys"], state["entries"], strict=True
        ):
            key = self._keys[code] = _Key()
            for instant, value in zip(at, values, strict=True):
                self._insert(key, instant, value)
            key.reached, key.raised_at, key.judge_at, key.judge_ref = reached, raised_at, judge_at, judge_ref
            if raised_at != NEVER or judge_at != NEVER:
                self._waiting.add(code)

    def adopt(self, key: int | tuple[int, int], raised_at: Instant) -> None:
        """Go on with an alert that is open."""
        assert isinstance(key, int)  # noqa: S101 - the key is a single one here
        known = self._keys.setdefault(key, _Key())
        known.raised_at = raised_at
        known.reached = max(known.reached, raised_at)
        self._waiting.add(key)

    def stop(self, at: Instant) -> list[Change]:
        """End every alert and forget the events; how far a key has been judged stays, so that none is judged twice."""
        changes = []
        for code, key in self._keys.items():
            if key.raised_at != NEVER:
                changes.append(Change(code, False, at, key.raised_at))
            fresh = self._keys[code] = _Key()
            fresh.reached = max(key.reached, at)
        self._waiting.clear()
        return changes

    def refs(self) -> list[int]:
        """Number the first event of each instant that is still to be judged."""
        return [self._keys[code].judge_ref for code in self._waiting if self._keys[code].judge_at != NEVER]

    def _forget(self) -> None:
        """Drop keys of which no event can speak any more: ingest takes no `at` that is a day before arrival."""
        edge = self._until - DAY - self._over
        for code in [c for c, key in self._keys.items() if key.reached <= edge and c not in self._waiting]:
            del self._keys[code]
