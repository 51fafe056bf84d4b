"""Greeting a broker: what its first packets say."""

import socket
import struct
import threading
from collections.abc import Callable, Iterator

import pytest

from ioc.runtime.mqtt_hello import Hello, Refused, say_hello

Serve = Callable[[list[bytes]], str]


def text(value: str) -> bytes:
    return struct.pack(">H", len(value)) + value.encode()


def connack(reason: int, properties: bytes) -> bytes:
    body = bytes([0, reason, len(properties)]) + properties
    return bytes([0x20, len(body)]) + body


def publish(topic: str, payload: bytes) -> bytes:
    body = text(topic) + b"\x00" + payload
    return bytes([0x30, len(body)]) + body


@pytest.fixture
def broker() -> Iterator[Serve]:
    """A pretended broker that answers each packet it is sent with the next of the given ones."""
    listener = socket.create_server(("127.0.0.1", 0))
    threads: list[threading.Thread] = []

    def serve(answers: list[bytes]) -> str:
        def answer() -> None:
            connection, _ = listener.accept()
            with connection:
                for packet in answers:
                    connection.recv(1024)
                    connection.sendall(packet)
                connection.recv(1024)

        threads.append(threading.Thread(target=answer))
        threads[-1].start()
        return f"mqtt://ioc:geheim@127.0.0.1:{listener.getsockname()[1]}"

    yield serve
    for thread in threads:
        thread.join(10)
    listener.close()


def test_limits_and_version_are_read_between_texts_that_do_not_matter(broker: Serve):
    properties = (
        b"\x21" + struct.pack(">H", 20)
        + b"\x1f" + text("welcome")
        + b"\x26" + text("name") + text("value")
        + b"\x24\x01"
        + b"\x27" + struct.pack(">I", 65_536)
    )  # fmt: skip
    version = publish("$SYS/broker/version", b"mosquitto version 2.0.11")
    url = broker([connack(0, properties), b"\x90\x04\x00\x01\x00\x00" + version])
    assert say_hello(url, 5) == Hello("mosquitto version 2.0.11", 1, 65_536, 20)


def test_a_broker_that_keeps_its_version_to_itself_is_still_a_broker(broker: Serve):
    url = broker([connack(0, b""), b"\x90\x04\x00\x01\x00\x87"])
    assert say_hello(url, 5) == Hello(None, 2, None, 65_535)


@pytest.mark.parametrize(
    ("code", "why"), [(0x86, "user or password is wrong"), (0x87, "not authorized"), (0x97, "refuses us with code 151")]
)
def test_a_refusal_says_why(broker: Serve, code: int, why: str):
    with pytest.raises(Refused, match=why):
        say_hello(broker([connack(code, b"")]), 5)


def test_something_else_on_the_port_is_not_taken_for_a_broker(broker: Serve):
    with pytest.raises(Refused, match="not an MQTT broker"):
        say_hello(broker([b"\x48\x02hi"]), 5)


def test_nobody_there_is_said(free_port: Callable[[], int]):
    with pytest.raises(Refused, match="refused"):
        say_hello(f"mqtt://127.0.0.1:{free_port()}", 3)
