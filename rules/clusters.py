"""All cluster rules of a book at work: each change of an alert goes to those that are of its rule, and on from them."""

from collections.abc import Iterable, Mapping, Sequence

from ioc.model.alerts import AlertChange, AlertState
from ioc.model.assets import Asset
from ioc.model.instant import Instant
from rules.kinds.cluster import ClusterKind
from rules.rule import Rule
from rules.speaking.whereabouts import Where, where_of
from rules.watches.cluster import Cluster


def where_is(rule: Rule, change: AlertChange, registry: Mapping[str, Asset]) -> Where:
    """Find out where an alert of a rule is."""
    watch = rule.watch
    per = rule.per
    if isinstance(watch, Cluster):
        per = () if watch.place.same is None else (watch.place.same,)
    return where_of(change, per, registry, pairs=rule.kind.pairs)


class Clusters:
    """The cluster rules of a book; a pure step over the changes of all rules, in their order."""

    def __init__(self, rules: Sequence[tuple[Rule, object]], registry: Mapping[str, Asset]) -> None:
        """Take all rules with their state machines, and the city's assets."""
        self._rules = {rule.name: rule for rule, _ in rules}
        self._registry = registry
        self._kinds: dict[str, ClusterKind] = {}
        self._of: dict[str, list[str]] = {}
        for rule, kind in rules:
            if isinstance(rule.watch, Cluster) and isinstance(kind, ClusterKind):
                self._kinds[rule.name] = kind
                for name in rule.watch.of:
                    self._of.setdefault(name, []).append(rule.name)

    def __len__(self) -> int:
        """Count the cluster rules."""
        return len(self._kinds)

    def step(self, changes: Iterable[AlertChange]) -> list[AlertChange]:
        """Give the changes, each followed by what it makes of the clusters."""
        out: list[AlertChange] = []
        for change in changes:
            self._spread(change, out)
        return out

    def _spread(self, change: AlertChange, out: list[AlertChange]) -> None:
        out.append(change)
        members = self._of.get(change.rule)
        if not members:
            return
        rule = self._rules.get(change.rule)
        if rule is None:
            return
        where = where_is(rule, change, self._registry)
        for name in members:
            # What authors try out must not make an alert for operators.
            if rule.shadow and not self._rules[name].shadow:
                continue
            for larger in self._kinds[name].take(change, where):
                self._spread(larger, out)

    def catch_up(self, firing: Mapping[str, tuple[str, str, Instant]], at: Instant) -> list[AlertChange]:
        """Tell clusters of the alerts that hold and of which they do not know, and of those that hold no more.

        For rules that are new, were edited, or lost a rule that they are of. Where nothing is new it changes nothing.

        Args:
            firing: alert id to rule, key and beginning.
            at: the stream's clock.
        """
        out: list[AlertChange] = []
        for name, kind in self._kinds.items():
            for alert, rule, key, raised_at in kind.holding():
                if alert not in firing:
                    gone = AlertChange(rule, key, AlertState.RESOLVED, max(at, raised_at), raised_at)
                    for larger in kind.take(gone, Where()):
                        self._spread(larger, out)
            of = self._rules[name].watch
            wanted = of.of if isinstance(of, Cluster) else ()
            known = {alert for alert, *_ in kind.holding()}
            for alert, (rule_name, key, raised_at) in sorted(firing.items(), key=lambda item: (item[1][2], item[0])):
                if rule_name in wanted and alert not in known and rule_name in self._rules:
                    begun = AlertChange(rule_name, key, AlertState.FIRING, raised_at, raised_at)
                    for larger in kind.take(begun, where_is(self._rules[rule_name], begun, self._registry)):
                        self._spread(larger, out)
        for rule, key, raised_at in list(firing.values()):
            if rule in self._kinds and not self._kinds[rule].stands(key, raised_at):
                self._spread(AlertChange(rule, key, AlertState.RESOLVED, max(at, raised_at), raised_at), out)
        return out
