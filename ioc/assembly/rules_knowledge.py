"""What is known of the city and its rules while authors are answered: read from the store, kept until it changes."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from ioc.model.assets import Asset
from ioc.model.city import City
from ioc.model.faults import Fault
from ioc.model.quantities import Catalogue
from ioc.model.rule_versions import RuleVersion, VersionSource
from ioc.runtime import clock
from ioc.runtime.marked_yaml import read_marked
from ioc.store.last_states import LastStates
from ioc.store.opening import Store
from rules.bench.what_if import Place
from rules.book import BadBook, RuleBook, read_book, read_rules_text
from rules.expressions import Scope, scope_of
from rules.rule import Rule

_REMEMBERED: Final = 4_000
"""Rules that are kept as read; a large book has some hundred."""


class Knowledge:
    """The city's assets, the scope of expressions, and the rules in force.

    Attributes:
        store: where it is read from.
        registry: assets by id.
        city: None where nobody has said which city this is.
        scope: what expressions may speak of.
    """

    def __init__(self, store: Store, catalogue: Catalogue, rules_dir: Path | None, timezone: str) -> None:
        """Take where things are read from.

        Args:
            store: registry, city and versions.
            catalogue: the city's quantities.
            rules_dir: folder of the rule book; of use before the rules have ever run, and for the timelines in it.
            timezone: IANA zone, where no city says another.
        """
        self.store = store
        self.rules_dir = rules_dir
        self.registry: Mapping[str, Asset] = {}
        self.city: City | None = None
        self.scope: Scope = scope_of(catalogue, timezone)
        self._catalogue = catalogue
        self._timezone = timezone
        self._version = -1
        self._read: dict[tuple[str, str, str], Rule | BadBook] = {}

    async def refresh(self) -> None:
        """Look whether registry or city have changed."""
        version = await self.store.assets.version()
        if version == self._version:
            return
        self.city = await self.store.assets.city()
        self.registry = await self.store.assets.load()
        timezone = self._timezone if self.city is None else self.city.timezone
        self.scope = scope_of(self._catalogue, timezone, () if self.city is None else self.city.areas)
        self._read.clear()
        self._version = version

    async def current(self) -> dict[str, RuleVersion]:
        """Give the version of each rule that holds; before the rules have ever run, those that the files say."""
        current = await self.store.rule_versions.current()
        if current or self.rules_dir is None:
            return current
        try:
            book = read_book(self.rules_dir, self.scope)
        except Fault:
            return {}
        now = clock.now()
        return {
            rule.name: RuleVersion(rule.name, rule.version, rule.text, now, VersionSource.FILE) for rule in book.rules
        }

    async def states(self) -> LastStates:
        """Read the last known states of assets, as the rules last saved them."""
        kept = await self.store.assets.load_states()
        return LastStates() if kept is None else LastStates.from_bytes(kept[1])

    def read(self, version: RuleVersion) -> Rule | BadBook:
        """Read one version; gives its mistakes where it cannot be read any more."""
        key = (version.rule, version.version, version.text)
        found = self._read.get(key)
        if found is None:
            try:
                found = read_rules_text(version.text, self.scope, version.rule)[0]
            except BadBook as wrong:
                found = wrong
            except IndexError:
                found = BadBook([Fault("the text holds no rule")])
            if len(self._read) >= _REMEMBERED:
                self._read.clear()
            self._read[key] = found
        return found

    def book(self, versions: Iterable[RuleVersion]) -> RuleBook:
        """Put together the rules that can be read."""
        read = (self.read(version) for version in versions)
        return RuleBook(tuple(rule for rule in read if isinstance(rule, Rule)))

    @staticmethod
    def named_by(rule: Rule) -> set[str]:
        """Name the rules that a rule speaks of: those that it is a cluster of, and those that it inhibits."""
        document = read_marked(rule.text, rule.name)
        entries = [] if document is None else document.sequence()
        named: set[str] = set()
        for parts in (entry.mapping() for entry in entries):
            for key, inside in (("cluster", "of"), ("inhibit", "rules")):
                below = parts[key].mapping() if key in parts and parts[key].is_mapping() else {}
                if inside in below and below[inside].is_sequence():
                    named |= {item.text() for item in below[inside].sequence()}
        return named


def known_places(registry: Mapping[str, Asset], states: LastStates) -> dict[str, Place]:
    """Say where assets are: where they are registered, else where they last were."""
    places = {}
    for state in states.all():
        places[state.id] = Place(state.id, state.lat, state.lon)
    for asset in registry.values():
        last = places.get(asset.id)
        moved = asset.lat is None or (asset.mobile and last is not None and last.lat is not None)
        at = last if moved and last is not None else asset
        places[asset.id] = Place(asset.name, at.lat, at.lon)
    return places
