"""JSON read strictly: what two readers could take for two different things is refused, not guessed at."""

import json
from typing import Any, Final

import msgspec

MAX_DEPTH: Final = 32
"""Levels of arrays and objects within one another."""

WHITESPACE: Final = b" \t\r\n"
_BOM: Final = b"\xef\xbb\xbf"

_LARGE: Final = 512
"""Bytes from which writing a value again is cheaper than walking through it."""

_NO_MARKS: Final = bytes(set(range(256)) - set(b":{[\\"))
"""All bytes but those that say how a text is built."""

_decode: Final = msgspec.json.Decoder().decode
_encode: Final = msgspec.json.Encoder().encode


def read_json(payload: bytes) -> Any:
    """Read one JSON value.

    Refused besides what is no JSON at all: invalid UTF-8, lone surrogates, NaN and Infinity, numbers that no
    double holds, keys given twice, and more than `MAX_DEPTH` levels.

    Raises:
        ValueError: a sentence that says what is wrong.
    """
    try:
        value = _decode(payload)
    except UnicodeDecodeError as error:
        raise ValueError(f"the JSON holds invalid UTF-8: {error.reason}") from error
    except RecursionError as error:
        raise ValueError(f"the JSON is nested deeper than {MAX_DEPTH} levels") from error
    except msgspec.ValidationError as error:
        raise ValueError("the JSON holds a number that is too large") from error
    except msgspec.DecodeError as error:
        raise ValueError(_why_not_json(payload, error)) from error
    kind = value.__class__
    if kind is not dict and kind is not list:
        return value
    if len(payload) > _LARGE:
        if _evidently_sound(payload, value):
            return value
    elif kind is dict and len(value) == payload.count(b":") and payload.count(b"[") < MAX_DEPTH - 1:
        # No colon is left for a key that was swallowed, nor for one further down; only arrays can be deep.
        return value
    keys = _count_keys(value, 1)
    # Two exact bounds, cheapest first. A key has a colon behind it, so equally many colons as keys means that none
    # was swallowed as a duplicate; once white space is out, so does every `":`, which times of day do not have.
    if payload.count(b":") != keys and payload.translate(None, WHITESPACE).count(b'":') != keys:
        _refuse_duplicates(payload)
    return value


def _evidently_sound(payload: bytes, value: Any) -> bool:
    """Say whether no key was swallowed and nothing is too deep, by signs that cost less than looking at every part.

    Without escapes, texts have the same colons written again as when read; then fewer colons mean a key that is gone.
    """
    marks = payload.translate(None, _NO_MARKS)
    if b"\\" in marks or marks.count(b"{") + marks.count(b"[") > MAX_DEPTH:
        return False
    try:
        return _encode(value).count(b":") == marks.count(b":")
    except OverflowError:
        return False


def _count_keys(value: Any, depth: int) -> int:
    if depth > MAX_DEPTH:
        raise ValueError(f"the JSON is nested deeper than {MAX_DEPTH} levels")
    if value.__class__ is dict:
        keys = len(value)
        value = value.values()
    else:
        keys = 0
    for part in value:
        if part.__class__ is dict or part.__class__ is list:
            keys += _count_keys(part, depth + 1)
    return keys


def _refuse_duplicates(payload: bytes) -> None:
    """Read again, slowly, with an eye on every key."""
    json.loads(payload, object_pairs_hook=_only_once)


def _only_once(pairs: list[tuple[str, Any]]) -> None:
    seen = set()
    for key, _ in pairs:
        if key in seen:
            raise ValueError(f"the JSON holds the key {key[:40]!r} twice")
        seen.add(key)


def _why_not_json(payload: bytes, error: msgspec.DecodeError) -> str:
    if payload.startswith(_BOM):
        return "the JSON begins with a byte order mark; send UTF-8 without one"
    try:
        payload.decode()
    except UnicodeDecodeError as undecodable:
        return f"the payload is not UTF-8: {undecodable.reason} at byte {undecodable.start}"
    sentence = str(error)
    if "truncated" in sentence:
        # msgspec says the same of a text that ends too early and of a lone surrogate.
        return "the JSON ends too early or holds half a character (a lone surrogate)"
    return f"the payload is not JSON: {sentence.removeprefix('JSON is malformed: ')}"
