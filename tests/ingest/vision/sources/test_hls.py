from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import ffmpeg as ffmpeg_tool
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.vision.camera import Camera
from ingest.vision.sources.addresses import AllowedNetworks
from ingest.vision.sources.camera_url import parse_camera_url
from ingest.vision.sources.hls import HlsFeed
from ingest.vision.sources.hls_playlist import read_playlist
from ingest.vision.sources.opening import SourceFailed, SourceRefused, open_source

LOOPBACK = AllowedNetworks.of(["127.0.0.1/32"])
Start = Callable[..., Any]


def files_of(ffmpeg: Path, clip: Path, folder: Path, *options: str) -> dict[str, bytes]:
    """Cut a clip into a finished HLS stream."""
    form = ("-c", "copy", "-f", "hls", "-hls_time", "1", "-hls_list_size", "0", *options)
    ffmpeg_tool.convert(ffmpeg, str(clip), folder / "index.m3u8", *form)
    return {f"/{path.name}": path.read_bytes() for path in folder.iterdir()}


def opened(port: int, path: str = "/index.m3u8", width: int = 1280):
    return open_source(Camera("cam-1", f"http://127.0.0.1:{port}{path}", width=width), LOOPBACK)


@pytest.mark.parametrize("options", [(), ("-hls_segment_type", "fmp4")], ids=["mpeg-ts", "fmp4"])
def test_a_stream_is_read_over_all_its_segments(
    ffmpeg: Path, drawn_clip: Callable[..., Path], tmp_path: Path, server: Start, options: tuple[str, ...]
) -> None:
    clip = drawn_clip("hls.mp4", "160x120", 30, 2.5)
    there = server(files_of(ffmpeg, clip, tmp_path, *options))
    source = opened(there.port)
    assert source.grab()
    assert source.take().shape == (120, 160, 3)
    frames = 1
    while source.grab():
        frames += 1
    source.close()
    assert source.kind == "hls"
    assert frames == 75


def test_the_size_that_is_wished_for_is_chosen(server: Start) -> None:
    master = (
        "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=9,RESOLUTION=7680x4320\nhuge.m3u8\n"
        "#EXT-X-STREAM-INF:BANDWIDTH=5,RESOLUTION=1920x1080\nlarge.m3u8\n"
        "#EXT-X-STREAM-INF:BANDWIDTH=1,RESOLUTION=640x360\nsmall.m3u8\n"
    )
    playlist = read_playlist(master)
    assert playlist.chosen(320).uri == "small.m3u8"
    assert playlist.chosen(1280).uri == "large.m3u8"
    assert playlist.chosen(4000).uri == "large.m3u8"


def test_only_huge_sizes_are_refused() -> None:
    with pytest.raises(SourceRefused, match="larger"):
        read_playlist("#EXTM3U\n#EXT-X-STREAM-INF:RESOLUTION=7680x4320\nhuge.m3u8\n").chosen(640)


@pytest.mark.parametrize(
    ("uri", "problem"),
    [
        ("file:///etc/passwd", "another kind"),
        ("/etc/passwd", "nothing at this path"),
        ("rtsp://127.0.0.1/x", "another kind"),
        ("http://127.0.0.2/a.ts", "allow_networks"),
        ("http://169.254.169.254/latest/meta-data", "allow_networks"),
        ("concat:a.ts|b.ts", "none"),
    ],
)
def test_a_playlist_leads_to_no_file_and_to_no_address_that_is_not_listed(
    server: Start, uri: str, problem: str
) -> None:
    text = f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{uri}\n#EXT-X-ENDLIST\n"
    there = server({"/index.m3u8": text.encode()})
    with pytest.raises((SourceRefused, SourceFailed), match=problem):
        opened(there.port)
    assert not there.heads[1:] or uri == "/etc/passwd"


def test_an_encrypted_stream_is_said_to_be_one(server: Start) -> None:
    text = '#EXTM3U\n#EXT-X-KEY:METHOD=AES-128,URI="key"\n#EXTINF:1,\na.ts\n'
    with pytest.raises(SourceRefused, match="encrypted"):
        opened(server({"/index.m3u8": text.encode()}).port)


@pytest.mark.parametrize("text", ["", "<html>", "#EXTM3U\n", "#EXTM3U\n#EXT-X-STREAM-INF:X=1\nindex.m3u8\n"])
def test_what_is_no_playlist_is_said_to_be_none(server: Start, text: str) -> None:
    with pytest.raises(SourceFailed, match="playlist"):
        opened(server({"/index.m3u8": text.encode()}).port)


def test_a_live_stream_is_followed_and_one_that_stands_still_is_given_up(server: Start) -> None:
    now = [0.0]
    files: dict[str, bytes] = {f"/{number}.ts": b"%d;" % number for number in range(1, 20)}

    def playlist(first: int) -> bytes:
        lines = "".join(f"#EXTINF:1,\n{number}.ts\n" for number in range(first, first + 3))
        return f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXT-X-MEDIA-SEQUENCE:{first}\n{lines}".encode()

    def sleep(seconds: float) -> None:
        now[0] += seconds
        files["/index.m3u8"] = playlist(min(9, 1 + int(now[0])))

    files["/index.m3u8"] = playlist(1)
    there = server(files)
    url = parse_camera_url(f"http://127.0.0.1:{there.port}/index.m3u8")
    feed = HlsFeed(url, LOOPBACK, 640, lambda: now[0], sleep)
    came = b""
    while data := feed.read(4096):
        came += data
    assert came == b"".join(b"%d;" % number for number in range(1, 12))
    assert isinstance(feed.problem, SourceFailed)
    assert "stands still" in str(feed.problem)
    feed.stop()


def test_what_was_read_can_be_gone_back_to_a_little_and_ahead(server: Start) -> None:
    text = "#EXTM3U\n#EXTINF:1,\na\n#EXTINF:1,\nb\n#EXT-X-ENDLIST\n"
    there = server({"/index.m3u8": text.encode(), "/a": b"01234", "/b": b"56789"})
    url = parse_camera_url(f"http://127.0.0.1:{there.port}/index.m3u8")
    feed = HlsFeed(url, LOOPBACK, 640)
    assert feed.read(3) == b"012"
    assert feed.seek(1) == 1
    assert feed.read(3) + feed.read(3) == b"1234"
    assert feed.seek(7) == 7
    assert feed.read(9) == b"789"
    assert feed.seek(100) == -1
    assert feed.seek(0, 2) == -1
    feed.stop()


@given(st.text(max_size=300))
def test_any_text_is_a_playlist_or_said_to_be_none(text: str) -> None:
    with suppress(SourceFailed, SourceRefused):
        read_playlist("#EXTM3U\n" + text)
