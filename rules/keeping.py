"""Keeps an eye on all that decides what runs: rule files, publications, the city and its registry."""

from dataclasses import dataclass
from typing import Final

from ioc.model.city import City
from ioc.model.faults import Fault
from ioc.model.quantities import Catalogue
from ioc.runtime import clock
from ioc.runtime.folder_watch import FolderWatch
from ioc.store.opening import Store
from rules.book import BadBook, RuleBook, read_book
from rules.expressions import Scope, scope_of
from rules.incidents import Surroundings
from rules.published import Running, running
from rules.settings import RulesSettings

NOWHERE: Final = Surroundings({}, lambda _: None, ())


@dataclass(frozen=True, slots=True)
class News:
    """What is to run from now on.

    Attributes:
        book: the rules; where something is wrong with what is said now, the last good ones.
        of_city: whether the city or its registry has changed, which concerns also rules that have not.
        mistakes: what is wrong; empty where nothing is.
    """

    book: RuleBook
    of_city: bool
    mistakes: str


class BookKeeper:
    """Knows what is said of rules. Its async methods raise `StoreUnavailable`; ask again."""

    def __init__(self, store: Store, settings: RulesSettings, catalogue: Catalogue) -> None:
        """Take where to look."""
        self._store = store
        self._settings = settings
        self._catalogue = catalogue
        self._watch = FolderWatch(settings.rules_dir)
        self._files = RuleBook(())
        self._city: City | None = None
        self._registry = -1
        self._revision = -1
        self._new_city = self._new_files = False
        self.surroundings = NOWHERE
        """What is known of the city; `state_of` is for whoever knows states to fill in."""

    async def load_city(self) -> bool:
        """Take up the city and its registry; says whether they have changed."""
        version = await self._store.assets.version()
        if version == self._registry:
            return False
        self._city = await self._store.assets.city()
        registry = await self._store.assets.load()
        self._registry = version
        self.surroundings = Surroundings(registry, lambda _: None, () if self._city is None else self._city.areas)
        return True

    def read_files(self) -> None:
        """Read the rule files for the first time.

        Raises:
            Fault: they have mistakes; the sentences name file, line and column.
        """
        try:
            self._files = read_book(self._settings.rules_dir, self._scope())
        except BadBook as mistakes:
            raise Fault(str(mistakes)) from mistakes

    async def said(self) -> Running:
        """Tell the versions what the files say, and put together what is to run."""
        versions = self._store.rule_versions
        files = {rule.name: (rule.version, rule.text) for rule in self._files.rules}
        await versions.take_files(files, now=clock.now())
        self._revision = await versions.revision()
        return running(self._files, await versions.current(), await versions.shadows(), self._scope())

    async def news(self) -> News | None:
        """See whether anything is said anew; on a mistake in the files, what they said last good stays."""
        # Seen once, a change is remembered until it could be taken up: the store may go away in between.
        self._new_city |= await self.load_city()
        self._new_files |= self._watch.changed()
        of_city = self._new_city
        if not (of_city or self._new_files or await self._store.rule_versions.revision() != self._revision):
            return None
        mistake = ""
        if of_city or self._new_files:
            try:
                self._files = read_book(self._settings.rules_dir, self._scope())
            except Fault as found:
                mistake = str(found)
        said = await self.said()
        self._new_city = self._new_files = False
        return News(said.book, of_city, "\n".join(filter(None, (mistake, *said.mistakes))))

    def _scope(self) -> Scope:
        city = self._city
        return scope_of(self._catalogue) if city is None else scope_of(self._catalogue, city.timezone, city.areas)
