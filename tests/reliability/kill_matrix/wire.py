"""The wire between ingest and the broker: it reads along what is acknowledged, and can go dead without a word."""

import asyncio
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Final

_PUBLISH: Final = 3
_PUBACK: Final = 4


class Packets:
    """Cuts a stream of bytes into MQTT packets: type, flags and body."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> Iterator[tuple[int, int, bytes]]:
        """Take what came, and give every packet that is whole."""
        rest = self._rest + data
        at = 0
        while (found := _packet_at(rest, at)) is not None:
            start, end = found
            yield rest[at] >> 4, rest[at] & 15, rest[start:end]
            at = end
        self._rest = rest[at:]


def _packet_at(data: bytes, at: int) -> tuple[int, int] | None:
    """Find where the body of the packet that begins here begins and ends; None where it is not whole."""
    length = found_at = 0
    for found_at in range(4):
        if at + 1 + found_at >= len(data):
            return None
        byte = data[at + 1 + found_at]
        length |= (byte & 127) << 7 * found_at
        if byte < 128:
            break
    start = at + 2 + found_at
    return (start, start + length) if start + length <= len(data) else None


class Tap:
    """What one connection has carried: which event each packet id stands for, and which were acknowledged."""

    def __init__(self, acknowledged: Callable[[str], None]) -> None:
        self._acknowledged = acknowledged
        self._down, self._up = Packets(), Packets()
        self._events: dict[int, str] = {}
        self.delivered = 0

    def from_broker(self, data: bytes) -> None:
        """Read along what the broker delivers."""
        for kind, flags, body in self._down.feed(data):
            if kind == _PUBLISH and flags & 6:
                self.delivered += 1
                end = 2 + int.from_bytes(body[:2], "big")
                self._events[int.from_bytes(body[end : end + 2], "big")] = _event_id(body[2:end], body[end + 2 :])

    def from_ingest(self, data: bytes) -> None:
        """Read along what ingest acknowledges."""
        for kind, _, body in self._up.feed(data):
            if kind == _PUBACK:
                event = self._events.pop(int.from_bytes(body[:2], "big"), "")
                if event:
                    self._acknowledged(event)


def _event_id(topic: bytes, rest: bytes) -> str:
    """Name an event as ingest does; nothing for what was not published by the matrix."""
    # MQTT 5 has properties before the payload, MQTT 3.1.1 has not; the payload begins with a brace.
    payload = rest[rest.find(b"{") :]
    with suppress(ValueError, KeyError, TypeError, IndexError, RecursionError):
        said = json.loads(payload)
        return f"{topic.split(b'/')[2].decode()}:{said['boot']}:{said['seq']}"
    return ""


class Wire:
    """A relay with a thread of its own.

    Attributes:
        acknowledged: the ids of all events that ingest has acknowledged, whether or not the broker heard of it.
        connections: how many there were.
    """

    def __init__(self, target: int) -> None:
        """Take the broker's port on loopback."""
        self._target = target
        self._loop = asyncio.new_event_loop()
        self._dead = False
        self._open: set[asyncio.StreamWriter] = set()
        self.acknowledged: set[str] = set()
        self.connections = 0
        self.port = 0

    @property
    def is_dead(self) -> bool:
        """Whether bytes vanish at present."""
        return self._dead

    def go_dead(self) -> None:
        """Let every byte vanish from now on, in both directions, and close nothing."""
        self._dead = True

    def revive(self) -> None:
        """Carry bytes again; connections that have lost some are broken."""

        async def revive() -> None:
            for writer in self._open:
                writer.transport.abort()
            self._dead = False

        asyncio.run_coroutine_threadsafe(revive(), self._loop).result(5)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        tap = Tap(self.acknowledged.add)
        inner: asyncio.StreamWriter | None = None
        self._open.add(writer)
        try:
            # Asyncio complains of whoever answers a connection and is cancelled.
            with suppress(OSError, asyncio.CancelledError):
                inner_reader, inner = await asyncio.open_connection("127.0.0.1", self._target)
                self._open.add(inner)
                one = asyncio.create_task(self._relay(reader, inner, tap.from_ingest))
                other = asyncio.create_task(self._relay(inner_reader, writer, tap.from_broker))
                _, left = await asyncio.wait({one, other}, return_when=asyncio.FIRST_COMPLETED)
                for task in left:
                    task.cancel()
                await asyncio.gather(one, other, return_exceptions=True)
        finally:
            for each in filter(None, (writer, inner)):
                self._open.discard(each)
                each.close()

    async def _relay(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, read_along: Callable[[bytes], None]
    ) -> None:
        while data := await reader.read(65_536):
            if self._dead:
                continue
            # Before it is sent on: what is acknowledged counts from the moment at which ingest says so.
            read_along(data)
            writer.write(data)
            await writer.drain()

    async def _serve(self, host: str, ready: threading.Event) -> None:
        self._ended = asyncio.Event()
        server = await asyncio.start_server(self._accept, host, 0)
        self.port = server.sockets[0].getsockname()[1]
        ready.set()
        await self._ended.wait()
        server.close()
        for writer in list(self._open):
            writer.transport.abort()
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def run(self, host: str, ready: threading.Event) -> None:
        """Serve until the end; the body of the thread."""
        try:
            self._loop.run_until_complete(self._serve(host, ready))
        finally:
            self._loop.close()

    def end(self) -> None:
        """Close everything."""
        self._loop.call_soon_threadsafe(self._ended.set)


@contextmanager
def wire_to(target: int, *, host: str = "127.0.0.1") -> Iterator[Wire]:
    """Run a wire to a loopback port until the block ends.

    Args:
        target: the broker's port.
        host: the address on which ingest reaches the wire.
    """
    wire, ready = Wire(target), threading.Event()
    thread = threading.Thread(target=wire.run, args=(host, ready), name="wire", daemon=True)
    thread.start()
    if not ready.wait(5):
        raise OSError(f"nothing can listen on {host}")
    try:
        yield wire
    finally:
        wire.end()
        thread.join(5)
