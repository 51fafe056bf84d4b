"""Reads one rule: what all kinds have in common; what it watches for is read by its kind."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from ioc.model.alerts import Severity
from ioc.model.identity import digest
from ioc.model.kinds import Kind
from ioc.runtime.marked_yaml import YamlNode, written_out
from rules.expressions import Scope, Type, compile_condition
from rules.measures import duration
from rules.rule import SITE_KEYS, Rule
from rules.schedule import read_schedule
from rules.speaking.options import USUAL_STORM, read_group, read_inhibit, read_storm
from rules.titles import Title, read_title
from rules.watches.contract import RuleKind, Source, Watch
from rules.watches.roster import KEYLESS, READERS

LANGUAGES: Final = ("vi", "en")

SPEAKING: Final = ("cooldown", "group", "inhibit", "storm")
"""Keys that say which alerts there are after all, and which incidents speak for them."""

OPTIONS: Final = (
    "rule",
    "title",
    "severity",
    "lateness",
    "schedule",
    "from",
    "where",
    "per",
    "shadow",
    *SPEAKING,
    "note",
    "tags",
)
"""The keys that every kind of rule may have."""

KEYS: Final = (*OPTIONS, *(str(kind) for kind in RuleKind))

NOT_NAMES: Final = frozenset(("words", "check", "what-if", "why", "publish", "shadow"))
"""What stands where a rule's name does in the HTTP interface, under `/api/rules/`."""

WITHOUT_EFFECT: Final = frozenset(("note",))
"""Keys that may change without making it another version of the rule."""

ON_INCIDENTS_ONLY: Final = frozenset(("title", "severity", "tags", "shadow", "group", "inhibit", "storm"))
"""Keys that say what becomes of alerts; which there are, and when, does not depend on them."""

TITLE_NUMBERS: Final = (
    "key",
    "value",
    "count",
    "held_s",
    "silent_s",
    "distance_m",
    "expected",
    "low",
    "high",
    "over_s",
    "asset.name",
    "asset.id",
    "site",
    "area",
)
"""What a title may name beside the columns of its events."""


def read_rule(entry: YamlNode, scope: Scope) -> Rule:
    """Read one entry of a rule file.

    Raises:
        Misplaced: its first mistake, with file, line and column.
    """
    return _Reader(entry, scope).read()


@dataclass(slots=True)
class _Reader:
    """Reads one rule; every method reads one part of it."""

    entry: YamlNode
    scope: Scope
    parts: Mapping[str, YamlNode] = field(default_factory=dict)

    def read(self) -> Rule:
        self.parts = self.entry.mapping(KEYS, required=("rule",))
        name = self.parts["rule"].text()
        if not name or len(name) > 64 or not all(c.isalnum() or c in "-_.:" for c in name):
            raise self.parts["rule"].wrong("a rule's name has 1 to 64 letters, digits or - _ . :")
        if name in NOT_NAMES:
            raise self.parts["rule"].wrong(f"{name!r} cannot name a rule: the HTTP interface has it for something else")
        given = [kind for kind in RuleKind if str(kind) in self.parts]
        kinds = ", ".join(RuleKind)
        if len(given) != 1:
            what = "nothing" if not given else " and ".join(given)
            raise self.parts["rule"].wrong(f"rule {name!r} watches for {what}; expected exactly one of {kinds}")
        kind = given[0]
        watch = READERS[kind](self.parts[kind], self)
        severity = self.parts.get("severity")
        lateness = self.parts.get("lateness")
        return Rule(
            name=name,
            title=self._title(name, watch),
            severity=Severity.MINOR if severity is None else Severity(severity.choice([str(s) for s in Severity])),
            lateness=None if lateness is None else duration(lateness),
            per=self._per(kind),
            watch=watch,
            shadow=self.parts["shadow"].boolean() if "shadow" in self.parts else False,
            note=self.parts["note"].text() if "note" in self.parts else "",
            version=digest("rule", repr(self._canonical(self.entry, WITHOUT_EFFECT))),
            behaviour=digest("behaviour", repr(self._canonical(self.entry, WITHOUT_EFFECT | ON_INCIDENTS_ONLY))),
            where_from=f"{self.entry.source}:{self.entry.line}",
            text=text_of(self.entry),
            schedule=read_schedule(self.parts["schedule"], self.scope.timezone) if "schedule" in self.parts else None,
            cooldown=None if "cooldown" not in self.parts else duration(self.parts["cooldown"]),
            group=None if "group" not in self.parts else read_group(self.parts["group"], self._per(kind)),
            inhibit=None if "inhibit" not in self.parts else read_inhibit(self.parts["inhibit"], name),
            storm=read_storm(self.parts["storm"]) if "storm" in self.parts else USUAL_STORM,
        )

    def own_source(self) -> Source:
        """Read the rule's own `from` and `where`."""
        return self.source(self.parts, self.entry)

    def source(self, parts: Mapping[str, YamlNode], node: YamlNode) -> Source:
        """Read a `from` and a `where`, of the rule or of a part of it."""
        if "from" not in parts:
            raise node.wrong("'from' is missing: which kind of events, such as sensor or [camera, sensor]")
        names = [str(kind) for kind in Kind]
        given = parts["from"].sequence() if parts["from"].is_sequence() else [parts["from"]]
        kinds = (
            ()
            if len(given) == 1 and given[0].text() == "any"
            else tuple(Kind(k.choice([*names, "any"])) for k in given)
        )
        where = parts.get("where")
        return Source(kinds, None if where is None else compile_condition(where, self.scope))

    def _canonical(self, node: YamlNode, without: frozenset[str] = WITHOUT_EFFECT) -> object:
        if node.is_mapping():
            return sorted((key, self._canonical(value)) for key, value in node.mapping().items() if key not in without)
        if node.is_sequence():
            return [self._canonical(item) for item in node.sequence()]
        return " ".join(node.text().split())

    def _title(self, name: str, watch: Watch) -> dict[str, Title]:
        known = [*self.scope.columns, *TITLE_NUMBERS]
        known += [f"{part}.{what}" for part in watch.parts for what in ("asset", "name", *self.scope.columns)]
        node = self.parts.get("title")
        if node is None:
            return {language: Title(name) for language in LANGUAGES}
        if not node.is_mapping():
            title = read_title(node, known)
            return dict.fromkeys(LANGUAGES, title)
        given = {language: read_title(part, known) for language, part in node.mapping(LANGUAGES).items()}
        if not given:
            raise node.wrong("expected a title in vi, in en, or in both")
        some = next(iter(given.values()))
        return {language: given.get(language, some) for language in LANGUAGES}

    def _per(self, kind: RuleKind) -> tuple[str, ...]:
        node = self.parts.get("per")
        if kind in KEYLESS:
            if node is not None:
                raise node.wrong(f"'per' has no meaning for {kind}: its key is the pair of assets")
            return ("asset",)
        if node is None:
            return ("asset",)
        known = [name for name, type_ in self.scope.columns.items() if type_ in (Type.TEXT, Type.BOOLEAN)]
        given = node.sequence() if node.is_sequence() else [node]
        if not given:
            raise node.wrong("expected asset, zone, site, area, or a list of columns")
        return tuple(part.choice([*known, *SITE_KEYS]) for part in given)


def text_of(entry: YamlNode) -> str:
    """Cut a rule's own lines out of its file, with the comment that stands right above it."""
    lines = entry.document.split("\n")
    first, last = entry.line - 1, min(entry.last_line, len(lines))
    if not lines[first].lstrip().startswith("- "):
        # Not the usual form: it shares a line with something else.
        return "- " + written_out(entry).replace("\n", "\n  ").rstrip() + "\n"
    while last > first + 1 and _is_blank(lines[last - 1]):
        last -= 1
    while first and lines[first - 1].lstrip().startswith("#"):
        first -= 1
    return "\n".join(_outdented(lines[first:last])) + "\n"


def _is_blank(line: str) -> bool:
    return not line.strip() or line.lstrip().startswith("#")


def _outdented(lines: Sequence[str]) -> list[str]:
    """Take away what all lines are indented by."""
    indents = [len(line) - len(line.lstrip()) for line in lines if line.strip()]
    return [line[min(indents, default=0) :] for line in lines]
