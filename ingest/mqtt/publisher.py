"""Sends what this program itself has to say to the broker, in order, as long as it may take the broker to be there."""

import asyncio
import random
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

import aiomqtt

from ioc.runtime.broker_address import parse_address
from ioc.runtime.logging import Log

WAITING_AT_MOST: Final = 5_000
"""Messages that wait for the broker; beyond it the oldest one that may be spared is lost, else the oldest."""

LONGEST_PAUSE_S: Final = 15.0
"""Seconds between two attempts to connect, at most."""

_AT_ONCE: Final = 10
"""Messages that are on their way unconfirmed; above it aiomqtt warns of every one."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One message to be sent.

    Attributes:
        spare: whether it may be lost before others: a later one says the same again.
    """

    topic: str
    payload: bytes
    retain: bool = False
    spare: bool = False


class Publisher:
    """One connection over which messages go out on QoS 1.

    Attributes:
        sent: messages that the broker has confirmed.
        lost: messages that were given up because the broker was away for too long.
        problem: why nothing goes out; None where it does.
    """

    def __init__(self, url: str, name: str, log: Log, *, protocol: int = 3) -> None:
        """Take the broker's address; nothing is connected yet.

        Args:
            url: mqtt[s]://[user:password@]host[:port].
            name: what the client is called at the broker; a random part is added.
            log: where it is told that the broker is away, and that it is back.
            protocol: 3 for MQTT 3.1.1, or 5.

        Raises:
            Fault: the URL names no broker.
        """
        self.sent = 0
        self.lost = 0
        self.problem: str | None = None
        self._address = parse_address(url)
        self._name = f"{name}-{random.getrandbits(32):08x}"
        self._protocol = aiomqtt.ProtocolVersion.V5 if protocol == 5 else aiomqtt.ProtocolVersion.V311
        self._log = log
        self._waiting: deque[Outgoing] = deque()
        self._some = asyncio.Event()
        self._none = asyncio.Event()
        self._none.set()

    @property
    def waiting(self) -> int:
        """How many messages wait."""
        return len(self._waiting)

    def send(self, message: Outgoing) -> None:
        """Queue a message; a full queue loses one, and counts it."""
        if len(self._waiting) >= WAITING_AT_MOST:
            self.lost += 1
            spared = next((index for index, each in enumerate(self._waiting) if each.spare), None)
            if spared is None and message.spare:
                return
            del self._waiting[spared or 0]
        self._waiting.append(message)
        self._none.clear()
        self._some.set()

    async def run(self) -> None:
        """Connect, send, and connect again after a random pause, until cancelled."""
        attempt = 0
        while True:
            try:
                async with self._client() as client:
                    if self.problem is not None:
                        self._log.info("the broker is back", waiting=self.waiting)
                    attempt, self.problem = 0, None
                    await self._pump(client)
            except aiomqtt.MqttError as error:
                if self.problem is None:
                    self._log.warning("the broker cannot be reached", broker=str(self._address), why=str(error))
                self.problem = f"{self._address} cannot be reached: {error}"
                attempt += 1
                # Random, so that all who lost it do not come back in the same moment.
                await asyncio.sleep(random.uniform(0, min(LONGEST_PAUSE_S, 1.5 ** min(attempt, 10))))

    async def drain(self, seconds: float) -> None:
        """Wait until everything is sent, and no longer than `seconds`."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._none.wait()

    async def _pump(self, client: aiomqtt.Client) -> None:
        while True:
            if not self._waiting:
                self._some.clear()
                # A connection that was lost is noticed by the next message, at the latest by this one.
                await self._some.wait()
            batch = [self._waiting.popleft() for _ in range(min(_AT_ONCE, len(self._waiting)))]
            try:
                async with asyncio.TaskGroup() as group:
                    for message in batch:
                        group.create_task(_publish(client, message))
            except* aiomqtt.MqttError as lost:
                # Nobody knows which of them arrived; ingest knows an event that it is told twice.
                self._waiting.extendleft(reversed(batch))
                raise _first(lost) from lost
            self.sent += len(batch)
            if not self._waiting:
                self._none.set()

    def _client(self) -> aiomqtt.Client:
        address = self._address
        return aiomqtt.Client(
            address.host,
            address.port,
            username=address.user,
            password=address.password,
            identifier=self._name,
            protocol=self._protocol,
            keepalive=30,
            tls_params=aiomqtt.TLSParameters() if address.tls else None,
        )


async def _publish(client: aiomqtt.Client, message: Outgoing) -> None:
    await client.publish(message.topic, message.payload, qos=1, retain=message.retain)


def _first(group: BaseExceptionGroup[aiomqtt.MqttError]) -> aiomqtt.MqttError:
    found = group.exceptions[0]
    return _first(found) if isinstance(found, BaseExceptionGroup) else found
