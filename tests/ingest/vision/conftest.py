"""Clips that FFmpeg makes, a real RTSP server, and a small web server that says what a test wants it to."""

import os
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import ffmpeg as ffmpeg_tool
import pytest
import rtsp_server as rtsp_tool
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from rtsp_server import RtspServer


def unavailable(reason: str) -> None:
    if os.environ.get("CI") == "true":
        pytest.fail(f"cannot run: {reason}", pytrace=False)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def ffmpeg() -> Path:
    """FFmpeg's program."""
    program = ffmpeg_tool.find()
    if program is None:
        unavailable("no FFmpeg on this machine; Debian has it as 'ffmpeg'")
        raise AssertionError
    return program


@pytest.fixture(scope="session")
def drawn_clip(ffmpeg: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """A function that draws a clip of a moving pattern; its name's ending says in what form."""
    folder = tmp_path_factory.mktemp("clips")

    def draw(name: str, size: str = "320x180", rate: int = 5, seconds: float = 4, *options: str) -> Path:
        target = folder / name
        if not target.exists():
            written = options or ffmpeg_tool.camera_stream(size, rate, seconds)
            source = f"testsrc=size={size}:rate={rate}:duration={seconds}"
            ffmpeg_tool.convert(ffmpeg, source, target, *written, before=("-f", "lavfi"))
        return target

    return draw


@pytest.fixture
def rtsp(tmp_path: Path, free_port: Callable[[], int]) -> Iterator[Callable[..., RtspServer]]:
    """A function that starts a real RTSP server of clips (.h264, 5 frames a second)."""
    python = rtsp_tool.find()
    if python is None:
        unavailable(f"no RTSP server on this machine; Debian has it as {rtsp_tool.PACKAGES[0]!r}")
        raise AssertionError
    started: list[RtspServer] = []

    def start(mounts: Mapping[str, Path], user: str = "", password: str = "") -> RtspServer:
        folder = tmp_path / f"rtsp-{len(started)}"
        server = RtspServer(python, folder, free_port(), mounts, user=user, password=password)
        started.append(server)
        server.start()
        return server

    yield start
    for server in started:
        server.kill()


Answer = Callable[[bytes, socket.socket], None]
"""Is given the head of a request and the connection to answer on; the connection is closed behind it."""


class Server:
    """Accepts connections on loopback, and keeps the heads of all requests."""

    def __init__(self, answer: Answer, host: str = "127.0.0.1") -> None:
        self.heads: list[bytes] = []
        self._answer = answer
        self._listener = socket.create_server((host, 0))
        self.host, self.port = self._listener.getsockname()[:2]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, suppress(OSError):
            head = b""
            while b"\r\n\r\n" not in head and (data := connection.recv(4096)):
                head += data
            self.heads.append(head)
            self._answer(head, connection)

    def close(self) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()


@pytest.fixture
def server() -> Iterator[Callable[..., Server]]:
    """A function that starts a server that answers as it is told."""
    started: list[Server] = []

    def start(answer: Answer | Mapping[str, bytes], host: str = "127.0.0.1") -> Server:
        if not callable(answer):
            answer = _files(answer)
        started.append(Server(answer, host))
        return started[-1]

    yield start
    for each in started:
        each.close()


def _files(files: Mapping[str, bytes]) -> Answer:
    def answer(head: bytes, connection: socket.socket) -> None:
        path = head.split(b" ")[1].decode()
        body = files.get(path)
        status = b"404 Not Found" if body is None else b"200 OK"
        body = body or b""
        connection.sendall(
            b"HTTP/1.1 %s\r\nContent-Length: %d\r\nConnection: close\r\n\r\n" % (status, len(body)) + body
        )

    return answer


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate of cam.example that nobody vouches for, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "cam.example")])
    now = datetime.now(UTC)
    written = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("cam.example")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "camera.pem"
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path.write_bytes(key.private_bytes(*form) + written.public_bytes(serialization.Encoding.PEM))
    return path
