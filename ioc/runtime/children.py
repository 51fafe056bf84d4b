"""Child processes that never outlive their parent, whatever ends it."""

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Final

MAX_LOG: Final = 5_000_000
"""Bytes of a child's log; one that is longer is put aside as `.log.1` when the child starts."""

_PR_SET_PDEATHSIG: Final = 1


@dataclass(frozen=True, slots=True)
class Command:
    """What to run as a child, and what people are told of it.

    Attributes:
        name: one word, as it stands in tables and logs.
        does: a few words for a person: what the process is there for.
        arguments: the program and its arguments.
        environment: variables on top of the parent's own.
        log: file that its output is added to; None lets it through to the parent's.
        address: where it can be reached, as shown to people.
        ports: the loopback ports that it listens on.
    """

    name: str
    does: str
    arguments: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    log: Path | None = None
    address: str = ""
    ports: tuple[int, ...] = ()


def python(module: str, *arguments: str) -> tuple[str, ...]:
    """Build the command line that runs one of our modules with this interpreter.

    `-P` keeps the working directory off the import path: a folder there may well be called `rules`.
    """
    return (sys.executable, "-P", "-m", module, *arguments)


def spawn(command: Command) -> subprocess.Popen[bytes]:
    """Start a child in a process group of its own (the terminal's Ctrl-C is its parent's business).

    On Linux the kernel kills the child when its parent is gone. Elsewhere the child runs under
    `ioc.runtime.guard`, which holds the other end of a pipe and does the same when the pipe closes.
    Must be called from the main thread: the kernel watches the thread that started the child.

    Raises:
        OSError: the program cannot be started.
    """
    arguments = command.arguments if _bind_to_parent else python("ioc.runtime.guard", *command.arguments)
    parent = os.getpid()

    def die_with_parent() -> None:
        if _bind_to_parent is not None:
            _bind_to_parent(signal.SIGKILL)
            if os.getppid() != parent:
                os.kill(os.getpid(), signal.SIGKILL)

    output = None
    if command.log is not None:
        output = _open_log(command.log)
    try:
        # The hook makes one system call through a function that is already loaded; no lock is taken in it.
        return subprocess.Popen(
            arguments,
            stdin=subprocess.DEVNULL if _bind_to_parent else subprocess.PIPE,
            stdout=output,
            stderr=output,
            env={**os.environ, **command.environment},
            process_group=0,
            preexec_fn=die_with_parent if _bind_to_parent else None,  # noqa: PLW1509
        )
    finally:
        if output is not None:
            output.close()


def _open_log(log: Path) -> BinaryIO:
    log.parent.mkdir(parents=True, exist_ok=True)
    if log.exists() and log.stat().st_size > MAX_LOG:
        log.replace(log.with_suffix(".log.1"))
    return log.open("ab")


def stop_with_parent() -> None:
    """Ask the kernel to end this process with SIGTERM when its own parent is gone (Linux only)."""
    if _bind_to_parent is not None:
        _bind_to_parent(signal.SIGTERM)


def _load_parent_death_signal() -> Callable[[int], None] | None:
    if not sys.platform.startswith("linux"):
        return None
    try:
        prctl = ctypes.CDLL(None, use_errno=True).prctl
    except (OSError, AttributeError):
        return None

    def bind(number: int) -> None:
        prctl(_PR_SET_PDEATHSIG, number, 0, 0, 0)

    return bind


_bind_to_parent = _load_parent_death_signal()
