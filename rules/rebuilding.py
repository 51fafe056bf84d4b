"""Makes the state of new and edited rules what it would be had they always run: by running them over the past.

How much of the past is needed, a rule says itself: the length of its window, of its `for`. What holds longer than
that is known by its alert, which stays open under its id.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import polars as pl

from ioc.model.alerts import AlertChange, AlertState
from ioc.model.assets import Asset
from ioc.model.instant import Instant
from ioc.model.quantities import Catalogue
from rules.book import RuleBook
from rules.engine import Engine
from rules.kinds.contract import Numbers
from rules.rule import Rule

APART: Final = 2**40
"""How far the numbers of events that are taken again lie from those that are taken live."""

Named = tuple[str, str, Instant]
"""An alert: its rule, its key, and when it began."""


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """States made anew, and what they mean for operators.

    Attributes:
        state: as `Engine.dump` gives it, of the rules that were made anew.
        begun: alerts that hold by the new rules and did not by the old ones.
        ended: ids of alerts that no longer hold, or mean nothing to what the rule is now.
    """

    state: dict[str, Any]
    begun: tuple[AlertChange, ...]
    ended: tuple[str, ...]


def to_rebuild(book: RuleBook, running: Mapping[str, str]) -> RuleBook:
    """Choose the rules of which no state is of use: those that are new, or raise other alerts than what ran.

    Args:
        book: what is to run.
        running: the behaviour of the rules that ran, by name.
    """
    return RuleBook(tuple(rule for rule in book.rules if running.get(rule.name) != rule.behaviour))


@dataclass(slots=True)
class Rebuilding:
    """Takes the past batch by batch.

    Attributes:
        book: the rules that are made anew.
        before: kind and key of the rules as they ran, by name.
        adopted: alerts that were open at the beginning: id to rule, key and beginning.
    """

    book: RuleBook
    before: Mapping[str, Sequence[str]]
    adopted: Mapping[str, Named]
    _engine: Engine
    _last: dict[tuple[str, str], AlertChange] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        book: RuleBook,
        before: Mapping[str, Sequence[str]],
        firing: Mapping[str, Named],
        catalogue: Catalogue,
        registry: Mapping[str, Asset],
        *,
        first_ref: int,
    ) -> "Rebuilding":
        """Begin with the alerts that are open.

        Args:
            book: the rules to make anew.
            before: kind and key of the rules as they ran, by name, see `alert_keys`.
            firing: the alerts that hold, of all rules.
            catalogue: gives the types of quantities.
            registry: the city's assets.
            first_ref: number of the first event that is taken.
        """
        engine = Engine(book, catalogue, registry, first_ref=first_ref)
        rules = {rule.name: rule for rule in book.rules}
        adopted = {alert: named for alert, named in firing.items() if _fits(rules, before, named[0])}
        for rule, key, raised_at in adopted.values():
            engine.adopt(rule, key, raised_at)
        return cls(book, before, adopted, engine)

    def take(self, batches: Iterable[pl.DataFrame]) -> None:
        """Take events of the archive, in the order in which they arrived."""
        for batch in batches:
            self._note(self._engine.step(batch))

    def take_entry(self, batch: pl.DataFrame, clock: Instant, reached: Numbers | None = None) -> None:
        """Take what the stream still has."""
        self._note(self._engine.step(batch, clock, reached))

    def finish(self, clock: Instant, firing: Mapping[str, Named]) -> Rebuilt:
        """Say what has come of it.

        Args:
            clock: how far the stream's clock has come.
            firing: the alerts that hold now, of all rules: while the past was taken, the rules that ran have raised
                and ended some.
        """
        self._note(self._engine.step(pl.DataFrame(), clock))
        rules = {rule.name: rule for rule in self.book.rules}
        open_now = {named[:2]: alert for alert, named in firing.items() if _fits(rules, self.before, named[0])}
        ended = [alert for alert, named in firing.items() if named[0] in rules and named[:2] not in open_now]
        adopted = {named[:2] for named in self.adopted.values()}
        begun = []
        for name in dict.fromkeys((*self._last, *adopted, *open_now)):
            last, alert = self._last.get(name), open_now.get(name)
            holds = name in adopted if last is None else last.to is AlertState.FIRING
            if alert is None and holds:
                if last is None:
                    # The old rule has ended meanwhile what holds by the new one: it begins anew.
                    last = AlertChange(*name, AlertState.FIRING, clock, clock)
                    self._engine.adopt(*name, clock)
                begun.append(last)
            elif alert is not None and not holds:
                ended.append(alert)
            elif alert is not None and last is not None and last.alert != alert:
                # It ended and began again in what was taken: to whoever works on it, it is the same alert.
                self._engine.adopt(*firing[alert])
        return Rebuilt(self._engine.snapshot(), tuple(begun), tuple(ended))

    def _note(self, changes: Iterable[AlertChange]) -> None:
        for change in changes:
            self._last[change.rule, change.key] = change


def put_together(book: RuleBook, running: Mapping[str, Any], rebuilt: Mapping[str, Any]) -> dict[str, Any]:
    """Put the state of the rules that go on and of those that were made anew into one, for `Engine.load`.

    Args:
        book: what is to run.
        running: the state of the engine that ran.
        rebuilt: the state of the rules that were made anew; its events have other numbers.
    """
    anew = rebuilt["rules"]
    names = {rule.name for rule in book.rules}
    kept = {name: state for name, state in running["rules"].items() if name in names and name not in anew}
    return {
        **running,
        "next_ref": max(running["next_ref"], rebuilt["next_ref"]),
        "rows": [*running["rows"], *rebuilt["rows"]],
        "lanes": rebuilt["lanes"] | running["lanes"],
        "seen": rebuilt["seen"] | running["seen"],
        "rules": kept | anew,
    }


def alert_keys(rule: Rule) -> list[str]:
    """Say what must stay the same for a rule's alerts to mean the same after an edit: the kind, and the key."""
    return [str(rule.kind), *rule.per]


def _fits(rules: Mapping[str, Rule], before: Mapping[str, Sequence[str]], name: str) -> bool:
    return name in rules and list(before.get(name, ())) == alert_keys(rules[name])
