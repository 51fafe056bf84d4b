"""The doctor: what can and what cannot keep the promise."""

import socket
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from mosquitto import MosquittoBroker

from ioc.assembly.camera_examination import examine_audit_log
from ioc.assembly.examination import examine
from ioc.assembly.finding import Finding, Found
from ioc.config import load
from ioc.runtime.embedded import BrokerPorts
from ioc.runtime.mqtt_hello import Refused, say_hello
from ioc.store import keys
from ioc.store.audit import AuditLog
from ioc.store.opening import open_store

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
    assert found["session"].sentence == "2,500 of 2,500 messages were kept for a session that was away"
    assert "100 messages at once" in found["receive maximum"].sentence
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


def test_a_history_that_can_be_kept_is_good_and_one_that_cannot_is_said(examined: Examine, tmp_path: Path):
    found = examined(IOC_HISTORY_KEEP_GB="0.001")["history"]
    assert (found.finding, f"{tmp_path}/data/history keeps 90 days" in found.sentence) == (Finding.GOOD, True)
    assert "lower history.keep_gb" in examined(IOC_HISTORY_KEEP_GB="1e9")["history"].sentence
    (tmp_path / "file").touch()
    assert examined(IOC_HISTORY_FOLDER=str(tmp_path / "file"))["history"].finding is Finding.BAD
    assert examined(IOC_HISTORY_ENABLED="false")["history"].finding is Finding.DOUBTFUL


def test_a_mosquitto_that_ignores_the_receive_maximum_is_refused_with_the_reason(
    examined: Examine, mosquitto: Callable[..., MosquittoBroker]
):
    found = examined(IOC_MQTT_URL=f"mqtt://127.0.0.1:{mosquitto().port}")
    assert found["session"].finding is Finding.GOOD
    # Which Mosquitto is installed here decides.
    old = found["mosquitto"].finding is Finding.BAD if "mosquitto" in found else False
    assert found["receive maximum"].finding is (Finding.BAD if old else Finding.GOOD)
    if old:
        assert "500 messages came at once where 20 were allowed" in found["receive maximum"].sentence
        assert "use 2.1 or newer" in found["mosquitto"].sentence


def test_a_broker_that_drops_what_it_has_acknowledged_is_bad(
    examined: Examine, mosquitto: Callable[..., MosquittoBroker]
):
    broker = mosquitto("allow_anonymous true", "max_queued_messages 1000", base=())
    found = examined(IOC_MQTT_URL=f"mqtt://127.0.0.1:{broker.port}")
    assert found["session"].finding is Finding.BAD
    assert "kept only 1,000 of 2,500 messages" in found["session"].sentence


def test_what_the_doctor_publishes_reaches_nobody_else(examined: Examine, mosquitto: Callable[..., MosquittoBroker]):
    broker = mosquitto()
    listening = ["mosquitto_sub", "-p", str(broker.port), "-t", "#", "-W", "20", "-C", "1"]
    with subprocess.Popen(listening, stdout=subprocess.PIPE) as listener:
        examined(IOC_MQTT_URL=f"mqtt://127.0.0.1:{broker.port}")
        subprocess.run(["mosquitto_pub", "-p", str(broker.port), "-t", "a", "-m", "mine", "-r"], check=True, timeout=10)
        assert listener.communicate(timeout=20)[0] == b"mine\n"


def test_an_older_broker_is_examined_in_its_own_protocol(examined: Examine, embedded_broker: BrokerPorts):
    found = examined(IOC_MQTT_URL=embedded_broker.url_v3)
    assert found["broker"].sentence.endswith("MQTT 3.1.1")
    assert found["receive maximum"].finding is Finding.DOUBTFUL


@pytest.mark.parametrize("protocol", [3, 5])
def test_a_broker_greets_in_both_versions(embedded_broker: BrokerPorts, protocol: int):
    url = embedded_broker.url if protocol == 5 else embedded_broker.url_v3
    hello = say_hello(url, 5 if protocol == 5 else 3)
    assert hello.maximum_qos >= 1


def test_what_is_not_a_broker_is_called_so(embedded_store: str):
    with pytest.raises(Refused, match=r"not an MQTT broker|closes the connection|timed out"):
        say_hello(embedded_store.replace("redis://", "mqtt://"), 5, timeout=1.0)


def test_cameras_are_examined_where_there_are_any(examined: Examine, tmp_path: Path):
    assert "cameras" not in examined()
    file = tmp_path / "cameras.yaml"
    file.write_text("cameras: [{camera: cam-1, url: 'rtsp://10.0.0.1/x'}]", encoding="utf-8")
    empty = tmp_path / "models"
    found = examined(IOC_CAMERAS_FILE=str(file), IOC_CAMERAS_MODELS=str(empty))
    assert found["cameras"].finding == Finding.GOOD
    assert found["pictures"].finding == Finding.GOOD
    assert found["model ssd"].finding == Finding.BAD
    assert "ioc camera models --install faces" in found["model faces"].sentence
    assert "no picture is kept" in found["model faces"].sentence
    file.write_text("cameras: [{camera: cam-1}]", encoding="utf-8")
    assert "cameras.yaml:1:" in examined(IOC_CAMERAS_FILE=str(file))["cameras"].sentence


async def test_a_changed_entry_of_the_audit_log_is_found(embedded_store: str):
    async with open_store(embedded_store) as store:
        assert (await examine_audit_log(store)).finding == Finding.GOOD
        log = AuditLog(store.connection)
        for number in range(3):
            await log.append(who="Lan", what="original seen", subject=f"p/{number}", reason="theft", at=number)
        assert "3 entries" in (await examine_audit_log(store)).sentence
        [(first, _), *_] = await store.connection.call("XRANGE", keys.AUDIT, "-", "+")
        await store.connection.call("XDEL", keys.AUDIT, first)
        assert (await examine_audit_log(store)).finding == Finding.BAD
