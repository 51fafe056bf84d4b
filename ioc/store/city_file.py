"""The city file: a city's name, areas and sketch, read from YAML."""

import math
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from ioc.model.city import Area, City
from ioc.model.faults import Fault
from ioc.runtime.marked_yaml import YamlNode, read_marked_file

LAYERS: Final = ("water", "park", "road", "place")
"""What the sketch is drawn of."""

_SHAPES: Final = {"ring": "Polygon", "line": "LineString", "point": "Point"}


def load_city(path: Path) -> City:
    """Read a city file; its `fleet` section is the simulators' own and is passed over.

    Raises:
        Fault: the file cannot be read, or something in it is wrong: with file, line and column.
    """
    return read_city(read_document(path))


def read_document(path: Path) -> YamlNode:
    """Read a YAML file that must not be empty.

    Raises:
        Fault: the file cannot be read, is not YAML, or is empty.
    """
    document = read_marked_file(path)
    if document is None:
        raise Fault(f"{path}:1:1: the file is empty; expected keys and values", wrong_use=False)
    return document


def read_city(document: YamlNode) -> City:
    """Read a city from a document that is already parsed.

    Raises:
        Fault: something in it is wrong, with file, line and column.
    """
    fields = document.mapping(
        known=("id", "title", "timezone", "bounds", "areas", "sketch", "fleet"),
        required=("id", "title", "timezone", "bounds", "areas"),
    )
    timezone = fields["timezone"].text()
    try:
        ZoneInfo(timezone)
    except (ValueError, OSError, KeyError):
        raise fields["timezone"].wrong(f"{timezone!r} is not a time zone such as Asia/Ho_Chi_Minh") from None
    return City(
        id=fields["id"].text(),
        title=_title(fields["title"]),
        timezone=timezone,
        bounds=_bounds(fields["bounds"]),
        areas=_areas(fields["areas"]),
        sketch={
            "type": "FeatureCollection",
            "features": [_feature(node) for node in fields["sketch"].sequence()] if "sketch" in fields else [],
        },
    )


def read_number(node: YamlNode, low: float, high: float) -> float:
    """Read a finite number in a range, inclusive.

    Raises:
        Fault: not such a number.
    """
    try:
        number = float(node.text())
    except ValueError:
        number = math.nan
    # Also false for NaN.
    if not low <= number <= high:
        raise node.wrong(f"expected a number from {low:g} to {high:g}, found {node.described()}")
    return number


def read_point(node: YamlNode) -> tuple[float, float]:
    """Read `[longitude, latitude]`, degrees.

    Raises:
        Fault: not two numbers in range.
    """
    pair = node.sequence()
    if len(pair) != 2:
        raise node.wrong(f"expected [longitude, latitude], found {len(pair)} entries")
    return read_number(pair[0], -180, 180), read_number(pair[1], -90, 90)


def _title(node: YamlNode) -> dict[str, str]:
    fields = node.mapping(known=("vi", "en"), required=("vi", "en"))
    return {language: text.text() for language, text in fields.items()}


def _bounds(node: YamlNode) -> tuple[float, float, float, float]:
    sides = node.sequence()
    if len(sides) != 4:
        raise node.wrong(f"expected [west, south, east, north], found {len(sides)} entries")
    west, east = read_number(sides[0], -180, 180), read_number(sides[2], -180, 180)
    south, north = read_number(sides[1], -90, 90), read_number(sides[3], -90, 90)
    if west >= east or south >= north:
        raise node.wrong("expected [west, south, east, north] with west < east and south < north")
    return west, south, east, north


def _areas(node: YamlNode) -> tuple[Area, ...]:
    areas: dict[str, Area] = {}
    for item in node.sequence():
        fields = item.mapping(known=("id", "title", "level", "parent", "rings"), required=("id", "title", "level"))
        name = fields["id"].text()
        if name in areas:
            raise fields["id"].wrong(f"the area {name!r} is there twice")
        parent = fields["parent"].text() if "parent" in fields else None
        if parent is not None and parent not in areas:
            raise fields["parent"].wrong(
                f"the area {parent!r} is not known yet; larger areas stand before smaller ones"
            )
        rings = fields["rings"].sequence() if "rings" in fields else []
        areas[name] = Area(
            id=name,
            title=_title(fields["title"]),
            level=fields["level"].text(),
            parent=parent,
            rings=tuple(tuple(_points(ring, at_least=3)) for ring in rings),
        )
    return tuple(areas.values())


def _points(node: YamlNode, *, at_least: int) -> list[tuple[float, float]]:
    points = [read_point(point) for point in node.sequence()]
    if len(points) < at_least:
        raise node.wrong(f"expected at least {at_least} points, found {len(points)}")
    return points


def _feature(node: YamlNode) -> dict[str, Any]:
    fields = node.mapping(known=("layer", "name", "class", *_SHAPES), required=("layer",))
    shapes = [shape for shape in _SHAPES if shape in fields]
    if len(shapes) != 1:
        raise node.wrong("a feature of the sketch has exactly one of ring, line and point")
    shape = shapes[0]
    coordinates: Any
    if shape == "point":
        coordinates = list(read_point(fields["point"]))
    elif shape == "line":
        coordinates = [list(point) for point in _points(fields["line"], at_least=2)]
    else:
        ring = [list(point) for point in _points(fields["ring"], at_least=3)]
        # GeoJSON wants a ring closed; a file that a person draws need not say the first point twice.
        coordinates = [ring if ring[0] == ring[-1] else [*ring, ring[0]]]
    return {
        "type": "Feature",
        "properties": {
            "layer": fields["layer"].choice(LAYERS),
            "name": fields["name"].text() if "name" in fields else None,
            "class": fields["class"].text() if "class" in fields else None,
        },
        "geometry": {"type": _SHAPES[shape], "coordinates": coordinates},
    }
