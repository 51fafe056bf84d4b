"""What keys have already shown: by it an event is told that is older than one that its key has shown before it.

For a threshold such an event says nothing. Which events these are depends on what a condition reads and on whose
events, not on what it compares them with: so this is kept once for all rules that read the same.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from ioc.model.instant import DAY, Instant
from rules.kinds.by_key import greatest_before, order_of
from rules.kinds.contract import NEVER, Numbers, grown
from rules.numeric import Mask
from rules.selection import Gate, Part


class Seen:
    """For each key of some events, the greatest `at` at which a condition was known.

    Attributes:
        gate: which events.
        key_name: by what key.
        condition: one of those that are known for the same events.
    """

    def __init__(self, gate: Gate, key_name: str, condition: str) -> None:
        """Begin with no keys."""
        self.gate = gate
        self.key_name = key_name
        self.condition = condition
        self._seen = np.zeros(0, dtype=np.int64)

    def step(self, part: Part) -> Mask | None:
        """Say which events are too old to say anything by the condition, None for none; then remember them all."""
        if not len(part):
            return None
        known = part.known(self.condition)
        rows = None if known is None else np.flatnonzero(known)
        key, at = (part.key, part.at) if rows is None else (part.key[rows], part.at[rows])
        if not len(key):
            return None
        self._seen = grown(self._seen, int(key.max()) + 1, NEVER)
        before = self._seen[key]
        if part.in_order:
            late = at < before
        else:
            order = order_of(key)
            late = np.zeros(len(key), dtype=bool)
            late[order] = at[order] < greatest_before(key[order], at[order], before[order])
        np.maximum.at(self._seen, key, at)
        if not np.count_nonzero(late):
            return None
        if rows is None:
            return late
        whole = np.zeros(len(part), dtype=bool)
        whole[rows] = late
        return whole

    def dump(self, clock: Instant) -> dict[str, Any]:
        """Give the keys of which an older event may still come: ingest takes none that is a day older."""
        keys = np.flatnonzero(self._seen > clock - DAY)
        return {"keys": keys, "seen": self._seen[keys]}

    def load(self, keys: Numbers, state: Mapping[str, Any]) -> None:
        """Take what `dump` gave, keys as codes of this engine."""
        if len(keys):
            self._seen = grown(self._seen, int(keys.max()) + 1, NEVER)
            self._seen[keys] = state["seen"]
