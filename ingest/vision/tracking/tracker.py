"""Follows what a detector sees from look to look, however long the time between two looks is.

Each look is paired with the tracks in two rounds, as ByteTrack does (Zhang et al., "ByteTrack: Multi-Object Tracking by
Associating Every Detection Box", ECCV 2022): first what the detector is sure of, then the rest, which may only go on
with what is known. docs/decisions/0021-tracking-of-our-own.md has the figures that the numbers below come from.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from ingest.vision.finding import Numbering
from ingest.vision.frame import Box, Detection
from ingest.vision.tracking.assignment import Flags, Floats, Rows, nearness, overlaps, pairs
from ingest.vision.tracking.motion import Motion, corners_of
from ingest.vision.tracking.track import Track, sort_of
from ioc.model.instant import SECOND, Instant


@dataclass(frozen=True, slots=True)
class Habits:
    """How readily tracks begin, go on and end.

    Attributes:
        sure: detections with this score or a better one may begin a track.
        doubtful: weaker ones than this are not looked at at all.
        margin: see `overlaps`.
        least_sure: overlap that a sure detection needs to go on with a track.
        least_doubtful: overlap that another one needs.
        looks: how often something must be seen to be believed.
        patience_s: seconds of looking in vain before something is no longer believed to be there.
        memory_s: seconds of looking in vain before a track is over.
        fastest: how fast something may be that was seen too seldom to tell, in sides of its box a second.
        farthest: how far that may bring it at most from one look to the next, in sides of its box.
    """

    sure: float = 0.55
    doubtful: float = 0.4
    margin: float = 0.25
    least_sure: float = 0.15
    least_doubtful: float = 0.4
    looks: int = 3
    patience_s: float = 0.6
    memory_s: float = 2.0
    fastest: float = 8.0
    farthest: float = 2.0


LONGEST_MISS_S: Final = 0.5
"""Seconds that one look in vain counts at most, so that what is looked for now and then is looked for several times."""

LONGEST_WAY_S: Final = 1.0
"""Seconds for which it is guessed where something goes that is not seen."""

LEAST_NEARNESS: Final = 0.01
"""Nearness from which things are near one another at all."""

MOST: Final = 256
"""Detections of one frame that are looked at, best first: what a look costs has a bound."""

SMALLEST: Final = 1e-3
"""The least side of a box, as a share of the picture; keeps divisions by it sound."""


class Tracker:
    """Follows the things that one camera sees.

    Attributes:
        tracks: what is followed, oldest first, unconfirmed ones too.
        motion: where each is; row k belongs to `tracks[k]`.
    """

    def __init__(self, boot: str, habits: Habits | None = None) -> None:
        self.tracks: list[Track] = []
        self.motion = Motion()
        self.habits = habits or Habits()
        self._names = Numbering(boot)
        self._looked: Instant | None = None
        self._moved: Instant | None = None

    def look(self, at: Instant, detections: Sequence[Detection]) -> list[Track]:
        """Take in what a detector saw in one frame.

        Args:
            at: when the frame was taken; later than in any call before.
            detections: all of them; an empty list says that nothing was seen.

        Returns:
            Confirmed tracks that are over; each is returned once and is in `tracks` no longer.
        """
        missed_s = 0.0 if self._looked is None else min(LONGEST_MISS_S, (at - self._looked) / SECOND)
        passed_s = 0.0 if self._moved is None else min(LONGEST_WAY_S, (at - self._moved) / SECOND)
        self.motion.predict(passed_s)
        self._looked = self._moved = at
        seen = [each for each in detections if each.score >= self.habits.doubtful]
        if len(seen) > MOST:
            seen = sorted(seen, key=lambda each: -each.score)[:MOST]
        boxes = _centred(seen)
        sure = np.array([each.score >= self.habits.sure for each in seen], dtype=np.bool_)
        partners = self._pair(seen, boxes, sure, passed_s)

        rows = np.flatnonzero(partners >= 0)
        self.motion.correct(rows, boxes[partners[rows]])
        fresh = sure
        fresh[partners[rows]] = False
        for track, partner in zip(self.tracks, partners.tolist(), strict=True):
            if partner < 0:
                track.missed_s += missed_s
                continue
            track.saw(at, seen[partner])
            if not track.confirmed and track.looks >= self.habits.looks:
                track.id = self._names.next()
        over = self._forget()
        self._begin(at, seen, boxes, np.flatnonzero(fresh))
        for track, (left, top, right, bottom) in zip(self.tracks, self.motion.corners().tolist(), strict=True):
            if track.seen == at:
                track.box = Box(left, top, right, bottom)
        return over

    def rest(self, at: Instant) -> None:
        """Take it that until now nothing has moved since the last look."""
        self._moved = at
        self.motion.halt()

    def end_all(self) -> list[Track]:
        """Let go of everything; returns the confirmed tracks."""
        over = [track for track in self.tracks if track.confirmed]
        self.tracks = []
        self.motion = Motion()
        self._looked = self._moved = None
        return over

    def present(self) -> list[Track]:
        """Name the tracks that are believed to be there now."""
        return [each for each in self.tracks if each.confirmed and each.missed_s <= self.habits.patience_s]

    @property
    def unsettled(self) -> bool:
        """Whether the next look decides something: something is missed, or not yet believed."""
        return any(not track.confirmed or track.missed_s > 0 for track in self.tracks)

    def _pair(self, seen: Sequence[Detection], boxes: Floats, sure: Flags, passed_s: float) -> Rows:
        """Find for each track the detection that goes on with it; -1 for none."""
        partners = np.full(len(self.tracks), -1, dtype=np.intp)
        if not self.tracks or not seen:
            return partners
        likeness = overlaps(self.motion.corners(), corners_of(boxes), self.habits.margin)
        sorts = np.array([track.sort.value for track in self.tracks])
        unlike = sorts[:, None] != np.array([sort_of(each.label).value for each in seen])
        likeness[unlike] = 0.0
        believed = np.array([track.confirmed for track in self.tracks], dtype=np.bool_)
        free = np.ones(len(seen), dtype=np.bool_)
        for of_tracks, of_seen, least in (
            (believed, sure, self.habits.least_sure),
            (believed, ~sure, self.habits.least_doubtful),
            (~believed, sure, self.habits.least_sure),
        ):
            rows, columns = np.flatnonzero(of_tracks & (partners < 0)), np.flatnonzero(of_seen & free)
            some, others = pairs(likeness[rows[:, None], columns], least)
            partners[rows[some]] = columns[others]
            free[columns[others]] = False
        # What was seen too seldom may be fast: where it will be cannot be told yet.
        rows = np.flatnonzero(~believed & (partners < 0))
        columns = np.flatnonzero(sure & free)
        if len(rows) and len(columns):
            near = nearness(
                self.motion.place[rows], boxes[columns], min(self.habits.farthest, self.habits.fastest * passed_s)
            )
            near[unlike[rows[:, None], columns]] = 0.0
            some, others = pairs(near, LEAST_NEARNESS)
            partners[rows[some]] = columns[others]
        return partners

    def _forget(self) -> list[Track]:
        """Let go of what is over: at once where it was never believed."""
        memory_s = self.habits.memory_s
        kept = [track.missed_s <= (memory_s if track.confirmed else 0.0) for track in self.tracks]
        if all(kept):
            return []
        over = [track for track, stays in zip(self.tracks, kept, strict=True) if not stays and track.confirmed]
        self.tracks = [track for track, stays in zip(self.tracks, kept, strict=True) if stays]
        self.motion.keep(np.flatnonzero(kept))
        return over

    def _begin(self, at: Instant, seen: Sequence[Detection], boxes: Floats, fresh: Rows) -> None:
        if not len(fresh):
            return
        self.motion.add(boxes[fresh])
        for column in fresh.tolist():
            track = Track.begun(at, seen[column])
            if self.habits.looks <= 1:
                track.id = self._names.next()
            self.tracks.append(track)


def _centred(seen: Sequence[Detection]) -> Floats:
    corners = np.array([each.box for each in seen], dtype=np.float64).reshape(-1, 4)
    sides = np.maximum(corners[:, 2:] - corners[:, :2], SMALLEST)
    return np.concatenate([(corners[:, :2] + corners[:, 2:]) / 2, sides], axis=1)
