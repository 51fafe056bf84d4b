"""Window: a value over the last while, (t − over, t], that reaches a bound.

Raised at an event that makes the value satisfy `raise`; ended at the first instant after it, expiry of old
events included, at which the value satisfies `clear`. A value that cannot be told (the mean of nothing)
is unknown, and changes nothing.

In stream order each event is judged as it comes. In event time an instant is judged once it is over, when
all of its events are known, so that the result is that of a whole-file computation.

Most keys never come near the bound. Their events stand in arrays, and only a key that may reach the bound is
followed event by event.
"""

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from ioc.model.alerts import AFTER_EVENTS
from ioc.model.instant import DAY, Duration, Instant
from rules.bounds import Bound
from rules.kinds.contract import NEVER, Change, Feed, Numbers, grown
from rules.kinds.window_reach import EventStore, Reach
from rules.kinds.window_value import KeyWindow, Value

FEW: Final = 64
"""Keys that come near the bound are followed at once where they are fewer: to rule them out would cost more."""


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
        self._reach = Reach(value, raise_if, over, each, event_time=event_time)
        self._until: Instant = NEVER
        # Every event that still counts, and for each key how far it was judged and how near it may have come.
        self._store = EventStore()
        self._reached = np.zeros(0, dtype=np.int64)
        self._weight = np.zeros(0)
        # Keys that are followed; of these, those for which time alone can bring something.
        self._followed: dict[int, KeyWindow] = {}
        self._marks = np.zeros(0, dtype=bool)
        self._waiting: set[int] = set()
        # Of keys that are not followed, the first event of an instant that is not over: key to instant and number.
        self._open: dict[int, tuple[Instant, int]] = {}

    def step(self, feed: Feed, until: Instant, *, closing: bool) -> list[Change]:
        """Take events, then judge what time brings."""
        changes: list[Change] = []
        limit = until + 1 if closing else until
        if len(feed):
            self._grow(int(feed.key.max()) + 1)
            values = feed.columns["value"] if "value" in feed.columns else np.ones(len(feed))
            followed = self._follow(feed, values)
            if followed is not None and np.count_nonzero(followed):
                self._walk(feed, values, np.flatnonzero(followed), changes)
            if self._event_time and int(feed.now[-1]) >= limit:
                self._open_instants(feed, feed.now >= limit if followed is None else (feed.now >= limit) & ~followed)
            np.maximum.at(self._reached, feed.key, feed.now if self._event_time else feed.at)
            self._store.add(feed.key, feed.at, values)
        self._until = max(self._until, until)
        for code in sorted(self._waiting):
            self._pass_time(code, self._followed[code], limit, changes)
        if self._open:
            self._open = {code: waits for code, waits in self._open.items() if waits[0] >= limit}
        if self._store.full:
            self._sweep()
        return changes

    def _follow(self, feed: Feed, values: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_] | None:
        """Follow the keys that may reach the bound; say which events are of keys that are followed, None for none."""
        if not self._reach.tells:
            fresh = [code for code in np.unique(feed.key).tolist() if code not in self._followed]
            self._begin(np.array(fresh, dtype=np.int64))
            return np.ones(len(feed), dtype=bool)
        np.add.at(self._weight, feed.key, self._reach.weigh(values))
        near = (self._weight[feed.key] >= self._reach.need) & ~self._marks[feed.key]
        if np.count_nonzero(near):
            codes = np.unique(feed.key[near])
            self._begin(codes if len(codes) < FEW else self._reaching(feed, values, codes))
        return self._marks[feed.key] if self._followed else None

    def _reaching(self, feed: Feed, values: npt.NDArray[np.float64], codes: Numbers) -> Numbers:
        """Choose, of some keys, those that may reach the bound."""
        self._store.gather()
        chosen = self._marked(codes)
        old, new = np.flatnonzero(chosen[self._store.key]), np.flatnonzero(chosen[feed.key])
        key, at = feed.key[new], feed.at[new]
        judged_by_at = at == feed.now[new] if self._event_time else at >= self._reached[key]
        found = self._reach.reaching(
            np.concatenate([self._store.key[old], key]),
            np.concatenate([self._store.at[old], at]),
            np.concatenate([self._store.value[old], values[new]]),
            np.repeat([False, True], [len(old), len(new)]),
        )
        self._weigh_again(codes, old, key, values[new])
        return np.union1d(found, key[~judged_by_at])

    def _weigh_again(self, codes: Numbers, old: Numbers, key: Numbers, values: npt.NDArray[np.float64]) -> None:
        """Count, of these keys, only what still counts, so that they need not be looked at again at once."""
        store = self._store
        old = old[store.at[old] > self._reached[store.key[old]] - self._over]
        self._weight[codes] = 0
        np.add.at(self._weight, store.key[old], self._reach.weigh(store.value[old]))
        np.add.at(self._weight, key, self._reach.weigh(values))

    def _marked(self, codes: Any) -> npt.NDArray[np.bool_]:
        marked = np.zeros(len(self._reached), dtype=bool)
        marked[codes] = True
        return marked

    def _begin(self, codes: Numbers) -> None:
        """Follow these keys, from the events that still count."""
        if not len(codes):
            return
        self._store.gather()
        rows = np.flatnonzero(self._marked(codes)[self._store.key])
        rows = rows[self._store.at[rows] > self._reached[self._store.key[rows]] - self._over]
        self._marks[codes] = True
        for code in codes.tolist():
            window = self._followed[code] = KeyWindow(self._value, self._each)
            window.reached = int(self._reached[code])
            if code in self._open:
                window.judge_at, window.judge_ref = self._open.pop(code)
                self._waiting.add(code)
        columns = (self._store.key[rows], self._store.at[rows], self._store.value[rows])
        for code, at, value in zip(*(column.tolist() for column in columns), strict=True):
            self._followed[code].insert(at, value)

    def _open_instants(self, feed: Feed, chosen: npt.NDArray[np.bool_]) -> None:
        """Note, of events of keys that are not followed, the instants that are not over."""
        for row in np.flatnonzero(chosen).tolist():
            code, now = int(feed.key[row]), int(feed.now[row])
            if self._open.get(code, (NEVER, 0))[0] != now:
                self._open[code] = (now, int(feed.ref[row]))

    def _walk(self, feed: Feed, values: npt.NDArray[np.float64], rows: Numbers, changes: list[Change]) -> None:
        """Take one event after the other."""
        columns = (feed.key, feed.at, feed.now, values, feed.ref)
        for code, at, now, value, ref in zip(*(column[rows].tolist() for column in columns), strict=True):
            key = self._followed[code]
            self._pass_time(code, key, now, changes)
            instant = now if self._event_time else max(at, key.reached)
            if at > instant - self._over:
                key.insert(at, value)
            if self._event_time:
                if key.judge_at != instant:
                    key.judge_at, key.judge_ref = instant, ref
                self._waiting.add(code)
            else:
                self._judge(code, key, instant, ref, changes)

    def _pass_time(self, code: int, key: KeyWindow, limit: Instant, changes: list[Change]) -> None:
        """Judge, in order, every instant before `limit` at which something can change."""
        while code in self._waiting:
            instant = key.judge_at
            if key.raised_at != NEVER and (oldest := key.oldest) is not None:
                expiry = oldest + self._over
                instant = expiry if instant == NEVER else min(instant, expiry)
            if instant == NEVER or instant >= limit:
                return
            ref = -1
            if key.judge_at == instant:
                ref, key.judge_at = key.judge_ref, NEVER
            self._judge(code, key, instant, ref, changes)

    def _judge(self, code: int, key: KeyWindow, instant: Instant, ref: int, changes: list[Change]) -> None:
        """Compare the value at an instant; `ref` is the event that came at it, -1 where only time passed."""
        key.reached = instant
        key.evict(instant - self._over)
        value = key.measure()
        if value is not None:
            if key.raised_at == NEVER:
                if ref >= 0 and self._raise_if.holds(value):
                    key.raised_at = instant
                    changes.append(self._change(code, key, instant, value, ref, firing=True))
            elif self._clear_if.holds(value) and instant > key.raised_at:
                changes.append(self._change(code, key, instant, value, ref, firing=False))
                key.raised_at = NEVER
        if key.raised_at != NEVER or key.judge_at != NEVER:
            self._waiting.add(code)
        else:
            self._waiting.discard(code)

    def _change(self, code: int, key: KeyWindow, at: Instant, value: float, ref: int, *, firing: bool) -> Change:
        # In event time an instant is judged when time has passed it, not when its last event came.
        by = AFTER_EVENTS if ref < 0 or self._event_time else ref
        numbers = {"value": value, "count": len(key)}
        return Change(code, firing, at, key.raised_at, () if ref < 0 else (ref,), numbers=numbers, by=by)

    def _sweep(self) -> None:
        """Let go of events that count no more, and of keys for which nothing is to be followed; not at every step."""
        self._store.gather()
        for code, key in list(self._followed.items()):
            self._reached[code] = max(int(self._reached[code]), key.reached)
            if code not in self._waiting:
                del self._followed[code]
                self._marks[code] = False
        reached = self._reached[self._store.key]
        # Ingest takes no event that is a day old: none can bring a silent key to speak of older ones.
        counts = (self._store.at > reached - self._over) & (reached > self._until - DAY - self._over)
        self._store.keep(counts)
        if self._reach.tells:
            self._weight[:] = 0
            np.add.at(self._weight, self._store.key, self._reach.weigh(self._store.value))

    def dump(self) -> dict[str, Any]:
        """Give each key's events that still count, and where it stands; forget the keys that have none."""
        self._sweep()
        speaking = self._reached > self._until - DAY - self._over
        speaking[list(self._waiting)] = True
        keys = np.flatnonzero(speaking & (self._reached != NEVER) | self._marked(list(self._waiting)))
        places = np.zeros(len(self._reached), dtype=np.int64)
        places[keys] = np.arange(len(keys))
        rows = np.flatnonzero(speaking[self._store.key])
        waiting = [(int(places[code]), self._followed[code]) for code in self._waiting]
        opened = [(int(places[code]), *instant) for code, instant in self._open.items()]
        return {
            "keys": keys,
            "reached": self._reached[keys],
            "of": places[self._store.key[rows]],
            "at": self._store.at[rows],
            "value": self._store.value[rows],
            "waiting": [[place, key.raised_at, key.judge_at, key.judge_ref] for place, key in waiting],
            "open": [list(instant) for instant in opened],
        }

    def load(self, state: dict[str, Any]) -> None:
        """Take a state that `dump` gave."""
        keys = np.asarray(state["keys"], dtype=np.int64)
        if not len(keys):
            return
        self._grow(int(keys.max()) + 1)
        self._reached[keys] = state["reached"]
        self._store.add(keys[state["of"]], np.array(state["at"]), np.array(state["value"]))
        self._sweep()
        waiting = [(int(keys[place]), *rest) for place, *rest in state["waiting"]]
        self._begin(np.array([code for code, *_ in waiting], dtype=np.int64))
        for code, raised_at, judge_at, judge_ref in waiting:
            key = self._followed[code]
            key.raised_at, key.judge_at, key.judge_ref = raised_at, judge_at, judge_ref
            self._waiting.add(code)
        self._open = {int(keys[place]): (instant, ref) for place, instant, ref in state["open"]}

    def adopt(self, key: int | tuple[int, int], raised_at: Instant) -> None:
        """Go on with an alert that is open."""
        assert isinstance(key, int)  # noqa: S101 - the key is a single one here
        self._grow(key + 1)
        if key not in self._followed:
            self._begin(np.array([key], dtype=np.int64))
        known = self._followed[key]
        known.raised_at = raised_at
        known.reached = max(known.reached, raised_at)
        self._waiting.add(key)

    def stop(self, at: Instant) -> list[Change]:
        """End every alert and forget the events; how far a key has been judged stays, so that none is judged twice."""
        changes = []
        for code, key in self._followed.items():
            if key.raised_at != NEVER:
                changes.append(Change(code, False, at, key.raised_at))
            self._reached[code] = max(int(self._reached[code]), key.reached)
        known = self._reached != NEVER
        self._reached[known] = np.maximum(self._reached[known], at)
        self._store, self._followed, self._open = EventStore(), {}, {}
        self._waiting.clear()
        self._weight[:] = 0
        self._marks[:] = False
        return changes

    def refs(self) -> list[int]:
        """Number the first event of each instant that is still to be judged."""
        followed = [self._followed[code] for code in self._waiting]
        return [key.judge_ref for key in followed if key.judge_at != NEVER] + [ref for _, ref in self._open.values()]

    def _grow(self, size: int) -> None:
        self._reached = grown(self._reached, size, NEVER)
        if len(self._weight) < len(self._reached):
            more = len(self._reached) - len(self._weight)
            self._weight = np.concatenate([self._weight, np.zeros(more)])
            self._marks = np.concatenate([self._marks, np.zeros(more, dtype=bool)])


__all__ = ["Value", "WindowKind"]
