"""How often an asset speaks: counts of the last hour, and what they say of its usual pace."""

from dataclasses import dataclass, field
from typing import Final

from ioc.model.instant import HOUR, MINUTE, Duration, Instant

BIN: Final[Duration] = 5 * MINUTE
BINS: Final = HOUR // BIN

SILENT_AFTER_PAUSES: Final = 5
"""An asset that has missed so many of its usual turns is silent."""

SILENT_AT_LEAST: Final[Duration] = 2 * MINUTE
"""However fast an asset usually speaks, a shorter pause is no silence."""

PACE_FROM: Final = 3
"""Events in an asset's last hour from which it has a usual pace."""

SILENT_WITHOUT_PACE: Final[Duration] = 24 * HOUR
"""An asset that speaks too seldom to have a pace is silent after this."""


@dataclass(slots=True)
class Hearing:
    """When an asset was heard: its events counted by arrival in bins of five minutes, an hour back from the last.

    Whole numbers, so that it is the same however a stream is cut into batches.

    Attributes:
        at: when the last event arrived; 0 before the first.
        counts: events in each bin, oldest first; the last bin is that of `at`.
    """

    at: Instant = 0
    counts: list[int] = field(default_factory=list)
    # Where the last bin ends: most events fall in it, later than the last, and then there is nothing to reckon.
    _end: Instant = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """See where the last bin ends."""
        self._end = (self.at // BIN + 1) * BIN if self.counts else 0

    def hear(self, at: Instant, count: int = 1) -> None:
        """Count events that arrived in the bin of `at`, the last of them at `at`; older than an hour is forgotten."""
        counts = self.counts
        if self.at <= at < self._end:
            counts[-1] += count
            self.at = at
            return
        ahead = at // BIN - self.at // BIN
        if not counts:
            counts.append(count)
            self.at = at
        elif ahead >= 0:
            if ahead:
                counts.extend([0] * min(ahead, BINS))
                del counts[:-BINS]
            counts[-1] += count
            self.at = max(self.at, at)
        elif -ahead < BINS:
            if len(counts) <= -ahead:
                counts[:0] = [0] * (1 - ahead - len(counts))
            counts[ahead - 1] += count
        self._end = (self.at // BIN + 1) * BIN

    def last_hour(self, now: Instant) -> list[int]:
        """Count the events of each of the twelve bins up to `now`'s, oldest first."""
        later = max(0, now // BIN - self.at // BIN)
        return ([0] * BINS + self.counts + [0] * min(later, BINS))[-BINS:]

    def per_minute(self, now: Instant) -> float:
        """Say how many events a minute came in the last five minutes.

        Of the bin before the present one, the part that still lies within the five minutes is taken.
        """
        *_, before, present = self.last_hour(now)
        return (present + before * (1 - now % BIN / BIN)) / (BIN / MINUTE)

    def pause(self) -> Duration | None:
        """Say how long the asset usually pauses: the mean over the hour before its last word; None where unknown."""
        counts = self.counts
        said = sum(counts)
        if said < PACE_FROM:
            return None
        first = 0
        while not counts[first]:
            first += 1
        began = (self.at // BIN - (len(counts) - 1 - first)) * BIN
        return (self.at - began) // said

    def is_silent(self, now: Instant) -> bool:
        """Whether the asset has been quiet for much longer than it usually is."""
        quiet = now - self.at
        if quiet <= SILENT_AT_LEAST:
            return False
        usual = self.pause()
        return quiet > (SILENT_WITHOUT_PACE if usual is None else SILENT_AFTER_PAUSES * usual)
