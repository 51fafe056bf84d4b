"""Pseudonyms: the addresses of people's devices, replaced by keyed hashes that nobody can follow beyond a day."""

from datetime import UTC, date, datetime, timedelta
from hashlib import blake2b
from typing import Final, Protocol
from zoneinfo import ZoneInfo

from ingest.codecs.identifiers import plain_address
from ioc.model.instant import MINUTE, SECOND, Duration, Instant

AHEAD: Final[Duration] = 10 * MINUTE
"""How long before midnight the next day's key is fetched, so that the first message of the day finds it."""

_HASH_BYTES: Final = 8
"""Bytes of a pseudonym: among a million devices of a day, two share one with a chance of 1 in 37 million."""


class KeySource(Protocol):
    """Whoever keeps the keys: one a day, the same for everybody who asks, and forgotten soon after the day."""

    async def key(self, day: date) -> bytes:
        """Give the day's key."""


class Pseudonyms:
    """Replaces addresses, with the key of the day on which they arrived.

    The same device has the same pseudonym all day, so that devices can be counted; another on the next day. Without
    the day's key there is no pseudonym, and the address is dropped: it is never passed on.
    """

    def __init__(self, timezone: str = "UTC") -> None:
        """Start without keys.

        Args:
            timezone: IANA zone whose midnight separates the days.
        """
        self._zone = ZoneInfo(timezone)
        self._keys: dict[date, bytes] = {}
        self._today: tuple[Instant, Instant, bytes | None] = (0, 0, None)

    def of(self, address: str, at: Instant) -> str | None:
        """Give the pseudonym of an address that arrived at an instant; None where that day's key is not there."""
        begins, ends, key = self._today
        if not begins <= at < ends:
            begins, ends, key = self._today = self._span(at)
        if key is None:
            return None
        spelled = plain_address(address).strip().lower().encode("utf-8", "surrogatepass")
        return blake2b(spelled, key=key, digest_size=_HASH_BYTES).hexdigest()

    async def fetch(self, source: KeySource, now: Instant) -> None:
        """Fetch the keys that are needed now or within `AHEAD`, and forget those of days gone by.

        Raises:
            StoreUnavailable: the keys cannot be had at present; those that are here stay.
        """
        days = {self._day(now), self._day(now + AHEAD)}
        for day in days - self._keys.keys():
            self._keys[day] = await source.key(day)
        # A message that arrived just before midnight may be read just after it.
        oldest = self._day(now) - timedelta(days=1)
        self._keys = {day: key for day, key in self._keys.items() if day >= oldest}
        self._today = (0, 0, None)

    def _day(self, at: Instant) -> date:
        return datetime.fromtimestamp(at // SECOND, UTC).astimezone(self._zone).date()

    def _span(self, at: Instant) -> tuple[Instant, Instant, bytes | None]:
        """Say from when to when an instant's day goes, and its key."""
        day = self._day(at)
        begins, ends = (self._midnight(day), self._midnight(day + timedelta(days=1)))
        return begins, ends, self._keys.get(day)

    def _midnight(self, day: date) -> Instant:
        return int(datetime(day.year, day.month, day.day, tzinfo=self._zone).timestamp()) * SECOND
