"""The city file: a city's name, areas and sketch, read from YAML."""

from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from ioc.model.city import Area, City
from ioc.store.located_yaml import Located, read_located

LAYERS: Final = ("water", "park", "road", "place")
"""What the sketch is drawn of."""

_SHAPES: Final = {"ring": "Polygon", "line": "LineString", "point": "Point"}


def load_city(path: Path) -> City:
    """Read a city file; its `fleet` section is the simulators' own and is passed over.

    Raises:
        Fault: the file cannot be read or something in it is wrong, with file, line and column.
    """
    return read_city(read_located(path))


def read_city(document: Located) -> City:
    """Read a city from a document that is already parsed.

    Raises:
        Fault: something in it is wrong, with file, line and column.
    """
    fields = document.mapping(
        required=frozenset({"id", "title", "timezone", "bounds", "areas"}), optional=frozenset({"sketch", "fleet"})
    )
    timezone = fields["timezone"].text()
    try:
        ZoneInfo(timezone)
    except (ValueError, OSError, KeyError):
        raise fields["timezone"].fault(f"{timezone!r} is not a time zone such as Asia/Ho_Chi_Minh") from None
    return City(
        id=fields["id"].text(),
        title=_title(fields["title"]),
        timezone=timezone,
        bounds=_bounds(fields["bounds"]),
        areas=_areas(fields["areas"]),
        sketch={
            "type": "FeatureCollection",
            "features": [_feature(item) for item in fields["sketch"].items()] if "sketch" in fields else [],
        },
    )


def read_point(value: Located) -> tuple[float, float]:
    """Read `[longitude, latitude]`.

    Raises:
        Fault: not two numbers in range.
    """
    pair = value.items()
    if len(pair) != 2:
        raise value.fault(f"expected [longitude, latitude], found {len(pair)} entries")
    return pair[0].number(-180, 180), pair[1].number(-90, 90)


def _title(value: Located) -> dict[str, str]:
    fields = value.mapping(required=frozenset({"vi", "en"}))
    return {language: text.text() for language, text in fields.items()}


def _bounds(value: Located) -> tuple[float, float, float, float]:
    sides = value.items()
    if len(sides) != 4:
        raise value.fault(f"expected [west, south, east, north], found {len(sides)} entries")
    west, east = sides[0].number(-180, 180), sides[2].number(-180, 180)
    south, north = sides[1].number(-90, 90), sides[3].number(-90, 90)
    if west >= east or south >= north:
        raise value.fault("expected west < east and south < north, as [west, south, east, north]")
    return west, south, east, north


def _areas(value: Located) -> tuple[Area, ...]:
    areas: dict[str, Area] = {}
    for item in value.items(at_least=1):
        fields = item.mapping(
            required=frozenset({"id", "title", "level"}),
            optional=frozenset({"parent", "rings"}),
        )
        name = fields["id"].text()
        if name in areas:
            raise fields["id"].fault(f"the area {name!r} is there twice")
        parent = fields["parent"].text() if "parent" in fields else None
        if parent is not None and parent not in areas:
            raise fields["parent"].fault(f"the area {parent!r} is not known yet; larger areas come first")
        rings = [_points(ring, at_least=3) for ring in fields["rings"].items()] if "rings" in fields else []
        areas[name] = Area(
            id=name,
            title=_title(fields["title"]),
            level=fields["level"].text(),
            parent=parent,
            rings=tuple(tuple(ring) for ring in rings),
        )
    return tuple(areas.values())


def _points(value: Located, *, at_least: int) -> list[tuple[float, float]]:
    return [read_point(point) for point in value.items(at_least=at_least)]


def _feature(item: Located) -> dict[str, Any]:
    fields = item.mapping(required=frozenset({"layer"}), optional=frozenset({"name", "class", "ring", "line", "point"}))
    shapes = [shape for shape in _SHAPES if shape in fields]
    if len(shapes) != 1:
        raise item.fault("a feature of the sketch has exactly one of ring, line and point")
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
            "layer": fields["layer"].one_of(LAYERS),
            "name": fields["name"].text() if "name" in fields else None,
            "class": fields["class"].text() if "class" in fields else None,
        },
        "geometry": {"type": _SHAPES[shape], "coordinates": coordinates},
    }
