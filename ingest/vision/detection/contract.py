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


SURE_SCORE: Final = 0.5
"""The score from which a detection is to be counted, with every detector: each shifts its network's own scores so."""

LEAST_SCORE: Final = 0.25
"""The score below which detections are left out where nobody says otherwise."""


class Detector(Protocol):
    """Finds objects in pictures; each has a model in memory, so a process holds one of a kind."""

    @property
    def name(self) -> DetectorName:
        """Which detector it is."""
        ...

    def detect(self, pixels: Pixels) -> list[Detection]:
        """Find objects in a picture.

        Args:
            pixels: the whole picture, of any size.

        Returns:
            One detection an object, highest score first. Those below `SURE_SCORE` are there for trackers, which may
            follow a known object by them and are not to begin a new one.
        """
        ...
