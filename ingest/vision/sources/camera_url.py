"""Addresses of cameras: what one says, and how it may be shown without its password."""

import re
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import unquote, urlsplit

_PORTS: Final = {"rtsp": 554, "rtsps": 322, "http": 80, "https": 443}
_FORMS: Final = (
    "rtsp://host/path, rtsps://…, http://host/path (MJPEG, or HLS where it ends with .m3u8), https://…, "
    "file:/path, folder:/path or usb:0"
)
_CONTROL: Final = re.compile(r"[\x00-\x20\x7f]")
_MOST_CHARACTERS: Final = 2048


@dataclass(frozen=True, slots=True)
class CameraUrl:
    """A camera's address, taken apart.

    Attributes:
        scheme: rtsp | rtsps | http | https | file | folder | usb.
        host: a name, or a numeric address without brackets; empty for file, folder and usb.
        port: 0 for file, folder and usb.
        path: with its query, as sent; for file and folder the path, for usb the number.
        user: decoded; empty where there is none.
        password: decoded; never shown.
    """

    scheme: str
    host: str
    port: int
    path: str
    user: str = field(default="", repr=False)
    password: str = field(default="", repr=False)

    @property
    def shown(self) -> str:
        """What people may see of it: no user, no password, and no path of a stream, since some hold a password."""
        if not self.host:
            return f"{self.scheme}:{self.path}"
        return f"{self.scheme}://{written_host(self.host)}:{self.port}"

    @property
    def is_hls(self) -> bool:
        """Whether it names a playlist."""
        return self.scheme in {"http", "https"} and urlsplit(self.path).path.lower().endswith((".m3u8", ".m3u"))


def parse_camera_url(url: str) -> CameraUrl:
    """Take an address apart.

    Raises:
        ValueError: it is none; the sentence is fit for people and holds nothing of the address.
    """
    if len(url) > _MOST_CHARACTERS:
        raise ValueError(f"an address has at most {_MOST_CHARACTERS} characters")
    scheme, colon, rest = url.partition(":")
    scheme = scheme.lower()
    if not colon or (scheme not in _PORTS and scheme not in {"file", "folder", "usb"}):
        raise ValueError(f"an address of a camera is one of {_FORMS}")
    if scheme == "usb":
        if not re.fullmatch(r"[0-9]{1,2}", rest):
            raise ValueError("an address of a USB camera is usb: and its number, such as usb:0")
        return CameraUrl(scheme, "", 0, rest)
    if scheme in {"file", "folder"}:
        path = rest.removeprefix("//") if rest.startswith("///") else rest
        if not path or "\0" in path:
            raise ValueError(f"an address of a {scheme} is {scheme}: and its path, such as {scheme}:/srv/gate")
        return CameraUrl(scheme, "", 0, path)
    if _CONTROL.search(url):
        raise ValueError("an address holds no spaces or control characters; write a space as %20")
    try:
        parts = urlsplit(url)
        port = parts.port or _PORTS[scheme]
    except ValueError:
        raise ValueError(
            f"this cannot be read as an address; a {scheme} address is {scheme}://user:password@host:port/path, and "
            "signs such as @ : / in a password are written %40 %3A %2F"
        ) from None
    if not parts.hostname or not rest.startswith("//"):
        raise ValueError(f"the address names no host; expected {scheme}://host/path")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    if "\n" in user + password or "\r" in user + password:
        raise ValueError("a user and a password hold no line breaks")
    return CameraUrl(scheme, parts.hostname, port, path, user, password)


def written_host(host: str) -> str:
    """Write a host as URLs have it: numeric addresses of version 6 in brackets."""
    return f"[{host}]" if ":" in host else host
