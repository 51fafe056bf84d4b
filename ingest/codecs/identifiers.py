"""One spelling for what devices spell in many ways: hardware addresses, and the names of quantities."""

import re
import unicodedata
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Final

from ioc.model.events import FIXED_COLUMNS

_SEPARATORS = re.compile(r"[:.\-\s]")
_ADDRESS = re.compile(r"[0-9a-f]{12}|[0-9a-f]{16}")
_ADDRESS_IN_TEXT = re.compile(
    r"(?<![0-9A-Fa-f:])(?:[0-9A-Fa-f]{2}([:-])(?:[0-9A-Fa-f]{2}\1){4}[0-9A-Fa-f]{2}|[0-9A-Fa-f]{12})(?![0-9A-Fa-f:])"
)
_NO_NAME = re.compile(r"[^a-z0-9]+")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")

HIDDEN_ADDRESS: Final = "xx:xx:xx:xx:xx:xx"


def plain_address(text: str) -> str:
    """Write a MAC address or EUI-64 in lower case without separators; what is neither stays as it is."""
    bare = _SEPARATORS.sub("", text).lower()
    return bare if _ADDRESS.fullmatch(bare) else text


def hide_addresses(text: str) -> str:
    """Blot out the MAC addresses in a text: whose telephone it was is nobody's business."""
    return _ADDRESS_IN_TEXT.sub(HIDDEN_ADDRESS, text)


NORMALISERS: Final[Mapping[str, Callable[[str], str]]] = {
    "address": plain_address,
    "lower": str.lower,
    "upper": str.upper,
    "trim": str.strip,
}
"""What `as:` may say of an identifier."""


@lru_cache(maxsize=4096)
def quantity_name(text: str) -> str:
    """Write a device's own name as a quantity's: `batteryLevel`, `Độ ẩm 2` become `battery_level`, `do_am_2`."""
    bare = text.replace("đ", "d").replace("Đ", "D")
    bare = "".join(sign for sign in unicodedata.normalize("NFKD", bare) if not unicodedata.combining(sign))
    name = _NO_NAME.sub("_", _CAMEL.sub("_", bare).lower()).strip("_")[:56]
    if not name or name[0].isdigit():
        name = f"value_{name}".rstrip("_")
    return f"{name}_value" if name in FIXED_COLUMNS else name
