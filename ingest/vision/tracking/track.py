"""One thing that is followed from frame to frame, and what sort of thing it is."""

from dataclasses import dataclass, field
from enum import StrEnum

from ingest.vision.detection.contract import PERSON, VEHICLES
from ingest.vision.frame import Box, Detection
from ioc.model.instant import SECOND, Instant


class Sort(StrEnum):
    """Sorts of things; a detector may waver between labels of one sort, hardly between sorts."""

    PERSON = "person"
    VEHICLE = "vehicle"
    OTHER = "other"


def sort_of(label: str) -> Sort:
    """Say of what sort a label is."""
    if label == PERSON:
        return Sort.PERSON
    return Sort.VEHICLE if label in VEHICLES else Sort.OTHER


@dataclass(slots=True, eq=False)
class Track:
    """One thing that is followed.

    Attributes:
        id: its name; empty until it has been seen often enough to be believed.
        box: where it was when it was last seen.
        score: of the last detection of it.
        top_score: the best one.
        first: when it was seen first.
        seen: when it was seen last.
        looks: how often it was seen.
        missed_s: for how long detectors have looked and not seen it; 0 where the last look showed it. Time in which
            nobody looked does not count.
    """

    box: Box
    score: float
    top_score: float
    first: Instant
    seen: Instant
    sort: Sort
    id: str = ""
    looks: int = 1
    missed_s: float = 0.0
    _labels: dict[str, float] = field(default_factory=dict)

    @classmethod
    def begun(cls, at: Instant, detection: Detection) -> "Track":
        """Begin one with the first detection of it."""
        score = detection.score
        sort = sort_of(detection.label)
        return cls(detection.box, score, score, at, at, sort, _labels={detection.label: score})

    @property
    def label(self) -> str:
        """What it is: the label that got the highest scores in all, the first of equals."""
        return max(self._labels, key=self._labels.__getitem__)

    @property
    def confirmed(self) -> bool:
        """Whether it is believed to be there."""
        return bool(self.id)

    @property
    def age_s(self) -> float:
        """Seconds from the first to the last sight of it."""
        return (self.seen - self.first) / SECOND

    def saw(self, at: Instant, detection: Detection) -> None:
        """Take in another detection of it."""
        self.score = detection.score
        self.top_score = max(self.top_score, detection.score)
        self._labels[detection.label] = self._labels.get(detection.label, 0.0) + detection.score
        self.seen = at
        self.looks += 1
        self.missed_s = 0.0
