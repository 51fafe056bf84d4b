"""YAML that remembers where everything stands, so that a complaint can name file, line and column."""

import difflib
import math
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from ioc.model.faults import Fault

MAX_BYTES = 4_000_000
MAX_DEPTH = 40

_BLOCKS = ("|", ">")
_QUOTES = ("'", '"')

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Misplaced(Fault):
    """A mistake in a file, with its place.

    Attributes:
        source: the file, as the user named it.
        line, column: counted from 1.
        sentence: what is wrong and what was expected.
    """

    def __init__(self, source: str, line: int, column: int, sentence: str) -> None:
        """Take the place and the sentence."""
        super().__init__(f"{source}:{line}:{column}: {sentence}", wrong_use=False)
        self.source = source
        self.line = line
        self.column = column
        self.sentence = sentence


@dataclass(frozen=True, slots=True)
class YamlNode:
    """A node of a YAML file, with its place; asking for what it is not raises `Misplaced`."""

    node: Any
    source: str
    document: str = field(repr=False, compare=False)

    @property
    def line(self) -> int:
        """The line, counted from 1."""
        return int(self.node.start_mark.line) + 1

    @property
    def column(self) -> int:
        """The column, counted from 1; for a quoted text, that of its first character."""
        quoted = isinstance(self.node, yaml.ScalarNode) and self.node.style in _QUOTES
        return int(self.node.start_mark.column) + (2 if quoted else 1)

    @property
    def last_line(self) -> int:
        """The line it ends on, counted from 1; with the blank lines and comments before whatever comes next."""
        end = self.node.end_mark
        # Block style ends where the next thing begins, on a later line.
        block = not isinstance(self.node, yaml.ScalarNode) and not self.node.flow_style
        return int(end.line) if block else int(end.line) + 1

    def wrong(self, sentence: str, *, offset: int = 0) -> Misplaced:
        """Make the complaint that belongs here.

        Args:
            sentence: what is wrong and what was expected.
            offset: characters into this text, counted from 0.
        """
        if not offset and not (isinstance(self.node, yaml.ScalarNode) and self.node.style in _BLOCKS):
            return Misplaced(self.source, self.line, self.column, sentence)
        index = _written(self.document, self.node, offset)
        line = self.document.count("\n", 0, index) + 1
        return Misplaced(self.source, line, index - self.document.rfind("\n", 0, index), sentence)

    def _child(self, node: Any) -> "YamlNode":
        return YamlNode(node, self.source, self.document)

    def mapping(self, known: Collection[str] | None = None, required: Collection[str] = ()) -> dict[str, "YamlNode"]:
        """Read a mapping.

        Args:
            known: the keys that may stand here; None for any.
            required: the keys that must.

        Raises:
            Misplaced: not a mapping, a key twice, an unknown key, a required one missing.
        """
        if not isinstance(self.node, yaml.MappingNode):
            raise self.wrong(f"expected keys and values here, found {self.described()}")
        found: dict[str, YamlNode] = {}
        for key_node, value_node in self.node.value:
            key = self._child(key_node)
            name = key.text()
            if name in found:
                raise key.wrong(f"{name!r} stands here twice")
            if known is not None and name not in known:
                raise key.wrong(f"{name!r} is not known here; {expected(name, known)}")
            found[name] = self._child(value_node)
        for name in required:
            if name not in found:
                raise self.wrong(f"{name!r} is missing")
        return found

    def keys(self) -> dict[str, "YamlNode"]:
        """Give the nodes of a mapping's keys themselves, by name."""
        return {self._child(key).text(): self._child(key) for key, _ in self.node.value}

    def sequence(self) -> list["YamlNode"]:
        """Read a list."""
        if not isinstance(self.node, yaml.SequenceNode):
            raise self.wrong(f"expected a list here, found {self.described()}")
        return [self._child(item) for item in self.node.value]

    def text(self) -> str:
        """Read a text; a number or a word such as `on` that stands unquoted is taken as it is written."""
        if not isinstance(self.node, yaml.ScalarNode):
            raise self.wrong(f"expected a text here, found {self.described()}")
        return str(self.node.value)

    def number(self) -> float:
        """Read a finite number."""
        value = self.plain()
        try:
            finite = isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
        except OverflowError:
            # A whole number that no double can hold.
            finite = False
        if not finite:
            raise self.wrong(f"expected a number here, found {self.described()}")
        return float(value) if isinstance(value, float) else int(value)

    def boolean(self) -> bool:
        """Read true or false."""
        value = self.plain()
        if not isinstance(value, bool):
            raise self.wrong(f"expected true or false here, found {self.described()}")
        return value

    def choice(self, known: Collection[str]) -> str:
        """Read one of the given words."""
        word = self.text()
        if word not in known:
            raise self.wrong(f"{word!r} is not known here; {expected(word, known)}")
        return word

    def plain(self) -> Any:
        """Give what stands here as plain data, by YAML's own rules."""
        loader = _Loader("")
        try:
            return loader.construct_document(self.node)
        except (yaml.YAMLError, ValueError, LookupError, AttributeError) as error:
            # The last two are what PyYAML lets through where a tag such as !!bool stands before something else.
            raise self.wrong(f"this cannot be read: {getattr(error, 'problem', None) or error}") from error
        finally:
            loader.dispose()

    def is_mapping(self) -> bool:
        """Whether keys and values stand here."""
        return isinstance(self.node, yaml.MappingNode)

    def is_sequence(self) -> bool:
        """Whether a list stands here."""
        return isinstance(self.node, yaml.SequenceNode)

    def described(self) -> str:
        """Say what stands here, for a complaint."""
        if isinstance(self.node, yaml.MappingNode):
            return "keys and values"
        if isinstance(self.node, yaml.SequenceNode):
            return "a list"
        text = str(self.node.value)
        return "nothing" if not text else repr(text if len(text) <= 60 else text[:57] + "...")


def written_out(node: YamlNode) -> str:
    """Write what stands at a node as YAML of its own, without its comments."""
    return str(yaml.safe_dump(node.plain(), allow_unicode=True, sort_keys=False, width=110))


def read_marked(text: str, source: str) -> YamlNode | None:
    """Read one YAML document; None where it is empty.

    Aliases are refused: with them a small file can stand for a huge one.

    Raises:
        Misplaced: not YAML, too large, too deep, or with aliases.
    """
    if len(text) > MAX_BYTES:
        raise Misplaced(source, 1, 1, f"the file has {len(text)} characters; at most {MAX_BYTES} are read")
    try:
        depth = 0
        for event in yaml.parse(text, Loader=_Loader):
            if isinstance(event, yaml.AliasEvent):
                raise _at(event.start_mark, source, "aliases (*name) are not read; write it out")
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if depth > MAX_DEPTH:
                raise _at(event.start_mark, source, f"nested deeper than {MAX_DEPTH} levels")
        node = yaml.compose(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        sentence = f"this is not YAML: {error.problem or error.context}"
        raise _at(error.problem_mark or error.context_mark, source, sentence) from error
    except yaml.reader.ReaderError as error:
        before = text[: error.position] if isinstance(error.position, int) else ""
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
        raise Misplaced(source, line, column, f"this is not YAML: {error.reason}") from error
    except (yaml.YAMLError, UnicodeEncodeError) as error:
        raise Misplaced(source, 1, 1, f"this is not YAML: {error}") from error
    return None if node is None else YamlNode(node, source, text)


def read_marked_file(path: Path, shown: str | None = None) -> YamlNode | None:
    """Read one YAML file; None where it is empty.

    Raises:
        Misplaced: see `read_marked`, or the file is not UTF-8 or cannot be read.
    """
    source = shown or str(path)
    try:
        text = path.read_text("utf-8")
    except UnicodeDecodeError as error:
        raise Misplaced(source, 1, 1, f"the file is not UTF-8 (byte {error.start})") from error
    except OSError as error:
        raise Misplaced(source, 1, 1, f"the file cannot be read: {error.strerror}") from error
    return read_marked(text, source)


def yaml_files(folder: Path) -> Iterator[Path]:
    """List the YAML files of a folder and below, sorted by path; hidden ones are passed over."""
    for path in sorted(folder.rglob("*")):
        hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
        if path.suffix in (".yaml", ".yml") and path.is_file() and not hidden:
            yield path


def expected(word: str, known: Collection[str]) -> str:
    """Say what would have been right: the nearest known word, or all of them where they are few."""
    near = difflib.get_close_matches(word, known, n=1, cutoff=0.6)
    if near:
        return f"did you mean {near[0]!r}?"
    words = ", ".join(sorted(known))
    return f"expected one of: {words}" if len(words) <= 200 else f"expected one of {len(known)} known words"


def _written(document: str, node: Any, offset: int) -> int:
    """Find where in a document a text's character stands, however the text is folded, indented or quoted.

    White space is where the written and the read text differ, so the other characters are counted.
    """
    before = sum(not character.isspace() for character in node.value[:offset])
    index = int(node.start_mark.index)
    if node.style in _BLOCKS:
        index = document.find("\n", index) + 1
    elif node.style in _QUOTES:
        index += 1
    while index < len(document):
        character = document[index]
        if not character.isspace():
            if not before:
                return index
            before -= 1
            # Two signs that stand for one: '' in single quotation marks, a backslash and its letter in double ones.
            index += (node.style == "'" and character == "'") or (node.style == '"' and character == "\\")
        index += 1
    return len(document)


def _at(mark: Any, source: str, sentence: str) -> Misplaced:
    return (
        Misplaced(source, 1, 1, sentence)
        if mark is None
        else Misplaced(source, mark.line + 1, mark.column + 1, sentence)
    )
