"""Identities that come out the same when the same thing is computed twice."""

from hashlib import blake2b


def digest(*parts: str | int) -> str:
    """Hash parts to 16 hexadecimal digits (64 bits of BLAKE2b).

    Parts are joined by a character that no identifier may hold, so ("a", "bc") and ("ab", "c") differ.
    """
    text = "\x1f".join(str(part) for part in parts)
    return blake2b(text.encode(), digest_size=8).hexdigest()


def alert_id(rule: str, key: str, raised_at: int) -> str:
    """Name an alert by what it is: its rule, its key and the instant it began."""
    return digest("alert", rule, key, raised_at)


def incident_id(first_alert: str) -> str:
    """Name an incident by the alert that opened it."""
    return digest("incident", first_alert)
