"""Backtest: what a rule book would have raised over events of the past, by the same engine."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from ioc.model.alerts import AlertChange, AlertState
from ioc.model.identity import alert_id
from ioc.model.instant import Instant, whole_milliseconds
from ioc.model.quantities import Catalogue
from rules.book import RuleBook
from rules.engine import Engine


@dataclass(slots=True)
class BacktestAlert:
    """An alert of the past.

    Attributes:
        cleared_at: None where the events ended first.
        numbers: what the rule measured when it began.
        asset: whose event made it, where that was kept.
    """

    rule: str
    key: str
    raised_at: Instant
    cleared_at: Instant | None = None
    numbers: dict[str, Any] = field(default_factory=dict)
    asset: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Write it as one line of a backtest's output; times are epoch milliseconds."""
        return {
            "rule": self.rule,
            "key": self.key,
            "raised_at": whole_milliseconds(self.raised_at),
            "cleared_at": None if self.cleared_at is None else whole_milliseconds(self.cleared_at),
            "alert": alert_id(self.rule, self.key, self.raised_at),
        }


Table = dict[tuple[str, str, Instant], BacktestAlert]
"""Alerts by what their ids are made of."""


def needed_columns(book: RuleBook) -> set[str]:
    """Name the columns that a backtest of this book reads."""
    return {column for rule in book.rules for column in rule.columns}


def backtest(book: RuleBook, batches: Iterable[pl.DataFrame], catalogue: Catalogue) -> list[BacktestAlert]:
    """Run a rule book over batches of events.

    The stream's clock is the running maximum of `received_at`. At the end what is held back is released,
    and the clock stops at the last event: nothing is raised or cleared after it.

    Returns:
        The alerts, sorted by rule, key and start.
    """
    engine = Engine(book, catalogue, keep_evidence=False)
    alerts: Table = {}
    for batch in batches:
        note(alerts, engine.step(batch))
    note(alerts, engine.finish())
    return sorted(alerts.values(), key=lambda alert: (alert.rule, alert.key, alert.raised_at))


def note(alerts: Table, changes: Iterable[AlertChange]) -> None:
    """Write changes down in a table of alerts."""
    for change in changes:
        name = (change.rule, change.key, change.raised_at)
        alert = alerts.get(name)
        if alert is None:
            asset = next((row["asset"] for row in change.evidence if row.get("asset")), None)
            alert = BacktestAlert(change.rule, change.key, change.raised_at, numbers=change.numbers, asset=asset)
            alerts[name] = alert
        alert.cleared_at = change.at if change.to is AlertState.RESOLVED else None
