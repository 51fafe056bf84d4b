"""How an incident and its alert are written as fields of Redis hashes, which a person can read with redis-cli."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import msgspec

from ioc.model.alerts import AlertState, Severity
from ioc.model.incidents import Condition, Incident, Member, TimelineEntry, WorkState
from ioc.model.instant import Instant, from_iso, to_iso

Fields = dict[str, str | float | None]
"""A hash's fields; those without a value are not written."""

LEAN: Final = (
    "id",
    "rule",
    "key",
    "kind",
    "title_vi",
    "title_en",
    "severity",
    "raised_at",
    "condition",
    "work_state",
    "cleared_at",
    "updated_at",
    "lat",
    "lon",
    "area",
    "place",
    "assets",
    "assignee",
    "alerts",
    "alert_count",
    "speaks_for_count",
    "inhibited_by",
    "storm",
    "simulated",
    "revision",
)
"""The fields that lists and deltas need."""

MEMBER: Final = ("key", "raised_at", "cleared_at")
"""The fields of an alert that its incident shows."""

FULL: Final = (*LEAN, "evidence", "numbers", "timeline_dropped")
"""The fields of one incident on its own."""


@dataclass(frozen=True, slots=True)
class AlertOf:
    """An alert that begins, and the incident that it belongs to."""

    alert: str
    rule: str
    key: str
    raised_at: Instant
    incident: str


def incident_fields(incident: Incident) -> Fields:
    """Write a new incident: what only the machine knows, and people's fields as they begin."""
    return {
        "id": incident.id,
        "rule": incident.rule,
        "key": incident.key,
        "kind": incident.kind,
        "title_vi": incident.title.get("vi"),
        "title_en": incident.title.get("en"),
        "severity": str(incident.severity),
        "condition": str(Condition.ACTIVE),
        "work_state": str(WorkState.NEW),
        "raised_at": to_iso(incident.raised_at),
        "lat": incident.lat,
        "lon": incident.lon,
        "area": incident.area,
        "place": incident.place,
        "assets": json_text(incident.assets),
        "alerts": json_text(incident.alerts),
        "evidence": json_text(incident.evidence),
        "numbers": json_text(incident.numbers),
        "simulated": "true" if incident.simulated else "false",
        "storm": "true" if incident.storm else None,
    }


def alert_fields(alert: AlertOf, rule_version: str | None) -> Fields:
    """Write an alert that has begun."""
    return {
        "rule": alert.rule,
        "key": alert.key,
        "state": str(AlertState.FIRING),
        "raised_at": to_iso(alert.raised_at),
        "incident": alert.incident,
        "rule_version": rule_version,
    }


def read_member(alert: str, fields: Sequence[bytes | None]) -> Member | None:
    """Read an alert from MEMBER of its hash's fields; None where there is no hash."""
    key, raised_at, cleared_at = (None if value is None else str(value, "utf-8") for value in fields)
    if key is None or raised_at is None:
        return None
    return Member(alert, key, from_iso(raised_at)[0], None if cleared_at is None else from_iso(cleared_at)[0])


def counted(fields: Mapping[str, str | float | None]) -> list[str | float]:
    """Flatten a hash's fields without the empty ones, preceded by how many arguments that makes."""
    flat: list[str | float] = []
    for name, value in fields.items():
        if value is not None:
            flat += (name, value)
    return [len(flat), *flat]


def entry_text(entry: TimelineEntry) -> str:
    """Write an entry of the timeline."""
    fields = {"at": to_iso(entry.at), "who": entry.who, "what": entry.what}
    return json_text(fields if entry.text is None else {**fields, "text": entry.text})


def json_text(value: object) -> str:
    """Write JSON."""
    # msgspec writes a number that is not finite as null, where the standard library would write no JSON.
    return msgspec.json.encode(value).decode()


def read_incident(names: Sequence[str], values: Sequence[bytes | None], timeline: Iterable[bytes]) -> Incident | None:
    """Read an incident from fields of its hash; None where there is no hash."""
    known = {name: str(value, "utf-8") for name, value in zip(names, values, strict=True) if value is not None}
    if "id" not in known:
        return None
    cleared_at = known.get("cleared_at")
    titles = {language: known.get(f"title_{language}") for language in ("vi", "en")}
    return Incident(
        id=known["id"],
        rule=known["rule"],
        key=known["key"],
        kind=known.get("kind"),
        title={language: title for language, title in titles.items() if title is not None},
        severity=Severity(known["severity"]),
        raised_at=from_iso(known["raised_at"])[0],
        condition=Condition(known["condition"]),
        work_state=WorkState(known["work_state"]),
        cleared_at=None if cleared_at is None else from_iso(cleared_at)[0],
        updated_at=from_iso(known["updated_at"])[0],
        lat=_number(known.get("lat")),
        lon=_number(known.get("lon")),
        area=known.get("area"),
        place=known.get("place"),
        assets=tuple(msgspec.json.decode(known["assets"])),
        assignee=known.get("assignee"),
        alerts=tuple(msgspec.json.decode(known["alerts"])),
        alert_count=int(known.get("alert_count") or 1),
        speaks_for_count=int(known.get("speaks_for_count") or 0),
        inhibited_by=known.get("inhibited_by"),
        storm=known.get("storm") == "true",
        evidence=tuple(msgspec.json.decode(known.get("evidence") or "[]")),
        numbers=msgspec.json.decode(known.get("numbers") or "{}"),
        timeline=tuple(_timeline_entry(entry) for entry in timeline),
        timeline_dropped=int(known.get("timeline_dropped") or 0),
        simulated=known.get("simulated") == "true",
        revision=int(known["revision"]),
    )


def _number(text: str | None) -> float | None:
    return None if text is None else float(text)


def _timeline_entry(raw: bytes) -> TimelineEntry:
    fields = msgspec.json.decode(raw)
    return TimelineEntry(at=from_iso(fields["at"])[0], who=fields["who"], what=fields["what"], text=fields.get("text"))
