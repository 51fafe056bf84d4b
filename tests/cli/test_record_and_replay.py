"""`ioc record` and `ioc replay` against a real broker: what devices said is said again, and means the same."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import aiomqtt
import pytest
import pytest_asyncio

from ingest.codecs.registry import load_codecs
from ingest.reader import Reader
from ingest.recording import Recorded, read_recording
from ioc.model.events import RawMessage
from ioc.runtime.embedded import BrokerPorts
from ioc.runtime.tasks import end
from ioc.store.catalogue import load_catalogue
from simulators.player import run
from simulators.settings import SimulatorSettings

pytestmark = pytest.mark.end_to_end

Start = Callable[..., subprocess.Popen[str]]


@pytest_asyncio.fixture
async def start(embedded_broker: BrokerPorts, tmp_path: Path) -> AsyncIterator[Start]:
    """A function that starts `ioc` with the test's broker."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("IOC_")}
    started: list[subprocess.Popen[str]] = []

    def begin(*arguments: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "ioc.cli", *arguments],
            env={**environment, "IOC_MQTT_URL": embedded_broker.url},
            cwd=tmp_path,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield begin
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate()


async def end_of(process: subprocess.Popen[str]) -> tuple[int, str]:
    said = await asyncio.to_thread(process.communicate, None, 40)
    return process.returncode, said[1]


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(40):
        while not true():  # noqa: ASYNC110 - what is waited for is another process
            await asyncio.sleep(0.05)


async def heard(start: Start, broker: BrokerPorts, path: Path, *arguments: str) -> subprocess.Popen[str]:
    """Start a recorder, and return when it hears."""
    process = start("record", str(path), "--topic", "#", *arguments)
    async with aiomqtt.Client("127.0.0.1", broker.v3) as client:
        async with asyncio.timeout(40):
            while not path.exists() or not path.stat().st_size:  # noqa: ASYNC240 - a file of a test
                await client.publish("hello", b"", qos=1)
                await asyncio.sleep(0.1)
    return process


def said(path: Path) -> list[Recorded]:
    """What was published while it was recorded, but for the tests' own greeting."""
    return [each for each in read_recording(path) if not each.retained and not each.topic.endswith("hello")]


def meaning(messages: list[Recorded]) -> Counter[str]:
    """What a reader makes of them, without what tells one hearing from another: who heard it when."""
    catalogue = load_catalogue()
    reader = Reader(load_codecs(catalogue=catalogue), catalogue)
    return Counter(
        json.dumps(
            [str(event.kind), event.asset, event.codec, event.zone, str(event.signal), event.values], sort_keys=True
        )
        for message in messages
        for event in reader.read(RawMessage(message.topic, message.payload, message.received_at))[0]
    )


async def test_what_devices_said_is_said_again_and_means_the_same(
    start: Start, embedded_broker: BrokerPorts, tmp_path: Path
) -> None:
    first, second = tmp_path / "first.ndjson", tmp_path / "second.ndjson"
    recorder = await heard(start, embedded_broker, first, "--keep-addresses")
    stop = asyncio.Event()
    settings = SimulatorSettings(mqtt_url=embedded_broker.url_v3, mqtt_protocol=3, speed=20)
    city = asyncio.create_task(run(settings, stop))
    await until(lambda: first.stat().st_size > 100_000)
    stop.set()
    await city
    await end([city])
    recorder.send_signal(signal.SIGINT)
    assert (await end_of(recorder))[0] == 0
    messages = said(first)
    assert len(messages) >= 100
    again = await heard(start, embedded_broker, second, "--keep-addresses")
    status, told = await end_of(start("replay", str(first), "--speed", "max"))
    assert status == 0
    assert told == f"{len(list(read_recording(first)))} messages were published\n"
    await until(lambda: second.stat().st_size >= first.stat().st_size * 0.95 and len(said(second)) == len(messages))
    again.send_signal(signal.SIGINT)
    assert (await end_of(again))[0] == 0
    assert Counter((each.topic, each.payload) for each in said(second)) == Counter(
        (each.topic, each.payload) for each in messages
    )
    events = meaning(messages)
    assert events.total() >= 100
    assert meaning(said(second)) == events


async def test_addresses_are_replaced_unless_somebody_wants_them_kept(
    start: Start, embedded_broker: BrokerPorts, tmp_path: Path
) -> None:
    path = tmp_path / "day.ndjson.gz"
    recorder = await heard(start, embedded_broker, path)
    async with aiomqtt.Client("127.0.0.1", embedded_broker.v3) as client:
        for _ in range(2):
            await client.publish("ap/clients", b'{"mac": "de:ad:be:ef:00:01"}', qos=1)
    recorder.send_signal(signal.SIGTERM)
    status, told = await end_of(recorder)
    assert (status, told.endswith(f"messages are in {path}\n")) == (0, True)
    found = [json.loads(message.payload)["mac"] for message in said(path)]
    assert found
    assert len(set(found)) == 1
    assert "de:ad:be:ef:00:01" not in found


async def test_a_broken_line_ends_a_replay_with_its_number(
    start: Start, embedded_broker: BrokerPorts, tmp_path: Path
) -> None:
    path = tmp_path / "day.ndjson"
    path.write_text('{"topic": "a", "payload": "", "received_at": 1}\nnonsense\n')
    status, told = await end_of(start("replay", str(path), "--prefix", "test/"))
    assert status == 1
    assert f"ioc: {path}:2:1: this is not a recorded message" in told


async def test_a_broker_that_is_not_there_is_one_sentence(
    start: Start, tmp_path: Path, free_port: Callable[[], int]
) -> None:
    broker = f"mqtt://127.0.0.1:{free_port()}"
    status, told = await end_of(start("record", str(tmp_path / "day.ndjson"), "--broker", broker))
    assert status == 1
    assert f"ioc: The broker at {broker} cannot be reached" in told
    assert "Traceback" not in told


@pytest.mark.parametrize("version", [3, 5])
async def test_a_broker_is_spoken_to_in_the_version_that_it_knows(
    start: Start, embedded_broker: BrokerPorts, tmp_path: Path, version: int
) -> None:
    path = tmp_path / "day.ndjson"
    path.write_text('{"topic": "a/b", "payload": "MQ==", "received_at": 1}\n')
    broker = embedded_broker.url_v3 if version == 3 else embedded_broker.url
    assert await end_of(start("replay", str(path), "--broker", broker)) == (0, "1 messages were published\n")


async def test_a_replay_goes_on_until_it_is_interrupted_where_it_is_to_loop(
    start: Start, embedded_broker: BrokerPorts, tmp_path: Path
) -> None:
    path = tmp_path / "day.ndjson"
    path.write_text('{"topic": "a/b", "payload": "MQ==", "received_at": 1}\n')
    async with aiomqtt.Client("127.0.0.1", embedded_broker.v3) as client:
        await client.subscribe("test/#", qos=1)
        replay = start("replay", str(path), "--loop", "--speed", "10", "--prefix", "test/")
        count = 0
        async with asyncio.timeout(40):
            async for message in client.messages:
                assert (str(message.topic), message.payload) == ("test/a/b", b"1")
                count += 1
                if count == 5:
                    break
        replay.send_signal(signal.SIGINT)
        assert (await end_of(replay))[0] == 0
