"""A network of its own for ingest, whose cable can be pulled: a namespace and a pair of virtual interfaces.

Only Linux, only as root. Elsewhere the wire itself goes dead, which is nearly the same: there the far kernel still
acknowledges what it gets.
"""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass


@dataclass(frozen=True)
class Cable:
    """A link between this network and one of its own.

    Attributes:
        prefix: the arguments that start a command on the far side.
        host: this side's address, as the far side reaches it.
    """

    name: str
    prefix: tuple[str, ...]
    host: str

    def pull(self) -> None:
        """Let all packets vanish; neither side hears of it."""
        _ip("link", "set", f"{self.name}a", "down")

    def plug_in(self) -> None:
        """Carry packets again."""
        _ip("link", "set", f"{self.name}a", "up")


@contextmanager
def cable() -> Iterator[Cable | None]:
    """Make a namespace with a cable to it until the block ends; None where this machine does not allow it."""
    number = os.getpid() % 4_000
    name, near = f"ioc{number}", f"10.213.{number // 16}.{number % 16 * 16 + 1}"
    if os.geteuid() or shutil.which("ip") is None:
        yield None
        return
    try:
        _ip("netns", "add", name)
        _ip("link", "add", f"{name}a", "type", "veth", "peer", "name", f"{name}b", "netns", name)
        _ip("addr", "add", f"{near}/28", "dev", f"{name}a")
        _ip("link", "set", f"{name}a", "up")
        _ip("-n", name, "addr", "add", f"{near.rpartition('.')[0]}.{number % 16 * 16 + 2}/28", "dev", f"{name}b")
        _ip("-n", name, "link", "set", f"{name}b", "up")
        _ip("-n", name, "link", "set", "lo", "up")
    except (OSError, subprocess.CalledProcessError):
        _remove(name)
        yield None
        return
    try:
        yield Cable(name, ("ip", "netns", "exec", name), near)
    finally:
        _remove(name)


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True, timeout=10)


def _remove(name: str) -> None:
    for arguments in (("link", "del", f"{name}a"), ("netns", "del", name)):
        with suppress(OSError, subprocess.CalledProcessError):
            _ip(*arguments)
