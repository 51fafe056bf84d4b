"""Pass-through: the fields of a payload that a codec does not name, kept under tidy names."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from ingest.codecs.identifiers import quantity_name
from ingest.codecs.paths import Frame, compile_path, path_head
from ioc.runtime.marked_yaml import YamlNode

MAX_PASSED: Final = 64
"""Fields of one item that are passed; a message with more of them says so among its problems."""

MAX_DEPTH: Final = 4
"""Levels that `nested` goes down."""

PassThrough = Callable[[Any, Frame, dict[str, Any]], None]


def compile_rest(node: YamlNode, named: YamlNode | None) -> PassThrough:
    """Compile `rest:`.

    Keys: `path` (where the fields are; the item itself where it is missing), `rename` (the device's name to the
    quantity's; for nested fields the names with dots between them), `skip` (names that are left out), `nested` (whether
    objects and arrays within are gone through). Texts, numbers, true and false are passed; nothing else is.

    Args:
        node: what stands at `rest:`.
        named: the `values` beside it; what they take is not passed again.
    """
    parts = node.mapping(("path", "rename", "skip", "nested"))
    get = compile_path(parts["path"]) if "path" in parts else None
    names: dict[str, str | None] = {}
    if "rename" in parts:
        for raw, wanted in parts["rename"].mapping().items():
            if wanted.text() != quantity_name(wanted.text()):
                raise wanted.wrong(
                    f"{wanted.text()!r} cannot be a quantity's name; {quantity_name(wanted.text())!r} could"
                )
            names[raw] = wanted.text()
    names.update((each.text(), None) for each in (parts["skip"].sequence() if "skip" in parts else []))
    if named is not None and get is None:
        names.update((head, None) for head in _heads(named))
    levels = MAX_DEPTH if "nested" in parts and parts["nested"].boolean() else 1

    def pass_on(item: Any, frame: Frame, values: dict[str, Any]) -> None:
        source = item if get is None else get(item, frame)
        if source.__class__ is not dict:
            return
        for raw, value in source.items() if levels == 1 else _scalars(source, "", names, levels):
            if value is None or value.__class__ is dict or value.__class__ is list:
                continue
            name = names[raw] if raw in names else quantity_name(raw)
            if name is None or name in values:
                continue
            if len(values) >= MAX_PASSED:
                frame.problems.append(f"more than {MAX_PASSED} values in one event; {raw[:40]!r} and more are left out")
                return
            values[name] = value

    return pass_on


def _scalars(source: Any, prefix: str, names: Mapping[str, str | None], levels: int) -> Iterator[tuple[str, Any]]:
    """Go through the texts, numbers and booleans of an object or array, with the names that lead to them."""
    for key, value in source.items() if source.__class__ is dict else enumerate(source):
        raw = f"{prefix}{key}"
        if value.__class__ is not dict and value.__class__ is not list:
            if value is not None:
                yield raw, value
        elif levels > 1 and names.get(raw, raw) is not None:
            yield from _scalars(value, f"{raw}.", names, levels - 1)


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
