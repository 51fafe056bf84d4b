"""When a change came to be known: by what changes of many rules are put in one order, however the stream was cut.

A change that an event decided is known when the stream's clock reaches that event's turn; one that only time decided,
when the clock has passed its instant. The order of these is the same whether events come one by one or all at once,
which the order of the instants themselves is not: an event may tell late of what happened early.
"""

from collections.abc import Sequence
from dataclasses import replace

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
    order = np.argsort(feed.ref, kind="stable")
    refs = feed.ref[order]
    latest: dict[object, Known] = {}
    found = []
    for change in changes:
        known = _known(change, feed, order, refs, lateness)
        # What is told late may be over by the time it is told.
        known = latest[change.key] = max(known, latest.get(change.key, known))
        found.append(replace(change, known=known))
    return found


def _known(change: Change, feed: Feed, order: np.ndarray, refs: np.ndarray, lateness: Duration) -> Known:
    by = change.by
    if by is None:
        by = change.refs[-1] if change.refs else AFTER_EVENTS
    if by != AFTER_EVENTS:
        place = int(np.searchsorted(refs, by))
        if place < len(refs) and refs[place] == by:
            return int(feed.now[order[place]]) + lateness, by
    return change.at + lateness, AFTER_EVENTS
