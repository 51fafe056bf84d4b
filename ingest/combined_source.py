"""Two sources as one: the broker's messages, and those that came over HTTP."""

from dataclasses import dataclass, field
from typing import Final

from ingest.inbox_stream import InboxStream
from ingest.source import Batch, MessageSource, Session

LOOK_S: Final = 0.1
"""Seconds that the broker is waited for, at most, before the other source is asked; a wait that is cut short by a
cancellation could lose what came at that moment."""


@dataclass(slots=True)
class _Mixed(Batch):
    """A batch that holds messages of both, and what each needs in order to acknowledge its own."""

    of_broker: Batch = field(default_factory=Batch)
    positions: list[str] = field(default_factory=list)


class CombinedSource(MessageSource):
    """Gives what came over HTTP first, of which there is little, then the broker's; each in its own order."""

    def __init__(self, broker: MessageSource, inbox: InboxStream) -> None:
        """Take both."""
        self._broker = broker
        self._inbox = inbox

    @property
    def problem(self) -> str | None:
        """Why no messages can come from the broker at present."""
        return self._broker.problem

    @property
    def backlog(self) -> int:
        """How many messages wait to be received, of both."""
        return self._broker.backlog + self._inbox.backlog

    @property
    def session(self) -> Session:
        """How the broker's messages come at present."""
        return self._broker.session

    async def receive(self, limit: int, *, wait: float, linger: float) -> Batch:
        """Wait for a first message, then a little for more; at most `limit` of each source."""
        found, positions = self._inbox.take(limit)
        if not positions:
            return await self._broker.receive(limit, wait=min(wait, LOOK_S), linger=linger)
        of_broker = await self._broker.receive(limit, wait=0, linger=0)
        mixed = _Mixed(of_broker=of_broker, positions=positions)
        mixed.extend(found)
        mixed.extend(of_broker)
        return mixed

    def acknowledge(self, batch: Batch) -> None:
        """Acknowledge to each source its own."""
        if isinstance(batch, _Mixed):
            self._broker.acknowledge(batch.of_broker)
            self._inbox.acknowledge(batch.positions)
        else:
            self._broker.acknowledge(batch)

    def stop_reading(self) -> None:
        """Take nothing more from either."""
        self._broker.stop_reading()
        self._inbox.stop_reading()
