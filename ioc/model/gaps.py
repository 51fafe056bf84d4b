"""Gaps: messages that a device says it has sent, and that never came."""

from dataclasses import dataclass

from ioc.model.instant import Instant


@dataclass(frozen=True, slots=True)
class Gap:
    """Messages that follow one another and are missing.

    Attributes:
        asset: whose they are.
        boot: the start of the device since which it counts.
        first: the number of the first missing message.
        last: the number of the last one.
        at: when they were given up.
    """

    asset: str
    boot: str
    first: int
    last: int
    at: Instant

    @property
    def missing(self) -> int:
        """How many messages are missing."""
        return self.last - self.first + 1
