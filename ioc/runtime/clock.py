"""The only place that reads the wall clock."""

import time

from ioc.model.instant import Instant


def now() -> Instant:
    """Read the wall clock, microseconds since the Unix epoch."""
    return time.time_ns() // 1_000
