"""What an explanation is made from: one rule, one key, one time, and the events before it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl
from sqlglot import exp

from ioc.model.assets import Asset
from ioc.model.instant import Duration, Instant
from ioc.model.quantities import Catalogue
from rules.backtest import BacktestAlert
from rules.bench.explaining.findings import Finding
from rules.bench.explaining.words import when
from rules.expressions import Scope
from rules.keys import key_expression
from rules.rule import Rule
from rules.watches.contract import Source

MOST_EVENTS = 20_000
"""Events of one key that are looked at; the latest."""


@dataclass(frozen=True, slots=True)
class Case:
    """One question, with all that is known.

    Attributes:
        key: what the rule holds for.
        at: the time in question.
        look: how far back conditions are looked at, µs.
        events: all events of the time before, in order of arrival, of whatever key.
        alerts: of this rule and key, in order of time.
        others: alerts of other rules, where this one is made of them.
    """

    rule: Rule
    key: str
    at: Instant
    look: Duration
    events: pl.DataFrame
    alerts: Sequence[BacktestAlert]
    others: Sequence[BacktestAlert]
    scope: Scope
    catalogue: Catalogue
    registry: Mapping[str, Asset]

    @property
    def holding(self) -> BacktestAlert | None:
        """The alert that held at the time; None where none did."""
        return next((a for a in reversed(self.alerts) if holds(a, self.at)), None)

    def mine(self) -> pl.DataFrame:
        """Give the events of the key, of any kind, up to the time in question."""
        return self.keyed(self.rule.per, self.key)

    def keyed(self, per: tuple[str, ...], key: str) -> pl.DataFrame:
        """Give the events of a key, up to the time in question."""
        missing = [column for column in per if column not in self.events.columns and column not in ("site", "area")]
        if missing:
            return self.events.clear()
        events = self.events.filter(pl.col("at").cast(pl.Int64) <= self.at)
        return events.filter(key_expression(per, self.registry) == key).tail(MOST_EVENTS)

    def lately(self, events: pl.DataFrame) -> pl.DataFrame:
        """Give those of the time that conditions are looked at."""
        return events.filter(pl.col("at").cast(pl.Int64) > self.at - self.look)

    def of(self, source: Source, events: pl.DataFrame) -> pl.DataFrame:
        """Give the events of a source's kinds, whatever its condition says."""
        if not source.kinds:
            return events
        return events.filter(pl.col("kind").cast(pl.String).is_in([str(kind) for kind in source.kinds]))

    def passing(self, source: Source, events: pl.DataFrame) -> pl.DataFrame:
        """Give the events that a source lets through."""
        found = self.of(source, events)
        return found if source.where is None else found.filter(source.where.expression)

    def clock(self, moment: Instant) -> str:
        """Write a time of day."""
        return when(moment, self.scope.timezone, self.at)

    def unit(self, tree: exp.Expr | str) -> str | None:
        """Name the unit of a quantity that stands alone."""
        name = tree if isinstance(tree, str) else tree.name if isinstance(tree, exp.Column) else ""
        known = self.catalogue.get(name)
        return None if known is None else known.unit

    def rows(self, events: pl.DataFrame, count: int = 6) -> tuple[dict[str, Any], ...]:
        """Give the last few events as rows, times in µs."""
        last = events.sort("at", maintain_order=True).tail(count)
        last = last.with_columns(pl.col("at", "received_at").cast(pl.Int64))
        return tuple(last.iter_rows(named=True))


def holds(alert: BacktestAlert, at: Instant) -> bool:
    """Whether an alert held at a time."""
    return alert.raised_at <= at and (alert.cleared_at is None or at < alert.cleared_at)


def first_failing(findings: Sequence[Finding]) -> Finding | None:
    """Give what kept a rule from firing: the first condition that does not hold, else one that cannot be told."""
    wrong = [finding for finding in findings if finding.holds is False]
    unknown = [finding for finding in findings if finding.holds is None]
    return next(iter([*wrong, *unknown]), None)
