"""Who is in a zone, since when, and who has been there for too long."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from ingest.vision.tracking.track import Track
from ingest.vision.watching.density import Cover
from ingest.vision.watching.plane import Floats, Polygon
from ioc.model.cameras import Zone
from ioc.model.instant import SECOND, Instant

MARGIN: Final = 0.15
"""Nearer to a zone's edge than this, in sides of its box, a foot stays on the side on which it was."""


@dataclass(frozen=True, slots=True)
class Dwell:
    """Somebody who is, or was, in a zone for longer than they should.

    Attributes:
        seconds: for how long.
        over: whether they have left.
    """

    track: Track
    seconds: float
    over: bool


class ZoneWatch:
    """Keeps who is in one zone.

    Attributes:
        zone: the zone.
        inside: the tracks in it, unconfirmed ones too, each with when it came in.
    """

    def __init__(self, zone: Zone, before: "ZoneWatch | None" = None) -> None:
        """Watch a zone; `before` is the watch of the zone of that name which it takes the place of."""
        self.zone = zone
        self.inside: dict[Track, Instant] = {} if before is None else dict(before.inside)
        self._told: set[Track] = set() if before is None else set(before._told)  # noqa: SLF001 - one class
        self._polygon = Polygon(zone.polygon)
        self._cover = Cover(self._polygon)

    def look(self, at: Instant, tracks: list[Track], feet: Floats, sides: Floats) -> list[Dwell]:
        """Take in where tracks were seen.

        Args:
            at: when.
            tracks: those that this look showed; the others stay where they were.
            feet: n × 2: where each stands.
            sides: n × 2: width and height of each one's box.

        Returns:
            Who left after having stayed too long.
        """
        left: list[Track] = []
        if tracks:
            holds = self._polygon.holds(feet)
            clear = self._polygon.distances(feet, sides) >= MARGIN
            for track, held, is_clear in zip(tracks, holds.tolist(), clear.tolist(), strict=True):
                if track in self.inside:
                    if is_clear and not held:
                        left.append(track)
                elif held and (is_clear or track.looks == 1):
                    self.inside[track] = at
        return self._leave(at, left)

    def keep(self, at: Instant, tracks: Collection[Track]) -> list[Dwell]:
        """Let go of all tracks but these; returns who was there for too long."""
        return self._leave(at, [track for track in self.inside if track not in tracks])

    def overdue(self, at: Instant) -> list[Dwell]:
        """Say who has been here too long by now: once a stay, and not while they are missed."""
        if self.zone.dwell_s is None:
            return []
        late = [
            Dwell(track, (at - since) / SECOND, over=False)
            for track, since in self.inside.items()
            if track.confirmed
            and track.missed_s == 0
            and track not in self._told
            and at - since >= self.zone.dwell_s * SECOND
        ]
        self._told.update(dwell.track for dwell in late)
        return late

    def covered(self, boxes: Floats) -> float:
        """Compute the share of it that boxes (n × 4: left, top, right, bottom) cover, 0 to 1."""
        return self._cover.share(boxes)

    def _leave(self, at: Instant, tracks: list[Track]) -> list[Dwell]:
        over: list[Dwell] = []
        for track in tracks:
            since = self.inside.pop(track)
            if track in self._told:
                self._told.remove(track)
                over.append(Dwell(track, (at - since) / SECOND, over=True))
        return over
