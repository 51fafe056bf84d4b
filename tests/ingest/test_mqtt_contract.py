"""What every adapter of a broker must do, over each protocol that it speaks."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

import aiomqtt
import pytest

from ingest.mqtt import MqttSource, aiomqtt_line, open_mqtt, parse_address
from ingest.settings import IngestSettings
from ingest.source import Batch
from ioc.model.events import RawMessage, Rejected
from ioc.model.faults import Fault
from ioc.runtime.embedded import BrokerPorts

Publish = Callable[[Iterable[tuple[str, bytes]]], Awaitable[None]]


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 - what is waited for happens in other processes
            await asyncio.sleep(0.005)


async def connected(source: MqttSource) -> None:
    await until(lambda: source.problem is None)


async def receive_all(source: MqttSource, count: int, *, acknowledge: bool = True) -> list[RawMessage | Rejected]:
    got: list[RawMessage | Rejected] = []
    async with asyncio.timeout(20):
        while len(got) < count:
            batch = await source.receive(500, wait=1, linger=0.005)
            if acknowledge:
                source.acknowledge(batch)
            got += batch.messages
    return got


async def silence(source: MqttSource) -> Batch:
    """What still comes when nothing should; long enough for a broker on the same machine."""
    return await source.receive(500, wait=0.3, linger=0.005)


def payloads(messages: list[RawMessage | Rejected]) -> list[int]:
    return [int(message.payload) for message in messages if isinstance(message, RawMessage)]


async def test_messages_come_in_the_order_in_which_they_were_published(
    settings: IngestSettings, publish: Publish
) -> None:
    async with open_mqtt(settings, now=lambda: 17) as source:
        await connected(source)
        await publish((f"ioc/sensor/{number}/events", b"%d" % number) for number in range(300))

        got = await receive_all(source, 300)

    assert payloads(got) == list(range(300))
    assert got[7] == RawMessage("ioc/sensor/7/events", b"7", 17)


async def test_a_retained_message_says_so(settings: IngestSettings, embedded_broker: BrokerPorts) -> None:
    async with aiomqtt.Client("127.0.0.1", embedded_broker.v3, identifier="device") as device:
        await device.publish("ioc/wifi/ap-1/status", b"online", qos=1, retain=True)
    async with open_mqtt(settings, now=lambda: 17) as source:
        assert await receive_all(source, 1) == [RawMessage("ioc/wifi/ap-1/status", b"online", 17, retained=True)]


async def test_an_empty_payload_is_a_message(settings: IngestSettings, publish: Publish) -> None:
    async with open_mqtt(settings, now=lambda: 17) as source:
        await connected(source)
        await publish([("homeassistant/sensor/x/config", b"")])
        assert await receive_all(source, 1) == [RawMessage("homeassistant/sensor/x/config", b"", 17)]


async def test_what_was_not_acknowledged_comes_again_and_what_was_does_not(
    settings: IngestSettings, publish: Publish
) -> None:
    async with open_mqtt(settings) as source:
        await connected(source)
        await publish(("a", b"%d" % number) for number in range(10))
        first = await source.receive(4, wait=5, linger=1)
        source.acknowledge(first)
        await receive_all(source, 6, acknowledge=False)
    async with open_mqtt(settings) as source:
        assert payloads(await receive_all(source, 6)) == [4, 5, 6, 7, 8, 9]
        assert not await silence(source)


async def test_what_is_published_while_nobody_listens_is_kept_by_the_broker(
    settings: IngestSettings, publish: Publish
) -> None:
    async with open_mqtt(settings) as source:
        await connected(source)
    await publish(("a", b"%d" % number) for number in range(200))
    async with open_mqtt(settings) as source:
        assert payloads(await receive_all(source, 200)) == list(range(200))


async def test_a_cut_wire_is_mended_and_nothing_is_lost(settings: IngestSettings, publish: Publish, wire: Any) -> None:
    async with open_mqtt(settings.model_copy(update={"mqtt_url": f"mqtt://127.0.0.1:{wire.port}"})) as source:
        await connected(source)
        await publish(("a", b"%d" % number) for number in range(20))
        await receive_all(source, 20, acknowledge=False)
        wire.cut()
        await publish(("a", b"%d" % number) for number in range(20, 40))

        assert sorted(payloads(await receive_all(source, 40))) == list(range(40))
        assert wire.connections == 2


async def test_an_acknowledgement_for_a_lost_connection_is_not_sent_on_the_next(
    settings: IngestSettings, publish: Publish, wire: Any
) -> None:
    async with open_mqtt(settings.model_copy(update={"mqtt_url": f"mqtt://127.0.0.1:{wire.port}"})) as source:
        await connected(source)
        await publish(("a", b"%d" % number) for number in range(5))
        stale = await source.receive(5, wait=5, linger=1)
        wire.cut()
        again = await source.receive(5, wait=10, linger=1)
        source.acknowledge(stale)
        assert payloads(again.messages) == payloads(stale.messages)
    async with open_mqtt(settings) as source:
        assert payloads(await receive_all(source, 5)) == [0, 1, 2, 3, 4]


async def test_a_full_inbox_stops_the_reading_and_loses_nothing(settings: IngestSettings, publish: Publish) -> None:
    small = settings.model_copy(update={"queue_limit": 50, "receive_maximum": 1000})
    async with open_mqtt(small) as source:
        await connected(source)
        await publish(("a", b"%d" % number) for number in range(3_000))
        await until(lambda: source.is_paused)
        got: list[int] = []
        async with asyncio.timeout(20):
            while len(got) < 3_000:
                assert source.backlog <= 50
                batch = await source.receive(20, wait=1, linger=0)
                source.acknowledge(batch)
                got += payloads(batch.messages)
    assert got == list(range(3_000))


async def test_large_messages_fill_the_inbox_by_their_bytes(settings: IngestSettings, publish: Publish) -> None:
    small = settings.model_copy(update={"queue_bytes": 500_000})
    async with open_mqtt(small) as source:
        await connected(source)
        await publish(("a", bytes(100_000)) for _ in range(20))
        await until(lambda: source.is_paused)
        assert source.backlog == 5
        assert len(await receive_all(source, 20)) == 20


async def test_a_connection_on_which_nothing_is_read_is_kept_alive(
    settings: IngestSettings, publish: Publish, wire: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(aiomqtt_line, "KEEP_ALIVE_S", 1)
    small = settings.model_copy(update={"queue_limit": 5, "mqtt_url": f"mqtt://127.0.0.1:{wire.port}"})
    async with open_mqtt(small) as source:
        await connected(source)
        await publish(("a", b"%d" % number) for number in range(100))
        await asyncio.sleep(3)  # the time under test: three times the keep-alive
        assert (source.is_paused, source.problem) == (True, None)

        assert payloads(await receive_all(source, 100)) == list(range(100))
        assert wire.connections == 1


async def test_too_long_a_payload_is_rejected_with_its_first_bytes(settings: IngestSettings, publish: Publish) -> None:
    small = settings.model_copy(update={"max_payload": 1_000})
    async with open_mqtt(small, now=lambda: 17) as source:
        await connected(source)
        await publish([("a", b"x" * 1_001), ("b", b"y" * 1_000)])
        message, rejected = sorted(await receive_all(source, 2), key=lambda each: each.topic, reverse=True)
        assert not await silence(source)

    reason = "the payload has 1001 bytes; at most 1000 are read"
    assert rejected == Rejected("a", b"x" * 512, 1_001, None, reason, 17)
    assert message == RawMessage("b", b"y" * 1_000, 17)


async def test_only_what_was_asked_for_is_received(settings: IngestSettings, publish: Publish) -> None:
    narrow = settings.model_copy(update={"topics": ("ioc/#", "frigate/+/events")})
    async with open_mqtt(narrow) as source:
        await connected(source)
        await publish([("other", b"0"), ("ioc/a/b", b"1"), ("frigate/x/events", b"2"), ("frigate/x/y", b"3")])
        assert payloads(await receive_all(source, 2)) == [1, 2]


async def test_after_reading_has_stopped_the_rest_can_be_acknowledged(
    settings: IngestSettings, publish: Publish
) -> None:
    async with open_mqtt(settings) as source:
        await connected(source)
        await publish(("a", b"%d" % number) for number in range(10))
        first = await source.receive(10, wait=5, linger=1)
        source.stop_reading()
        await publish([("a", b"10")])
        source.acknowledge(first)
        assert not await source.receive(10, wait=60, linger=60)
    async with open_mqtt(settings) as source:
        assert payloads(await receive_all(source, 1)) == [10]


async def test_a_broker_that_is_away_is_a_sentence_without_secrets_until_it_comes(
    settings: IngestSettings, free_port: Callable[[], int]
) -> None:
    port = free_port()
    away = settings.model_copy(update={"mqtt_url": f"mqtt://ioc:hunter2@127.0.0.1:{port}"})
    async with open_mqtt(away) as source:
        await until(lambda: "cannot be reached" in str(source.problem))
        assert f"mqtt://127.0.0.1:{port} cannot be reached" in str(source.problem)
        assert "hunter2" not in str(source.problem)


@pytest.mark.parametrize("url", ["http://broker", "broker:1883", "mqtt://", "mqtt://u:hunter2@host:port"])
def test_what_is_not_a_broker_s_url_is_a_fault_without_secrets(url: str) -> None:
    with pytest.raises(Fault, match="must look like") as fault:
        parse_address(url)
    assert "hunter2" not in str(fault.value)


def test_a_broker_s_url_has_the_usual_ports_and_may_hold_odd_passwords() -> None:
    assert parse_address("mqtt://host").port == 1883
    assert parse_address("mqtts://host").port == 8883
    address = parse_address("mqtts://ioc%40city:p%2Fw@host:1")
    assert (address.user, address.password, str(address)) == ("ioc@city", "p/w", "mqtts://host:1")
