"""Serves scenes as cameras do: a stream of JPEG pictures over HTTP (MJPEG), to this machine only."""

import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

import cv2

from ioc.model.instant import SECOND, Instant
from ioc.runtime import clock
from ioc.runtime.logging import Log
from simulators.cameras.scene import Scene

_BOUNDARY: Final = "picture"
_QUALITY: Final = 82
_SLOW_S: Final = 5.0
"""Seconds after which a viewer that takes nothing is let go."""

_LOG = Log("simulators.cameras")


class Broadcast:
    """One scene's pictures: each is painted once, however many look, and none while nobody looks."""

    def __init__(self, scene: Scene, rate: float, begun: Instant) -> None:
        """Take a scene.

        Args:
            scene: what is shown.
            rate: pictures a second.
            begun: when its first second began.
        """
        self._scene = scene
        self._rate = rate
        self._begun = begun
        self._latest = -1
        self._jpeg = b""
        self._painting = threading.Lock()

    def number(self, now: Instant) -> int:
        """Say which picture is due."""
        return int((now - self._begun) * self._rate // SECOND)

    def until(self, number: int, now: Instant) -> float:
        """Say how many seconds are left until a picture is due."""
        return max(0.0, (self._begun + number * SECOND / self._rate - now) / SECOND)

    def jpeg(self, number: int) -> bytes:
        """Give a picture; the one who asks first paints it."""
        with self._painting:
            if number != self._latest:
                pixels = self._scene.picture(max(0, number) / self._rate)
                done, written = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
                if not done:
                    raise OSError("OpenCV could not write a JPEG picture")
                self._jpeg, self._latest = written.tobytes(), number
            return self._jpeg


class CameraServer(ThreadingHTTPServer):
    """Answers `/NAME` with a scene's stream and `/NAME.jpg` with one picture of it; only on 127.0.0.1."""

    daemon_threads = True
    # Viewers may be in the middle of a stream that has no end.
    block_on_close = False

    def __init__(self, scenes: Mapping[str, Scene], *, port: int, rate: float = 5.0) -> None:
        """Listen.

        Args:
            scenes: by name.
            port: 0 for any that is free.
            rate: pictures a second.

        Raises:
            OSError: the port is taken.
        """
        super().__init__(("127.0.0.1", port), _Viewer)
        begun = clock.now()
        self.broadcasts = {name: Broadcast(scene, rate, begun) for name, scene in scenes.items()}
        self.over = threading.Event()

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.server_address[1])

    def server_close(self) -> None:
        """Let the viewers go, and listen no more."""
        self.over.set()
        super().server_close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Pass over viewers that go away in the middle of a picture."""


class _Viewer(BaseHTTPRequestHandler):
    server: CameraServer
    timeout = _SLOW_S

    def do_GET(self) -> None:
        """Answer."""
        name, _, kind = self.path.partition("?")[0].strip("/").partition(".")
        broadcast = self.server.broadcasts.get(name)
        if broadcast is None or kind not in ("", "mjpg", "jpg"):
            self.send_error(404, "No such camera", f"There are {', '.join(self.server.broadcasts)}.")
        elif kind == "jpg":
            jpeg = broadcast.jpeg(broadcast.number(clock.now()))
            self._head("image/jpeg", len(jpeg))
            self.wfile.write(jpeg)
        else:
            self._stream(broadcast)

    def _stream(self, broadcast: Broadcast) -> None:
        self._head(f"multipart/x-mixed-replace; boundary={_BOUNDARY}", None)
        number = broadcast.number(clock.now())
        while not self.server.over.is_set():
            jpeg = broadcast.jpeg(number)
            head = f"--{_BOUNDARY}\r\nContent-Type: image/jpeg\r\nContent-Length: {len(jpeg)}\r\n\r\n"
            self.wfile.write(head.encode("ascii") + jpeg + b"\r\n")
            # A viewer that is late goes on with the picture that is due now.
            number = max(number + 1, broadcast.number(clock.now()))
            self.server.over.wait(broadcast.until(number, clock.now()))

    def _head(self, kind: str, length: int | None) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Cache-Control", "no-store")
        if length is not None:
            self.send_header("Content-Length", str(length))
        self.end_headers()

    def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002 - the signature is the library's
        """Say it where somebody looks for it only."""
        _LOG.debug("asked", what=format % arguments)
