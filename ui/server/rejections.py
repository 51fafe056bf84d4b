"""What could not be read, grouped: a thousand times the same complaint is one line."""

import asyncio
import base64
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from ioc.model.events import Rejected
from ioc.model.instant import whole_milliseconds
from ioc.store.rejected import KEPT, RejectedMessages
from ui.server.folding import fold

AT_ONCE: Final = 1_000
"""Messages of one read: between two of them pages are served."""

SHOWN: Final = 500
"""Groups that one answer holds at most."""


@dataclass(slots=True)
class Group:
    """Messages of one topic that were refused for one reason.

    Attributes:
        latest: the newest of them.
        count: how many of those that are kept.
        first_at: when the oldest of these arrived.
    """

    latest: Rejected
    count: int
    first_at: int

    @property
    def order(self) -> tuple[int, str, str]:
        """Sort the latest first, and never leave two in doubt."""
        return (-self.latest.received_at, self.latest.topic, self.latest.reason)


@dataclass
class Rejections:
    """The rejected messages that the store keeps, read on from where the last question ended.

    Nothing is read while nobody asks.
    """

    store: RejectedMessages
    _position: str = "0-0"
    _kept: deque[Rejected] = field(default_factory=lambda: deque(maxlen=KEPT))
    _groups: list[Group] | None = None
    _reading: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def groups(self) -> list[Group]:
        """Group what is kept, the latest first.

        Raises:
            StoreUnavailable: the store is away.
        """
        async with self._reading:
            await self._read_on()
            if self._groups is None:
                self._groups = sorted(_grouped(self._kept), key=lambda group: group.order)
            return self._groups

    @property
    def kept(self) -> int:
        """How many messages the groups were made of."""
        return len(self._kept)

    async def _read_on(self) -> None:
        if _order(await self.store.newest()) < _order(self._position):
            # The store has been emptied, or is another one.
            self._position, self._groups = "0-0", None
            self._kept.clear()
        # Where more comes than can be read, the next question reads on.
        for _ in range(2 * KEPT // AT_ONCE):
            entries = await self.store.after(self._position, AT_ONCE)
            if entries:
                self._position, self._groups = entries[-1][0], None
                self._kept.extend(rejected for _, rejected in entries)
            if len(entries) < AT_ONCE:
                return


def matching(groups: Iterable[Group], text: str, codec: str | None) -> list[Group]:
    """Pick the groups whose topic, reason or codec holds every word, accents or not."""
    words = fold(text).split()
    return [
        group
        for group in groups
        if (codec is None or (group.latest.codec or "") == codec)
        and all(word in _words(group.latest) for word in words)
    ]


def of_device(groups: Iterable[Group], asset_id: str) -> list[Group]:
    """Pick the groups whose topic names a device: as a level of it, or several where the id has slashes."""
    level, told = f"/{asset_id}/", f" of {asset_id}"
    return [group for group in groups if level in f"/{group.latest.topic}/" or group.latest.topic.endswith(told)]


def view(group: Group) -> dict[str, Any]:
    """Write a group as HTTP shows it."""
    latest = group.latest
    return {
        "topic": _writable(latest.topic),
        "reason": _writable(latest.reason),
        "codec": latest.codec,
        "count": group.count,
        "first_at": whole_milliseconds(group.first_at),
        "last_at": whole_milliseconds(latest.received_at),
        "size": latest.payload_size,
        "text": _text(latest.payload_start, whole=latest.payload_size <= len(latest.payload_start)),
        "start": base64.b64encode(latest.payload_start).decode(),
    }


def _grouped(kept: Iterable[Rejected]) -> list[Group]:
    groups: dict[tuple[str, str], Group] = {}
    for rejected in kept:
        key = (rejected.topic, rejected.reason)
        group = groups.get(key)
        if group is None:
            groups[key] = Group(rejected, 1, rejected.received_at)
        else:
            group.count += 1
            group.latest = rejected
    return list(groups.values())


def _words(rejected: Rejected) -> str:
    return fold(f"{rejected.topic} {rejected.reason} {rejected.codec or ''}")


def _text(start: bytes, *, whole: bool) -> str | None:
    """Read a payload's start as text, without a last letter that was cut through; None where it is none."""
    for cut in range(1 if whole else 4):
        try:
            text = start[: len(start) - cut].decode()
        except UnicodeDecodeError:
            continue
        return None if "\0" in text else text
    return None


def _writable(text: str) -> str:
    """Write out what UTF-8 cannot hold: a topic may have lone surrogates in it."""
    return text.encode("utf-8", "backslashreplace").decode()


def _order(position: str) -> tuple[int, ...]:
    return tuple(int(part) for part in position.split("-"))
