"""One rule, read and checked, ready to run."""

from dataclasses import dataclass
from typing import Final

from ioc.model.alerts import Severity
from ioc.model.instant import Duration
from rules.schedule import Schedule
from rules.speaking.options import USUAL_STORM, Group, Inhibit, StormLimit
from rules.titles import Title
from rules.watches.contract import RuleKind, Watch

SITE_KEYS: Final = ("site", "area")
"""Keys that an event does not say: the registry says them of its asset."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule.

    Attributes:
        lateness: None: events are taken as they come; else they are put in order of `at` first, µs.
        per: the columns that make the key; for `together`, always ("asset",).
        shadow: whether it runs without opening incidents, seen by authors only.
        note: what its author wrote beside it, for authors.
        version: a hash of all that the rule says; every alert carries it.
        behaviour: a hash of what decides which alerts there are; a new title does not change it.
        where_from: file:line, for people.
        text: its own lines of the file, with the comment above them.
        schedule: the hours in which it exists; None: always.
        cooldown: how long a key rests after an alert before the next one may begin, µs.
        group: which of its alerts make one incident; None: each makes its own.
        inhibit: whose alerts its incidents speak for while they hold.
        storm: how many alerts are too many; None: never.
    """

    name: str
    title: dict[str, Title]
    severity: Severity
    lateness: Duration | None
    per: tuple[str, ...]
    watch: Watch
    shadow: bool
    note: str
    version: str
    behaviour: str
    where_from: str
    text: str
    schedule: Schedule | None = None
    cooldown: Duration | None = None
    group: Group | None = None
    inhibit: Inhibit | None = None
    storm: StormLimit | None = USUAL_STORM

    @property
    def kind(self) -> RuleKind:
        """What kind of rule it is."""
        return self.watch.kind

    @property
    def columns(self) -> frozenset[str]:
        """Name the columns that it reads of a batch, beside the times."""
        found = {"kind", *self.per} - set(SITE_KEYS)
        if set(self.per) & set(SITE_KEYS):
            found.add("asset")
        wheres = [source.where for source in self.watch.sources]
        return self.watch.columns.union(found, *(where.columns for where in wheres if where is not None))

    @property
    def look_back(self) -> Duration:
        """Say how much of the past the rule must see before its state is what it would be had it always run, µs."""
        return self.watch.look_back + (self.lateness or 0)
