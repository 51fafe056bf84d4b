"""The cameras' file: which cameras there are, read from YAML with the place of every mistake."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar
from urllib.parse import quote

from ingest.vision.camera import DEFAULT_ANALYTICS, Analytic, Camera, DetectorName
from ingest.vision.sources.camera_url import parse_camera_url
from ioc.model.cameras import FieldOfView, Geometry, geometry_from_json
from ioc.model.faults import Fault
from ioc.model.geo import valid_position
from ioc.runtime.marked_yaml import Misplaced, YamlNode, expected, read_marked_file

MAX_CAMERAS: Final = 1024

RATES: Final = (0.1, 30.0)
"""Frames a second that may be asked for."""

WIDTHS: Final = (160, 4096)
"""Pixels to which pictures may be made smaller."""

_KEYS: Final = (
    "camera",
    "url",
    "rate",
    "width",
    "detector",
    "look_for",
    "name",
    "place",
    "region",
    "zones",
    "lines",
    "simulated",
    "loop",
)
_LANGUAGES: Final = ("vi", "en")
_ID: Final = re.compile(r"[A-Za-z0-9._:-]{1,64}")
_VARIABLE: Final = re.compile(r"\$\{([^}]*)\}")
_VARIABLE_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_DURATION: Final = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*(s|min|h)?")
_SECONDS: Final = {None: 1, "s": 1, "min": 60, "h": 3600}

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class CameraFile:
    """What a file holds.

    Attributes:
        cameras: in the order of the file.
        mistakes: what is wrong, each with file, line and column; no camera may be read where there are any.
    """

    cameras: tuple[Camera, ...]
    mistakes: tuple[Misplaced, ...]


def read_cameras(path: Path, environment: Mapping[str, str]) -> tuple[Camera, ...]:
    """Read a file that holds no mistakes.

    Args:
        path: of a YAML file.
        environment: from which `${NAME}` in addresses is taken.

    Raises:
        Fault: the first mistake, with file, line, column; it never holds an address or a variable's value.
    """
    found = check_cameras(path, environment)
    if found.mistakes:
        raise found.mistakes[0]
    return found.cameras


def check_cameras(path: Path, environment: Mapping[str, str]) -> CameraFile:
    """Read a file and gather every camera's first mistake; see `read_cameras`.

    Raises:
        Fault: the file cannot be read, or is no list of cameras at all.
    """
    root = read_marked_file(path)
    if root is None:
        raise Fault(f"{path}: the file is empty; expected `cameras:` and a list")
    listed = root.mapping(("cameras",), required=("cameras",))["cameras"]
    nodes = listed.sequence()
    if len(nodes) > MAX_CAMERAS:
        raise listed.wrong(f"{len(nodes)} cameras; at most {MAX_CAMERAS} are read")
    cameras: dict[str, Camera] = {}
    mistakes: list[Misplaced] = []
    for node in nodes:
        try:
            camera = _camera(node, path.parent, environment)
            if camera.id in cameras:
                raise node.mapping()["camera"].wrong(f"the camera {camera.id!r} is there twice")
        except Misplaced as mistake:
            mistakes.append(mistake)
        else:
            cameras[camera.id] = camera
    return CameraFile(tuple(cameras.values()), tuple(mistakes))


def _camera(node: YamlNode, folder: Path, environment: Mapping[str, str]) -> Camera:
    fields = node.mapping(_KEYS, required=("camera", "url"))
    name = fields["camera"].text()
    if not _ID.fullmatch(name):
        raise fields["camera"].wrong("a camera's id has 1 to 64 characters, each one of A-Z a-z 0-9 . _ : -")

    def read(key: str, how: Callable[[YamlNode], _T], otherwise: _T) -> _T:
        return how(fields[key]) if key in fields else otherwise

    return Camera(
        id=name,
        url=_url(fields["url"], folder, environment),
        rate=read("rate", lambda value: _between(value, *RATES, "frames a second"), 5.0),
        width=read("width", lambda value: int(_between(value, *WIDTHS, "pixels")), 1280),
        geometry=_geometry(fields),
        analytics=read("look_for", _analytics, DEFAULT_ANALYTICS),
        detector=read(
            "detector", lambda value: DetectorName(value.choice([str(each) for each in DetectorName])), DetectorName.SSD
        ),
        place=read("place", _place, None),
        names=read("name", _names, {}),
        simulated=read("simulated", YamlNode.boolean, False),
        loop=read("loop", YamlNode.boolean, True),
    )


def _url(node: YamlNode, folder: Path, environment: Mapping[str, str]) -> str:
    if node.is_mapping() or node.is_sequence():
        raise node.wrong("expected an address here, such as rtsp://user:${PASSWORD}@10.0.0.5/stream")
    written = node.text()
    for found in _VARIABLE.finditer(written):
        if not _VARIABLE_NAME.fullmatch(found[1]):
            raise node.wrong("a variable is written ${NAME}, of letters, digits and _", offset=found.start())
        if found[1] not in environment:
            raise node.wrong(
                f"the environment has no {found[1]!r}; {_nearest(found[1], environment)}", offset=found.start()
            )

    def filled(found: re.Match[str]) -> str:
        value = environment[found[1]]
        # A password may hold @ and /, which end it in an address.
        return quote(value, safe="") if _is_credential(written, found) else value

    url = _VARIABLE.sub(filled, written)
    try:
        parsed = parse_camera_url(url)
    except ValueError as error:
        raise node.wrong(str(error)) from None
    if parsed.scheme in {"file", "folder"} and not Path(parsed.path).is_absolute():
        return f"{parsed.scheme}:{(folder / parsed.path).absolute()}"
    return url


def _is_credential(written: str, found: re.Match[str]) -> bool:
    start = written.find("://")
    return (
        0 <= start < found.start() and "@" in written[found.end() :] and "/" not in written[start + 3 : found.start()]
    )


def _nearest(name: str, environment: Mapping[str, str]) -> str:
    hint = expected(name, environment)
    # All names of the environment are nobody's business.
    return hint if hint.startswith("did you mean") else "set it where the program is started"


def _geometry(fields: Mapping[str, YamlNode]) -> Geometry:
    region: Geometry = _checked(fields["region"], lambda raw: {"region": raw}) if "region" in fields else Geometry()
    zones = [_checked(node, _one("zones", _with_dwell(node))) for node in _items(fields, "zones")]
    lines = [_checked(node, _one("lines", node.plain())) for node in _items(fields, "lines")]
    whole = Geometry(
        region.region,
        tuple(zone for each in zones for zone in each.zones),
        tuple(line for each in lines for line in each.lines),
    )
    for key, names in (("zones", [zone.name for zone in whole.zones]), ("lines", [line.name for line in whole.lines])):
        for number, name in enumerate(names):
            if name in names[:number]:
                raise fields[key].sequence()[number].wrong(f"{name!r} is there twice; give each a name of its own")
    return whole


def _items(fields: Mapping[str, YamlNode], key: str) -> list[YamlNode]:
    return fields[key].sequence() if key in fields else []


def _one(key: str, raw: Any) -> Callable[[Any], dict[str, Any]]:
    return lambda _: {key: [raw]}


def _with_dwell(node: YamlNode) -> dict[str, Any]:
    fields = node.mapping(("zone", "polygon", "dwell", "density"), required=("zone", "polygon"))
    raw = {key: value.plain() for key, value in fields.items() if key != "dwell"}
    if "dwell" in fields:
        raw["dwell_s"] = _seconds(fields["dwell"])
    return raw


def _seconds(node: YamlNode) -> float:
    found = _DURATION.fullmatch(node.text().strip())
    if found is None or not 0 < (seconds := float(found[1]) * _SECONDS[found[2]]) <= 86_400:
        raise node.wrong("expected a time from above 0 to 24 h, such as 60 s, 5 min or 1 h")
    return seconds


def _checked(node: YamlNode, wrapped: Callable[[Any], dict[str, Any]]) -> Geometry:
    try:
        return geometry_from_json(wrapped(node.plain()))
    except ValueError as error:
        # There is but one in what was checked, so its number says nothing.
        raise node.wrong(re.sub(r"^(zone|line) 1\b[:,] ", "", str(error))) from None


def _analytics(node: YamlNode) -> frozenset[Analytic]:
    return frozenset(Analytic(each.choice([str(known) for known in Analytic])) for each in node.sequence())


def _place(node: YamlNode) -> FieldOfView:
    fields = node.mapping(("lat", "lon", "heading", "angle", "range_m"), required=("lat", "lon"))
    lat, lon = _between(fields["lat"], -90, 90, "degrees"), _between(fields["lon"], -180, 180, "degrees")
    if not valid_position(lat, lon):
        raise node.wrong("this is no place on the map: expected degrees of latitude and longitude")
    heading = _between(fields["heading"], 0, 360, "degrees clockwise from north") if "heading" in fields else None
    angle = _between(fields["angle"], 1, 360, "degrees") if "angle" in fields else 60.0
    range_m = _between(fields["range_m"], 1, 10_000, "metres") if "range_m" in fields else 60.0
    return FieldOfView(lat, lon, heading, angle, range_m)


def _names(node: YamlNode) -> dict[str, str]:
    if not node.is_mapping():
        return dict.fromkeys(_LANGUAGES, _name(node))
    return {language: _name(value) for language, value in node.mapping(_LANGUAGES).items()}


def _name(node: YamlNode) -> str:
    name = node.text().strip()
    if not 1 <= len(name) <= 200 or not name.isprintable():
        raise node.wrong("a name is plain text of 1 to 200 characters")
    return name


def _between(node: YamlNode, least: float, most: float, unit: str) -> float:
    value = node.number()
    if not least <= value <= most:
        raise node.wrong(f"expected {least:g} to {most:g} {unit}, found {value:g}")
    return value
