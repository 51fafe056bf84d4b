"""Shadow rules: they run on live events, and what they raise is written down for authors and told to nobody else."""

from collections.abc import Collection, Sequence

from ioc.model.alerts import AlertChange, AlertState
from ioc.model.instant import Instant
from ioc.store.shadow_alerts import ShadowAlert, ShadowAlerts
from rules.book import RuleBook
from rules.published import author_name

Firing = dict[str, tuple[str, str, Instant]]
"""Alerts that hold: id to rule, key and beginning."""


class Shadows:
    """Writes what shadow rules raise."""

    def __init__(self, alerts: ShadowAlerts) -> None:
        """Take where to write."""
        self._alerts = alerts

    @staticmethod
    def told_apart(book: RuleBook, changes: Sequence[AlertChange]) -> tuple[list[AlertChange], list[AlertChange]]:
        """Tell changes that operators must see from those of shadow rules."""
        shadows = {rule.name for rule in book.rules if rule.shadow}
        if not shadows:
            return list(changes), []
        return (
            [change for change in changes if change.rule not in shadows],
            [change for change in changes if change.rule in shadows],
        )

    async def write(self, book: RuleBook, changes: Sequence[AlertChange], firing: Firing) -> None:
        """Write down what began and ended.

        Raises:
            StoreUnavailable: the store is away.
        """
        versions = {rule.name: rule.version for rule in book.rules}
        begun = [change for change in changes if change.to is AlertState.FIRING]
        ended = [(change.alert, change.at) for change in changes if change.to is AlertState.RESOLVED]
        await self._alerts.put([_written(change, versions[change.rule]) for change in begun])
        await self._alerts.end(ended)
        for change in begun:
            firing[change.alert] = (change.rule, change.key, change.raised_at)
        for alert, _ in ended:
            firing.pop(alert, None)

    async def end_orphans(self, book: RuleBook, firing: Firing, ended: Collection[str], now: Instant) -> None:
        """End the alerts of shadows that are gone, and those that hold no longer.

        Raises:
            StoreUnavailable: the store is away.
        """
        shadows = {rule.name for rule in book.rules if rule.shadow}
        gone = [alert for alert, (rule, _, _) in firing.items() if rule not in shadows or alert in ended]
        await self._alerts.end([(alert, max(now, firing[alert][2])) for alert in gone])
        for alert in gone:
            del firing[alert]


def _written(change: AlertChange, version: str) -> ShadowAlert:
    placed = next((row for row in change.evidence if row.get("lat") is not None and row.get("lon") is not None), {})
    return ShadowAlert(
        id=change.alert,
        rule=author_name(change.rule),
        version=version,
        key=change.key,
        raised_at=change.raised_at,
        lat=placed.get("lat"),
        lon=placed.get("lon"),
        numbers=dict(change.numbers),
    )
