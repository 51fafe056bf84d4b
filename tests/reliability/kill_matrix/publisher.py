"""A city of devices in a process of its own: publishes numbered events at QoS 1 until the broker has all of them.

It is told what to do a line at a time on standard input (`rate 1000`, `stop`), and says a line of JSON
a second on standard output. Event `n` is number `n // devices` of device `n % devices`. What the broker
has not acknowledged is sent again on the next connection, in order.
"""

import asyncio
import json
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from subprocess import PIPE, Popen
from typing import Any, Final

WINDOW: Final = 500
"""Messages that the broker has not acknowledged at most."""

REPORT_S: Final = 1.0
"""Seconds between two reports."""

STEP_S: Final = 0.01
"""Seconds between two looks at what is due."""

_CONNECT: Final = b"\x10\x13\x00\x04MQTT\x04\x02\x00\x3c\x00\x07devices"


def device(number: int, devices: int) -> str:
    """Name the device of an event."""
    return f"dev-{number % devices}"


def event_id(boot: str, number: int, devices: int) -> str:
    """Name an event as ingest does."""
    return f"{device(number, devices)}:{boot}:{number // devices}"


def packet(boot: str, number: int, devices: int) -> bytes:
    """Write the PUBLISH of an event; a body is about 100 bytes, so two bytes of length are right."""
    topic = f"ioc/sensor/{device(number, devices)}/events".encode()
    said = {"boot": boot, "seq": number // devices, "temp_c": 20 + number % 100 / 10, "humidity": 71, "battery": 88}
    body = len(topic).to_bytes(2, "big") + topic + (number % 65_535 + 1).to_bytes(2, "big") + json.dumps(said).encode()
    return b"\x32" + bytes((len(body) % 128 | 0x80, len(body) // 128)) + body


@dataclass
class Publisher:
    """Publishes for one boot of all devices.

    Attributes:
        rate: events a second.
        stopping: nothing new is published any more.
    """

    host: str
    port: int
    boot: str
    devices: int
    rate: float = 0.0
    stopping: bool = False
    made: int = 0

    def __post_init__(self) -> None:
        """Begin with nothing on its way."""
        self.waiting: dict[int, int] = {}
        self._due = 0.0
        self._at = time.monotonic()

    @property
    def is_done(self) -> bool:
        """Whether the broker has acknowledged all that will ever be published."""
        return self.stopping and not self.waiting

    async def run(self) -> None:
        """Publish over as many connections as it takes."""
        while not self.is_done:
            try:
                await self._live()
            except (OSError, asyncio.IncompleteReadError, TimeoutError):
                await asyncio.sleep(0.1)

    async def _live(self) -> None:
        async with asyncio.timeout(2):
            reader, writer = await asyncio.open_connection(self.host, self.port)
        try:
            writer.write(_CONNECT)
            async with asyncio.timeout(5):
                answer = await reader.readexactly(4)
            if answer[3]:
                raise ConnectionRefusedError
            for number in sorted(self.waiting.values()):
                sent = packet(self.boot, number, self.devices)
                writer.write(bytes((sent[0] | 0x08,)) + sent[1:])
            await writer.drain()
            reading = asyncio.create_task(self._take_answers(reader))
            try:
                while not (self.is_done or reading.done()):
                    self._publish_what_is_due(writer)
                    await writer.drain()
                    await asyncio.sleep(STEP_S)
                if reading.done():
                    reading.result()
            finally:
                reading.cancel()
                await asyncio.gather(reading, return_exceptions=True)
        finally:
            writer.transport.abort()

    def _publish_what_is_due(self, writer: asyncio.StreamWriter) -> None:
        now = time.monotonic()
        # What a broker that was away could not take is not made up for all at once: devices do not save it up.
        self._due = min(self._due + (now - self._at) * self.rate, 4 * self.rate * STEP_S + 1_000)
        self._at = now
        count = 0 if self.stopping else min(int(self._due), WINDOW - len(self.waiting))
        packets = []
        for number in range(self.made, self.made + count):
            self.waiting[number % 65_535 + 1] = number
            packets.append(packet(self.boot, number, self.devices))
        self.made += max(0, count)
        self._due -= max(0, count)
        writer.write(b"".join(packets))

    async def _take_answers(self, reader: asyncio.StreamReader) -> None:
        while True:
            # A PUBACK of MQTT 3.1.1 has four bytes.
            answer = await reader.readexactly(4)
            self.waiting.pop(int.from_bytes(answer[2:], "big"), None)


async def main(host: str, port: int, boot: str, devices: int) -> None:
    """Publish, listen to standard input, and report."""
    publisher = Publisher(host, port, boot, devices)
    loop = asyncio.get_running_loop()

    def told() -> None:
        words = sys.stdin.readline().split()
        if words and words[0] == "rate":
            publisher.rate = float(words[1])
        else:  # `stop`, or whoever started us is gone
            publisher.stopping = True
            loop.remove_reader(sys.stdin)

    loop.add_reader(sys.stdin, told)
    work = asyncio.create_task(publisher.run())
    while not work.done():
        await asyncio.wait([work], timeout=REPORT_S)
        _say(made=publisher.made, acknowledged=publisher.made - len(publisher.waiting), done=work.done())
    work.result()


def _say(**facts: Any) -> None:
    sys.stdout.write(json.dumps(facts) + "\n")
    sys.stdout.flush()


class Devices:
    """The publisher's process, as the matrix sees it.

    Attributes:
        acknowledged: events that the broker had acknowledged when the publisher last said so.
    """

    def __init__(self, child: "Popen[str]", boot: str, devices: int) -> None:
        """Take the process."""
        self._child = child
        self.boot = boot
        self.devices = devices
        self.acknowledged = 0
        self._is_done = threading.Event()
        threading.Thread(target=self._listen, name="devices", daemon=True).start()

    def _listen(self) -> None:
        assert self._child.stdout is not None
        for line in self._child.stdout:
            said = json.loads(line)
            self.acknowledged = int(said["acknowledged"])
            if said["done"]:
                self._is_done.set()

    def set_rate(self, rate: float) -> None:
        """Publish so many events a second from now on."""
        self._tell(f"rate {rate}")

    def finish(self, seconds: float) -> int:
        """Publish nothing new, wait until the broker has acknowledged everything, and say how many events that is.

        Raises:
            TimeoutError: the broker did not take them in time.
        """
        self._tell("stop")
        if not self._is_done.wait(seconds):
            raise TimeoutError(f"the broker has acknowledged {self.acknowledged} events, and not the rest")
        self._child.wait(5)
        return self.acknowledged

    def _tell(self, line: str) -> None:
        assert self._child.stdin is not None
        self._child.stdin.write(line + "\n")
        self._child.stdin.flush()


@contextmanager
def devices_publishing(port: int, *, boot: str, rate: float, devices: int = 200) -> Iterator[Devices]:
    """Publish from a process of its own until the block ends, to MQTT 3.1.1 on a loopback port."""
    command = [sys.executable, __file__, "127.0.0.1", str(port), boot, str(devices)]
    with Popen(command, stdin=PIPE, stdout=PIPE, text=True) as child:
        publishing = Devices(child, boot, devices)
        try:
            publishing.set_rate(rate)
            yield publishing
        finally:
            child.kill()


if __name__ == "__main__":
    with suppress(KeyboardInterrupt, BrokenPipeError):
        asyncio.run(main(sys.argv[1], int(sys.argv[2]), sys.argv[3], int(sys.argv[4])))
