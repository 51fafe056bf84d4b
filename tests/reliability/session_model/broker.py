"""A broker in memory with one session, and the line over which the real MQTT session of ingest reads from it."""

import asyncio
import json
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from ingest.mqtt.line import Host, LineLost

DELAY_S = 0.002
"""Seconds that a packet is on its way."""


@dataclass(frozen=True)
class Message:
    """What was published, and by what it is known in the store.

    Attributes:
        identity: the id of its event; of a message that cannot be read, its topic.
        readable: whether there is an event in it.
    """

    topic: str
    payload: bytes
    identity: str
    readable: bool


@dataclass
class Session:
    """What the broker keeps for ingest: what waits, and what is in flight by its packet id."""

    waiting: deque[Message] = field(default_factory=deque)
    in_flight: dict[int, Message] = field(default_factory=dict)


class BrokersEnd(Protocol):
    """What the broker knows of a connection.

    Attributes:
        is_open: whether anything is still carried.
    """

    is_open: bool

    def carry(self, packet: int, message: Message) -> None:
        """Bring a message to ingest, after a while, and after those before it."""

    def cut(self, reason: str) -> None:
        """End: nothing that is on its way arrives."""


@dataclass
class ModelBroker:
    """One session, at most one connection to it.

    Attributes:
        renumbers: whether messages get new packet ids on a new connection, as some brokers do.
        receive_maximum: messages in flight at most.
        is_kept: says whether a message is in the store, asked at each acknowledgement.
        broken: every breach of the promise, in words.
        forgiven: what was lost with a session, which no client can prevent.
        sessions_lost: how often everything was forgotten.
        sessions_made: how often ingest has certainly heard that there was no session.
    """

    is_kept: Callable[[Message], bool]
    renumbers: bool = False
    receive_maximum: int = 8
    is_up: bool = True
    session: Session | None = None
    line: BrokersEnd | None = None
    broken: list[str] = field(default_factory=list)
    forgiven: set[str] = field(default_factory=set)
    sessions_lost: int = 0
    sessions_made: int = 0

    def publish(self, message: Message) -> bool:
        """Take a message from a device; says whether it is kept for ingest."""
        if self.session is None:
            return False
        self.session.waiting.append(message)
        self.send()
        return True

    def accept(self, line: BrokersEnd) -> bool:
        """Let a connection in, which ends the one before; says whether there was a session."""
        if self.line is not None:
            self.line.cut("was taken over")
        self.line = line
        present = self.session is not None
        if self.session is None:
            self.session = Session()
        session = self.session
        again = list(session.in_flight.items())
        if self.renumbers:
            session.waiting.extendleft(message for _, message in reversed(again))
            session.in_flight.clear()
        else:
            for packet, message in again:
                line.carry(packet, message)
        return present

    def send(self) -> None:
        """Send what may be sent; the lowest free packet id is taken, so that ids come back soon."""
        session = self.session
        while self.line is not None and self.line.is_open and session and session.waiting:
            if len(session.in_flight) >= self.receive_maximum:
                return
            packet = next(number for number in range(1, 100) if number not in session.in_flight)
            message = session.in_flight[packet] = session.waiting.popleft()
            self.line.carry(packet, message)

    def acknowledged(self, line: BrokersEnd, packet: int) -> None:
        """Take an acknowledgement: whatever had this packet id is forgotten."""
        if line is not self.line or self.session is None:
            return
        message = self.session.in_flight.pop(packet, None)
        if message is not None and not self.is_kept(message):
            self.broken.append(f"{message.identity} was acknowledged and is not in the store")
        self.send()

    def lose_session(self) -> None:
        """Forget everything, as after a restart without a disk."""
        self.cut()
        if self.session is not None:
            held = [*self.session.waiting, *self.session.in_flight.values()]
            self.forgiven.update(message.identity for message in held)
            self.session = None
            self.sessions_lost += 1

    def go(self) -> None:
        """Be away, with all that is kept."""
        self.is_up = False
        self.cut()

    def come_back(self) -> None:
        """Let ingest in again."""
        self.is_up = True

    def cut(self) -> None:
        """Break the connection; what is on its way is lost."""
        if self.line is not None:
            self.line.cut("cannot be reached: the wire was cut")

    @property
    def is_drained(self) -> bool:
        """Whether ingest has acknowledged everything."""
        return self.session is not None and not (self.session.waiting or self.session.in_flight)


class ModelLine:
    """One connection; a `Line` for the real session."""

    protocol = "5"

    def __init__(self, broker: ModelBroker, host: Host) -> None:
        """Take the far side and the near one."""
        self._broker = broker
        self._host = host
        self._loop = asyncio.get_running_loop()
        self._lost: asyncio.Future[None] = self._loop.create_future()
        self._under_way: deque[tuple[int, Message]] = deque()
        self._acknowledgements: deque[int] = deque()
        self._arrived: deque[tuple[int, Message]] = deque()
        self.is_open = False

    async def live(self) -> None:
        """Connect, and stay until the connection is lost."""
        await asyncio.sleep(DELAY_S)
        if not self._broker.is_up:
            raise LineLost("cannot be reached: nobody is there")
        self.is_open = True
        present = self._broker.accept(self)
        self._broker.sessions_made += not present
        self._host.opened(session_present=present)
        self._host.subscribed([])
        self._broker.send()
        try:
            await self._lost
        finally:
            self.cut("is left")

    def carry(self, packet: int, message: Message) -> None:
        """Bring a message to ingest, after a while."""
        self._under_way.append((packet, message))
        self._loop.call_later(DELAY_S, self._arrive)

    def _arrive(self) -> None:
        # Timers of one moment come in any order; what is on a wire does not.
        self._arrived.append(self._under_way.popleft())
        self.choose_reading()

    def choose_reading(self) -> None:
        """Hand over what has arrived, as far as there is room."""
        while self.is_open and self._arrived and not self._host.is_paused:
            packet, message = self._arrived.popleft()
            self._host.take([packet], [message.topic], [message.payload], [], len(message.payload))

    def acknowledge(self, packets: Sequence[int]) -> None:
        """Bring acknowledgements to the broker, after a while."""
        for packet in packets:
            self._acknowledgements.append(packet)
            self._loop.call_later(DELAY_S, self._deliver)

    def _deliver(self) -> None:
        packet = self._acknowledgements.popleft()
        if self.is_open:
            self._broker.acknowledged(self, packet)

    async def say_farewell(self) -> None:
        """Wait until the broker has all acknowledgements."""
        await asyncio.sleep(2 * DELAY_S)

    def leave(self) -> None:
        """Wait for nothing."""

    def cut(self, reason: str) -> None:
        """End: nothing that is on its way arrives."""
        self.is_open = False
        if self._broker.line is self:
            self._broker.line = None
        if not self._lost.done():
            self._lost.set_exception(LineLost(reason))
            # Whoever has left already does not hear of it.
            self._lost.exception()


def numbered(asset: str, number: int) -> Message:
    """Make an event that its device has numbered."""
    body = {"boot": "b", "seq": number, "temp_c": 20.5}
    return Message(f"ioc/sensor/{asset}/events", json.dumps(body).encode(), f"{asset}:b:{number}", readable=True)


def unreadable(number: int) -> Message:
    """Make a message that is rejected, under a topic of its own."""
    topic = f"ioc/sensor/odd-{number}/events"
    return Message(topic, b'{"temp_c": NaN', topic, readable=False)
