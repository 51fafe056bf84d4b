"""Two runs over the same past, alert by alert: what stays the same, is new, is gone, or has moved."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from rules.backtest import BacktestAlert

_FOR_EVER: Final = 2**62


class Fate(StrEnum):
    """What became of an alert."""

    SAME = "same"
    ADDED = "added"
    GONE = "gone"
    MOVED = "moved"


@dataclass(frozen=True, slots=True)
class Compared:
    """An alert of either run, or of both.

    Attributes:
        was: as it was before; None where it is new.
        now: as it would be; None where it is gone.
    """

    fate: Fate
    was: BacktestAlert | None
    now: BacktestAlert | None

    @property
    def shown(self) -> BacktestAlert:
        """The alert as it would be, or where it is gone as it was."""
        alert = self.now if self.now is not None else self.was
        assert alert is not None  # noqa: S101 - one of both is always there
        return alert


def compare(before: Iterable[BacktestAlert], after: Iterable[BacktestAlert]) -> list[Compared]:
    """Compare two runs.

    Alerts of the same rule and key that began and ended at the same time are the same. Of the others, two that hold at
    one time are one that has moved; each is paired once, the earliest first. What remains is new or gone.

    Returns:
        All of them, in order of time.
    """
    were, are = _by_key(before), _by_key(after)
    compared = [found for key in were.keys() | are.keys() for found in _of_one_key(were.get(key, []), are.get(key, []))]
    compared.sort(key=lambda one: (one.shown.raised_at, one.shown.rule, one.shown.key, one.fate))
    return compared


def counts(compared: Iterable[Compared]) -> dict[str, int]:
    """Count them by what became of them; every fate is named."""
    found = dict.fromkeys((str(fate) for fate in Fate), 0)
    for one in compared:
        found[one.fate] += 1
    return found


def _by_key(alerts: Iterable[BacktestAlert]) -> dict[tuple[str, str], list[BacktestAlert]]:
    found = defaultdict(list)
    for alert in alerts:
        found[alert.rule, alert.key].append(alert)
    for listed in found.values():
        listed.sort(key=lambda alert: alert.raised_at)
    return found


def _of_one_key(before: Sequence[BacktestAlert], after: Sequence[BacktestAlert]) -> Iterator[Compared]:
    known = {(alert.raised_at, alert.cleared_at): alert for alert in before}
    left = []
    for alert in after:
        twin = known.pop((alert.raised_at, alert.cleared_at), None)
        if twin is None:
            left.append(alert)
        else:
            yield Compared(Fate.SAME, twin, alert)
    yield from _moved(list(known.values()), left)


def _moved(before: Sequence[BacktestAlert], after: Sequence[BacktestAlert]) -> Iterator[Compared]:
    """Pair what holds at one time; both in order of their beginning, so one walk along both finds the pairs."""
    old, new = 0, 0
    while old < len(before) and new < len(after):
        was, now = before[old], after[new]
        if _overlap(was, now):
            yield Compared(Fate.MOVED, was, now)
            old, new = old + 1, new + 1
        elif was.raised_at < now.raised_at:
            yield Compared(Fate.GONE, was, None)
            old += 1
        else:
            yield Compared(Fate.ADDED, None, now)
            new += 1
    yield from (Compared(Fate.GONE, was, None) for was in before[old:])
    yield from (Compared(Fate.ADDED, None, now) for now in after[new:])


def _overlap(one: BacktestAlert, other: BacktestAlert) -> bool:
    if one.raised_at == other.raised_at:
        return True
    return one.raised_at < _end(other) and other.raised_at < _end(one)


def _end(alert: BacktestAlert) -> int:
    return _FOR_EVER if alert.cleared_at is None else alert.cleared_at
