import asyncio
import subprocess
import sys
from collections import Counter
from collections.abc import Callable

import aiomqtt
import pytest

from ioc.model.faults import Fault
from ioc.runtime.embedded import BrokerPorts
from simulators.devices import Fleet
from simulators.message import Message
from simulators.player import WAITING_AT_MOST, Connection, run
from simulators.settings import SimulatorSettings

PATIENCE_S = 30.0


async def hear(port: int, enough: Callable[[Counter[str]], bool]) -> Counter[str]:
    """Listen until enough has been heard."""
    heard: Counter[str] = Counter()
    async with asyncio.timeout(PATIENCE_S), aiomqtt.Client("127.0.0.1", port) as client:
        await client.subscribe("#", qos=1)
        async for message in client.messages:
            heard[message.topic.value.split("/")[0]] += 1
            if enough(heard):
                return heard
    raise AssertionError("the connection ended")


@pytest.mark.parametrize("protocol", [3, 5])
async def test_a_broker_hears_every_format_and_the_city_stops_when_asked(
    embedded_broker: BrokerPorts, protocol: int
) -> None:
    port = embedded_broker.v3 if protocol == 3 else embedded_broker.v5
    settings = SimulatorSettings.model_validate(
        {"mqtt_url": f"mqtt://127.0.0.1:{port}", "mqtt_protocol": protocol, "speed": 10}
    )
    stop = asyncio.Event()
    city = asyncio.create_task(run(settings, stop))
    heard = await hear(embedded_broker.v3, lambda heard: len(heard) == 5 and sum(heard.values()) > 900)
    assert set(heard) == {"ioc", "frigate", "zigbee2mqtt", "application", "ucentral"}
    stop.set()
    async with asyncio.timeout(4):
        await city


async def test_without_a_broker_the_city_waits_and_still_stops_when_asked(free_port: Callable[[], int]) -> None:
    stop = asyncio.Event()
    settings = SimulatorSettings(mqtt_url=f"mqtt://127.0.0.1:{free_port()}")
    city = asyncio.create_task(run(settings, stop))
    await asyncio.wait({city}, timeout=0.5)
    assert not city.done()
    stop.set()
    async with asyncio.timeout(4):
        await city


def message(number: int) -> Message:
    return Message(number, 0, "ioc/sensor/env-1/events", b"%d" % number)


def test_a_connection_without_a_broker_loses_the_oldest_and_counts_them() -> None:
    connection = Connection(SimulatorSettings(), 0)
    for number in range(WAITING_AT_MOST + 3):
        connection.send(message(number))
    assert connection.lost == 3
    assert connection.waiting[0] == message(3)
    assert len(connection.waiting) == WAITING_AT_MOST


@pytest.mark.parametrize("url", ["http://127.0.0.1", "mqtt://", "127.0.0.1:1883", "mqtt://host:port"])
async def test_an_address_that_is_none_is_told_without_its_password(url: str) -> None:
    secret = url.replace("://", "://me:secret@", 1)
    with pytest.raises(Fault, match="must look like mqtt://host:1883") as complaint:
        await run(SimulatorSettings(mqtt_url=secret), asyncio.Event())
    assert "secret" not in str(complaint.value)


def test_a_city_that_does_not_ship_is_told() -> None:
    with pytest.raises(Fault, match="no city 'atlantis'"):
        asyncio.run(run(SimulatorSettings(city="atlantis"), asyncio.Event()))


def test_the_player_stays_small() -> None:
    # Each of these costs 10 to 60 MB in a process that has no use for it.
    heavy = {"polars", "numpy", "redis", "fastapi", "typer", "rich", "sqlglot"}
    script = f"import sys, simulators.player; print(sorted({heavy!r} & set(sys.modules)))"
    found = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def test_ioc_simulate_lists_what_ships(da_lat: Fleet) -> None:
    found = subprocess.run(
        [sys.executable, "-m", "ioc.cli", "simulate", "--list"], capture_output=True, text=True, check=True
    )
    assert f"da-lat  Đà Lạt, {len(da_lat.devices)} devices" in found.stdout
    assert "da-lat-day  Một ngày ở Đà Lạt / A day in Đà Lạt" in found.stdout


def test_ioc_simulate_tells_a_mistake_in_one_sentence() -> None:
    found = subprocess.run(
        [sys.executable, "-m", "ioc.cli", "simulate", "--city", "atlantis"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert found.returncode == 2
    assert "no city 'atlantis'" in found.stderr
    assert "Traceback" not in found.stderr
