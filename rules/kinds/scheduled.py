"""A kind that is kept to a schedule: outside its hours the rule does not exist.

At the end of the hours every alert ends, at that instant, and the state is empty; at their beginning it begins anew.
An event belongs to the hours in which it happened where the rule takes events in order of `at`, else to those in
which it came.
"""

from typing import Any, Protocol, runtime_checkable

import numpy as np

from ioc.model.instant import Instant
from rules.kinds.contract import NEVER, Change, Feed, Kind
from rules.schedule import Schedule, Span


@runtime_checkable
class Listening(Protocol):
    """A kind that counts silence, and must be told since when anybody listens."""

    def listen_again(self, since: Instant) -> None:
        """Count silence from `since` at the earliest."""
        ...


class ScheduledKind:
    """The state of a rule with hours: that of the rule without, and how far its time has come."""

    def __init__(self, kind: Kind, schedule: Schedule, *, event_time: bool) -> None:
        """Take a kind that has seen nothing; `event_time`: whether its events come in order of `at`."""
        self.kind = kind
        self._schedule = schedule
        self._event_time = event_time
        # The hours that are running; None between them.
        self._span: Span | None = None
        self._next: Span | None = None
        self._reached: Instant = NEVER
        self._adopted = False

    def step(self, feed: Feed, until: Instant, *, closing: bool) -> list[Change]:
        """Take the events of the hours, and stop at the end of each."""
        changes: list[Change] = []
        if self._reached == NEVER:
            self._reached = min(until, int(feed.now[0])) if len(feed) else until
        while True:
            if self._span is None and not self._begin(until):
                if self._adopted:
                    changes += self.kind.stop(max(self._reached, until))
                    self._adopted = False
                self._reached = max(self._reached, until)
                return changes
            assert self._span is not None  # noqa: S101 - it has begun
            begin, end = self._span.begin, self._span.end
            self._adopted = False
            first, behind = np.searchsorted(feed.now, (begin, end))
            rows = feed.take(slice(int(first), int(behind)))
            if self._event_time:
                # One that is later than the rule waits for may belong to hours that are over.
                rows = rows.take(rows.at >= begin)
            if until < end:
                self._reached = until
                return changes + self.kind.step(rows, until, closing=closing)
            changes += self.kind.step(rows, end, closing=False)
            changes += self.kind.stop(end)
            feed = feed.take(slice(int(behind), None))
            self._reached, self._span = end, None

    def _begin(self, until: Instant) -> bool:
        """Begin the hours that time has reached; False where there are none."""
        if self._next is None or self._next.end <= self._reached:
            self._next = self._schedule.span(self._reached)
        if self._next.begin > until:
            return False
        self._span = self._next
        if isinstance(self.kind, Listening):
            self.kind.listen_again(max(self._span.begin, self._reached))
        return True

    def dump(self) -> dict[str, Any]:
        """Give the kind's own state, and which hours are running."""
        span = None if self._span is None else [self._span.begin, self._span.end]
        return self.kind.dump() | {"hours": [span, self._reached]}

    def load(self, state: dict[str, Any]) -> None:
        """Take a state that `dump` gave, perhaps under another schedule."""
        self.kind.load(state)
        span, self._reached = state["hours"]
        if span is not None:
            now = self._schedule.span(self._reached)
            # Where by the new schedule there are no hours now, they end where time stands.
            self._span = Span(span[0], now.end if now.begin <= self._reached else self._reached)

    def adopt(self, key: int | tuple[int, int], raised_at: Instant) -> None:
        """Go on with an alert that is open, if there are hours now."""
        self.kind.adopt(key, raised_at)
        self._adopted = True

    def stop(self, at: Instant) -> list[Change]:
        """End every alert and begin anew."""
        return self.kind.stop(at)

    def refs(self) -> list[int]:
        """Number the events that the kind may yet name."""
        return self.kind.refs()


def unscheduled(kind: Kind) -> Kind:
    """Give a kind itself, without the hours that it is kept to."""
    return kind.kind if isinstance(kind, ScheduledKind) else kind
