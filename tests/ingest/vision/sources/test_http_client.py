import base64
import hashlib
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from ingest.vision.sources import http_client
from ingest.vision.sources.addresses import AllowedNetworks
from ingest.vision.sources.camera_url import parse_camera_url
from ingest.vision.sources.contract import SourceFailed, SourceRefused
from ingest.vision.sources.http_client import MOST_REDIRECTS, ask

LOOPBACK = AllowedNetworks.of(["127.0.0.1/32"])
Start = Callable[..., Any]


def answering(text: str) -> Callable[[bytes, socket.socket], None]:
    return lambda _head, connection: connection.sendall(text.replace("\n", "\r\n").encode())


def redirecting(location: str) -> Callable[[bytes, socket.socket], None]:
    return answering(f"HTTP/1.1 302 Found\nLocation: {location}\nContent-Length: 0\n\n")


def test_a_body_comes_whole(server: Start) -> None:
    there = server({"/a": b"x" * 100_000})
    answer = ask(parse_camera_url(f"http://127.0.0.1:{there.port}/a"), LOOPBACK)
    assert answer.read_all(200_000, "it") == b"x" * 100_000
    answer.close()


def test_a_body_that_is_too_long_is_not_read_to_its_end(server: Start) -> None:
    there = server({"/a": b"x" * 100_000})
    answer = ask(parse_camera_url(f"http://127.0.0.1:{there.port}/a"), LOOPBACK)
    with pytest.raises(SourceFailed, match="more than 50,000 bytes"):
        answer.read_all(50_000, "it")
    answer.close()


def test_an_endless_redirect_is_followed_a_few_times_and_refused(server: Start) -> None:
    there = server(redirecting("/again"))
    with pytest.raises(SourceRefused, match="redirects more than"):
        ask(parse_camera_url(f"http://127.0.0.1:{there.port}/"), LOOPBACK)
    assert len(there.heads) == MOST_REDIRECTS + 1


@pytest.mark.parametrize("target", ["http://127.0.0.2:1/", "http://169.254.169.254/latest/", "http://[::1]:1/"])
def test_a_redirect_to_an_address_that_is_not_listed_is_refused(server: Start, target: str) -> None:
    there = server(redirecting(target))
    with pytest.raises(SourceRefused, match="allow_networks"):
        ask(parse_camera_url(f"http://127.0.0.1:{there.port}/"), LOOPBACK)


@pytest.mark.parametrize("target", ["file:///etc/passwd", "rtsp://127.0.0.1/", "gopher://127.0.0.1/", "usb:0"])
def test_a_redirect_to_another_kind_of_address_is_refused(server: Start, target: str) -> None:
    there = server(redirecting(target))
    with pytest.raises(SourceRefused):
        ask(parse_camera_url(f"http://127.0.0.1:{there.port}/"), LOOPBACK)


def test_credentials_are_never_shown_to_the_host_of_a_redirect(server: Start) -> None:
    challenge = 'HTTP/1.1 401 No\nWWW-Authenticate: Basic realm="x"\nContent-Length: 0\n\n'
    other = server(answering(challenge))
    there = server(redirecting(f"http://127.0.0.1:{other.port}/"))
    with pytest.raises(SourceRefused) as refusal:
        ask(parse_camera_url(f"http://viewer:secret@127.0.0.1:{there.port}/"), LOOPBACK)
    assert all(b"Authorization" not in head for head in other.heads)
    assert "secret" not in str(refusal.value)


def test_basic_login(server: Start) -> None:
    def answer(head: bytes, connection: socket.socket) -> None:
        wanted = base64.b64encode(b"viewer:p@ss:word")
        if b"Authorization: Basic " + wanted in head:
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        else:
            connection.sendall(b'HTTP/1.1 401 No\r\nWWW-Authenticate: Basic realm="x"\r\nContent-Length: 0\r\n\r\n')

    there = server(answer)
    opened = ask(parse_camera_url(f"http://viewer:p%40ss%3Aword@127.0.0.1:{there.port}/"), LOOPBACK)
    assert opened.read_all(10, "it") == b"ok"
    opened.close()


@pytest.mark.parametrize("algorithm", ["MD5", "SHA-256"])
def test_digest_login(server: Start, algorithm: str) -> None:
    def hashed(text: str) -> str:
        return hashlib.new(algorithm.replace("-", ""), text.encode()).hexdigest()

    def answer(head: bytes, connection: socket.socket) -> None:
        fields = dict(re.findall(r'(\w+)="?([^",\r]*)"?', head.decode().partition("Authorization: Digest")[2]))
        if not fields:
            challenge = f'Digest realm="cam", nonce="abc", qop="auth", algorithm={algorithm}, opaque="o"'
            connection.sendall(
                f"HTTP/1.1 401 No\r\nWWW-Authenticate: {challenge}\r\nContent-Length: 0\r\n\r\n".encode()
            )
            return
        who, what = hashed("viewer:cam:secret"), hashed("GET:/a?b=1")
        wanted = hashed(f"{who}:abc:{fields['nc']}:{fields['cnonce']}:auth:{what}")
        status = "200 OK" if fields["response"] == wanted else "403 No"
        connection.sendall(f"HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n".encode())

    there = server(answer)
    ask(parse_camera_url(f"http://viewer:secret@127.0.0.1:{there.port}/a?b=1"), LOOPBACK).close()
    assert b"secret" not in b"".join(there.heads)


@pytest.mark.parametrize(
    ("text", "problem", "sentence"),
    [
        ("HTTP/1.1 401 No\nContent-Length: 0\n\n", SourceRefused, "asks for a user"),
        ("HTTP/1.1 403 No\nContent-Length: 0\n\n", SourceRefused, "does not let us in"),
        ("HTTP/1.1 404 No\nContent-Length: 0\n\n", SourceFailed, "nothing at this path"),
        ("HTTP/1.1 500 No\nContent-Length: 0\n\n", SourceFailed, "status 500"),
        ("HTTP/1.1 302 Found\nContent-Length: 0\n\n", SourceFailed, "without saying where"),
        ("SSH-2.0-OpenSSH_9.2\n", SourceFailed, "does not speak HTTP"),
        ("", SourceFailed, "does not speak HTTP"),
        ("HTTP/1.1 200 OK\n" + "X: y\n" * 200 + "\n", SourceFailed, "does not speak HTTP"),
    ],
)
def test_what_a_server_answers_badly_becomes_a_sentence(
    server: Start, text: str, problem: type[Exception], sentence: str
) -> None:
    there = server(answering(text))
    with pytest.raises(problem, match=sentence):
        ask(parse_camera_url(f"http://127.0.0.1:{there.port}/"), LOOPBACK)


def test_a_server_that_sends_a_byte_now_and_then_is_given_up(server: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    def answer(_head: bytes, connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nX: ")
        while True:
            connection.sendall(b"y")
            time.sleep(0.01)

    monkeypatch.setattr(http_client, "ANSWER_S", 0.2)
    there = server(answer)
    with pytest.raises(SourceFailed, match="in time"):
        ask(parse_camera_url(f"http://127.0.0.1:{there.port}/"), LOOPBACK)


@pytest.mark.parametrize("beginning", [b"", b"3\r\nabc\r\n", b"0\r\n"], ids=["first-length", "length", "trailer"])
def test_a_body_of_which_a_byte_comes_now_and_then_is_given_up(
    server: Start, monkeypatch: pytest.MonkeyPatch, beginning: bytes
) -> None:
    def answer(_head: bytes, connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + beginning)
        for _ in range(500):
            connection.sendall(b"0")
            time.sleep(0.01)

    opened = ask(parse_camera_url(f"http://127.0.0.1:{server(answer).port}/"), LOOPBACK)
    monkeypatch.setattr(http_client, "TIME_OUT_S", 0.2)
    with pytest.raises(SourceFailed, match="nothing to read"):
        list(iter(lambda: opened.read(1000), b""))
    opened.close()


def test_a_stream_may_last_longer_than_its_head_may(server: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    def answer(_head: bytes, connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        for _ in range(20):
            connection.sendall(b"x")
            time.sleep(0.02)

    opened = ask(parse_camera_url(f"http://127.0.0.1:{server(answer).port}/"), LOOPBACK)
    opened._connection.give(0)
    monkeypatch.setattr(http_client, "ANSWER_S", 0)
    assert b"".join(iter(lambda: opened.read(1000), b"")) == b"x" * 20
    opened.close()


def test_a_server_that_is_called_by_its_name_must_prove_it(certificate: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)

    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]

    def serve() -> None:
        for _ in range(2):
            connection, _ = listener.accept()
            with connection, suppress(OSError), context.wrap_socket(connection, server_side=True) as secure:
                secure.recv(4096)
                secure.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

    thread = threading.Thread(target=serve)
    thread.start()
    by_name = AllowedNetworks(LOOPBACK.networks, lambda _host: ("127.0.0.1",))
    with pytest.raises(SourceRefused, match="certificate"):
        ask(parse_camera_url(f"https://cam.example:{port}/"), by_name)
    opened = ask(parse_camera_url(f"https://127.0.0.1:{port}/"), LOOPBACK)
    assert opened.read_all(10, "it") == b"ok"
    opened.close()
    thread.join(10)
    listener.close()
