import socket
import ssl
import threading
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import pytest
from rtsp_server import RtspServer

from ingest.vision.camera import Camera
from ingest.vision.sources.addresses import AllowedNetworks
from ingest.vision.sources.camera_url import parse_camera_url
from ingest.vision.sources.http_client import _TimedTlsSocket
from ingest.vision.sources.opening import Source, SourceFailed, SourceRefused, open_source
from ingest.vision.sources.rtsp_relay import RtspRelay

LOOPBACK = AllowedNetworks.of(["127.0.0.1/32"])
Draw = Callable[..., Path]
Rtsp = Callable[..., RtspServer]
Start = Callable[..., Any]


def opened(url: str):
    return open_source(Camera("cam-1", url), LOOPBACK)


def grab_all(source: Source) -> None:
    while source.grab():
        pass


def test_a_stream_of_a_real_server_is_read(rtsp: Rtsp, drawn_clip: Draw) -> None:
    there = rtsp({"/gate": drawn_clip("gate.h264")})
    source = opened(there.url("/gate"))
    assert (source.kind, source.width, source.height, source.rate) == ("rtsp", 320, 180, 5.0)
    for _ in range(8):
        assert source.grab()
        assert source.take().shape == (180, 320, 3)
    source.close()


def test_a_server_that_wants_a_login_gets_it_and_wrong_ones_are_told_apart(rtsp: Rtsp, drawn_clip: Draw) -> None:
    there = rtsp({"/gate": drawn_clip("gate.h264")}, user="viewer", password="p@ss/w0rd")
    source = opened(there.url("/gate", "viewer:p%40ss%2Fw0rd"))
    assert source.grab()
    source.close()
    with pytest.raises(SourceRefused, match="does not take this user and password") as refusal:
        opened(there.url("/gate", "viewer:hunter2"))
    assert "hunter2" not in str(refusal.value)
    with pytest.raises(SourceRefused, match="asks for a user and a password"):
        opened(there.url("/gate"))


def test_a_path_that_the_server_does_not_know_is_named_as_the_trouble(rtsp: Rtsp, drawn_clip: Draw) -> None:
    there = rtsp({"/gate": drawn_clip("gate.h264")})
    with pytest.raises(SourceFailed, match="no stream at this path"):
        opened(there.url("/other"))


def test_a_server_that_dies_ends_the_stream_with_a_sentence(rtsp: Rtsp, drawn_clip: Draw) -> None:
    there = rtsp({"/gate": drawn_clip("gate.h264")})
    source = opened(there.url("/gate"))
    assert source.grab()
    there.kill()
    with pytest.raises(SourceFailed, match="no more video"):
        grab_all(source)
    source.close()


def answering(*texts: str) -> Callable[[bytes, socket.socket], None]:
    """Answer each request with the next text; the last one again and again."""

    def answer(head: bytes, connection: socket.socket) -> None:
        for number in range(50):
            sequence = next((line[5:] for line in head.split(b"\r\n") if line.lower().startswith(b"cseq:")), b"1")
            text = texts[min(number, len(texts) - 1)]
            connection.sendall(text.replace("\n", "\r\n").replace("SEQ", sequence.decode().strip()).encode())
            head = connection.recv(4096)
            if not head:
                return

    return answer


OPTIONS = "RTSP/1.0 200 OK\nCSeq: SEQ\nPublic: DESCRIBE, SETUP, PLAY\n\n"


@pytest.mark.parametrize(
    "redirect",
    [
        "RTSP/1.0 302 Moved\nCSeq: SEQ\nLocation: rtsp://127.0.0.1:PORT/inside\n\n",
        "RTSP/1.0 301 Moved\nCSeq: SEQ\nLOCATION : x\nlocation: rtsp://127.0.0.1:PORT/inside\n\n",
        "RTSP/1.0 302 Moved\nCSeq: SEQ\nLoca\rtion: rtsp://127.0.0.1:PORT/inside\n\n",
        "RTSP/1.0 302 Moved\nCSeq: SEQ\n$\0\0\0Location: rtsp://127.0.0.1:PORT/inside\n\n",
    ],
)
@pytest.mark.parametrize("first", [True, False], ids=["at-options", "at-describe"])
def test_a_redirect_is_not_followed_wherever_it_leads(server: Start, redirect: str, first: bool) -> None:
    inside = server(answering(OPTIONS))
    text = redirect.replace("PORT", str(inside.port))
    there = server(answering(*([text] if first else [OPTIONS, text])))
    with pytest.raises(SourceRefused, match="at another address"):
        opened(f"rtsp://viewer:secret@127.0.0.1:{there.port}/gate")
    assert not inside.heads


SDP = "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nt=0 0\nm=video 0 RTP/AVP 96\na=rtpmap:96 {codec}/90000\na=control:track0\n"


def described(codec: str) -> str:
    body = SDP.format(codec=codec).replace("\n", "\r\n")
    return f"RTSP/1.0 200 OK\nCSeq: SEQ\nContent-Type: application/sdp\nContent-Length: {len(body)}\n\n" + SDP.format(
        codec=codec
    )


SET_UP = "RTSP/1.0 200 OK\nCSeq: SEQ\nSession: 1\nTransport: RTP/AVP/TCP;unicast;interleaved=0-1\n\n"
PLAYING = "RTSP/1.0 200 OK\nCSeq: SEQ\nSession: 1\n\n"


@pytest.mark.parametrize(
    "texts",
    [
        ("",),
        ("hello\n\n",),
        ("HTTP/1.1 400 Bad Request\n\n",),
        ("RTSP/1.0 500 Oops\nCSeq: SEQ\n\n",),
        (OPTIONS, "RTSP/1.0 200 OK\nCSeq: SEQ\nContent-Length: 0\n\n"),
        (OPTIONS, "RTSP/1.0 200 OK\nCSeq: SEQ\nContent-Length: 2000000000\n\nv=0\n" + "x" * 1000),
        (OPTIONS, described("NOSUCHCODEC"), SET_UP, PLAYING + "$\0\0\4abcd"),
        (OPTIONS, described("H264"), "RTSP/1.0 461 Unsupported\nCSeq: SEQ\n\n"),
    ],
    ids=["nothing", "greeting", "http", "500", "no-sdp", "huge-sdp", "wrong-codec", "no-tcp"],
)
def test_a_server_that_answers_badly_becomes_a_sentence(server: Start, texts: tuple[str, ...]) -> None:
    def answer(head: bytes, connection: socket.socket) -> None:
        # What it leaves open FFmpeg would wait for.
        connection.settimeout(0.5)
        answering(*texts)(head, connection)

    there = server(answer if texts != ("",) else lambda _head, _connection: None)
    with pytest.raises(SourceFailed) as problem:
        grab_all(opened(f"rtsp://viewer:secret@127.0.0.1:{there.port}/gate"))
    assert "secret" not in str(problem.value)
    assert str(there.port) in str(problem.value)


def test_a_private_address_that_is_not_listed_is_refused_before_anything_is_sent(server: Start) -> None:
    there = server(answering(OPTIONS), "127.0.0.2")
    with pytest.raises(SourceRefused, match=r"127\.0\.0\.2.*allow_networks"):
        opened(f"rtsp://127.0.0.2:{there.port}/gate")
    assert not there.heads


def test_a_tls_connection_is_used_by_one_thread_whatever_goes_both_ways_at_once(
    certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    listener = socket.create_server(("127.0.0.1", 0))
    request, answer = b"\nPLAY " + bytes(range(256)) * 8192, bytes(range(255, -1, -1)) * 16_384
    heard = bytearray()

    def serve() -> None:
        connection, _ = listener.accept()
        with context.wrap_socket(connection, server_side=True) as outer:
            heard.extend(outer.recv(4096))
            for start in range(0, len(answer), 65_536):
                outer.sendall(answer[start : start + 65_536])
                heard.extend(outer.recv(65_536) if len(heard) < len(request) else b"")
            while len(heard) < len(request):
                heard.extend(outer.recv(65_536))

    users: set[int] = set()

    def noting(name: str) -> Callable[..., Any]:
        used = getattr(_TimedTlsSocket, name)

        def use(*arguments: Any, **more: Any) -> Any:
            users.add(threading.get_ident())
            return used(*arguments, **more)

        return use

    serving = threading.Thread(target=serve)
    serving.start()
    relay = RtspRelay(parse_camera_url(f"rtsps://127.0.0.1:{listener.getsockname()[1]}/gate"), LOOPBACK)
    for name in ("recv", "send", "sendall", "shutdown", "close"):
        monkeypatch.setattr(_TimedTlsSocket, name, noting(name))
    port = parse_camera_url(relay.address).port
    with socket.create_connection(("127.0.0.1", port), 30) as client:
        asking = threading.Thread(target=client.sendall, args=(request,))
        asking.start()
        got = bytearray()
        while len(got) < len(answer) and (data := client.recv(65_536)):
            got += data
        asking.join(30)
        serving.join(30)
        relay.close()
        assert client.recv(1) == b""
    listener.close()
    assert got == answer
    assert heard == request
    assert len(users) == 1
    assert threading.get_ident() not in users


@pytest.mark.parametrize("come", [True, False], ids=["with-ffmpeg", "before-ffmpeg"])
def test_a_relay_that_is_closed_has_let_go_of_both_ends(come: bool) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener, ExitStack() as ends:
        relay = RtspRelay(parse_camera_url(f"rtsp://127.0.0.1:{listener.getsockname()[1]}/gate"), LOOPBACK)
        there = [ends.enter_context(listener.accept()[0])]
        if come:
            address = ("127.0.0.1", parse_camera_url(relay.address).port)
            there.append(ends.enter_context(socket.create_connection(address)))
        relay.close()
        for end in there:
            end.settimeout(30)
            # Whoever was not let in yet is sent away.
            with suppress(ConnectionResetError):
                assert end.recv(1) == b""
        relay.close()


def test_a_stream_over_tls_is_read(rtsp: Rtsp, drawn_clip: Draw, certificate: Path) -> None:
    plain = rtsp({"/gate": drawn_clip("gate.h264")})
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    listener = socket.create_server(("127.0.0.1", 0))

    def carry(source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65_536):
                target.sendall(data)
        with suppress(OSError):
            target.shutdown(socket.SHUT_RDWR)

    def serve() -> None:
        connection, _ = listener.accept()
        with (
            context.wrap_socket(connection, server_side=True) as outer,
            socket.create_connection(("127.0.0.1", plain.port)) as inner,
        ):
            back = threading.Thread(target=carry, args=(inner, outer))
            back.start()
            carry(outer, inner)
            back.join()

    thread = threading.Thread(target=serve)
    thread.start()
    source = opened(f"rtsps://127.0.0.1:{listener.getsockname()[1]}/gate")
    assert source.grab()
    assert source.take().shape == (180, 320, 3)
    source.close()
    thread.join(20)
    listener.close()
    assert not thread.is_alive()
