"""How many there are: in the picture, in each zone, and over each line."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from ingest.vision.tracking.track import Sort, Track


@dataclass(frozen=True, slots=True)
class Presence:
    """How many are somewhere now.

    Attributes:
        everything: people, vehicles, and whatever else is followed.
    """

    people: int = 0
    vehicles: int = 0
    everything: int = 0


@dataclass(frozen=True, slots=True)
class Passages:
    """How many crossed a line since the watch began, people and all else."""

    into: int = 0
    out: int = 0


@dataclass(frozen=True, slots=True)
class Counts:
    """What one camera counts.

    Attributes:
        picture: in the region that is looked at.
        zones: by zone.
        lines: by line.
    """

    picture: Presence = Presence()
    zones: dict[str, Presence] = field(default_factory=dict)
    lines: dict[str, Passages] = field(default_factory=dict)


def presence(tracks: Iterable[Track]) -> Presence:
    """Count what is there."""
    people = vehicles = everything = 0
    for track in tracks:
        everything += 1
        people += track.sort is Sort.PERSON
        vehicles += track.sort is Sort.VEHICLE
    return Presence(people, vehicles, everything)
