"""Watches one camera: what a detector sees, look by look, becomes what is told of it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from ingest.vision.camera import Camera
from ingest.vision.finding import Finding, Phase, written_box
from ingest.vision.frame import Detection
from ingest.vision.tracking.track import Sort, Track
from ingest.vision.tracking.tracker import Tracker
from ingest.vision.watching import findings
from ingest.vision.watching.counts import Counts, Passages, presence
from ingest.vision.watching.lines import LineWatch
from ingest.vision.watching.pace import AT_MOST, Pace
from ingest.vision.watching.plane import Polygon
from ingest.vision.watching.zones import ZoneWatch
from ioc.model.cameras import Geometry
from ioc.model.instant import MINUTE, SECOND, Duration, Instant

LOOK_SOON: Final[Duration] = SECOND
"""How long after a look the next one is wanted where something is missed or not yet believed."""

LOOK_AGAIN: Final[Duration] = 5 * SECOND
"""The same where all that is followed stood still and was seen."""

UPDATE_EVERY: Final[Duration] = 5 * SECOND
"""How often it is told of something that it is still there."""

OUT_OF_SIGHT: Final[Duration] = 10 * SECOND
"""After so long without any word of the picture nothing can be known again in it."""

UNANSWERED: Final[Duration] = MINUTE
"""After so long without a look that is wanted, nobody can say what is there."""

DENSITY_STEP: Final = 5.0
"""Percentage points by which a density must have changed to be told again."""


@dataclass(slots=True)
class _Told:
    """What was told of a track last, and when."""

    at: Instant
    label: str
    zones: tuple[str, ...]


class Watch:
    """Follows, counts and tells of what one camera sees; knows nothing of pixels."""

    def __init__(self, camera: Camera, boot: str) -> None:
        """Begin with nothing in sight.

        Args:
            camera: its geometry is what is drawn on its picture until `redraw` says otherwise.
            boot: tells the tracks of one start of the program from those of another: letters and digits.
        """
        self._tracker = Tracker(boot)
        self._looked: Instant | None = None
        self._heard: Instant | None = None
        self._weighed: Instant | None = None
        self._told: dict[Track, _Told] = {}
        self._region: Polygon | None = None
        self._zones: dict[str, ZoneWatch] = {}
        self._removed_zones: list[ZoneWatch] = []
        self._lines: dict[str, LineWatch] = {}
        self._count_paces: dict[str | None, Pace] = {}
        self._density_paces: dict[str, Pace] = {}
        self.redraw(camera.geometry)

    def look(self, at: Instant, detections: Sequence[Detection]) -> list[Finding]:
        """Take in what a detector saw in one frame; an empty list says that it saw nothing.

        Args:
            at: when the frame was taken; one that is not newer than what is known already is ignored.
            detections: of the whole frame, in shares of the picture, also those that it is not sure of.
        """
        if self._heard is not None and at <= self._heard:
            return []
        told = self._out_of_sight(at)
        self._heard = self._looked = at
        told += self._end(at, self._tracker.look(at, self._within(detections)))
        tracks = self._tracker.tracks
        rows = [row for row, track in enumerate(tracks) if track.seen == at]
        seen = [tracks[row] for row in rows]
        place = self._tracker.motion.place[rows]
        sides = place[:, 2:]
        feet = place[:, :2] + sides * (0.0, 0.5)
        for zone in self._zones.values():
            left = zone.look(at, seen, feet, sides)
            told += [findings.dwell_finding(at, dwell, zone.zone.name) for dwell in left]
        told += self._tell_seen(at, seen)
        for line in self._lines.values():
            told += [
                findings.crossing_finding(at, track, line.line.name, way, forbidden=line.forbids(way))
                for track, way in line.look(seen, feet, sides)
            ]
        return told + self._tell_lasting(at)

    def quiet(self, at: Instant) -> list[Finding]:
        """Let time pass in which nothing moved: whoever stood there stands there still."""
        if self._heard is not None and at <= self._heard:
            return []
        told = self._out_of_sight(at)
        self._heard = at
        if self._looked is None:
            return told
        if self._tracker.tracks and at - self._looked >= UNANSWERED:
            return told + self.close(at)
        self._tracker.rest(at)
        told += self._tell_seen(at, [track for track in self._tracker.tracks if track.missed_s == 0])
        return told + self._tell_lasting(at)

    def close(self, at: Instant) -> list[Finding]:
        """Let go of everything, since nobody can see any more; the next look begins anew."""
        told = self._end(at, self._tracker.end_all())
        self._looked = None
        return told

    def wants_look(self, at: Instant) -> bool:
        """Say whether a detector ought to look now although nothing moves: to see whether things are still there."""
        if self._looked is None:
            return True
        if not self._tracker.tracks:
            return False
        return at - self._looked >= (LOOK_SOON if self._tracker.unsettled else LOOK_AGAIN)

    def redraw(self, geometry: Geometry) -> None:
        """From now on these are the region, zones and lines.

        What is followed stays followed. A zone that keeps its name keeps those who are in it until the next look, a
        line that keeps its name keeps its counts, and where it also stays in its place, who stands on which side.
        """
        self._region = Polygon(geometry.region) if geometry.region else None
        before = self._zones
        self._zones = {zone.name: ZoneWatch(zone, before.get(zone.name)) for zone in geometry.zones}
        self._removed_zones += [watch for name, watch in before.items() if name not in self._zones]
        self._lines = {line.name: LineWatch(line, self._lines.get(line.name)) for line in geometry.lines}
        wanted = [None, *self._zones]
        self._count_paces = {name: self._count_paces.get(name) or Pace() for name in wanted}
        dense = [zone.name for zone in geometry.zones if zone.density]
        self._density_paces = {name: self._density_paces.get(name) or Pace(DENSITY_STEP) for name in dense}

    @property
    def tracks(self) -> list[Track]:
        """What is believed to be there now."""
        return self._tracker.present()

    @property
    def counts(self) -> Counts:
        """How many there are now, and how many crossed lines since the watch began."""
        there = self.tracks
        zones = {name: presence(track for track in there if track in zone.inside) for name, zone in self._zones.items()}
        lines: dict[str, Passages] = {name: line.passages for name, line in self._lines.items()}
        return Counts(presence(there), zones, lines)

    def drawn(self) -> list[tuple[str, float, str, str]]:
        """Label, score, box as text and track of everything that is believed to be there now."""
        return [(each.label, each.score, written_box(each.box), each.id) for each in self.tracks]

    def _within(self, detections: Sequence[Detection]) -> Sequence[Detection]:
        if self._region is None or not detections:
            return detections
        held = self._region.holds(np.array([each.box.foot for each in detections]))
        return [each for each, inside in zip(detections, held.tolist(), strict=True) if inside]

    def _out_of_sight(self, at: Instant) -> list[Finding]:
        told: list[Finding] = []
        if self._heard is not None and at - self._heard > OUT_OF_SIGHT:
            told = self.close(at)
        for zone in self._removed_zones:
            told += [findings.dwell_finding(at, dwell, zone.zone.name) for dwell in zone.keep(at, ())]
        self._removed_zones = []
        return told

    def _end(self, at: Instant, over: Iterable[Track]) -> list[Finding]:
        """Tell of tracks that are over, and let go of whatever is followed no longer."""
        told = [findings.seen_finding(at, track, Phase.END, self._zones_of(track)) for track in over]
        followed = set(self._tracker.tracks)
        for zone in self._zones.values():
            told += [findings.dwell_finding(at, dwell, zone.zone.name) for dwell in zone.keep(at, followed)]
        for line in self._lines.values():
            line.keep(followed)
        self._told = {track: said for track, said in self._told.items() if track in followed}
        return told

    def _tell_seen(self, at: Instant, seen: Sequence[Track]) -> list[Finding]:
        told: list[Finding] = []
        for track in seen:
            if not track.confirmed:
                continue
            zones = self._zones_of(track)
            before = self._told.get(track)
            if before is None:
                told.append(findings.seen_finding(at, track, Phase.NEW, zones))
            elif at - before.at >= UPDATE_EVERY or (before.label, before.zones) != (track.label, zones or ()):
                told.append(findings.seen_finding(at, track, Phase.UPDATE, zones))
            else:
                continue
            self._told[track] = _Told(at, track.label, zones or ())
        return told

    def _tell_lasting(self, at: Instant) -> list[Finding]:
        """Tell of what lasts: who stays too long, how many there are, how dense they stand."""
        told: list[Finding] = []
        for name, zone in self._zones.items():
            told += [findings.dwell_finding(at, dwell, name) for dwell in zone.overdue(at)]
        counts = self.counts
        for place, pace in self._count_paces.items():
            there = counts.picture if place is None else counts.zones[place]
            if pace.due(at, (there.people, there.vehicles, there.everything)):
                told.append(findings.count_finding(at, there, place))
        if self._weighed is not None and at - self._weighed < AT_MOST:
            return told
        self._weighed = at
        for name, pace in self._density_paces.items():
            zone = self._zones[name]
            people = [each for each in self.tracks if each.sort is Sort.PERSON and each in zone.inside]
            share = zone.covered(np.array([each.box for each in people], dtype=np.float64).reshape(-1, 4))
            if pace.due(at, (100 * share,)):
                told.append(findings.density_finding(at, share, len(people), name))
        return told

    def _zones_of(self, track: Track) -> tuple[str, ...] | None:
        """Name the zones that a track is in, in the order in which they are drawn; None where there are none."""
        if not self._zones:
            return None
        return tuple(name for name, zone in self._zones.items() if track in zone.inside)
