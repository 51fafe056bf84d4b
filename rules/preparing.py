"""Makes another rule book ready beside the one that runs: shows its new and edited rules the past, then catches up."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from ioc.model.faults import Fault
from ioc.model.instant import MILLISECOND, SECOND, Instant
from ioc.runtime.logging import Log
from ioc.store.event_stream import BEGINNING, Entry, EventStream
from ioc.store.history import History
from rules.book import RuleBook
from rules.merging import portions
from rules.rebuilding import Rebuilding

PICTURED: Final = frozenset({"picture", "box"})
"""What evidence needs besides what rules read: the picture of an event, and where in it something is."""

log = Log("rules")

ENTRIES_AT_ONCE: Final = 64

MARGIN: Final = 5 * SECOND
"""How far the store's clock, which names positions, may differ from the one that stamps what arrives."""


@dataclass(slots=True)
class Prepared:
    """A rule book that is being made ready.

    Attributes:
        book: the whole of it.
        rebuilding: its new and edited rules, as far as they have seen the past.
        position: the last entry of the stream that they have seen.
        clock: the stamp of that entry.
    """

    book: RuleBook
    rebuilding: Rebuilding
    position: str
    clock: Instant


async def prepare(
    book: RuleBook,
    rebuilding: Rebuilding,
    events: EventStream,
    history: History | None,
    *,
    until: str,
    clock: Instant,
) -> Prepared:
    """Show new and edited rules what they must know of the past.

    Args:
        book: the whole book.
        rebuilding: its new and edited rules.
        events: the stream, which has the latest of the past.
        history: what was there before it; None where nobody archives.
        until: the stream's position up to which the others have come.
        clock: the stream's clock there.

    Raises:
        StoreUnavailable: the store is away.
    """
    prepared = Prepared(book, rebuilding, BEGINNING, 0)
    look_back = max((rule.look_back for rule in rebuilding.book.rules), default=0)
    if not rebuilding.book.rules or until == BEGINNING:
        prepared.position, prepared.clock = until, clock
        return prepared
    since = max(0, clock - look_back)
    prepared.position = f"{max(0, since - MARGIN) // MILLISECOND}-0"
    if history is not None:
        archived = await asyncio.to_thread(_take_archived, rebuilding, history, since, until)
        if archived is not None:
            prepared.position = archived
    await catch_up(prepared, events, until=until)
    return prepared


async def catch_up(prepared: Prepared, events: EventStream, *, until: str) -> None:
    """Take what the stream has after where the rules stand, up to a position.

    Raises:
        StoreUnavailable: the store is away.
    """
    while order(prepared.position) < order(until):
        entries = await events.read(prepared.position, limit=ENTRIES_AT_ONCE)
        wanted = [entry for entry in entries if order(entry.position) <= order(until)]
        _take_entries(prepared, wanted)
        if len(wanted) < len(entries) or not entries:
            return
        # Whoever runs live goes first.
        await asyncio.sleep(0)


def _take_entries(prepared: Prepared, entries: Sequence[Entry]) -> None:
    for portion in portions(entries, prepared.clock):
        prepared.rebuilding.take_entry(portion.batch, portion.clock, portion.reached)
        prepared.position, prepared.clock = portion.position, max(prepared.clock, portion.clock)


def _take_archived(rebuilding: Rebuilding, history: History, since: Instant, until: str) -> str | None:
    """Take the archive's part of the past; says up to which position of the stream that was."""
    columns = {column for rule in rebuilding.book.rules for column in rule.columns} | PICTURED
    try:
        found = history.survey(since=since)
        # The archive may be ahead of the rules; what it has beyond them they will see as it comes.
        behind = tuple(each for each in found.sound if each.file.last <= order(until))
        archived = [each.file.last for each in behind if not each.file.pretended]
        rebuilding.take(history.batches(since, columns=columns, among=replace(found, sound=behind)))
    except (OSError, Fault) as error:
        log.warning("the history cannot be read; edited rules know only what the stream still has", why=str(error))
        return None
    return None if not archived else f"{archived[-1][0]}-{archived[-1][1]}"


def order(position: str) -> tuple[int, int]:
    """Make positions of the stream comparable."""
    milliseconds, _, number = position.partition("-")
    return int(milliseconds), int(number or 0)
