"""Plays a city: sends its messages to a broker when their time has come."""

import asyncio
import random
from collections import deque
from contextlib import suppress
from typing import Final

import aiomqtt

from ioc.model.instant import SECOND
from ioc.runtime import clock
from ioc.runtime.broker_address import parse_address
from ioc.runtime.logging import Log
from simulators.cities import city_path
from simulators.clock import CityClock
from simulators.devices import Fleet
from simulators.fleet import build
from simulators.message import Message
from simulators.scenarios import day_of
from simulators.settings import SimulatorSettings
from simulators.storyline import Scenario, load_scenario, place_points
from simulators.timeline import Timeline
from simulators.world import World

WAITING_AT_MOST: Final = 5_000
"""Messages of one connection that wait for the broker; beyond it the oldest is lost, and counted."""

LONGEST_PAUSE_S: Final = 15.0
"""Seconds between two attempts to connect, at most."""

_AT_ONCE: Final = 10
"""Messages of one connection that are on their way unconfirmed; above it aiomqtt warns of every one."""

_BEHIND: Final = 2 * SECOND
"""A city that lags so far (a machine that slept, a speed that is too high) goes on from there, without a rush."""

_FAREWELL_S: Final = 1.0
_LOG = Log("simulators")


async def run(settings: SimulatorSettings, stop: asyncio.Event) -> None:
    """Play a city until `stop`; the broker may come and go.

    Raises:
        Fault: the city, the scenario or the broker's URL cannot be used.
    """
    connections = [Connection(settings, number) for number in range(settings.connections)]
    fleet = build(city_path(settings.city), settings.seed)
    start = clock.now()
    city_clock = CityClock(start, settings.speed)
    world = World(fleet, seed=settings.seed, start=start, scenario=scenario_for(settings, fleet), stamp=city_clock.wall)
    _LOG.info("plays a city", city=fleet.city.id, devices=len(fleet.devices), speed=settings.speed)
    tasks = [asyncio.create_task(each.stay_connected(stop), name=f"connection {each.name}") for each in connections]
    try:
        await _play(Timeline(world), city_clock, connections, stop)
    finally:
        with suppress(TimeoutError):
            await asyncio.wait_for(asyncio.gather(*tasks, return_exceptions=True), _FAREWELL_S)
        sent, lost = sum(each.sent for each in connections), sum(each.lost for each in connections)
        _LOG.info("the city is silent", sent=sent, lost=lost)


def scenario_for(settings: SimulatorSettings, fleet: Fleet) -> Scenario | None:
    """Find what a city plays: the scenario asked for, else its own day, else nothing out of the ordinary.

    Raises:
        Fault: the scenario is wrong, with file, line and column.
    """
    path = settings.scenario or day_of(fleet.city.id)
    return None if path is None else load_scenario(path, place_points(fleet))


async def _play(
    timeline: Timeline, city_clock: CityClock, connections: list["Connection"], stop: asyncio.Event
) -> None:
    since_pause = 0
    for message in timeline:
        ahead = city_clock.wall(message.at) - clock.now()
        if ahead < -_BEHIND:
            city_clock.wait(-ahead)
        if ahead > 0:
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), ahead / SECOND)
        elif (since_pause := since_pause + 1) % 50 == 0:
            await asyncio.sleep(0)
        if stop.is_set():
            return
        connection = connections[message.device % len(connections)]
        await connection.room(stop)
        connection.send(message)


class Connection:
    """One connection that many devices share.

    While it is up, a full queue makes the city wait; while it is down, the city goes on and the oldest
    messages are lost, as they are from devices with a small memory.
    """

    def __init__(self, settings: SimulatorSettings, number: int) -> None:
        """Take the broker's address; nothing is connected yet.

        Raises:
            Fault: the settings do not name a broker.
        """
        self.name = f"ioc-simulators-{random.getrandbits(32):08x}-{number}"
        self.sent = 0
        self.lost = 0
        self._settings = settings
        self._address = parse_address(settings.mqtt_url)
        self.waiting: deque[Message] = deque()
        self._some = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()
        self._up = False

    def send(self, message: Message) -> None:
        """Queue a message; a full queue loses its oldest."""
        if len(self.waiting) >= WAITING_AT_MOST:
            self.waiting.popleft()
            self.lost += 1
        self.waiting.append(message)
        self._some.set()

    async def room(self, stop: asyncio.Event) -> None:
        """Wait, while the broker is there, until it has caught up."""
        while self._up and len(self.waiting) >= WAITING_AT_MOST // 2 and not stop.is_set():
            self._room.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._room.wait(), 0.2)

    async def stay_connected(self, stop: asyncio.Event) -> None:
        """Connect, send, and connect again after a random pause whenever the connection is lost."""
        attempt = 0
        while not stop.is_set():
            try:
                async with self._client() as client:
                    attempt = 0
                    self._up = True
                    await self._pump(client, stop)
            except aiomqtt.MqttError as error:
                self._up = False
                self._room.set()
                attempt += 1
                # Random, so that all connections do not come back in the same moment.
                pause = random.uniform(0, min(LONGEST_PAUSE_S, 1.5 ** min(attempt, 10)))
                _LOG.warning("the broker cannot be reached", why=str(error), again_in_s=round(pause, 1))
                with suppress(TimeoutError):
                    await asyncio.wait_for(stop.wait(), pause)

    async def _pump(self, client: aiomqtt.Client, stop: asyncio.Event) -> None:
        stopping = asyncio.create_task(stop.wait())
        try:
            while not stop.is_set():
                if not self.waiting:
                    self._some.clear()
                    some = asyncio.create_task(self._some.wait())
                    await asyncio.wait({some, stopping}, timeout=1.0, return_when=asyncio.FIRST_COMPLETED)
                    some.cancel()
                    continue
                batch = [self.waiting.popleft() for _ in range(min(_AT_ONCE, len(self.waiting)))]
                try:
                    async with asyncio.TaskGroup() as group:
                        for message in batch:
                            group.create_task(_publish(client, message))
                except* aiomqtt.MqttError as lost:
                    # Nobody knows which of them arrived; to send an event twice does no harm.
                    self.waiting.extendleft(reversed(batch))
                    raise _first(lost) from lost
                self.sent += len(batch)
                if len(self.waiting) < WAITING_AT_MOST // 2:
                    self._room.set()
        finally:
            stopping.cancel()

    def _client(self) -> aiomqtt.Client:
        address = self._address
        version = aiomqtt.ProtocolVersion.V5 if self._settings.mqtt_protocol == 5 else aiomqtt.ProtocolVersion.V311
        return aiomqtt.Client(
            address.host,
            address.port,
            username=address.user,
            password=address.password,
            identifier=self.name,
            protocol=version,
            keepalive=30,
            tls_params=aiomqtt.TLSParameters() if address.tls else None,
        )


async def _publish(client: aiomqtt.Client, message: Message) -> None:
    await client.publish(message.topic, message.payload, qos=1, retain=message.retain)


def _first(group: BaseExceptionGroup[aiomqtt.MqttError]) -> aiomqtt.MqttError:
    found = group.exceptions[0]
    return _first(found) if isinstance(found, BaseExceptionGroup) else found
