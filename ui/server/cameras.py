"""The cameras that the server knows of, and how they look from outside: never with an address, never a password."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from ioc.model.cameras import FieldOfView, geometry_to_json
from ioc.model.instant import SECOND, Duration, Instant, whole_milliseconds
from ioc.store.cameras import Cameras, CameraStatus, Drawing, DrawnBox
from ui.server.world import World

SILENT: Final[Duration] = 10 * SECOND
"""A camera of which nobody has told for so long is as it was then, as far as anybody knows."""

TELLS_SILENT: Final = "silent"
"""What stands for the state of such a camera where cameras are counted."""


@dataclass
class KnownCameras:
    """What the store last said of cameras; kept up by `ui.server.feed`.

    Attributes:
        statuses: by id, sorted.
        drawings: those that hold, by camera.
    """

    statuses: Mapping[str, CameraStatus] = field(default_factory=dict)
    drawings: dict[str, Drawing] = field(default_factory=dict)
    _revision: int = -1

    async def refresh(self, cameras: Cameras) -> None:
        """Ask the store; drawings only where one has changed."""
        self.statuses = await cameras.statuses()
        # Asked before they are read, so that no change is missed.
        revision = await cameras.geometry_revision()
        if revision != self._revision:
            self.drawings = await cameras.geometries()
            self._revision = revision

    def by_state(self, now: Instant) -> Counter[str]:
        """Count the cameras by their state; those of which nobody tells any more as silent."""
        return Counter(
            TELLS_SILENT if is_silent(status, now) else str(status.state) for status in self.statuses.values()
        )


def is_silent(status: CameraStatus, now: Instant) -> bool:
    """Whether nobody has told of a camera for too long."""
    return now - status.at > SILENT


def camera_view(status: CameraStatus, drawing: Drawing | None, world: World, now: Instant) -> dict[str, Any]:
    """Write a camera as lists show it, without its live picture.

    Args:
        status: what was last said of it.
        drawing: what somebody has drawn on its picture; None where nobody ever has.
        world: with the registry, which says what the camera's configuration does not.
        now: the wall clock.
    """
    geometry = status.file_geometry if drawing is None or drawing.geometry is None else drawing.geometry
    asset = world.assets.get(status.id)
    view = status.view
    if view is None and asset is not None and asset.lat is not None and asset.lon is not None:
        view = FieldOfView(asset.lat, asset.lon)
    called = status.id if asset is None else asset.name
    return {
        "id": status.id,
        "name": status.names or {"vi": called, "en": called},
        "state": str(status.state),
        "sentence": status.sentence,
        "trouble": status.trouble,
        "since": whole_milliseconds(status.since),
        "at": whole_milliseconds(status.at),
        "silent": is_silent(status, now),
        "source": status.source,
        "width": status.width,
        "height": status.height,
        "rate": status.rate,
        "target_rate": status.target_rate,
        "frames": {
            "came": status.came,
            "looked": status.looked,
            "skipped": status.skipped,
            "refused": status.refused,
        },
        "opened": status.opened,
        "delay_ms": status.delay_ms,
        "night": status.night,
        "detector": status.detector,
        "look_for": list(status.look_for),
        "place": None
        if view is None
        else {
            "lat": view.lat,
            "lon": view.lon,
            "heading": view.heading,
            "angle": view.angle,
            "range_m": view.range_m,
        },
        **now_view(status),
        "simulated": status.simulated,
        "revision": 0 if drawing is None else drawing.revision,
        "geometry": geometry_to_json(geometry),
    }


def now_view(status: CameraStatus) -> dict[str, Any]:
    """Write who is in a camera's picture."""
    return {
        "people": status.people,
        "vehicles": status.vehicles,
        "zones_now": [
            {"zone": zone.zone, "people": zone.people, "vehicles": zone.vehicles} for zone in status.zones_now
        ],
    }


def details_view(status: CameraStatus, drawing: Drawing | None, drawings: Iterable[Drawing]) -> dict[str, Any]:
    """Write what one camera alone has besides.

    Args:
        status: what was last said of it.
        drawing: the one that holds.
        drawings: the latest ones, newest first.
    """
    return {
        "file_geometry": geometry_to_json(status.file_geometry),
        "in_force": status.drawing == (0 if drawing is None else drawing.revision),
        "drawings": [drawing_view(each) for each in drawings],
    }


def drawing_view(drawing: Drawing) -> dict[str, Any]:
    """Write who has drawn when, without the drawing."""
    return {
        "revision": drawing.revision,
        "who": drawing.who,
        "at": whole_milliseconds(drawing.at),
        "note": drawing.note,
        "from_file": drawing.geometry is None,
    }


def boxes_view(boxes: Iterable[DrawnBox]) -> list[dict[str, Any]]:
    """Write what is to be drawn on a live picture."""
    return [
        {"label": each.label, "score": each.score, "box": sides, "track": each.track}
        for each in boxes
        if (sides := box_sides(each.box)) is not None
    ]


def box_sides(text: object) -> list[float] | None:
    """Read left, top, right and bottom from the quantity `box`; None where it holds anything else."""
    try:
        sides = [float(side) for side in str(text).split(",")]
    except ValueError:
        return None
    return sides if len(sides) == 4 and all(0 <= side <= 1 for side in sides) else None
