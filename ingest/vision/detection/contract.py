"""What every object detector offers, and the names it may give what it sees."""

from typing import Final, Protocol

from ingest.vision.camera import DetectorName
from ingest.vision.frame import Detection, Pixels

PERSON: Final = "person"

VEHICLES: Final = frozenset({"bicycle", "car", "motorcycle", "bus", "train", "truck", "boat", "vehicle"})
"""Labels that count as a vehicle; `vehicle` is one of which only that much can be said."""

OTHERS: Final = frozenset({"bird", "cat", "dog", "horse", "sheep", "cow", "backpack", "handbag", "suitcase"})
"""Labels that are told as well: animals that stray onto roads, and what people carry."""

MOVING: Final = "moving"
"""The label where only movement was seen."""


class Detector(Protocol):
    """Finds objects in pictures; each has a model in memory, so a process holds one of a kind."""

    @property
    def name(self) -> DetectorName:
        """Which detector it is."""
        ...

    @property
    def sure_score(self) -> float:
        """The score from which a detection is counted: where the mean error of the count was least when measured.

        Detections below it are given too, down to the least score that the detector was opened with: a tracker may
        follow a known object by them, and is not to begin a new one.
        """
        ...

    def detect(self, pixels: Pixels) -> list[Detection]:
        """Find objects in a picture.

        Args:
            pixels: the whole picture, of any size.

        Returns:
            One detection an object, highest score first.
        """
        ...
