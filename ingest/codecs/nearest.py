"""How far a topic is from a pattern that it does not meet, level by level, and in words."""

import re
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cache
from typing import Final

_CAPTURE = re.compile(r"\{[a-z_]+\+?\}")

MISSING: Final = 1.0
"""What a level too many or too few costs; a level of another name costs as much as the two differ, at most this."""


@dataclass(frozen=True, slots=True)
class Distance:
    """What would have to be otherwise.

    Attributes:
        cost: 0 where the topic meets the pattern, about 1 for each level that is wrong.
        matched: how many levels are what the pattern wants there, where it does not want just anything.
        reasons: what is wrong, level by level.
    """

    cost: float
    matched: int
    reasons: tuple[str, ...]


def is_any(pattern: str) -> bool:
    """Whether a pattern names nothing, so that any topic of enough levels meets it: `#`, `{topic+}`, `+/{name}`."""
    return all(level in ("#", "+") or _CAPTURE.fullmatch(level) for level in pattern.split("/"))


def distance(pattern: str, topic: str) -> Distance:
    """Compare a topic with a pattern of the codec language."""
    wanted, given = tuple(pattern.split("/")), tuple(topic.split("/"))

    @cache
    def best(i: int, j: int) -> Distance:
        """Compare what is left of both, from level i of the pattern and level j of the topic on."""
        if i == len(wanted):
            left = "/".join(given[j:])
            reasons = (f"{_levels(len(given) - j)} too many: {left!r}",) if j < len(given) else ()
            return Distance(MISSING * (len(given) - j), 0, reasons)
        level = wanted[i]
        if level == "#":
            return Distance(0, 0, ())
        if j == len(given):
            rest = "/".join(wanted[i:])
            return (
                Distance(0, 0, ())
                if rest == "#"
                else Distance(MISSING * (len(wanted) - i), 0, (f"{_levels(len(wanted) - i)} too few: {rest!r}",))
            )
        options = [_plus(_compared(level, given[j], j + 1), best(i + 1, j + 1))]
        options.append(_plus(Distance(MISSING, 0, (f"{level!r} is missing before {given[j]!r}",)), best(i + 1, j)))
        if _is_many(level):
            options.append(_plus(Distance(0, 0, ()), best(i, j + 1)))
        else:
            options.append(
                _plus(Distance(MISSING, 0, (f"level {j + 1} is {given[j]!r}, one too many",)), best(i, j + 1))
            )
        return min(options, key=lambda each: (each.cost, len(each.reasons)))

    return best(0, 0)


def _compared(level: str, given: str, number: int) -> Distance:
    if level == "+" or _CAPTURE.fullmatch(level):
        return Distance(0, 0, ())
    regex = "[^/]+?".join(re.escape(part) for part in _CAPTURE.split(level))
    if re.fullmatch(regex, given):
        return Distance(0, 1, ())
    likeness = SequenceMatcher(None, level, given, autojunk=False).ratio()
    return Distance(MISSING - 0.9 * likeness, 0, (f"level {number} is {given!r}, not {level!r}",))


def _plus(one: Distance, other: Distance) -> Distance:
    return Distance(one.cost + other.cost, one.matched + other.matched, one.reasons + other.reasons)


def _is_many(level: str) -> bool:
    return level.startswith("{") and level.endswith("+}")


def _levels(count: int) -> str:
    return "one level" if count == 1 else f"{count} levels"
