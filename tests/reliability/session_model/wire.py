"""A wire in memory that carries real MQTT 5 between the fast adapter and the model's broker, in pieces of any length."""

import asyncio
import random
import socket
from collections.abc import Callable
from typing import Any, Final

from kill_matrix.wire import Packets
from session_model.broker import DELAY_S, Message, ModelBroker

_CONNECT: Final = 1
_PUBACK: Final = 4
_SUBSCRIBE: Final = 8
_PINGREQ: Final = 12
_DISCONNECT: Final = 14


class _Socket:
    """As much of a socket as the adapter asks for; nothing ever lies unread in it."""

    def __init__(self) -> None:
        self._real = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)

    def setsockopt(self, *_: Any) -> None:
        """Do nothing."""

    def getsockopt(self, *_: Any) -> int:
        """Know of no failure."""
        return 0

    def fileno(self) -> int:
        """Give a number that may be asked."""
        return self._real.fileno()

    def close(self) -> None:
        """Give it back."""
        self._real.close()


class ModelWire(asyncio.Transport):
    """The adapter's transport at one end, the broker's line at the other."""

    def __init__(self, broker: ModelBroker, protocol: asyncio.Protocol) -> None:
        """Connect both ends."""
        super().__init__()
        self._broker = broker
        self._protocol = protocol
        self._loop = asyncio.get_running_loop()
        self._socket = _Socket()
        self._up, self._down = bytearray(), bytearray()
        self._packets = Packets()
        self._greeted = self._is_new = False
        self._paused = False
        self._held: list[bytes] = []
        self.is_open = True

    @classmethod
    async def dial(cls, broker: ModelBroker, factory: Callable[[], asyncio.Protocol]) -> tuple["ModelWire", Any]:
        """Do what a loop's `create_connection` does."""
        await asyncio.sleep(DELAY_S)
        if not broker.is_up:
            raise ConnectionRefusedError(111, "nobody is there")
        protocol = factory()
        wire = cls(broker, protocol)
        protocol.connection_made(wire)
        return wire, protocol

    def write(self, data: Any) -> None:
        """Bring bytes to the broker, after a while."""
        self._up += data
        self._loop.call_later(DELAY_S, self._deliver_up)

    def _deliver_up(self) -> None:
        data = bytes(self._up)
        self._up.clear()
        for kind, _, body in self._packets.feed(data):
            if self.is_open:
                self._obey(kind, body)

    def _obey(self, kind: int, body: bytes) -> None:
        if kind == _CONNECT:
            present = self._broker.accept(self)
            self._greeted, self._is_new = True, not present
            self._send(b"\x20\x03%c\x00\x00" % present + b"".join(self._held))
            self._broker.send()
        elif kind == _SUBSCRIBE:
            # Only now it is certain that the greeting was read.
            self._broker.sessions_made += self._is_new
            self._send(b"\x90\x04" + body[:2] + b"\x00\x01")
        elif kind == _PINGREQ:
            self._send(b"\xd0\x00")
        elif kind == _PUBACK:
            self._broker.acknowledged(self, int.from_bytes(body[:2], "big"))
        elif kind == _DISCONNECT:
            self.cut("was left")

    def carry(self, packet: int, message: Message) -> None:
        """Bring a message to ingest; none before the broker has greeted."""
        topic = message.topic.encode()
        body = len(topic).to_bytes(2, "big") + topic + packet.to_bytes(2, "big") + b"\x00" + message.payload
        written = b"\x32" + _length(len(body)) + body
        if self._greeted:
            self._send(written)
        else:
            self._held.append(written)

    def _send(self, data: bytes) -> None:
        self._down += data
        self._loop.call_later(DELAY_S, self._deliver_down)

    def _deliver_down(self) -> None:
        if not self.is_open or self._paused or not self._down:
            return
        count = random.randint(1, len(self._down)) if random.random() < 0.3 else len(self._down)
        data = bytes(self._down[:count])
        del self._down[:count]
        if self._down:
            self._loop.call_later(DELAY_S / 10, self._deliver_down)
        self._protocol.data_received(data)

    def cut(self, _reason: str) -> None:
        """End: nothing that is on its way arrives."""
        if not self.is_open:
            return
        self.is_open = False
        self._socket.close()
        if self._broker.line is self:
            self._broker.line = None
        self._loop.call_soon(self._protocol.connection_lost, ConnectionResetError(104, "the wire was cut"))

    def abort(self) -> None:
        """End from the near side."""
        self.cut("was aborted")

    close = abort

    def is_closing(self) -> bool:
        """Whether it has ended."""
        return not self.is_open

    def pause_reading(self) -> None:
        """Hand over nothing."""
        self._paused = True

    def resume_reading(self) -> None:
        """Hand over again."""
        self._paused = False
        self._loop.call_soon(self._deliver_down)

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """Give the socket."""
        return self._socket if name == "socket" else default


def _length(number: int) -> bytes:
    return bytes((number,)) if number < 128 else bytes((number % 128 | 128, number // 128))
