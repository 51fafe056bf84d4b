"""`ioc run`: the line against a broker and a store that are already there."""

import json
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from ioc.runtime.embedded import BrokerPorts

pytestmark = pytest.mark.end_to_end

Eventually = Callable[..., Any]


@pytest.fixture
def outside(product_environment: dict[str, str], embedded_store: str, embedded_broker: BrokerPorts) -> dict[str, str]:
    """An environment that names a broker and a store that somebody else started."""
    return {**product_environment, "IOC_REDIS_URL": embedded_store, "IOC_MQTT_URL": embedded_broker.url}


def health(environment: dict[str, str]) -> dict[str, Any]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{environment['IOC_UI_PORT']}/api/health", timeout=5) as answer:
            found: dict[str, Any] = json.load(answer)
            return found
    except (urllib.error.URLError, OSError):
        return {}


def test_the_whole_line_runs_against_a_broker_and_a_store_of_your_own(
    outside: dict[str, str], tmp_path: Path, eventually: Eventually
):
    log = tmp_path / "log"
    with log.open("wb") as output:
        line = subprocess.Popen([sys.executable, "-m", "ioc", "run", "all"], env=outside, stdout=output, stderr=output)
    try:
        eventually(lambda: health(outside).get("state") == "ok", seconds=90, what="a healthy line")
        family = psutil.Process(line.pid).children(recursive=True)
        assert len(family) == 3
        line.send_signal(signal.SIGTERM)
        assert line.wait(15) == 0, log.read_text()
        assert not any(process.is_running() for process in family)
    finally:
        line.kill()
        line.wait(10)
    said = log.read_text()
    assert "running ui (" in said
    assert "no process is left" in said


def test_one_stage_runs_in_the_process_that_was_started(outside: dict[str, str], eventually: Eventually):
    stage = subprocess.Popen([sys.executable, "-m", "ioc", "run", "ui"], env=outside, stderr=subprocess.DEVNULL)
    try:
        eventually(lambda: "ui" in health(outside).get("processes", {}), seconds=60, what="the page")
        assert psutil.Process(stage.pid).children(recursive=True) == []
        stage.send_signal(signal.SIGTERM)
        assert stage.wait(15) == 0
    finally:
        stage.kill()
        stage.wait(10)
