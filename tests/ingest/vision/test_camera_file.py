from pathlib import Path
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.vision.camera import Analytic, DetectorName
from ingest.vision.camera_file import check_cameras, read_cameras
from ioc.model.cameras import FieldOfView, Line, Way, Zone
from ioc.model.faults import Fault

WHOLE = """
cameras:
  - camera: cam-gate-01
    url: rtsp://viewer:${GATE_PASSWORD}@10.20.0.5/stream1
    rate: 2.5
    width: 640
    detector: ssd-tiles
    look_for: [objects, smoke]
    name: {vi: Cổng chính, en: Main gate}
    place: {lat: 11.94, lon: 108.44, heading: 120, angle: 70, range_m: 45}
    region: [[0, 0], [1, 0], [1, 1], [0, 1]]
    zones: [{zone: gate, polygon: [[0, 0], [1, 0], [1, 1]], dwell: 2 min, density: true}]
    lines: [{line: entrance, from: [0.2, 0.8], to: [0.8, 0.8], forbidden: in}]
    simulated: true
    loop: false
"""


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "cameras.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_everything_that_can_be_said_of_a_camera_is_read(tmp_path: Path) -> None:
    (camera,) = read_cameras(written(tmp_path, WHOLE), {"GATE_PASSWORD": "p@ss/word"})
    assert camera.id == "cam-gate-01"
    assert camera.url == "rtsp://viewer:p%40ss%2Fword@10.20.0.5/stream1"
    assert (camera.rate, camera.width, camera.simulated, camera.loop) == (2.5, 640, True, False)
    assert camera.detector == DetectorName.SSD_TILES
    assert camera.analytics == {Analytic.OBJECTS, Analytic.SMOKE}
    assert camera.names == {"vi": "Cổng chính", "en": "Main gate"}
    assert camera.place == FieldOfView(11.94, 108.44, 120, 70, 45)
    assert len(camera.geometry.region) == 4
    assert camera.geometry.zones == (Zone("gate", ((0, 0), (1, 0), (1, 1)), 120, density=True),)
    assert camera.geometry.lines == (Line("entrance", (0.2, 0.8), (0.8, 0.8), Way.IN),)


def test_an_id_and_an_address_are_enough(tmp_path: Path) -> None:
    (camera,) = read_cameras(written(tmp_path, "cameras:\n  - {camera: a, url: 'usb:0'}\n"), {})
    assert (camera.id, camera.rate, camera.detector) == ("a", 5.0, DetectorName.SSD)


def test_paths_of_clips_are_relative_to_the_file(tmp_path: Path) -> None:
    (camera,) = read_cameras(written(tmp_path, "cameras:\n  - {camera: a, url: 'file:clips/a.mp4'}\n"), {})
    assert camera.url == f"file:{tmp_path}/clips/a.mp4"


@pytest.mark.parametrize(
    ("lines", "place", "sentence"),
    [
        ("ulr: usb:0", "3:5", "did you mean 'url'"),
        ("url: usb:0\n    rate: 99", "4:11", "0.1 to 30 frames a second"),
        ("url: usb:0\n    rate: fast", "4:11", "expected a number"),
        ("url: usb:0\n    detector: sdd", "4:15", "did you mean 'ssd'"),
        ("url: usb:0\n    look_for: [object]", "4:16", "did you mean 'objects'"),
        ("url: ftp://host", "3:10", "one of rtsp://"),
        ("url: rtsp://u:${MISSING}@host/x", "3:19", "no 'MISSING'"),
        ("url: rtsp://u:${GATE_PASWORD}@host/x", "3:19", "did you mean 'GATE_PASSWORD'"),
        ("url: rtsp://u:${no good}@host/x", "3:19", "letters, digits and _"),
        ("url: [a]", "3:10", "expected an address"),
        ("url: usb:0\n    zones: [{zone: a, polygon: [[0, 0], [1, 1]]}]", "4:13", "3 to 64 corners"),
        ("url: usb:0\n    zones: [{zone: a, polygon: [[0, 0], [2, 0], [1, 1]]}]", "4:13", "from 0 to 1"),
        ("url: usb:0\n    zones: [{zone: a, polygon: [[0, 0], [1, 0], [1, 1]], dwell: soon}]", "4:65", "such as 60 s"),
        ("url: usb:0\n    lines: [{line: a, from: [0, 0], to: [1, 1], forbidden: up}]", "4:13", "none, in, out, both"),
        ("url: usb:0\n    place: {lat: 111, lon: 8}", "4:18", "-90 to 90 degrees"),
        ("url: usb:0\n    name: {de: Tor}", "4:12", "'de' is not known"),
    ],
)
def test_a_mistake_is_named_with_its_place_and_what_was_expected(
    tmp_path: Path, lines: str, place: str, sentence: str
) -> None:
    path = written(tmp_path, f"cameras:\n  - camera: a\n    {lines}\n")
    with pytest.raises(Fault) as fault:
        read_cameras(path, {"GATE_PASSWORD": "hunter2"})
    assert str(fault.value).startswith(f"{path}:{place}: ")
    assert sentence in str(fault.value)
    assert "hunter2" not in str(fault.value)


def test_all_cameras_with_mistakes_are_told_of_at_once(tmp_path: Path) -> None:
    text = "cameras:\n  - {camera: a b, url: 'usb:0'}\n  - {camera: b}\n  - {camera: c, url: 'usb:0'}\n  - {camera: c, url: 'usb:1'}\n"
    found = check_cameras(written(tmp_path, text), {})
    assert [camera.id for camera in found.cameras] == ["c"]
    assert [mistake.line for mistake in found.mistakes] == [2, 3, 5]


@pytest.mark.parametrize("text", ["", "cameras:\n", "camera: a\n", "- a\n", "cameras: {a: b}\n", "\t"])
def test_what_is_no_list_of_cameras_is_said_to_be_none(tmp_path: Path, text: str) -> None:
    with pytest.raises(Fault):
        read_cameras(written(tmp_path, text), {})


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(Fault, match=r"none\.yaml"):
        read_cameras(tmp_path / "none.yaml", {})


@given(
    st.text(
        st.characters(codec="utf-8", exclude_categories=("Cs",), exclude_characters="\r\n\0"), min_size=1, max_size=12
    )
)
def test_any_password_from_the_environment_reaches_the_address_whole(
    tmp_path_factory: pytest.TempPathFactory, password: str
) -> None:
    path = tmp_path_factory.getbasetemp() / "password.yaml"
    path.write_text("cameras:\n  - {camera: a, url: 'rtsp://u:${P}@host/x'}\n")
    (camera,) = read_cameras(path, {"P": password})
    assert unquote(camera.url.removeprefix("rtsp://u:").removesuffix("@host/x")) == password
