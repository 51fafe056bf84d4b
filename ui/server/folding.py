"""Search and order as people expect them: without accents, and with numbers by their size."""

import re
import unicodedata
from typing import Final

# What Unicode's decomposition leaves alone: đ is a letter of its own, not d with a mark.
_OWN_LETTERS: Final = str.maketrans({"đ": "d", "ð": "d", "ø": "o", "ł": "l", "ı": "i"})
_MARKS: Final = re.compile("[\u0300-\u036f]+")
_DIGITS: Final = re.compile(r"\d{1,18}")


def fold(text: str) -> str:
    """Bring a text to lower-case letters without marks: "Đà Lạt" becomes "da lat"."""
    if text.isascii():
        return text.lower()
    return _MARKS.sub("", unicodedata.normalize("NFD", text)).lower().translate(_OWN_LETTERS)


def order(text: str) -> str:
    """Give a key that sorts folded texts with numbers by their size: "cam 2" before "cam 10"."""
    return _DIGITS.sub(lambda digits: digits[0].zfill(18), text)
