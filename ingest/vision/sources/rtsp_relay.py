"""Stands between FFmpeg and one RTSP server, so that FFmpeg can be led to no other address than the checked one."""

import re
import select
import socket
import ssl
import threading
from collections.abc import Callable, Mapping
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
        self._listener.setblocking(False)
        self._port = self._listener.getsockname()[1]
        self._wake, self._woken = socket.socketpair()
        self._playing = False
        self._before = b"\n"
        self._thread = threading.Thread(target=self._serve, name="rtsp-relay", daemon=True)
        self._thread.start()

    @property
    def address(self) -> str:
        """What FFmpeg is to open; it holds the password."""
        login = ""
        if self._url.user or self._url.password:
            login = f"{quote(self._url.user, safe='')}:{quote(self._url.password, safe='')}@"
        return f"rtsp://{login}127.0.0.1:{self._port}{self._url.path}"

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
        """Cut both ends, and wait until they are."""
        # The ends are closed by the thread that uses them: a TLS connection takes no second one.
        self._wake.close()
        self._thread.join(TIME_OUT_S)

    def _serve(self) -> None:
        with suppress(OSError), self._woken, self._server, self._listener:
            client = self._accepted()
            if client is None:
                return
            with client:
                client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                client.setblocking(False)
                self._server.setblocking(False)
                with suppress(_Ended):
                    self._pass_on(client)

    def _accepted(self) -> socket.socket | None:
        """Wait for the first who comes; None where nobody does, or who would is not to."""
        ready = _wait({self._listener: select.POLLIN, self._woken: select.POLLIN}, 2 * TIME_OUT_S)
        if self._listener not in ready or self._woken in ready:
            return None
        client, _ = self._listener.accept()
        self._listener.close()
        return client

    def _pass_on(self, client: socket.socket) -> None:
        """Carry both ways in one thread until one end is closed, or `close` was called."""
        ways = (_Way(client, self._server, self._see_request), _Way(self._server, client, self._see_answer))
        while True:
            awaited = [way.step() for way in ways]
            wanted: dict[socket.socket, int] = {self._woken: select.POLLIN}
            for each in awaited:
                if each is not None:
                    end, event = each
                    wanted[end] = wanted.get(end, 0) | event
            if self._woken in _wait(wanted, None if all(awaited) else 0.0):
                return

    def _see_request(self, data: bytes) -> None:
        self._playing = self._playing or b"\nPLAY " in b"\n" + data

    def _see_answer(self, data: bytes) -> None:
        # Once it has asked for video, FFmpeg is led nowhere any more.
        if self._playing:
            return
        text = self._before + data.replace(b"\r", b"")
        if _ELSEWHERE in text.lower() or _EARLY_MEDIA in text:
            self.led_elsewhere = True
            raise _Ended
        for answer in _STATUS.finditer(text):
            self.status = int(answer[1])
        self._before = text[-_OVERLAP:]


class _Ended(Exception):
    """Nothing more is to be carried."""


class _Way:
    """One direction between two sockets that do not block; reads on only once all that was read has been sent."""

    def __init__(self, source: socket.socket, target: socket.socket, see: Callable[[bytes], None]) -> None:
        self._source = source
        self._target = target
        self._see = see
        self._rest = memoryview(b"")

    def step(self) -> tuple[socket.socket, int] | None:
        """Receive or send once; give which socket must first be ready for what where that cannot be done now.

        Raises:
            _Ended: the source has sent everything.
            OSError: a connection broke.
        """
        end, event = (self._target, select.POLLOUT) if self._rest else (self._source, select.POLLIN)
        try:
            if self._rest:
                self._rest = self._rest[self._target.send(self._rest) :]
            else:
                data = self._source.recv(_CHUNK)
                if not data:
                    raise _Ended
                self._see(data)
                self._rest = memoryview(data)
        # TLS may have to send before it can receive, and the other way round.
        except ssl.SSLWantReadError:
            return end, select.POLLIN
        except ssl.SSLWantWriteError:
            return end, select.POLLOUT
        except BlockingIOError:
            return end, event
        return None


def _wait(wanted: Mapping[socket.socket, int], seconds: float | None) -> set[socket.socket]:
    """Wait until one of the sockets is ready, broken or closed by its other end, and give those that are."""
    poll = select.poll()
    by_number = {each.fileno(): each for each in wanted}
    for each, events in wanted.items():
        poll.register(each, events)
    return {by_number[number] for number, _ in poll.poll(None if seconds is None else 1000 * seconds)}
