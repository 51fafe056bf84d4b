"""Variants of rules over the past, all in one pass: what each of them would have raised."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final

import polars as pl

from ioc.model.assets import Asset
from ioc.model.instant import DAY, Duration
from ioc.model.kinds import Kind
from ioc.model.quantities import Catalogue
from rules.backtest import BacktestAlert, note
from rules.bench.past import GivenUp
from rules.book import RuleBook
from rules.engine import Engine
from rules.rule import Rule

VARIANT: Final = "~"
"""Stands between a rule's name and the number of its variant; no rule's own name can hold it."""

LONGEST_LOOK_BACK: Final[Duration] = 30 * DAY
"""How much is read at most before the time that is asked for, so that a rule is in the state it would have been in."""


def run_variants(
    variants: Sequence[Sequence[Rule]],
    batches: Iterable[pl.DataFrame],
    catalogue: Catalogue,
    *,
    registry: Mapping[str, Asset] | None = None,
    given_up: Callable[[], bool] = lambda: False,
) -> list[list[BacktestAlert]]:
    """Run several sets of rules over the same batches, each as if it ran alone.

    Args:
        variants: sets of rules; their names may be the same in several of them.
        batches: events in order of arrival.
        catalogue: the types of quantities.
        registry: the city's assets, for rules per site or area.
        given_up: asked between batches whether anybody still wants to know.

    Returns:
        The alerts of each set, in order of rule, key and start.

    Raises:
        GivenUp: nobody does.
    """
    rules = [replace(rule, name=f"{rule.name}{VARIANT}{number}") for number, one in enumerate(variants) for rule in one]
    # Only where the key does not say which asset it was must the event that made an alert be looked up.
    keep = any(rule.per != ("asset",) for rule in rules)
    engine = Engine(RuleBook(tuple(rules)), catalogue, registry, keep_evidence=keep)
    alerts: dict[str, BacktestAlert] = {}
    for batch in batches:
        if given_up():
            raise GivenUp
        note(alerts, engine.step(batch))
    note(alerts, engine.finish())
    found: list[list[BacktestAlert]] = [[] for _ in variants]
    for alert in alerts.values():
        name, _, number = alert.rule.rpartition(VARIANT)
        alert.rule = name
        found[int(number)].append(alert)
    for listed in found:
        listed.sort(key=lambda alert: (alert.rule, alert.key, alert.raised_at))
    return found


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
    """Name the columns that rules read, and the one that says where it was."""
    return frozenset({"asset", "kind"}.union(*(rule.columns for rule in rules)))


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
