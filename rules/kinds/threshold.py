"""Threshold: a condition that stays true long enough, and is untrue long enough to end.

For each key a run is a row of consecutive events for which a condition is true; events for which it is
unknown are passed over, and so is an event older than one the key has already shown.

- idle: the condition is not true.
- pending: `raise` is true since `since`; firing begins at the first event at least `hold` later.
- firing: raised; waits for `clear`.
- recovering: `clear` is true since `since`; the alert ends at the first event at least `clear_hold` later.
"""

from typing import Any, Final

import numpy as np

from ioc.model.instant import DAY, SECOND, Duration, Instant
from rules.kinds.contract import NEVER, Change, Feed, grown

IDLE: Final = 0
PENDING: Final = 1
FIRING: Final = 2
RECOVERING: Final = 3

TRUE: Final = 1
FALSE: Final = 0
UNKNOWN: Final = -1


class ThresholdKind:
    """The state of one threshold rule.

    Its feed has the columns `raise` and `clear`: 1 true, 0 false, -1 unknown.
    """

    def __init__(self, hold: Duration, clear_hold: Duration) -> None:
        """Take how long each condition must hold, µs."""
        self._hold = hold
        self._clear_hold = clear_hold
        self._phase = np.zeros(0, dtype=np.int64)
        self._since = np.zeros(0, dtype=np.int64)
        self._raised_at = np.zeros(0, dtype=np.int64)
        self._seen_raise = np.zeros(0, dtype=np.int64)
        self._seen_clear = np.zeros(0, dtype=np.int64)
        self._until: Instant = NEVER

    def step(self, feed: Feed, until: Instant, *, closing: bool) -> list[Change]:  # noqa: ARG002
        """Take events; time alone changes nothing here."""
        self._until = max(self._until, until)
        if not len(feed):
            return []
        self._grow(int(feed.key.max()) + 1)
        raising = feed.columns["raise"]
        # Most keys are idle and stay so: only rows of keys that are, or become, something else are walked.
        moved = np.zeros(len(self._phase), dtype=bool)
        moved[feed.key[raising == TRUE]] = True
        moved |= self._phase != IDLE
        walked = moved[feed.key]
        self._remember(feed, ~walked)
        rows = np.flatnonzero(walked)
        return self._walk(feed, rows) if len(rows) else []

    def _remember(self, feed: Feed, quiet: Any) -> None:
        for seen, column in ((self._seen_raise, "raise"), (self._seen_clear, "clear")):
            known = quiet & (feed.columns[column] != UNKNOWN)
            np.maximum.at(seen, feed.key[known], feed.at[known])

    def _walk(self, feed: Feed, rows: Any) -> list[Change]:
        changes: list[Change] = []
        columns = (feed.key, feed.at, feed.columns["raise"], feed.columns["clear"], feed.ref)
        for key, at, raising, clearing, ref in zip(*(column[rows].tolist() for column in columns), strict=True):
            if raising != UNKNOWN:
                if at < self._seen_raise[key]:
                    raising = UNKNOWN  # noqa: PLW2901
                else:
                    self._seen_raise[key] = at
            if clearing != UNKNOWN:
                if at < self._seen_clear[key]:
                    clearing = UNKNOWN  # noqa: PLW2901
                else:
                    self._seen_clear[key] = at
            phase = self._phase[key]
            if phase in (IDLE, PENDING):
                if raising == TRUE:
                    if phase == IDLE:
                        self._since[key] = at
                    held = at - int(self._since[key])
                    self._phase[key] = PENDING
                    # Two alerts of a key never begin at one instant: they would be the same alert.
                    if held >= self._hold and at > self._raised_at[key]:
                        self._phase[key] = FIRING
                        self._raised_at[key] = at
                        changes.append(Change(key, True, at, at, (ref,), numbers={"held_s": held / SECOND}))
                elif raising == FALSE:
                    self._phase[key] = IDLE
            elif clearing == TRUE:
                if phase == FIRING:
                    self._since[key] = at
                self._phase[key] = RECOVERING
                if at - int(self._since[key]) >= self._clear_hold:
                    self._phase[key] = IDLE
                    changes.append(Change(key, False, at, int(self._raised_at[key]), (ref,)))
            elif clearing == FALSE:
                self._phase[key] = FIRING
        return changes

    def _grow(self, size: int) -> None:
        self._phase = grown(self._phase, size, IDLE)
        self._since = grown(self._since, size, NEVER)
        self._raised_at = grown(self._raised_at, size, NEVER)
        self._seen_raise = grown(self._seen_raise, size, NEVER)
        self._seen_clear = grown(self._seen_clear, size, NEVER)

    def dump(self) -> dict[str, Any]:
        """Give the keys that matter and, side by side, what is known of each.

        A key that is idle and has been silent for a day does not: ingest takes no event that is older.
        """
        seen = np.maximum(self._seen_raise, self._seen_clear)
        keys = np.flatnonzero((seen > NEVER) & ((self._phase != IDLE) | (seen > self._until - DAY)))
        return {
            "keys": keys.tolist(),
            "phase": self._phase[keys].tolist(),
            "since": self._since[keys].tolist(),
            "raised_at": self._raised_at[keys].tolist(),
            "seen_raise": self._seen_raise[keys].tolist(),
            "seen_clear": self._seen_clear[keys].tolist(),
        }

    def load(self, state: dict[str, Any]) -> None:
        """Take a state that `dump` gave."""
        keys = np.array(state["keys"], dtype=np.int64)
        if not len(keys):
            return
        self._grow(int(keys.max()) + 1)
        for name in ("phase", "since", "raised_at", "seen_raise", "seen_clear"):
            getattr(self, f"_{name}")[keys] = state[name]

    def adopt(self, key: int | tuple[int, int], raised_at: Instant) -> None:
        """Go on with an alert that is open."""
        assert isinstance(key, int)  # noqa: S101 - the key is a single one here
        self._grow(key + 1)
        self._phase[key] = FIRING
        self._raised_at[key] = raised_at

    def stop(self, at: Instant) -> list[Change]:
        """End every alert and forget all but when alerts began: two of a key never begin at one instant."""
        keys = np.flatnonzero((self._phase == FIRING) | (self._phase == RECOVERING))
        changes = [Change(int(key), False, at, int(self._raised_at[key])) for key in keys]
        self._phase[:] = IDLE
        for values in (self._since, self._seen_raise, self._seen_clear):
            values[:] = NEVER
        return changes

    def refs(self) -> list[int]:
        """Nothing older than the last batch is needed."""
        return []
