"""Absence: a key that has been silent for longer than it may be.

Raised at the key's last `at` + `after`, once time has passed that instant; ended by the key's next event.
An event that is older than what the key has already shown says nothing new, and changes nothing.
"""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from ioc.model.instant import SECOND, Duration, Instant
from rules.kinds.by_key import by_key, greatest_before
from rules.kinds.contract import NEVER, Change, Feed, Numbers, grown

NOTHING_DUE: Final[Instant] = 2**62


class AbsenceKind:
    """The state of one absence rule."""

    def __init__(self, after: Duration) -> None:
        """Take how long a key may be silent, µs."""
        self._after = after
        self._last = np.zeros(0, dtype=np.int64)
        self._raised_at: dict[int, Instant] = {}
        # Before it nothing falls due, so that the keys need not be looked through at every step.
        self._next_due: Instant = NOTHING_DUE

    def expect(self, keys: Numbers, since: Instant) -> None:
        """Watch keys that should speak though they never have: their silence is counted from `since`."""
        if len(keys):
            self._grow(int(keys.max()) + 1)
            unseen = keys[self._last[keys] == NEVER]
            self._last[unseen] = since
            self._next_due = min(self._next_due, since + self._after)

    def listen_again(self, since: Instant) -> None:
        """Count the silence of every key from `since` at the earliest: before it, nobody listened."""
        waiting = self._last != NEVER
        waiting[list(self._raised_at)] = False
        self._last[waiting] = np.maximum(self._last[waiting], since)

    def step(self, feed: Feed, until: Instant, *, closing: bool) -> list[Change]:
        """Take events, then raise for the keys whose patience has ended."""
        changes: list[Change] = []
        decided: dict[tuple[int, Instant], int] = {}
        if len(feed):
            self._grow(int(feed.key.max()) + 1)
            decided = self._told_too_late(feed)
            self._next_due = min(self._next_due, int(feed.at.min()) + self._after)
            last = self._last[feed.key]
            # Most keys have not been silent for long, and of them only the last event matters.
            if self._raised_at or np.count_nonzero(last + self._after < feed.now):
                changes = self._look(feed, last, decided)
            np.maximum.at(self._last, feed.key, feed.at)
        if self._next_due < (until + 1 if closing else until):
            changes += self._expire(until, decided, closing=closing)
        return changes

    def _told_too_late(self, feed: Feed) -> dict[tuple[int, Instant], int]:
        """Find the events after which, by the time they come, their key has been silent for too long already."""
        late = feed.at + self._after < feed.now
        if not np.count_nonzero(late):
            return {}
        doubtful = np.zeros(len(self._last), dtype=bool)
        doubtful[feed.key[late]] = True
        feed = by_key(feed.take(np.flatnonzero(doubtful[feed.key])))
        before = greatest_before(feed.key, feed.at, self._last[feed.key])
        rows = np.flatnonzero((feed.at > before) & (feed.at + self._after < feed.now))
        told = (feed.key[rows].tolist(), feed.at[rows].tolist(), feed.ref[rows].tolist())
        return {(key, at): ref for key, at, ref in zip(*told, strict=True)}

    def _look(self, feed: Feed, last: Numbers, decided: Mapping[tuple[int, Instant], int]) -> list[Change]:
        """Find the events before which their key was silent for too long."""
        doubtful = np.zeros(len(self._last), dtype=bool)
        doubtful[feed.key[last + self._after < feed.now]] = True
        doubtful[list(self._raised_at)] = True
        rows = np.flatnonzero(doubtful[feed.key])
        if not len(rows):
            return []
        feed = by_key(feed.take(rows))
        before = greatest_before(feed.key, feed.at, self._last[feed.key])
        telling = np.flatnonzero(feed.at > before)
        feed, before = feed.take(telling), before[telling]
        silent = (before != NEVER) & (before + self._after < feed.now)
        ends = np.zeros(len(self._last), dtype=bool)
        ends[list(self._raised_at)] = True
        first = np.diff(feed.key, prepend=-1) != 0
        changes: list[Change] = []
        rows = np.flatnonzero(silent | (first & ends[feed.key]))
        told = (feed.key, feed.at, before, silent, feed.ref)
        for key, at, was, late, ref in zip(*(column[rows].tolist() for column in told), strict=True):
            raised_at = self._raised_at.pop(key, NEVER)
            if raised_at == NEVER and late:
                raised_at = was + self._after
                changes.append(self._raised(key, raised_at, decided.get((key, was))))
            if raised_at != NEVER:
                changes.append(Change(key, False, max(at, raised_at), raised_at, (ref,)))
        return changes

    def _expire(self, until: Instant, decided: Mapping[tuple[int, Instant], int], *, closing: bool) -> list[Change]:
        due = self._last + self._after
        due[self._last == NEVER] = NOTHING_DUE
        due[list(self._raised_at)] = NOTHING_DUE
        keys = np.flatnonzero((due <= until) if closing else (due < until))
        silent = dict(zip(keys.tolist(), due[keys].tolist(), strict=True))
        self._raised_at |= silent
        due[keys] = NOTHING_DUE
        self._next_due = int(due.min(initial=NOTHING_DUE))
        return [self._raised(key, at, decided.get((key, at - self._after))) for key, at in silent.items()]

    def _raised(self, key: int, at: Instant, by: int | None) -> Change:
        return Change(key, True, at, at, numbers={"silent_s": self._after / SECOND}, by=by)

    def _grow(self, size: int) -> None:
        self._last = grown(self._last, size, NEVER)

    def dump(self) -> dict[str, Any]:
        """Give the keys seen so far, with their last event and, where raised, since when."""
        keys = np.flatnonzero(self._last != NEVER)
        raised_at = np.full(len(self._last), NEVER, dtype=np.int64)
        raised_at[list(self._raised_at)] = list(self._raised_at.values())
        return {"keys": keys, "last": self._last[keys], "raised_at": raised_at[keys]}

    def load(self, state: dict[str, Any]) -> None:
        """Take a state that `dump` gave."""
        keys, raised_at = np.asarray(state["keys"], dtype=np.int64), np.asarray(state["raised_at"], dtype=np.int64)
        if len(keys):
            self._grow(int(keys.max()) + 1)
            self._last[keys] = state["last"]
            raised = raised_at != NEVER
            self._raised_at = dict(zip(keys[raised].tolist(), raised_at[raised].tolist(), strict=True))
            self._next_due = NEVER

    def adopt(self, key: int | tuple[int, int], raised_at: Instant) -> None:
        """Go on with an alert that is open: its key has been silent since before it."""
        assert isinstance(key, int)  # noqa: S101 - the key is a single one here
        self._grow(key + 1)
        self._last[key] = raised_at - self._after
        self._raised_at[key] = raised_at

    def stop(self, at: Instant) -> list[Change]:
        """End every alert. The keys stay known, until `listen_again` says since when they are watched again."""
        changes = [Change(key, False, at, raised_at) for key, raised_at in self._raised_at.items()]
        self._raised_at.clear()
        self._next_due = NEVER
        return changes

    def refs(self) -> list[int]:
        """Silence has no events to show."""
        return []
