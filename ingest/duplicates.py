"""Which events have been seen lately: a broker that is not sure sends a message again."""

from collections.abc import Iterable
from typing import Final

REMEMBERED: Final = 200_000
"""Ids remembered at most."""


class RecentIds:
    """Remembers at least the last half of `limit` ids, at most all of it, and forgets the oldest half at once.

    What is kept of an id is 64 bits of its hash: among 200,000 of them, one new event in 10^14 is taken for an old one.
    """

    def __init__(self, limit: int = REMEMBERED) -> None:
        """Take how many ids are remembered at most."""
        self._half = max(1, limit // 2)
        self._young: set[int] = set()
        self._old: set[int] = set()

    def __len__(self) -> int:
        """Count the ids that are remembered."""
        return len(self._young) + len(self._old)

    def add(self, identity: str) -> bool:
        """Remember an id; says whether it is new."""
        return self._add(hash(identity))

    def keep_new(self, identities: Iterable[str]) -> list[bool] | None:
        """Remember ids, in order; says which are new, or None where all are."""
        marks = list(map(hash, identities))
        together = set(marks)
        if len(together) < len(marks) or not (together.isdisjoint(self._young) and together.isdisjoint(self._old)):
            return [self._add(mark) for mark in marks]
        self._young |= together
        self._make_room()
        return None

    def _add(self, mark: int) -> bool:
        if mark in self._young or mark in self._old:
            return False
        self._young.add(mark)
        self._make_room()
        return True

    def _make_room(self) -> None:
        if len(self._young) >= self._half:
            self._old, self._young = self._young, set()
