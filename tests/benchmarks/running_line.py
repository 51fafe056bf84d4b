"""The running line: from publish to websocket at 1,000 events a second, the demo's memory, and its start."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import aiomqtt
import psutil
from websockets.asyncio.client import connect

RATE: Final = 1_000
SECONDS: Final = 20
WARM_UP_S: Final = 5
ASSETS: Final = 500
SETTLE_S: Final = 60
LINE: Final = ("ingest", "rules", "ui")
"""The processes of which the line consists, besides broker and store."""


@dataclass
class Demo:
    """A demo on free ports."""

    process: subprocess.Popen[bytes]
    ui: int
    mqtt: int
    seconds_to_ready: float


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def start(folder: str, *arguments: str) -> Demo:
    """Start a demo and wait until it says that all is well."""
    ports = {name: _free_port() for name in ("IOC_UI_PORT", "IOC_MQTT_PORT", "IOC_MQTT5_PORT", "IOC_REDIS_PORT")}
    environment = {**os.environ, **{name: str(port) for name, port in ports.items()}, "IOC_DATA": folder}
    begun = time.monotonic()
    with Path(folder, "demo.log").open("wb") as log:
        command = [sys.executable, "-m", "ioc", "demo", *arguments]
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
    while True:
        if process.poll() is not None or time.monotonic() - begun > 90:
            raise SystemExit(Path(folder, "demo.log").read_text())
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{ports['IOC_UI_PORT']}/api/health", timeout=2) as answer:
                health = json.load(answer)
            if health["state"] == "ok" and {"ingest", "rules"} <= health["processes"].keys():
                break
        except (OSError, urllib.error.URLError):
            pass
        time.sleep(0.05)
    return Demo(process, ports["IOC_UI_PORT"], ports["IOC_MQTT_PORT"], time.monotonic() - begun)


def stop(demo: Demo) -> float:
    """Stop it and give the seconds that it took."""
    begun = time.monotonic()
    demo.process.send_signal(signal.SIGTERM)
    demo.process.wait(20)
    return time.monotonic() - begun


async def latency(demo: Demo) -> dict[str, object]:
    """Publish at a steady rate and see when each event's value arrives on the websocket."""
    sent: dict[float, float] = {}
    seen: list[float] = []
    done = asyncio.Event()

    async def listen() -> None:
        async with connect(f"ws://127.0.0.1:{demo.ui}/ws/live", max_size=None, compression=None) as websocket:
            async for text in websocket:
                now = time.perf_counter()
                message = json.loads(text)
                for asset in message["assets"] if message["type"] == "delta" else ():
                    begun = sent.get(asset["values"].get("noise_db", -1))
                    if begun is not None:
                        seen.append(now - begun)
                if done.is_set():
                    return

    listener = asyncio.create_task(listen(), name="listen")
    await asyncio.sleep(1)
    number = 0
    spent_before: dict[str, float] | None = None
    async with aiomqtt.Client("127.0.0.1", demo.mqtt) as client:
        begun = time.perf_counter()
        while (elapsed := time.perf_counter() - begun) < SECONDS + WARM_UP_S:
            while number < elapsed * RATE:
                number += 1
                # The number of the event is its value, so that what arrives says which one it is.
                value = round(20 + number * 1e-3, 3)
                payload = json.dumps({"noise_db": value})
                if elapsed > WARM_UP_S:
                    spent_before = spent_before or processor_seconds(demo)
                    sent[value] = time.perf_counter()
                await client.publish(f"ioc/sensor/bench-{number % ASSETS}/events", payload, qos=1)
            await asyncio.sleep(0.002)
    spent = processor_seconds(demo)
    cores = {name: round((spent[name] - before) / SECONDS, 3) for name, before in (spent_before or {}).items()}
    await asyncio.sleep(2)
    done.set()
    await asyncio.wait_for(listener, 10)
    seen.sort()
    return {
        "benchmark": "publish to websocket",
        "events_per_s": RATE,
        "published": len(sent),
        "seen": len(seen),
        "p50_ms": round(seen[len(seen) // 2] * 1_000, 1),
        "p99_ms": round(seen[len(seen) * 99 // 100] * 1_000, 1),
        "target_p50_ms": 100,
        "target_p99_ms": 500,
        "cores": cores,
        "line_cores": round(sum(cores[name] for name in LINE), 3),
        "target_line_cores": 0.2,
    }


def processor_seconds(demo: Demo) -> dict[str, float]:
    """Give the seconds of processor that each of the demo's processes has taken, by what it is."""
    spent: dict[str, float] = {}
    for process in psutil.Process(demo.process.pid).children(recursive=True):
        command = process.cmdline()
        name = command[-1] if command[-1] in LINE else "broker" if "broker" in command[-1] else "store"
        spent[name] = spent.get(name, 0.0) + sum(process.cpu_times()[:2])
    return spent


def memory(demo: Demo) -> dict[str, object]:
    """Add up the resident memory of the demo's processes, and once with shared pages shared out."""
    top = psutil.Process(demo.process.pid)
    tree = [top, *top.children(recursive=True)]
    full = [process.memory_full_info() for process in tree]
    return {
        "benchmark": "memory of the demo",
        "processes": len(tree),
        "after_s": SETTLE_S,
        "rss_mib": round(sum(info.rss for info in full) / 2**20),
        "pss_mib": round(sum(info.pss for info in full) / 2**20),
        "target_rss_mib": 500,
    }


def main() -> None:
    """Measure the demo with its city, then the line alone."""
    with tempfile.TemporaryDirectory() as folder:
        stop(start(folder))
        demo = start(folder)
        print(
            json.dumps({"benchmark": "second start to ready", "seconds": round(demo.seconds_to_ready, 2)}), flush=True
        )
        time.sleep(SETTLE_S)
        print(json.dumps(memory(demo)), flush=True)
        print(json.dumps({"benchmark": "stop", "seconds": round(stop(demo), 2), "target_seconds": 5}), flush=True)
    with tempfile.TemporaryDirectory() as folder:
        demo = start(folder, "--no-simulators")
        try:
            print(json.dumps(asyncio.run(latency(demo))), flush=True)
        finally:
            stop(demo)


if __name__ == "__main__":
    main()
