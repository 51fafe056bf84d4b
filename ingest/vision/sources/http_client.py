"""Asks for things over HTTP: every host on the way is checked and pinned, and few redirects are followed."""

import http.client
import socket
import ssl
import time
from dataclasses import dataclass, replace
from ipaddress import ip_address
from typing import Any, Final, cast
from urllib.parse import urljoin

from ingest.vision.sources.addresses import AllowedNetworks
from ingest.vision.sources.camera_url import CameraUrl, parse_camera_url, written_host
from ingest.vision.sources.contract import TIME_OUT_S, SourceFailed, SourceRefused
from ingest.vision.sources.http_login import authorization

MOST_REDIRECTS: Final = 5

ANSWER_S: Final = 20.0
"""Seconds until the head of the last answer must have come, redirects and login included: a server that sends a byte
now and then must not hold us."""

_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})


@dataclass(slots=True)
class Answer:
    """What a server answered, its body still to be read.

    Attributes:
        url: where it came from in the end.
        content_type: lower case, with its parameters as they were sent.
    """

    url: CameraUrl
    status: int
    content_type: str
    _response: http.client.HTTPResponse
    _connection: "_Pinned"

    def read(self, most: int) -> bytes:
        """Read what is there, at least a byte and at most so many; empty at the end.

        Raises:
            SourceFailed: too little came in time, or the connection broke.
        """
        # One reading may take many bytes from the wire: the line that says how long a chunk is, or what ends the body.
        self._connection.give(TIME_OUT_S)
        try:
            return self._response.read1(most)
        except TimeoutError:
            raise SourceFailed(f"{self.url.shown} sent nothing to read for {TIME_OUT_S:g} s") from None
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise SourceFailed(f"the connection to {self.url.shown} broke ({_reason(error)})") from None

    def read_all(self, most: int, what: str) -> bytes:
        """Read the whole body.

        Raises:
            SourceFailed: see `read`, or it is longer than that.
        """
        parts: list[bytes] = []
        length = 0
        deadline = time.monotonic() + ANSWER_S
        while part := self.read(65_536):
            if time.monotonic() > deadline:
                raise SourceFailed(f"{what} from {self.url.shown} did not come within {ANSWER_S:g} s")
            parts.append(part)
            length += len(part)
            if length > most:
                raise SourceFailed(f"{what} from {self.url.shown} has more than {most:,} bytes")
        return b"".join(parts)

    def close(self) -> None:
        """Close the connection."""
        self._response.close()
        self._connection.close()


def ask(
    url: CameraUrl,
    allowed: AllowedNetworks,
    *,
    byte_range: tuple[int, int] | None = None,
    lent: CameraUrl | None = None,
) -> Answer:
    """Send a GET request, follow redirects, and log in where the server asks for it.

    Args:
        url: http or https.
        allowed: decides about every host on the way.
        byte_range: the first byte and the last, where not all of it is wanted.
        lent: whose user and password may be shown to the same host where the address has none.

    Raises:
        SourceRefused: a host is not allowed, too many redirects, or who asks is not let in.
        SourceFailed: there is no sound answer.
    """
    deadline = time.monotonic() + ANSWER_S
    for _ in range(MOST_REDIRECTS + 1):
        answer = _ask_with_login(_with_login(url, lent), allowed, byte_range, deadline)
        if answer.status not in _REDIRECTS:
            return answer
        location = answer._response.getheader("Location", "")  # noqa: SLF001 - of this module
        answer.close()
        lent = lent or url
        url = _redirected(url, location)
    raise SourceRefused(f"{url.shown} redirects more than {MOST_REDIRECTS} times; write the address it should lead to")


def joined(base: CameraUrl, reference: str) -> CameraUrl:
    """Read an address that stands in an answer, relative to where that came from.

    Raises:
        SourceRefused: it is none of HTTP.
    """
    whole = f"{base.scheme}://{written_host(base.host)}:{base.port}{base.path}"
    try:
        url = parse_camera_url(urljoin(whole, reference.strip()))
    except ValueError:
        raise SourceRefused(f"{base.shown} names an address that is none") from None
    if url.scheme not in {"http", "https"}:
        raise SourceRefused(
            f"{base.shown} names an address of another kind ({url.scheme}); only http and https are read"
        )
    return url


def _redirected(url: CameraUrl, location: str) -> CameraUrl:
    if not location:
        raise SourceFailed(f"{url.shown} redirects without saying where to")
    target = joined(url, location)
    if url.scheme == "https" and target.scheme == "http":
        raise SourceRefused(f"{url.shown} redirects from https to http; write the address it should lead to")
    return target


def _with_login(url: CameraUrl, lent: CameraUrl | None) -> CameraUrl:
    if url.user or lent is None or (url.scheme, url.host, url.port) != (lent.scheme, lent.host, lent.port):
        return url
    return replace(url, user=lent.user, password=lent.password)


def _ask_with_login(
    url: CameraUrl, allowed: AllowedNetworks, byte_range: tuple[int, int] | None, deadline: float
) -> Answer:
    answer = _ask_once(url, allowed, byte_range, "", deadline)
    if answer.status == 401 and url.user:
        challenges = answer._response.headers.get_all("WWW-Authenticate") or []  # noqa: SLF001 - of this module
        login = authorization(challenges, url)
        if login:
            answer.close()
            answer = _ask_once(url, allowed, byte_range, login, deadline)
    if answer.status in _REDIRECTS or answer.status in {200, 206}:
        return answer
    answer.close()
    if answer.status == 401:
        why = "does not take this user and password" if url.user else "asks for a user and a password"
        raise SourceRefused(f"{url.shown} {why}; correct them in the address")
    if answer.status == 403:
        raise SourceRefused(f"{url.shown} does not let us in (403); ask its owner for the right to see it")
    if answer.status in {404, 410}:
        raise SourceFailed(f"{url.shown} has nothing at this path ({answer.status}); correct the address's path")
    raise SourceFailed(f"{url.shown} answered with status {answer.status}")


def _ask_once(
    url: CameraUrl, allowed: AllowedNetworks, byte_range: tuple[int, int] | None, login: str, deadline: float
) -> Answer:
    connection = _Pinned(url, allowed, deadline)
    try:
        connection.putrequest("GET", url.path, skip_accept_encoding=True)
        connection.putheader("User-Agent", "ioc-event-processor")
        connection.putheader("Accept", "*/*")
        if byte_range is not None:
            connection.putheader("Range", f"bytes={byte_range[0]}-{byte_range[1]}")
        if login:
            connection.putheader("Authorization", login)
        connection.endheaders()
        response = connection.getresponse()
    except (SourceFailed, SourceRefused):
        connection.close()
        raise
    except TimeoutError:
        connection.close()
        raise SourceFailed(f"{url.shown} did not answer in time ({TIME_OUT_S:g} to {ANSWER_S:g} s)") from None
    except (OSError, http.client.HTTPException, ValueError) as error:
        connection.close()
        raise SourceFailed(f"{url.shown} does not speak HTTP as expected ({_reason(error)})") from None
    return Answer(url, response.status, response.getheader("Content-Type", ""), response, connection)


class _Pinned(http.client.HTTPConnection):
    """A connection to the address that was checked, whatever the name leads to a moment later."""

    def __init__(self, url: CameraUrl, allowed: AllowedNetworks, deadline: float) -> None:
        super().__init__(written_host(url.host), url.port, timeout=TIME_OUT_S)
        self._url = url
        self._allowed = allowed
        self._deadline = deadline
        self._timed: _TimedSocket | _TimedTlsSocket | None = None

    def connect(self) -> None:
        connection = self._allowed.connect(self._url.host, self._url.port)
        if self._url.scheme == "https":
            timed: _TimedSocket | _TimedTlsSocket = secured(connection, self._url.host)
        else:
            timed = _TimedSocket(connection.family, connection.type, connection.proto, connection.detach())
            timed.settimeout(TIME_OUT_S)
        timed.deadline = self._deadline
        self._timed = timed
        self.sock = timed

    def give(self, seconds: float) -> None:
        """From now on the server has so long for what is read next."""
        if self._timed is not None:
            self._timed.deadline = time.monotonic() + seconds


class _TimedSocket(socket.socket):
    """A socket from which nothing can be read after its deadline, however little came each time."""

    deadline: float | None = None

    def recv_into(self, *arguments: Any, **more: Any) -> int:
        if self.deadline is not None:
            self.settimeout(_seconds_until(self.deadline))
        return super().recv_into(*arguments, **more)


class _TimedTlsSocket(ssl.SSLSocket):
    """The same with TLS."""

    deadline: float | None = None

    def recv_into(self, *arguments: Any, **more: Any) -> int:
        if self.deadline is not None:
            self.settimeout(_seconds_until(self.deadline))
        return super().recv_into(*arguments, **more)


def _seconds_until(deadline: float) -> float:
    seconds = deadline - time.monotonic()
    if seconds <= 0:
        raise TimeoutError
    return min(seconds, TIME_OUT_S)


def secured(connection: socket.socket, host: str) -> _TimedTlsSocket:
    """Speak TLS; a host that is called by its name must prove that it is the one.

    Cameras that are called by a numeric address have certificates that nobody vouches for; theirs are not looked at.

    Raises:
        SourceRefused: its certificate is not trusted.
        SourceFailed: it does not speak TLS.
    """
    context = ssl.create_default_context()
    context.sslsocket_class = _TimedTlsSocket
    if _is_numeric(host):
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    try:
        return cast("_TimedTlsSocket", context.wrap_socket(connection, server_hostname=host))
    except ssl.SSLCertVerificationError as error:
        connection.close()
        raise SourceRefused(
            f"the certificate of {host} is not trusted ({error.verify_message}); mend it, or write the host's numeric "
            "address"
        ) from None
    except OSError as error:
        connection.close()
        raise SourceFailed(f"{host} does not speak TLS as expected ({_reason(error)})") from None


def _is_numeric(host: str) -> bool:
    try:
        ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return True


def _reason(error: Exception) -> str:
    # What a server sent may stand in such a text: one line of it, and not much.
    text = (getattr(error, "strerror", None) or str(error) or type(error).__name__).splitlines()
    return "".join(sign for sign in (text[0] if text else "")[:120] if sign.isprintable()) or type(error).__name__
