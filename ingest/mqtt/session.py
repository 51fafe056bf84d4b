"""A session with a broker over as many connections as it takes, whichever adapter carries them."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Final

from ingest.mqtt.aiomqtt_line import AiomqttLine
from ingest.mqtt.fast_line import FastLine
from ingest.mqtt.line import Line, LineLost
from ingest.mqtt.tls import tls_context
from ingest.mqtt.version import Version
from ingest.settings import IngestSettings
from ingest.source import Batch, Inbox, MessageSource, Portion, Session
from ioc.model.events import Rejected
from ioc.model.faults import Fault
from ioc.model.instant import Instant
from ioc.runtime import clock
from ioc.runtime.broker_address import Address, parse_address
from ioc.runtime.logging import Log
from ioc.runtime.tasks import end

LONGEST_PAUSE_S: Final = 15.0
"""Seconds between two attempts to connect, at most."""

_LOG = Log("ingest")


@asynccontextmanager
async def open_mqtt(settings: IngestSettings, *, now: Callable[[], Instant] = clock.now) -> AsyncIterator["MqttSource"]:
    """Open a session that stays connected until the block ends.

    Does not wait for the broker: `problem` says whether it is there.

    Raises:
        Fault: the settings do not name a broker, or contradict one another.
    """
    source = MqttSource(settings, parse_address(settings.mqtt_url), now)
    task = asyncio.create_task(source.stay_connected(), name="mqtt session")
    try:
        yield source
        await source.say_farewell()
    finally:
        source.leave()
        await end([task])


class MqttSource(MessageSource):
    """A session with the broker over as many connections as it takes; also the host of each of them."""

    def __init__(self, settings: IngestSettings, address: Address, now: Callable[[], Instant]) -> None:
        """Take what to connect to; nothing happens before `stay_connected`.

        Raises:
            Fault: the settings contradict one another, or a certificate cannot be read.
        """
        if settings.mqtt_adapter == "fast" and settings.mqtt_protocol == 3:
            raise Fault(
                "The fast adapter speaks MQTT 5 only; with mqtt_protocol 3 let mqtt_adapter be auto or aiomqtt."
            )
        self._settings = settings
        self._address = address
        self._tls = tls_context(settings, address)
        self._now = now
        self._inbox = Inbox(settings.queue_limit, settings.queue_bytes, self._choose_reading)
        self._stopped = False
        self._left = False
        self._room = asyncio.Event()
        self._room.set()
        self._line: Line | None = None
        self._lines = 0
        self._version = Version()
        self._was_open = False
        self._session_present = False
        self._sessions_lost = 0
        self._lost_at: Instant | None = None
        self._problem: str | None = f"Not yet connected to the broker at {address}."

    @property
    def problem(self) -> str | None:
        """Why no messages can come at present."""
        return self._problem

    @property
    def backlog(self) -> int:
        """How many messages wait to be received."""
        return len(self._inbox)

    @property
    def is_paused(self) -> bool:
        """Whether nothing is read from the socket, because the inbox is full or reading has stopped."""
        return self._stopped or self._inbox.is_full

    @property
    def session(self) -> Session:
        """By what the present connection is carried, and how often the broker has forgotten us."""
        adapter = "" if self._line is None else "fast" if isinstance(self._line, FastLine) else "aiomqtt"
        protocol = "" if self._line is None else self._line.protocol
        return Session(adapter, protocol, self._sessions_lost, self._lost_at)

    async def receive(self, limit: int, *, wait: float, linger: float) -> Batch:
        """Wait for a first message, then a little for more."""
        return await self._inbox.take(limit, wait=wait, linger=linger)

    def acknowledge(self, batch: Batch) -> None:
        """Tell the broker that a batch is kept, as far as it came on the present connection."""
        line = self._line
        if line is None:
            return
        packets: list[int] = []
        for number, some in batch.receipts:
            if number == self._lines:
                packets += some if 0 not in some else [packet for packet in some if packet]
        if packets:
            self._inbox.settle(len(packets))
            line.acknowledge(packets)

    def stop_reading(self) -> None:
        """Take nothing more from the broker."""
        self._stopped = True
        self._inbox.close()
        self._choose_reading()

    def leave(self) -> None:
        """Make the present connection the last one, even if it ends badly."""
        self._left = True
        if self._line is not None:
            self._line.leave()

    async def say_farewell(self) -> None:
        """Make sure that the broker has seen every acknowledgement, before the connection is closed."""
        self.stop_reading()
        self._left = True
        if self._line is not None:
            await self._line.say_farewell()

    async def stay_connected(self) -> None:
        """Connect, again and again, until cancelled or left."""
        failures = 0
        while not self._left:
            # A full inbox has no place for what a new connection brings.
            await self._room.wait()
            pause = 0.0
            try:
                await self._live()
            except LineLost as lost:
                if self._left:
                    return
                failures = 0 if self._problem is None else failures + 1
                pause = lost.pause
                self._problem = f"The broker at {self._address} {lost}."
                _LOG.warning("mqtt connection lost", broker=str(self._address), reason=str(lost))
                self._version.lost(lost)
                failures = 0 if self._version.is_known else failures
            await asyncio.sleep(pause + random.uniform(0, min(LONGEST_PAUSE_S, 0.25 * 2 ** min(failures, 10))))

    def now(self) -> Instant:
        """Say what time it is."""
        return self._now()

    @property
    def room(self) -> int:
        """How many messages may be taken at present."""
        return 0 if self._stopped else self._inbox.room

    @property
    def owes(self) -> bool:
        """Whether messages of the present connection have not been acknowledged yet."""
        return self._inbox.in_flight > 0

    def take(
        self, packets: list[int], topics: list[str], payloads: list[bytes], retained: Sequence[int], size: int
    ) -> None:
        """Put messages that came on the present connection into the inbox."""
        count = len(packets)
        flags = [False] * count
        for position in retained:
            flags[position] = True
        batch = Batch(topics, payloads, [self._now()] * count, flags)
        self._inbox.put(Portion(batch, self._lines, packets, size))

    def take_rejected(self, packet: int, rejected: Rejected) -> None:
        """Put a message that nobody will read into the inbox, to be acknowledged like the others."""
        self._inbox.put(Portion(Batch(rejected=[rejected]), self._lines, [packet], len(rejected.payload_start)))

    def opened(self, *, session_present: bool) -> None:
        """Note that the broker has let us in.

        Raises:
            LineLost: the connection is not worth keeping.
        """
        if not self._version.let_in():
            raise LineLost("answers on MQTT 3.1.1 and is asked once more for MQTT 5")
        self._session_present = session_present
        if session_present:
            # What was subscribed to before comes already.
            self._problem = None
        elif self._was_open:
            self._sessions_lost += 1
            self._lost_at = self._now()
            _LOG.warning(
                "the broker has forgotten our session; what was published meanwhile may be lost",
                broker=str(self._address),
            )
        else:
            _LOG.info(
                "the broker knows no session of ours; what was published before does not come",
                broker=str(self._address),
            )
        self._was_open = True

    def subscribed(self, lowered: Sequence[str]) -> None:
        """Note that the broker has granted every subscription, but those to the `lowered` topics at QoS 0 only."""
        self._problem = None
        if lowered:
            self._problem = (
                f"The broker at {self._address} grants only QoS 0 to {', '.join(lowered)}: "
                "what is on its way while a process stops is lost."
            )
        _LOG.info(
            "mqtt connected",
            broker=str(self._address),
            adapter=self.session.adapter,
            protocol=self.session.protocol,
            session_present=self._session_present,
        )

    async def _live(self) -> None:
        """Live through one connection, from its first packet to its loss."""
        self._lines += 1
        # A new line for each: a used client acknowledges new messages under old packet ids.
        line = self._new_line()
        self._inbox.forget_in_flight()
        self._line = line
        try:
            await line.live()
        finally:
            self._line = None

    def _new_line(self) -> Line:
        settings, falls_back = self._settings, self._settings.mqtt_adapter == "auto" and self._version.is_old
        if settings.mqtt_adapter == "aiomqtt" or settings.mqtt_protocol == 3 or falls_back:
            protocol = 3 if falls_back else settings.mqtt_protocol
            return AiomqttLine(settings, self._address, self._tls, self, protocol=protocol)
        return FastLine(settings, self._address, self._tls, self)

    def _choose_reading(self) -> None:
        if self._inbox.is_full:
            self._room.clear()
        else:
            self._room.set()
        if self._line is not None:
            self._line.choose_reading()
