"""Which incident speaks for an alert: a pure step from changes of alerts to changes of incidents.

An alert opens an incident of its own, or joins one: that of its group, or of its rule's storm. An incident holds until
all its alerts have ended. Where a larger alert speaks for its place it is folded under that one's incident, until that
one ends. The alerts are the same whatever becomes of them here. Time is the stream's clock, and all that is decided
depends on the order of the changes alone, not on how they are cut.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from ioc.model.alerts import AlertChange, AlertState
from ioc.model.assets import Asset
from ioc.model.identity import digest, incident_id
from ioc.model.instant import HOUR, SECOND, Duration, Instant
from rules.clusters import where_is
from rules.rule import Rule
from rules.speaking.changes import AlertEnded, Counted, Ended, Folded, IncidentChange, Joined, Opened, RaisedInHour
from rules.speaking.inhibition import Inhibition
from rules.speaking.options import Group
from rules.speaking.places import Places
from rules.speaking.storms import Storm
from rules.speaking.whereabouts import Where

KEPT_OF_ONE: Final = 20_000
"""Alerts of one incident that are kept one by one; further ones are only counted."""

TELL_EVERY: Final[Duration] = SECOND
"""How often a storm says how many it counts, at most."""


@dataclass(slots=True)
class _Standing:
    """An incident that holds.

    Attributes:
        last: when its latest alert began.
        holding: how many of its alerts hold; a storm's count those of the incidents folded into it.
        alerts: how many it has had.
        speaks_for: how many alerts of incidents that were folded under it.
        under: the incident that speaks for it.
        storm: whether it is a storm; where `in_storm`, what speaks for it is one.
        told: when its count was last told.
    """

    rule: str
    where: Where
    raised_at: Instant
    last: Instant
    holding: int = 0
    alerts: int = 0
    speaks_for: int = 0
    under: str | None = None
    storm: bool = False
    in_storm: bool = False
    told: Instant = 0

    def dump(self) -> list[Any]:
        """Give it as plain data."""
        return [
            self.rule,
            self.where.dump(),
            self.raised_at,
            self.last,
            self.holding,
            self.alerts,
            self.speaks_for,
            self.under,
            self.storm,
            self.in_storm,
            self.told,
        ]

    @classmethod
    def load(cls, plain: Sequence[Any]) -> "_Standing":
        """Take what `dump` gave."""
        rule, where, *rest = plain
        return cls(rule, Where.load(where), *rest)


@dataclass(slots=True)
class _News:
    """What one step has come to; of an incident that changed twice, how it now stands."""

    opened: dict[str, Opened] = field(default_factory=dict)
    joined: list[Joined] = field(default_factory=list)
    folded: dict[str, Folded] = field(default_factory=dict)
    alerts_ended: list[AlertEnded] = field(default_factory=list)
    ended: list[Ended] = field(default_factory=list)
    counted: list[Counted] = field(default_factory=list)
    raised: dict[tuple[str, Instant], int] = field(default_factory=dict)


class Grouping:
    """The state of all incidents that hold; see the module's text."""

    def __init__(self, rules: Sequence[Rule], registry: Mapping[str, Asset]) -> None:
        """Begin with no incidents.

        Args:
            rules: the rule book; what rules that are not in it raise, and what is only tried out, opens nothing.
            registry: the city's assets.
        """
        self._rules = {rule.name: rule for rule in rules if not rule.shadow}
        self._registry = registry
        self._inhibition = Inhibition(rules)
        self._groups = {rule.name: Places(rule.group.place) for rule in self._rules.values() if rule.group is not None}
        self._storms = {rule.name: Storm(rule.storm) for rule in self._rules.values() if rule.storm is not None}
        self._incidents: dict[str, _Standing] = {}
        self._alerts: dict[str, tuple[str, str]] = {}
        # Where the alerts are that may speak for others.
        self._places: dict[str, Where] = {}
        self._folded: dict[str, dict[str, None]] = {}
        self._uncounted: dict[str, None] = {}
        self._raging: dict[str, None] = {}
        self._hours: dict[str, tuple[Instant, int]] = {}
        self._turn = 0
        self._news = _News()

    def __contains__(self, incident: str) -> bool:
        """Whether an incident holds."""
        return incident in self._incidents

    def __len__(self) -> int:
        """Count the incidents that hold."""
        return len(self._incidents)

    def under(self, incident: str) -> str | None:
        """Name the incident that speaks for another; None where it stands by itself."""
        standing = self._incidents.get(incident)
        return None if standing is None else standing.under

    def incident_of(self, alert: str) -> str | None:
        """Name the incident that an alert belongs to; None where it does not hold."""
        known = self._alerts.get(alert)
        return None if known is None else known[0]

    def step(self, changes: Iterable[AlertChange], clock: Instant, *, closing: bool = False) -> list[IncidentChange]:
        """Take changes of alerts, then let the stream's clock go on.

        Args:
            changes: in the order in which the engine gives them.
            clock: how far the stream's clock has come.
            closing: nothing more will come: what falls due exactly at `clock` happens too, and all counts are told.

        Returns:
            What becomes of incidents, in an order in which it can be written.
        """
        for change in changes:
            self._pass_time(change.known_at)
            self._turn = max(self._turn + 1, change.known_at)
            if change.to is AlertState.FIRING:
                self._began(change)
            else:
                self._over(change.alert, change.at)
        self._pass_time(clock + 1 if closing else clock)
        return self._told(clock, everything=closing)

    def adopt(self, firing: Mapping[str, tuple[str, str, Instant]]) -> None:
        """Take up alerts that hold and of which nothing is known: each has an incident of its own.

        Args:
            firing: alert id to rule, key and beginning.
        """
        for alert, (rule, _, raised_at) in firing.items():
            if alert not in self._alerts and rule in self._rules:
                incident = incident_id(alert)
                self._alerts[alert] = (incident, rule)
                self._incidents[incident] = _Standing(rule, Where(), raised_at, raised_at, 1, 1)

    def correction(self, incident: str, at: Instant) -> Folded:
        """Say again what speaks for an incident, over whatever was said before."""
        self._turn = max(self._turn + 1, at)
        return Folded(incident, self.under(incident), at, self._turn)

    def forget(self, alerts: Iterable[str], at: Instant) -> list[IncidentChange]:
        """End alerts that nobody will end any more, because their rules are gone."""
        for alert in alerts:
            self._turn += 1
            self._over(alert, at)
        return self._told(at, everything=False)

    def _began(self, change: AlertChange) -> None:
        rule = self._rules.get(change.rule)
        alert = change.alert
        if rule is None or alert in self._alerts:
            return
        self._count_hour(change)
        where = where_is(rule, change, self._registry)
        incident = self._incident_for(rule, change, where)
        self._alerts[alert] = (incident, change.rule)
        if self._inhibition.concerns(change.rule):
            self._places[alert] = where
        for smaller in self._inhibition.alert_began(change.rule, alert, where):
            if self._incidents[smaller].under is None:
                self._fold(smaller, incident, change.at)

    def _incident_for(self, rule: Rule, change: AlertChange, where: Where) -> str:
        """Find, or open, the incident that an alert belongs to."""
        storm = self._storms.get(rule.name)
        now = change.known_at
        if storm is not None and storm.raging and storm.incident is not None:
            storm.note(now, storm.incident)
            return self._join(storm.incident, change)
        group = self._group_for(rule, change, where)
        if group is not None:
            return self._join(group, change)
        if storm is not None and storm.breaks_out(now):
            return self._break_out(rule, storm, change)
        incident = self._open(incident_id(change.alert), rule, change, where)
        if storm is not None:
            storm.note(now, incident)
        return incident

    def _group_for(self, rule: Rule, change: AlertChange, where: Where) -> str | None:
        if rule.group is None:
            return None
        for name in reversed(self._groups[rule.name].at(where)):
            if _may_join(self._incidents[name], rule.group, change.at):
                return name
        return None

    def _open(self, incident: str, rule: Rule, change: AlertChange, where: Where, *, storm: bool = False) -> str:
        standing = _Standing(rule.name, where, change.raised_at, change.at, 1, 1, storm=storm)
        self._incidents[incident] = standing
        self._news.opened[incident] = Opened(incident, change, storm=storm)
        if storm:
            self._uncounted[incident] = None
            return incident
        if rule.name in self._groups:
            self._groups[rule.name].add(incident, where)
        self._inhibition.incident_began(rule.name, incident, where)
        larger = self._larger(incident)
        if larger is not None:
            self._fold(incident, larger, change.at)
        return incident

    def _join(self, incident: str, change: AlertChange) -> str:
        standing = self._incidents[incident]
        standing.last = max(standing.last, change.at)
        standing.alerts += 1
        standing.holding += 1
        self._uncounted[incident] = None
        kept = standing.alerts <= KEPT_OF_ONE
        self._news.joined.append(Joined(incident, change, kept=kept, told=not standing.storm))
        if standing.under is not None:
            self._count_under(standing, 1)
            if standing.in_storm:
                self._incidents[standing.under].holding += 1
        return incident

    def _break_out(self, rule: Rule, storm: Storm, change: AlertChange) -> str:
        """Begin a storm, or take up the last one where it still holds."""
        storm.raging = True
        self._raging[rule.name] = None
        if storm.incident is None:
            storm.incident = digest("storm", change.alert)
            self._open(storm.incident, rule, change, Where(), storm=True)
        else:
            self._join(storm.incident, change)
        self._incidents[storm.incident].told = 0
        for name in storm.first_ones():
            self._fold_in_storm(name, storm, change.at)
        storm.note(change.known_at, storm.incident)
        return storm.incident

    def _fold_in_storm(self, incident: str, storm: Storm, at: Instant) -> None:
        assert storm.incident is not None  # noqa: S101 - it has just begun
        larger = self._incidents[storm.incident]
        standing = self._incidents.get(incident)
        if standing is None:
            # It is over, but its alerts are among those that make the storm.
            if incident in storm.ended:
                larger.alerts += storm.ended.pop(incident)
                self._news.folded[incident] = Folded(incident, storm.incident, at, self._turn)
            return
        if standing.in_storm:
            return
        self._unhang(incident, standing)
        standing.in_storm = True
        self._hang(incident, standing, storm.incident, at)
        larger.alerts += standing.alerts
        larger.holding += standing.holding

    def _fold(self, incident: str, under: str, at: Instant) -> None:
        """Fold an incident under a larger one, unless that would close a circle."""
        standing = self._incidents[incident]
        above: str | None = under
        while above is not None:
            if above == incident:
                return
            above = self._incidents[above].under
        self._hang(incident, standing, under, at)
        self._count_under(standing, standing.alerts)

    def _count_under(self, standing: _Standing, alerts: int) -> None:
        assert standing.under is not None  # noqa: S101 - it has just been folded, or joined
        larger = self._incidents[standing.under]
        if standing.in_storm:
            larger.alerts += alerts
        else:
            larger.speaks_for += alerts
        self._uncounted[standing.under] = None

    def _hang(self, incident: str, standing: _Standing, under: str, at: Instant) -> None:
        standing.under = under
        self._folded.setdefault(under, {})[incident] = None
        self._news.folded[incident] = Folded(incident, under, at, self._turn)

    def _unhang(self, incident: str, standing: _Standing) -> None:
        if standing.under is not None:
            rest = self._folded[standing.under]
            rest.pop(incident, None)
            if not rest:
                del self._folded[standing.under]
            standing.under = None

    def _larger(self, incident: str) -> str | None:
        """Find what may speak for an incident."""
        standing = self._incidents[incident]
        for alert in self._inhibition.larger(standing.rule, standing.where):
            name = self._alerts[alert][0]
            if name != incident and not self._is_under(name, incident):
                return name
        return None

    def _is_under(self, incident: str, above: str) -> bool:
        name: str | None = incident
        while name is not None:
            if name == above:
                return True
            name = self._incidents[name].under
        return False

    def _over(self, alert: str, at: Instant) -> None:
        known = self._alerts.pop(alert, None)
        if known is None:
            return
        incident, rule = known
        standing = self._incidents[incident]
        only = standing.alerts == 1 and not standing.storm
        self._news.alerts_ended.append(AlertEnded(incident, alert, at, last=only, told=not standing.storm))
        if self._places.pop(alert, None) is not None:
            self._inhibition.alert_ended(rule, alert)
        standing.holding -= 1
        larger = standing.under if standing.in_storm else None
        if standing.holding == 0 and not self._rages(incident, standing):
            self._end(incident, standing, at)
        elif self._inhibition.concerns(rule):
            self._let_go(incident, at)
        if larger is not None:
            above = self._incidents[larger]
            above.holding -= 1
            if above.holding == 0 and not self._rages(larger, above):
                self._end(larger, above, at)

    def _rages(self, incident: str, standing: _Standing) -> bool:
        storm = self._storms.get(standing.rule)
        return storm is not None and storm.raging and storm.incident == incident

    def _end(self, incident: str, standing: _Standing, at: Instant) -> None:
        self._news.ended.append(Ended(incident, max(at, standing.raised_at)))
        storm = self._storms.get(standing.rule)
        if storm is not None:
            if storm.incident == incident:
                storm.incident = None
            elif not standing.in_storm:
                storm.note_end(incident, standing.alerts)
        if standing.rule in self._groups:
            self._groups[standing.rule].remove(incident)
        self._inhibition.incident_ended(standing.rule, incident)
        self._unhang(incident, standing)
        self._let_go(incident, at, ended=True)
        if self._uncounted.pop(incident, incident) is None:
            self._news.counted.append(_count_of(incident, standing, at))
        del self._incidents[incident]

    def _let_go(self, incident: str, at: Instant, *, ended: bool = False) -> None:
        """See for whom an incident still speaks, now that one of its alerts has ended."""
        for smaller in list(self._folded.get(incident, ())):
            standing = self._incidents[smaller]
            if standing.in_storm:
                continue
            larger = self._larger(smaller)
            if larger == incident and not ended:
                continue
            self._unhang(smaller, standing)
            if larger is None or larger == incident:
                self._news.folded[smaller] = Folded(smaller, None, at, self._turn)
            else:
                self._fold(smaller, larger, at)

    def _pass_time(self, until: Instant) -> None:
        """Let storms calm that are due before an instant."""
        while self._raging:
            calms, name = min((self._storms[name].calms, name) for name in self._raging)
            if calms >= until:
                return
            storm = self._storms[name]
            storm.raging = False
            del self._raging[name]
            if storm.incident is not None:
                standing = self._incidents[storm.incident]
                if standing.holding == 0:
                    self._turn = max(self._turn + 1, calms)
                    self._end(storm.incident, standing, calms)

    def _count_hour(self, change: AlertChange) -> None:
        hour = change.known_at // HOUR * HOUR
        known, count = self._hours.get(change.rule, (hour, 0))
        count = count + 1 if known == hour else 1
        self._hours[change.rule] = (hour, count)
        self._news.raised[change.rule, hour] = count

    def _told(self, clock: Instant, *, everything: bool) -> list[IncidentChange]:
        """Give what has happened since the last call."""
        news, self._news = self._news, _News()
        counted = news.counted
        for incident in list(self._uncounted):
            standing = self._incidents[incident]
            if standing.storm and not everything and clock - standing.told < TELL_EVERY:
                continue
            standing.told = clock
            counted.append(_count_of(incident, standing, clock))
            del self._uncounted[incident]
        raised = [RaisedInHour(rule, hour, count) for (rule, hour), count in news.raised.items()]
        return [
            *news.opened.values(),
            *news.joined,
            *news.folded.values(),
            *news.alerts_ended,
            *news.ended,
            *counted,
            *raised,
        ]

    def dump(self) -> dict[str, Any]:
        """Give the whole state as plain data, for a checkpoint."""
        return {
            "incidents": [[name, *standing.dump()] for name, standing in self._incidents.items()],
            "alerts": [[alert, *known] for alert, known in self._alerts.items()],
            "places": [[alert, where.dump()] for alert, where in self._places.items()],
            "folded": [[name, list(smaller)] for name, smaller in self._folded.items()],
            "storms": {name: storm.dump() for name, storm in self._storms.items() if storm.latest},
            "uncounted": list(self._uncounted),
            "hours": [[rule, *counted] for rule, counted in self._hours.items()],
            "turn": self._turn,
        }

    def load(self, state: Mapping[str, Any]) -> None:
        """Take what `dump` gave, by rules that may have changed since.

        What rules that are gone have left stays until it is forgotten.
        """
        self._turn = state["turn"]
        self._hours = {rule: (hour, count) for rule, hour, count in state["hours"]}
        self._uncounted = dict.fromkeys(state["uncounted"])
        self._folded = {name: dict.fromkeys(smaller) for name, smaller in state["folded"]}
        for name, plain in state["storms"].items():
            if name in self._storms:
                storm = self._storms[name] = Storm.load(self._storms[name].limit, plain)
                if storm.raging:
                    self._raging[name] = None
        for name, *plain_standing in state["incidents"]:
            standing = self._incidents[name] = _Standing.load(plain_standing)
            if not standing.storm:
                if standing.rule in self._groups:
                    self._groups[standing.rule].add(name, standing.where)
                self._inhibition.incident_began(standing.rule, name, standing.where)
        places = {alert: Where.load(where) for alert, where in state["places"]}
        for alert, incident, rule in state["alerts"]:
            self._alerts[alert] = (incident, rule)
            if self._inhibition.concerns(rule):
                where = self._places[alert] = places.get(alert, self._incidents[incident].where)
                self._inhibition.alert_began(rule, alert, where)
        for name, standing in list(self._incidents.items()):
            # A storm that only waited to calm, of a rule that no longer has storms.
            if standing.holding == 0 and not self._rages(name, standing):
                self._end(name, standing, standing.last)


def _may_join(standing: _Standing, group: Group, at: Instant) -> bool:
    return group.within is None or at - standing.last <= group.within


def _count_of(incident: str, standing: _Standing, at: Instant) -> Counted:
    own = standing.alerts if standing.storm or standing.alerts > 1 else 0
    return Counted(incident, standing.alerts, standing.speaks_for + own, at)
