"""MQTT to kept and acknowledged: events a second, the time from publish to kept, and whose processor it takes.

For each broker and quality of service, one publisher sends 200-byte events of 1,000 devices, first to a reader that only
counts, then to the line: ingest, the store, and the shipped rules beside them, each a process of its own. By itself it
is run with PYTHONPATH=tools.
"""

import argparse
import asyncio
import json
import multiprocessing
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import quantiles
from typing import Any, Final

import mosquitto
import numpy as np
import psutil
from mqtt_adapters import Counter

from ingest.settings import IngestSettings
from ioc.runtime import embedded
from ioc.runtime.logging import configure
from ioc.runtime.tasks import run_until_stopped
from ioc.store.event_stream import BEGINNING
from ioc.store.opening import Store, open_store

DEVICES: Final = 1_000
EVENTS: Final = 400_000
STEADY_S: Final = 10
WARM_UP: Final = 20_000
UNACKNOWLEDGED: Final = 4_000
"""Messages that the publisher has on their way at QoS 1."""

SETTLED_S: Final = 3.0
"""Seconds without a further event after which what is missing is lost."""

TARGETS: Final = {("mosquitto", 1): 80_000, ("mosquitto", 0): 120_000, ("embedded", 1): 60_000, ("embedded", 0): 80_000}

_AT: Final = b"1700000000000"
_SEQUENCE: Final = b"1000000"
_COUNT = """
local entries, found = redis.call('XRANGE', KEYS[1], '(' .. ARGV[1], '+', 'COUNT', 200), {}
for _, entry in ipairs(entries) do
  found[#found + 1] = entry[1]
  found[#found + 1] = entry[2][4]
end
return found
"""
"""Tells the counts of the entries after a position, without moving their events."""


def packets(quality: int) -> tuple["np.ndarray[Any, Any]", dict[bytes, slice]]:
    """Build one PUBLISH of each device, all equally long, and say where in them the parts are that change."""
    rows = []
    for device in range(DEVICES):
        topic = f"ioc/sensor/bench-{device:04}/events".encode()
        start = b'{"at":%s,"boot":"b7f3","seq":%s,"temp_c":20.5,"humidity":71.25,"pm25":%02d.5' % (
            _AT,
            _SEQUENCE,
            device % 90 + 10,
        )
        payload = start + b',"pressure_hpa":1008.4,"noise_db":48,"battery":88,"zone":"ward-07","label":"'
        payload += b"x" * (200 - len(payload) - 2) + b'"}'
        body = len(topic).to_bytes(2, "big") + topic + (b"\0\0" if quality else b"") + payload
        rows.append(bytes((0x30 | quality << 1, len(body) % 128 | 0x80, len(body) // 128)) + body)
    places = {part: slice(rows[0].index(part), rows[0].index(part) + len(part)) for part in (_AT, _SEQUENCE)}
    identity = rows[0].index(b"{") - 2
    places[b"id"] = slice(identity, identity + 2)
    return np.frombuffer(b"".join(rows), dtype=np.uint8).reshape(DEVICES, -1).copy(), places


def publish(port: int, quality: int, count: int, rate: int, first: int) -> None:
    """Publish over a bare socket, as fast as it goes or at a rate; `first` is how many were published before."""
    rows, places = packets(quality)
    portion = max(1, rate // 500) if rate else 500
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.sendall(b"\x10\x0d\x00\x04MQTT\x04\x02\x00\x3c\x00\x01p")
        connection.recv(4)
        begun, sent, confirmed = time.perf_counter(), 0, 0.0
        while sent < count:
            place = (first + sent) % DEVICES
            some = rows[place : place + min(portion, count - sent)]
            now = b"%d" % (time.time() * 1_000)
            some[:, places[_AT]] = np.frombuffer(now, dtype=np.uint8)
            some[:, places[_SEQUENCE]] = np.frombuffer(b"%d" % (1_000_000 + (first + sent) // DEVICES), dtype=np.uint8)
            if quality:
                identities = ((first + sent + np.arange(len(some))) % 65_535 + 1).astype(">u2")
                some[:, places[b"id"]] = identities.view(np.uint8).reshape(-1, 2)
            connection.sendall(some.tobytes())
            sent += len(some)
            if rate:
                time.sleep(max(0.0, begun + sent / rate - time.perf_counter()))
            while quality and sent - confirmed > UNACKNOWLEDGED:
                # Who reads each confirmation by itself takes the processor from those that are measured.
                time.sleep(0.001)
                confirmed += len(connection.recv(65_536)) / 4
        while quality and confirmed < count:
            confirmed += len(connection.recv(65_536)) / 4
        connection.sendall(b"\xe0\x00")


@dataclass
class Broker:
    """A broker on loopback."""

    name: str
    v3: int
    v5: int
    process: psutil.Process


@contextmanager
def broker(name: str, folder: Path) -> Iterator[Broker | None]:
    """Start a broker; None where this machine has none."""
    if name == "embedded":
        v3, v5 = _free_port(), _free_port()
        command = embedded.broker(folder / "broker", port=v3, port_v5=v5, log=folder / "broker.log")
        with embedded.running(command) as pid:
            yield Broker(name, v3, v5, psutil.Process(pid.pid))
        return
    program = mosquitto.find()
    if program is None:
        yield None
        return
    started = mosquitto.MosquittoBroker(program, folder, _free_port(), mosquitto.SOUND)
    started.start()
    try:
        yield Broker(name, started.port, started.port, psutil.Process(started.pid))
    finally:
        started.kill()


@contextmanager
def publishing(port: int, quality: int, count: int, *, rate: int = 0, first: int = 0) -> Iterator[None]:
    """Publish in another process while the block lasts."""
    context = multiprocessing.get_context("spawn")
    process = context.Process(target=publish, args=(port, quality, count, rate, first), daemon=True)
    process.start()
    try:
        yield
    finally:
        process.join(1)
        process.kill()
        process.join()


async def count_only(port: Broker, quality: int) -> float:
    """Give the messages a second that a reader receives and acknowledges which does nothing with them."""
    transport, counter = await asyncio.get_running_loop().create_connection(Counter, "127.0.0.1", port.v5)
    await counter.ready.wait()
    with publishing(port.v3, quality, EVENTS):
        begun, last, seen = 0.0, time.perf_counter(), 0
        while counter.count < EVENTS and (not seen or time.perf_counter() - last < SETTLED_S):
            await asyncio.sleep(0.005)
            if counter.count > seen:
                last, seen, begun = time.perf_counter(), counter.count, begun or time.perf_counter()
    transport.close()
    return counter.count / (last - begun)


class Line:
    """The processes of the line, and what they have done."""

    def __init__(self, store: Store, broker: Broker, processes: dict[str, psutil.Process]) -> None:
        self._store = store
        self._broker = broker
        self._processes = processes | {"broker": broker.process}
        self._position = BEGINNING
        self._published = 0

    async def run(self, quality: int, count: int, *, rate: int = 0) -> tuple[list[tuple[int, int]], dict[str, float]]:
        """Publish; give the entries that were written (when, in ms, and how many events) and the processor's seconds."""
        before = {name: sum(process.cpu_times()[:2]) for name, process in self._processes.items()}
        entries: list[tuple[int, int]] = []
        with publishing(self._broker.v3, quality, count, rate=rate, first=self._published):
            last = time.perf_counter()
            while sum(events for _, events in entries) < count:
                await asyncio.sleep(0.1)
                news = await self._news()
                if sum(events for _, events in news):
                    last = time.perf_counter()
                elif entries and time.perf_counter() - last > SETTLED_S:
                    break
                entries += [entry for entry in news if entry[1]]
        self._published += count
        spent = {name: sum(process.cpu_times()[:2]) - before[name] for name, process in self._processes.items()}
        return entries, spent

    async def _news(self) -> list[tuple[int, int]]:
        found: list[tuple[int, int]] = []
        while True:
            answer = await self._store.connection.call("EVAL", _COUNT, 1, "ioc:{0}:events", self._position)
            if not answer:
                return found
            for position, count in zip(answer[::2], answer[1::2], strict=True):
                self._position = str(position, "ascii")
                found.append((int(position.partition(b"-")[0]), int(count)))

    @property
    def position(self) -> str:
        """Where the newest entry stands that has been counted."""
        return self._position

    async def waits_ms(self, after: str) -> list[float]:
        """Give, for each event after a position, the milliseconds from its publishing to when it was kept."""
        waits: list[float] = []
        while entries := await self._store.events.read(after, limit=64):
            after = entries[-1].position
            for entry in entries:
                kept = int(entry.position.partition("-")[0])
                waits += [kept - at / 1_000 for at in entry.batch["at"].to_physical()]
        return waits

    def resident_mb(self, name: str) -> int:
        """Give a process's memory."""
        return round(self._processes[name].memory_info().rss / 1e6)


async def measure(line: Line, name: str, quality: int, counted: float) -> None:
    """Measure one broker at one quality of service."""
    await line.run(quality, WARM_UP)
    entries, spent = await line.run(quality, EVENTS)
    kept = sum(count for _, count in entries)
    seconds = (entries[-1][0] - entries[0][0]) / 1_000
    _print(
        "broker_to_store_events_per_s",
        round((kept - entries[0][1]) / seconds),
        broker=name,
        qos=quality,
        target=TARGETS[name, quality],
        counting_only=round(counted),
        published=EVENTS,
        kept=kept,
        events_per_entry=round(kept / len(entries)),
        cpu_us_per_event={process: round(cpu / kept * 1e6, 2) for process, cpu in spent.items()},
        ingest_resident_mb=line.resident_mb("ingest"),
    )


async def measure_steady(line: Line, name: str, quality: int, rate: int) -> None:
    """Measure the time from publish to kept at a steady rate."""
    after = line.position
    entries, spent = await line.run(quality, rate * STEADY_S, rate=rate)
    hundredths = quantiles(await line.waits_ms(after), n=100)
    _print(
        "publish_to_kept_ms",
        round(hundredths[98], 1),
        at="p99",
        p50=round(hundredths[49], 1),
        rate=rate,
        target=40 if rate == 20_000 else None,
        broker=name,
        qos=quality,
        kept=sum(count for _, count in entries),
        events_per_entry=round(sum(count for _, count in entries) / len(entries)),
        cores={process: round(cpu / STEADY_S, 3) for process, cpu in spent.items()},
    )


async def main(brokers: list[str], qualities: list[int], rates: list[int]) -> None:
    """Measure every broker at every quality of service."""
    for name in brokers:
        for quality in qualities:
            with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
                place = Path(folder)
                running = stack.enter_context(broker(name, place))
                if running is None:
                    _print("broker_to_store_events_per_s", 0, broker=name, skipped="there is no such broker here")
                    continue
                counted = await count_only(running, quality)
                port = _free_port()
                keeper = stack.enter_context(
                    embedded.running(embedded.store(place / "store", port=port, log=place / "store.log"))
                )
                url = f"redis://127.0.0.1:{port}"
                settings = IngestSettings(mqtt_url=f"mqtt://127.0.0.1:{running.v5}")
                stages = {
                    "ingest": stack.enter_context(_stage("ingest", url, settings.model_dump_json())),
                    "rules": stack.enter_context(_stage("rules", url, "{}")),
                    "store": psutil.Process(keeper.pid),
                }
                async with open_store(url) as store:
                    await _until_ready(store, stages)
                    line = Line(store, running, stages)
                    await measure(line, name, quality, counted)
                    for rate in rates if quality else ():
                        await measure_steady(line, name, quality, rate)


async def _until_ready(store: Store, stages: dict[str, psutil.Process]) -> None:
    for name in ("ingest", "rules"):
        while (await store.health.all()).get(name, {}).get("state") != "ok":
            if stages[name].status() == psutil.STATUS_ZOMBIE:
                raise SystemExit(f"{name} did not start")
            await asyncio.sleep(0.05)


@contextmanager
def _stage(name: str, url: str, settings: str) -> Iterator[psutil.Process]:
    child = subprocess.Popen(
        [sys.executable, __file__, "--stage", name, url, settings],
        env={**os.environ, "POLARS_MAX_THREADS": "1", "MALLOC_ARENA_MAX": "2"},
    )
    try:
        yield psutil.Process(child.pid)
    finally:
        child.terminate()
        child.wait()


def _run_stage(name: str, url: str, settings: str) -> int:
    from ingest import stage as ingest_stage  # noqa: PLC0415 - the publisher needs none of it
    from rules import stage as rules_stage  # noqa: PLC0415
    from rules.settings import RulesSettings  # noqa: PLC0415

    configure("warning", "console")

    async def run(stop: asyncio.Event) -> None:
        async with open_store(url) as store:
            if name == "ingest":
                await ingest_stage.run(store, IngestSettings.model_validate_json(settings), stop)
            else:
                await rules_stage.run(store, RulesSettings.model_validate_json(settings), stop)

    return run_until_stopped(name, run)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _print(name: str, value: float, **facts: object) -> None:
    sys.stdout.write(json.dumps({"benchmark": name, "value": value, **facts}) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    if sys.argv[1:2] == ["--stage"]:
        sys.exit(_run_stage(*sys.argv[2:5]))
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--broker", action="append", choices=["mosquitto", "embedded"])
    parser.add_argument("--qos", action="append", type=int, choices=[0, 1])
    parser.add_argument("--rate", action="append", type=int)
    chosen = parser.parse_args()
    asyncio.run(main(chosen.broker or ["mosquitto", "embedded"], chosen.qos or [1, 0], chosen.rate or [20_000, 1_000]))
