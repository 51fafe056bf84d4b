"""One camera as it is configured: where its video is, how often it is looked at, for what, and where it stands."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from ioc.model.cameras import FieldOfView, Geometry


class Analytic(StrEnum):
    """What can be looked for; each is a module of its own."""

    OBJECTS = "objects"
    """People and vehicles, their tracks, zones, lines, dwell, density."""
    SMOKE = "smoke"
    """What looks like smoke or flame by colour and flicker."""
    ABANDONED = "abandoned"
    """What was put down and left."""
    TAMPERING = "tampering"
    """A picture that freezes, goes dark, is covered, moved or out of focus."""


class DetectorName(StrEnum):
    """How objects are found."""

    SSD = "ssd"
    """SSD-MobileNetV2 over the whole picture."""
    SSD_TILES = "ssd-tiles"
    """The same over the picture and its four quarters: accurate, and slower."""
    NANODET = "nanodet"
    """An extra that `ioc camera models --install nanodet` brings."""
    MOVING = "moving"
    """Whatever moves, without knowing what it is; costs next to nothing."""


DEFAULT_ANALYTICS: Final = frozenset({Analytic.OBJECTS, Analytic.TAMPERING})


@dataclass(frozen=True, slots=True)
class Camera:
    """One camera.

    Attributes:
        id: its asset id, `[A-Za-z0-9._:-]{1,64}`.
        url: rtsp[s]://…, http[s]://… (MJPEG, or HLS where it ends with .m3u8), file:/path of a clip, folder:/path of
            pictures, usb:0. It may hold a password: never log it, see `ioc.runtime.redaction`.
        rate: frames a second that are looked at.
        width: pixels; wider pictures are made smaller before they are looked at.
        names: what it is called, by language; empty where the registry says it.
        simulated: whether what it shows is pretended.
        loop: whether a file starts again at its end.
    """

    id: str
    url: str = field(repr=False)
    rate: float = 5.0
    width: int = 1280
    geometry: Geometry = field(default_factory=Geometry)
    analytics: frozenset[Analytic] = DEFAULT_ANALYTICS
    detector: DetectorName = DetectorName.SSD
    place: FieldOfView | None = None
    names: dict[str, str] = field(default_factory=dict)
    simulated: bool = False
    loop: bool = True
