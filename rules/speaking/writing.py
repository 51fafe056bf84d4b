"""Writes what becomes of incidents to the store, and mends there what a process that died has left."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from ioc.model.incidents import Condition
from ioc.model.instant import LATEST, Instant
from ioc.runtime.logging import Log
from ioc.store.incident_fields import AlertOf
from ioc.store.incident_writes import (
    ClearedAlert,
    CountedIncident,
    EndedAlert,
    EndedIncident,
    FoldedIncident,
    JoinedAlert,
    RaisedCount,
    Writes,
)
from ioc.store.incidents import Incidents
from rules.incidents import Surroundings, open_incident, open_storm
from rules.rule import Rule
from rules.speaking.changes import AlertEnded, Counted, Ended, Folded, IncidentChange, Joined, Opened, RaisedInHour
from rules.speaking.grouping import Grouping

log = Log("rules")


def writes_of(changes: Iterable[IncidentChange], rules: Mapping[str, Rule], surroundings: Surroundings) -> Writes:
    """Say in the store's words what one step has come to.

    Args:
        changes: what `Grouping.step` gave.
        rules: the rules by name, those of all that was opened among them.
        surroundings: what is known of the city.
    """
    by_kind: dict[type, list[IncidentChange]] = {}
    for change in changes:
        by_kind.setdefault(type(change), []).append(change)
    folded = [change for change in by_kind.get(Folded, ()) if isinstance(change, Folded)]
    folds = {change.incident: change for change in folded}
    opened = []
    for change in by_kind.get(Opened, ()):
        assert isinstance(change, Opened)  # noqa: S101 - sorted by type above
        rule = rules[change.change.rule]
        written = (
            open_storm(rule, change.change, change.incident, surroundings)
            if change.storm
            else open_incident(rule, change.change, surroundings)
        )
        fold = folds.get(change.incident)
        # What is folded as it begins must not be seen first.
        opened.append(written if fold is None else replace(written, inhibited_by=fold.under))
    ended = {change.incident: change.at for change in by_kind.get(Ended, ()) if isinstance(change, Ended)}
    alerts_ended = [change for change in by_kind.get(AlertEnded, ()) if isinstance(change, AlertEnded)]
    single = {change.incident for change in alerts_ended if change.last and change.incident in ended}
    return Writes(
        opened=tuple(opened),
        turns={change.incident: change.turn for change in folded},
        joined=tuple(
            JoinedAlert(_alert(change), change.told)
            for change in by_kind.get(Joined, ())
            if isinstance(change, Joined) and change.kept
        ),
        folded=tuple(FoldedIncident(change.incident, change.under, change.at, change.turn) for change in folded),
        cleared=tuple(
            ClearedAlert(change.incident, change.alert, ended[change.incident])
            for change in alerts_ended
            if change.incident in single
        ),
        alerts_ended=tuple(
            EndedAlert(change.alert, change.at) for change in alerts_ended if change.incident not in single
        ),
        ended=tuple(EndedIncident(incident, at) for incident, at in ended.items() if incident not in single),
        counted=tuple(
            CountedIncident(change.incident, change.alerts, change.speaks_for, change.at)
            for change in by_kind.get(Counted, ())
            if isinstance(change, Counted)
        ),
        raised=tuple(
            RaisedCount(change.rule, change.hour, change.count)
            for change in by_kind.get(RaisedInHour, ())
            if isinstance(change, RaisedInHour)
        ),
    )


def _alert(joined: Joined) -> AlertOf:
    change = joined.change
    return AlertOf(change.alert, change.rule, change.key, change.raised_at, joined.incident)


def tell(changes: Sequence[IncidentChange], firing: Mapping[str, tuple[str, str, Instant]]) -> None:
    """Log what began and ended; of a storm, that it is one.

    Args:
        changes: what `Grouping.step` gave.
        firing: alerts that held before: id to rule, key and beginning.
    """
    for change in changes:
        if isinstance(change, Opened) and change.storm:
            log.warning("a rule raises too much: one incident stands for all of it", rule=change.change.rule)
        elif isinstance(change, Opened) or (isinstance(change, Joined) and change.told):
            log.info("alert", rule=change.change.rule, key=change.change.key, alert=change.change.alert)
        elif isinstance(change, AlertEnded) and change.told:
            rule, key, _ = firing.get(change.alert, ("", "", 0))
            log.info("alert ended", rule=rule, key=key, alert=change.alert)


async def mend(incidents: Incidents, grouping: Grouping, now: Instant) -> int:
    """End what holds in the store though nothing of ours does, and fold what is folded otherwise there.

    A process that died may have written it after its last checkpoint by rules that were edited since, or by a state
    that could not be read again. What it wrote by the same rules has the same ids, and is known.

    Args:
        incidents: the store's.
        grouping: what holds.
        now: the stream's clock.

    Returns:
        How many incidents were ended.

    Raises:
        StoreUnavailable: the store is away.
    """
    _, known = await incidents.snapshot(closed_since=LATEST)
    active = [incident for incident in known if incident.condition is Condition.ACTIVE]
    ended: list[EndedIncident] = []
    alerts_ended: list[EndedAlert] = []
    folded: list[FoldedIncident] = []
    for incident in active:
        alerts = list(incident.alerts)
        if incident.alert_count > 1:
            alerts += await incidents.alert_ids(incident.id)
        at = max(now, incident.raised_at)
        alerts_ended += [EndedAlert(alert, at) for alert in alerts if grouping.incident_of(alert) is None]
        if incident.id not in grouping:
            ended.append(EndedIncident(incident.id, at))
        elif grouping.under(incident.id) != incident.inhibited_by:
            again = grouping.correction(incident.id, now)
            folded.append(FoldedIncident(again.incident, again.under, again.at, again.turn))
    await incidents.write(Writes(folded=tuple(folded), alerts_ended=tuple(alerts_ended), ended=tuple(ended)))
    return len(ended)
