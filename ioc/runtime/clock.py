"""The only place that reads the wall clock."""

import time

from ioc.model.instant import Instant


def now() -> Instant:
    """Read the wall clock, in whole milliseconds, given as microseconds since the Unix epoch.

    An arrival is not known any better than that, and so what is written outside are whole numbers.
    """
    return time.time_ns() // 1_000_000 * 1_000
