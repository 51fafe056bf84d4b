"""Starts the real product on free ports, as a person would, and stops it again."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import pytest

READY_SECONDS = 90
"""Generous: a machine that is busy with other tests is not a failure of the product."""


@dataclass
class Product:
    """A running demo.

    Attributes:
        process: the supervisor.
        output: what it has printed, line by line, up to now.
        environment: the variables it was started with.
    """

    process: subprocess.Popen[str]
    environment: dict[str, str]
    data: Path
    output: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        """The page's address."""
        return f"http://127.0.0.1:{self.environment['IOC_UI_PORT']}"

    @property
    def mqtt_port(self) -> int:
        """The broker's port for MQTT 3.1.1."""
        return int(self.environment["IOC_MQTT_PORT"])

    @property
    def mqtt5_port(self) -> int:
        """The broker's port for MQTT 5."""
        return int(self.environment["IOC_MQTT5_PORT"])

    @property
    def redis(self) -> str:
        """The store's URL."""
        return f"redis://127.0.0.1:{self.environment['IOC_REDIS_PORT']}"

    def get(self, path: str) -> Any:
        """Read a JSON document of the page's server."""
        with urllib.request.urlopen(self.url + path, timeout=10) as answer:  # noqa: S310 - always http://127.0.0.1
            return json.load(answer)

    def pids(self) -> dict[str, int]:
        """The process ids that the table named, by process."""
        rows = [line.split() for line in self.output if line.startswith("  ")]
        return {row[0]: int(row[1]) for row in rows if len(row) > 1 and row[1].isdigit()}

    def family(self) -> list[psutil.Process]:
        """The supervisor and everything under it."""
        top = psutil.Process(self.process.pid)
        return [top, *top.children(recursive=True)]

    def wait_until_ready(self) -> None:
        """Read what it prints until it says that it is ready."""
        deadline = time.monotonic() + READY_SECONDS
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.output.append(line.rstrip("\n"))
            if line.startswith("ready after"):
                return
            assert time.monotonic() < deadline, self.said()
        pytest.fail(f"ended before it was ready:\n{self.said()}")

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Ask it to stop, and give its exit status."""
        self.process.send_signal(number)
        rest, _ = self.process.communicate(timeout=20)
        self.output += rest.splitlines()
        return self.process.returncode

    def said(self) -> str:
        """What it printed and what its processes logged, for a failing test to show."""
        logs = sorted((self.data / "logs").glob("*.log"))
        return "\n".join([*self.output, *(f"--- {log.name}\n{log.read_text()[-2000:]}" for log in logs)])


Start = Callable[..., Product]


@pytest.fixture
def product_environment(tmp_path: Path, free_port: Callable[[], int]) -> dict[str, str]:
    """An environment with free ports and an empty data folder of its own."""
    ports = {name: str(free_port()) for name in ("IOC_UI_PORT", "IOC_MQTT_PORT", "IOC_MQTT5_PORT", "IOC_REDIS_PORT")}
    clean = {name: value for name, value in os.environ.items() if not name.startswith("IOC_")}
    return {**clean, **ports, "IOC_DATA": str(tmp_path / "data"), "IOC_BASEMAP": "none"}


@pytest.fixture
def start_demo(product_environment: dict[str, str], tmp_path: Path) -> Iterator[Start]:
    """A function that starts `ioc demo` with the given arguments; whatever still runs at the end is killed."""
    started: list[Product] = []

    def start(*arguments: str) -> Product:
        command = [sys.executable, "-m", "ioc", "demo", *arguments]
        environment = product_environment
        process = subprocess.Popen(
            command,
            env=environment,
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        product = Product(process, environment, Path(environment["IOC_DATA"]))
        started.append(product)
        return product

    yield start
    for product in started:
        with suppress(ProcessLookupError):
            product.process.kill()  # its children die with it
        product.process.wait(10)
        if product.process.stdout is not None:
            product.process.stdout.close()


@pytest.fixture
def product(start_demo: Start) -> Product:
    """The whole line, ready, without simulated devices: what comes in is what the test sends."""
    demo = start_demo("--no-simulators")
    demo.wait_until_ready()
    return demo


@pytest.fixture
def eventually() -> Callable[..., Any]:
    """A function that asks again until the answer is true, and gives it; fails when the time is over."""

    def ask(question: Callable[[], Any], *, seconds: float = 20.0, what: str = "what was waited for") -> Any:
        end = time.monotonic() + seconds
        while True:
            answer = question()
            if answer:
                return answer
            assert time.monotonic() < end, f"{what} did not come within {seconds} s"
            time.sleep(0.05)

    return ask
