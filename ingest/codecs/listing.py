"""What codecs there are, and every mistake in those that somebody writes."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ingest.codecs.fields import Scope
from ingest.codecs.messages import compile_message
from ingest.codecs.registry import SHIPPED
from ioc.model.faults import Fault
from ioc.model.quantities import Catalogue
from ioc.runtime.marked_yaml import Misplaced, YamlNode, read_marked_file, yaml_files

_KEYS: Final = ("codec", "title", "about", "kind", "messages")


@dataclass(frozen=True, slots=True)
class Listed:
    """A codec as it is listed.

    Attributes:
        kinds: of the events that it makes, where it says so for all.
        path: its file.
        shipped: whether it comes with the program.
        messages: name and topics of each sort of message.
        counters: quantities that only grow.
        intervals: what span of time quantities are reported in, or sum up, as the codec writes it.
    """

    name: str
    title: str
    kinds: tuple[str, ...]
    path: Path
    shipped: bool
    messages: tuple[tuple[str, tuple[str, ...]], ...]
    counters: tuple[str, ...]
    intervals: tuple[tuple[str, str], ...]


def list_codecs(user_dir: Path | None, shipped: Path = SHIPPED) -> list[Listed]:
    """List the codecs, the user's first; a shipped one that a user's replaces is left out.

    Raises:
        Misplaced: a file is not a codec, with file, line and column.
        Fault: the user's folder is not there.
    """
    if user_dir is not None and not user_dir.is_dir():
        raise Fault(f"the folder of codecs {user_dir} is not there; create it, or change codecs_dir")
    found: dict[str, Listed] = {}
    for folder in (user_dir, shipped):
        for path in yaml_files(folder) if folder is not None else ():
            document = read_marked_file(path)
            if document is not None:
                listed = _listed(document, path, shipped=folder is shipped)
                found.setdefault(listed.name, listed)
    return list(found.values())


def codec_files(paths: Iterable[Path]) -> list[Path]:
    """List the codecs of files and folders.

    Raises:
        Fault: one of them is not there.
    """
    files: list[Path] = []
    for path in paths:
        if path.is_dir():
            files += yaml_files(path)
        elif path.is_file():
            files.append(path)
        else:
            raise Fault(f"{path} is not there; expected a codec or a folder of codecs")
    return files


def mistakes(files: Iterable[Path], catalogue: Catalogue) -> Iterator[Misplaced]:
    """Find the mistakes in codecs: the first of each message, of each file, and names that two files claim."""
    names: dict[str, Path] = {}
    for path in files:
        try:
            document = read_marked_file(path)
            if document is None:
                yield Misplaced(str(path), 1, 1, "the file is empty; expected a codec")
                continue
            nodes = document.mapping(_KEYS, required=("codec", "messages"))
            name = nodes["codec"].text()
            if name in names:
                yield nodes["codec"].wrong(f"the codec {name!r} stands in {names[name]} already")
            names.setdefault(name, path)
            messages = nodes["messages"].sequence()
            if not messages:
                yield nodes["messages"].wrong("at least one message is needed")
        except Misplaced as mistake:
            yield mistake
            continue
        for number, message in enumerate(messages):
            try:
                compile_message(message, name, nodes.get("kind"), (0, number), Scope(catalogue))
            except Misplaced as mistake:
                yield mistake


def _listed(document: YamlNode, path: Path, *, shipped: bool) -> Listed:
    nodes = document.mapping(required=("codec", "messages"))
    messages = [message.mapping(required=("name", "topics")) for message in nodes["messages"].sequence()]
    kinds = [nodes["kind"]] if "kind" in nodes else [each["kind"] for each in messages if "kind" in each]
    counters = [name for each in messages if "counters" in each for name in each["counters"].sequence()]
    intervals = [each["intervals"] for each in messages if "intervals" in each]
    return Listed(
        name=nodes["codec"].text(),
        title=nodes["title"].text() if "title" in nodes else "",
        kinds=tuple(dict.fromkeys("varies" if kind.is_mapping() else kind.text() for kind in kinds)),
        path=path,
        shipped=shipped,
        messages=tuple((each["name"].text(), _texts(each["topics"])) for each in messages),
        intervals=tuple((name, span.text()) for each in intervals for name, span in each.mapping().items()),
        counters=tuple(dict.fromkeys(name.text() for name in counters)),
    )


def _texts(node: YamlNode) -> tuple[str, ...]:
    return tuple(each.text() for each in (node.sequence() if node.is_sequence() else [node]))
