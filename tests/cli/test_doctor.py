"""The doctor: what can and what cannot keep the promise."""

import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from ioc.assembly.examination import Finding, Found, examine
from ioc.config import load
from ioc.runtime.embedded import BrokerPorts
from ioc.runtime.mqtt_hello import Refused, say_hello

Examine = Callable[..., dict[str, Found]]


@pytest.fixture
def examined(tmp_path: Path, free_port: Callable[[], int]) -> Examine:
    def run(**variables: str) -> dict[str, Found]:
        ports = {
            name: str(free_port()) for name in ("IOC_UI_PORT", "IOC_MQTT_PORT", "IOC_MQTT5_PORT", "IOC_REDIS_PORT")
        }
        environment = {**ports, "IOC_DATA": str(tmp_path / "data"), **variables}
        return {found.what: found for found in examine(load(None, environment).configuration)}

    return run


def command(url: str, *words: str) -> None:
    with socket.create_connection(("127.0.0.1", int(url.rsplit(":", 1)[1])), 5) as connection:
        connection.sendall(" ".join(words).encode() + b"\r\n")
        assert connection.recv(64) == b"+OK\r\n"


def test_a_good_store_and_broker_are_named_with_their_versions(
    examined: Examine, embedded_store: str, embedded_broker: BrokerPorts
):
    found = examined(IOC_REDIS_URL=embedded_store, IOC_MQTT_URL=embedded_broker.url)
    assert found["store"].sentence.startswith("Valkey 9")
    assert found["appendfsync"] == Found("appendfsync", Finding.GOOD, "always")
    assert found["broker"].sentence.endswith("MQTT 5")
    machine = {"page", "chromium", "open files"}
    assert {name for name, each in found.items() if each.finding is not Finding.GOOD} <= machine


@pytest.mark.parametrize(
    ("setting", "value", "good"),
    [("appendfsync", "everysec", "always"), ("maxmemory-policy", "allkeys-lru", "noeviction")],
)
def test_a_store_that_may_lose_incidents_is_bad(
    examined: Examine, embedded_store: str, setting: str, value: str, good: str
):
    command(embedded_store, "CONFIG", "SET", setting, value)
    try:
        found = examined(IOC_REDIS_URL=embedded_store)
    finally:
        command(embedded_store, "CONFIG", "SET", setting, good)
    assert found[setting].finding is Finding.BAD
    assert f"set it to {good}" in found[setting].sentence


def test_what_nobody_answers_for_is_bad_and_shows_no_password(examined: Examine, free_port: Callable[[], int]):
    found = examined(
        IOC_REDIS_URL=f"redis://ioc:geheim@127.0.0.1:{free_port()}",
        IOC_MQTT_URL=f"mqtt://ioc:geheim@127.0.0.1:{free_port()}",
    )
    for name in ("store", "broker"):
        assert found[name].finding is Finding.BAD
        assert "geheim" not in found[name].sentence


def test_embedded_parts_need_only_free_ports(examined: Examine):
    found = examined()
    assert "free" in found["store"].sentence
    assert "free" in found["broker"].sentence


@pytest.mark.parametrize("protocol", [3, 5])
def test_a_broker_greets_in_both_versions(embedded_broker: BrokerPorts, protocol: int):
    url = embedded_broker.url if protocol == 5 else embedded_broker.url_v3
    hello = say_hello(url, 5 if protocol == 5 else 3)
    assert hello.maximum_qos >= 1


def test_what_is_not_a_broker_is_called_so(embedded_store: str):
    with pytest.raises(Refused, match=r"not an MQTT broker|closes the connection|timed out"):
        say_hello(embedded_store.replace("redis://", "mqtt://"), 5, timeout=1.0)
