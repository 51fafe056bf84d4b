"""What the stream holds, counted event by event, and what ingest says of itself."""

from collections import Counter
from collections.abc import Iterable
from typing import Final, Self

import redis

from ioc.store import keys
from ioc.store.event_stream import decode_batch

_AT_ONCE: Final = 200
"""Entries of one read."""


class Ledger:
    """Reads the stream on from where it stopped, and never forgets.

    Attributes:
        counts: how often each event id stands in the stream, by boot.
    """

    def __init__(self, url: str) -> None:
        """Take the store's URL."""
        self._client = redis.Redis.from_url(url, socket_timeout=2, socket_connect_timeout=2)
        self._position = "0-0"
        self.counts: dict[str, Counter[str]] = {}

    def __enter__(self) -> Self:
        """Give itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the connections."""
        self._client.close()

    def read_on(self) -> bool:
        """Count what is new in the stream; False where the store is away."""
        try:
            while answer := self._client.xread({keys.events(): self._position}, count=_AT_ONCE):
                for position, fields in answer[0][1]:
                    self._count(decode_batch(fields[b"bytes"]).get_column("id").to_list())
                    self._position = position.decode()
        except redis.RedisError:
            return False
        return True

    def _count(self, ids: Iterable[str]) -> None:
        for identity in ids:
            boot = identity.split(":", 2)[1] if ":" in identity else ""
            self.counts.setdefault(boot, Counter())[identity] += 1

    def stored(self, boot: str) -> int:
        """Count the events of a boot that the stream holds, each once."""
        return len(self.counts.get(boot, ()))

    def doubled(self, boot: str | None = None) -> int:
        """Count how many events too many the stream holds, of one boot or of all."""
        counted = self.counts.values() if boot is None else [self.counts.get(boot, Counter[str]())]
        return sum(counts.total() - len(counts) for counts in counted)

    def missing(self, boot: str, ids: Iterable[str]) -> list[str]:
        """Give those of the ids that the stream does not hold."""
        held = self.counts.get(boot, Counter[str]())
        return [identity for identity in ids if identity not in held]

    def health(self) -> dict[str, str]:
        """Read what ingest says of itself; empty where it says nothing, or the store is away."""
        try:
            fields = self._client.hgetall(keys.health("ingest"))
        except redis.RedisError:
            return {}
        return {name.decode(): value.decode() for name, value in fields.items()}

    def is_well(self) -> bool:
        """Whether ingest says that nothing is wrong."""
        return self.health().get("state") == "ok"
