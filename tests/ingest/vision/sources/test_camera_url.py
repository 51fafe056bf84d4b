from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.vision.sources.camera_url import parse_camera_url


def test_an_address_is_taken_apart() -> None:
    url = parse_camera_url("rtsp://viewer:p%40ss%2Fword@10.20.0.5/stream1?channel=2")
    assert (url.scheme, url.host, url.port, url.path) == ("rtsp", "10.20.0.5", 554, "/stream1?channel=2")
    assert (url.user, url.password) == ("viewer", "p@ss/word")


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("rtsp://u:secret@[2001:db8::1]:8554/a", "rtsp://[2001:db8::1]:8554"),
        ("rtsp://10.0.0.5/user=admin&password=secret&channel=1", "rtsp://10.0.0.5:554"),
        ("https://cam.example/live.m3u8?token=secret", "https://cam.example:443"),
        ("file:/srv/gate.mp4", "file:/srv/gate.mp4"),
        ("file:///srv/gate.mp4", "file:/srv/gate.mp4"),
        ("usb:0", "usb:0"),
    ],
)
def test_what_people_are_shown_holds_no_secret(url: str, shown: str) -> None:
    assert parse_camera_url(url).shown == shown


@given(
    st.text(st.characters(codec="utf-8", exclude_categories=("Cs",)), min_size=1, max_size=20).filter(
        lambda word: "\n" not in word and "\r" not in word
    )
)
def test_any_password_comes_back_and_is_never_shown(password: str) -> None:
    url = parse_camera_url(f"rtsp://viewer:{quote('hidden-' + password, safe='')}@10.0.0.5/live")
    assert url.password == f"hidden-{password}"
    assert "hidden-" not in url.shown
    assert "hidden-" not in repr(url)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "gate",
        "ftp://host/x",
        "rtsp:host/x",
        "rtsp:///stream",
        "rtsp://u:secret@host:99999/x",
        "rtsp://u:sec ret@host/x",
        "rtsp://u:secret@[::1/x",
        "http://u:secret%0d%0aHost:evil@host/",
        "usb:camera",
        "file:",
        "rtsp://u:secret@host/" + "x" * 3000,
    ],
)
def test_what_is_no_address_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(ValueError) as refusal:
        parse_camera_url(url)
    assert "sec" not in str(refusal.value).replace("security", "")


def test_a_playlist_is_known_by_its_name() -> None:
    assert parse_camera_url("https://host/live/index.M3U8?x=1").is_hls
    assert not parse_camera_url("http://host/video.mjpg?x=.m3u8").is_hls
