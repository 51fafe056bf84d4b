"""The numbers of a rule as it is written: where each stands, what it means, and the text with another in its place."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import sqlglot
import sqlglot.errors
from sqlglot.tokenizer_core import Token, TokenType

from ioc.model.faults import Fault
from ioc.runtime.marked_yaml import YamlNode, expected, read_marked
from rules.expressions_units import unit_behind
from rules.watches.contract import RuleKind

_MEASURE: Final = re.compile(r"\s*(\d+(?:\.\d+)?)\s*(ms|s|min|h|d|m|km)\s*")
_BOUND: Final = re.compile(r"\s*(>=|<=|>|<)\s*(-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?)\s*")
_PLAIN: Final = re.compile(r"\s*(-?\d+(?:\.\d+)?)\s*")
_NOT_NUMBERS: Final = frozenset(("rule", "title", "severity", "from", "per", "note", "tags", "shadow", "schedule"))
_COMPARISONS: Final = {
    TokenType.GT: ">",
    TokenType.GTE: ">=",
    TokenType.LT: "<",
    TokenType.LTE: "<=",
    TokenType.EQ: "=",
    TokenType.NEQ: "<>",
}
_BOUNDARIES: Final = (TokenType.AND, TokenType.OR, TokenType.NOT)
_PLAIN_TEXT: Final = re.compile(r"[A-Za-z0-9_.()*/+ -]*[A-Za-z0-9_.)*]")


@dataclass(frozen=True, slots=True)
class RuleNumber:
    """A number that an author may turn.

    Attributes:
        rule: the rule's name.
        param: the keys that lead to it, such as `threshold.raise`; several numbers may stand there.
        operator: what compares with it, as in `>= 20`; None for a duration, a distance or a plain number.
        quantity: what is compared, as written; None where `operator` is, and in a bound.
        unit: of a measure, as written.
        line, column, end_column: where it stands, counted from 1; `end_column` is the one behind it.
        start, end: the same as places in the text, counted from 0.
    """

    rule: str
    param: str
    value: float
    operator: str | None
    quantity: str | None
    unit: str | None
    line: int
    column: int
    end_column: int
    start: int
    end: int

    def to_json(self) -> dict[str, Any]:
        """Write it as plain data, as an editor needs it."""
        return {
            "param": self.param,
            "value": self.value,
            "operator": self.operator,
            "unit": self.unit,
            "line": self.line,
            "column": self.column,
            "end_column": self.end_column,
        }


def numbers_of(text: str) -> list[RuleNumber]:
    """Find the numbers of all rules in a text, in the order in which they stand; none where it is not YAML."""
    try:
        document = read_marked(text, "rules.yaml")
        entries = [] if document is None else document.sequence()
        return [number for entry in entries for number in _of_rule(entry, text)]
    except Fault:
        return []


def with_number(text: str, number: RuleNumber, value: float) -> str:
    """Write another number in its place; all else stays as it is written."""
    return text[: number.start] + written(value) + text[number.end :]


def written(value: float) -> str:
    """Write a number as a person would: no digits that mean nothing."""
    return f"{value:.12g}" if abs(value) < 1e15 else repr(value)


def find_number(text: str, rule: str, param: str) -> RuleNumber:
    """Find one number of a rule by name.

    Args:
        text: rules as YAML.
        rule: the rule's name.
        param: such as `threshold.raise`, or `raise` where the kind is plain; `threshold.raise#2` for the second number
            that stands there.

    Raises:
        Fault: there is none; the sentence names those that there are.
    """
    path, _, which = param.partition("#")
    here = [number for number in numbers_of(text) if number.rule == rule]
    found = [number for number in here if number.param == path]
    found = found or [number for number in here if number.param.partition(".")[2] == path]
    index = int(which) - 1 if which.isdigit() else 0
    if not 0 <= index < len(found):
        known = list(dict.fromkeys(number.param for number in here))
        if not known:
            raise Fault(f"rule {rule!r} has no number that can be changed")
        raise Fault(f"rule {rule!r} has no number at {param!r}; {expected(path, known)}")
    return found[index]


def with_setting(text: str, rule: str, path: str, value: str) -> str:
    """Write another value at a place of a rule, such as `for` with `120 s`.

    A plain number in place of an expression replaces the number that is compared in it. What is not
    written yet is added.

    Args:
        text: rules as YAML.
        rule: the rule's name.
        path: such as `severity`, `for` or `threshold.for`.
        value: as it would stand in the file.

    Raises:
        Fault: there is no such rule or no such place in it.
    """
    entry = _entry(text, rule)
    parent, key = _parent(entry, path)
    child = parent.mapping().get(key)
    if child is None:
        return _added(text, parent, key, value)
    if child.is_mapping() or child.is_sequence():
        raise Fault(f"{path!r} of rule {rule!r} is not one value; set what stands below it")
    if _PLAIN.fullmatch(value) and not _PLAIN.fullmatch(child.text()):
        here = [number for number in numbers_of(text) if number.rule == rule]
        compared = [
            number for number in here if child.node.start_mark.index <= number.start < child.node.end_mark.index
        ]
        if compared and (compared[0].unit is None or compared[0].operator is not None):
            return text[: compared[0].start] + value.strip() + text[compared[0].end :]
    return text[: child.node.start_mark.index] + _scalar(value) + text[child.node.end_mark.index :]


def _entry(text: str, rule: str) -> YamlNode:
    document = read_marked(text, "rules.yaml")
    entries = [] if document is None else document.sequence()
    for entry in entries:
        if entry.is_mapping() and "rule" in entry.mapping() and entry.mapping()["rule"].text() == rule:
            return entry
    raise Fault(f"there is no rule {rule!r}")


def _parent(entry: YamlNode, path: str) -> tuple[YamlNode, str]:
    """Find the mapping in which a key stands, or would stand; the kind's own key may be left out."""
    *above, key = path.split(".")
    parts = entry.mapping()
    kind = next((str(kind) for kind in RuleKind if str(kind) in parts), None)
    if not above:
        inside = kind is not None and key not in parts and parts[kind].is_mapping() and key in _KIND_KEYS
        inside = inside or (kind is not None and parts[kind].is_mapping() and key in parts[kind].mapping())
        return (parts[str(kind)], key) if inside and key not in parts else (entry, key)
    if kind is not None and above[0] != kind and above[0] not in parts:
        above = [kind, *above]
    node = entry
    for name in above:
        found = node.mapping().get(name) if node.is_mapping() else None
        if found is None:
            raise Fault(f"there is no {'.'.join(above)!r} in the rule; {expected(name, list(node.mapping()))}")
        node = found
    if not node.is_mapping():
        raise Fault(f"{'.'.join(above)!r} holds no keys of its own")
    return node, key


_KIND_KEYS: Final = frozenset(
    (
        *("raise", "for", "clear", "clear_for", "after", "over", "value", "within", "near", "clear_after"),
        *("gone_after", "while", "at_least", "sensitivity", "season", "side"),
    )
)
"""Keys that stand below a kind's own; one that is to be added by its name alone belongs there."""


def _added(text: str, parent: YamlNode, key: str, value: str) -> str:
    node = parent.node
    if node.flow_style:
        last = node.end_mark.index - 1
        while text[last - 1].isspace():
            last -= 1
        return f"{text[:last]}{', ' if node.value else ''}{key}: {_scalar(value)}{text[last:]}"
    indent = " " * node.start_mark.column
    end = node.value[-1][1].end_mark.index
    line_end = text.rfind("\n", 0, end) if text[:end].rstrip(" ").endswith("\n") else text.find("\n", end)
    line_end = len(text) if line_end < 0 else line_end
    return f"{text[:line_end]}\n{indent}{key}: {_scalar(value)}{text[line_end:]}"


def _scalar(value: str) -> str:
    """Quote a value where YAML would else read it as something that it is not."""
    if _PLAIN_TEXT.fullmatch(value):
        return value
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _of_rule(entry: YamlNode, text: str) -> Iterator[RuleNumber]:
    if not entry.is_mapping():
        return
    parts = entry.mapping()
    if "rule" not in parts:
        return
    for key, node in parts.items():
        if key not in _NOT_NUMBERS:
            yield from _below(parts["rule"].text(), key, node, text)


def _below(rule: str, path: str, node: YamlNode, text: str) -> Iterator[RuleNumber]:
    if node.is_mapping():
        for key, child in node.mapping().items():
            if key not in ("from", "per"):
                yield from _below(rule, f"{path}.{key}", child, text)
    elif node.is_sequence():
        return
    else:
        for begin, end, operator, quantity, unit in _in_scalar(node.text()):
            value = float(node.text()[begin:end])
            place = node.wrong("", offset=begin)
            start = _index(text, place.line, place.column)
            length = end - begin
            if text[start : start + length] == node.text()[begin:end]:
                yield RuleNumber(
                    rule, path, value, operator, quantity, unit, place.line, place.column, place.column + length,
                    start, start + length,
                )  # fmt: skip


_Found = tuple[int, int, str | None, str | None, str | None]


def _in_scalar(text: str) -> list[_Found]:
    measure = _MEASURE.fullmatch(text)
    if measure is not None:
        return [(*measure.span(1), None, None, measure[2])]
    bound = _BOUND.fullmatch(text)
    if bound is not None:
        return [(*bound.span(2), bound[1], None, None)]
    plain = _PLAIN.fullmatch(text)
    if plain is not None:
        return [(*plain.span(1), None, None, None)]
    return list(_in_expression(text))


def _in_expression(text: str) -> Iterator[_Found]:
    """Find the numbers that something is compared with."""
    try:
        tokens = sqlglot.tokenize(text, read="postgres")
    except sqlglot.errors.SqlglotError:
        return
    for index, token in enumerate(tokens):
        if token.token_type is not TokenType.NUMBER:
            continue
        begin, before = token.start, index - 1
        if before > 0 and tokens[before].token_type is TokenType.DASH and _is_sign(tokens[before - 1]):
            begin, before = tokens[before].start, before - 1
        if before < 0 or tokens[before].token_type not in _COMPARISONS:
            continue
        if begin != token.start and text[begin + 1 : token.start].strip():
            continue
        first = before
        depth = 0
        while first > 0:
            kind = tokens[first - 1].token_type
            depth += (kind is TokenType.R_PAREN) - (kind is TokenType.L_PAREN)
            if depth < 0 or (not depth and kind in _BOUNDARIES):
                break
            first -= 1
        quantity = " ".join(text[tokens[first].start : tokens[before].start].split())
        unit = unit_behind(text, token.start)
        yield begin, token.end + 1, _COMPARISONS[tokens[before].token_type], quantity or None, unit


def _is_sign(token: Token) -> bool:
    """Whether a dash behind this is a sign and no subtraction."""
    return token.token_type in _COMPARISONS


def _index(text: str, line: int, column: int) -> int:
    start = 0
    for _ in range(line - 1):
        start = text.find("\n", start) + 1
    return start + column - 1


def names_of(numbers: Sequence[RuleNumber]) -> list[str]:
    """Name the places that numbers stand at, each once."""
    return list(dict.fromkeys(number.param for number in numbers))
