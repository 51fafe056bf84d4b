"""Stripping: what of a payload must not be seen by anybody, taken out before anything else looks at it."""

from collections.abc import Callable, Iterable
from types import EllipsisType
from typing import Any

from ingest.codecs.paths import ALL, Steps, compile_steps
from ioc.runtime.marked_yaml import YamlNode

Strip = Callable[[Any], None]
"""Takes parts out of a decoded payload, which it changes."""


def compile_strip(node: YamlNode) -> Strip:
    """Compile `strip:`, a path or a list of them, from the whole payload; each is taken out where it is there."""
    paths = [compile_steps(each) for each in (node.sequence() if node.is_sequence() else [node])]
    if not paths:
        raise node.wrong("at least one path is needed, such as snapshot.image")

    def strip(value: Any) -> None:
        for steps in paths:
            _take_out(value, steps)

    return strip


def _take_out(value: Any, steps: Steps) -> None:
    step, rest = steps[0], steps[1:]
    if rest:
        for part in _parts(value, step):
            _take_out(part, rest)
    elif isinstance(value, dict):
        if step is ALL:
            value.clear()
        elif isinstance(step, str):
            value.pop(step, None)
    elif isinstance(value, list):
        if step is ALL:
            value.clear()
        elif isinstance(step, slice):
            del value[step]
        elif isinstance(step, int) and -len(value) <= step < len(value):
            # What comes after it keeps its number.
            value[step] = None


def _parts(value: Any, step: str | int | slice | EllipsisType) -> Iterable[Any]:
    if isinstance(value, dict):
        return value.values() if step is ALL else (value.get(step),) if isinstance(step, str) else ()
    if not isinstance(value, list):
        return ()
    if step is ALL:
        return value
    if isinstance(step, slice):
        return value[step]
    return (value[step],) if isinstance(step, int) and -len(value) <= step < len(value) else ()
