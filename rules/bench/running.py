"""Variants of rules over the past, in one pass: what each of them would have raised, and what operators had of it."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
import polars as pl

from ioc.model.alerts import AlertChange, AlertState
from ioc.model.assets import Asset
from ioc.model.instant import DAY, LATEST, Duration, Instant
from ioc.model.kinds import Kind
from ioc.model.quantities import Catalogue
from rules.backtest import BacktestAlert, Table, note
from rules.bench.load import Load, load_of
from rules.bench.past import GivenUp
from rules.book import RuleBook
from rules.engine import Engine
from rules.rule import Rule
from rules.speaking.changes import Folded, Opened
from rules.speaking.grouping import Grouping
from rules.speaking.options import Inhibit
from rules.watches.cluster import Cluster

VARIANT: Final = "~"
"""Stands between a rule's name and the number of its variant; no rule's own name can hold it."""

LONGEST_LOOK_BACK: Final[Duration] = 30 * DAY
"""How much is read at most before the time that is asked for, so that a rule is in the state it would have been in."""


_AT_ONCE: Final = 500
"""Changes of alerts that are grouped in one step."""


@dataclass(slots=True)
class Run:
    """What a set of rules came to.

    Attributes:
        alerts: in order of rule, key and start.
        opened: the rule of each incident that reached operators, and when, in order of time; fewer than alerts where
            some are grouped, or where larger ones speak for them.
    """

    alerts: list[BacktestAlert] = field(default_factory=list)
    opened: list[tuple[str, Instant]] = field(default_factory=list)

    def load(self, since: Instant, until: Instant, rules: Collection[str] | None = None) -> Load:
        """Measure the load between two instants, of some rules or of all."""
        begun = sum(alert.raised_at >= since and (rules is None or alert.rule in rules) for alert in self.alerts)
        opened = [at for rule, at in self.opened if at >= since and (rules is None or rule in rules)]
        return load_of(begun, opened, since, until)


def run_variants(
    variants: Sequence[Sequence[Rule]],
    batches: Iterable[pl.DataFrame],
    catalogue: Catalogue,
    *,
    registry: Mapping[str, Asset] | None = None,
    given_up: Callable[[], bool] = lambda: False,
    with_assets: bool = True,
) -> list[Run]:
    """Run several sets of rules over the same batches, each as if it ran alone.

    Args:
        variants: sets of rules; their names may be the same in several of them.
        batches: events in order of arrival.
        catalogue: the types of quantities.
        registry: the city's assets, for rules per site or area, and for what is grouped by place.
        given_up: asked between batches whether anybody still wants to know.
        with_assets: whether each alert is to say whose event made it, where its key does not; that costs some time.

    Returns:
        What each set came to.

    Raises:
        GivenUp: nobody wants to know.
    """
    rules = [_variant(rule, number) for number, one in enumerate(variants) for rule in one]
    # Only where the key does not say which asset it was must the event that made an alert be looked up.
    keep = any((with_assets and rule.per != ("asset",)) or _speaks(rule) for rule in rules)
    engine = Engine(RuleBook(tuple(rules)), catalogue, registry, keep_evidence=keep)
    speaking = _Speaking(rules, registry or {})
    alerts: Table = {}
    for batch in batches:
        if given_up():
            raise GivenUp
        changes = engine.step(batch)
        note(alerts, changes)
        speaking.take(changes)
    changes = engine.finish()
    note(alerts, changes)
    speaking.take(changes)
    found = [Run() for _ in variants]
    for alert in alerts.values():
        name, _, number = alert.rule.rpartition(VARIANT)
        alert.rule = name
        found[int(number)].alerts.append(alert)
    for whole, at in speaking.opened(given_up):
        name, _, number = whole.rpartition(VARIANT)
        found[int(number)].opened.append((name, at))
    for run in found:
        run.alerts.sort(key=lambda alert: (alert.rule, alert.key, alert.raised_at))
    return found


class _Speaking:
    """Follows which alerts open incidents that operators see."""

    def __init__(self, rules: Sequence[Rule], registry: Mapping[str, Asset]) -> None:
        self._rules = rules
        self._registry = registry
        self._changes: list[AlertChange] = []

    def take(self, changes: Iterable[AlertChange]) -> None:
        self._changes += changes

    def opened(self, given_up: Callable[[], bool]) -> list[tuple[str, Instant]]:
        """Give the rule and the beginning of each incident that reached operators."""
        if not any(map(_speaks, self._rules)) and not any(map(self._storms, self._rules)):
            return [(one.rule, one.at) for one in self._changes if one.to is AlertState.FIRING]
        grouping = Grouping(self._rules, self._registry)
        found: list[tuple[str, Instant]] = []
        for begin in range(0, len(self._changes), _AT_ONCE):
            if given_up():
                raise GivenUp
            changes = self._changes[begin : begin + _AT_ONCE]
            news = grouping.step(changes, changes[-1].known_at)
            folded = {one.incident: one.at for one in news if isinstance(one, Folded) and one.under is not None}
            opened = (one for one in news if isinstance(one, Opened))
            # What a larger one speaks for from its first instant on, no operator sees.
            seen = (one for one in opened if folded.get(one.incident, LATEST) > one.change.at)
            found += [(one.change.rule, one.change.at) for one in seen]
        return found

    def _storms(self, rule: Rule) -> bool:
        """Whether a rule may have raised too much; where it cannot have, each of its alerts is an incident."""
        if rule.storm is None:
            return False
        raised = (one for one in self._changes if one.rule == rule.name and one.to is AlertState.FIRING)
        times = np.sort(np.array([one.known_at for one in raised], dtype=np.int64))
        within = np.arange(1, len(times) + 1) - np.searchsorted(times, times - rule.storm.over)
        return int(within.max(initial=0)) > rule.storm.more_than


def _variant(rule: Rule, number: int) -> Rule:
    """Give a rule another name, and so those that it speaks of."""

    def named(name: str) -> str:
        return f"{name}{VARIANT}{number}"

    watch = rule.watch
    if isinstance(watch, Cluster):
        watch = replace(watch, rule=named(watch.rule), of=tuple(map(named, watch.of)))
    inhibit = rule.inhibit
    if inhibit is not None:
        inhibit = Inhibit(tuple(map(named, inhibit.rules)), inhibit.place)
    # A shadow is asked about as if it were in force.
    return replace(rule, name=named(rule.name), watch=watch, inhibit=inhibit, shadow=False)


def _speaks(rule: Rule) -> bool:
    return rule.group is not None or rule.inhibit is not None or isinstance(rule.watch, Cluster)


def members_of(rules: Sequence[Rule], book: RuleBook) -> tuple[Rule, ...]:
    """Find the rules of a book that clusters among some rules are made of, and that are not among them."""
    known = {rule.name: rule for rule in book.rules}
    found: dict[str, Rule] = {}
    waiting = list(rules)
    have = {rule.name for rule in rules}
    while waiting:
        watch = waiting.pop().watch
        for name in watch.of if isinstance(watch, Cluster) else ():
            if name in known and name not in have:
                have.add(name)
                found[name] = known[name]
                waiting.append(known[name])
    return tuple(found.values())


def look_back_of(rules: Iterable[Rule]) -> Duration:
    """Say how much must be read before the time that is asked for, µs."""
    return min(LONGEST_LOOK_BACK, max((rule.look_back for rule in rules), default=0))


def kinds_of(rules: Iterable[Rule]) -> frozenset[Kind] | None:
    """Name the kinds of events that rules read; None for all."""
    found: set[Kind] = set()
    for rule in rules:
        for source in rule.watch.sources:
            if not source.kinds:
                return None
            found |= set(source.kinds)
    return frozenset(found)


def columns_of(rules: Iterable[Rule]) -> frozenset[str]:
    """Name the columns that rules read, and those that say where it was."""
    listed = list(rules)
    place = {"lat", "lon", "zone"} if any(_speaks(rule) for rule in listed) else set()
    return frozenset({"asset", "kind"}.union(place, *(rule.columns for rule in listed)))


def coded_of(rules: Iterable[Rule]) -> frozenset[str]:
    """Name the columns of texts that only make keys, and that no expression reads."""
    listed = list(rules)
    keys = {"asset", "kind"}.union(*(rule.per for rule in listed))
    read = {"lat", "lon"}
    for rule in listed:
        read |= rule.watch.columns
        for source in rule.watch.sources:
            if source.where is not None:
                read |= source.where.columns
    return frozenset(keys - read)
