"""Threshold: a condition that stays true long enough, and is untrue long enough to end.

For each key a run is a row of consecutive events for which a condition is true; events for which it is
unknown are passed over. An event older than one the key has already shown comes here as unknown.

- idle: the condition is not true.
- pending: `raise` is true since `since`; firing begins at the first event at least `hold` later.
- firing: raised; waits for `clear`.
- recovering: `clear` is true since `since`; the alert ends at the first event at least `clear_hold` later.

Most keys are idle and stay so, and of them nothing is remembered.
"""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from ioc.model.instant import SECOND, Duration, Instant
from rules.kinds.by_key import by_key
from rules.kinds.contract import NEVER, Change, Feed, Numbers
from rules.kinds.runs import runs_of

IDLE: Final = 0
PENDING: Final = 1
FIRING: Final = 2
RECOVERING: Final = 3

TRUE: Final = 1
FALSE: Final = 0
UNKNOWN: Final = -1

MANY: Final = 256
"""Events from which whole runs at a time cost less than one event after the other."""


@dataclass(slots=True)
class _Standing:
    """Where a key stands that is not idle, or was raised at the very instant of its last event."""

    phase: int = IDLE
    since: Instant = NEVER
    raised_at: Instant = NEVER


class ThresholdKind:
    """The state of one threshold rule.

    Its feed has the columns `raise` and `clear`: 1 true, 0 false, -1 unknown.
    """

    def __init__(self, hold: Duration, clear_hold: Duration) -> None:
        """Take how long each condition must hold, µs."""
        self._hold = hold
        self._clear_hold = clear_hold
        self._standing: dict[int, _Standing] = {}

    @property
    def at_rest(self) -> bool:
        """Whether only an event that finds `raise` true can change anything."""
        return not self._standing

    def step(self, feed: Feed, until: Instant, *, closing: bool) -> list[Change]:  # noqa: ARG002
        """Take events; time alone changes nothing here."""
        if not len(feed):
            return []
        up = feed.columns["raise"] == TRUE
        if self._standing or np.count_nonzero(up):
            rows = self._concerned(feed, up)
            if len(rows):
                feed = feed.take(rows)
                return self._walk(feed) if len(feed) < MANY else self._leap(feed)
        return []

    def _concerned(self, feed: Feed, up: npt.NDArray[np.bool_]) -> Numbers:
        """Find the events of the keys that are not idle, or do not stay so."""
        standing = np.fromiter(self._standing, dtype=np.int64, count=len(self._standing))
        moved = np.zeros(max(int(feed.key.max()), int(standing.max(initial=0))) + 1, dtype=bool)
        moved[standing] = True
        moved[feed.key[up]] = True
        return np.flatnonzero(moved[feed.key])

    def _walk(self, feed: Feed) -> list[Change]:
        """Take one event after the other."""
        changes: list[Change] = []
        columns = (feed.key, feed.at, feed.columns["raise"], feed.columns["clear"], feed.ref)
        for key, at, raising, clearing, ref in zip(*(column.tolist() for column in columns), strict=True):
            known = self._standing.get(key)
            if known is None:
                if raising != TRUE:
                    continue
                known = self._standing[key] = _Standing()
            if known.phase in (IDLE, PENDING):
                if raising == TRUE:
                    if known.phase == IDLE:
                        known.since = at
                    known.phase = PENDING
                    held = at - known.since
                    # Two alerts of a key never begin at one instant: they would be the same alert.
                    if held >= self._hold and at > known.raised_at:
                        known.phase, known.raised_at = FIRING, at
                        changes.append(_raised(key, at, held, ref))
                elif raising == FALSE:
                    known.phase = IDLE
            elif clearing == TRUE:
                if known.phase == FIRING:
                    known.since = at
                known.phase = RECOVERING
                if at - known.since >= self._clear_hold:
                    known.phase = IDLE
                    changes.append(Change(key, False, at, known.raised_at, (ref,)))
            elif clearing == FALSE:
                known.phase = FIRING
            if known.phase == IDLE and at > known.raised_at:
                del self._standing[key]
        return changes

    def _leap(self, feed: Feed) -> list[Change]:
        """Take whole runs at a time, which gives the same where no event finds both conditions other than untrue.

        Of each run of `raise`, and of each of `clear`, only the event at which it has lasted long enough can change
        anything; and of these, in the key's order, only one that is not of the sort of the one before.
        """
        feed = by_key(feed)
        raising, clearing = feed.columns["raise"], feed.columns["clear"]
        if np.count_nonzero((raising == TRUE) & (clearing != FALSE) | (clearing == TRUE) & (raising != FALSE)):
            return self._walk(feed)
        begins = np.flatnonzero(np.diff(feed.key, prepend=-1))
        keys = feed.key[begins].tolist()
        before = [self._standing.get(key, _AT_REST) for key in keys]
        if any(known.phase == IDLE and known is not _AT_REST for known in before):
            return self._walk(feed)
        on = np.array([known.phase >= FIRING for known in before])
        pending = np.array([known.since if known.phase == PENDING else NEVER for known in before])
        recovering = np.array([known.since if known.phase == RECOVERING else NEVER for known in before])
        ups = runs_of(feed, begins, raising, pending, self._hold)
        downs = runs_of(feed, begins, clearing, recovering, self._clear_hold)

        row = np.concatenate([ups.reached, downs.reached])
        firing = np.repeat([True, False], [len(ups.reached), len(downs.reached)])
        begun = np.concatenate([ups.reached_since, downs.reached_since])
        order = np.argsort(row)
        row, firing, begun = row[order], firing[order], begun[order]
        segment = np.searchsorted(begins, row, side="right") - 1
        state = np.empty_like(firing)
        state[1:] = firing[:-1]
        first = np.diff(segment, prepend=-1) != 0
        state[first] = on[segment[first]]
        turns = np.flatnonzero(firing != state)

        changes: list[Change] = []
        after = on.tolist()
        raised_at = [known.raised_at for known in before]
        told = (segment[turns], firing[turns], feed.at[row[turns]], begun[turns], feed.ref[row[turns]])
        for place, fires, at, since, ref in zip(*(column.tolist() for column in told), strict=True):
            if at <= raised_at[place]:
                # An alert that ends at the instant at which it began: then which event comes first decides.
                return self._walk(feed)
            after[place] = fires
            if fires:
                raised_at[place] = at
                changes.append(_raised(keys[place], at, at - since, ref))
            else:
                changes.append(Change(keys[place], False, at, raised_at[place], (ref,)))
        up_lasts, down_lasts = ups.lasts.tolist(), downs.lasts.tolist()
        for place, key in enumerate(keys):
            up_since, down_since = up_lasts[place], down_lasts[place]
            if after[place]:
                phase, since = (FIRING, NEVER) if down_since == NEVER else (RECOVERING, down_since)
            elif up_since != NEVER:
                phase, since = PENDING, up_since
            else:
                self._standing.pop(key, None)
                continue
            self._standing[key] = _Standing(phase, since, raised_at[place])
        return changes

    def dump(self) -> dict[str, Any]:
        """Give the keys that are not at rest and, side by side, where each stands."""
        standing = self._standing.values()
        return {
            "keys": list(self._standing),
            "phase": [known.phase for known in standing],
            "since": [known.since for known in standing],
            "raised_at": [known.raised_at for known in standing],
        }

    def load(self, state: dict[str, Any]) -> None:
        """Take a state that `dump` gave."""
        rows = zip(state["keys"], state["phase"], state["since"], state["raised_at"], strict=True)
        self._standing = {key: _Standing(phase, since, raised_at) for key, phase, since, raised_at in rows}

    def adopt(self, key: int | tuple[int, int], raised_at: Instant) -> None:
        """Go on with an alert that is open."""
        assert isinstance(key, int)  # noqa: S101 - the key is a single one here
        self._standing[key] = _Standing(FIRING, NEVER, raised_at)

    def stop(self, at: Instant) -> list[Change]:
        """End every alert and forget all but when alerts began: two of a key never begin at one instant."""
        firing = {key: known for key, known in self._standing.items() if known.phase >= FIRING}
        self._standing = {key: _Standing(raised_at=known.raised_at) for key, known in firing.items()}
        return [Change(key, False, at, known.raised_at) for key, known in firing.items()]

    def refs(self) -> list[int]:
        """Nothing older than the last batch is needed."""
        return []


_AT_REST: Final = _Standing()


def _raised(key: int, at: Instant, held: Duration, ref: int) -> Change:
    return Change(key, True, at, at, (ref,), numbers={"held_s": held / SECOND})
