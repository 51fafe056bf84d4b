"""The assets' file: a city's things, read from YAML, CSV or GeoJSON, with the place of every mistake."""

import csv
import io
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

from ioc.model.assets import Asset
from ioc.model.faults import Fault
from ioc.model.geo import valid_position
from ioc.model.kinds import Kind
from ioc.runtime.marked_yaml import MAX_BYTES, Misplaced, YamlNode, expected, read_marked

COLUMNS: Final = ("id", "kind", "name", "lat", "lon", "area", "site", "zone", "tags", "aliases", "mobile")
"""What may be said of an asset, in every format; `id` and `kind` must be."""

_REQUIRED: Final = ("id", "kind")
_LISTS: Final = ("tags", "aliases")
_KINDS: Final = tuple(str(kind) for kind in Kind)
_BOOLEANS: Final = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False, "": False}
_ID: Final = re.compile(r"[^\s\x00-\x1f\x7f](?:[^\x00-\x1f\x7f]{0,126}[^\s\x00-\x1f\x7f])?")

Wrong = Callable[[str | None, str], Misplaced]
"""Makes the complaint about one field of an asset (or the whole of it), with its place."""

ReadOne = Callable[[], tuple[Mapping[str, Any], Wrong]]
"""Reads what stands in the file of one asset; raises `Misplaced` where that is no asset at all."""


@dataclass(frozen=True, slots=True)
class AssetFile:
    """What a file holds.

    Attributes:
        assets: in the order of the file.
        mistakes: what is wrong, each with file, line and column; nothing may be loaded where there are any.
    """

    assets: tuple[Asset, ...]
    mistakes: tuple[Misplaced, ...]


def read_asset_file(path: Path) -> AssetFile:
    """Read a file of assets; its name says the format: .yaml, .yml, .csv, .geojson or .json.

    Raises:
        Fault: the file cannot be read, is of another format, or not what its name says.
    """
    read = _FORMATS.get(path.suffix.lower())
    if read is None:
        raise Fault(f"{path}: the name must end in {', '.join(_FORMATS)}, so that the format is known")
    try:
        text = path.read_text("utf-8-sig")
    except UnicodeDecodeError as problem:
        raise Misplaced(str(path), 1, 1, f"the file is not UTF-8 (byte {problem.start})") from None
    except OSError as problem:
        raise Fault(f"{path} cannot be read: {(problem.strerror or str(problem)).lower()}") from None
    assets: dict[str, Asset] = {}
    names: dict[str, str] = {}
    mistakes: list[Misplaced] = []
    for read_one in read(text, str(path)):
        try:
            given, wrong = read_one()
            asset = _asset(given, wrong)
            if asset.id in assets:
                raise wrong("id", f"the asset {asset.id!r} is there twice")
            for alias in asset.aliases:
                if names.get(alias, asset.id) != asset.id:
                    raise wrong("aliases", f"{alias!r} is an alias of {names[alias]!r} already")
                names[alias] = asset.id
        except Misplaced as mistake:
            mistakes.append(mistake)
        else:
            assets[asset.id] = asset
    return AssetFile(tuple(assets.values()), tuple(mistakes))


def asset_to_row(asset: Asset) -> dict[str, Any]:
    """Write an asset as it may stand in a file; what is not known is left out."""
    row: dict[str, Any] = {
        "id": asset.id,
        "kind": str(asset.kind),
        "name": asset.name,
        "lat": asset.lat,
        "lon": asset.lon,
        "area": asset.area,
        "site": asset.site,
        "zone": asset.zone,
        "tags": list(asset.tags) or None,
        "aliases": list(asset.aliases) or None,
        "mobile": asset.mobile or None,
    }
    return {name: value for name, value in row.items() if value is not None}


def _asset(given: Mapping[str, Any], wrong: Wrong) -> Asset:
    for name in given:
        if name not in COLUMNS:
            raise wrong(name, f"{name!r} is not known here; {expected(name, COLUMNS)}")
    for name in _REQUIRED:
        if given.get(name) in (None, ""):
            raise wrong(name if name in given else None, f"{name!r} is missing")
    identity, kind = _text(given, "id", wrong), _text(given, "kind", wrong)
    if identity is None or not _ID.fullmatch(identity):
        raise wrong("id", "an id is 1 to 128 characters that can be seen, without space at its ends")
    if kind not in _KINDS:
        raise wrong("kind", f"{kind!r} is not a kind; {expected(str(kind), _KINDS)}")
    lat, lon = _number(given, "lat", wrong), _number(given, "lon", wrong)
    if (lat is None) != (lon is None):
        raise wrong("lat" if lon is None else "lon", "lat and lon go together: both or neither")
    if lat is not None and not valid_position(lat, lon):
        raise wrong("lat", f"{lat}, {lon} is no position: latitude from -90 to 90 and longitude from -180 to 180")
    return Asset(
        id=identity,
        kind=Kind(kind),
        name=_text(given, "name", wrong) or identity,
        lat=lat,
        lon=lon,
        area=_text(given, "area", wrong),
        site=_text(given, "site", wrong),
        zone=_text(given, "zone", wrong),
        tags=_texts(given, "tags", wrong),
        aliases=_texts(given, "aliases", wrong),
        mobile=_boolean(given, "mobile", wrong),
    )


def _text(given: Mapping[str, Any], name: str, wrong: Wrong) -> str | None:
    value = given.get(name)
    if value is None or value == "":
        return None
    if isinstance(value, (dict, list, bool)):
        raise wrong(name, f"{name!r} must be a text")
    text = str(value)
    if len(text) > 256 or any(ord(sign) < 32 for sign in text):
        raise wrong(name, f"{name!r} must be a text of at most 256 characters in one line")
    return text


def _texts(given: Mapping[str, Any], name: str, wrong: Wrong) -> tuple[str, ...]:
    value = given.get(name)
    parts = value if isinstance(value, list) else str(value).split(";") if value not in (None, "") else []
    found = [_text({name: part}, name, wrong) for part in parts]
    return tuple(dict.fromkeys(part.strip() for part in found if part and part.strip()))


def _number(given: Mapping[str, Any], name: str, wrong: Wrong) -> float | None:
    value = given.get(name)
    if value is None or value == "":
        return None
    try:
        return float(value) if not isinstance(value, bool) else float("nan")
    except (TypeError, ValueError):
        raise wrong(name, f"{name!r} must be a number of degrees, not {value!r:.40}") from None


def _boolean(given: Mapping[str, Any], name: str, wrong: Wrong) -> bool:
    value = given.get(name)
    found = value if isinstance(value, bool) else _BOOLEANS.get(str(value or "").strip().lower())
    if found is None:
        raise wrong(name, f"{name!r} must be true or false, not {value!r:.40}")
    return found


def _read_yaml(text: str, source: str) -> Iterator[ReadOne]:
    """Read a list of assets, or a mapping `assets:` with such a list."""
    document = read_marked(text, source)
    if document is None:
        raise Misplaced(source, 1, 1, "the file is empty; expected a list of assets")
    if document.is_mapping():
        document = document.mapping(("assets",), required=("assets",))["assets"]
    for node in document.sequence():
        yield partial(_yaml_asset, node)


def _yaml_asset(node: YamlNode) -> tuple[Mapping[str, Any], Wrong]:
    mapping = node.mapping()
    keys = node.keys()

    def wrong(name: str | None, sentence: str) -> Misplaced:
        at = mapping.get(name or "") if name in COLUMNS else keys.get(name or "")
        return (at or node).wrong(sentence)

    # Texts as they are written: an id 007 is no number.
    return {name: _yaml_value(name, value) for name, value in mapping.items()}, wrong


def _yaml_value(name: str, node: YamlNode) -> Any:
    if name in _LISTS and node.is_sequence():
        return [item.text() for item in node.sequence()]
    return node.plain() if node.is_mapping() or node.is_sequence() else node.text()


def _read_csv(text: str, source: str) -> Iterator[ReadOne]:
    """Read a table whose first line names the columns; `;` or tabs may stand between them instead of commas."""
    head = text.split("\n", 1)[0]
    separator = max(",;\t", key=head.count)
    rows = csv.reader(io.StringIO(text), delimiter=separator, strict=True)
    try:
        columns = [name.strip().lower() for name in next(rows, [])]
        for number, name in enumerate(columns, 1):
            if name not in COLUMNS:
                raise Misplaced(source, 1, number, f"the column {name!r} is not known; {expected(name, COLUMNS)}")
        for name in _REQUIRED:
            if name not in columns:
                raise Misplaced(source, 1, 1, f"the column {name!r} is missing; the first line names the columns")
        before = rows.line_num
        for row in rows:
            line, before = before + 1, rows.line_num
            if any(cell.strip() for cell in row):
                yield partial(_csv_asset, columns, row, source, line)
    except csv.Error as problem:
        raise Misplaced(source, rows.line_num, 1, f"the table cannot be read: {problem}") from None


def _csv_asset(columns: list[str], row: list[str], source: str, line: int) -> tuple[Mapping[str, Any], Wrong]:
    def wrong(name: str | None, sentence: str) -> Misplaced:
        # What people count in a table are its columns.
        return Misplaced(source, line, columns.index(name) + 1 if name in columns else 1, sentence)

    if len(row) > len(columns):
        raise Misplaced(source, line, len(columns) + 1, f"the row has {len(row)} columns; expected {len(columns)}")
    return dict(zip(columns, (cell.strip() for cell in row), strict=False)), wrong


def _read_geojson(text: str, source: str) -> Iterator[ReadOne]:
    """Read a FeatureCollection of points; a feature's properties say what its asset is."""
    if len(text) > MAX_BYTES:
        raise Misplaced(source, 1, 1, f"the file has {len(text)} characters; at most {MAX_BYTES} are read")
    try:
        found = json.loads(text)
    except (json.JSONDecodeError, RecursionError) as problem:
        line, column = getattr(problem, "lineno", 1), getattr(problem, "colno", 1)
        raise Misplaced(source, line, column, "this is not JSON") from None
    features = found.get("features") if isinstance(found, dict) else None
    if not isinstance(features, list):
        raise Misplaced(source, 1, 1, "expected a FeatureCollection with a list of features")
    lines = _lines_of_features(text, len(features))
    for number, feature in enumerate(features):
        yield partial(_feature, feature, source, lines[number], number)


def _lines_of_features(text: str, count: int) -> list[int]:
    """Find the line on which each feature begins, by reading the array once more, one feature at a time."""
    decoder = json.JSONDecoder()
    found = re.search(r'"features"\s*:\s*\[', text)
    index, lines = found.end() if found else 0, []
    line, counted = 1, 0
    for _ in range(count):
        index = _after_space(text, index)
        line += text.count("\n", counted, index)
        counted = index
        lines.append(line)
        try:
            _, index = decoder.raw_decode(text, index)
        except ValueError:
            # Another "features" stood before it; the first line is still true.
            return lines + [line] * (count - len(lines))
    return lines


def _after_space(text: str, index: int) -> int:
    while index < len(text) and text[index] in " \t\r\n,":
        index += 1
    return index


def _feature(feature: Any, source: str, line: int, number: int) -> tuple[Mapping[str, Any], Wrong]:
    def wrong(_name: str | None, sentence: str) -> Misplaced:
        return Misplaced(source, line, 1, f"feature {number}: {sentence}")

    if not isinstance(feature, dict) or not isinstance(feature.get("properties"), dict):
        raise wrong(None, "expected a Feature with properties")
    given = {name: value for name, value in feature["properties"].items() if name in COLUMNS}
    if "id" not in given and feature.get("id") is not None:
        given["id"] = feature["id"]
    geometry = feature.get("geometry")
    if geometry is not None:
        coordinates = geometry.get("coordinates") if isinstance(geometry, dict) else None
        if not isinstance(coordinates, list) or len(coordinates) < 2 or geometry.get("type") != "Point":
            raise wrong(None, "expected a Point with [longitude, latitude]")
        given["lon"], given["lat"] = coordinates[:2]
    return given, wrong


_FORMATS: Final[Mapping[str, Callable[[str, str], Iterator[ReadOne]]]] = {
    ".yaml": _read_yaml,
    ".yml": _read_yaml,
    ".csv": _read_csv,
    ".geojson": _read_geojson,
    ".json": _read_geojson,
}
