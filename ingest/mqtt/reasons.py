"""Why a connection is refused or ends, in words that go on from "The broker at …"."""

import ssl
from collections.abc import Mapping
from typing import Final

REFUSALS: Final[Mapping[int, str]] = {
    0x85: "it does not take our client id",
    0x86: "user or password is wrong",
    0x87: "we are not authorized",
    0x88: "it is unavailable",
    0x89: "it is busy",
    0x8A: "it has banned us",
    0x8C: "it wants another way of logging in",
    0x97: "a quota of ours is used up",
    0x9C: "another server is to be used for now",
    0x9D: "it has moved to another server",
    0x9F: "we connect too often",
}
"""Why we are not let in (MQTT 5, section 3.2.2.2)."""

GOODBYES: Final[Mapping[int, str]] = {
    0x00: "ends the connection",
    0x87: "ends the connection: we are not authorized any more",
    0x89: "ends the connection: it is busy",
    0x8B: "is shutting down",
    0x8D: "has not heard of us for too long",
    0x8E: "has given our session to another client with our client id",
    0x93: "says that we have sent too much at once",
    0x95: "says that a packet of ours is too large",
    0x96: "says that we send too often",
    0x97: "ends the connection: a quota of ours is used up",
    0x98: "ends the connection: somebody has asked it to",
    0x9C: "asks us to use another server for now",
    0x9D: "has moved to another server",
    0xA0: "ends the connection: it may not last longer",
    0x82: "ends the connection: it finds an error in what we send",
    0x81: "ends the connection: it cannot read what we send",
}
"""Why the connection ends (MQTT 5, section 3.14.2.1)."""


def in_words(table: Mapping[int, str], code: int, remark: str | None) -> str:
    """Say what a reason code means, and what the broker adds to it."""
    said = table.get(code) or f"gives the reason 0x{code:02x}"
    return f"{said} ({remark[:200]!r})" if remark else said


def what_happened(error: BaseException) -> str:
    """Say what happened to a connection, as the rest of a sentence about the broker."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"cannot be trusted: {error.verify_message}"
    if isinstance(error, ssl.SSLError):
        return f"cannot be spoken to in secret: {error.reason or error}"
    if isinstance(error, OSError):
        return f"cannot be reached: {error.strerror or error}"
    return f"sends what cannot be read ({error!r})"
