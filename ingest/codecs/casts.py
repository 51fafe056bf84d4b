"""Casts: a value of a payload taken for a number, a text or a yes or no, and nothing else."""

import math
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from ingest.codecs.payloads import read_number

_NUMBER_IN_TEXT = re.compile(r"\s*([+-]?\d{1,40}(?:[.,]\d{1,40})?(?:[eE][+-]?\d{1,3})?)\s*(%?)\s*")
_WORDS: Final = {
    **dict.fromkeys(("on", "true", "yes", "1", "open", "detected", "active"), True),
    **dict.fromkeys(("off", "false", "no", "0", "closed", "clear", "inactive"), False),
}


def as_text(value: Any) -> str:
    """Write a scalar as JSON would, texts as they are."""
    if value.__class__ is str:
        return value
    if value.__class__ is int or value.__class__ is float:
        return repr(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    raise ValueError(f"expected a text, a number or true or false, got {value!r:.40}")


def as_number(value: Any) -> Any:
    """Take a number, or a text that is one, also with a comma or a percent sign."""
    if isinstance(value, bool):
        raise ValueError("expected a number, got true or false")
    if isinstance(value, (int, float)):
        return value
    found = _NUMBER_IN_TEXT.fullmatch(value) if isinstance(value, str) and len(value) <= 100 else None
    if found is None:
        raise ValueError(f"expected a number, got {value!r:.40}")
    number = float(found[1].replace(",", "."))
    if not math.isfinite(number):
        raise ValueError(f"{value.strip()[:40]!r} is a number that is too large")
    return number


def as_integer(value: Any) -> Any:
    """Take a number without a fraction, or a text that is one."""
    number = as_number(value)
    if number.__class__ is float and not number.is_integer():
        raise ValueError(f"expected a whole number, got {value!r:.40}")
    return int(number)


def _as_boolean(value: Any) -> Any:
    if isinstance(value, bool):
        return value
    word = _WORDS.get(as_text(value).strip().lower())
    if word is None:
        raise ValueError(f"expected true or false, on or off, got {value!r:.40}")
    return word


TYPES: Final[Mapping[str, Callable[[Any], Any]]] = {
    "number": as_number,
    "integer": as_integer,
    "boolean": _as_boolean,
    "text": as_text,
}
"""What `type:` may say."""


def number_if_one(value: Any) -> Any:
    """Take a text that is a number for one, with a "%" behind it or not; anything else stays as it is."""
    if value.__class__ is not str:
        return value
    try:
        return read_number(value.removesuffix("%"))
    except ValueError:
        return value
