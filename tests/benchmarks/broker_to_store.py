"""Ingest: QoS 1 messages a second from the broker to the store, and the time from arrival to kept at a steady rate."""

import asyncio
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import quantiles
from typing import Final

import psutil

from ingest.settings import IngestSettings
from ioc.runtime import embedded
from ioc.runtime.logging import configure
from ioc.runtime.tasks import run_until_stopped
from ioc.store.event_stream import BEGINNING
from ioc.store.opening import Store, open_store

BURST: Final = 40_000
STEADY_RATE: Final = 1_000
STEADY_S: Final = 10
SENSORS: Final = 200


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _message(number: int) -> tuple[str, bytes]:
    body = {"boot": "a", "seq": number, "temp_c": 20.5, "humidity": 71, "pm25": number % 150, "battery": 88}
    return f"ioc/sensor/env-{number % SENSORS}/events", json.dumps(body).encode()


class Publisher:
    """Publishes at QoS 1 over raw MQTT 3.1.1, because a client library would be the slowest part."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def connect(cls, port: int) -> "Publisher":
        """Connect with a clean session."""
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"\x10\x0d\x00\x04MQTT\x04\x02\x00\x3c\x00\x01p")
        await reader.readexactly(4)
        return cls(reader, writer)

    async def publish(self, numbers: range) -> None:
        """Publish messages, at most 1,000 of them unacknowledged; returns when the broker has all."""
        sent = acknowledged = 0
        while acknowledged < len(numbers):
            chunk = numbers[sent : sent + 1_000 - (sent - acknowledged)]
            self._writer.write(b"".join(_packet(number) for number in chunk))
            sent += len(chunk)
            await self._writer.drain()
            # A PUBACK has four bytes.
            await self._reader.readexactly(4)
            acknowledged += 1
            while acknowledged < sent and len(numbers) > 1_000 and sent - acknowledged > 500:
                await self._reader.readexactly(4)
                acknowledged += 1


def _packet(number: int) -> bytes:
    topic, payload = _message(number)
    name = topic.encode()
    body = len(name).to_bytes(2, "big") + name + (number % 65_535 + 1).to_bytes(2, "big") + payload
    return b"\x32" + bytes((len(body) % 128 | 0x80, len(body) // 128)) + body


async def _measure(store: Store, port: int, ingest: psutil.Process) -> None:
    client = await Publisher.connect(port)
    await client.publish(range(100))
    cpu_before = sum(ingest.cpu_times()[:2])
    begun = time.perf_counter()
    await client.publish(range(100, 100 + BURST))
    position, kept = BEGINNING, 0
    while kept < 100 + BURST:
        for entry in await store.events.read(position, wait=1):
            kept += entry.batch.height
            position = entry.position
    seconds = time.perf_counter() - begun
    cpu = sum(ingest.cpu_times()[:2]) - cpu_before
    _print("ingest_messages_per_s", round(BURST / seconds), messages=BURST)
    _print("ingest_cpu_us_per_message", round(cpu / BURST * 1e6, 1))

    waits: list[float] = []
    entries = 0
    first = 100 + BURST
    for slot in range(STEADY_S * 100):
        count = STEADY_RATE // 100
        await client.publish(range(first + slot * count, first + (slot + 1) * count))
        await asyncio.sleep(max(0.0, begun + seconds + (slot + 1) / 100 - time.perf_counter()))
    while len(waits) < STEADY_S * STEADY_RATE:
        for entry in await store.events.read(position, wait=1):
            position = entry.position
            entries += 1 if entry.batch.height else 0
            # The store's own clock, which is in the position, says when the entry was written.
            written = int(entry.position.partition("-")[0]) * 1_000
            waits += [(written - at) / 1_000 for at in entry.batch["received_at"].to_physical()]
    hundredths = quantiles(waits, n=100)
    _print("ingest_arrival_to_kept_ms", round(hundredths[49], 1), at="p50", rate=STEADY_RATE)
    _print("ingest_arrival_to_kept_ms", round(hundredths[98], 1), at="p99", rate=STEADY_RATE)
    _print("ingest_events_per_entry", round(len(waits) / entries, 1), rate=STEADY_RATE)
    _print("ingest_resident_mb", round(ingest.memory_info().rss / 1e6))


def _print(name: str, value: float, **facts: object) -> None:
    sys.stdout.write(json.dumps({"benchmark": name, "value": value, **facts}) + "\n")
    sys.stdout.flush()


@contextmanager
def _ingesting(url: str, settings: IngestSettings) -> Iterator[psutil.Process]:
    child = subprocess.Popen(
        [sys.executable, __file__, "--stage", url, settings.model_dump_json()],
        env={**os.environ, "POLARS_MAX_THREADS": "1", "MALLOC_ARENA_MAX": "2"},
    )
    try:
        yield psutil.Process(child.pid)
    finally:
        child.terminate()
        child.wait()


async def _main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        v3, v5, port = _free_port(), _free_port(), _free_port()
        broker = embedded.broker(folder / "broker", port=v3, port_v5=v5, log=folder / "broker.log")
        keeper = embedded.store(folder / "store", port=port, log=folder / "store.log")
        url = f"redis://127.0.0.1:{port}"
        settings = IngestSettings(mqtt_url=f"mqtt://127.0.0.1:{v5}")
        with embedded.running(broker), embedded.running(keeper), _ingesting(url, settings) as ingest:
            async with open_store(url) as store:
                while (await store.health.all()).get("ingest", {}).get("state") != "ok":  # noqa: ASYNC110
                    await asyncio.sleep(0.05)
                await _measure(store, v3, ingest)


def _stage(url: str, settings: str) -> int:
    from ingest import stage  # noqa: PLC0415 - the publisher needs none of it

    configure("warning", "console")

    async def main(stop: asyncio.Event) -> None:
        async with open_store(url) as store:
            await stage.run(store, IngestSettings.model_validate_json(settings), stop)

    return run_until_stopped("ingest", main)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--stage"]:
        sys.exit(_stage(*sys.argv[2:4]))
    asyncio.run(_main())
