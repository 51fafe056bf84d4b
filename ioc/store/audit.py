"""What people did that others may have to answer for: a log that only grows, each entry chained to the one before.

The hash of an entry covers everything in it, its number and the hash before it, so that whoever changes, removes, adds
or reorders entries breaks the chain. Somebody who may write to the store at will could compute a whole new chain: only
a head that was kept elsewhere shows that, which is why each one is logged, and why `verify` takes heads to look for.
"""

import hashlib
import json
import secrets
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from ioc.model.instant import Instant
from ioc.runtime.logging import Log
from ioc.store import keys
from ioc.store.connection import Connection, Script

MAX_NAME: Final = 200
"""Characters of who, what and subject."""

MAX_REASON: Final = 1_000
"""Characters of a reason."""

_APPEND: Final = Script.from_file("append_audit")
_FIELDS: Final = ("mark", "at", "who", "what", "subject", "reason")
_CHUNK: Final = 1_000


class Head(NamedTuple):
    """Where the chain stands: its last entry's number, counted from 1, and hash; (0, "") before the first."""

    number: int
    hash: str


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One thing that somebody did.

    Attributes:
        number: counts entries from 1, without a gap.
        at: when, µs since 1970, by the clock of whoever wrote it down.
        who: the person's name.
        what: such as "original seen".
        subject: with what it was done.
        reason: in the person's own words; text, never HTML.
        mark: tells two entries apart that are otherwise the same.
        hash: SHA-256 of all that and of the hash before it, hexadecimal.
    """

    number: int
    at: Instant
    who: str
    what: str
    subject: str
    reason: str
    mark: str
    hash: str

    def follows(self, before: str) -> bool:
        """Whether its hash is the one it has where `before` is the hash of the entry before it."""
        return self.hash == self._hashed(before)

    def after(self, before: str) -> "AuditEntry":
        """Give it with the hash that it has after the entry with the hash `before`."""
        return AuditEntry(
            self.number, self.at, self.who, self.what, self.subject, self.reason, self.mark, self._hashed(before)
        )

    def _hashed(self, before: str) -> str:
        parts = [self.number, before, self.mark, self.at, self.who, self.what, self.subject, self.reason]
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Verdict:
    """What looking at the whole chain gave.

    Attributes:
        head: the last entry of which all is well.
        trouble: what is wrong after that, one sentence; empty where nothing is.
    """

    head: Head
    trouble: str = ""


class AuditLog:
    """The log. Nothing here removes or changes an entry.

    All methods raise `StoreUnavailable` when the store is away.
    """

    def __init__(self, connection: Connection) -> None:
        """Take the connection to ask over."""
        self._connection = connection
        self._log = Log("audit")

    async def append(self, *, who: str, what: str, subject: str, reason: str, at: Instant) -> AuditEntry:
        """Write down what somebody does, before it is done.

        Raises:
            ValueError: a field is empty, too long, or no text.
        """
        for name, text, most in (
            ("who", who, MAX_NAME),
            ("what", what, MAX_NAME),
            ("subject", subject, MAX_NAME),
            ("reason", reason, MAX_REASON),
        ):
            _check(name, text, most)
        mark = secrets.token_hex(8)
        before = await self.head()
        while True:
            entry = AuditEntry(before.number + 1, at, who, what, subject, reason, mark, "").after(before.hash)
            done, number, last = await self._connection.run(
                _APPEND, [keys.AUDIT, keys.AUDIT_HEAD], [*before, entry.number, entry.hash, *_written(entry)]
            )
            if done:
                self._log.info("written down", number=entry.number, hash=entry.hash, what=what)
                return entry
            # Somebody else was quicker, so that each round one entry is written.
            before = Head(int(number), str(last, "ascii"))

    async def head(self) -> Head:
        """Say where the chain stands."""
        number, last = await self._connection.call("HMGET", keys.AUDIT_HEAD, "number", "hash")
        return Head(int(number or 0), str(last or b"", "ascii"))

    async def entries(self, *, after: int = 0, limit: int = _CHUNK) -> list[AuditEntry]:
        """Read entries after a number, oldest first.

        Raises:
            ValueError: there is one that this program has not written.
        """
        answer = await self._connection.call("XRANGE", keys.AUDIT, f"({after}-0", "+", "COUNT", limit)
        return [_read(id_, fields) for id_, fields in answer]

    async def latest(self, limit: int = 100) -> list[AuditEntry]:
        """Read the latest entries, newest first.

        Raises:
            ValueError: there is one that this program has not written.
        """
        answer = await self._connection.call("XREVRANGE", keys.AUDIT, "+", "-", "COUNT", limit)
        return [_read(id_, fields) for id_, fields in answer]

    async def verify(self, known: Iterable[Head] = ()) -> Verdict:
        """Go over the whole chain.

        Args:
            known: heads that were kept elsewhere, such as in the logs; each must lie on the chain.
        """
        # The head is read first: what is appended meanwhile lies behind it.
        must = [*sorted(known), await self.head()]
        good = Head(0, "")
        async for id_, fields in self._raw():
            try:
                entry = _read(id_, fields)
            except ValueError as error:
                return Verdict(good, str(error))
            if entry.number != good.number + 1:
                return Verdict(good, f"entry {good.number + 1} is missing: entry {entry.number} comes next")
            if not entry.follows(good.hash):
                return Verdict(good, f"entry {entry.number}, or the one before it, was changed")
            good = Head(entry.number, entry.hash)
            for head in must:
                if head.number == good.number and head != good:
                    return Verdict(good, f"entry {good.number} is not the one that was known: the chain was made anew")
        for head in must:
            if head.number > good.number:
                return Verdict(good, f"entries {good.number + 1} to {head.number} are missing at the end")
        if must[-1].number < good.number and must[-1] == await self.head():
            return Verdict(
                good, f"entries were added after entry {must[-1].number} by something else than this program"
            )
        return Verdict(good)

    async def _raw(self) -> AsyncIterator[tuple[bytes, Any]]:
        after: bytes | str = "-"
        while True:
            answer = await self._connection.call("XRANGE", keys.AUDIT, after, "+", "COUNT", _CHUNK)
            for each in answer:
                yield each
            if len(answer) < _CHUNK:
                return
            after = b"(" + answer[-1][0]


def _check(name: str, text: str, most: int) -> None:
    if not text.strip():
        raise ValueError(f"{name}: expected some words, found none")
    if len(text) > most:
        raise ValueError(f"{name}: expected at most {most} characters, found {len(text)}")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError(f"{name}: expected text, found half a character") from None


def _written(entry: AuditEntry) -> list[str | int]:
    written: list[str | int] = []
    for name in _FIELDS:
        written += [name, getattr(entry, name)]
    return written


def _read(id_: bytes, fields: dict[bytes, bytes]) -> AuditEntry:
    written = {bytes(name): str(value, "utf-8", "replace") for name, value in fields.items()}
    texts = [written.get(name.encode(), "") for name in ("hash", *_FIELDS)]
    hash_, mark, at, who, what, subject, reason = texts
    number, _, rest = str(id_, "ascii").partition("-")
    # Nothing but what the hash covers, written in the one way in which this program writes it.
    if len(written) != len(texts) or rest != "0" or not at.isdecimal() or str(int(at)) != at or "" in texts:
        raise ValueError(f"entry {number}-{rest} is not one that this program has written")
    return AuditEntry(int(number), int(at), who, what, subject, reason, mark, hash_)
