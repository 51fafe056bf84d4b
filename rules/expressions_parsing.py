"""Text to tree: what is far too long or too deep is refused before it is parsed, and every complaint has its place."""

import logging
from typing import Any, Final

import sqlglot
import sqlglot.errors
from sqlglot import exp

from ioc.runtime.marked_yaml import YamlNode

MAX_CHARACTERS: Final = 2_000
MAX_DEPTH: Final = 50
MAX_LEVELS: Final = 200
"""How deep a tree may go; `a or b or c` is one level for each `or`."""

_TOO_DEEP: Final = f"the parts of this expression stand more than {MAX_LEVELS} levels inside one another"


# It warns of syntax that it takes for a command, with the whole text; here that is refused, and no log need know of it.
logging.getLogger("sqlglot").setLevel(logging.ERROR)


def refuse_size(node: YamlNode, source: str, shift: int) -> None:
    """Refuse what is empty, too long, or has too many brackets inside one another.

    Args:
        node: where the expression stands.
        source: its text.
        shift: where in the node's text it begins.

    Raises:
        Misplaced: with line and column.
    """
    if not source.strip():
        raise node.wrong("an expression is missing here")
    if len(source) > MAX_CHARACTERS:
        raise node.wrong(f"an expression has {len(source)} characters; at most {MAX_CHARACTERS} are read")
    broken = next((place for place, character in enumerate(source) if "\ud800" <= character <= "\udfff"), None)
    if broken is not None:
        raise node.wrong("this is half of a character", offset=broken + shift)
    depth = 0
    for index, character in enumerate(source):
        depth += (character in "([{") - (character in ")]}")
        if depth > MAX_DEPTH:
            raise node.wrong(f"more than {MAX_DEPTH} brackets stand inside one another", offset=index + shift)


def parse(node: YamlNode, source: str, shift: int) -> exp.Expr:
    """Parse an expression whose size was looked at.

    Args:
        node: where the expression stands.
        source: its text.
        shift: where in the node's text it begins.

    Raises:
        Misplaced: with line and column.
    """
    try:
        tree = sqlglot.parse_one(source, dialect="postgres")
    except sqlglot.errors.ParseError as error:
        first: dict[str, Any] = error.errors[0] if error.errors else {}
        start = len(first.get("start_context", ""))
        found = str(first.get("highlight", ""))
        description = str(first.get("description", ""))
        if "missing" in description:
            sentence = f"something is missing after {found!r}"
        elif description.startswith("Expecting"):
            sentence = f"expected {description.removeprefix('Expecting ')!r} after {found!r}"
        else:
            sentence = f"{found!r} does not fit here; expected something like: pm25 > 150 and zone = 'market'"
        raise node.wrong(sentence, offset=min(start, len(source)) + shift) from error
    except sqlglot.errors.SqlglotError as error:
        raise node.wrong(
            f"{source.strip()[:60]!r} cannot be read: a quotation mark or a bracket is left open"
        ) from error
    except RecursionError as error:
        raise node.wrong(_TOO_DEEP) from error
    if _levels(tree) > MAX_LEVELS:
        raise node.wrong(_TOO_DEEP)
    return tree


def _levels(tree: exp.Expr) -> int:
    """Count how deep a tree goes, without recursion."""
    levels, row = 0, [tree]
    while row and levels <= MAX_LEVELS:
        levels += 1
        row = [child for parent in row for child in parent.iter_expressions()]
    return levels
