"""Alerts: a rule that holds for a key, from the moment it began to the moment it stopped."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from ioc.model.identity import alert_id
from ioc.model.instant import Instant


class Severity(StrEnum):
    """How bad it is, worst first."""

    CRITICAL = "critical"
    MAJOR = "major"
    MINOR = "minor"
    WARNING = "warning"
    INFO = "info"


class AlertState(StrEnum):
    """Where an alert stands; only FIRING and RESOLVED leave the engine."""

    PENDING = "pending"
    FIRING = "firing"
    RECOVERING = "recovering"
    RESOLVED = "resolved"


@dataclass(frozen=True, slots=True)
class AlertChange:
    """A rule began, or stopped, to hold for a key.

    Attributes:
        rule: the rule's name.
        key: what it held for: an asset, a zone, or `first|second` of a pair.
        to: FIRING or RESOLVED.
        at: the instant of this change.
        raised_at: the instant the alert began; with rule and key it is the alert's identity.
        evidence: rows of the events that made the change (column to value, times in microseconds),
            oldest first; may be empty where silence made it.
        numbers: what the rule measured, for titles and explanations (`value`, `count`, `held_s`, ...).
    """

    rule: str
    key: str
    to: AlertState
    at: Instant
    raised_at: Instant
    evidence: tuple[dict[str, Any], ...] = ()
    numbers: dict[str, Any] = field(default_factory=dict)

    @property
    def alert(self) -> str:
        """The alert's id."""
        return alert_id(self.rule, self.key, self.raised_at)
