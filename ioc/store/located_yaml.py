"""YAML read so that every complaint can name file, line and column."""

import math
from collections.abc import Iterable
from pathlib import Path

import yaml

from ioc.model.faults import Fault

# The C loader is ten times as fast; a build of PyYAML without libyaml has only the other.
_Loader: type = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_SAID = {yaml.MappingNode: "a mapping", yaml.SequenceNode: "a list", yaml.ScalarNode: "a single value"}


class Located:
    """One value of a YAML file, with the place where it stands."""

    __slots__ = ("_file", "_node", "_path")

    def __init__(self, node: yaml.Node, file: str, path: str = "") -> None:
        """Take a composed node, the file's name and how the value is reached (`areas[2].rings`)."""
        self._node = node
        self._file = file
        self._path = path

    def fault(self, sentence: str) -> Fault:
        """Make the complaint about this value: file, line and column, counted from 1, then what and where."""
        mark = self._node.start_mark
        name = f"{self._path}: " if self._path else ""
        return Fault(f"{self._file}:{mark.line + 1}:{mark.column + 1}: {name}{sentence}")

    def mapping(self, *, required: frozenset[str], optional: frozenset[str] = frozenset()) -> dict[str, "Located"]:
        """Read a mapping with these keys and no others.

        Raises:
            Fault: not a mapping, or a key is missing, unknown or there twice.
        """
        fields = self.any_mapping()
        for key, (key_node, _) in zip(fields, self._node.value, strict=True):
            if key not in required and key not in optional:
                known = ", ".join(sorted(required | optional))
                place = Located(key_node, self._file, self._path)
                raise place.fault(f"the key {key!r} is not known here; expected some of {known}")
        missing = sorted(required - fields.keys())
        if missing:
            raise self.fault(f"the key {missing[0]!r} is missing; it needs {', '.join(sorted(required))}")
        return fields

    def any_mapping(self) -> dict[str, "Located"]:
        """Read a mapping whose keys are names that the caller judges.

        Raises:
            Fault: not a mapping, or a key that is not a text or is there twice.
        """
        if not isinstance(self._node, yaml.MappingNode):
            raise self.fault(f"expected a mapping, not {self._said()}")
        fields: dict[str, Located] = {}
        for key_node, value_node in self._node.value:
            key = Located(key_node, self._file, self._path).text()
            if key in fields:
                raise Located(key_node, self._file, self._path).fault(f"the key {key!r} is there twice")
            fields[key] = Located(value_node, self._file, f"{self._path}.{key}" if self._path else key)
        return fields

    def items(self, *, at_least: int = 0) -> list["Located"]:
        """Read a list.

        Raises:
            Fault: not a list, or shorter than `at_least`.
        """
        if not isinstance(self._node, yaml.SequenceNode):
            raise self.fault(f"expected a list, not {self._said()}")
        if len(self._node.value) < at_least:
            raise self.fault(f"expected at least {at_least} entries, found {len(self._node.value)}")
        return [Located(node, self._file, f"{self._path}[{index}]") for index, node in enumerate(self._node.value)]

    def text(self) -> str:
        """Read a text that is not empty.

        Raises:
            Fault: a mapping or list, or nothing.
        """
        value = self._scalar()
        if not value.strip():
            raise self.fault("expected a text, found nothing")
        return value

    def one_of(self, allowed: Iterable[str]) -> str:
        """Read a text that is one of a few.

        Raises:
            Fault: another text; the sentence lists what is allowed.
        """
        choices = list(allowed)
        value = self.text()
        if value not in choices:
            raise self.fault(f"{value!r} is not known; expected {', '.join(choices)}")
        return value

    def number(self, low: float = -math.inf, high: float = math.inf) -> float:
        """Read a finite number in a range, inclusive.

        Raises:
            Fault: not a number, not finite, or outside the range.
        """
        text = self._scalar()
        try:
            value = float(text)
        except ValueError:
            raise self.fault(f"expected a number, not {text[:40]!r}") from None
        if not math.isfinite(value) or not low <= value <= high:
            raise self.fault(f"{text[:40]} lies outside {low:g} to {high:g}")
        return value

    def whole_number(self, low: int, high: int) -> int:
        """Read a whole number in a range, inclusive.

        Raises:
            Fault: not a whole number, or outside the range.
        """
        value = self.number(low, high)
        if value != int(value):
            raise self.fault(f"expected a whole number, not {value:g}")
        return int(value)

    def yes_or_no(self) -> bool:
        """Read `true` or `false`.

        Raises:
            Fault: anything else.
        """
        return self.one_of(["true", "false"]) == "true"

    def _scalar(self) -> str:
        if not isinstance(self._node, yaml.ScalarNode):
            raise self.fault(f"expected a single value, not {self._said()}")
        return str(self._node.value)

    def _said(self) -> str:
        return next((said for kind, said in _SAID.items() if isinstance(self._node, kind)), "something else")


def read_located(path: Path) -> Located:
    """Read a YAML file of one document.

    Raises:
        Fault: the file cannot be read, is not UTF-8 or not YAML, or is empty.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise Fault(f"{path}: cannot be read: {(error.strerror or str(error)).lower()}") from error
    except UnicodeDecodeError as error:
        raise Fault(f"{path}: byte {error.start} is not UTF-8; save the file as UTF-8") from error
    return parse_located(text, str(path))


def parse_located(text: str, file: str) -> Located:
    """Read YAML text of one document; `file` is the name that complaints use.

    Raises:
        Fault: not YAML, or empty.
    """
    try:
        node = yaml.compose(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = "" if mark is None else f":{mark.line + 1}:{mark.column + 1}"
        raise Fault(f"{file}{where}: this is not YAML: {error.problem or error.context}") from error
    except yaml.YAMLError as error:
        raise Fault(f"{file}: this is not YAML: {error}") from error
    if node is None:
        raise Fault(f"{file}: the file is empty")
    return Located(node, file)
