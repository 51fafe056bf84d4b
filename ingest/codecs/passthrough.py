"""Pass-through: what a codec does not name one by one, kept under tidy names."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

from ingest.codecs.casts import number_if_one
from ingest.codecs.changes import CHANGES, compile_changes, compile_drop, convert
from ingest.codecs.fields import Scope, compile_reading
from ingest.codecs.identifiers import quantity_name
from ingest.codecs.paths import Frame, Getter, compile_path, path_head
from ingest.codecs.watching import is_watching, watched
from ioc.runtime.marked_yaml import YamlNode

MAX_PASSED: Final = 64
"""Values of one event; what is passed beyond them is left out, and the message says so among its problems."""

MAX_DEPTH: Final = 4
"""Levels that `nested` goes down."""

MAX_ITEMS: Final = 10_000
"""Items of an array that are looked at for their names and values."""

PassThrough = Callable[[Any, Frame, dict[str, Any]], None]
GoThrough = Callable[[Any, Frame], Iterable[tuple[str, Any, Any]]]
"""Goes through what is to be passed: the device's own name, the value, and the unit where the message says one."""

_PASSED: Final = frozenset((str, int, float, bool))
_MAX_KNOWN: Final = 4096
"""Names that a device gives its fields whose quantities are remembered."""

KEYS: Final = ("path", "name", "value", "unit", "rename", "skip", "nested", "numbers", "drop")


@watched("rest")
def compile_rest(node: YamlNode, named: YamlNode | None, scope: Scope) -> PassThrough:
    """Compile `rest:`.

    Keys: `path` (where the fields are; the item itself where it is missing), `rename` (the device's name to the
    quantity's, or to a mapping of `to` and what a field does with a value; for nested fields the names with dots
    between them), `skip` (names that are left out), `nested` (whether objects and arrays within are gone through),
    `numbers` (whether texts that are numbers are taken for such), `drop` (values by which a device says that it does
    not know). Texts, numbers, true and false are passed; nothing else is.

    With `name` and `value`, what stands at `path` is an array or a map of items, each with a name and a value at these
    paths and, where the codec says so, the value's `unit`.

    Args:
        node: what stands at `rest:`.
        named: the `values` beside it; what they take is not passed again.
        scope: what its fields may speak of.
    """
    parts = node.mapping(KEYS)
    get = compile_reading(parts["path"]) if "path" in parts else None
    names, changes = _renamed(parts, scope)
    names.update((each.text(), None) for each in (parts["skip"].sequence() if "skip" in parts else []))
    if named is not None and get is None:
        names.update((head, None) for head in _heads(named))
    drop = compile_drop(parts["drop"]) if "drop" in parts else None
    numbers = "numbers" in parts and parts["numbers"].boolean()
    if "name" in parts or "value" in parts:
        go_through = _pivot(node, parts)
    elif "unit" in parts:
        raise parts["unit"].wrong("'unit' needs 'name' and 'value' beside it")
    else:
        go_through = _fields(names, MAX_DEPTH if "nested" in parts and parts["nested"].boolean() else 1)

    def shape(raw: str, name: str, value: Any, unit: Any, frame: Frame) -> Any:
        if drop is not None:
            value = drop(value)
        if numbers:
            value = number_if_one(value)
        if raw in changes:
            value = changes[raw](value, frame)
        quantity = None if unit is None else scope.catalogue.get(name)
        return value if quantity is None or value is None else convert(value, unit, quantity)

    plain = not is_watching() and drop is None and not numbers and not changes and "unit" not in parts

    def pass_on(item: Any, frame: Frame, values: dict[str, Any]) -> None:
        for raw, value, unit in go_through(item if get is None else get(item, frame), frame):
            if value is None or value.__class__ is dict or value.__class__ is list:
                continue
            name = names[raw] if raw in names else quantity_name(raw)
            if name is None or name in values:
                continue
            if len(values) >= MAX_PASSED:
                frame.problems.append(f"more than {MAX_PASSED} values in one event; {raw[:40]!r} and more are left out")
                return
            if not plain:
                try:
                    value = shape(raw, name, value, unit, frame)  # noqa: PLW2901 - what came is not needed again
                except ValueError as error:
                    frame.problems.append(f"{name}: {error}")
                    continue
                if value is None:
                    continue
            values[name] = value

    flat = plain and "name" not in parts and not ("nested" in parts and parts["nested"].boolean())
    return _fields_alone(get, names, pass_on) if flat else pass_on


def _fields_alone(get: Getter | None, names: Mapping[str, str | None], pass_on: PassThrough) -> PassThrough:
    """Do what `pass_on` does, in a third of the time, for an object whose own fields are all that is passed."""
    known: dict[str, Any] = dict(names)
    name_of, unknown, passed = known.get, object(), _PASSED

    def pass_fields(item: Any, frame: Frame, values: dict[str, Any]) -> None:
        source = item if get is None else get(item, frame)
        if source.__class__ is not dict:
            return
        if len(source) + len(values) > MAX_PASSED:
            pass_on(item, frame, values)
            return
        for raw, value in source.items():
            if value.__class__ in passed:
                name = name_of(raw, unknown)
                if name is unknown:
                    name = quantity_name(raw)
                    if len(known) < _MAX_KNOWN:
                        known[raw] = name
                if name is not None and name not in values:
                    values[name] = value

    return pass_fields


def _renamed(parts: Mapping[str, YamlNode], scope: Scope) -> tuple[dict[str, str | None], dict[str, Getter]]:
    """Read `rename`: the quantity's name for a device's, and what is done with its value where the codec says so."""
    names: dict[str, str | None] = {}
    changes: dict[str, Getter] = {}
    for raw, wanted in parts["rename"].mapping().items() if "rename" in parts else ():
        words = wanted.mapping(("to", *CHANGES), required=("to",)) if wanted.is_mapping() else {"to": wanted}
        name = words["to"].text()
        if name != quantity_name(name):
            raise words["to"].wrong(f"{name!r} cannot be a quantity's name; {quantity_name(name)!r} could")
        names[raw] = name
        change = compile_changes(words, scope.catalogue.get(name), scope.pseudonyms)
        if change is not None:
            changes[raw] = change(lambda value, _frame: value)
    return names, changes


def _fields(names: Mapping[str, str | None], levels: int) -> GoThrough:
    def go_through(source: Any, _frame: Frame) -> Iterable[tuple[str, Any, Any]]:
        if source.__class__ is not dict:
            return ()
        return _scalars(source, "", names, levels)

    return go_through


def _scalars(source: Any, prefix: str, names: Mapping[str, str | None], levels: int) -> Iterator[tuple[str, Any, None]]:
    """Go through the texts, numbers and booleans of an object or array, with the names that lead to them."""
    for key, value in source.items() if source.__class__ is dict else enumerate(source):
        raw = f"{prefix}{key}"
        if value.__class__ is not dict and value.__class__ is not list:
            yield raw, value, None
        elif levels > 1 and names.get(raw, raw) is not None:
            yield from _scalars(value, f"{raw}.", names, levels - 1)


def _pivot(node: YamlNode, parts: Mapping[str, YamlNode]) -> GoThrough:
    for missing in {"name", "value"} - parts.keys():
        raise node.wrong(f"{missing!r} is missing: an item's name and value stand at paths within it")
    if "nested" in parts:
        raise parts["nested"].wrong("'nested' has no meaning beside 'name' and 'value'")
    name_of, value_of = compile_path(parts["name"]), compile_path(parts["value"])
    unit_of = compile_path(parts["unit"]) if "unit" in parts else None

    def go_through(source: Any, frame: Frame) -> Iterator[tuple[str, Any, Any]]:
        if source.__class__ is not dict and source.__class__ is not list:
            return
        if len(source) > MAX_ITEMS:
            raise ValueError(f"the message names {len(source)} values; at most {MAX_ITEMS} are looked at")
        parents = (*frame.parents, source)
        for key, item in source.items() if source.__class__ is dict else enumerate(source):
            inner = Frame(frame.root, frame.base, frame.captures, key, parents, frame.problems, frame.arrival)
            name = name_of(item, inner)
            if name.__class__ is str or name.__class__ is int:
                yield str(name), value_of(item, inner), None if unit_of is None else unit_of(item, inner)

    return go_through


def _heads(named: YamlNode) -> set[str]:
    """Name the item's own fields that the named values take."""
    heads = set()
    for field in named.mapping().values():
        source = field.mapping().get("path") if field.is_mapping() else field
        if source is None or source.is_mapping():
            continue
        for path in source.sequence() if source.is_sequence() else [source]:
            head = path_head(path.text())
            if head is not None:
                heads.add(head)
    return heads
