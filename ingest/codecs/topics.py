"""Topic patterns with captures, and an index that finds those a topic can meet without trying all."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from ioc.runtime.marked_yaml import YamlNode

Captures = Mapping[str, str]
"""What the named parts of a pattern stood for."""

T = TypeVar("T")

MAX_REMEMBERED: Final = 50_000
"""Topics whose candidates are remembered; beyond it the memory starts afresh."""

MAX_REMEMBERED_LENGTH: Final = 200
"""Characters of a topic that is remembered; longer ones are rare, and would let anybody fill the memory."""

_PLACE = re.compile(r"\{([a-z_][a-z0-9_]*)(\+?)\}")


@dataclass(frozen=True, slots=True)
class TopicPattern:
    """A compiled pattern.

    `{name}` stands for a part of one level, or a whole one; `{name+}` for one or more whole levels; `+` for any one
    level; `#`, at the end, for any rest, also none. Where the first level is fixed by none of them, a topic that begins
    with `$` is not meant.

    Attributes:
        text: as the codec's author wrote it.
        first: the first level where it is fixed, for the index; None where it may be anything.
        last: the last level, where it is fixed, with the slash before it; else empty.
        names: the captures.
    """

    text: str
    first: str | None
    last: str
    names: tuple[str, ...]
    regex: re.Pattern[str]

    def match(self, topic: str) -> Captures | None:
        """Give the captures, or None where the topic does not meet the pattern."""
        if not topic.endswith(self.last):
            return None
        if self.text == "#":
            return None if topic.startswith("$") else {}
        found = self.regex.fullmatch(topic)
        return None if found is None else found.groupdict()


def compile_topic(node: YamlNode) -> TopicPattern:
    """Compile one pattern."""
    text = node.text()
    levels = text.split("/")
    parts: list[str] = []
    names: list[str] = []
    for number, level in enumerate(levels):
        separator = "/" if number else ""
        if level == "#":
            if number != len(levels) - 1:
                raise node.wrong("'#' stands for any rest and can only be the last level")
            parts.append("(?:/.*)?" if number else ".*")
        elif level == "+":
            parts.append(separator + "[^/]*")
        else:
            parts.append(separator + _level(level, names, node))
    first = levels[0] if levels[0] not in ("#", "+") and "{" not in levels[0] else None
    # As for a broker: what may be anything is no topic that begins with $, of which nobody can be sure who sent it.
    begin = r"(?!\$)" if first is None and not text.startswith("$") else ""
    fixed = len(levels) > 1 and levels[-1] not in ("#", "+") and "{" not in levels[-1]
    last = f"/{levels[-1]}" if fixed else ""
    return TopicPattern(text, first, last, tuple(names), re.compile(begin + "".join(parts), re.DOTALL))


def _level(level: str, names: list[str], node: YamlNode) -> str:
    out, end = "", 0
    for place in _PLACE.finditer(level):
        name, rest = place.groups()
        if name in names:
            raise node.wrong(f"{{{name}}} stands here twice")
        if rest and place.group() != level:
            raise node.wrong(f"{{{name}+}} stands for whole levels and must fill its own")
        names.append(name)
        out += re.escape(level[end : place.start()]) + (f"(?P<{name}>.+?)" if rest else f"(?P<{name}>[^/]+?)")
        end = place.end()
    tail = level[end:]
    if any(sign in tail or sign in level[: end and level.index("{")] for sign in "{}+#"):
        raise node.wrong(
            f"the level {level!r} is not understood: write {{name}} for a capture, {{name+}} for several levels, + for "
            "any one level, # for any rest"
        )
    return out + re.escape(tail)


@dataclass(frozen=True, slots=True)
class Claim(Generic[T]):
    """One pattern's claim on topics.

    Attributes:
        pattern: what it must meet.
        target: what takes the message then.
        excluded: patterns that the topic must not meet.
        allowed: regular expressions that captures must meet in full.
        rank: smaller is tried earlier.
    """

    pattern: TopicPattern
    target: T
    excluded: tuple[TopicPattern, ...]
    allowed: Mapping[str, re.Pattern[str]]
    rank: tuple[int, ...]

    def match(self, topic: str) -> Captures | None:
        """Give the captures, or None where the topic is not meant."""
        captures = self.pattern.match(topic)
        if captures is None:
            return None
        for pattern in self.excluded:
            if pattern.match(topic) is not None:
                return None
        for name, regex in self.allowed.items():
            if not regex.fullmatch(captures[name]):
                return None
        return captures


class TopicIndex(Generic[T]):
    """Finds the claims on a topic, best first; remembers what it found, within a bound."""

    def __init__(self, claims: Iterable[Claim[T]]) -> None:
        """Take the claims; their rank says which is tried first."""
        nothing: Captures = {}
        # A claim without captures gives the same pair for every topic, so that remembering it costs a reference.
        ranked = [(claim, (claim.target, nothing)) for claim in sorted(claims, key=lambda each: each.rank)]
        self._anywhere = [pair for pair in ranked if pair[0].pattern.first is None]
        self._by_first = {
            first: [pair for pair in ranked if pair[0].pattern.first in (first, None)]
            for first in {claim.pattern.first for claim, _ in ranked}
        }
        self.remembered: dict[str, tuple[tuple[T, Captures], ...]] = {}

    def find(self, topic: str) -> tuple[tuple[T, Captures], ...]:
        """Give each claim's target with its captures, in the order in which they are to be tried."""
        known = self.remembered.get(topic)
        return self._search(topic) if known is None else known

    def _search(self, topic: str) -> tuple[tuple[T, Captures], ...]:
        found = []
        for claim, bare in self._by_first.get(topic.split("/", 1)[0], self._anywhere):
            captures = claim.match(topic)
            if captures is not None:
                found.append((claim.target, captures) if captures else bare)
        result = tuple(found)
        if len(topic) <= MAX_REMEMBERED_LENGTH:
            if len(self.remembered) >= MAX_REMEMBERED:
                self.remembered.clear()
            self.remembered[topic] = result
        return result
