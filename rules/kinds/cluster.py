"""Cluster: several alerts of given rules that hold at once at one place are one larger alert.

It is raised at the instant at which the last of the alerts that it needs begins, and ends when fewer hold. At a site
or in an area all of them count. Where nearness decides, a cluster stands around the alert that completed it; alerts
that come near it later belong to it, and an alert belongs to one cluster only.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Final

from ioc.model.alerts import AlertChange, AlertState, Gathering
from ioc.model.instant import DAY, Duration, Instant
from rules.kinds.contract import Change, Feed
from rules.speaking.options import Place
from rules.speaking.places import Places
from rules.speaking.whereabouts import Where

MOST_NAMED: Final = 50
"""Alerts that a cluster names; it counts all of them."""

_FEW: Final = 4_096


@dataclass(slots=True)
class _Member:
    """An alert that holds; `cluster` is the key of the one it belongs to."""

    rule: str
    key: str
    raised_at: Instant
    where: Where
    cluster: str | None = None


@dataclass(slots=True)
class _Standing:
    """A cluster that holds."""

    raised_at: Instant
    centre: Where
    members: dict[str, None]


class ClusterKind:
    """The state of one cluster rule. It takes no events, but the changes of other rules' alerts, by `take`."""

    def __init__(self, rule: str, at_least: int, place: Place, within: Duration | None) -> None:
        """Take what makes a cluster.

        Args:
            rule: the rule's own name.
            at_least: how many alerts there must be.
            place: what makes them be of one place.
            within: how far apart they may begin, µs; None: it does not matter.
        """
        self._rule = rule
        self._at_least = at_least
        self._place = place
        self._within = within
        self._alerts: dict[str, _Member] = {}
        self._free = Places(place)
        self._standing: dict[str, _Standing] = {}
        self._centres = Places(place)
        # When the latest cluster of a key began and ended.
        self._past: dict[str, tuple[Instant, Instant]] = {}

    def take(self, change: AlertChange, where: Where) -> list[AlertChange]:
        """Take a change of an alert that the rule is of.

        Args:
            change: in the order in which changes came to be known.
            where: where that alert is.
        """
        if change.to is AlertState.FIRING:
            return self._begin(change, where)
        return self._end(change)

    def _begin(self, change: AlertChange, where: Where) -> list[AlertChange]:
        alert = change.alert
        if alert in self._alerts:
            return []
        member = self._alerts[alert] = _Member(change.rule, change.key, change.raised_at, where)
        standing = next(iter(self._centres.at(where)), None)
        if standing is not None:
            member.cluster = standing
            self._standing[standing].members[alert] = None
            return []
        self._free.add(alert, where)
        around = self._free.at(where)
        if not self._enough(around):
            return []
        first = min(around, key=lambda name: (self._alerts[name].raised_at, self._alerts[name].rule, name))
        key = where.value(self._place.same) or self._alerts[first].key
        if key in self._standing:
            # Of two rules' alerts for one asset, each in a cluster of its own.
            key = f"{key} ({self._alerts[first].rule})"
        at = max(self._alerts[name].raised_at for name in around)
        began, ended = self._past.get(key, (at - 1, at))
        # Two alerts of a key never begin at one instant: they would be the same alert.
        at = max(at, ended, began + 1)
        self._standing[key] = _Standing(at, where, dict.fromkeys(around))
        self._centres.add(key, where)
        for name in around:
            self._free.remove(name)
            self._alerts[name].cluster = key
        return [self._change(key, at, change)]

    def _end(self, change: AlertChange) -> list[AlertChange]:
        member = self._alerts.pop(change.alert, None)
        if member is None:
            return []
        self._free.remove(change.alert)
        standing = None if member.cluster is None else self._standing.get(member.cluster)
        if member.cluster is None or standing is None:
            return []
        standing.members.pop(change.alert, None)
        if len(standing.members) >= self._at_least:
            return []
        return [self._over(member.cluster, max(change.at, standing.raised_at), change)]

    def _over(self, key: str, at: Instant, by: AlertChange) -> AlertChange:
        change = self._change(key, at, by, ended=True)
        standing = self._standing.pop(key)
        self._centres.remove(key)
        for name in standing.members:
            self._alerts[name].cluster = None
            self._free.add(name, self._alerts[name].where)
        if len(self._past) >= _FEW:
            self._past = {name: past for name, past in self._past.items() if past[1] >= at - DAY}
        self._past[key] = (standing.raised_at, at)
        return change

    def _enough(self, around: Collection[str]) -> bool:
        if len(around) < self._at_least:
            return False
        if self._within is None:
            return True
        begun = sorted(self._alerts[name].raised_at for name in around)
        ends = zip(begun, begun[self._at_least - 1 :], strict=False)
        return any(last - first <= self._within for first, last in ends)

    def _change(self, key: str, at: Instant, by: AlertChange, *, ended: bool = False) -> AlertChange:
        standing = self._standing[key]
        named = sorted(standing.members, key=lambda name: (self._alerts[name].raised_at, name))[:MOST_NAMED]
        assets = dict.fromkeys(asset for name in named if (asset := self._alerts[name].where.asset) is not None)
        near = self._place.near_m is not None
        return AlertChange(
            rule=self._rule,
            key=key,
            to=AlertState.RESOLVED if ended else AlertState.FIRING,
            at=at,
            raised_at=standing.raised_at,
            numbers={"count": len(standing.members)},
            known=by.known,
            gathered=Gathering(
                tuple(named),
                tuple(assets),
                standing.centre.lat if near else None,
                standing.centre.lon if near else None,
            ),
        )

    def holding(self) -> list[tuple[str, str, str, Instant]]:
        """Give the alerts that it knows to hold: id, rule, key and beginning."""
        return [(alert, one.rule, one.key, one.raised_at) for alert, one in self._alerts.items()]

    def stands(self, key: str, raised_at: Instant) -> bool:
        """Whether a cluster that began at an instant still holds."""
        standing = self._standing.get(key)
        return standing is not None and standing.raised_at == raised_at

    def step(self, feed: Feed, until: Instant, *, closing: bool) -> list[Change]:  # noqa: ARG002 - the protocol
        """Take no events: what happens, happens in `take`."""
        return []

    def dump(self) -> dict[str, Any]:
        """Give the alerts that hold and the clusters that stand, as plain data."""
        return {
            "keys": [],
            "alerts": [
                [name, one.rule, one.key, one.raised_at, one.where.dump()] for name, one in self._alerts.items()
            ],
            "standing": [
                [key, one.raised_at, one.centre.dump(), list(one.members)] for key, one in self._standing.items()
            ],
            "past": [[key, *past] for key, past in self._past.items()],
        }

    def load(self, state: dict[str, Any]) -> None:
        """Take a state that `dump` gave."""
        for name, rule, key, raised_at, where in state["alerts"]:
            self._alerts[name] = _Member(rule, key, raised_at, Where.load(where))
        for key, raised_at, centre, members in state["standing"]:
            self._standing[key] = _Standing(raised_at, Where.load(centre), dict.fromkeys(members))
            self._centres.add(key, Where.load(centre))
            for name in members:
                self._alerts[name].cluster = key
        for name, member in self._alerts.items():
            if member.cluster is None:
                self._free.add(name, member.where)
        self._past = {key: (began, ended) for key, began, ended in state["past"]}

    def adopt(self, key: int | tuple[int, int], raised_at: Instant) -> None:
        """Go on with nothing: a cluster that stands is made anew of the alerts that hold."""

    def stop(self, at: Instant) -> list[Change]:  # noqa: ARG002 - the protocol
        """End nothing: a cluster has no hours of its own."""
        return []

    def refs(self) -> list[int]:
        """Hold no events."""
        return []
