"""Fields: how one value of an event is found in a message and brought into shape."""

# ruff: noqa: ARG005 - every getter takes the item and its frame, whichever of them it needs

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any, Final

from ingest.codecs.changes import CHANGES, Pseudonymiser, compile_changes
from ingest.codecs.conditions import Holds, compile_when, needed_fields, scalar
from ingest.codecs.identifiers import quantity_name
from ingest.codecs.memory import Memory
from ingest.codecs.paths import Frame, Getter, compile_path
from ingest.codecs.payloads import compile_payload
from ingest.codecs.topics import Captures
from ingest.codecs.watching import watched
from ioc.model.quantities import Catalogue, Quantity
from ioc.runtime.marked_yaml import YamlNode

KEYS: Final = ("path", "const", "text", "cases", "together", "when", *CHANGES, "default")
_SOURCES: Final = ("path", "const", "text", "cases", "together")
_CAPTURE = re.compile(r"\{([a-z_][a-z0-9_]*)\}")


@dataclass(frozen=True, slots=True)
class Scope:
    """What a field may speak of.

    Attributes:
        catalogue: the known quantities, to whose units values are brought.
        pseudonyms: stands in for the addresses of people's devices; None: they are dropped.
        captures: the names that every topic of the message captures.
        memory: what readers in code remember.
    """

    catalogue: Catalogue
    pseudonyms: Pseudonymiser | None = None
    captures: frozenset[str] = frozenset()
    memory: Memory = field(default_factory=Memory)


@watched("field")
def compile_field(node: YamlNode, scope: Scope, quantity: Quantity | None = None) -> Getter:
    """Compile a field.

    A text is a path, or, with braces in it, a text made of the topic's captures. A mapping says where the value comes
    from (`path`, also a list of fallbacks; `const`; `text`; `cases`; `together`, a list of fields) and what is done
    with it, in the order of `KEYS`.

    Args:
        node: what stands in the codec.
        scope: what it may speak of.
        quantity: the quantity it fills, whose unit `unit` is brought to; None where it fills none that is known.
    """
    if not node.is_mapping():
        return _source(node, scope)
    return compile_field_parts(node, node.mapping(KEYS), scope, quantity)


def compile_field_parts(
    node: YamlNode, parts: Mapping[str, YamlNode], scope: Scope, quantity: Quantity | None = None
) -> Getter:
    """Compile a field from the words of its mapping, as `compile_field` does."""
    sources = [key for key in _SOURCES if key in parts]
    if len(sources) != 1:
        raise node.wrong(f"say once where the value comes from: one of {', '.join(_SOURCES)}")
    get = _mapped_source(sources[0], parts[sources[0]], scope, quantity)
    unit_of = compile_field(parts["unit"], scope) if "unit" in parts and parts["unit"].is_mapping() else None
    change = compile_changes(parts, quantity, scope.pseudonyms, unit_of)
    if change is not None:
        get = change(get)
    holds = compile_when(parts["when"])[1] if "when" in parts else None
    if sources[0] == "const" and change is None and holds is not None and "default" not in parts:
        constant = scalar(parts["const"])
        return lambda item, frame: constant if holds(item, frame) else None
    default = scalar(parts["default"]) if "default" in parts else None
    return get if holds is None and default is None else _assemble(get, holds, default)


def compile_reading(node: YamlNode) -> Getter:
    """Compile a path, or a mapping of `path` and `read`, which says how what stands there is read."""
    if not node.is_mapping():
        return compile_path(node)
    parts = node.mapping(("path", "read"), required=("path",))
    get = compile_path(parts["path"])
    if "read" not in parts:
        return get
    read = compile_payload(parts["read"])[1]

    def found(item: Any, frame: Frame) -> Any:
        value = get(item, frame)
        return None if value is None else read(value)

    return found


def compile_template(node: YamlNode, scope: Scope) -> Callable[[Captures], str]:
    """Compile a text with captures in it, such as `{user}/{device}`."""
    text = node.text()
    names = _CAPTURE.findall(text)
    for name in names:
        if name not in scope.captures:
            known = ", ".join(sorted(scope.captures)) or "none"
            raise node.wrong(f"{{{name}}} is not captured by every topic of this message; captured are: {known}")
    if "{" in _CAPTURE.sub("", text) or "}" in _CAPTURE.sub("", text):
        raise node.wrong(f"{text!r} has a brace too many; captures are written {{name}}")
    if not names:
        return lambda captures: text
    if text == f"{{{names[0]}}}":
        return itemgetter(names[0])
    return text.format_map


def compile_name(node: YamlNode, scope: Scope) -> str | Callable[[Captures], str]:
    """Compile a quantity's name, which may hold captures: `count_{label}`."""
    text = node.text()
    if "{" in text:
        template = compile_template(node, scope)
        return lambda captures: quantity_name(template(captures))
    if text != quantity_name(text):
        raise node.wrong(f"{text!r} cannot be a quantity's name; {quantity_name(text)!r} could")
    return text


def _source(node: YamlNode, scope: Scope) -> Getter:
    if node.is_sequence():
        return _fallbacks(node, scope)
    if "{" in node.text():
        return _from_captures(node, scope)
    return compile_path(node)


def _from_captures(node: YamlNode, scope: Scope) -> Getter:
    template = compile_template(node, scope)
    alone = _CAPTURE.fullmatch(node.text())
    if alone is not None:
        name = alone[1]
        return lambda item, frame: frame.captures[name]
    return lambda item, frame: template(frame.captures)


def _mapped_source(key: str, node: YamlNode, scope: Scope, quantity: Quantity | None) -> Getter:
    if key == "path":
        return _source(node, scope)
    if key == "const":
        value = scalar(node)
        return lambda item, frame: value
    if key == "text":
        return _from_captures(node, scope)
    if key == "together":
        return _together(node, scope)
    return _cases(node, scope, quantity)


def _fallbacks(node: YamlNode, scope: Scope) -> Getter:
    getters = tuple(_source(each, scope) for each in node.sequence())
    if not getters:
        raise node.wrong("at least one path is needed")

    def first_found(item: Any, frame: Frame) -> Any:
        for get in getters:
            value = get(item, frame)
            if value is not None:
                return value
        return None

    return first_found


def _cases(node: YamlNode, scope: Scope, quantity: Quantity | None) -> Getter:
    getters = tuple(compile_field(each, scope, quantity) for each in node.sequence())
    if not getters:
        raise node.wrong("at least one case is needed, such as: {when: {type: end}, const: clear}")

    needed = [needed_fields(case.mapping()["when"]) if "when" in case.mapping() else None for case in node.sequence()]
    if None not in needed:
        return _first_case_of(frozenset().union(*[names for names in needed if names is not None]), getters)

    def first_case(item: Any, frame: Frame) -> Any:
        for get in getters:
            value = get(item, frame)
            if value is not None:
                return value
        return None

    return first_case


def _together(node: YamlNode, scope: Scope) -> Getter:
    getters = tuple(compile_field(each, scope) for each in node.sequence())
    if not getters:
        raise node.wrong("at least one field is needed, such as: [x, y, width, height]")

    def all_of_them(item: Any, frame: Frame) -> Any:
        values = [get(item, frame) for get in getters]
        return None if None in values else values

    return all_of_them


def _first_case_of(needed: frozenset[str], getters: tuple[Getter, ...]) -> Getter:
    """Look first whether the item speaks of anything that a case asks for; where it does not, none is this one."""

    def first_case_of(item: Any, frame: Frame) -> Any:
        if item.__class__ is not dict or needed.isdisjoint(item):
            return None
        for get in getters:
            value = get(item, frame)
            if value is not None:
                return value
        return None

    return first_case_of


def _assemble(get: Getter, holds: Holds | None, default: Any) -> Getter:
    if holds is not None and default is None:
        return lambda item, frame: get(item, frame) if holds(item, frame) else None

    def assembled(item: Any, frame: Frame) -> Any:
        if holds is not None and not holds(item, frame):
            return None
        value = get(item, frame)
        return default if value is None else value

    return assembled


def constants(node: YamlNode) -> Collection[tuple[YamlNode, Any]]:
    """List the values that a field may turn out as, where it says them itself."""
    if not node.is_mapping():
        return []
    parts = node.mapping()
    found = [(parts[key], scalar(parts[key])) for key in ("const", "default") if key in parts]
    if "map" in parts:
        found += [(value, scalar(value)) for value in parts["map"].mapping().values()]
    if "cases" in parts:
        found += [pair for case in parts["cases"].sequence() for pair in constants(case)]
    return found
