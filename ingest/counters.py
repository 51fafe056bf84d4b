"""What ingest has done since it started, counted in one place."""

from dataclasses import dataclass

from ioc.model.instant import Instant


@dataclass(slots=True)
class Counters:
    """Grow only; they begin at zero with each process.

    Attributes:
        messages: received from the broker.
        events: written to the stream.
        duplicates: events that had been written before, and were dropped.
        rejected: messages, or values of them, that could not be read.
        gaps: messages that devices say they have sent, and that never came.
        coalesced: events of flooding devices that others stand for, and that were not written.
        batches: entries of the stream that hold events.
        acknowledged: messages of which the broker was told that they are kept.
        last_event_at: when the newest event that was written had arrived; None before the first.
    """

    messages: int = 0
    events: int = 0
    duplicates: int = 0
    rejected: int = 0
    gaps: int = 0
    coalesced: int = 0
    batches: int = 0
    acknowledged: int = 0
    last_event_at: Instant | None = None
