"""Says which child processes watch the cameras, and how each is started."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from ingest.vision.camera import Camera
from ingest.vision.children import Child
from ingest.vision.crew import Worker, halves, shares
from ingest.vision.exchange import Slots
from ingest.vision.settings import CameraSettings
from ioc.store.pictures.settings import PictureSettings

CAMERAS_A_READER: Final = 16
"""Cameras that one process reads where nobody says how many processes there are to be."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the stage is given of the rest of the program.

    Attributes:
        pictures: the settings of pictures, folder and key file settled.
        log_level: of the child processes, as of this one.
        log_format: the same.
    """

    pictures: PictureSettings
    log_level: str = "info"
    log_format: str = "console"


class Staffing:
    """Makes the workers: one analyst, and readers that share the cameras."""

    def __init__(
        self,
        settings: CameraSettings,
        surroundings: Surroundings,
        places: Sequence[tuple[int, Camera]],
        slots: Slots,
        boot: str,
    ) -> None:
        """Take what the processes are to know.

        Args:
            settings: models, networks, how many processes.
            surroundings: pictures and logs.
            places: the cameras, each with the number of its slot.
            slots: the memory that frames are passed in.
            boot: tells this start from another.
        """
        self._settings = settings
        self._surroundings = surroundings
        self._places = places
        self._slots = slots
        self._boot = boot

    def analyst(self) -> Worker:
        """Make the analyst."""
        surroundings, settings, slots = self._surroundings, self._settings, self._slots
        told = {
            "pictures": surroundings.pictures.model_dump_json(),
            "models": None if settings.models is None else str(settings.models),
            "threads": settings.detector_threads,
            "slots": (slots.descriptor, slots.count, slots.slot_bytes),
            "log_level": surroundings.log_level,
            "log_format": surroundings.log_format,
        }

        async def start() -> Child:
            return await Child.start("ingest.vision.analyst", json.dumps(told), descriptors=[slots.descriptor])

        return Worker("analyst", self._places, start, self._boot)

    def readers(self) -> list[Worker]:
        """Make the readers to begin with."""
        number = self._settings.workers or -(-len(self._places) // CAMERAS_A_READER)
        return [self._reader(cameras) for cameras in shares(self._places, number)]

    def split(self, reader: Worker) -> Sequence[Worker]:
        """Make the readers that take the place of one that crashed; itself where it has one camera."""
        parts = halves(reader.cameras)
        return [reader] if len(parts) == 1 else [self._reader(part) for part in parts]

    def _reader(self, cameras: Sequence[tuple[int, Camera]]) -> Worker:
        slots = self._slots
        memory = (slots.descriptor, slots.count, slots.slot_bytes)
        allowed = ",".join(self._settings.allow_networks)
        logs = (self._surroundings.log_level, self._surroundings.log_format)
        arguments = [*map(str, memory), allowed, *logs]

        async def start() -> Child:
            return await Child.start("ingest.vision.reading.process", *arguments, descriptors=[slots.descriptor])

        return Worker(f"reader of {cameras[0][1].id}…", cameras, start, self._boot)
