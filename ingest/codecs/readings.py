"""Readings: what a codec makes of a message, before quantities and clocks are checked."""

from dataclasses import dataclass, field
from typing import Any

from ingest.codecs.times import DeviceTime
from ioc.model.events import Kind, Signal


@dataclass(slots=True)
class Reading:
    """One event as the device told it.

    Attributes:
        asset: None where the message does not say.
        at: the device's own time; None where it gave none.
        values: by quantity name, in the catalogue's units, not yet checked against it.
        sequence: `boot:seq` where the device numbers its messages; it makes the event's identity.
    """

    kind: Kind
    asset: str | None
    at: DeviceTime | None
    values: dict[str, Any]
    lat: Any = None
    lon: Any = None
    zone: str | None = None
    signal: Signal | None = None
    sequence: str | None = None


@dataclass(slots=True)
class Outcome:
    """What became of one message.

    Attributes:
        codec: who read it; None where nobody claims its topic.
        problems: sentences about values that could not be read; everything else was kept.
        ignored: why there is nothing to report, where that is as it should be.
        refused: why the message could not be read at all.
        private: the payload holds what nobody must see; not even its start is shown where it is rejected.
        secret: the part of the topic that nobody must see, where it has one.
    """

    codec: str | None
    readings: list[Reading] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    ignored: str | None = None
    refused: str | None = None
    private: bool = False
    secret: str | None = None
