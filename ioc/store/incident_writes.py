"""What the machine writes of incidents, each as one script's keys and arguments; written twice, it counts once."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from ioc.model.incidents import Incident, TimelineEntry
from ioc.model.instant import Instant, to_iso
from ioc.store import keys
from ioc.store.connection import Argument, Script
from ioc.store.incident_fields import AlertOf, alert_fields, counted, entry_text, incident_fields, json_text

TIMELINE_BOUND: Final = 500
"""Entries of an incident's timeline that are kept; what is dropped is counted in the incident."""

LOG_BOUND: Final = 100_000
"""Changes that the log keeps, about; whoever is further behind takes a snapshot."""

RECENT_BOUND: Final = 10_000
"""Closed incidents that `find` and `snapshot` still know."""

KEPT_CLOSED_S: Final = 30 * 86_400
"""Seconds that a closed incident can still be looked up by its id."""

COMMAND_MEMORY_S: Final = 86_400
"""Seconds that the idempotency key of a command is remembered."""

RAISED_KEPT_S: Final = 8 * 86_400
"""Seconds that an hour's counts of raised alerts are kept."""

LIMITS: Final = (TIMELINE_BOUND, LOG_BOUND, RECENT_BOUND, KEPT_CLOSED_S, COMMAND_MEMORY_S)

MACHINE: Final = "machine"

Limits = tuple[int, ...]
Call = tuple[list[str], list[Argument]]
"""A script's keys and arguments."""


def script(name: str) -> Script:
    """Read a script of this folder, with what all scripts of incidents share before it."""
    return Script(f"{Script.from_file('shared').text}\n{Script.from_file(name).text}")


@dataclass(frozen=True, slots=True)
class ClearedAlert:
    """The machine's word that an alert no longer holds, nor the incident of which it was the only one.

    Attributes:
        incident: id of the incident that the alert opened.
        alert: the alert's id.
        at: when it stopped to hold.
        evidence: Event JSON of what cleared it; kept with the alert.
    """

    incident: str
    alert: str
    at: Instant
    evidence: tuple[dict[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class JoinedAlert:
    """An alert that joins an incident; `told` where the incident's timeline says so."""

    alert: AlertOf
    told: bool


@dataclass(frozen=True, slots=True)
class FoldedIncident:
    """An incident for which a larger one speaks from now on, or (`under` None) no longer.

    Attributes:
        turn: grows with each such change of an incident; an older one is not written over a younger one.
    """

    incident: str
    under: str | None
    at: Instant
    turn: int


@dataclass(frozen=True, slots=True)
class EndedAlert:
    """An alert that no longer holds, of an incident that goes on."""

    alert: str
    at: Instant


@dataclass(frozen=True, slots=True)
class EndedIncident:
    """An incident that no longer holds."""

    incident: str
    at: Instant


@dataclass(frozen=True, slots=True)
class CountedIncident:
    """For how many alerts an incident stands: its own, and all that it speaks for; neither ever falls."""

    incident: str
    alerts: int
    speaks_for: int
    at: Instant


@dataclass(frozen=True, slots=True)
class RaisedCount:
    """How many alerts a rule has raised so far in the hour that begins at an instant; it never falls."""

    rule: str
    hour: Instant
    count: int


@dataclass(frozen=True, slots=True)
class Writes:
    """All that one step of the rules changes of incidents, in the order in which it is written.

    Attributes:
        opened: new incidents with their first alert; their `revision` and people's fields are not looked at.
        turns: of those that are opened folded, when; see `FoldedIncident.turn`.
        cleared: incidents with their only alert.
    """

    opened: tuple[Incident, ...] = ()
    turns: Mapping[str, int] | None = None
    joined: tuple[JoinedAlert, ...] = ()
    folded: tuple[FoldedIncident, ...] = ()
    cleared: tuple[ClearedAlert, ...] = ()
    alerts_ended: tuple[EndedAlert, ...] = ()
    ended: tuple[EndedIncident, ...] = ()
    counted: tuple[CountedIncident, ...] = ()
    raised: tuple[RaisedCount, ...] = ()


_RAISE: Final = script("raise")
_JOIN: Final = script("join")
_FOLD: Final = script("fold")
_CLEAR: Final = script("clear")
_END_ALERT: Final = Script.from_file("end_alert")
_END: Final = script("end")
_COUNT: Final = script("count")
_COUNT_RAISED: Final = Script.from_file("count_raised")


def calls_of(writes: Writes, versions: Mapping[str, str], limits: Limits) -> Iterable[tuple[Script, list[Call]]]:
    """Give the scripts to run, one after the other, each with all its calls.

    Args:
        writes: what to write.
        versions: rule name to the hash of the rule that raises alerts now.
        limits: as `LIMITS`.
    """
    turns = writes.turns or {}
    yield _RAISE, [raising(one, versions.get(one.rule), limits, turns.get(one.id, 0)) for one in writes.opened]
    yield _JOIN, [_joining(one, versions.get(one.alert.rule), limits) for one in writes.joined]
    yield _FOLD, [_folding(one, limits) for one in writes.folded]
    yield _CLEAR, [clearing(one, limits) for one in writes.cleared]
    kept = limits[3]
    yield _END_ALERT, [([keys.alert(one.alert)], [to_iso(one.at), kept]) for one in writes.alerts_ended]
    yield _END, [_ending(one, limits) for one in writes.ended]
    yield _COUNT, [_counting(one, limits) for one in writes.counted]
    yield _COUNT_RAISED, _raised(writes.raised)


def raising(incident: Incident, rule_version: str | None, limits: Limits, turn: int = 0) -> Call:
    """Raise an incident with the alert that opened it."""
    first = incident.alerts[0] if incident.alerts else incident.id
    names = [
        keys.incident(incident.id),
        keys.alert(first),
        keys.incident_timeline(incident.id),
        keys.INCIDENTS_OPEN,
        keys.INCIDENTS_LOG,
        keys.incident_speaks_for(incident.inhibited_by or incident.id),
    ]
    alert = AlertOf(first, incident.rule, incident.key, incident.raised_at, incident.id)
    arguments = [
        incident.id,
        to_iso(incident.raised_at),
        incident.raised_at,
        _entry(incident.raised_at, "raised"),
        *counted(incident_fields(incident)),
        *counted(alert_fields(alert, rule_version)),
        incident.inhibited_by or "",
        turn,
    ]
    return names, [*arguments, *limits]


def _joining(joined: JoinedAlert, rule_version: str | None, limits: Limits) -> Call:
    alert = joined.alert
    names = [
        keys.incident(alert.incident),
        keys.alert(alert.alert),
        keys.incident_alerts(alert.incident),
        keys.incident_timeline(alert.incident),
        keys.INCIDENTS_LOG,
    ]
    entry = _entry(alert.raised_at, "joined", alert.key) if joined.told else ""
    fields = counted(alert_fields(alert, rule_version))
    return names, [alert.incident, to_iso(alert.raised_at), entry, alert.alert, *fields, *limits]


def _folding(folded: FoldedIncident, limits: Limits) -> Call:
    under = folded.under or ""
    names = [*_changed(folded.incident), keys.incident_speaks_for(folded.under or folded.incident)]
    entry = _entry(folded.at, "folded" if under else "unfolded")
    return names, [folded.incident, to_iso(folded.at), folded.at, entry, under, folded.turn, *limits]


def clearing(cleared: ClearedAlert, limits: Limits) -> Call:
    """End an incident with its only alert."""
    incident, *others = _changed(cleared.incident)
    entry = _entry(cleared.at, "cleared")
    arguments: list[Argument] = [cleared.incident, to_iso(cleared.at), cleared.at, entry, json_text(cleared.evidence)]
    return [incident, keys.alert(cleared.alert), *others], [*arguments, *limits]


def _ending(ended: EndedIncident, limits: Limits) -> Call:
    entry = _entry(ended.at, "cleared")
    return _changed(ended.incident), [ended.incident, to_iso(ended.at), ended.at, entry, *limits]


def _counting(count: CountedIncident, limits: Limits) -> Call:
    names = [keys.incident(count.incident), keys.incident_timeline(count.incident), keys.INCIDENTS_LOG]
    return names, [count.incident, to_iso(count.at), count.alerts, count.speaks_for, *limits]


def _raised(counts: Iterable[RaisedCount]) -> list[Call]:
    hours: dict[Instant, list[Argument]] = {}
    for one in counts:
        hours.setdefault(one.hour, [RAISED_KEPT_S, one.hour]).extend((one.rule, one.count))
    return [([keys.raised(hour_name(hour)), keys.RAISED_LATEST], arguments) for hour, arguments in hours.items()]


def hour_name(hour: Instant) -> str:
    """Name the hour that an instant lies in."""
    return to_iso(hour)[:13]


def _changed(incident: str) -> list[str]:
    return [
        keys.incident(incident),
        keys.incident_timeline(incident),
        keys.INCIDENTS_OPEN,
        keys.INCIDENTS_RECENT,
        keys.INCIDENTS_LOG,
    ]


def _entry(at: Instant, what: str, text: str | None = None) -> str:
    return entry_text(TimelineEntry(at=at, who=MACHINE, what=what, text=text))
