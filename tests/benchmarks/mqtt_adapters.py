"""MQTT only: messages a second received and acknowledged without storing, by each adapter and by one that counts bytes."""

import asyncio
import json
import multiprocessing
import socket
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import mqtt5

from ingest.mqtt import open_mqtt
from ingest.settings import IngestSettings
from ioc.runtime import embedded

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools"))

import mosquitto

MESSAGES: Final = 200_000
SENSORS: Final = 200
PAYLOAD: Final = 200
UNACKNOWLEDGED: Final = 2_000
"""Messages that the publisher has on their way at QoS 1."""

PATIENCE_S: Final = 60.0
SILENCE_S: Final = 2.0
"""Seconds without a message after which the rest is taken for lost; at QoS 0 a broker may drop."""


def packet(number: int, quality: int) -> bytes:
    """Build a PUBLISH of MQTT 3.1.1; all of them are equally long."""
    topic = f"ioc/sensor/env-{number % SENSORS:03}/events".encode()
    values = f'{{"boot":"a","seq":{number:08},"temp_c":20.5,"humidity":71,"pm25":{number % 90 + 10},"zone":"'
    payload = (values + "x" * (PAYLOAD - len(values) - 2) + '"}').encode()
    identity = (number % 65_535 + 1).to_bytes(2, "big") if quality else b""
    body = len(topic).to_bytes(2, "big") + topic + identity + payload
    return bytes((0x30 | quality << 1, len(body) % 128 | 0x80, len(body) // 128)) + body


def publish(port: int, quality: int, go: "multiprocessing.synchronize.Event") -> None:
    """Publish all messages over a bare socket, when told to."""
    packets = [packet(number, quality) for number in range(MESSAGES)]
    chunks = [b"".join(packets[start : start + 500]) for start in range(0, MESSAGES, 500)]
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(b"\x10\x0d\x00\x04MQTT\x04\x02\x00\x3c\x00\x01p")
        connection.recv(4)
        go.wait()
        sent, confirmed = 0, 0.0
        for chunk in chunks:
            connection.sendall(chunk)
            sent += 500
            while quality and sent - confirmed > UNACKNOWLEDGED:
                # Who reads each confirmation by itself takes the processor from broker and subscriber.
                time.sleep(0.001)
                confirmed += len(connection.recv(65_536)) / 4
        # Until it is ended: what is on its way is lost with the connection.
        while connection.recv(65_536):
            pass


class Counter(asyncio.Protocol):
    """Counts equally long packets and acknowledges them; reads nothing in them."""

    def __init__(self) -> None:
        self.size = 0
        self.count = 0
        self.rest = b""
        self.ready = asyncio.Event()
        self.transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport  # type: ignore[assignment]
        self.transport.write(mqtt5.ConnectPacket("counter", receive_max=1_000, keep_alive=60).write())

    def data_received(self, data: bytes) -> None:
        data = self.rest + data
        while data and data[0] >> 4 != 3:
            if data[0] == 0x20:
                filters = [mqtt5.TopicFilter("#", max_qos=mqtt5.QoS.AT_LEAST_ONCE)]
                self.transport.write(mqtt5.SubscribePacket(1, filters).write())
            else:
                self.ready.set()
            data = data[2 + data[1] :]
        if data and not self.size:
            self.size = 3 + (data[1] & 0x7F) + (data[2] << 7)
        whole = len(data) // self.size * self.size if self.size else 0
        self.rest = data[whole:]
        # The embedded broker wants QoS 0 acknowledged as well, because the subscription is at QoS 1.
        if whole and data[0] & 6:
            identity = 5 + data[4]
            answer = bytearray(b"\x40\x02\x00\x00" * (whole // self.size))
            answer[2::4], answer[3::4] = data[identity : whole : self.size], data[identity + 1 : whole : self.size]
            self.transport.write(answer)
        self.count += whole // self.size if self.size else 0


async def count_bytes(port: int, ready: Callable[[], None]) -> tuple[int, float, float]:
    """Count messages; give how many came, the seconds that they took, and the seconds of processor."""
    loop = asyncio.get_running_loop()
    transport, counter = await loop.create_connection(Counter, "127.0.0.1", port)
    await counter.ready.wait()
    ready()
    watch = Watch()
    while watch.goes_on(counter.count):  # noqa: ASYNC110 - as above
        await asyncio.sleep(0.005)
    transport.close()
    return watch.result()


async def receive(port: int, adapter: str, ready: Callable[[], None]) -> tuple[int, float, float]:
    """Receive and acknowledge; give the same."""
    settings = IngestSettings(mqtt_url=f"mqtt://127.0.0.1:{port}", mqtt_adapter=adapter)  # type: ignore[arg-type]
    async with open_mqtt(settings) as source:
        while source.problem is not None:  # noqa: ASYNC110 - it is another process that is waited for
            await asyncio.sleep(0.01)
        ready()
        watch, count = Watch(), 0
        while watch.goes_on(count):
            batch = await source.receive(settings.max_batch, wait=0.1, linger=0.02)
            source.acknowledge(batch)
            count += len(batch)
    return watch.result()


class Watch:
    """Measures from the first message to the last."""

    def __init__(self) -> None:
        self.count = 0
        self.begun = self.last = time.perf_counter()
        self.cpu = self.cpu_last = 0.0

    def goes_on(self, count: int) -> bool:
        """Take note of how many have come; say whether more may come."""
        now = time.perf_counter()
        if count > self.count:
            if not self.count:
                self.begun, self.cpu = now, time.process_time()
            self.count, self.last = count, now
            self.cpu_last = time.process_time()
        return count < MESSAGES and now - self.last < (SILENCE_S if self.count else PATIENCE_S)

    def result(self) -> tuple[int, float, float]:
        """Give the count, the seconds, and the seconds of processor."""
        return self.count, self.last - self.begun, self.cpu_last - self.cpu


def read(who: str, port: int, go: "multiprocessing.synchronize.Event", out: "multiprocessing.Queue[object]") -> None:
    """Be a subscriber in a process of its own."""
    import uvloop  # noqa: PLC0415 - the publisher needs none

    work = count_bytes(port, go.set) if who == "count" else receive(port, who, go.set)
    out.put(uvloop.run(work))


def measure(broker: str, ports: tuple[int, int], who: str, quality: int) -> None:
    """Let one subscriber take all messages of one publisher, and print how it went."""
    fork = multiprocessing.get_context("spawn")
    go, out = fork.Event(), fork.Queue()
    publisher = fork.Process(target=publish, args=(ports[0], quality, go))
    subscriber = fork.Process(target=read, args=(who, ports[1], go, out))
    publisher.start()
    subscriber.start()
    try:
        count, seconds, cpu = out.get(timeout=PATIENCE_S * 2)
    finally:
        publisher.terminate()
        publisher.join()
        subscriber.join(10)
    line = {
        "benchmark": "mqtt_messages_per_s",
        "value": round(count / seconds),
        "broker": broker,
        "reader": who,
        "qos": quality,
        "received": count,
        "cpu_us_per_message": round(cpu / count * 1e6, 2),
    }
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def brokers(name: str, folder: Path) -> Iterator[tuple[int, int]]:
    """Run a broker; give the ports for the publisher and the subscriber."""
    if name == "embedded":
        ports = free_port(), free_port()
        with embedded.running(embedded.broker(folder, port=ports[0], port_v5=ports[1], log=folder / "log")):
            yield ports
        return
    program = mosquitto.find()
    if program is None:
        raise SystemExit("no Mosquitto on this machine; Debian has it as 'mosquitto'")
    broker = mosquitto.MosquittoBroker(program, folder, free_port())
    broker.start()
    try:
        yield broker.port, broker.port
    finally:
        broker.kill()


def main(names: list[str]) -> None:
    """Measure each reader at each quality of service on each broker."""
    for name in ("mosquitto", "embedded"):
        for quality in (0, 1):
            for who in names or ("count", "fast", "aiomqtt"):
                with tempfile.TemporaryDirectory() as folder, brokers(name, Path(folder)) as ports:
                    measure(name, ports, who, quality)


if __name__ == "__main__":
    main(sys.argv[1:])
