import subprocess
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import cv2
import numpy as np
import pytest

from ingest.vision.camera import Camera
from ingest.vision.sources.addresses import AllowedNetworks
from ingest.vision.sources.opening import PictureLost, SourceFailed, SourceRefused, open_source

NOWHERE = AllowedNetworks.of(())
Draw = Callable[..., Path]


def opened(url: str, *, loop: bool = False, rate: float = 30):
    return open_source(Camera("cam-1", url, rate=rate, loop=loop), NOWHERE)


def sizes(url: str, **more: bool) -> list[tuple[int, int]]:
    source, found = opened(url, **more), []
    try:
        while source.grab():
            pixels = source.take()
            found.append((pixels.shape[1], pixels.shape[0]))
    finally:
        source.close()
    return found


@pytest.mark.parametrize("name", ["a.mp4", "a.ts", "a.mkv", "a.avi", "a.h264"])
def test_a_clip_is_read_from_its_first_frame_to_its_last(drawn_clip: Draw, name: str) -> None:
    clip = drawn_clip(name, "160x120", 30, 0.5)
    assert sizes(f"file:{clip}") == [(160, 120)] * 15


def test_a_clip_begins_again_at_its_end_where_it_is_to(drawn_clip: Draw) -> None:
    source = opened(f"file:{drawn_clip('loop.mp4', '160x120', 30, 0.5)}", loop=True)
    assert all(source.grab() for _ in range(40))
    source.close()


def test_what_a_clip_is_is_told(drawn_clip: Draw) -> None:
    source = opened(f"file:{drawn_clip('a.mp4', '160x120', 30, 0.5)}")
    assert (source.kind, source.width, source.height, source.rate) == ("file", 160, 120, 30.0)
    source.close()


@pytest.mark.parametrize("keep", [0, 1, 20, 300, 3000])
def test_a_clip_that_is_cut_off_ends_or_cannot_be_opened(drawn_clip: Draw, tmp_path: Path, keep: int) -> None:
    clip = tmp_path / "cut.ts"
    clip.write_bytes(drawn_clip("a.ts", "160x120", 30, 0.5).read_bytes()[:keep])
    with suppress(SourceFailed):
        assert len(sizes(f"file:{clip}")) < 15


@pytest.mark.parametrize("content", [b"", b"\0" * 5000, b"GIF89a" + b"\0" * 100, b"hello\n" * 1000])
def test_what_is_no_clip_is_said_to_hold_no_video(tmp_path: Path, content: bytes) -> None:
    clip = tmp_path / "no.mp4"
    clip.write_bytes(content)
    with pytest.raises(SourceFailed, match="no video that can be read"):
        opened(f"file:{clip}")


def test_sound_alone_is_no_video(ffmpeg: Path, tmp_path: Path) -> None:
    clip = tmp_path / "sound.mp4"
    command = [ffmpeg, "-v", "error", "-f", "lavfi", "-i", "sine=duration=1", "-c:a", "aac", clip]
    subprocess.run(command, check=True)
    with pytest.raises(SourceFailed, match="no video"):
        opened(f"file:{clip}")


@pytest.mark.parametrize(
    "text",
    [
        "#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\nfile://{clip}\n#EXT-X-ENDLIST\n",
        "#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\n{clip}\n#EXT-X-ENDLIST\n",
        "ffconcat version 1.0\nfile {clip}\n",
    ],
)
def test_a_list_in_place_of_a_clip_opens_no_other_file(drawn_clip: Draw, tmp_path: Path, text: str) -> None:
    clip = drawn_clip("a.ts", "160x120", 30, 0.5)
    for name in ("list.m3u8", "list.mp4"):
        listing = tmp_path / name
        listing.write_text(text.format(clip=clip))
        with pytest.raises(SourceFailed, match="no video"):
            opened(f"file:{listing}")


def test_a_resolution_that_changes_within_a_stream_is_gone_along_with_in_the_first_one(
    drawn_clip: Draw, tmp_path: Path
) -> None:
    clip = tmp_path / "changing.ts"
    parts = [drawn_clip("a.ts", "160x120", 30, 0.5), drawn_clip("b.ts", "320x240", 30, 0.5)]
    clip.write_bytes(b"".join(part.read_bytes() for part in parts))
    found = sizes(f"file:{clip}")
    assert set(found) == {(160, 120)}
    assert len(found) >= 25


def test_8k_is_refused_before_it_is_looked_at(tmp_path: Path) -> None:
    clip = tmp_path / "8k.avi"
    writer = cv2.VideoWriter(str(clip), cv2.VideoWriter.fourcc(*"MJPG"), 5, (7680, 4320))
    writer.write(np.zeros((4320, 7680, 3), np.uint8))
    writer.release()
    with pytest.raises(SourceRefused, match="7680 × 4320"):
        opened(f"file:{clip}")


def test_no_file_no_device_no_folder(tmp_path: Path) -> None:
    for url, sentence in (
        (f"file:{tmp_path}/none.mp4", "cannot be read"),
        (f"file:{tmp_path}", "cannot be read"),
        (f"folder:{tmp_path}/none", "cannot be read"),
        (f"folder:{tmp_path}", "holds no pictures"),
        ("usb:77", "no /dev/video77"),
    ):
        with pytest.raises(SourceFailed, match=sentence):
            opened(url)


def test_pictures_of_a_folder_come_by_name(tmp_path: Path) -> None:
    for number in (2, 1, 10):
        cv2.imwrite(str(tmp_path / f"{number:03}.png"), np.full((10, 10 * number, 3), number, np.uint8))
    (tmp_path / "notes.txt").write_text("x")
    assert sizes(f"folder:{tmp_path}") == [(10, 10), (20, 10), (100, 10)]


def test_a_picture_of_a_folder_that_cannot_be_used_is_lost_alone(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "1.png"), np.zeros((10, 10, 3), np.uint8))
    (tmp_path / "2.jpg").write_bytes(b"\xff\xd8\xff no picture")
    cv2.imwrite(str(tmp_path / "3.png"), np.zeros((10, 10, 3), np.uint8))
    source = opened(f"folder:{tmp_path}")
    assert source.grab()
    source.take()
    assert source.grab()
    with pytest.raises(PictureLost, match=r"'2\.jpg'"):
        source.take()
    assert source.grab()
    source.take()
    assert not source.grab()
