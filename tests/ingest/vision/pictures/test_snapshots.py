"""Pictures that are kept: no face in them, nothing but pixels, and none at all where faces cannot be found."""

import logging
from pathlib import Path

import cv2
import numpy as np
import pytest

from ingest.vision.faces.blurring import covered
from ingest.vision.faces.finder import FacesUnknown
from ingest.vision.frame import Box, Pixels
from ingest.vision.pictures.checks import checked_picture
from ingest.vision.pictures.headers import MAX_BYTES
from ingest.vision.pictures.snapshots import LIVE_WIDTH, WIDTH, Snapshots, encoded
from ioc.store.pictures import files
from ioc.store.pictures.folder import PictureFolder, PictureGone
from ioc.store.pictures.originals import KEY_BYTES, Originals

AT = 1_795_309_200_123_000
FACE = Box(0.4, 0.3, 0.6, 0.7)


class Finder:
    """Finds the faces that it is told to, and may be down."""

    def __init__(self, *faces: Box) -> None:
        self.faces = faces
        self.down = False
        self.asked: list[tuple[int, ...]] = []

    def find(self, pixels: Pixels) -> list[tuple[Box, float]]:
        self.asked.append(pixels.shape)
        if self.down:
            raise FacesUnknown("the face finder failed")
        return [(face, 0.9) for face in self.faces]


@pytest.fixture
def folder(tmp_path: Path) -> PictureFolder:
    return PictureFolder(tmp_path / "pictures", {"person": 7.0, "scene": 30.0}, 1.0, original_days=3)


def frame(width: int = 640, height: int = 360, seed: int = 1) -> Pixels:
    few = np.random.default_rng(seed).integers(0, 256, (height // 8, width // 8, 3)).astype(np.uint8)
    return cv2.resize(few, (width, height), interpolation=cv2.INTER_NEAREST)  # type: ignore[return-value]


def lying(folder: PictureFolder) -> list[Path]:
    return [file.path for file in files.walk(folder.root)]


def test_what_is_kept_has_its_faces_blurred_and_is_else_as_it_was(folder: PictureFolder) -> None:
    snapshots, pixels = Snapshots(folder, Finder(FACE)), frame()
    picture = snapshots.take(pixels, "person", "cam-1", AT)
    assert picture is not None
    kept = checked_picture(folder.read(picture)).astype(int)
    left, top, right, bottom = covered(FACE, 640, 360)
    inside = np.zeros((360, 640), bool)
    inside[top:bottom, left:right] = True
    different = np.abs(kept - frame().astype(int)).max(axis=2)
    assert np.median(different[inside]) > 40
    assert np.median(different[~inside]) < 12
    assert (pixels == frame()).all()
    assert (snapshots.counts.kept, snapshots.counts.faces) == (1, 1)


@pytest.mark.parametrize("live", [False, True])
def test_without_a_face_finder_nothing_is_kept(folder: PictureFolder, live: bool) -> None:
    snapshots = Snapshots(folder, None, Originals(folder, bytes(KEY_BYTES), 3))
    if live:
        assert not snapshots.show(frame(), "cam-1", AT)
    else:
        assert snapshots.take(frame(), "scene", "cam-1", AT) is None
    assert lying(folder) == []
    assert snapshots.counts.without_finder == 1
    assert "no face finder" in snapshots.trouble


def test_while_the_face_finder_is_down_nothing_is_kept_and_then_again(folder: PictureFolder) -> None:
    finder = Finder()
    snapshots = Snapshots(folder, finder, Originals(folder, bytes(KEY_BYTES), 3))
    finder.down = True
    pixels = frame()
    assert snapshots.take(pixels, "person", "cam-1", AT) is None
    assert not snapshots.show(pixels, "cam-1", AT)
    assert lying(folder) == []
    assert (snapshots.counts.without_finder, snapshots.trouble) == (2, "no picture is kept: the face finder failed")
    finder.down = False
    assert snapshots.take(pixels, "person", "cam-1", AT) is not None
    assert snapshots.trouble == ""


def test_a_live_picture_from_before_does_not_pass_for_one_of_now(folder: PictureFolder) -> None:
    finder = Finder()
    snapshots = Snapshots(folder, finder)
    assert snapshots.show(frame(), "cam-1", AT)
    before = folder.read_live("cam-1")
    finder.down = True
    assert not snapshots.show(frame(seed=2), "cam-1", AT)
    assert folder.read_live("cam-1") == before


def test_of_one_frame_faces_are_looked_for_once(folder: PictureFolder) -> None:
    finder = Finder(FACE)
    snapshots, pixels = Snapshots(folder, finder), frame()
    taken = {snapshots.take(pixels, each, "cam-1", AT) for each in ("person", "scene")}
    assert len(taken) == 2
    assert len(finder.asked) == 1
    snapshots.take(frame(), "scene", "cam-1", AT)
    assert len(finder.asked) == 2


def test_faces_are_looked_for_in_the_pixels_that_are_kept(folder: PictureFolder) -> None:
    finder = Finder()
    snapshots, pixels = Snapshots(folder, finder), frame(1920, 1080)
    picture = snapshots.take(pixels, "scene", "cam-1", AT)
    assert picture is not None
    snapshots.show(pixels, "cam-1", AT)
    live = folder.read_live("cam-1")
    assert live is not None
    shapes = [checked_picture(folder.read(picture)).shape, checked_picture(live).shape]
    assert shapes == finder.asked == [(540, WIDTH, 3), (360, LIVE_WIDTH, 3)]


def test_a_picture_holds_pixels_and_nothing_else(folder: PictureFolder) -> None:
    picture = Snapshots(folder, Finder()).take(frame(), "scene", "cam-1", AT)
    assert picture is not None
    data, place, markers = folder.read(picture), 2, []
    while data[place + 1] != 0xDA:
        markers.append(data[place + 1])
        place += 2 + int.from_bytes(data[place + 2 : place + 4], "big")
    # JFIF's own head, which holds no more than the shape of pixels; tables; the frame.
    assert set(markers) <= {0xE0, 0xDB, 0xC0, 0xC4}
    assert data[4 : 4 + 16][2:6] == b"JFIF"


def test_originals_are_whole_and_only_where_they_are_asked_for(folder: PictureFolder) -> None:
    originals = Originals(folder, bytes(KEY_BYTES), 3)
    with_originals, without = Snapshots(folder, Finder(FACE), originals), Snapshots(folder, Finder(FACE))
    pixels = frame(1280, 720)
    first = with_originals.take(pixels, "person", "cam-1", AT)
    second = without.take(pixels, "person", "cam-1", AT)
    assert first is not None
    assert second is not None
    whole = checked_picture(originals.read(first)).astype(int)
    assert np.median(np.abs(whole - pixels.astype(int))) < 8
    with pytest.raises(PictureGone):
        originals.read(second)


def test_a_disk_that_takes_nothing_is_counted_and_said_once(
    folder: PictureFolder, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    snapshots = Snapshots(folder, Finder())
    with monkeypatch.context() as full, caplog.at_level(logging.INFO):
        full.setattr(files, "LEAST_FREE", 10**18)
        for _ in range(3):
            assert snapshots.take(frame(), "scene", "cam-1", AT) is None
        assert not snapshots.show(frame(), "cam-1", AT)
    assert snapshots.counts.failed == 4
    assert len(caplog.records) == 1
    assert snapshots.take(frame(), "scene", "cam-1", AT) is not None
    assert snapshots.trouble == ""


def test_where_only_originals_fail_pictures_are_kept_and_it_is_said_once(
    folder: PictureFolder, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    originals = Originals(folder, bytes(KEY_BYTES), 3)
    error = PermissionError(13, "Permission denied")

    def refuse(*_: object) -> None:
        raise error

    snapshots, troubles, said = Snapshots(folder, Finder(), originals), [], []
    with monkeypatch.context() as failing, caplog.at_level(logging.INFO):
        failing.setattr(originals, "write", refuse)
        for each in (error, error, OSError(5, "Input/output error")):
            error = each
            assert snapshots.take(frame(), "scene", "cam-1", AT) is not None
            troubles.append(snapshots.trouble)
            # A live picture has no original: that it is written says nothing of these.
            assert snapshots.show(frame(), "cam-1", AT)
            troubles.append(snapshots.trouble)
            said.append(len(caplog.records))
    assert (snapshots.counts.kept, snapshots.counts.originals_failed) == (3, 3)
    refused = "originals of pictures cannot be written: "
    assert troubles == [f"{refused}Permission denied"] * 4 + [f"{refused}Input/output error"] * 2
    assert said == [1, 1, 2]
    assert snapshots.take(frame(), "scene", "cam-1", AT) is not None
    assert snapshots.trouble == ""


def test_why_no_picture_is_written_is_said_before_why_no_original_is(
    folder: PictureFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    originals, finder = Originals(folder, bytes(KEY_BYTES), 3), Finder()

    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(originals, "write", refuse)
    snapshots, troubles = Snapshots(folder, finder, originals), []
    for finder.down in (False, True, False):
        snapshots.take(frame(), "scene", "cam-1", AT)
        troubles.append(snapshots.trouble)
    assert "originals" in troubles[0]
    assert troubles[1] == "no picture is kept: the face finder failed"
    assert troubles[2] == troubles[0]


def test_a_picture_that_hardly_compresses_becomes_worse_rather_than_too_large() -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (1600, 2000, 3)).astype(np.uint8)
    jpeg = encoded(pixels, 85)
    assert jpeg is not None
    assert len(jpeg) <= MAX_BYTES


def test_a_picture_that_cannot_become_small_enough_is_not_kept() -> None:
    assert encoded(np.zeros((5_001, 5_000, 3), np.uint8), 85) is None
