"""Patterns behind `~`: matched in time linear in the text, and refused where they would need too large an automaton.

The engine is that of Rust's `regex`, a finite automaton as RE2 is: no pattern can make it go back. What is left to fear
is the automaton itself, which grows with every counted repetition, so its size is estimated before it is built.
"""

import re
from typing import Final

import polars as pl

MAX_PATTERN: Final = 300
"""Characters of a pattern."""

MAX_STATES: Final = 5_000
"""States of the automaton, roughly: a text of 2,000 characters is then matched in at most some 10 million steps."""

MAX_GROUPS: Final = 50
"""Brackets inside one another."""

_TOKEN: Final = re.compile(
    r"\\[pP]\{[^}]*\}|\\[pP].|\\x\{[^}]*\}|\\.|\[\^?\]?(?:\\.|\[:[^]]*:\]|[^]\\])*\]"
    r"|\{(?P<least>\d+)(?P<comma>,)?(?P<most>\d*)\}|.",
    re.DOTALL,
)
_WIDE: Final = ("\\w", "\\W", "\\D", "\\S", "\\p", "\\P", "\\b", "\\B")
_WIDE_STATES: Final = 100
_CLASS_STATES: Final = 20
_ANY_STATES: Final = 5
"""A letter of any script is some hundred states, as one character has up to four bytes."""

_REASONS: Final = {
    "look-around": "it looks ahead or behind, which cannot be matched in one pass over the text",
    "backreferences": "it refers back to a group, which cannot be matched in one pass over the text",
    "exceeds size limit": "it would need too large an automaton",
    "unclosed group": "a bracket is left open",
    "unopened group": "a bracket is closed that was never opened",
    "unclosed character class": "a [ is left open",
    "repetition operator missing": "a * or + or ? has nothing to repeat",
    "repetition quantifier expects": "a * or + or ? has nothing to repeat",
    "duplicate capture group": "two groups have one name",
    "unrecognized escape": "it has a \\ before a letter that means nothing there",
}


def complaint_about(pattern: str) -> str | None:
    """Say what is wrong with a pattern; None where it can be matched."""
    shown = repr(pattern if len(pattern) <= 60 else pattern[:57] + "...")
    if len(pattern) > MAX_PATTERN:
        return f"a pattern has {len(pattern)} characters; at most {MAX_PATTERN} are read"
    if states(pattern) > MAX_STATES:
        return f"{shown} would need too large an automaton: its counted repetitions multiply; write fewer of them"
    try:
        pl.Series([""]).str.contains(pattern)
    except pl.exceptions.PolarsError as error:
        found = str(error)
        reason = next((text for sign, text in _REASONS.items() if sign in found), None)
        return f"{shown} is not a regular expression that rules can match" + (f": {reason}" if reason else "")
    return None


def states(pattern: str) -> int:
    """Estimate how many states the automaton of a pattern would have; never less than it takes in order of size."""
    open_groups: list[int] = []
    total, last = 0, 0
    for match in _TOKEN.finditer(pattern):
        part = match[0]
        if part == "(":
            if len(open_groups) >= MAX_GROUPS:
                return MAX_STATES + 1
            open_groups.append(total)
            total, last = 0, 0
        elif part == ")":
            last = total
            total += open_groups.pop() if open_groups else 0
        elif match["least"] is not None:
            # More digits than this say nothing that matters.
            times = max(int(match["least"][:6]), int(match["most"][:6] or 0)) + (
                match["comma"] is not None and not match["most"]
            )
            total += last * max(times - 1, 0)
            last *= max(times, 1)
        elif part not in "*+?|^$":
            last = _weight(part)
            total += last
        if total > MAX_STATES:
            return MAX_STATES + 1
    return total + sum(open_groups)


def _weight(part: str) -> int:
    if part.startswith(_WIDE):
        return _WIDE_STATES
    if part.startswith("["):
        wide = any(sign in part for sign in (*_WIDE, "[^", "[:^"))
        return _WIDE_STATES if wide else _CLASS_STATES
    return _ANY_STATES if part == "." else 1
