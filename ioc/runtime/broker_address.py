"""A broker's address, as its URL says it."""

from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from ioc.model.faults import Fault


@dataclass(frozen=True, slots=True)
class Address:
    """Where a broker is and who we are there."""

    host: str
    port: int
    tls: bool
    user: str | None
    password: str | None

    def __str__(self) -> str:
        """Write it without secrets."""
        return f"mqtt{'s' if self.tls else ''}://{self.host}:{self.port}"


def parse_address(url: str) -> Address:
    """Read `mqtt[s]://[user:password@]host[:port]`.

    Raises:
        Fault: it is not such a URL; the sentence shows no password.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    if parts.scheme not in ("mqtt", "mqtts") or not parts.hostname:
        shown = url.rpartition("@")[2]
        raise Fault(f"The broker's URL {shown!r} must look like mqtt://host:1883 or mqtts://user:password@host:8883.")
    return Address(
        host=parts.hostname,
        port=port or (8883 if parts.scheme == "mqtts" else 1883),
        tls=parts.scheme == "mqtts",
        user=None if parts.username is None else unquote(parts.username),
        password=None if parts.password is None else unquote(parts.password),
    )
