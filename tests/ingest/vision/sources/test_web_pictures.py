import socket
import struct
from collections.abc import Callable, Sequence
from typing import Any

import cv2
import numpy as np
import pytest

from ingest.vision.camera import Camera
from ingest.vision.sources.addresses import AllowedNetworks
from ingest.vision.sources.contract import SourceBroken
from ingest.vision.sources.opening import PictureLost, SourceFailed, SourceRefused, open_source

LOOPBACK = AllowedNetworks.of(["127.0.0.1/32"])
Start = Callable[..., Any]


def jpeg(width: int = 64, height: int = 48) -> bytes:
    return cv2.imencode(".jpg", np.full((height, width, 3), 90, np.uint8))[1].tobytes()


def bomb(width: int, height: int) -> bytes:
    """A JPEG whose head promises a size that its few bytes do not hold."""
    picture = bytearray(jpeg())
    start = picture.index(b"\xff\xc0")
    picture[start + 5 : start + 9] = struct.pack(">HH", height, width)
    return bytes(picture)


def stream(
    parts: Sequence[bytes], *, lengths: bool = True, ending: bytes = b""
) -> Callable[[bytes, socket.socket], None]:
    def answer(_head: bytes, connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.0 200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary=cut\r\n\r\n")
        for part in parts:
            length = b"Content-Length: %d\r\n" % len(part) if lengths else b""
            connection.sendall(b"--cut\r\nContent-Type: image/jpeg\r\n" + length + b"\r\n" + part + b"\r\n")
        connection.sendall(ending)

    return answer


def opened(port: int, path: str = "/video"):
    return open_source(Camera("cam-1", f"http://127.0.0.1:{port}{path}", rate=30), LOOPBACK)


@pytest.mark.parametrize("lengths", [True, False])
def test_mjpeg_is_read_picture_by_picture(server: Start, lengths: bool) -> None:
    there = server(stream([jpeg(64), jpeg(96), jpeg(128)], lengths=lengths, ending=b"--cut--\r\n"))
    source = opened(there.port)
    found = []
    while source.grab():
        found.append(source.take().shape[1])
    source.close()
    assert source.kind == "mjpeg"
    assert found == [64, 96, 128]


def test_a_picture_that_promises_a_huge_size_is_lost_and_the_next_one_is_read(server: Start) -> None:
    source = opened(server(stream([bomb(16_000, 16_000), jpeg()])).port)
    assert source.grab()
    with pytest.raises(PictureLost, match="megapixel"):
        source.take()
    assert source.grab()
    assert source.take().shape == (48, 64, 3)
    source.close()


@pytest.mark.parametrize("lengths", [True, False])
def test_a_picture_of_more_bytes_than_are_read_is_lost_and_the_next_one_is_read(server: Start, lengths: bool) -> None:
    parts = [b"x" * 2_500_000, jpeg()]
    source = opened(server(stream(parts, lengths=lengths, ending=b"--cut--\r\n")).port)
    with pytest.raises(PictureLost, match="bytes"):
        source.grab()
    assert source.grab()
    assert source.take().shape == (48, 64, 3)
    source.close()


def test_pictures_larger_than_a_stream_s_are_refused(server: Start) -> None:
    source = opened(server(stream([jpeg(5000, 2000)])).port)
    assert source.grab()
    with pytest.raises(SourceRefused, match="5000 × 2000"):
        source.take()
    source.close()


def test_a_stream_that_is_cut_off_ends(server: Start) -> None:
    source = opened(server(stream([jpeg()], ending=b"--cut\r\nContent-Length: 5000\r\n\r\nhalf")).port)
    assert source.grab()
    assert not source.grab()
    source.close()


def test_a_snapshot_is_asked_for_again_and_again(server: Start) -> None:
    def answer(_head: bytes, connection: socket.socket) -> None:
        picture = jpeg()
        head = b"HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n"
        connection.sendall(head % len(picture) + picture)

    there = server(answer)
    source = opened(there.port, "/snapshot.jpg")
    assert source.kind == "snapshots"
    for _ in range(3):
        assert source.grab()
        assert source.take().shape == (48, 64, 3)
    source.close()
    assert len(there.heads) == 4


@pytest.mark.parametrize("content_type", ["text/html; charset=utf-8", "video/mp4", "application/json", ""])
def test_an_answer_of_another_kind_is_said_to_be_one(server: Start, content_type: str) -> None:
    there = server(
        lambda _, connection: connection.sendall(
            f"HTTP/1.1 200 OK\r\nContent-Type: {content_type}\r\n\r\n<html>".encode()
        )
    )
    with pytest.raises(SourceBroken, match="expected MJPEG"):
        opened(there.port)


def test_an_answer_that_names_a_stream_and_sends_none_is_broken(server: Start) -> None:
    def answer(_head: bytes, connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.0 200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary=cut\r\n\r\n")
        connection.sendall(b"no boundary" * 5000)

    source = opened(server(answer).port)
    with pytest.raises(SourceFailed, match="no stream of pictures"):
        source.grab()
    source.close()
