"""The supervisor: starting, restarting and stopping children."""

import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from ioc.runtime.children import Command
from ioc.runtime.processes import STOP_SECONDS, Member, Supervisor

OBEDIENT = "import time; time.sleep(60)"
STUBBORN = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(60)"
)
RECORDING = """
import signal, sys, time
def leave(*_):
    with open(sys.argv[1], 'a') as file:
        file.write(sys.argv[2] + ' ')
    sys.exit()
signal.signal(signal.SIGTERM, leave)
print('listening', flush=True)
time.sleep(60)
"""


def member(name: str, code: str, *arguments: str, log: Path | None = None, once: bool = False) -> Member:
    command = Command(name, "is part of a test", (sys.executable, "-c", code, *arguments), log=log)
    return Member(command, once=once)


def tend_until(supervisor: Supervisor, condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        supervisor.tend(0.02)


@pytest.fixture
def said() -> list[str]:
    return []


def test_children_stop_in_the_reverse_order_of_their_start(tmp_path: Path, said: list[str]):
    order = tmp_path / "order"
    names = ["store", "rules", "ingest"]
    members = [member(name, RECORDING, str(order), name, log=tmp_path / name) for name in names]
    supervisor = Supervisor(members, said.append)
    with supervisor.watching_signals():
        supervisor.start()
        tend_until(supervisor, lambda: all("listening" in (tmp_path / name).read_text() for name in names))
        assert supervisor.stop() == []
    assert order.read_text().split() == ["ingest", "rules", "store"]


def test_a_child_that_does_not_finish_is_named_and_killed_within_the_deadline(tmp_path: Path, said: list[str]):
    log = tmp_path / "deaf"
    members = [member("store", OBEDIENT), member("deaf", STUBBORN, log=log), member("ingest", OBEDIENT)]
    supervisor = Supervisor(members, said.append)
    with supervisor.watching_signals():
        supervisor.start()
        tend_until(supervisor, lambda: "deaf" in log.read_text())
        pids = supervisor.pids()
        began = time.monotonic()
        assert supervisor.stop() == ["deaf"]
        assert time.monotonic() - began < STOP_SECONDS + 0.5
    assert not any(psutil.pid_exists(pid) for pid in pids.values())


def test_a_child_that_dies_is_started_again_and_that_is_said(tmp_path: Path, said: list[str]):
    supervisor = Supervisor([member("rules", OBEDIENT, log=tmp_path / "log")], said.append)
    with supervisor.watching_signals():
        supervisor.start()
        first = supervisor.pids()["rules"]
        psutil.Process(first).kill()
        tend_until(supervisor, lambda: supervisor.pids().get("rules", first) != first)
        supervisor.stop()
    assert said == ["rules ended by SIGKILL; starting it again in 0.25 s"]


def test_the_pauses_before_a_restart_grow(tmp_path: Path, said: list[str]):
    supervisor = Supervisor(
        [member("rules", "print('no rules here'); raise SystemExit(1)", log=tmp_path / "log")], said.append
    )
    with supervisor.watching_signals():
        supervisor.start()
        tend_until(supervisor, lambda: len(said) == 3)
        supervisor.stop()
    assert [sentence.split(" in ")[1].split(" s ")[0] for sentence in said] == ["0.25", "0.5", "1"]
    assert all("it last wrote: no rules here" in sentence for sentence in said)


def test_a_wish_that_cannot_be_met_ends_the_start(said: list[str]):
    supervisor = Supervisor([member("rules", "raise SystemExit(2)")], said.append)
    with supervisor.watching_signals():
        supervisor.start()
        tend_until(supervisor, lambda: supervisor.failed is not None)
        supervisor.stop()
    assert supervisor.failed == ("rules", 2)
    assert said == []


def test_work_that_is_done_is_not_done_again(said: list[str]):
    supervisor = Supervisor([member("city", "", once=True)], said.append)
    with supervisor.watching_signals():
        supervisor.start()
        tend_until(supervisor, lambda: supervisor.is_done("city"))
        assert supervisor.pids() == {}
        supervisor.stop()
    assert said == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_wakes_the_supervisor_at_once(number: signal.Signals, said: list[str]):
    supervisor = Supervisor([member("rules", OBEDIENT)], said.append)
    with supervisor.watching_signals():
        supervisor.start()
        signal.raise_signal(number)
        supervisor.tend(60.0)
        assert supervisor.asked_to_stop
        assert supervisor.stop() == []


def test_a_child_that_waits_is_started_once_and_only_when_it_is_released(said: list[str]):
    waiting = Member(member("rules", OBEDIENT).command, waits=True)
    supervisor = Supervisor([member("ui", OBEDIENT), waiting], said.append)
    with supervisor.watching_signals():
        supervisor.start()
        supervisor.tend(0.05)
        assert supervisor.pids().keys() == {"ui"}
        supervisor.release()
        pids = supervisor.pids()
        assert pids.keys() == {"ui", "rules"}
        supervisor.release()
        assert supervisor.pids() == pids
        assert supervisor.stop() == []
