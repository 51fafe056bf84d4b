"""Keeps secrets out of what people and logs are shown."""

import re
from typing import Final

MASK: Final = "***"

# user:password@ of any URL; the user may be shown, it helps to find the mistake.
_IN_URL: Final = re.compile(r"([a-z][a-z0-9+.-]*://[^\s:/@]*):([^\s/]*)@", re.IGNORECASE)
_IN_QUERY: Final = re.compile(r"([?&][^=&\s]*(?:password|passwd|secret|token|key)[^=&\s]*=)[^&\s]+", re.IGNORECASE)


def redact(text: str) -> str:
    """Mask passwords, tokens and keys in the URLs of a text."""
    if "://" not in text:
        return text
    return _IN_QUERY.sub(rf"\1{MASK}", _IN_URL.sub(rf"\1:{MASK}@", text))
