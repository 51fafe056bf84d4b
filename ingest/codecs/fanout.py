"""Fan-out: one message, many events, one for each element of an array or each key of a map."""

from collections.abc import Callable, Iterator
from typing import Any, Final

from ingest.codecs.fields import compile_reading
from ingest.codecs.paths import Frame, Getter, compile_path
from ingest.codecs.payloads import compile_payload
from ingest.codecs.watching import watched
from ioc.runtime.marked_yaml import YamlNode

MAX_ITEMS: Final = 10_000
"""Items of one message; a message with more is rejected."""

FanOut = Callable[[Any, Frame], Iterator[tuple[Any, Frame]]]


@watched("each")
def compile_each(node: YamlNode) -> FanOut:
    """Compile `each:`.

    A path leads to an array or a map. A list of paths goes deeper, each within what the one before it gave, with the
    items passed on the way as `^`, `^^`, …. A mapping `{all: [paths], otherwise: once}` puts several together, and
    takes the message itself once where all of them are empty. A mapping `{path: …, read: step, items: step}` reads what
    stands at the path, and each item of it, by steps such as a payload's; with `single: true`, what is no array stands
    for an array of itself, as in XML, where one child looks no different from a list of one.
    """
    if node.is_mapping() and "path" in node.mapping():
        return _read_items(node)
    if node.is_mapping():
        parts = node.mapping(("all", "otherwise"), required=("all",))
        once = "otherwise" in parts and parts["otherwise"].choice(("once",)) == "once"
        return _together([compile_reading(each) for each in parts["all"].sequence()], once=once)
    paths = [compile_reading(each) for each in (node.sequence() if node.is_sequence() else [node])]
    if not paths:
        raise node.wrong("at least one path is needed")
    return _nested(paths)


def _read_items(node: YamlNode) -> FanOut:
    parts = node.mapping(("path", "read", "items", "single"))
    get = compile_path(parts["path"])
    read = compile_payload(parts["read"])[1] if "read" in parts else None
    read_item = compile_payload(parts["items"])[1] if "items" in parts else None
    single = "single" in parts and parts["single"].boolean()

    def fan_out(item: Any, frame: Frame) -> Iterator[tuple[Any, Frame]]:
        container = get(item, frame)
        if read is not None and container is not None:
            container = read(container)
        if single and container is not None and container.__class__ is not list:
            container = [container]
        for part, part_frame in _parts(container, item, frame):
            if read_item is None:
                yield part, part_frame
                continue
            try:
                value = read_item(part)
            except ValueError as error:
                frame.problems.append(f"{part_frame.key}: {error}")
                continue
            yield value, part_frame

    return fan_out


def _together(paths: list[Getter], *, once: bool) -> FanOut:
    def fan_out(item: Any, frame: Frame) -> Iterator[tuple[Any, Frame]]:
        found = False
        for path in paths:
            for part in _parts(path(item, frame), item, frame):
                found = True
                yield part
        if once and not found:
            yield (
                None,
                Frame(
                    frame.root, frame.base, frame.captures, None, (*frame.parents, item), frame.problems, frame.arrival
                ),
            )

    return fan_out


def _nested(paths: list[Getter]) -> FanOut:
    first, rest = paths[0], paths[1:]
    if not rest:
        return lambda item, frame: _parts(first(item, frame), item, frame)
    deeper = _nested(rest)

    def fan_out(item: Any, frame: Frame) -> Iterator[tuple[Any, Frame]]:
        for inner, inner_frame in _parts(first(item, frame), item, frame):
            yield from deeper(inner, inner_frame)

    return fan_out


def _parts(container: Any, item: Any, frame: Frame) -> Iterator[tuple[Any, Frame]]:
    if not isinstance(container, (list, dict)):
        return
    if len(container) > MAX_ITEMS:
        raise ValueError(f"the message speaks of {len(container)} things; at most {MAX_ITEMS} are read")
    parents = (*frame.parents, item)
    for key, part in container.items() if isinstance(container, dict) else enumerate(container):
        yield part, Frame(frame.root, frame.base, frame.captures, key, parents, frame.problems, frame.arrival)
