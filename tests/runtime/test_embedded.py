"""The broker and the store that come with the program."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from ioc.model.faults import Fault
from ioc.runtime import embedded


def redis(url: str, *words: str) -> bytes:
    host, port = url.removeprefix("redis://").split(":")
    with socket.create_connection((host, int(port)), 5) as connection:
        connection.sendall(" ".join(words).encode() + b"\r\n")
        return connection.recv(4096)


def test_the_store_writes_before_it_answers_and_never_evicts(embedded_store: str):
    assert b"always" in redis(embedded_store, "CONFIG", "GET", "appendfsync")
    assert b"yes" in redis(embedded_store, "CONFIG", "GET", "appendonly")
    assert b"noeviction" in redis(embedded_store, "CONFIG", "GET", "maxmemory-policy")
    assert b"127.0.0.1" in redis(embedded_store, "CONFIG", "GET", "bind")


def test_what_was_stored_is_there_after_a_kill(tmp_path: Path, free_port: Callable[[], int]):
    command = embedded.store(tmp_path, port=free_port(), log=tmp_path / "log")
    url = f"redis://127.0.0.1:{command.ports[0]}"
    with embedded.running(command) as child:
        assert redis(url, "SET", "kept", "yes") == b"+OK\r\n"
        child.kill()
        child.wait(5)
    with embedded.running(command):
        assert redis(url, "GET", "kept") == b"$3\r\nyes\r\n"


def test_the_broker_listens_on_loopback_only(embedded_broker: embedded.BrokerPorts):
    for port in (embedded_broker.v3, embedded_broker.v5):
        listening = [c.laddr for c in psutil.net_connections("tcp") if c.status == "LISTEN" and c.laddr.port == port]
        assert [address.ip for address in listening] == ["127.0.0.1"]


def test_a_taken_port_is_named_with_its_variable():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(Fault, match=rf"port {port} is taken.*IOC_REDIS_PORT") as fault:
            embedded.require_free(port, "IOC_REDIS_PORT")
        assert fault.value.wrong_use


def test_a_child_that_does_not_come_up_is_named_with_its_last_words(tmp_path: Path, free_port: Callable[[], int]):
    command = embedded.broker(tmp_path, port=free_port(), port_v5=free_port(), log=tmp_path / "log")
    (tmp_path / "broker.toml").write_text("this is = not a [config", encoding="utf-8")
    with pytest.raises(Fault, match="the broker ended with status 1; it last wrote"), embedded.running(command):
        pass


PARENT = """
import sys, time
from pathlib import Path
from ioc.runtime import embedded
from ioc.runtime.children import spawn
folder = Path(sys.argv[1])
children = [
    spawn(embedded.store(folder / "store", port=int(sys.argv[2]), log=folder / "log")),
    spawn(embedded.broker(folder, port=int(sys.argv[3]), port_v5=int(sys.argv[4]), log=folder / "log")),
]
print(*(child.pid for child in children), flush=True)
time.sleep(60)
"""


def test_no_child_outlives_a_parent_that_was_killed(tmp_path: Path, free_port: Callable[[], int]):
    arguments = [sys.executable, "-c", PARENT, str(tmp_path), *(str(free_port()) for _ in range(3))]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        pids = [int(pid) for pid in parent.stdout.readline().split()]
        assert len(pids) == 2
        os.kill(parent.pid, signal.SIGKILL)
    deadline = time.monotonic() + 5
    while any(psutil.pid_exists(pid) and psutil.Process(pid).status() != "zombie" for pid in pids):
        assert time.monotonic() < deadline, "a child is still there"
        time.sleep(0.02)


def test_a_guarded_child_ends_when_the_pipe_closes(tmp_path: Path):
    guard = subprocess.Popen(
        [sys.executable, "-m", "ioc.runtime.guard", sys.executable, "-c", "import time; time.sleep(60)"],
        stdin=subprocess.PIPE,
    )
    assert guard.stdin is not None
    guard.stdin.close()
    assert guard.wait(10) == 128 + signal.SIGKILL
