"""`ioc demo`: a living city with one command."""

import json
import os
import socket
import sys
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from ioc.cli.config import ConfigOption

if TYPE_CHECKING:
    from ioc.runtime.processes import Member, Supervisor

PATIENCE: Final = 30.0
"""Seconds after which somebody who waits is told who is not ready yet."""

MUST_BE_WELL: Final = ("ingest", "rules")
"""The stages without which the page would show a city that nobody watches."""


def demo(
    *,
    city: Annotated[str | None, typer.Option(help="A city that ships, or a city file.", show_default="da-lat")] = None,
    simulators: Annotated[bool, typer.Option(help="Play the city's devices.")] = True,
    config: ConfigOption = None,
) -> int:
    """Show a living city: broker, store, ingest, rules, page and simulated devices, all on this machine."""
    from ioc import assembly  # noqa: PLC0415 - the help does not need it
    from ioc.config import load  # noqa: PLC0415
    from ioc.runtime import embedded  # noqa: PLC0415
    from ioc.runtime.children import stop_with_parent  # noqa: PLC0415
    from ioc.runtime.processes import Supervisor  # noqa: PLC0415

    if os.environ.get("IOC_STOP_WITH_PARENT"):
        stop_with_parent()
    configuration = assembly.for_demo(load(config, os.environ).configuration, city=city)
    if city is not None:
        assembly.city_file(city)
    members = assembly.demo_members(configuration, simulators=simulators)
    supervisor = Supervisor(members, _say)
    with embedded.sole_user(configuration.data), supervisor.watching_signals():
        supervisor.start()
        failed = _wait_until_ready(supervisor, members, configuration.ui.host, configuration.ui.port)
        while not supervisor.asked_to_stop and failed is None:
            supervisor.tend(60.0)
            failed = supervisor.failed
        began = time.monotonic()
        late = supervisor.stop()
    if failed is not None:
        name, status = failed
        sys.stderr.write(f"ioc: {_last_words(members, name) or f'{name} ended with status {status}'}\n")
        return status
    _say(
        f"stopped in {time.monotonic() - began:.1f} s"
        + (f"; killed, since they did not finish: {', '.join(late)}" if late else "; no process is left")
    )
    return 0


def _wait_until_ready(
    supervisor: "Supervisor", members: "Iterable[Member]", host: str, port: int
) -> tuple[str, int] | None:
    began = time.monotonic()
    told = False
    while not supervisor.asked_to_stop and supervisor.failed is None:
        missing = _not_ready(host, port)
        if not missing:
            supervisor.is_ready = True
            _show(members, supervisor.pids(), f"http://{host}:{port}", time.monotonic() - began)
            return None
        if not told and time.monotonic() - began > PATIENCE:
            told = True
            _say(f"not ready yet: {', '.join(missing)}; see the logs in the data folder")
        supervisor.tend(0.1)
    return supervisor.failed


def _not_ready(host: str, port: int) -> list[str]:
    health = _ask_health(host, port)
    if health is None:
        return ["ui"]
    processes = health.get("processes", {})
    return [name for name in MUST_BE_WELL if processes.get(name, {}).get("state") not in {"ok", "degraded"}]


def _ask_health(host: str, port: int) -> dict[str, Any] | None:
    """Read /api/health by hand: an HTTP client would cost this small process more than all the rest of it."""
    try:
        with socket.create_connection((host, port), 1.0) as connection:
            connection.settimeout(2.0)
            request = f"GET /api/health HTTP/1.1\r\nHost: {host}:{port}\r\nConnection: close\r\n\r\n"
            connection.sendall(request.encode())
            answer = b"".join(iter(lambda: connection.recv(65_536), b""))
    except OSError:
        return None
    head, _, body = answer.partition(b"\r\n\r\n")
    if b" 200 " not in head.split(b"\r\n", 1)[0]:
        return None
    try:
        health = json.loads(body)
    except ValueError:
        return None
    return health if isinstance(health, dict) else None


def _show(members: "Iterable[Member]", pids: dict[str, int], address: str, seconds: float) -> None:
    # By hand: Rich would stay in the memory of this process for as long as the demo runs.
    rows = [("process", "pid", "what it does", "address")]
    for command in (member.command for member in members if not member.once):
        if command.name in pids:
            row = (command.name, str(pids[command.name]), command.does, command.address)
            rows.append(row)
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    for name, pid, does, where in rows:
        line = f"  {name:<{widths[0]}}   {pid:>{widths[1]}}   {does:<{widths[2]}}   {where}"
        _say(_bold(line.rstrip()) if name == "process" else line.rstrip())
    _say(f"\nready after {seconds:.1f} s: {_bold(address)}   (Ctrl-C stops it)")


def _bold(text: str) -> str:
    return f"\033[1m{text}\033[0m" if sys.stdout.isatty() else text


def _last_words(members: "Iterable[Member]", name: str) -> str:
    from ioc.runtime.embedded import last_line  # noqa: PLC0415 - only where something is wrong

    return next((last_line(member.command.log) for member in members if member.command.name == name), "")


def _say(sentence: str) -> None:
    sys.stdout.write(f"{sentence}\n")
    sys.stdout.flush()
