"""Tests on a payload's shape: whether a message, or an item of it, is what a codec speaks of."""

# ruff: noqa: ARG005 - every test takes the item and its frame, whichever of them it needs

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

from ingest.codecs.paths import Frame, Getter, compile_path, plain_name
from ingest.codecs.regexes import MAX_SEARCHED, compile_regex
from ingest.codecs.watching import is_watching, watched
from ioc.runtime.marked_yaml import YamlNode

Holds = Callable[[Any, Frame], bool]

_CLASSES: Final[dict[str, tuple[type, ...]]] = {
    "object": (dict,),
    "array": (list,),
    "number": (int, float),
    "text": (str,),
    "boolean": (bool,),
}
_KEYS: Final = ("is", "not", "type", "matches", "above", "below", "exists", "empty")


@watched("when")
def compile_when(node: YamlNode) -> tuple[str, Holds]:
    """Compile `when:`: paths with what is expected there; all must hold. A list of such: one of them must.

    What is expected is a value, a list of values, or a mapping of `is`, `not` (a value or a list), `type` (object,
    array, number, text, boolean), `matches` (a regular expression for the whole text), `above`, `below`, `exists`,
    `empty` (an empty text, array or object, or nothing at all).

    Returns:
        The condition in words, and the test.
    """
    if node.is_sequence():
        words, tests = (
            zip(*[compile_when(each) for each in node.sequence()], strict=True) if node.sequence() else ((), ())
        )
        if not tests:
            raise node.wrong("at least one condition is needed")
        needed = needed_fields(node)
        return " or ".join(words), _any_holds(tests) if needed is None else _any_holds_of(needed, tests)
    keys = node.keys() if node.is_mapping() else {}
    compiled = [_expectation(keys[path], expected) for path, expected in node.mapping().items()]
    if not compiled:
        raise node.wrong("at least one condition is needed, such as: type: new")
    described = " and ".join(words for words, _ in compiled)
    return described, _all_hold([holds for _, holds in compiled])


def _all_hold(tests: Sequence[Holds]) -> Holds:
    if len(tests) == 1:
        return tests[0]
    if len(tests) == 2:
        first, second = tests
        return lambda item, frame: first(item, frame) and second(item, frame)

    def all_hold(item: Any, frame: Frame) -> bool:
        for holds in tests:  # noqa: SIM110 - a generator costs twice as much, at every message
            if not holds(item, frame):
                return False
        return True

    return all_hold


def needed_fields(node: YamlNode) -> frozenset[str] | None:
    """Name the fields of an item of which one must be there for any of these conditions; None where none need be."""
    names = set()
    if is_watching():
        return None
    for condition in node.sequence() if node.is_sequence() else [node]:
        found = next((path for path, expected in _items(condition) if path.isidentifier() and _needs(expected)), None)
        if found is None:
            return None
        names.add(found)
    return frozenset(names)


def _items(condition: YamlNode) -> Iterable[tuple[str, YamlNode]]:
    return condition.mapping().items() if condition.is_mapping() else ()


def _needs(expected: YamlNode) -> bool:
    """Whether nothing is never what is expected."""
    if expected.is_mapping():
        parts = expected.mapping()
        return any(key in parts for key in ("type", "matches", "above", "below"))
    return None not in [scalar(each) for each in (expected.sequence() if expected.is_sequence() else [expected])]


def _any_holds_of(needed: frozenset[str], tests: Sequence[Holds]) -> Holds:
    """Look first whether the item speaks of any of it: most do not, and then one glance is enough."""
    any_holds = _any_holds(tests)

    def any_holds_of(item: Any, frame: Frame) -> bool:
        return item.__class__ is dict and not needed.isdisjoint(item) and any_holds(item, frame)

    return any_holds_of


def _any_holds(tests: Sequence[Holds]) -> Holds:
    def any_holds(item: Any, frame: Frame) -> bool:
        for holds in tests:  # noqa: SIM110 - a generator costs twice as much, at every message
            if holds(item, frame):
                return True
        return False

    return any_holds


@watched("condition")
def _expectation(path: YamlNode, expected: YamlNode) -> tuple[str, Holds]:
    get = compile_path(path)
    name = path.text()
    if not expected.is_mapping():
        return _one_of(name, get, expected, wanted=True)
    parts = [_part(name, get, key, node) for key, node in expected.mapping(_KEYS).items()]
    if not parts:
        raise expected.wrong(f"expected one of: {', '.join(_KEYS)}")
    return " and ".join(words for words, _ in parts), _all_hold([holds for _, holds in parts])


def _part(name: str, get: Getter, key: str, node: YamlNode) -> tuple[str, Holds]:
    if key in ("is", "not"):
        return _one_of(name, get, node, wanted=key == "is")
    if key == "type":
        word = node.choice(_CLASSES)
        classes = _CLASSES[word]
        if len(classes) == 1:
            only = classes[0]
            if name == "." and not is_watching():
                return f"{name} is of type {word}", lambda item, frame: item.__class__ is only
            field = plain_name(get)
            if field is not None:
                return (
                    f"{name} is of type {word}",
                    lambda item, frame: item.__class__ is dict and item.get(field).__class__ is only,
                )
            return f"{name} is of type {word}", lambda item, frame: get(item, frame).__class__ is only
        return f"{name} is of type {word}", lambda item, frame: get(item, frame).__class__ in classes
    if key == "matches":
        regex = compile_regex(node)
        return f"{name} matches {node.text()}", lambda item, frame: _matches(regex, get(item, frame))
    if key == "exists":
        exists = node.boolean()
        return (
            f"{name} is {'there' if exists else 'not there'}",
            lambda item, frame: (get(item, frame) is not None) is exists,
        )
    if key == "empty":
        empty = node.boolean()
        return (
            f"{name} is {'empty' if empty else 'not empty'}",
            lambda item, frame: (get(item, frame) in (None, "", [], {})) is empty,
        )
    bound = node.number()
    if key == "above":
        return f"{name} is above {bound:g}", lambda item, frame: _is_number(v := get(item, frame)) and v > bound
    return f"{name} is below {bound:g}", lambda item, frame: _is_number(v := get(item, frame)) and v < bound


def _one_of(name: str, get: Getter, node: YamlNode, *, wanted: bool) -> tuple[str, Holds]:
    nodes = node.sequence() if node.is_sequence() else [node]
    values = [scalar(each) for each in nodes]
    # True equals 1 in Python but not in a payload, so the class is part of what is compared.
    table = frozenset((_family(value), value) for value in values)
    described = f"{name} is {'' if wanted else 'not '}{' or '.join(str(value) for value in values)}"
    field = plain_name(get)
    if wanted and len(values) == 1 and isinstance(values[0], str):
        word = values[0]
        if field is not None:
            return described, lambda item, frame: item.__class__ is dict and item.get(field) == word
        return described, lambda item, frame: get(item, frame) == word
    if not wanted and len(values) == 1 and isinstance(values[0], bool):
        unwanted = values[0]
        return described, lambda item, frame: get(item, frame) is not unwanted
    if wanted and len(values) == 1 and isinstance(values[0], bool):
        truth = values[0]
        if field is not None:
            return described, lambda item, frame: item.__class__ is dict and item.get(field) is truth
        return described, lambda item, frame: get(item, frame) is truth
    if all(isinstance(value, str) for value in values):
        words = frozenset(values)
        return described, lambda item, frame: ((v := get(item, frame)).__class__ is str and v in words) is wanted

    def holds(item: Any, frame: Frame) -> bool:
        value = get(item, frame)
        family = _family(value)
        return (family is not None and (family, value) in table) is wanted

    return described, holds


def _family(value: Any) -> str | None:
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, (int, float)):
        return "number"
    return "text" if isinstance(value, str) else None


def _matches(regex: re.Pattern[str], value: Any) -> bool:
    return isinstance(value, str) and len(value) <= MAX_SEARCHED and regex.fullmatch(value) is not None


def _is_number(value: Any) -> bool:
    return value.__class__ is int or value.__class__ is float


def scalar(node: YamlNode) -> str | int | float | bool | None:
    """Read a value that stands for itself; only `true` and `false` are booleans, `on` and `no` are texts."""
    if node.is_mapping() or node.is_sequence():
        raise node.wrong(f"expected a single value here, found {node.described()}")
    value = node.plain()
    text = node.text()
    if isinstance(value, bool) and text.lower() not in ("true", "false"):
        return text
    if value is None or isinstance(value, (str, int, float, bool)):
        return value
    return text
