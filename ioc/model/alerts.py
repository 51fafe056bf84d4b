"""Alerts: a rule that holds for a key, from the moment it began to the moment it stopped."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

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


AFTER_EVENTS: Final = 2**62
"""Stands for the number of the event that decided a change, where none did but the passing of time."""


@dataclass(frozen=True, slots=True)
class Gathering:
    """The smaller alerts that a larger one was made of.

    Attributes:
        alerts: their ids, in the order in which they began; the first of them where they are many.
        assets: the assets that they were about, likewise.
        lat, lon: where they are, where that is what makes them one; WGS 84 degrees.
    """

    alerts: tuple[str, ...]
    assets: tuple[str, ...]
    lat: float | None = None
    lon: float | None = None


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
        known: the stream's clock when it was decided, and the number of the event that did it (AFTER_EVENTS: time
            alone). It orders changes as they came to be known, however the stream was cut; None: as it happened.
        gathered: the smaller alerts that it was made of, for a cluster.
    """

    rule: str
    key: str
    to: AlertState
    at: Instant
    raised_at: Instant
    evidence: tuple[dict[str, Any], ...] = ()
    numbers: dict[str, Any] = field(default_factory=dict)
    known: tuple[Instant, int] | None = None
    gathered: Gathering | None = None

    @property
    def known_at(self) -> Instant:
        """How far the stream's clock had come when the change was decided."""
        return self.at if self.known is None else self.known[0]

    @property
    def order(self) -> tuple[tuple[Instant, int], Instant, bool, str, str]:
        """By what changes are sorted: as they were decided, then as they happened."""
        known = (self.at, AFTER_EVENTS) if self.known is None else self.known
        return known, self.at, self.to is AlertState.RESOLVED, self.rule, self.key

    @property
    def alert(self) -> str:
        """The alert's id."""
        return alert_id(self.rule, self.key, self.raised_at)
