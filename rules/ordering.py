"""When a change came to be known: by what changes of many rules are put in one order, however the stream was cut.

A change that an event decided is known when the stream's clock reaches that event's turn; one that only time decided,
when the clock has passed its instant. The order of these is the same whether events come one by one or all at once,
which the order of the instants themselves is not: an event may tell late of what happened early.
"""

from collections.abc import Sequence

import numpy as np

from ioc.model.alerts import AFTER_EVENTS
from ioc.model.instant import Duration, Instant
from rules.kinds.contract import Change, Feed

Known = tuple[Instant, int]
"""The stream's clock, and the number of the event that decided; see `AlertChange.known`."""


def stamped(changes: Sequence[Change], feed: Feed, lateness: Duration) -> list[Change]:
    """Say of each change when it came to be known.

    Args:
        changes: what a rule answered, those of one key in their order.
        feed: the events to which it did.
        lateness: how far the rule's time lies behind the stream's, µs.
    """
    decided_by = [_decided_by(change) for change in changes]
    latest: dict[object, Known] = {}
    found = []
    for change, by, now in zip(changes, decided_by, _turns(decided_by, feed), strict=True):
        known = (change.at + lateness, AFTER_EVENTS) if now is None else (now + lateness, by)
        # What is told late may be over by the time it is told.
        known = latest[change.key] = max(known, latest.get(change.key, known))
        found.append(
            # Written out, because `replace` takes five times as long, and a book may raise 10,000 alerts in a minute.
            Change(
                change.key,
                change.firing,
                change.at,
                change.raised_at,
                change.refs,
                change.rows,
                change.numbers,
                change.by,
                known,
            )
        )
    return found


def _decided_by(change: Change) -> int:
    if change.by is not None:
        return change.by
    return change.refs[-1] if change.refs else AFTER_EVENTS


def _turns(refs: Sequence[int], feed: Feed) -> list[Instant | None]:
    """Give the turns of some events of a feed; None where it does not have them."""
    if not len(feed):
        return [None] * len(refs)
    order = np.argsort(feed.ref, kind="stable")
    places = np.searchsorted(feed.ref, refs, sorter=order).clip(max=len(feed) - 1)
    rows = order[places]
    there = feed.ref[rows] == np.array(refs)
    return [now if known else None for now, known in zip(feed.now[rows].tolist(), there.tolist(), strict=True)]
