"""Absence: a key that has been silent for longer than it may be.

Raised at the key's last `at` + `after`, once time has passed that instant; ended by the key's next event.
An event that is older than what the key has already shown says nothing new, and changes nothing.
"""

from typing import Any

import numpy as np

from ioc.model.instant import SECOND, Duration, Instant
from rules.kinds.contract import NEVER, Change, Feed, Numbers, grown


class AbsenceKind:
    """The state of one absence rule."""

    def __init__(self, after: Duration) -> None:
        """Take how long a key may be silent, µs."""
        self._after = after
        self._last = np.zeros(0, dtype=np.int64)
        self._raised_at = np.zeros(0, dtype=np.int64)

    def expect(self, keys: Numbers, since: Instant) -> None:
        """Watch keys that should speak though they never have: their silence is counted from `since`."""
        if len(keys):
            self._grow(int(keys.max()) + 1)
            unseen = keys[self._last[keys] == NEVER]
            self._last[unseen] = since

    def listen_again(self, since: Instant) -> None:
        """Count the silence of every key from `since` at the earliest: before it, nobody listened."""
        waiting = (self._last != NEVER) & (self._raised_at == NEVER)
        self._last[waiting] = np.maximum(self._last[waiting], since)

    def step(self, feed: Feed, until: Instant, *, closing: bool) -> list[Change]:
        """Take events, then raise for the keys whose patience has ended."""
        changes: list[Change] = []
        if len(feed):
            self._grow(int(feed.key.max()) + 1)
            walked = self._troubled(feed)[feed.key]
            quiet = ~walked
            np.maximum.at(self._last, feed.key[quiet], feed.at[quiet])
            changes += self._walk(feed, np.flatnonzero(walked))
        return changes + self._expire(until, closing=closing)

    def _troubled(self, feed: Feed) -> Any:
        """Mark the keys whose rows must be walked one by one: open, out of order, or with a gap."""
        order = np.argsort(feed.key, kind="stable")
        key, at, now = feed.key[order], feed.at[order], feed.now[order]
        before = np.empty_like(at)
        before[1:] = at[:-1]
        first = np.ones(len(key), dtype=bool)
        first[1:] = key[1:] != key[:-1]
        before[first] = self._last[key[first]]
        seen = before != NEVER
        strange = (seen & ((at < before) | (before + self._after < now))) | (self._raised_at[key] != NEVER)
        troubled = np.zeros(len(self._last), dtype=bool)
        troubled[key[strange]] = True
        return troubled

    def _walk(self, feed: Feed, rows: Any) -> list[Change]:
        changes: list[Change] = []
        columns = (feed.key, feed.at, feed.now, feed.ref)
        for key, at, now, ref in zip(*(column[rows].tolist() for column in columns), strict=True):
            last, raised_at = int(self._last[key]), int(self._raised_at[key])
            if last != NEVER and raised_at == NEVER and last + self._after < now:
                raised_at = last + self._after
                changes.append(self._raised(key, raised_at))
                self._raised_at[key] = raised_at
            if at > last:
                self._last[key] = at
                if raised_at != NEVER:
                    changes.append(Change(key, False, max(at, raised_at), raised_at, (ref,)))
                    self._raised_at[key] = NEVER
        return changes

    def _expire(self, until: Instant, *, closing: bool) -> list[Change]:
        due = self._last + self._after
        late = (due <= until) if closing else (due < until)
        keys = np.flatnonzero(late & (self._last != NEVER) & (self._raised_at == NEVER))
        self._raised_at[keys] = due[keys]
        return [self._raised(int(key), int(due[key])) for key in keys]

    def _raised(self, key: int, at: Instant) -> Change:
        return Change(key, True, at, at, numbers={"silent_s": self._after / SECOND})

    def _grow(self, size: int) -> None:
        self._last = grown(self._last, size, NEVER)
        self._raised_at = grown(self._raised_at, size, NEVER)

    def dump(self) -> dict[str, Any]:
        """Give the keys seen so far, with their last event and, where raised, since when."""
        keys = np.flatnonzero(self._last != NEVER)
        return {
            "keys": keys.tolist(),
            "last": self._last[keys].tolist(),
            "raised_at": self._raised_at[keys].tolist(),
        }

    def load(self, state: dict[str, Any]) -> None:
        """Take a state that `dump` gave."""
        keys = np.array(state["keys"], dtype=np.int64)
        if len(keys):
            self._grow(int(keys.max()) + 1)
            self._last[keys] = state["last"]
            self._raised_at[keys] = state["raised_at"]

    def adopt(self, key: int | tuple[int, int], raised_at: Instant) -> None:
        """Go on with an alert that is open: its key has been silent since before it."""
        assert isinstance(key, int)  # noqa: S101 - the key is a single one here
        self._grow(key + 1)
        self._last[key] = raised_at - self._after
        self._raised_at[key] = raised_at

    def stop(self, at: Instant) -> list[Change]:
        """End every alert. The keys stay known, until `listen_again` says since when they are watched again."""
        keys = np.flatnonzero(self._raised_at != NEVER)
        changes = [Change(int(key), False, at, int(self._raised_at[key])) for key in keys]
        self._raised_at[keys] = NEVER
        return changes

    def refs(self) -> list[int]:
        """Silence has no events to show."""
        return []
