"""CBOR (RFC 8949) read strictly into what JSON could have said, and bytes."""

import math
import struct
from typing import Any, Final

MAX_DEPTH: Final = 32
"""Levels of arrays and maps within one another."""

_INDEFINITE: Final = 31
_BREAK: Final = object()
_SIMPLE: Final = {20: False, 21: True, 22: None, 23: None}
_FLOATS: Final = {25: (">e", 2), 26: (">f", 4), 27: (">d", 8)}


def read_cbor(payload: bytes) -> Any:
    """Read one CBOR value; keys of maps are whole numbers or texts, tags are passed over.

    Raises:
        ValueError: a sentence that says what is wrong.
    """
    reader = _Reader(payload)
    value = reader.value(0)
    if value is _BREAK:
        raise ValueError("the CBOR ends something that was not begun")
    if reader.position != len(payload):
        raise ValueError(f"after the CBOR value, {len(payload) - reader.position} more bytes follow")
    return value


class _Reader:
    def __init__(self, payload: bytes) -> None:
        self._payload = payload
        self.position = 0

    def value(self, depth: int) -> Any:
        if depth > MAX_DEPTH:
            raise ValueError(f"the CBOR is nested deeper than {MAX_DEPTH} levels")
        first = self._take(1)[0]
        major, short = first >> 5, first & 31
        if major == 7:
            return self._simple(short)
        if major == 6:
            self._count(short)
            return self.value(depth + 1)
        if short == _INDEFINITE and major >= 2:
            return self._indefinite(major, depth)
        count = self._count(short)
        if major == 0:
            return count
        if major == 1:
            return -1 - count
        if major == 2:
            return self._take(count)
        if major == 3:
            return self._text(self._take(count))
        # An item takes a byte at least, so that a length that cannot be true is found before anything is made.
        self._check_room(count)
        if major == 4:
            return [self._item(depth) for _ in range(count)]
        return self._map([(self._item(depth), self._item(depth)) for _ in range(count)])

    def _item(self, depth: int) -> Any:
        value = self.value(depth + 1)
        if value is _BREAK:
            raise ValueError("the CBOR ends something too early")
        return value

    def _indefinite(self, major: int, depth: int) -> Any:
        items = []
        while (item := self.value(depth + 1)) is not _BREAK:
            items.append(item)
        if major == 4:
            return items
        if major == 5:
            if len(items) % 2:
                raise ValueError("a map in the CBOR has a key without a value")
            return self._map(list(zip(items[::2], items[1::2], strict=True)))
        wanted: type = bytes if major == 2 else str
        if any(item.__class__ is not wanted for item in items):
            raise ValueError("a text in the CBOR is made of what is no text")
        return b"".join(items) if major == 2 else "".join(items)

    def _map(self, pairs: list[tuple[Any, Any]]) -> dict[Any, Any]:
        found: dict[Any, Any] = {}
        for key, value in pairs:
            if key.__class__ is not str and key.__class__ is not int:
                raise ValueError("a map in the CBOR has a key that is neither a whole number nor a text")
            if key in found:
                raise ValueError(f"the key {key!r:.40} stands twice in a map of the CBOR")
            found[key] = value
        return found

    def _simple(self, short: int) -> Any:
        if short == _INDEFINITE:
            return _BREAK
        if short in _SIMPLE:
            return _SIMPLE[short]
        if short not in _FLOATS:
            raise ValueError(f"the CBOR holds the simple value {short}, which means nothing")
        form, size = _FLOATS[short]
        number = struct.unpack(form, self._take(size))[0]
        if not math.isfinite(number):
            raise ValueError("the CBOR holds a number that is not finite")
        return number

    def _count(self, short: int) -> int:
        if short < 24:
            return short
        if short > 27:
            raise ValueError("the CBOR holds a length that cannot be read")
        return int.from_bytes(self._take(1 << (short - 24)), "big")

    def _check_room(self, count: int) -> None:
        if count > len(self._payload) - self.position:
            raise ValueError("the CBOR ends before it is complete")

    def _take(self, size: int) -> bytes:
        self._check_room(size)
        start, self.position = self.position, self.position + size
        return self._payload[start : self.position]

    def _text(self, raw: bytes) -> str:
        try:
            return raw.decode()
        except UnicodeDecodeError as error:
            raise ValueError(f"a text in the CBOR is not UTF-8: {error.reason}") from error
