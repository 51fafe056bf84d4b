"""Fields: how one value of an event is found in a message and brought into shape."""

# ruff: noqa: ARG005 - every getter takes the item and its frame, whichever of them it needs

import math
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol

from ingest.codecs.conditions import compile_regex, compile_when, scalar
from ingest.codecs.identifiers import NORMALISERS, hide_addresses, quantity_name
from ingest.codecs.paths import Frame, Getter, compile_path
from ingest.codecs.topics import Captures
from ingest.codecs.units import conversion, convertible
from ingest.codecs.watching import watched
from ioc.model.instant import Instant
from ioc.model.quantities import Catalogue, Quantity
from ioc.runtime.marked_yaml import YamlNode

_KEYS: Final = (
    "path", "const", "text", "cases", "when", "count", "join", "find", "drop", "map", "type", "scale", "offset", "unit",
    "as", "hide", "default",
)  # fmt: skip
_SOURCES: Final = ("path", "const", "text", "cases")
_CAPTURE = re.compile(r"\{([a-z_]+)\}")
_NUMBER_IN_TEXT = re.compile(r"\s*([+-]?\d{1,40}(?:[.,]\d{1,40})?(?:[eE][+-]?\d{1,3})?)\s*(%?)\s*")
_WORDS: Final = {
    **dict.fromkeys(("on", "true", "yes", "1", "open", "detected", "active"), True),
    **dict.fromkeys(("off", "false", "no", "0", "closed", "clear", "inactive"), False),
}

Change = Callable[[Any], Any]


class Pseudonymiser(Protocol):
    """Whoever replaces the addresses of people's devices."""

    def of(self, address: str, at: Instant) -> str | None:
        """Give what stands for an address that arrived at an instant; None where nothing may."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What a field may speak of.

    Attributes:
        catalogue: the known quantities, to whose units values are brought.
        pseudonyms: stands in for the addresses of people's devices; None: they are dropped.
        captures: the names that every topic of the message captures.
    """

    catalogue: Catalogue
    pseudonyms: Pseudonymiser | None = None
    captures: frozenset[str] = frozenset()


@watched("field")
def compile_field(node: YamlNode, scope: Scope, quantity: Quantity | None = None) -> Getter:
    """Compile a field.

    A text is a path, or, with braces in it, a text made of the topic's captures. A mapping says where the value comes
    from (`path`, also a list of fallbacks; `const`; `text`; `cases`) and what is done with it, in this order: `when`,
    `count`, `join`, `find`, `drop`, `map`, `type`, `scale`, `offset`, `unit`, `as`, `hide`, `default`.

    Args:
        node: what stands in the codec.
        scope: what it may speak of.
        quantity: the quantity it fills, whose unit `unit` is brought to; None where it fills none that is known.
    """
    if not node.is_mapping():
        return _source(node, scope)
    parts = node.mapping(_KEYS)
    sources = [key for key in _SOURCES if key in parts]
    if len(sources) != 1:
        raise node.wrong(f"say once where the value comes from: one of {', '.join(_SOURCES)}")
    get = _mapped_source(sources[0], parts[sources[0]], scope, quantity)
    changes = _changes(parts, quantity)
    holds = compile_when(parts["when"])[1] if "when" in parts else None
    default = scalar(parts["default"]) if "default" in parts else None
    return _assemble(get, changes, holds, default)


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
        only = names[0]
        return lambda captures: captures[only]
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
        template = compile_template(node, scope)
        return lambda item, frame: template(frame.captures)
    return compile_path(node)


def _mapped_source(key: str, node: YamlNode, scope: Scope, quantity: Quantity | None) -> Getter:
    if key == "path":
        return _source(node, scope)
    if key == "const":
        value = scalar(node)
        return lambda item, frame: value
    if key == "text":
        template = compile_template(node, scope)
        return lambda item, frame: template(frame.captures)
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

    def first_case(item: Any, frame: Frame) -> Any:
        for get in getters:
            value = get(item, frame)
            if value is not None:
                return value
        return None

    return first_case


def _assemble(
    get: Getter, changes: tuple[Change, ...], holds: Callable[[Any, Frame], bool] | None, default: Any
) -> Getter:
    if not changes and holds is None and default is None:
        return get
    if len(changes) == 1 and holds is None and default is None:
        only = changes[0]

        def changed(item: Any, frame: Frame) -> Any:
            value = get(item, frame)
            return None if value is None else only(value)

        return changed

    def shaped(item: Any, frame: Frame) -> Any:
        if holds is not None and not holds(item, frame):
            return None
        value = get(item, frame)
        for change in changes:
            if value is None:
                return default
            value = change(value)
        return default if value is None else value

    return shaped


def _changes(parts: Mapping[str, YamlNode], quantity: Quantity | None) -> tuple[Change, ...]:
    changes: list[Change] = []
    if "count" in parts and parts["count"].boolean():
        changes.append(_count)
    if "join" in parts:
        changes.append(_joiner(parts["join"].text()))
    if "find" in parts:
        changes.append(_finder(parts["find"]))
    if "drop" in parts:
        changes.append(_dropper(parts["drop"]))
    if "map" in parts:
        changes.append(_mapper(parts["map"]))
    if "type" in parts:
        changes.append(_TYPES[parts["type"].choice(_TYPES)])
    arithmetic = _arithmetic(parts, quantity)
    if arithmetic is not None:
        changes.append(arithmetic)
    if "as" in parts:
        changes.append(_text_change(NORMALISERS[parts["as"].choice(NORMALISERS)]))
    if "hide" in parts:
        parts["hide"].choice(("addresses",))
        changes.append(_text_change(hide_addresses))
    return tuple(changes)


def _count(value: Any) -> Any:
    if not isinstance(value, (list, dict)):
        raise ValueError(f"expected an array or an object to count, got {value!r:.40}")
    return len(value)


def _joiner(separator: str) -> Change:
    def join(value: Any) -> Any:
        parts = value if isinstance(value, list) else [value]
        try:
            return separator.join(parts) or None
        except TypeError:
            return separator.join([as_text(part) for part in parts])

    return join


def _finder(node: YamlNode) -> Change:
    regex = compile_regex(node)
    if regex.groups != 1:
        raise node.wrong(f"exactly one group in parentheses says what is taken; this has {regex.groups}")

    def find(value: Any) -> Any:
        found = regex.search(value[:4096]) if isinstance(value, str) else None
        return None if found is None else found[1]

    return find


def _dropper(node: YamlNode) -> Change:
    sentinels = [scalar(each) for each in (node.sequence() if node.is_sequence() else [node])]
    numbers = {value for value in sentinels if isinstance(value, (int, float)) and not isinstance(value, bool)}
    others = [value for value in sentinels if isinstance(value, (str, bool))]

    def drop(value: Any) -> Any:
        if value.__class__ is int or value.__class__ is float:
            return None if value in numbers else value
        return None if value in others else value

    return drop


def _mapper(node: YamlNode) -> Change:
    table = {word: scalar(value) for word, value in node.mapping().items() if word != "else"}
    otherwise = node.mapping().get("else")
    if otherwise is not None:
        other = scalar(otherwise)
        return lambda value: table.get(as_text(value), other)

    def look_up(value: Any) -> Any:
        word = as_text(value)
        if word not in table:
            raise ValueError(f"{word[:40]!r} is not one of {', '.join(table)}")
        return table[word]

    return look_up


def _arithmetic(parts: Mapping[str, YamlNode], quantity: Quantity | None) -> Change | None:
    scale = parts["scale"].number() if "scale" in parts else 1
    offset = parts["offset"].number() if "offset" in parts else 0
    if "unit" in parts:
        node = parts["unit"]
        if quantity is None or quantity.unit is None:
            raise node.wrong("a unit can only be converted for a quantity that has one in quantities.yaml")
        factors = conversion(node.text(), quantity.unit)
        if factors is None:
            known = ", ".join(convertible(quantity.unit)) or quantity.unit
            raise node.wrong(
                f"{node.text()!r} cannot be brought to {quantity.unit}, the unit of {quantity.name}; known are: {known}"
            )
        scale, offset = scale * factors[0], offset * factors[0] + factors[1]
    if (scale, offset) == (1, 0):
        return None

    def calculate(value: Any) -> Any:
        if value.__class__ is not int and value.__class__ is not float:
            raise ValueError(f"expected a number to reckon with, got {value!r:.40}")
        return value * scale + offset

    return calculate


def _text_change(change: Callable[[str], str]) -> Change:
    def apply(value: Any) -> Any:
        return change(as_text(value))

    return apply


def as_text(value: Any) -> str:
    """Write a scalar as JSON would, texts as they are."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return repr(value)
    raise ValueError(f"expected a text, a number or true or false, got {value!r:.40}")


def _as_number(value: Any) -> Any:
    if isinstance(value, bool):
        raise ValueError("expected a number, got true or false")
    if isinstance(value, (int, float)):
        return value
    found = _NUMBER_IN_TEXT.fullmatch(value) if isinstance(value, str) and len(value) <= 100 else None
    if found is None:
        raise ValueError(f"expected a number, got {value!r:.40}")
    return float(found[1].replace(",", "."))


def _as_integer(value: Any) -> Any:
    number = _as_number(value)
    if not math.isfinite(number) or number != int(number):
        raise ValueError(f"expected a whole number, got {value!r:.40}")
    return int(number)


def _as_boolean(value: Any) -> Any:
    if isinstance(value, bool):
        return value
    word = _WORDS.get(as_text(value).strip().lower())
    if word is None:
        raise ValueError(f"expected true or false, on or off, got {value!r:.40}")
    return word


_TYPES: Final[Mapping[str, Change]] = {
    "number": _as_number,
    "integer": _as_integer,
    "boolean": _as_boolean,
    "text": as_text,
}


def constants(node: YamlNode) -> Collection[tuple[YamlNode, Any]]:
    """List the values that a field may turn out as, where it says them itself."""
    if not node.is_mapping():
        return []
    parts = node.mapping(_KEYS)
    found = [(parts[key], scalar(parts[key])) for key in ("const", "default") if key in parts]
    if "map" in parts:
        found += [(value, scalar(value)) for value in parts["map"].mapping().values()]
    if "cases" in parts:
        found += [pair for case in parts["cases"].sequence() for pair in constants(case)]
    return found
