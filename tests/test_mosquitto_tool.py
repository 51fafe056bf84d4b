"""The Mosquitto that tests ask for is a real one."""

import subprocess
from collections.abc import Callable

from mosquitto import MosquittoBroker


def publish(port: int, *more: str) -> None:
    subprocess.run(["mosquitto_pub", "-p", str(port), "-t", "a", "-m", "b", *more], check=True, timeout=10)


def test_a_sound_broker_keeps_its_retained_messages_over_a_restart(mosquitto: Callable[..., MosquittoBroker]) -> None:
    broker = mosquitto()
    publish(broker.port, "-r", "-q", "1")
    broker.restart()
    asked = ["mosquitto_sub", "-p", str(broker.port), "-t", "a", "-C", "1", "-W", "5"]
    done = subprocess.run(asked, check=False, capture_output=True, timeout=10)
    assert done.stdout == b"b\n"
