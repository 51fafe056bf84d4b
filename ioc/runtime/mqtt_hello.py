"""Asks a broker, without an MQTT client, whether it lets us in and what it says of itself."""

import os
import socket
import ssl
import struct
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Final, Literal

from ioc.runtime.broker_address import parse_address

_CONNECT, _CONNACK, _PUBLISH, _SUBSCRIBE, _DISCONNECT = 0x10, 0x20, 0x30, 0x82, 0xE0
_LEVEL: Final = {3: 4, 5: 5}
_VERSION_TOPIC: Final = "$SYS/broker/version"

# Properties of a CONNACK (MQTT 5, section 3.2.2.3) by how they are written: a struct, or None for one text.
_PROPERTIES: Final[dict[int, str | None]] = {
    0x11: ">I",
    0x12: None,
    0x13: ">H",
    0x15: None,
    0x16: None,
    0x1A: None,
    0x1C: None,
    0x1F: None,
    0x21: ">H",
    0x22: ">H",
    0x24: ">B",
    0x25: ">B",
    0x27: ">I",
    0x28: ">B",
    0x29: ">B",
    0x2A: ">B",
}
_RECEIVE_MAXIMUM, _MAXIMUM_QOS, _MAXIMUM_PACKET = 0x21, 0x24, 0x27

_REFUSALS: Final = {
    1: "it does not speak this version of MQTT",
    2: "it refuses our name",
    3: "it is unavailable",
    4: "user or password is wrong",
    5: "we are not authorized",
    0x84: "it does not speak this version of MQTT",
    0x86: "user or password is wrong",
    0x87: "we are not authorized",
    0x88: "it is unavailable",
    0x89: "it is busy",
    0x8C: "it wants another way of logging in",
}


class Refused(Exception):
    """The broker cannot be reached, or does not let us in; the text says why."""


@dataclass(frozen=True, slots=True)
class Hello:
    """What a broker says when one connects.

    Attributes:
        version: what it calls itself; None where it does not say.
        maximum_qos: the best quality of service it offers (0, 1, 2).
        maximum_packet: bytes of a message; None where it sets no limit.
        receive_maximum: messages it takes from one client before it acknowledges any.
    """

    version: str | None
    maximum_qos: int
    maximum_packet: int | None
    receive_maximum: int


def say_hello(url: str, protocol: Literal[3, 5], *, timeout: float = 3.0, tls: ssl.SSLContext | None = None) -> Hello:
    """Connect, ask for the version, and leave.

    Args:
        url: mqtt[s]://[user:password@]host[:port].
        protocol: MQTT 3.1.1 (3) or 5.
        timeout: seconds for each answer.
        tls: how mqtts is spoken; as this machine does by itself where not given.

    Raises:
        Fault: it is not such a URL.
        Refused: nobody answers there, or we are not let in.
    """
    address = parse_address(url)
    try:
        with ExitStack() as stack:
            connection = stack.enter_context(socket.create_connection((address.host, address.port), timeout))
            if address.tls:
                context = tls or ssl.create_default_context()
                connection = stack.enter_context(context.wrap_socket(connection, server_hostname=address.host))
            connection.sendall(_connect(protocol, address.user, address.password))
            code, properties = _acknowledged(connection, protocol)
            if code:
                raise Refused(_REFUSALS.get(code, f"it refuses us with code {code}"))
            version = _version(connection, protocol)
            connection.sendall(bytes([_DISCONNECT, 0]))
    except (OSError, struct.error, IndexError) as problem:
        raise Refused(str(problem) or type(problem).__name__) from None
    return Hello(
        version=version,
        maximum_qos=properties.get(_MAXIMUM_QOS, 2),
        maximum_packet=properties.get(_MAXIMUM_PACKET),
        receive_maximum=properties.get(_RECEIVE_MAXIMUM, 65_535),
    )


def _connect(protocol: int, user: str | None, password: str | None) -> bytes:
    flags = 0x02 | (0x80 if user is not None else 0) | (0x40 if password is not None else 0)
    body = _text("MQTT") + bytes([_LEVEL[protocol], flags]) + struct.pack(">H", 10)
    body += b"\x00" if protocol == 5 else b""
    body += _text(f"ioc-doctor-{os.getpid()}")
    for secret in (user, password):
        body += b"" if secret is None else _text(secret)
    return _packet(_CONNECT, body)


def _acknowledged(connection: socket.socket, protocol: int) -> tuple[int, dict[int, int]]:
    kind, body = _read_packet(connection)
    if kind & 0xF0 != _CONNACK:
        raise Refused("what answers there is not an MQTT broker")
    return body[1], dict(_properties(body[2:])) if protocol == 5 and len(body) > 2 else {}


def _version(connection: socket.socket, protocol: int) -> str | None:
    options = b"\x00"
    body = struct.pack(">H", 1) + (b"\x00" if protocol == 5 else b"") + _text(_VERSION_TOPIC) + options
    connection.sendall(_packet(_SUBSCRIBE, body))
    connection.settimeout(0.5)  # many brokers keep their version to themselves
    try:
        while True:
            kind, body = _read_packet(connection)
            if kind & 0xF0 == _PUBLISH:
                (length,) = struct.unpack_from(">H", body)
                rest = body[2 + length :]
                if protocol == 5:
                    size, start = _variable(rest, 0)
                    rest = rest[start + size :]
                return rest.decode(errors="replace")[:100]
    except OSError:
        return None


def _properties(data: bytes) -> Iterator[tuple[int, int]]:
    size, position = _variable(data, 0)
    end = position + size
    while position < end:
        name = data[position]
        position += 1
        form = _PROPERTIES.get(name)
        if form is not None:
            yield name, struct.unpack_from(form, data, position)[0]
            position += struct.calcsize(form)
        else:
            # A text, or with 0x26 (user property) two of them.
            for _ in range(2 if name == 0x26 else 1):
                (length,) = struct.unpack_from(">H", data, position)
                position += 2 + length


def _read_packet(connection: socket.socket) -> tuple[int, bytes]:
    kind = _exactly(connection, 1)[0]
    size = shift = 0
    while True:
        byte = _exactly(connection, 1)[0]
        size |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80 or shift > 21:
            return kind, _exactly(connection, size)


def _exactly(connection: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count:
        more = connection.recv(count - len(data))
        if not more:
            raise ConnectionError("it closes the connection")
        data += more
    return data


def _variable(data: bytes, position: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[position]
        position += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value, position


def _packet(kind: int, body: bytes) -> bytes:
    size, length = len(body), b""
    while True:
        size, digit = divmod(size, 128)[0], size % 128
        length += bytes([digit | (0x80 if size else 0)])
        if not size:
            return bytes([kind]) + length + body


def _text(text: str) -> bytes:
    data = text.encode()
    return struct.pack(">H", len(data)) + data
