"""Which addresses may be connected to: public ones, and those of private networks that the city has listed."""

import ipaddress
import socket
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from ingest.vision.sources.contract import TIME_OUT_S, SourceFailed, SourceRefused

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_GLOBAL_UNICAST: Final = ipaddress.IPv6Network("2000::/3")
"""All IPv6 addresses that IANA gives to the public (RFC 4291, section 2.4, and its registry); what lies outside is
site-local (fec0::/10), local translation (64:ff9b:1::/48), segment routing, or not given to anybody."""

_WITH_IPV4: Final = tuple(
    ipaddress.IPv6Network(network)
    for network in (
        "::/96",  # IPv4-compatible, RFC 4291, section 2.5.5.1
        "::ffff:0:0/96",  # IPv4-mapped, RFC 4291, section 2.5.5.2
        "::ffff:0:0:0/96",  # IPv4-translated, RFC 7915
        "64:ff9b::/96",  # translated by the well-known prefix, RFC 6052
    )
)
"""Networks whose addresses end with the IPv4 address that they stand for."""

_UNSPECIFIED_OR_LOOPBACK: Final = ipaddress.IPv6Network("::/127")
"""The two addresses below ::/96 that are themselves, RFC 4291, section 2.5."""


def resolved(host: str) -> tuple[str, ...]:
    """Ask the system which numeric addresses a host has.

    Raises:
        SourceFailed: it has none, or nobody knows now.
        SourceRefused: it cannot be a host's name.
    """
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except UnicodeError:
        raise SourceRefused("the address names a host that no host can be called; correct it") from None
    except OSError as error:
        reason = error.strerror or str(error)
        raise SourceFailed(f"the host {host} is not known ({reason}); correct its name, or write its address") from None
    return tuple(dict.fromkeys(str(entry[4][0]) for entry in found))


@dataclass(frozen=True, slots=True)
class AllowedNetworks:
    """Decides where a source may be.

    Attributes:
        networks: private, loopback, link-local or reserved networks that may be connected to all the same.
        resolve: gives a host's numeric addresses; another one in tests.
    """

    networks: tuple[Network, ...] = ()
    resolve: Callable[[str], Sequence[str]] = resolved

    @classmethod
    def of(cls, networks: Iterable[str]) -> "AllowedNetworks":
        """Read networks such as 10.20.0.0/16.

        Raises:
            ValueError: one of them is none.
        """
        return cls(tuple(ipaddress.ip_network(each, strict=False) for each in networks))

    def allows(self, address: str) -> bool:
        """Whether a numeric address may be connected to."""
        given = _unwrapped(ipaddress.ip_address(address.partition("%")[0]))
        if any(given in network for network in self.networks if network.version == given.version):
            return True
        if isinstance(given, ipaddress.IPv6Address) and given not in _GLOBAL_UNICAST:
            return False
        return given.is_global and not given.is_multicast

    def check(self, host: str) -> str:
        """Resolve a host once; whoever connects uses what comes back, so that a name cannot change its mind.

        Args:
            host: a name or a numeric address, without brackets.

        Returns:
            The first of its numeric addresses that may be connected to.

        Raises:
            SourceRefused: it has none.
            SourceFailed: its name cannot be resolved.
        """
        addresses = self.resolve(host)
        for address in addresses:
            if self.allows(address):
                return address
        where = host if host in addresses else f"{host} ({', '.join(addresses[:4])})"
        raise SourceRefused(
            f"{where} is a private or reserved address that is not allowed; list its network in "
            "`allow_networks` of [cameras] if cameras may be there"
        )

    def connect(self, host: str, port: int) -> socket.socket:
        """Connect to a host's checked address; the socket's time-out is the sources' own.

        Raises:
            SourceRefused: the address is not allowed.
            SourceFailed: nobody answers there.
        """
        address = self.check(host)
        try:
            connection = socket.create_connection((address, port), TIME_OUT_S)
        except TimeoutError:
            raise SourceFailed(f"{host}, port {port}, did not answer within {TIME_OUT_S:g} s") from None
        except OSError as error:
            raise SourceFailed(f"{host}, port {port}, cannot be reached ({error.strerror or error})") from None
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection


def _unwrapped(address: Address) -> Address:
    """Give the IPv4 address that an IPv6 one stands for, where it does."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address in _UNSPECIFIED_OR_LOOPBACK:
        return address
    if any(address in network for network in _WITH_IPV4):
        return ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
    if address.sixtofour is not None:
        return address.sixtofour
    if address.teredo is not None:
        return address.teredo[1]
    return address
