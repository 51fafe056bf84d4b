"""Incidents: what operators work on; the machine owns the condition, people own the work state."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from ioc.model.alerts import Severity
from ioc.model.instant import Instant, whole_milliseconds


class Condition(StrEnum):
    """The machine's axis: does it still hold?"""

    ACTIVE = "active"
    CLEARED = "cleared"


class WorkState(StrEnum):
    """People's axis: who is doing something about it?"""

    NEW = "new"
    ACKNOWLEDGED = "acknowledged"
    IN_PROGRESS = "in_progress"
    RESOLVED = "resolved"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """One thing that machine or people did to an incident.

    Attributes:
        who: "machine", or the operator's name.
        what: raised | joined | folded | unfolded | cleared | acknowledged | commented | resolved | reopened | closed.
        text: an operator's words; text, never HTML.
    """

    at: Instant
    who: str
    what: str
    text: str | None = None


@dataclass(frozen=True, slots=True)
class Member:
    """One of the alerts of an incident that has several.

    Attributes:
        alert: its id.
        key: what the rule held for.
        cleared_at: None while it holds.
    """

    alert: str
    key: str
    raised_at: Instant
    cleared_at: Instant | None


@dataclass(frozen=True, slots=True)
class Incident:
    """One incident as it stands.

    Attributes:
        title: by language ("vi", "en"), filled in.
        key: the key of the alert that opened it.
        assets: ids of the assets concerned, the first one names the place.
        alerts: ids of its alerts; where it has many, only the first one.
        alert_count: how many alerts of its own it has had.
        speaks_for_count: for how many alerts it stands; 0 where that is only its own one.
        speaks_for: ids of the incidents that were folded under it, the first ones where they are many.
        members: its alerts, the latest ones where they are many; empty where there is only one.
        inhibited_by: id of the incident that speaks for it; it is not in the operators' lists then.
        storm: whether it stands for all that its rule raises too much of.
        evidence: Event JSON of what made it.
        timeline: the latest of what was done to it, oldest first.
        timeline_dropped: how many older entries the timeline no longer holds.
        revision: grows by one with every change; a copy with a smaller one is older.
    """

    id: str
    rule: str
    key: str
    kind: str | None
    title: dict[str, str]
    severity: Severity
    raised_at: Instant
    condition: Condition = Condition.ACTIVE
    work_state: WorkState = WorkState.NEW
    cleared_at: Instant | None = None
    updated_at: Instant = 0
    lat: float | None = None
    lon: float | None = None
    area: str | None = None
    place: str | None = None
    assets: tuple[str, ...] = ()
    assignee: str | None = None
    alerts: tuple[str, ...] = ()
    alert_count: int = 1
    speaks_for_count: int = 0
    speaks_for: tuple[str, ...] = ()
    members: tuple[Member, ...] = ()
    inhibited_by: str | None = None
    storm: bool = False
    evidence: tuple[dict[str, Any], ...] = ()
    numbers: dict[str, Any] = field(default_factory=dict)
    timeline: tuple[TimelineEntry, ...] = ()
    timeline_dropped: int = 0
    simulated: bool = False
    revision: int = 1

    @property
    def is_open(self) -> bool:
        """Whether it still concerns operators: it holds, or waits to be resolved and no other speaks for it."""
        settled = self.inhibited_by is not None or self.work_state in (WorkState.RESOLVED, WorkState.CLOSED)
        return self.condition is Condition.ACTIVE or not settled


def incident_to_json(incident: Incident, *, full: bool) -> dict[str, Any]:
    """Write an incident as HTTP and the websocket show it; times are epoch milliseconds.

    Args:
        incident: what to write.
        full: with evidence and timeline (one incident's own page), or without (lists and deltas).
    """
    out: dict[str, Any] = {
        "id": incident.id,
        "rule": incident.rule,
        "key": incident.key,
        "kind": incident.kind,
        "title": incident.title,
        "severity": str(incident.severity),
        "condition": str(incident.condition),
        "work_state": str(incident.work_state),
        "raised_at": whole_milliseconds(incident.raised_at),
        "cleared_at": None if incident.cleared_at is None else whole_milliseconds(incident.cleared_at),
        "updated_at": whole_milliseconds(incident.updated_at),
        "lat": incident.lat,
        "lon": incident.lon,
        "area": incident.area,
        "place": incident.place,
        "assets": list(incident.assets),
        "assignee": incident.assignee,
        "alerts": list(incident.alerts),
        "alert_count": incident.alert_count,
        "speaks_for_count": incident.speaks_for_count,
        "inhibited_by": incident.inhibited_by,
        "storm": incident.storm,
        "simulated": incident.simulated,
        "revision": incident.revision,
    }
    if full:
        out["evidence"] = list(incident.evidence)
        out["numbers"] = incident.numbers
        out["timeline"] = [
            {"at": whole_milliseconds(entry.at), "who": entry.who, "what": entry.what, "text": entry.text}
            for entry in incident.timeline
        ]
        out["timeline_dropped"] = incident.timeline_dropped
        out["speaks_for"] = list(incident.speaks_for)
        out["members"] = [
            {
                "alert": member.alert,
                "key": member.key,
                "raised_at": whole_milliseconds(member.raised_at),
                "cleared_at": None if member.cleared_at is None else whole_milliseconds(member.cleared_at),
            }
            for member in incident.members
        ]
    return out
