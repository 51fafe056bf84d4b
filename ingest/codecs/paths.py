"""Paths into a decoded payload, compiled to closures."""

# ruff: noqa: ARG005 - every getter takes the item and its frame, whichever of them it needs

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from types import EllipsisType
from typing import Any, Final

from ingest.codecs.topics import Captures
from ingest.codecs.watching import watched
from ioc.model.instant import Instant
from ioc.runtime.marked_yaml import YamlNode


@dataclass(slots=True)
class Frame:
    """What surrounds the item being read.

    Attributes:
        root: the whole payload.
        base: the part of the payload that the message's own fields start from.
        captures: what the topic's captures stood for.
        key: the item's key in the map, or its number in the array, that was fanned out.
        parents: the items around this one, the nearest last.
        problems: sentences about values that could not be read; the rest of the event is kept.
        arrival: when the message arrived.
    """

    root: Any
    base: Any
    captures: Captures
    key: str | int | None = None
    parents: tuple[Any, ...] = ()
    problems: list[str] = field(default_factory=list)
    arrival: Instant = 0


Getter = Callable[[Any, Frame], Any]
"""Takes the item and what surrounds it; None means there is no information."""

_STEP = re.compile(
    r'(?:^|\.)(?:"(?P<quoted>[^"]+)"|(?P<name>[^.\[\]"{}$^@ ][^.\[\]"]*))|\[(?P<cut>\*|-?\d*(?::-?\d*)?)\]'
)

ALL = ...
"""The step `[*]`: go on with every element of an array, or every value of a map, and collect what is found."""

_PLAIN: Final = "plain_name"

Steps = tuple[str | int | slice | EllipsisType, ...]

_HELP = (
    "write names with dots between them (after.camera), [0] for an element, [1:] for some, [*] for all of them, "
    '"a.b" for a name with a dot in it, $ for the whole payload, ^ for the item around this one, @key for the key or '
    "number of this one, . for the item itself"
)


@watched("path")
def compile_path(node: YamlNode) -> Getter:
    """Compile a path; a missing step, or one into what has no parts, gives None."""
    text = node.text()
    getter = _parse(text)
    if getter is None:
        raise node.wrong(f"{text!r} is not a path: {_HELP}")
    return getter


def compile_steps(node: YamlNode) -> Steps:
    """Compile a path from the item itself to its steps."""
    steps = _steps(node.text())
    if not steps:
        raise node.wrong(f"{node.text()!r} is not a path from here: write names with dots between them, such as a.b")
    return steps


def path_head(text: str) -> str | None:
    """Give the first name of a path that begins at the item itself, or None."""
    found = _STEP.match(text)
    return None if found is None else found["quoted"] or found["name"]


def _parse(text: str) -> Getter | None:
    if text == "@key":
        return lambda item, frame: frame.key
    if text == ".":
        return lambda item, frame: item
    up = len(text) - len(text.lstrip("^"))
    whole = text.startswith("$")
    rest = text[up:] if up else text[1:] if whole else text
    if (up or whole) and rest.startswith("."):
        rest = rest[1:]
    elif (up or whole) and rest and not rest.startswith("["):
        return None
    steps = _steps(rest)
    if steps is None or not (steps or up or whole):
        return None
    if up:
        return _from_parent(up, steps)
    if whole:
        from_root = _compile_steps(steps)
        return lambda item, frame: from_root(frame.root, frame)
    return _compile_steps(steps)


def _compile_steps(steps: Steps) -> Getter:
    """Compile steps from the item itself; what paths mostly are has a getter of its own, which costs a third."""
    if len(steps) == 1 and isinstance(steps[0], str):
        return _one_name(steps[0])
    if len(steps) == 2 and isinstance(steps[0], str) and isinstance(steps[1], str):
        return _two_names(steps[0], steps[1])
    if len(steps) == 2 and isinstance(steps[0], str) and isinstance(steps[1], int):
        return _name_and_number(steps[0], steps[1])
    return lambda item, frame: _walk(item, steps)


def _steps(text: str) -> Steps | None:
    steps: list[str | int | slice | EllipsisType] = []
    end = 0
    while end < len(text):
        found = _STEP.match(text, end)
        # The pattern's (?:^|\\.) must not let two names follow one another without a dot.
        if found is None or found.end() == end or (end and text[end] not in ".["):
            return None
        end = found.end()
        cut = found["cut"]
        if cut is None:
            steps.append(found["quoted"] or found["name"])
        elif cut == "*":
            steps.append(ALL)
        elif ":" in cut:
            low, high = (int(part) if part else None for part in cut.split(":"))
            steps.append(slice(low, high))
        elif cut:
            steps.append(int(cut))
        else:
            return None
    return tuple(steps)


def _one_name(name: str) -> Getter:
    def get(item: Any, _frame: Frame) -> Any:
        return item.get(name) if item.__class__ is dict else None

    setattr(get, _PLAIN, name)
    return get


def plain_name(get: Getter) -> str | None:
    """Give the name where a getter does no more than to take an item's own field of that name."""
    return getattr(get, _PLAIN, None)


def _two_names(first: str, second: str) -> Getter:
    def get(item: Any, _frame: Frame) -> Any:
        if item.__class__ is not dict:
            return None
        inner = item.get(first)
        return inner.get(second) if inner.__class__ is dict else None

    return get


def _name_and_number(name: str, number: int) -> Getter:
    beyond = number + 1 if number >= 0 else -number

    def get(item: Any, _frame: Frame) -> Any:
        inner = item.get(name) if item.__class__ is dict else None
        return inner[number] if inner.__class__ is list and len(inner) >= beyond else None

    return get


def _from_parent(up: int, steps: Steps) -> Getter:
    def get(_item: Any, frame: Frame) -> Any:
        return _walk(frame.parents[-up], steps) if len(frame.parents) >= up else None

    return get


def _walk(value: Any, steps: Steps) -> Any:
    for number, step in enumerate(steps):
        if step is ALL:
            return _collect(value, steps[number + 1 :])
        if step.__class__ is str:
            if value.__class__ is not dict:
                return None
            value = value.get(step)
        elif value.__class__ is not list:
            return None
        elif isinstance(step, slice):
            value = value[step]
        elif isinstance(step, int):
            if not -len(value) <= step < len(value):
                return None
            value = value[step]
    return value


def _collect(value: Any, steps: Steps) -> list[Any] | None:
    if value.__class__ is dict:
        value = list(value.values())
    if value.__class__ is not list:
        return None
    found: list[Any] = []
    for part in value:
        inner = _walk(part, steps)
        if inner.__class__ is list and ALL in steps:
            found.extend(inner)
        elif inner is not None:
            found.append(inner)
    return found
