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
from typing import Final

NUMBERS: Final = 4_000
"""How many such networks there can be at once."""


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
    number = _free_number() if os.geteuid() == 0 and shutil.which("ip") else None
    if number is None:
        yield None
        return
    name, network = _name(number), f"10.213.{number // 16}"
    near, far = (f"{network}.{number % 16 * 16 + host}" for host in (1, 2))
    try:
        try:
            _ip("link", "add", f"{name}a", "type", "veth", "peer", "name", f"{name}b", "netns", name)
            _ip("addr", "add", f"{near}/28", "dev", f"{name}a")
            _ip("link", "set", f"{name}a", "up")
            _ip("-n", name, "addr", "add", f"{far}/28", "dev", f"{name}b")
            _ip("-n", name, "link", "set", f"{name}b", "up")
            _ip("-n", name, "link", "set", "lo", "up")
            made: Cable | None = Cable(name, ("ip", "netns", "exec", name), near)
        except (OSError, subprocess.SubprocessError):
            made = None
        yield made
    finally:
        # The cable goes with one of its ends, and both go with the namespace.
        for arguments in (("link", "del", f"{name}a"), ("netns", "del", name)):
            with suppress(OSError, subprocess.SubprocessError):
                _ip(*arguments)


def _free_number() -> int | None:
    """Take a namespace that nobody else has; its number also says which addresses are its own."""
    for number in range(os.getpid() % NUMBERS, os.getpid() % NUMBERS + 16):
        with suppress(OSError, subprocess.SubprocessError):
            _ip("netns", "add", _name(number % NUMBERS))
            return number % NUMBERS
    return None


def _name(number: int) -> str:
    return f"ioc{number}"


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True, timeout=10)
