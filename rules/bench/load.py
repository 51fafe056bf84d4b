"""The load on operators: how many incidents reach them, how fast at worst, and when it was too much.

The measures are those of alarm management (ANSI/ISA-18.2 and EEMUA 191): one alarm in ten minutes is what an operator
can deal with, more than ten in ten minutes are a flood, and a flood is over when fewer than five came in ten minutes.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from ioc.model.instant import HOUR, MINUTE, Duration, Instant

SPAN: Final[Duration] = 10 * MINUTE
"""Over what alarms are counted for the peak and for floods."""

FLOOD_ABOVE: Final = 10
"""A flood begins when more than so many came within SPAN (EEMUA 191, ISA-18.2)."""

FLOOD_OVER_BELOW: Final = 5
"""A flood is over when fewer than so many came within SPAN (ISA-18.2)."""


@dataclass(frozen=True, slots=True)
class Load:
    """What operators would have had over a time.

    Attributes:
        alerts: how many began.
        incidents: how many reached operators; fewer than alerts where some are grouped.
        per_hour: incidents an hour, on average; a time of less than an hour counts as one.
        peak_10_min: the most incidents within any ten minutes.
        floods: how often there was a flood.
        share_of_flood_time: part of the time, 0 to 1, in which there was one.
    """

    alerts: int
    incidents: int
    per_hour: float
    peak_10_min: int
    floods: int
    share_of_flood_time: float

    def to_json(self) -> dict[str, Any]:
        """Write it as plain data."""
        return {
            "alerts": self.alerts,
            "incidents": self.incidents,
            "per_hour": round(self.per_hour, 3),
            "peak_10_min": self.peak_10_min,
            "floods": self.floods,
            "share_of_flood_time": round(self.share_of_flood_time, 4),
        }


def load_of(alerts: int, opened: Sequence[Instant], since: Instant, until: Instant) -> Load:
    """Measure a load.

    Args:
        alerts: how many began.
        opened: when each incident reached operators, in any order, µs.
        since: when the time that is looked at begins; and
        until: when it ends, µs; later than `since`.
    """
    times = np.sort(np.array(opened, dtype=np.int64))
    floods = list(_floods(times.tolist(), until))
    # In any ten minutes that end at an incident: others hold no more.
    within = np.arange(1, len(times) + 1) - np.searchsorted(times, times - SPAN, side="right")
    return Load(
        alerts=alerts,
        incidents=len(times),
        per_hour=len(times) * HOUR / max(until - since, HOUR),
        peak_10_min=int(within.max(initial=0)),
        floods=len(floods),
        share_of_flood_time=sum(end - begin for begin, end in floods) / max(until - since, 1),
    )


def _floods(times: Sequence[Instant], until: Instant) -> Iterator[tuple[Instant, Instant]]:
    """Find when floods began and ended, `times` in order; what counts at t is (t − SPAN, t]."""
    begun: Instant | None = None
    first = 0
    for index, time in enumerate(times):
        while times[first] + SPAN <= time:
            # One grows too old before this one comes, and with it a flood may end.
            first += 1
            if begun is not None and index - first < FLOOD_OVER_BELOW:
                yield begun, times[first - 1] + SPAN
                begun = None
        if begun is None and index + 1 - first > FLOOD_ABOVE:
            begun = time
    if begun is not None:
        over = times[len(times) - FLOOD_OVER_BELOW] + SPAN
        yield begun, min(over, until)
