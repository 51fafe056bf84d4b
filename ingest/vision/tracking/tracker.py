"""Follows what a detector sees from look to look, however long the time between two looks is.

Each look is paired with the tracks in two rounds, as ByteTrack does (Zhang et al., "ByteTrack: Multi-Object Tracking by
Associating Every Detection Box", ECCV 2022): first what the detector is sure of, then the rest, which may only go on
with what is known. docs/decisions/0021-tracking-of-our-own.md has the figures that the numbers below come from.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from ingest.vision.finding import Numbering
from ingest.vision.frame import Detection
from ingest.vision.tracking.assignment import Floats, overlaps, pairs
from ingest.vision.tracking.motion import Motion
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
    """

    sure: float = 0.5
    doubtful: float = 0.25
    margin: float = 0.3
    least_sure: float = 0.15
    least_doubtful: float = 0.3
    looks: int = 3
    patience_s: float = 1.0
    memory_s: float = 3.0


LONGEST_STEP_S: Final = 1.0
"""Seconds between two looks that count in full against a track that is not seen: a single look never ends many."""

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
        self._last: Instant | None = None

    def look(self, at: Instant, detections: Sequence[Detection]) -> list[Track]:
        """Take in what a detector saw in one frame.

        Args:
            at: when the frame was taken; a frame that is not newer than the one before it changes nothing.
            detections: all of them; an empty list says that nothing was seen.

        Returns:
            Confirmed tracks that are over; each is returned once and is in `tracks` no longer.
        """
        if self._last is not None and at <= self._last:
            return []
        passed = 0.0 if self._last is None else (at - self._last) / SECOND
        self._last = at
        self.motion.predict(min(passed, LONGEST_STEP_S))
        habits = self.habits
        seen = [each for each in detections if each.score >= habits.doubtful]
        boxes = _centred(seen)
        sure = np.fromiter((each.score >= habits.sure for each in seen), bool, len(seen))
        sorts = np.array([sort_of(each.label) for each in seen], dtype=object)

        free_tracks = np.arange(len(self.tracks))
        free_seen = np.flatnonzero(sure)
        taken = self._paired(free_tracks, free_seen, boxes, sorts, habits.least_sure)
        free_tracks = np.setdiff1d(free_tracks, taken[0])
        more = self._paired(free_tracks, np.flatnonzero(~sure), boxes, sorts, habits.least_doubtful)
        rows, columns = np.concatenate([taken[0], more[0]]), np.concatenate([taken[1], more[1]])

        self.motion.correct(rows, boxes[columns])
        for row, column in zip(rows.tolist(), columns.tolist(), strict=True):
            track = self.tracks[row]
            track.saw(at, seen[column])
            if not track.confirmed and track.looks >= habits.looks:
                track.id = self._names.next()
        for row in np.setdiff1d(free_tracks, more[0]).tolist():
            self.tracks[row].missed_s += max(min(passed, LONGEST_STEP_S), 1e-6)
        over = self._forget()
        self._begin(at, seen, boxes, np.setdiff1d(free_seen, taken[1]))
        for row, track in enumerate(self.tracks):
            track.box = self.motion.box(row)
        return over

    def end_all(self) -> list[Track]:
        """Let go of everything; returns the confirmed tracks."""
        over = [track for track in self.tracks if track.confirmed]
        self.tracks = []
        self.motion = Motion()
        self._last = None
        return over

    def present(self) -> list[Track]:
        """The tracks that are believed to be there now."""
        return [each for each in self.tracks if each.confirmed and each.missed_s <= self.habits.patience_s]

    @property
    def unsettled(self) -> bool:
        """Whether the next look decides something: something is missed, or not yet believed."""
        return any(not track.confirmed or track.missed_s > 0 for track in self.tracks)

    def _paired(
        self,
        tracks: npt.NDArray[np.intp],
        seen: npt.NDArray[np.intp],
        boxes: Floats,
        sorts: npt.NDArray[np.object_],
        least: float,
    ) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
        if not len(tracks) or not len(seen):
            return np.zeros(0, np.intp), np.zeros(0, np.intp)
        likeness = overlaps(self.motion.corners()[tracks], _corners(boxes[seen]), self.habits.margin)
        track_sorts = np.array([self.tracks[row].sort for row in tracks], dtype=object)
        likeness[track_sorts[:, None] != sorts[None, seen]] = 0.0
        rows, columns = pairs(likeness, least)
        return tracks[rows], seen[columns]

    def _forget(self) -> list[Track]:
        kept: list[int] = []
        over: list[Track] = []
        for row, track in enumerate(self.tracks):
            if track.missed_s <= (self.habits.memory_s if track.confirmed else 0.0):
                kept.append(row)
            elif track.confirmed:
                over.append(track)
        if len(kept) < len(self.tracks):
            self.motion.keep(np.array(kept, dtype=np.intp))
            self.tracks = [self.tracks[row] for row in kept]
        return over

    def _begin(self, at: Instant, seen: list[Detection], boxes: Floats, rows: npt.NDArray[np.intp]) -> None:
        self.motion.add(boxes[rows])
        for row in rows.tolist():
            track = Track.begun(at, seen[row])
            if self.habits.looks <= 1:
                track.id = self._names.next()
            self.tracks.append(track)


def _centred(seen: Sequence[Detection]) -> Floats:
    corners = np.array([each.box for each in seen], dtype=np.float64).reshape(-1, 4)
    sides = np.maximum(corners[:, 2:] - corners[:, :2], SMALLEST)
    return np.concatenate([(corners[:, :2] + corners[:, 2:]) / 2, sides], axis=1)


def _corners(boxes: Floats) -> Floats:
    half = boxes[:, 2:] / 2
    return np.concatenate([boxes[:, :2] - half, boxes[:, :2] + half], axis=1)
