"""The pretend cameras: the same seed and moment give the same picture, and the story is there to be seen."""

import http.client
import itertools
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from ingest.vision.camera import Camera
from ingest.vision.camera_file import read_cameras
from ingest.vision.frame import Frame
from ingest.vision.looks.pixels import PixelLooks
from ioc.model.cameras import Line, Way
from ioc.model.instant import MILLISECOND, SECOND
from simulators.cameras import crossing, hill, market
from simulators.cameras.painting import HEIGHT, WIDTH
from simulators.cameras.scenes import SCENES
from simulators.cameras.serving import CameraServer
from simulators.settings import SimulatorSettings

FILE = Path(crossing.__file__).with_name("da-lat.yaml")
START = 1_790_000_000 * SECOND
CAPTION = slice(HEIGHT - 22, HEIGHT)


@pytest.fixture(scope="module")
def cameras() -> dict[str, Camera]:
    return {camera.id: camera for camera in read_cameras(FILE, {"IOC_PRETEND_CAMERAS_PORT": "8088"})}


@pytest.mark.parametrize("name", SCENES)
def test_a_moment_of_a_seed_always_looks_the_same(name: str) -> None:
    first, again, other = SCENES[name](3), SCENES[name](3), SCENES[name](4)
    for at_s in (0.0, 12.4, 71.2):
        assert np.array_equal(first.picture(at_s), again.picture(at_s))
        # Pictures are asked for in any order.
    assert np.array_equal(first.picture(12.4), again.picture(12.4))
    assert not np.array_equal(first.picture(71.2), other.picture(71.2))
    assert first.picture(0).shape == (HEIGHT, WIDTH, 3)


@pytest.mark.parametrize("name", SCENES)
def test_every_picture_says_that_it_is_pretended(name: str) -> None:
    scene = SCENES[name](7)
    caption = scene.picture(0)[CAPTION]
    assert len(np.unique(caption)) > 40
    for at_s in (8.0, 33.0, 88.0):
        assert not _changed(caption, scene.picture(at_s)[CAPTION]).any()


def test_every_pretend_camera_of_the_file_is_served_and_marked(cameras: dict[str, Camera]) -> None:
    assert {camera.url.rsplit("/", 1)[1] for camera in cameras.values()} == set(SCENES)
    for camera in cameras.values():
        assert camera.simulated
        assert camera.place is not None
        assert set(camera.names) == {"vi", "en"}


def test_who_drives_against_the_direction_crosses_the_line_the_forbidden_way(cameras: dict[str, Camera]) -> None:
    (line,) = cameras["cam-demo-crossing"].geometry.lines
    assert line.forbidden is Way.IN
    scene = crossing.Crossing(7)
    ways: list[Way] = []
    before: dict[float, tuple[float, float]] = {}
    for step in range(5 * 420):
        now = {}
        for thing in scene._vehicles(step / 5):
            x, y = crossing.GROUND.place(thing.aside, thing.away)
            now[thing.away] = (x / WIDTH, y / HEIGHT)
        ways += [way for away, place in now.items() if (way := _way(line, before.get(away), place)) is not None]
        before = now
    # In 420 s two come against the direction, and everybody else goes with it.
    assert ways.count(Way.IN) == 2
    assert ways.count(Way.OUT) > 10


def _way(line: Line, before: tuple[float, float] | None, now: tuple[float, float]) -> Way | None:
    (ax, ay), (bx, by) = line.start, line.end

    def right_hand(point: tuple[float, float]) -> bool:
        return (bx - ax) * (point[1] - ay) - (by - ay) * (point[0] - ax) > 0

    if before is None or abs(before[0] - now[0]) > 0.2 or not ay < now[1] < by or right_hand(before) == right_hand(now):
        return None
    return Way.IN if right_hand(now) else Way.OUT


def test_the_people_of_the_market_go_through_its_gate_and_one_waits_longer_than_the_zone_allows(
    cameras: dict[str, Camera],
) -> None:
    (zone,) = cameras["cam-demo-market"].geometry.zones
    polygon = np.array(zone.polygon, np.float32)
    scene = market.Market(7)
    inside = {"going": 0, "waiting": 0}
    for second in range(int(market.WAITING_EVERY_S)):
        for what, things in (("going", scene._going(second)), ("waiting", scene._waiting(second))):
            for thing in things:
                x, y = market.GROUND.place(thing.aside, thing.away)
                inside[what] += cv2.pointPolygonTest(polygon, (x / WIDTH, y / HEIGHT), False) >= 0
    assert inside["going"] > 100
    assert zone.dwell_s is not None
    assert inside["waiting"] > zone.dwell_s + market.BAG_S


def test_nothing_moves_on_the_hill_but_smoke_that_rises_and_is_gone() -> None:
    scene = hill.Hill(7)
    still = scene.picture(0)
    assert not _changed(still, scene.picture(hill.SMOKE_FIRST_S - 1)).any()
    assert not _changed(still, scene.picture(hill.SMOKE_FIRST_S + hill.SMOKE_LASTS_S + 20)).any()
    early, late = (_changed(still, scene.picture(hill.SMOKE_FIRST_S + after)) for after in (4, 12))
    assert 0 < early.sum() < late.sum()
    # It begins at its foot and reaches higher and higher.
    assert np.flatnonzero(late.any(axis=1))[0] < np.flatnonzero(early.any(axis=1))[0]


def test_the_smoke_of_the_hill_is_told_of_as_smoke_like_and_nothing_else_is_told(cameras: dict[str, Camera]) -> None:
    scene, looks = hill.Hill(SimulatorSettings().seed), PixelLooks(cameras["cam-demo-hill"])
    told = []
    for number in range(5 * 38, 5 * 80):
        frame = Frame("cam-demo-hill", number, START + number * 200 * MILLISECOND, scene.picture(number / 5))
        told += [(number / 5, finding.values) for finding in looks.look(frame).findings]
    assert {values.get("label") for _, values in told} == {"smoke-like"}
    first_s, first = told[0]
    assert first["phase"] == "new"
    assert hill.SMOKE_FIRST_S < first_s < hill.SMOKE_FIRST_S + 30


@pytest.mark.parametrize("name", SCENES)
def test_no_two_pictures_are_the_same_in_every_pixel(name: str) -> None:
    """Else a view in which nothing moves would look like a stream that hangs."""
    scene = SCENES[name](7)
    pictures = [scene.picture(number / 5) for number in range(6)]
    assert not any(np.array_equal(one, next_one) for one, next_one in itertools.pairwise(pictures))


def _changed(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    return cv2.absdiff(before, after).max(axis=2) > 12


@pytest.fixture
def server() -> Iterator[CameraServer]:
    server = CameraServer({name: make(7) for name, make in SCENES.items()}, port=0, rate=20)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def _asked(port: int, path: str) -> http.client.HTTPResponse:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request("GET", path)
    # The answer keeps the socket as long as it is read.
    answer = connection.getresponse()
    connection.close()
    return answer


def test_a_stream_brings_picture_after_picture(server: CameraServer) -> None:
    with _asked(server.port, "/market") as stream:
        assert str(stream.headers["Content-Type"]).startswith("multipart/x-mixed-replace")
        for _ in range(3):
            assert stream.readline() == b"--picture\r\n"
            assert stream.readline() == b"Content-Type: image/jpeg\r\n"
            length = int(stream.readline().split(b":")[1])
            assert stream.readline() == b"\r\n"
            picture = cv2.imdecode(np.frombuffer(stream.read(length), np.uint8), cv2.IMREAD_COLOR)
            assert picture is not None
            assert picture.shape == (HEIGHT, WIDTH, 3)
            assert stream.readline() == b"\r\n"


def test_one_picture_can_be_asked_for_and_what_is_not_there_is_named(server: CameraServer) -> None:
    with _asked(server.port, "/hill.jpg") as answer:
        assert answer.read(2) == b"\xff\xd8"
    with _asked(server.port, "/harbour") as answer:
        assert answer.status == 404
        assert b"crossing, market, hill" in answer.read()


def test_the_command_says_where_it_serves_and_ends_when_it_is_told_to() -> None:
    child = subprocess.Popen(
        [sys.executable, "-m", "simulators.cameras", "--port", "0"], stdout=subprocess.PIPE, text=True, env=os.environ
    )
    assert child.stdout is not None
    try:
        said = re.match(r"pretend cameras: http://127\.0\.0\.1:(\d+)/crossing ", child.stdout.readline())
        assert said is not None
        with _asked(int(said[1]), "/crossing.jpg") as answer:
            assert answer.status == 200
        child.send_signal(signal.SIGTERM)
        assert child.wait(30) == 0
    finally:
        child.kill()
        child.wait()
        child.stdout.close()
