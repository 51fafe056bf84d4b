"""Texts taken apart: lines, columns, pairs of names and values, and what a regular expression finds."""

import re
from typing import Any, Final

from ingest.codecs.regexes import MAX_SEARCHED
from ingest.codecs.strict_json import read_json

MAX_PARTS: Final = 10_000
"""Parts of one text."""


def lines(text: str) -> list[str]:
    """Give the lines that are not blank, white space around them removed."""
    return [line for line in split(text, "\n") if line]


def json_lines(text: str) -> list[Any]:
    """Read a JSON value from each line that is not blank."""
    values = []
    for number, line in enumerate(split(text, "\n"), 1):
        if line:
            try:
                values.append(read_json(line.encode("utf-8", "surrogatepass")))
            except ValueError as error:
                raise ValueError(f"line {number}: {error}") from error
    return values


def split(text: str, separator: str) -> list[str]:
    """Cut a text at each separator, white space around the parts removed."""
    if text.count(separator) >= MAX_PARTS:
        raise ValueError(f"the text has more than {MAX_PARTS} parts")
    return [part.strip() for part in text.split(separator)]


def pairs(text: str, between: str, equals: str) -> dict[str, str]:
    """Read `name=value;name=value`; a part without a value is passed over where it is blank."""
    found: dict[str, str] = {}
    for part in split(text, between):
        name, sign, value = part.partition(equals)
        if sign:
            _put(found, name.strip(), value.strip())
        elif part:
            raise ValueError(f"{part[:40]!r} is no pair of a name and a value with {equals!r} between them")
    return found


def pairwise(text: str, separator: str) -> dict[str, str]:
    """Read `name|value|name|value`."""
    parts = split(text, separator)
    if len(parts) % 2:
        raise ValueError(f"{len(parts)} parts are no pairs of names and values")
    found: dict[str, str] = {}
    for name, value in zip(parts[::2], parts[1::2], strict=True):
        _put(found, name, value)
    return found


def find(text: str, regex: re.Pattern[str]) -> dict[str, str | None]:
    """Give what the groups of a regular expression find in a text, by their names."""
    if len(text) > MAX_SEARCHED:
        raise ValueError(f"the text has more than {MAX_SEARCHED} characters, too many for a regular expression")
    found = regex.search(text)
    if found is None:
        raise ValueError(f"the text {text[:40]!r} does not match {regex.pattern}")
    return found.groupdict()


def _put(found: dict[str, str], name: str, value: str) -> None:
    if name in found:
        raise ValueError(f"{name[:40]!r} stands in it twice")
    found[name] = value
