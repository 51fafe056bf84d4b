"""The whole corpus through a real broker into a real ingest: nothing restarts, and what means well still arrives."""

import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import redis
from corpus import Becomes, Hostile, good, hostile_payloads, hostile_times, hostile_topics
from kill_matrix.processes import Line, find_mosquitto, running_line, wait_until

from ioc.store import keys
from ioc.store.event_stream import decode_batch

pytestmark = [pytest.mark.end_to_end, pytest.mark.timeout(180)]

_CONNECT = b"\x10\x12\x00\x04MQTT\x04\x02\x00\x3c\x00\x06sender"


@pytest.fixture(scope="module", params=["embedded", "mosquitto"])
def line(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, free_port: Callable[[], int]
) -> Iterator[Line]:
    if request.param == "mosquitto" and find_mosquitto() is None:
        pytest.skip("no Mosquitto on this machine; Debian has it as 'mosquitto'")
    with running_line(tmp_path_factory.mktemp("hostile"), free_port, broker=request.param) as running:
        yield running


class Sender:
    """Publishes bytes as they are, which no client library would; a broker that hangs up has refused them."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._connection: socket.socket | None = None

    def publish(self, message: Hostile) -> bool:
        """Publish at QoS 1; says whether the broker took it."""
        body = len(message.topic).to_bytes(2, "big") + message.topic + b"\x00\x01" + message.payload
        try:
            connection = self._connected()
            connection.sendall(b"\x32" + _length(len(body)) + body)
            answer = connection.recv(4)
        except OSError:
            answer = b""
        if answer != b"\x40\x02\x00\x01":
            self.close()
            return False
        return True

    def close(self) -> None:
        """Hang up."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _connected(self) -> socket.socket:
        if self._connection is None:
            self._connection = socket.create_connection(("127.0.0.1", self._port), 10)
            self._connection.sendall(_CONNECT)
            assert self._connection.recv(4) == b"\x20\x02\x00\x00"
        return self._connection


def _length(number: int) -> bytes:
    out = bytearray()
    while True:
        number, digit = divmod(number, 128)
        out.append(digit | (128 if number else 0))
        if not number:
            return bytes(out)


def test_nothing_hostile_stops_the_line_or_reaches_the_rules(line: Line) -> None:
    everything = [*hostile_payloads(), *hostile_times(), *hostile_topics()]
    pid, sender = line.ingest.pid, Sender(line.publish_port)
    taken = []
    for number, message in enumerate(everything):
        if sender.publish(message):
            taken.append(message)
        assert sender.publish(good("well-meant", number)), f"the broker takes nothing after {message.name}"
    sender.close()
    wait_until(
        lambda: line.ledger.read_on() and line.ledger.stored("good") == len(everything), "what was sent after each"
    )

    assert line.ledger.doubled("good") == 0
    assert (line.ingest.pid, line.ledger.is_well()) == (pid, True)
    assets, rejected = _kept(line)
    for message in taken:
        topic = message.topic.decode(errors="backslashreplace")
        asset = message.name if message.name in assets else None
        if message.becomes is Becomes.ARRIVAL:
            assert assets.get(message.name) == {"arrival"}, message.name
        else:
            assert asset is None, message.name
            assert bool(rejected.get(topic)) == (message.becomes is Becomes.REJECTED), message.name
    assert set(assets) == {"well-meant"} | {each.name for each in taken if each.becomes is Becomes.ARRIVAL}
    assert len(taken) > 0.8 * len(everything), "a broker that refuses so much leaves the line untried"


def _kept(line: Line) -> tuple[dict[str, set[str]], dict[str, list[str]]]:
    """Give what times the stream's events of each asset go by, and the reasons of what was rejected by topic."""
    client: Any = redis.Redis.from_url(line.store_url)
    assets: dict[str, set[str]] = {}
    for _, fields in client.xrange(keys.events()):
        batch = decode_batch(fields[b"bytes"])
        for asset, source in zip(batch["asset"], batch["at_source"], strict=True):
            assets.setdefault(asset, set()).add(source)
    rejected: dict[str, list[str]] = {}
    for _, fields in client.xrange(keys.REJECTED):
        rejected.setdefault(fields[b"topic"].decode(errors="backslashreplace"), []).append(fields[b"reason"].decode())
    client.close()
    return assets, rejected
