"""What is found in frames: plain data that becomes one event, and sometimes asks for a picture."""

from dataclasses import dataclass, field
from enum import StrEnum

from ingest.vision.frame import Box
from ioc.model.instant import Instant
from ioc.model.kinds import Value


class Phase(StrEnum):
    """Where something that lasts stands; the words that Frigate uses too."""

    NEW = "new"
    UPDATE = "update"
    END = "end"


class PictureClass(StrEnum):
    """What a picture shows, which decides how long it is kept."""

    PERSON = "person"
    VEHICLE = "vehicle"
    SCENE = "scene"


@dataclass(frozen=True, slots=True)
class Finding:
    """One event to be.

    Attributes:
        at: µs since 1970: when the frame was taken that shows it.
        values: quantities by name, as `ioc/store/quantities.yaml` knows them.
        zone: the zone it concerns.
        picture: of what class the picture is that this event is to carry; None where it needs none.
    """

    at: Instant
    values: dict[str, Value]
    zone: str | None = None
    picture: PictureClass | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """What the cheap looks at one frame gave.

    Attributes:
        findings: what is to be told.
        moving: boxes of what moves, largest first, at most 32.
        moving_share: how much of the region moves, 0 to 1.
        night: whether the picture is one of the night (infrared or without colour).
        worth_looking: whether the frame is worth the cost of detecting objects in it.
    """

    findings: tuple[Finding, ...] = ()
    moving: tuple[Box, ...] = ()
    moving_share: float = 0.0
    night: bool = False
    worth_looking: bool = False


def written_box(box: Box) -> str:
    """Write a box as the quantity `box` has it: left, top, right, bottom, in shares, with three digits."""
    return ",".join(f"{min(1.0, max(0.0, side)):.3f}" for side in box)


@dataclass(slots=True)
class Numbering:
    """Gives tracks their names: `boot` tells one start of the program from another.

    Attributes:
        boot: letters and digits, at most 16.
    """

    boot: str
    last: int = field(default=0)

    def next(self) -> str:
        """Name the next one."""
        self.last += 1
        return f"{self.boot}-{self.last}"
