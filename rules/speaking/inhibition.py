"""Inhibition: which incidents are at the place of a larger alert that speaks for them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rules.rule import Rule
from rules.speaking.options import Inhibit
from rules.speaking.places import Places
from rules.speaking.whereabouts import Where
from rules.watches.cluster import Cluster


def inhibits_of(rule: Rule) -> tuple[Inhibit, ...]:
    """What a rule inhibits: what it says, and for a cluster what it is made of."""
    own = () if rule.inhibit is None else (rule.inhibit,)
    return (*own, rule.watch.inhibits) if isinstance(rule.watch, Cluster) else own


@dataclass(slots=True)
class _Inhibitor:
    """One rule's word that it speaks for others.

    Attributes:
        rule: the larger alerts' rule.
        alerts: its alerts that hold, by place.
        incidents: the incidents that hold and that it may speak for, by place.
    """

    rule: str
    of: frozenset[str]
    alerts: Places
    incidents: Places


class Inhibition:
    """All of a book's inhibitions; it only finds, and what it finds is decided elsewhere."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        """Take the rules, in the order of the book: where several speak for an alert, the first does."""
        self._all = [
            _Inhibitor(rule.name, frozenset(word.rules), Places(word.place), Places(word.place))
            for rule in rules
            if not rule.shadow
            for word in inhibits_of(rule)
        ]

    def __len__(self) -> int:
        """Count them."""
        return len(self._all)

    def concerns(self, rule: str) -> bool:
        """Whether a rule's alerts speak for others."""
        return any(one.rule == rule for one in self._all)

    def alert_began(self, rule: str, alert: str, where: Where) -> Iterable[str]:
        """Take a larger alert; gives the incidents that it may speak for."""
        found: dict[str, None] = {}
        for one in self._all:
            if one.rule == rule:
                one.alerts.add(alert, where)
                found |= dict.fromkeys(one.incidents.at(where))
        return found

    def alert_ended(self, rule: str, alert: str) -> None:
        """Let go of a larger alert."""
        for one in self._all:
            if one.rule == rule:
                one.alerts.remove(alert)

    def incident_began(self, rule: str, incident: str, where: Where) -> None:
        """Take an incident that others may speak for."""
        for one in self._all:
            if rule in one.of:
                one.incidents.add(incident, where)

    def incident_ended(self, rule: str, incident: str) -> None:
        """Let go of an incident."""
        for one in self._all:
            if rule in one.of:
                one.incidents.remove(incident)

    def larger(self, rule: str, where: Where) -> Iterable[str]:
        """Give the alerts that may speak for a rule's incident at a place, the first choice first."""
        for one in self._all:
            if rule in one.of:
                yield from one.alerts.at(where)
