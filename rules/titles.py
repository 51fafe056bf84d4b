"""Titles of incidents: a text with places for what was measured, `PM2.5 {pm25:.0f} µg/m³ at {asset.name}`."""

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final

from ioc.runtime.marked_yaml import YamlNode, expected

_PLACE = re.compile(r"\{([a-z_][a-z0-9_]*(?:\.[a-z_][a-z0-9_]*)?)(?::(\.\d?f|d))?\}")
_ANY_BRACE = re.compile(r"[{}]")
MISSING: Final = "–"
MAX_CHARACTERS: Final = 300
# What is larger measures nothing, and would fill a screen with digits; infinity and NaN are caught with it.
_LARGEST: Final = 1e21


@dataclass(frozen=True, slots=True)
class Title:
    """A checked title in one language; `fill` never fails, whatever an event has or has not."""

    text: str

    def fill(self, values: Mapping[str, Any], *, decimal_mark: str = ".") -> str:
        """Put values into the places; what is missing becomes a dash, and numbers take the language's decimal mark."""

        def put(match: re.Match[str]) -> str:
            value = values.get(match[1])
            if value is None:
                return MISSING
            numeric = isinstance(value, (int, float)) and not isinstance(value, bool)
            if numeric and not -_LARGEST < value < _LARGEST:
                return MISSING
            if match[2] and numeric:
                number = format(round(value) if match[2] == "d" else value, match[2])
                return number.replace(".", decimal_mark)
            if isinstance(value, float):
                return f"{value:g}".replace(".", decimal_mark)
            return str(value)[:120]

        return _PLACE.sub(put, self.text)


def read_title(node: YamlNode, known: Collection[str]) -> Title:
    """Read and check a title.

    Args:
        node: where it stands.
        known: the names that may stand in its places.

    Raises:
        Misplaced: an unknown name, or a brace that is not part of a place.
    """
    written = node.text()
    text = " ".join(written.split())
    if not text:
        raise node.wrong("a title is missing here")
    if len(text) > MAX_CHARACTERS:
        raise node.wrong(f"a title has {len(text)} characters; at most {MAX_CHARACTERS} are shown")
    for match in _PLACE.finditer(written):
        if match[1] not in known:
            sentence = f"{match[1]!r} is not known in titles; {expected(match[1], known)}"
            raise node.wrong(sentence, offset=match.start(1))
    rest = _ANY_BRACE.search(_PLACE.sub(_blank, written))
    if rest is not None:
        raise node.wrong("a place in a title looks like {pm25} or {pm25:.1f}", offset=rest.start())
    return Title(text)


_blank: Callable[[re.Match[str]], str] = lambda match: " " * len(match[0])  # noqa: E731
