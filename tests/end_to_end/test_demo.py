"""One command from nothing to a living city, and back to nothing."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from ioc.runtime.embedded import sole_user

pytestmark = pytest.mark.end_to_end

STAGES = {"store", "broker", "ui", "rules", "ingest"}


def test_the_demo_says_what_each_process_is_and_answers(product: Any):
    assert product.pids().keys() == STAGES
    health = product.get("/api/health")
    assert health["state"] == "ok", health
    assert {"ingest", "rules"} <= health["processes"].keys()
    assert product.url in product.output[-1]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stop_leaves_no_process_and_says_so(product: Any, number: signal.Signals):
    family = product.family()
    assert len(family) == len(STAGES) + 1
    assert product.stop(number) == 0
    assert not any(process.is_running() for process in family)
    assert "no process is left" in product.output[-1], product.said()
    seconds = float(product.output[-1].split("stopped in ")[1].split(" s")[0])
    assert seconds <= 5


def test_a_killed_supervisor_leaves_no_process_and_starts_again_with_what_it_knew(
    start_demo: Any, eventually: Callable[..., Any]
):
    first = start_demo("--no-simulators")
    first.wait_until_ready()
    city = first.get("/api/city")["id"]
    children = first.family()[1:]
    assert len(children) == len(STAGES)
    first.process.kill()
    first.process.wait(10)
    eventually(lambda: not any(_lives(child) for child in children), seconds=5, what="the end of the children")
    second = start_demo("--no-simulators")
    second.wait_until_ready()
    assert second.get("/api/city")["id"] == city
    assert second.stop() == 0


def test_a_stage_that_dies_comes_back(product: Any, eventually: Callable[..., Any]):
    before = product.pids()["ingest"]
    psutil.Process(before).kill()

    def lives_again() -> bool:
        processes = product.get("/api/health")["processes"]
        return processes.get("ingest", {}).get("pid") not in {None, before, str(before)}

    eventually(lives_again, seconds=60, what="another ingest process")
    assert product.stop() == 0
    assert any("ingest ended by SIGKILL; starting it again" in line for line in product.output)


@pytest.mark.parametrize("variable", ["IOC_UI_PORT", "IOC_MQTT_PORT", "IOC_MQTT5_PORT", "IOC_REDIS_PORT"])
def test_a_taken_port_is_one_sentence_with_its_variable(product_environment: dict[str, str], variable: str):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", int(product_environment[variable])))
        taken.listen()
        done = subprocess.run(
            [sys.executable, "-m", "ioc", "demo"], env=product_environment, capture_output=True, text=True, check=False
        )
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert f"port {product_environment[variable]} is taken" in done.stderr
    assert variable in done.stderr


def test_a_data_folder_has_one_user_at_a_time(product_environment: dict[str, str]):
    with sole_user(Path(product_environment["IOC_DATA"])):
        done = subprocess.run(
            [sys.executable, "-m", "ioc", "demo"], env=product_environment, capture_output=True, text=True, check=False
        )
    assert done.returncode == 2
    assert f"is in use by process {os.getpid()}" in done.stderr
    assert "IOC_DATA" in done.stderr


def test_a_rule_book_with_a_mistake_stops_the_start(product_environment: dict[str, str], tmp_path: Path):
    book = tmp_path / "rules"
    book.mkdir()
    (book / "air.yaml").write_text("- rule: air\n  from: sensor\n  threshold: {raise: pm25 >> 150}\n", encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "ioc", "demo", "--no-simulators"],
        env={**product_environment, "IOC_RULES_DIR": str(book)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2, done
    assert "air.yaml:3" in done.stderr


def test_the_demo_ends_with_the_make_that_started_it(start_demo: Any, product_environment: dict[str, str]):
    read, write = os.pipe()
    script = "import subprocess, sys; print(subprocess.Popen(sys.argv[1:]).pid, flush=True); sys.stdin.read()"
    command = [sys.executable, "-c", script, sys.executable, "-m", "ioc", "demo", "--no-simulators"]
    environment = {**product_environment, "IOC_STOP_WITH_PARENT": "1"}
    with os.fdopen(write, "wb"):
        parent = subprocess.Popen(command, env=environment, stdin=read, stdout=subprocess.PIPE, text=True)
        os.close(read)
        assert parent.stdout is not None
        demo = psutil.Process(int(parent.stdout.readline()))
        while not parent.stdout.readline().startswith("ready after"):
            pass
        family = [demo, *demo.children(recursive=True)]
        parent.kill()
        parent.wait(10)
        parent.stdout.close()
    _, left = psutil.wait_procs(family, timeout=10)
    assert [process for process in left if _lives(process)] == []


def _lives(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
