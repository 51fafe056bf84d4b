"""A real Mosquitto for tests and benchmarks: found or installed, started in a folder of its own, ended by its id."""

import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import apt

START_SECONDS = 10.0

SOUND = (
    "allow_anonymous true",
    "persistence true",
    "autosave_interval 1",
    "max_inflight_messages 1000",
    "max_queued_messages 0",
    "max_queued_bytes 0",
    "set_tcp_nodelay true",
)
"""What a broker in production is told, so that it drops nothing; by default it does beyond 1,000 queued messages."""


def find() -> Path | None:
    """Find the program; Debian keeps it where only root's path leads."""
    found = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin")
    return Path(found) if found else None


def find_or_install() -> tuple[Path | None, str]:
    """Give the program, or None and the reason why there is none."""
    found = find()
    if found is None and apt.install("mosquitto", "mosquitto-clients"):
        found = find()
        # The package starts a broker of its own, which nobody here wants.
        if (service := shutil.which("service")) is not None:
            subprocess.run([service, "mosquitto", "stop"], capture_output=True, check=False)
    return (found, "") if found else (None, "no Mosquitto on this machine; Debian has it as 'mosquitto'")


class MosquittoBroker:
    """One broker process on one loopback port, and what can befall it."""

    def __init__(self, program: Path, folder: Path, port: int, lines: Sequence[str] = SOUND) -> None:
        """Write its configuration; `start` starts it.

        Args:
            program: the executable.
            folder: where its configuration, its log and what it keeps lie.
            port: on loopback.
            lines: of mosquitto.conf, after the listener's.
        """
        folder.mkdir(parents=True, exist_ok=True)
        self.port = port
        self.log = folder / "mosquitto.log"
        self._program = program
        self._configuration = folder / "mosquitto.conf"
        self._process: subprocess.Popen[bytes] | None = None
        # Started by root it would change to a user that cannot write here.
        kept = ("user root", f"persistence_location {folder}/", "log_type error", "log_type warning")
        text = [f"listener {port} 127.0.0.1", *lines, *kept]
        self._configuration.write_text("\n".join(text) + "\n", encoding="utf-8")

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._running.pid

    def start(self) -> None:
        """Start it and wait until it answers."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [self._program, "-c", self._configuration], stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        deadline = time.monotonic() + START_SECONDS
        while True:
            with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
                return
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                raise RuntimeError(f"Mosquitto did not start: {self.log.read_text(errors='replace')[-500:]}")
            time.sleep(0.01)

    def stop(self) -> None:
        """End it in order: it writes down what it keeps."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End it at once: what it has not written down is lost."""
        self._end(signal.SIGKILL)

    def restart(self) -> None:
        """Stop it in order, and start it again."""
        self.stop()
        self.start()

    def pause(self) -> None:
        """Make it stand still, its connections open."""
        self._running.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let it go on."""
        self._running.send_signal(signal.SIGCONT)

    @property
    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            raise RuntimeError("the broker is not running; start it first")
        return self._process

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


if __name__ == "__main__":
    broker, why_not = find_or_install()
    sys.stdout.write(f"{broker or why_not}\n")
