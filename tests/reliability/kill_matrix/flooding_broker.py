"""A broker that floods: it sends as fast as the socket takes it, whatever receive maximum it was told."""

import asyncio
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final

from kill_matrix.wire import Packets

CONNECT: Final = 1
SUBSCRIBE: Final = 8
PINGREQ: Final = 12

WARM_UP: Final = 1_000
"""Messages that are sent before the flood, to whoever has subscribed."""


class FloodingBroker:
    """Speaks just enough MQTT 5 to be believed.

    Attributes:
        port: where it listens on loopback.
        sent: messages that have been sent.
        acknowledged: messages that were acknowledged.
    """

    def __init__(self, size: int) -> None:
        """Take the bytes of each payload, about."""
        self._padding = "x" * max(0, size - 60)
        self._loop = asyncio.new_event_loop()
        self.port = 0
        self.sent = 0
        self.acknowledged = 0

    async def _serve(self, ready: threading.Event) -> None:
        self._ended, self._flood_wanted = asyncio.Event(), asyncio.Event()
        server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        ready.set()
        await self._ended.wait()
        server.close()
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        packets, flood = Packets(), None
        try:
            while data := await reader.read(65_536):
                for kind, _, body in packets.feed(data):
                    if kind == CONNECT:
                        writer.write(b"\x20\x03\x00\x00\x00")
                    elif kind == SUBSCRIBE:
                        writer.write(b"\x90\x04" + body[:2] + b"\x00\x01")
                        flood = asyncio.create_task(self._flood(writer))
                    elif kind == PINGREQ:
                        writer.write(b"\xd0\x00")
                    else:
                        self.acknowledged += 1
        except (OSError, asyncio.CancelledError):
            # Asyncio complains of whoever answers a connection and is cancelled.
            pass
        finally:
            if flood is not None:
                flood.cancel()
            writer.close()

    async def _flood(self, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            writer.write(b"".join(self._packet() for _ in range(WARM_UP)))
            await self._flood_wanted.wait()
            while True:
                writer.write(b"".join(self._packet() for _ in range(100)))
                await writer.drain()

    def _packet(self) -> bytes:
        number = self.sent
        self.sent += 1
        topic = b"ioc/sensor/flood-%d/events" % (number % 1_000)
        said = {"boot": "flood", "seq": number // 1_000, "temp_c": 20.5, "note": self._padding}
        body = len(topic).to_bytes(2, "big") + topic + (number % 65_535 + 1).to_bytes(2, "big") + b"\x00"
        body += json.dumps(said).encode()
        return b"\x32" + _length(len(body)) + body

    def run(self, ready: threading.Event) -> None:
        """Serve until the end; the body of the thread."""
        try:
            self._loop.run_until_complete(self._serve(ready))
        finally:
            self._loop.close()

    def flood(self) -> None:
        """Begin to flood."""
        self._loop.call_soon_threadsafe(self._flood_wanted.set)

    def end(self) -> None:
        """Stop."""
        self._loop.call_soon_threadsafe(self._ended.set)


def _length(number: int) -> bytes:
    out = bytearray()
    while True:
        number, digit = divmod(number, 128)
        out.append(digit | (128 if number else 0))
        if not number:
            return bytes(out)


@contextmanager
def flooding(size: int) -> Iterator[FloodingBroker]:
    """Run such a broker until the block ends.

    Args:
        size: bytes of each payload, about.
    """
    broker, ready = FloodingBroker(size), threading.Event()
    thread = threading.Thread(target=broker.run, args=(ready,), name="flooding broker", daemon=True)
    thread.start()
    if not ready.wait(5):
        raise OSError("nothing can listen on loopback")
    try:
        yield broker
    finally:
        broker.end()
        thread.join(5)
