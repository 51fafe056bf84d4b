"""What an explanation consists of, and how it is written as JSON."""

from dataclasses import dataclass
from typing import Any

from ioc.model.event_json import row_to_json
from ioc.model.instant import Instant, whole_milliseconds
from rules.bench.explaining.words import Text


@dataclass(frozen=True, slots=True)
class Nearest:
    """How near a condition came.

    Attributes:
        value: the value that came nearest.
        limit: what it would have had to pass.
        unit: of both.
        at: when, µs.
    """

    value: float | None
    limit: float | None
    unit: str | None
    at: Instant | None

    def to_json(self) -> dict[str, Any]:
        """Write it as plain data."""
        return {
            "value": self.value,
            "limit": self.limit,
            "unit": self.unit,
            "at": None if self.at is None else whole_milliseconds(self.at),
        }


@dataclass(frozen=True, slots=True)
class Finding:
    """One condition of a rule.

    Attributes:
        text: as the rule has it.
        holds: None where it cannot be told.
        sentence: what was found, in each language.
        nearest: how near it came; None where that is no number.
    """

    text: str
    holds: bool | None
    sentence: Text
    nearest: Nearest | None = None

    def to_json(self) -> dict[str, Any]:
        """Write it as plain data."""
        return {
            "text": self.text,
            "holds": self.holds,
            "sentence": dict(self.sentence),
            "nearest": None if self.nearest is None else self.nearest.to_json(),
        }


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a rule fired for a key at a time, or why it did not.

    Attributes:
        key: None where no key could be told.
        fired: whether an alert held.
        events: the last few that the rule looked at, oldest first, as rows.
        near: keys to choose from, the nearest first.
    """

    rule: str
    key: str | None
    at: Instant
    fired: bool
    sentence: Text
    conditions: tuple[Finding, ...] = ()
    events: tuple[dict[str, Any], ...] = ()
    near: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Write it as plain data; times are epoch milliseconds."""
        return {
            "rule": self.rule,
            "key": self.key,
            "at": whole_milliseconds(self.at),
            "fired": self.fired,
            "sentence": dict(self.sentence),
            "conditions": [finding.to_json() for finding in self.conditions],
            "events": [row_to_json(row) for row in self.events],
            "near": list(self.near),
        }
