"""A real RTSP server for tests: GStreamer's, found or installed, started on a port of its own, ended by its id.

GStreamer's bindings belong to the system's Python, so the server runs there: `serve` below.
"""

import itertools
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

START_SECONDS = 20.0

PYTHON = Path("/usr/bin/python3")

PACKAGES = (
    "gir1.2-gst-rtsp-server-1.0",
    "python3-gi",
    "gstreamer1.0-plugins-base",
    "gstreamer1.0-plugins-good",
    "gstreamer1.0-plugins-bad",
)

_PROBE = """
import gi
gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import Gst, GstRtspServer
Gst.init(None)
assert all(Gst.ElementFactory.find(name) for name in ("appsrc", "h264parse", "rtph264pay"))
"""


def find() -> Path | None:
    """Find a Python that has the server."""
    if not PYTHON.exists():
        return None
    probe = subprocess.run([PYTHON, "-I", "-c", _PROBE], capture_output=True, check=False)
    return PYTHON if probe.returncode == 0 else None


def find_or_install() -> tuple[Path | None, str]:
    """Give the Python that has the server, or None and the reason why there is none."""
    import apt  # noqa: PLC0415 - what the system's Python runs below needs none of it

    found = find()
    if found is None and apt.install(*PACKAGES):
        found = find()
    return (found, "") if found else (None, f"no RTSP server on this machine; Debian has it as {PACKAGES[0]!r}")


class RtspServer:
    """One server process on one loopback port, and what can befall it."""

    def __init__(
        self,
        python: Path,
        folder: Path,
        port: int,
        mounts: Mapping[str, Path],
        rate: float = 5,
        user: str = "",
        password: str = "",
    ) -> None:
        """Say what it serves; `start` starts it.

        Args:
            python: one that has the server, see `find`.
            folder: where its log lies.
            port: on loopback.
            mounts: paths such as /gate, and the clip that each one shows over and over: H.264, one slice a frame,
                as `ffmpeg.camera_stream` writes it to a name that ends in .h264.
            rate: frames a second of all clips.
            user: who may look (digest), anybody where empty.
            password: the user's.
        """
        folder.mkdir(parents=True, exist_ok=True)
        self.port = port
        self.log = folder / "rtsp.log"
        self._python = python
        plan = {"port": port, "rate": rate, "mounts": {path: str(clip) for path, clip in mounts.items()}}
        self._plan = json.dumps({**plan, "user": user, "password": password})
        self._process: subprocess.Popen[bytes] | None = None

    def url(self, mount: str, credentials: str = "") -> str:
        """Give the address of what it serves.

        Args:
            mount: its path, such as /gate.
            credentials: user:password, or nothing.
        """
        return f"rtsp://{credentials}{'@' if credentials else ''}127.0.0.1:{self.port}{mount}"

    def start(self) -> None:
        """Start it and wait until it answers."""
        with self.log.open("ab") as log:
            command = [self._python, "-I", Path(__file__).resolve(), "serve"]
            self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=log, stderr=log)
        if self._process.stdin is not None:
            # It stays open: the server ends when whoever started it has ended.
            self._process.stdin.write(self._plan.encode() + b"\n")
            self._process.stdin.flush()
        deadline = time.monotonic() + START_SECONDS
        while True:
            with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
                return
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                raise RuntimeError(f"the RTSP server did not start: {self.log.read_text(errors='replace')[-500:]}")
            time.sleep(0.02)

    def kill(self) -> None:
        """End it at once."""
        process, self._process = self._process, None
        if process is not None:
            process.send_signal(signal.SIGCONT)
            process.kill()
            process.wait()
            if process.stdin is not None:
                process.stdin.close()

    def pause(self) -> None:
        """Make it stand still, its connections open."""
        self._running.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let it go on."""
        self._running.send_signal(signal.SIGCONT)

    @property
    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            raise RuntimeError("the server is not running; start it first")
        return self._process


def frames_of(clip: bytes) -> list[bytes]:
    """Cut H.264 (Annex B), one slice a frame, into frames, each with the parameters that stand before it."""
    frames: list[bytes] = []
    started = 0
    for unit in re.finditer(rb"\x00\x00\x01(.)", clip, re.DOTALL):
        # Types 1 and 5 hold pictures (H.264, table 7-1); what follows one begins the next frame.
        if unit[1][0] & 31 in {1, 5}:
            end = clip.find(b"\x00\x00\x01", unit.end())
            end = len(clip) if end < 0 else end
            frames.append(clip[started:end])
            started = end
    return frames


def serve() -> None:
    """Serve what standard input says, until the process is ended; under the system's Python."""
    import gi  # noqa: PLC0415

    gi.require_version("Gst", "1.0")
    gi.require_version("GstRtsp", "1.0")
    gi.require_version("GstRtspServer", "1.0")
    from gi.repository import GLib, Gst, GstRtsp, GstRtspServer  # noqa: PLC0415

    plan = json.loads(sys.stdin.readline())
    threading.Thread(target=_end_with_input, daemon=True).start()
    Gst.init(None)
    apart = int(Gst.SECOND / plan["rate"])

    def configure(_factory: object, media: Any, frames: list[bytes]) -> None:
        numbers = itertools.count()

        def push(source: Any, _wanted: int) -> None:
            number = next(numbers)
            buffer = Gst.Buffer.new_wrapped(frames[number % len(frames)])
            buffer.pts = buffer.dts = number * apart
            buffer.duration = apart
            source.emit("push-buffer", buffer)

        media.get_element().get_by_name_recurse_up("clip").connect("need-data", push)

    server = GstRtspServer.RTSPServer()
    server.set_address("127.0.0.1")
    server.set_service(str(plan["port"]))
    if plan["user"]:
        auth = GstRtspServer.RTSPAuth()
        auth.set_supported_methods(GstRtsp.RTSPAuthMethod.DIGEST)
        token = GstRtspServer.RTSPToken()
        token.set_string("media.factory.role", "viewer")
        auth.add_digest(plan["user"], plan["password"], token)
        server.set_auth(auth)
    for path, clip in plan["mounts"].items():
        factory = GstRtspServer.RTSPMediaFactory()
        factory.set_launch(
            "( appsrc name=clip is-live=true format=time max-buffers=2 "
            "caps=video/x-h264,stream-format=byte-stream,alignment=au ! "
            "h264parse ! rtph264pay name=pay0 pt=96 config-interval=1 )"
        )
        factory.set_shared(True)
        factory.connect("media-configure", configure, frames_of(Path(clip).read_bytes()))
        if plan["user"]:
            rights = GstRtspServer.RTSPPermissions()
            rights.add_permission_for_role("viewer", "media.factory.access", True)
            rights.add_permission_for_role("viewer", "media.factory.construct", True)
            factory.set_permissions(rights)
        server.get_mount_points().add_factory(path, factory)
    if not server.attach(None):
        sys.stderr.write("the port is taken\n")
        os._exit(1)
    GLib.MainLoop().run()


def _end_with_input() -> None:
    sys.stdin.read()
    os._exit(0)


if __name__ == "__main__":
    if sys.argv[1:] == ["serve"]:
        serve()
    else:
        program, why_not = find_or_install()
        sys.stdout.write(f"{program or why_not}\n")
