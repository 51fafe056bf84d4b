"""Publishing rules: examined first, then put in force, with every version kept."""

import difflib
from collections.abc import Sequence
from typing import Any

from ioc.assembly.rules_knowledge import Knowledge
from ioc.model.faults import Fault
from ioc.model.quantities import Catalogue
from ioc.model.rule_versions import RuleVersion, VersionSource
from ioc.runtime import clock
from ioc.runtime.marked_yaml import Misplaced
from ioc.store.rule_versions import PublishedMeanwhile
from rules.book import BadBook, RuleBook, assembled, read_rules_text
from rules.rule import Rule
from rules.timelines import run_timeline, timelines_of

Answer = dict[str, Any]


class Refused(Exception):
    """The rule cannot be read, or fails its own timelines.

    Attributes:
        mistakes: `{line, column, sentence}` of each.
        timelines: `{name, complaints}` of each that fails.
    """

    def __init__(self, *, mistakes: Sequence[Answer] = (), timelines: Sequence[Answer] = ()) -> None:
        """Take one or the other."""
        super().__init__("mistakes" if mistakes else "timelines")
        self.mistakes = tuple(mistakes)
        self.timelines = tuple(timelines)


class OtherHolds(Exception):
    """Another version was published meanwhile.

    Attributes:
        version: the one in force; None where there is none any more.
        author: who published it; None where that is not known.
    """

    def __init__(self, version: str | None, author: str | None) -> None:
        """Take what is in force."""
        super().__init__(version)
        self.version = version
        self.author = author


class Publishing:
    """Puts rules in force."""

    def __init__(self, known: Knowledge, catalogue: Catalogue) -> None:
        """Take what is known of the city and its rules."""
        self._known = known
        self._catalogue = catalogue

    def examine(self, text: str, in_force: RuleBook, *, with_timelines: bool = True) -> Rule:
        """Read a rule, and run the timelines that speak of it.

        Args:
            text: one rule as YAML.
            in_force: what runs; the rule takes the place of the one of its name.
            with_timelines: whether they must hold; an earlier version may be restored though they have changed since.

        Raises:
            Refused: it cannot be read, or a timeline fails.
        """
        try:
            draft = read_rules_text(text, self._known.scope, "draft")
            names = {rule.name for rule in draft}
            book = assembled([*(rule for rule in in_force.rules if rule.name not in names), *draft])
        except BadBook as wrong:
            raise Refused(mistakes=mistakes_of(wrong)) from wrong
        if len(draft) != 1:
            sentence = f"rules are published one by one; expected one rule, found {len(draft)}"
            raise Refused(mistakes=[{"line": 1, "column": 1, "sentence": sentence}])
        if with_timelines:
            failed = [one for one in self.timelines(draft[0].name, book) if not one["ok"]]
            if failed:
                shown = [{"name": one["name"], "complaints": one["complaints"]} for one in failed]
                raise Refused(timelines=shown)
        return draft[0]

    def timelines(self, name: str, book: RuleBook) -> list[Answer]:
        """Run the timelines beside the rules that speak of one, and say how each went."""
        if self._known.rules_dir is None or not self._known.rules_dir.is_dir():
            return []
        found = []
        for timeline in timelines_of(self._known.rules_dir, name, book, self._catalogue):
            if isinstance(timeline, Fault):
                found.append({"name": "", "where": "", "ok": False, "complaints": [str(timeline)]})
                continue
            complaints = run_timeline(timeline, book, self._catalogue).complaints
            found.append(
                {
                    "name": timeline.name,
                    "where": timeline.where,
                    "ok": not complaints,
                    "complaints": list(complaints),
                }
            )
        return found

    async def publish(
        self,
        rule: Rule,
        text: str,
        *,
        author: str,
        note: str,
        shadow: bool = False,
        expected: str | None = None,
        restored: bool = False,
    ) -> Answer:
        """Put an examined rule in force.

        Args:
            rule: as read.
            text: as written.
            author: who says so.
            note: why.
            shadow: whether it is to run beside what is in force.
            expected: the version that the author began from; None for a new rule.
            restored: whether it is an earlier version, which holds whatever is in force.

        Raises:
            OtherHolds: another version is in force.
        """
        source = VersionSource.RESTORED if restored else VersionSource.PAGE
        version = RuleVersion(
            rule.name, rule.version, text.rstrip() + "\n", clock.now(), source, author, note, shadow=shadow
        )
        known = None if restored else expected or ""
        try:
            await self._known.store.rule_versions.publish(version, known)
        except PublishedMeanwhile as meanwhile:
            holds = (await self._known.store.rule_versions.current()).get(rule.name)
            raise OtherHolds(meanwhile.holds or None, None if holds is None else holds.author or None) from meanwhile
        return {"name": rule.name, "version": rule.version}

    async def earlier(self, name: str, version: str) -> RuleVersion | None:
        """Find a version of a rule; None where it is not kept."""
        history = await self._known.store.rule_versions.history(name)
        return next((one for one in history if one.version == version and one.text), None)

    async def versions(self, name: str) -> list[Answer]:
        """List the versions of a rule, newest first, each with the difference to the one before."""
        history = [one for one in await self._known.store.rule_versions.history(name) if one.text]
        holds = (await self._known.store.rule_versions.current()).get(name)
        found: list[Answer] = []
        current = None if holds is None else holds.version
        for newer, older in zip(history, [*history[1:], None], strict=True):
            is_current = newer.version == current and not newer.shadow
            if is_current:
                # The same text may have been in force before; what holds is its latest publication.
                current = None
            found.append(
                {
                    "version": newer.version,
                    "author": newer.author or None,
                    "at": newer.to_json()["at"],
                    "note": newer.note or None,
                    "source": str(newer.source),
                    "shadow": newer.shadow,
                    "current": is_current,
                    "text": newer.text,
                    "diff": difference("" if older is None else older.text, newer.text),
                }
            )
        return found


def difference(before: str, after: str) -> str:
    """Write the difference between two texts, unified; empty where there is none."""
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), "before", "after", lineterm="")
    return "\n".join(lines)


def mistakes_of(wrong: BadBook) -> list[Answer]:
    """Write mistakes with their places."""
    return [
        {"line": mistake.line, "column": mistake.column, "sentence": mistake.sentence}
        if isinstance(mistake, Misplaced)
        else {"line": None, "column": None, "sentence": str(mistake)}
        for mistake in wrong.mistakes
    ]
