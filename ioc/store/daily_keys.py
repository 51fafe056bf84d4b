"""Secret keys that live for a day: whoever has hashed something with one cannot be asked about it afterwards."""

import secrets
from datetime import date
from typing import Final

from ioc.store import keys
from ioc.store.connection import Connection

KEY_BYTES: Final = 32

LIVES_S: Final = 48 * 3600
"""Seconds until the store forgets a key, from its first use: a day anywhere on earth, and what arrives late in it."""


class DailyKeys:
    """Random keys, one a day, made by whoever asks first.

    All methods raise `StoreUnavailable` when the store is away.
    """

    def __init__(self, connection: Connection) -> None:
        """Take the connection to ask over."""
        self._connection = connection

    async def key(self, day: date) -> bytes:
        """Give the day's key, `KEY_BYTES` long; the same to everybody."""
        name = keys.daily_key(day.isoformat())
        _, kept = await self._connection.call_many(
            [["SET", name, secrets.token_bytes(KEY_BYTES), "NX", "EX", LIVES_S], ["GET", name]], atomic=True
        )
        return bytes(kept)
