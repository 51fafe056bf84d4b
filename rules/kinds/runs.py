"""Runs: rows of consecutive events of a key for which a condition is true, found for a whole batch at once."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ioc.model.instant import Duration
from rules.kinds.contract import NEVER, Feed, Numbers

UNKNOWN = -1


@dataclass(frozen=True, slots=True)
class Runs:
    """Where the runs of a condition have lasted long enough, and which of them go on.

    Attributes:
        reached: rows of the feed at which a run has, for the first time, lasted long enough.
        reached_since: when each of these runs began, µs.
        lasts: for each key, when the run began that its last event belongs to; NEVER where that is none.
    """

    reached: Numbers
    reached_since: Numbers
    lasts: Numbers


def runs_of(feed: Feed, begins: Numbers, condition: npt.NDArray[Any], since: Numbers, hold: Duration) -> Runs:
    """Find the runs of a condition; events for which it is unknown are passed over.

    Args:
        feed: its events by key; of a key, those that know the condition in order of `at`.
        begins: the first row of each key.
        condition: 1 true, 0 false, -1 unknown; for each row.
        since: for each key, when the run began that its events before these belong to; NEVER for none.
        hold: how long a run must last, µs.
    """
    known = np.flatnonzero(condition != UNKNOWN)
    lasts = since.copy()
    if not len(known):
        return Runs(known, known, lasts)
    value, key = condition[known], feed.key[known]
    edge = np.ones(len(known), dtype=bool)
    edge[1:] = (value[1:] != value[:-1]) | (key[1:] != key[:-1])
    first = np.flatnonzero(edge)
    last = np.append(first[1:], len(known)) - 1
    place = np.searchsorted(begins, known[first], side="right") - 1
    true = value[first] == 1
    started = feed.at[known[first]]
    opening = np.diff(place, prepend=-1) != 0
    goes_on = opening & true & (since[place] != NEVER)
    started[goes_on] = since[place[goes_on]]
    closing = np.diff(place, append=-1) != 0
    lasts[place[closing]] = np.where(true[closing], started[closing], NEVER)

    long = np.flatnonzero(true & (feed.at[known[last]] - started >= hold))
    low, high, due = first[long], last[long], started[long] + hold
    while (low < high).any():
        middle = (low + high) // 2
        there = feed.at[known[middle]] >= due
        high = np.where(there, middle, high)
        low = np.where(there, low, middle + 1)
    return Runs(known[low], started[long], lasts)
