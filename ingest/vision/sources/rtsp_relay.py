"""Stands between FFmpeg and one RTSP server, so that FFmpeg can be led to no other address than the checked one."""

import re
import socket
import threading
from contextlib import suppress
from typing import Final
from urllib.parse import quote

from ingest.vision.sources.addresses import AllowedNetworks
from ingest.vision.sources.camera_url import CameraUrl
from ingest.vision.sources.contract import TIME_OUT_S, SourceFailed, SourceRefused
from ingest.vision.sources.http_client import secured

_CHUNK: Final = 262_144
_OVERLAP: Final = 32
_STATUS: Final = re.compile(rb"\nRTSP/1\.[0-9] ([1-5][0-9][0-9])")

_ELSEWHERE: Final = b"\nlocation:"
"""FFmpeg follows a server that sends it elsewhere to any address, and knows where by a line that begins so; it reads
over carriage returns and case, and so must we."""

_EARLY_MEDIA: Final = b"\n$"
"""Where a line begins with this sign, FFmpeg takes what follows for a packet, and what stands behind it for the line's
beginning. Before video was asked for no server has reason to send one, but to hide the line above."""


class RtspRelay:
    """One connection to a server, offered on a loopback port to the first who comes.

    Attributes:
        status: of the server's last answer before video came; 0 before the first one.
        led_elsewhere: whether the server named another address, upon which it was cut off.
    """

    def __init__(self, url: CameraUrl, allowed: AllowedNetworks) -> None:
        """Connect to the server's checked address.

        Raises:
            SourceRefused: the address is not allowed, or its certificate not trusted.
            SourceFailed: nobody answers there.
        """
        self.status = 0
        self.led_elsewhere = False
        self._url = url
        server = allowed.connect(url.host, url.port)
        self._server: socket.socket = secured(server, url.host) if url.scheme == "rtsps" else server
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=1)
        self._listener.settimeout(2 * TIME_OUT_S)
        self._client: socket.socket | None = None
        self._closed = False
        self._playing = False
        threading.Thread(target=self._serve, name="rtsp-relay", daemon=True).start()

    @property
    def address(self) -> str:
        """What FFmpeg is to open; it holds the password."""
        login = ""
        if self._url.user or self._url.password:
            login = f"{quote(self._url.user, safe='')}:{quote(self._url.password, safe='')}@"
        return f"rtsp://{login}127.0.0.1:{self._listener.getsockname()[1]}{self._url.path}"

    def problem(self) -> SourceFailed | SourceRefused | None:
        """Say why there is no video, where the server's answers tell it."""
        shown = self._url.shown
        if self.led_elsewhere:
            return SourceRefused(f"{shown} says that its stream is at another address; write that one")
        if self.status == 401:
            why = "does not take this user and password" if self._url.user else "asks for a user and a password"
            return SourceRefused(f"{shown} {why}; correct them in the address")
        if self.status == 403:
            return SourceRefused(f"{shown} does not let us in (403); ask its owner for the right to see it")
        if self.status == 404:
            return SourceFailed(f"{shown} has no stream at this path (404); correct the address's path")
        if self.status >= 400:
            return SourceFailed(f"{shown} answered with status {self.status}")
        return None

    def close(self) -> None:
        """Cut both ends."""
        self._closed = True
        for end in (self._listener, self._client, self._server):
            if end is not None:
                with suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)
                with suppress(OSError):
                    end.close()

    def _serve(self) -> None:
        try:
            self._client, _ = self._listener.accept()
            self._listener.close()
        except OSError:
            self.close()
            return
        if self._closed:
            self.close()
            return
        self._client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._server.settimeout(None)
        self._client.settimeout(None)
        threading.Thread(target=self._pass_requests, args=(self._client,), name="rtsp-requests", daemon=True).start()
        self._pass_answers(self._client)

    def _pass_requests(self, client: socket.socket) -> None:
        with suppress(OSError):
            while data := client.recv(_CHUNK):
                self._playing = self._playing or b"\nPLAY " in b"\n" + data
                self._server.sendall(data)
        self.close()

    def _pass_answers(self, client: socket.socket) -> None:
        before = b"\n"
        with suppress(OSError):
            while data := self._server.recv(_CHUNK):
                # Once it has asked for video, FFmpeg is led nowhere any more.
                if not self._playing:
                    text = before + data.replace(b"\r", b"")
                    if _ELSEWHERE in text.lower() or _EARLY_MEDIA in text:
                        self.led_elsewhere = True
                        break
                    for answer in _STATUS.finditer(text):
                        self.status = int(answer[1])
                    before = text[-_OVERLAP:]
                client.sendall(data)
        self.close()
