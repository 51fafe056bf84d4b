"""The supervisor's own process: reads a plan and runs it; small, since it stays for as long as the line runs.

The command line makes the plan and then becomes this process (the same process id), which leaves
the command line's and the configuration's libraries behind.
"""

import json
import os
import socket
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any, Final, NoReturn

from ioc.model.faults import Fault
from ioc.runtime.children import Command, python, stop_with_parent
from ioc.runtime.embedded import last_line, sole_user
from ioc.runtime.processes import Member, Supervisor

PATIENCE: Final = 30.0
"""Seconds after which somebody who waits is told who is not ready yet."""

PAGE_FIRST: Final = 4.0
"""Seconds after which the rest is started although the page does not answer yet."""

STOP_WITH_PARENT: Final = "IOC_STOP_WITH_PARENT"
"""The variable by which `make` asks that its own end be the end of the line."""


@dataclass(frozen=True, slots=True)
class Page:
    """Where the page will answer.

    Attributes:
        host: the address it listens on; one that means "all of them" is reached by loopback.
        must_be_well: the processes without which it would show a city that nobody watches.
    """

    host: str
    port: int
    must_be_well: tuple[str, ...]

    @property
    def reachable(self) -> str:
        """The host to connect to from here."""
        return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)  # noqa: S104 - compared, not bound

    @property
    def place(self) -> str:
        """Host and port as addresses are written."""
        return f"[{self.reachable}]:{self.port}" if ":" in self.reachable else f"{self.reachable}:{self.port}"

    @property
    def address(self) -> str:
        """What people type."""
        return f"http://{self.place}"


@dataclass(frozen=True, slots=True)
class Plan:
    """What to run.

    Attributes:
        members: in the order of starting.
        data: the folder to hold alone; None where nothing is kept there.
        page: whose readiness is awaited and told; None where nobody waits.
    """

    members: tuple[Member, ...]
    data: Path | None = None
    page: Page | None = None

    def to_json(self) -> str:
        """Write it for another process."""
        return json.dumps(asdict(self), default=str)

    @classmethod
    def from_json(cls, text: str) -> "Plan":
        """Read it."""
        raw = json.loads(text)
        page = raw["page"] and Page(**{**raw["page"], "must_be_well": tuple(raw["page"]["must_be_well"])})
        return cls(
            members=tuple(
                Member(_command(member["command"]), member["once"], member["waits"], member["aside"])
                for member in raw["members"]
            ),
            data=raw["data"] and Path(raw["data"]),
            page=page,
        )


def become(plan: Plan) -> NoReturn:
    """Turn this process into the supervisor of a plan."""
    # A file without a name: the plan is too long for a pipe, and may hold passwords, which arguments show to everybody.
    file = TemporaryFile()  # noqa: SIM115 - the supervisor closes it
    file.write(plan.to_json().encode())
    file.seek(0)
    os.set_inheritable(file.fileno(), True)
    sys.stdout.flush()
    arguments = python("ioc.runtime.supervised", str(file.fileno()))
    os.execv(arguments[0], arguments)  # noqa: S606 - the very interpreter that runs


def supervise(plan: Plan) -> int:
    """Run a plan until SIGTERM or SIGINT; return the exit status.

    Raises:
        Fault: the data folder is in use.
    """
    supervisor = Supervisor(plan.members, say)
    with _held(plan.data), supervisor.watching_signals():
        supervisor.start()
        if plan.page is None:
            say("running " + ", ".join(f"{name} ({pid})" for name, pid in supervisor.pids().items()))
        else:
            _await_page(supervisor, plan, plan.page)
        while not supervisor.asked_to_stop and supervisor.failed is None:
            supervisor.tend(60.0)
        began = time.monotonic()
        late = supervisor.stop()
    if supervisor.failed is not None:
        return _explain_failure(plan, *supervisor.failed)
    rest = f"killed, since they did not finish: {', '.join(late)}" if late else "no process is left"
    say(f"stopped in {time.monotonic() - began:.1f} s; {rest}")
    return 0


def say(sentence: str) -> None:
    """Tell the person at the terminal; a terminal that is gone is no reason to stop."""
    try:
        sys.stdout.write(f"{sentence}\n")
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _explain_failure(plan: Plan, name: str, status: int) -> int:
    log = next(member.command.log for member in plan.members if member.command.name == name)
    if log is not None:
        sys.stderr.write(f"ioc: {last_line(log) or f'{name} ended with status {status}'}\n")
    return status


def _await_page(supervisor: Supervisor, plan: Plan, page: Page) -> None:
    began = time.monotonic()
    told = False
    say(f"starting {', '.join(member.command.name for member in plan.members)}")
    while not supervisor.asked_to_stop and supervisor.failed is None:
        missing = [
            each.command.name
            for each in plan.members
            if each.once and not each.aside and not supervisor.is_done(each.command.name)
        ]
        health = _ask_health(page)
        # The page comes first: people wait for it, and until the rest has started it shows what was kept.
        if health is not None or time.monotonic() - began > PAGE_FIRST:
            supervisor.release()
        missing += _not_ready(page, health)
        if not missing:
            supervisor.is_ready = True
            _show(plan, supervisor.pids())
            say(f"\nready after {time.monotonic() - began:.1f} s: {_bold(page.address)}   (Ctrl-C stops it)")
            return
        if not told and time.monotonic() - began > PATIENCE:
            told = True
            say(f"not ready yet: {', '.join(missing)}; their logs are in {plan.data}/logs")
        supervisor.tend(0.1)


def _not_ready(page: Page, health: dict[str, Any] | None) -> list[str]:
    if health is None:
        return ["ui"]
    processes = health.get("processes", {})
    return [name for name in page.must_be_well if processes.get(name, {}).get("state") not in {"ok", "degraded"}]


def _ask_health(page: Page) -> dict[str, Any] | None:
    """Read /api/health by hand: an HTTP client would cost this process more than all the rest of it."""
    request = f"GET /api/health HTTP/1.1\r\nHost: {page.place}\r\nConnection: close\r\n\r\n"
    try:
        with socket.create_connection((page.reachable, page.port), 1.0) as connection:
            connection.settimeout(2.0)
            connection.sendall(request.encode())
            answer = b"".join(iter(lambda: connection.recv(65_536), b""))
        head, _, body = answer.partition(b"\r\n\r\n")
        health = json.loads(body) if b" 200 " in head.split(b"\r\n", 1)[0] else None
    except (OSError, ValueError):
        return None
    return health if isinstance(health, dict) else None


def _show(plan: Plan, pids: dict[str, int]) -> None:
    rows = [("process", "pid", "what it does", "address")]
    shown = [member.command for member in plan.members if not member.once and member.command.name in pids]
    rows += [(command.name, str(pids[command.name]), command.does, command.address) for command in shown]
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    for name, pid, does, where in rows:
        line = f"  {name:<{widths[0]}}   {pid:>{widths[1]}}   {does:<{widths[2]}}   {where}".rstrip()
        say(_bold(line) if name == "process" else line)


def _bold(text: str) -> str:
    return f"\033[1m{text}\033[0m" if sys.stdout.isatty() else text


@contextmanager
def _held(data: Path | None) -> Iterator[None]:
    if data is None:
        yield
        return
    with sole_user(data):
        yield


def _command(raw: dict[str, Any]) -> Command:
    lists: dict[str, Callable[[Any], Any]] = {
        "arguments": tuple,
        "ports": tuple,
        "log": lambda log: log and Path(log),
    }
    return Command(**{name: lists.get(name, lambda value: value)(value) for name, value in raw.items()})


def main(descriptor: int) -> int:
    """Read the plan from an open file and run it; a fault is one sentence on standard error."""
    if os.environ.pop(STOP_WITH_PARENT, ""):
        stop_with_parent()
    with os.fdopen(descriptor, "rb") as file:
        plan = Plan.from_json(file.read().decode())
    try:
        return supervise(plan)
    except Fault as fault:
        sys.stderr.write(f"ioc: {fault}\n")
        return 2 if fault.wrong_use else 1


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
