"""What becomes of incidents when alerts begin and end; each change may be written twice and counts once."""

from dataclasses import dataclass

from ioc.model.alerts import AlertChange
from ioc.model.instant import Instant


@dataclass(frozen=True, slots=True)
class Opened:
    """An incident begins to hold.

    Attributes:
        incident: its id.
        change: the alert that opened it, which is its first.
        storm: whether it stands for all that a rule raises too much of.
    """

    incident: str
    change: AlertChange
    storm: bool = False


@dataclass(frozen=True, slots=True)
class Joined:
    """An alert belongs to an incident that holds already.

    Attributes:
        incident: the incident's id.
        change: how the alert began.
        kept: whether the alert is kept by itself; in a very large storm, later ones are only counted.
        told: whether the incident's timeline says so; in a storm it does not.
    """

    incident: str
    change: AlertChange
    kept: bool = True
    told: bool = True


@dataclass(frozen=True, slots=True)
class Folded:
    """A larger incident speaks for another from now on, or no longer.

    Attributes:
        incident: the smaller one's id.
        under: the larger one's; None: it stands by itself again.
        at: when.
        turn: grows with every such change of an incident; an older one is not written over a younger one.
    """

    incident: str
    under: str | None
    at: Instant
    turn: int


@dataclass(frozen=True, slots=True)
class AlertEnded:
    """An alert no longer holds.

    Attributes:
        incident: the one that it belonged to.
        last: whether it was that one's only alert, so that the two end as one.
        told: whether its end is worth a word; in a storm it is not.
    """

    incident: str
    alert: str
    at: Instant
    last: bool = False
    told: bool = True


@dataclass(frozen=True, slots=True)
class Ended:
    """An incident no longer holds: all its alerts have ended."""

    incident: str
    at: Instant


@dataclass(frozen=True, slots=True)
class Counted:
    """For how many alerts an incident stands.

    Attributes:
        incident: its id.
        alerts: how many alerts of its own it has had.
        speaks_for: how many alerts it has spoken for; 0 where that is only its own one.
        at: when it was counted.
    """

    incident: str
    alerts: int
    speaks_for: int
    at: Instant


@dataclass(frozen=True, slots=True)
class RaisedInHour:
    """How many alerts a rule has raised in an hour so far; `hour` is its first instant."""

    rule: str
    hour: Instant
    count: int


IncidentChange = Opened | Joined | Folded | AlertEnded | Ended | Counted | RaisedInHour
