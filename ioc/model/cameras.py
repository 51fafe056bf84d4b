"""Cameras as the city knows them: in what state one is, and the zones and lines that are drawn on its picture."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

Point = tuple[float, float]
"""A place in a picture: shares of its width and height, (0, 0) the upper left corner and (1, 1) the lower right."""

MAX_SHAPES: Final = 32
"""Zones of one camera, and as many lines."""

MAX_CORNERS: Final = 64
"""Corners of one polygon."""

MAX_NAME: Final = 64
"""Characters of a zone's or a line's name."""


class CameraState(StrEnum):
    """What can be said of a camera's picture; the last five are what is wrong with one that does come."""

    STARTING = "starting"
    LIVE = "live"
    UNREACHABLE = "unreachable"
    REFUSED = "refused"
    BROKEN = "broken"
    FROZEN = "frozen"
    DARK = "dark"
    COVERED = "covered"
    MOVED = "moved"
    BLURRED = "blurred"


class Way(StrEnum):
    """Ways over a line, for somebody who looks along it from its start to its end, in the picture."""

    NONE = "none"
    IN = "in"
    """From the left hand to the right hand."""
    OUT = "out"
    """From the right hand to the left hand."""
    BOTH = "both"


@dataclass(frozen=True, slots=True)
class FieldOfView:
    """Where a camera stands and what it sees from there.

    Attributes:
        lat: degrees, WGS 84.
        lon: degrees, WGS 84.
        heading: where it looks, degrees clockwise from north; None where nobody said.
        angle: how wide it sees, degrees.
        range_m: how far it sees, metres.
    """

    lat: float
    lon: float
    heading: float | None = None
    angle: float = 60.0
    range_m: float = 60.0


@dataclass(frozen=True, slots=True)
class Zone:
    """A part of the picture in which objects are counted.

    Attributes:
        polygon: three corners at least, the last one joined to the first.
        dwell_s: who stays longer is told of, once; None where nobody asks.
        density: whether the share of it that people cover is told.
    """

    name: str
    polygon: tuple[Point, ...]
    dwell_s: float | None = None
    density: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """A line that objects cross.

    Attributes:
        forbidden: the way over it that nobody is to take.
    """

    name: str
    start: Point
    end: Point
    forbidden: Way = Way.NONE


@dataclass(frozen=True, slots=True)
class Geometry:
    """What is drawn on one camera's picture.

    Attributes:
        region: the part that is looked at; the whole picture where empty.
    """

    region: tuple[Point, ...] = ()
    zones: tuple[Zone, ...] = ()
    lines: tuple[Line, ...] = ()


def geometry_to_json(geometry: Geometry) -> dict[str, Any]:
    """Write it as files, the store and HTTP hold it."""
    return {
        "region": [list(point) for point in geometry.region],
        "zones": [
            {
                "zone": zone.name,
                "polygon": [list(point) for point in zone.polygon],
                "dwell_s": zone.dwell_s,
                "density": zone.density,
            }
            for zone in geometry.zones
        ],
        "lines": [
            {"line": line.name, "from": list(line.start), "to": list(line.end), "forbidden": str(line.forbidden)}
            for line in geometry.lines
        ],
    }


def geometry_from_json(raw: Any) -> Geometry:
    """Read it.

    Raises:
        ValueError: it is not one; the sentence says which part, what was expected, and is fit for people.
    """
    fields = _mapping(raw, "the drawing", {"region", "zones", "lines"})
    region = _polygon(fields["region"], "region") if fields.get("region") else ()
    zones = tuple(_zone(each, f"zone {n}") for n, each in enumerate(_list(fields.get("zones"), "zones"), 1))
    lines = tuple(_line(each, f"line {n}") for n, each in enumerate(_list(fields.get("lines"), "lines"), 1))
    for what, names in (("zones", [zone.name for zone in zones]), ("lines", [line.name for line in lines])):
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise ValueError(f"two {what} are called {twice!r}; give each a name of its own")
    return Geometry(region, zones, lines)


def _zone(raw: Any, where: str) -> Zone:
    fields = _mapping(raw, where, {"zone", "polygon", "dwell_s", "density"})
    dwell = fields.get("dwell_s")
    if dwell is not None and (not _is_number(dwell) or not 0 < dwell <= 86_400):
        raise ValueError(f"{where}: dwell_s must be seconds, more than 0 and at most 86,400")
    density = fields.get("density", False)
    if not isinstance(density, bool):
        raise ValueError(f"{where}: density must be true or false")
    return Zone(_name(fields.get("zone"), where), _polygon(fields.get("polygon"), where), dwell, density)


def _line(raw: Any, where: str) -> Line:
    fields = _mapping(raw, where, {"line", "from", "to", "forbidden"})
    start, end = _point(fields.get("from"), f"{where}, from"), _point(fields.get("to"), f"{where}, to")
    if math.dist(start, end) < 0.01:
        raise ValueError(f"{where}: its ends are the same point")
    forbidden = fields.get("forbidden", "none")
    if forbidden not in tuple(Way):
        raise ValueError(f"{where}: forbidden must be one of {', '.join(Way)}")
    return Line(_name(fields.get("line"), where), start, end, Way(forbidden))


def _polygon(raw: Any, where: str) -> tuple[Point, ...]:
    if not isinstance(raw, Sequence) or isinstance(raw, str) or not 3 <= len(raw) <= MAX_CORNERS:
        raise ValueError(f"{where}: a polygon has 3 to {MAX_CORNERS} corners")
    corners = tuple(_point(each, f"{where}, corner {n}") for n, each in enumerate(raw, 1))
    following = (*corners[1:], corners[0])
    area = abs(sum(a[0] * b[1] - b[0] * a[1] for a, b in zip(corners, following, strict=True))) / 2
    if area < 1e-5:
        raise ValueError(f"{where}: the polygon encloses nothing")
    return corners


def _point(raw: Any, where: str) -> Point:
    if isinstance(raw, Sequence) and not isinstance(raw, str) and len(raw) == 2:
        x, y = raw
        if _is_number(x) and _is_number(y) and 0 <= x <= 1 and 0 <= y <= 1:
            return float(x), float(y)
    raise ValueError(f"{where}: expected [x, y] as shares of the picture's width and height, each from 0 to 1")


def _name(raw: Any, where: str) -> str:
    if isinstance(raw, str) and 1 <= len(raw) <= MAX_NAME and raw == raw.strip() and raw.isprintable():
        # Events list the zones that something is in, with commas between them.
        if "," not in raw:
            return raw
        raise ValueError(f"{where}: its name {raw!r} has a comma in it; write it without")
    raise ValueError(f"{where}: its name must be plain text of 1 to {MAX_NAME} characters")


def _is_number(value: Any) -> bool:
    # math.isfinite fails on whole numbers that no float can hold.
    return isinstance(value, (int, float)) and not isinstance(value, bool) and -math.inf < value < math.inf


def _list(raw: Any, where: str) -> Sequence[Any]:
    if raw is None:
        return ()
    if not isinstance(raw, Sequence) or isinstance(raw, str) or len(raw) > MAX_SHAPES:
        raise ValueError(f"{where}: expected a list of at most {MAX_SHAPES}")
    return raw


def _mapping(raw: Any, where: str, known: set[str]) -> Mapping[str, Any]:
    if not isinstance(raw, Mapping):
        raise ValueError(f"{where}: expected an object")
    unknown = sorted(str(key) for key in raw if key not in known)
    if unknown:
        raise ValueError(f"{where}: there is no {unknown[0]!r}; there are {', '.join(sorted(known))}")
    return raw
