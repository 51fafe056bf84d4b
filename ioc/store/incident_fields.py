"""How an incident and its alert are written as fields of Redis hashes, which a person can read with redis-cli."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import msgspec

from ioc.model.alerts import AlertState, Severity
from ioc.model.incidents import Condition, Incident, TimelineEntry, WorkState
from ioc.model.instant import from_iso, to_iso

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
    "simulated",
    "revision",
)
"""The fields that lists and deltas need."""

FULL: Final = (*LEAN, "evidence", "numbers", "timeline_dropped")
"""The fields of one incident on its own."""


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
    }


def alert_fields(incident: Incident, rule_version: str | None) -> Fields:
    """Write the alert that opened an incident."""
    return {
        "rule": incident.rule,
        "key": incident.key,
        "state": str(AlertState.FIRING),
        "raised_at": to_iso(incident.raised_at),
        "incident": incident.id,
        "rule_version": rule_version,
    }


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
