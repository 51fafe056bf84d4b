"""Regular expressions in codecs, kept from taking for ever: short texts only, and no repetition of mere repetitions."""

import re
from collections.abc import Iterable
from re import _constants, _parser  # type: ignore[attr-defined]
from typing import Any, Final

from ioc.runtime.marked_yaml import YamlNode

MAX_SEARCHED: Final = 4_096
"""Characters of a text on which a regular expression is tried; a longer text is taken for one that does not match."""

_REPEATS: Final = (_constants.MAX_REPEAT, _constants.MIN_REPEAT, _constants.POSSESSIVE_REPEAT)


def compile_regex(node: YamlNode) -> re.Pattern[str]:
    """Compile a regular expression.

    Raises:
        Misplaced: it is none, or repeats a part that is made of repetitions alone, such as `(a+)*`: for that, the time
            doubles with every character.
    """
    text = node.text()
    try:
        compiled = re.compile(text)
        parsed = _parser.parse(text)
    except (re.error, OverflowError, RecursionError) as error:
        raise node.wrong(f"this is no regular expression: {error}") from error
    if _repeats_repetitions(parsed):
        raise node.wrong("a repetition of what is made of repetitions alone can take for ever; write a+ for (a+)*")
    return compiled


def _repeats_repetitions(parsed: Iterable[Any]) -> bool:
    for operation, argument in parsed:
        if operation in _REPEATS:
            _, most, inner = argument
            if most == _constants.MAXREPEAT and _may_grow(inner) and not _has_fixed_part(inner):
                return True
    return any(_repeats_repetitions(inner) for inner in _within(parsed))


def _may_grow(parsed: Iterable[Any]) -> bool:
    """Whether there is an unbounded repetition in it."""
    for operation, argument in parsed:
        if operation in _REPEATS and argument[1] == _constants.MAXREPEAT:
            return True
    return any(_may_grow(inner) for inner in _within(parsed))


def _has_fixed_part(parsed: Iterable[Any]) -> bool:
    """Whether each round must pass a sign that is not itself repeated, so that rounds are told apart by it."""
    for operation, argument in parsed:
        if operation in (_constants.LITERAL, _constants.NOT_LITERAL, _constants.IN, _constants.ANY):
            return True
        if operation is _constants.SUBPATTERN and _has_fixed_part(argument[-1]):
            return True
        if operation is _constants.BRANCH and all(_has_fixed_part(branch) for branch in argument[1]):
            return True
    return False


def _within(parsed: Iterable[Any]) -> Iterable[Any]:
    """Give the parts that stand within others."""
    for operation, argument in parsed:
        if operation in _REPEATS:
            yield argument[2]
        elif operation is _constants.SUBPATTERN:
            yield argument[-1]
        elif operation is _constants.BRANCH:
            yield from argument[1]
        elif operation in (_constants.ASSERT, _constants.ASSERT_NOT):
            yield argument[1]
        elif operation is _constants.ATOMIC_GROUP:
            yield argument
