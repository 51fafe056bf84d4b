"""The line's processes: broker, store and ingest, each of which can be killed, stopped for a while and started again."""

import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Protocol, Self

import mosquitto
import psutil
from kill_matrix.ledger import Ledger
from kill_matrix.network import Cable, cable
from kill_matrix.wire import Wire, wire_to

from ioc.runtime import embedded
from ioc.runtime.children import Command, python, spawn

PATIENCE_S: Final = 60.0
"""Seconds for anything to come to be; a machine that is busy with other tests is not a failure of the line."""

LOOK_S: Final = 0.02
"""Seconds between two looks at what somebody waits for."""

FreePort = Callable[[], int]


class MustEnd(AssertionError):
    """What was waited for did not come; the sentence says what."""


def wait_until(condition: Callable[[], bool], what: str, seconds: float = PATIENCE_S) -> float:
    """Wait for something, and say how many seconds it took.

    Raises:
        MustEnd: it did not come in time.
    """
    began = time.monotonic()
    while not condition():
        if time.monotonic() - began > seconds:
            raise MustEnd(f"{what} did not come within {seconds:.0f} s")
        time.sleep(LOOK_S)
    return time.monotonic() - began


class Broker(Protocol):
    """A broker that can be treated badly."""

    def restart(self) -> None:
        """Stop it in order, as far as it knows one, and start it again."""

    def kill(self) -> None:
        """End it at once."""

    def start(self) -> None:
        """Start it, and wait until it answers."""


class Child:
    """An embedded child or a stage, started by the project's own means."""

    def __init__(self, command: Command, is_ready: Callable[[], bool]) -> None:
        """Take what to run, and how to see that it is there."""
        self.command = command
        self._is_ready = is_ready
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """Its process id; 0 while there is none."""
        return 0 if self._process is None else self._process.pid

    def launch(self) -> None:
        """Start it, and do not wait."""
        self._process = spawn(self.command)

    def start(self) -> None:
        """Start it, and wait until it is there."""
        self.launch()
        self.await_readiness()

    def await_readiness(self) -> float:
        """Wait until it is there; says how many seconds that took."""
        try:
            return wait_until(self._is_ready_and_alive, f"readiness of {self.command.name}")
        except MustEnd as problem:
            log = self.command.log
            said = log.read_text(errors="replace")[-1_000:] if log is not None and log.exists() else ""
            raise MustEnd(f"{problem}; it last wrote:\n{said}") from problem

    def _is_ready_and_alive(self) -> bool:
        if self._process is not None and self._process.poll() is not None:
            raise MustEnd(embedded.did_not_start(self.command, self._process.returncode))
        return self._is_ready()

    def kill(self) -> None:
        """SIGKILL it."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """SIGTERM it, and wait for its end."""
        self._end(signal.SIGTERM)

    def restart(self) -> None:
        """Stop it in order, and start it again."""
        self.stop()
        self.start()

    def pause(self) -> None:
        """SIGSTOP it."""
        os.kill(self.pid, signal.SIGSTOP)

    def resume(self) -> None:
        """SIGCONT it."""
        os.kill(self.pid, signal.SIGCONT)

    def _end(self, how: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.send_signal(signal.SIGCONT)
        process.send_signal(how)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


class Memory:
    """Watches how much memory a process whose id may change holds, from a thread of its own."""

    def __init__(self, pid: Callable[[], int]) -> None:
        """Take whom to watch."""
        self._pid = pid
        self._ended = threading.Event()
        self._highest = 0
        self._thread = threading.Thread(target=self._watch, name="memory", daemon=True)

    def __enter__(self) -> Self:
        """Begin to watch."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop watching."""
        self._ended.set()
        self._thread.join(5)

    def now(self) -> int:
        """Give the bytes that it holds; 0 where it is away."""
        try:
            return int(psutil.Process(self._pid()).memory_info().rss) if self._pid() else 0
        except psutil.Error:
            return 0

    def highest(self, *, afresh: bool = False) -> int:
        """Give the most bytes that it was seen to hold; `afresh` begins anew."""
        highest = max(self._highest, self.now())
        if afresh:
            self._highest = 0
        return highest

    def _watch(self) -> None:
        while not self._ended.wait(0.05):
            self._highest = max(self._highest, self.now())


@dataclass
class Line:
    """Broker, wire, ingest and store, running.

    Attributes:
        broker: what ingest reads from, at the far end of the wire.
        publish_port: where the broker takes MQTT 3.1.1 from devices.
        wire: between ingest and the broker.
        cable: the network that ingest lives in, where it has one of its own.
        store_url: how the store is reached from here, and from ingest.
        ledger: what the stream holds.
        rested: bytes that a warm ingest held at rest.
    """

    name: str
    broker: Broker
    publish_port: int
    wire: Wire
    cable: Cable | None
    store: Child
    ingest: Child
    store_url: str
    ledger: Ledger
    memory: Memory
    rested: int = 0


def find_mosquitto() -> Path | None:
    """Find the program, where there is one."""
    return mosquitto.find()


@contextmanager
def running_line(
    folder: Path, free_port: FreePort, *, broker: str, settings: Mapping[str, str] | None = None
) -> Iterator[Line]:
    """Run a line in a folder of its own until the block ends.

    Args:
        folder: where everything is kept; its path must be short, since a socket lies in it.
        free_port: finds ports.
        broker: `mosquitto` or `embedded`.
        settings: environment of ingest, besides the addresses.
    """
    with ExitStack() as stack:
        far = stack.enter_context(cable())
        store = _store(folder, free_port())
        stack.callback(store.kill)
        store.start()
        made, publish_port, read_port = _broker(broker, folder, free_port)
        stack.callback(made.kill)
        made.start()
        wire = stack.enter_context(wire_to(read_port, host=far.host if far else "127.0.0.1"))
        url = f"unix://{_socket(folder)}"
        ledger = stack.enter_context(Ledger(url))
        environment = {
            "IOC_DATA": str(folder / "data"),
            "IOC_REDIS_URL": url,
            "IOC_MQTT_URL": f"mqtt://{far.host if far else '127.0.0.1'}:{wire.port}",
            **(settings or {}),
        }
        ingest = _ingest(folder, far, environment, ledger)
        stack.callback(ingest.kill)
        ingest.start()
        memory = stack.enter_context(Memory(lambda: ingest.pid))
        yield Line(broker, made, publish_port, wire, far, store, ingest, url, ledger, memory)


def _socket(folder: Path) -> Path:
    return folder / "store.sock"


def _store(folder: Path, port: int) -> Child:
    plain = embedded.store(folder / "store", port=port, log=folder / "store.log")
    # By a socket in the file system: it reaches into every network.
    command = replace(plain, arguments=(*plain.arguments, "--unixsocket", str(_socket(folder))))
    return Child(command, lambda: embedded.is_ready(command))


def _broker(kind: str, folder: Path, free_port: FreePort) -> tuple[Broker, int, int]:
    if kind == "mosquitto":
        program = mosquitto.find()
        if program is None:
            raise MustEnd("there is no Mosquitto on this machine; Debian has it as 'mosquitto'")
        broker = mosquitto.MosquittoBroker(program, folder / "mosquitto", free_port())
        return broker, broker.port, broker.port
    port, port_v5 = free_port(), free_port()
    command = embedded.broker(folder / "broker", port=port, port_v5=port_v5, log=folder / "broker.log")
    return Child(command, lambda: embedded.is_ready(command)), port, port_v5


def _ingest(folder: Path, far: Cable | None, environment: Mapping[str, str], ledger: Ledger) -> Child:
    command = Command(
        name="ingest",
        does="what is tested",
        arguments=(*(far.prefix if far else ()), *python("ioc", "run", "ingest")),
        environment=environment,
        log=folder / "ingest.log",
    )
    child = Child(command, lambda: ledger.health().get("pid") == str(child.pid) and ledger.is_well())
    return child


@contextmanager
def flooded_ingest(
    folder: Path, free_port: FreePort, broker_port: int, adapter: str
) -> Iterator[tuple[Child, Child, Memory]]:
    """Run an ingest and its store at somebody else's broker until the block ends: ingest, store, and ingest's memory.

    Args:
        folder: where everything is kept; its path must be short.
        free_port: finds ports.
        broker_port: on loopback, MQTT 5.
        adapter: which of ingest's adapters is used.
    """
    with ExitStack() as stack:
        store = _store(folder, free_port())
        stack.callback(store.kill)
        store.start()
        url = f"unix://{_socket(folder)}"
        ledger = stack.enter_context(Ledger(url))
        environment = {
            "IOC_DATA": str(folder / "data"),
            "IOC_REDIS_URL": url,
            "IOC_MQTT_URL": f"mqtt://127.0.0.1:{broker_port}",
            "IOC_INGEST_MQTT_ADAPTER": adapter,
        }
        ingest = _ingest(folder, None, environment, ledger)
        stack.callback(ingest.kill)
        ingest.start()
        memory = stack.enter_context(Memory(lambda: ingest.pid))
        yield ingest, store, memory
