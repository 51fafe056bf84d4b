"""The rule book: a folder of YAML files, read, checked and compiled, with every mistake in its place."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Final

from ioc.model.alerts import Severity
from ioc.model.faults import Fault
from ioc.model.identity import digest
from ioc.model.instant import Duration
from ioc.model.kinds import Kind
from ioc.runtime.marked_yaml import Misplaced, YamlNode, expected, read_marked, read_marked_file, yaml_files
from rules.expressions import Compiled, Scope, Type, compile_condition, compile_expression
from rules.measures import distance, duration
from rules.titles import Title, read_title

TIMELINE_SUFFIX: Final = ".test.yaml"
"""Files with this ending stand beside the rules and test them; they hold no rules."""

LANGUAGES: Final = ("vi", "en")


class RuleKind(StrEnum):
    """The kinds of rules, named as the key that says what to watch for."""

    THRESHOLD = "threshold"
    ABSENCE = "absence"
    WINDOW = "window"
    TOGETHER = "together"


class Value(StrEnum):
    """What a window computes over its events."""

    COUNT = "count"
    SUM = "sum"
    MEAN = "mean"
    MIN = "min"
    MAX = "max"


@dataclass(frozen=True, slots=True)
class Source:
    """Which events a rule reads: their kinds (none means every kind) and a condition on them."""

    kinds: tuple[Kind, ...]
    where: Compiled | None


@dataclass(frozen=True, slots=True)
class Threshold:
    """Raises when `raise_if` stays true for `hold`; clears when `clear_if` stays true for `clear_hold`."""

    source: Source
    raise_if: Compiled
    hold: Duration
    clear_if: Compiled | None
    clear_hold: Duration


@dataclass(frozen=True, slots=True)
class Absence:
    """Raises when a key has been silent for longer than `after`."""

    source: Source
    after: Duration


@dataclass(frozen=True, slots=True)
class Bound:
    """A comparison with a number, such as `>= 20`."""

    operator: str
    limit: float

    def __str__(self) -> str:
        """Write it as the rule book does."""
        return f"{self.operator} {self.limit:g}"

    def holds(self, value: float) -> bool:
        """Whether a value satisfies it."""
        if self.operator == ">=":
            return value >= self.limit
        if self.operator == ">":
            return value > self.limit
        if self.operator == "<=":
            return value <= self.limit
        return value < self.limit

    def overlaps(self, other: "Bound") -> bool:
        """Whether any value satisfies both."""
        if self.operator[0] == other.operator[0]:
            return True
        low, high = (self, other) if self.operator[0] == ">" else (other, self)
        return low.limit < high.limit or (low.holds(high.limit) and high.holds(low.limit))


@dataclass(frozen=True, slots=True)
class Window:
    """Raises when a value over the last `over` satisfies a bound; clears when it satisfies another."""

    source: Source
    over: Duration
    value: Value
    of: Compiled | None
    raise_if: Bound
    clear_if: Bound


@dataclass(frozen=True, slots=True)
class Together:
    """Raises when an event of each side comes no more than `within` and `near` apart."""

    names: tuple[str, str]
    sources: tuple[Source, Source]
    within: Duration
    near_m: float | None
    clear_after: Duration


Watch = Threshold | Absence | Window | Together


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule, ready to run.

    Attributes:
        version: a hash of all that the rule says; every alert carries it.
        lateness: None: events are taken as they come; else they are put in order of `at` first.
        per: the columns that make the key; for `together`, always ("asset",).
        where_from: file:line, for people.
    """

    name: str
    kind: RuleKind
    title: dict[str, Title]
    severity: Severity
    lateness: Duration | None
    per: tuple[str, ...]
    watch: Watch
    version: str
    where_from: str


@dataclass(frozen=True, slots=True)
class RuleBook:
    """All rules, in the order of the files."""

    rules: tuple[Rule, ...]

    @property
    def version(self) -> str:
        """A hash of all rules."""
        return digest("book", *(f"{rule.name}:{rule.version}" for rule in self.rules))


class BadBook(Fault):
    """A rule book with mistakes in it: one line for each, with file, line and column."""

    def __init__(self, mistakes: Sequence[Misplaced | Fault]) -> None:
        """Take the mistakes."""
        super().__init__("\n".join(str(mistake) for mistake in mistakes), wrong_use=False)
        self.mistakes = tuple(mistakes)


_COMMON: Final = ("rule", "title", "severity", "lateness", "from", "where", "per", "note", "tags")
_KEYS: Final = (*_COMMON, *(str(kind) for kind in RuleKind))
_TITLE_NUMBERS: Final = (
    "key",
    "value",
    "count",
    "held_s",
    "silent_s",
    "distance_m",
    "asset.name",
    "asset.id",
    "site",
    "area",
)
_SITE_KEYS: Final = ("site", "area")


def read_book(folder: Path, scope: Scope) -> RuleBook:
    """Read every rule file of a folder and below.

    Raises:
        BadBook: with every mistake found, not only the first.
        Fault: the folder is not there, or holds no rule file.
    """
    if not folder.is_dir():
        raise Fault(f"{folder} is not a folder; expected a folder of YAML files with rules in them")
    files = [path for path in yaml_files(folder) if not path.name.endswith(TIMELINE_SUFFIX)]
    if not files:
        raise Fault(f"{folder} holds no rules; expected at least one file that ends in .yaml")
    rules: list[Rule] = []
    mistakes: list[Misplaced | Fault] = []
    for path in files:
        try:
            document = read_marked_file(path)
        except Misplaced as mistake:
            mistakes.append(mistake)
            continue
        if document is not None:
            found, wrong = _read_rules(document, scope)
            rules += found
            mistakes += wrong
    mistakes += _doubles(rules)
    if mistakes:
        raise BadBook(mistakes)
    return RuleBook(tuple(rules))


def read_book_text(text: str, scope: Scope, source: str = "rules.yaml") -> RuleBook:
    """Read a rule book from a text.

    Raises:
        BadBook: with every mistake found.
    """
    try:
        document = read_marked(text, source)
    except Misplaced as mistake:
        raise BadBook([mistake]) from mistake
    rules, mistakes = ([], []) if document is None else _read_rules(document, scope)
    mistakes += _doubles(rules)
    if mistakes:
        raise BadBook(mistakes)
    return RuleBook(tuple(rules))


def _read_rules(document: YamlNode, scope: Scope) -> tuple[list[Rule], list[Misplaced | Fault]]:
    rules: list[Rule] = []
    mistakes: list[Misplaced | Fault] = []
    try:
        entries = document.sequence()
    except Misplaced as mistake:
        sentence = "a rule file is a list of rules, each beginning with `- rule: its-name`"
        return [], [Misplaced(mistake.source, mistake.line, mistake.column, sentence)]
    for entry in entries:
        try:
            rules.append(_RuleReader(entry, scope).read())
        except Misplaced as mistake:
            mistakes.append(mistake)
    return rules, mistakes


def _doubles(rules: Sequence[Rule]) -> list[Misplaced | Fault]:
    first: dict[str, Rule] = {}
    mistakes: list[Misplaced | Fault] = []
    for rule in rules:
        other = first.setdefault(rule.name, rule)
        if other is not rule:
            sentence = f"{rule.where_from}: the name {rule.name!r} is taken by the rule at {other.where_from}"
            mistakes.append(Fault(sentence, wrong_use=False))
    return mistakes


@dataclass(slots=True)
class _RuleReader:
    """Reads one rule; every method reads one part of it."""

    entry: YamlNode
    scope: Scope
    parts: dict[str, YamlNode] = field(default_factory=dict)

    def read(self) -> Rule:
        self.parts = self.entry.mapping(_KEYS, required=("rule",))
        name = self.parts["rule"].text()
        if not name or len(name) > 64 or not all(c.isalnum() or c in "-_.:" for c in name):
            raise self.parts["rule"].wrong("a rule's name has 1 to 64 letters, digits or - _ . :")
        given = [kind for kind in RuleKind if str(kind) in self.parts]
        kinds = ", ".join(RuleKind)
        if len(given) != 1:
            what = "nothing" if not given else " and ".join(given)
            raise self.parts["rule"].wrong(f"rule {name!r} watches for {what}; expected exactly one of {kinds}")
        kind = given[0]
        readers: dict[RuleKind, Callable[[YamlNode], Watch]] = {
            RuleKind.THRESHOLD: self._threshold,
            RuleKind.ABSENCE: self._absence,
            RuleKind.WINDOW: self._window,
            RuleKind.TOGETHER: self._together,
        }
        watch = readers[kind](self.parts[kind])
        severity = self.parts.get("severity")
        lateness = self.parts.get("lateness")
        return Rule(
            name=name,
            kind=kind,
            title=self._title(name),
            severity=Severity.MINOR if severity is None else Severity(severity.choice([str(s) for s in Severity])),
            lateness=None if lateness is None else duration(lateness),
            per=self._per(kind),
            watch=watch,
            version=digest("rule", repr(self._canonical(self.entry))),
            where_from=f"{self.entry.source}:{self.entry.line}",
        )

    def _canonical(self, node: YamlNode) -> object:
        if node.is_mapping():
            return sorted((key, self._canonical(value)) for key, value in node.mapping().items() if key != "note")
        if node.is_sequence():
            return [self._canonical(item) for item in node.sequence()]
        return " ".join(node.text().split())

    def _title(self, name: str) -> dict[str, Title]:
        known = [*self.scope.columns, *_TITLE_NUMBERS]
        if "together" in self.parts:
            sides = [key for key in self.parts["together"].mapping() if key not in ("within", "near", "clear_after")]
            known += [f"{side}.{what}" for side in sides for what in ("asset", "name", *self.scope.columns)]
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

    def _source(self, parts: dict[str, YamlNode], node: YamlNode) -> Source:
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

    def _own_source(self) -> Source:
        return self._source(self.parts, self.entry)

    def _per(self, kind: RuleKind) -> tuple[str, ...]:
        node = self.parts.get("per")
        if kind is RuleKind.TOGETHER:
            if node is not None:
                raise node.wrong("'per' has no meaning for together: its key is the pair of assets")
            return ("asset",)
        if node is None:
            return ("asset",)
        known = [name for name, type_ in self.scope.columns.items() if type_ in (Type.TEXT, Type.BOOLEAN)]
        given = node.sequence() if node.is_sequence() else [node]
        if not given:
            raise node.wrong("expected asset, zone, site, area, or a list of columns")
        return tuple(part.choice([*known, *_SITE_KEYS]) for part in given)

    def _threshold(self, node: YamlNode) -> Threshold:
        parts = node.mapping(("raise", "for", "clear", "clear_for"), required=("raise",))
        return Threshold(
            source=self._own_source(),
            raise_if=compile_condition(parts["raise"], self.scope),
            hold=duration(parts["for"]) if "for" in parts else 0,
            clear_if=compile_condition(parts["clear"], self.scope) if "clear" in parts else None,
            clear_hold=duration(parts["clear_for"]) if "clear_for" in parts else 0,
        )

    def _absence(self, node: YamlNode) -> Absence:
        parts = node.mapping(("after",), required=("after",))
        after = duration(parts["after"])
        if after <= 0:
            raise parts["after"].wrong("'after' must be longer than 0 s")
        return Absence(source=self._own_source(), after=after)

    def _window(self, node: YamlNode) -> Window:
        parts = node.mapping(("over", "value", "raise", "clear"), required=("over", "value", "raise"))
        over = duration(parts["over"])
        if over <= 0:
            raise parts["over"].wrong("'over' must be longer than 0 s")
        value, of = self._value(parts["value"])
        raise_if = _bound(parts["raise"])
        opposite = {">=": "<", ">": "<=", "<=": ">", "<": ">="}[raise_if.operator]
        clear_if = _bound(parts["clear"]) if "clear" in parts else Bound(opposite, raise_if.limit)
        if raise_if.overlaps(clear_if):
            sentence = f"'clear' ({clear_if}) overlaps 'raise' ({raise_if}): an alert would come and go at once"
            raise parts["clear" if "clear" in parts else "raise"].wrong(sentence)
        return Window(self._own_source(), over, value, of, raise_if, clear_if)

    def _value(self, node: YamlNode) -> tuple[Value, Compiled | None]:
        text = node.text()
        name, bracket, rest = text.strip().partition("(")
        known = [str(value) for value in Value]
        wanted = "expected count(*), sum(…), mean(…), min(…) or max(…) of a quantity"
        if not bracket or not rest.endswith(")"):
            raise node.wrong(f"{wanted}, found {text!r}")
        name = name.strip().lower()
        if name not in known:
            raise node.wrong(f"{name!r} is not a value of windows; {expected(name, known)}")
        inner, shift = rest[:-1], text.index("(") + 1
        if Value(name) is Value.COUNT:
            if inner.strip() != "*":
                raise node.wrong("count takes a star: count(*); narrow it with `where`", offset=shift)
            return Value.COUNT, None
        of = compile_expression(node, self.scope, inner, shift)
        if of.type is not Type.NUMBER:
            raise node.wrong(f"{name} wants a number, but {of.text!r} is {of.type}", offset=shift)
        return Value(name), of

    def _together(self, node: YamlNode) -> Together:
        options = ("within", "near", "clear_after")
        parts = node.mapping(None, required=("within",))
        sides = [name for name in parts if name not in options]
        if len(sides) != 2:
            raise node.wrong(
                f"expected two named sides beside {', '.join(options)}, found {len(sides)}: {', '.join(sides)}"
            )
        for extra in ("from", "where"):
            if extra in self.parts:
                raise self.parts[extra].wrong(f"for together, {extra!r} stands inside each side")
        sources = []
        for side in sides:
            if not side.isidentifier() or not side.islower():
                raise node.keys()[side].wrong(f"a side's name is one lower-case word, found {side!r}")
            sources.append(self._source(parts[side].mapping(("from", "where")), parts[side]))
        within = duration(parts["within"])
        return Together(
            names=(sides[0], sides[1]),
            sources=(sources[0], sources[1]),
            within=within,
            near_m=distance(parts["near"]) if "near" in parts else None,
            clear_after=duration(parts["clear_after"]) if "clear_after" in parts else within,
        )


def _bound(node: YamlNode) -> Bound:
    text = node.text().strip()
    for operator in (">=", "<=", ">", "<"):
        if text.startswith(operator):
            try:
                limit = float(text.removeprefix(operator))
            except ValueError:
                break
            if limit != limit or abs(limit) > 1e300:  # noqa: PLR0124
                break
            return Bound(operator, limit)
    raise node.wrong(f'expected a comparison such as ">= 20" or "< 10", found {text!r}')


def columns_of(rule: Rule) -> set[str]:
    """Name the columns that a rule reads of a batch, besides the times."""
    watch = rule.watch
    sources = watch.sources if isinstance(watch, Together) else (watch.source,)
    found: set[str] = {"kind", *rule.per} - set(_SITE_KEYS)
    if set(rule.per) & set(_SITE_KEYS):
        found.add("asset")
    parts: list[Compiled | None] = [source.where for source in sources]
    if isinstance(watch, Threshold):
        parts += [watch.raise_if, watch.clear_if]
    elif isinstance(watch, Window):
        parts.append(watch.of)
    elif isinstance(watch, Together):
        found |= {"lat", "lon"}
    for part in parts:
        if part is not None:
            found |= part.columns
    return found
