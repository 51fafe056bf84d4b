"""What the doctor finds: one thing, how good it is, and a sentence about it."""

from dataclasses import dataclass
from enum import StrEnum


class Finding(StrEnum):
    """How good one thing is."""

    GOOD = "ok"
    DOUBTFUL = "note"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Found:
    """One thing that was looked at, and a sentence about it for a person."""

    what: str
    finding: Finding
    sentence: str
