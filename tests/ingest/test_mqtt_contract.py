"""What every adapter must do with every broker, over each protocol that both speak."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import aiomqtt
import pytest
import uvloop
from mosquitto import MosquittoBroker
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from ingest.mqtt import MqttSource, aiomqtt_line, fast_line, line, open_mqtt
from ingest.settings import IngestSettings
from ingest.source import Batch
from ioc.model.events import RawMessage, Rejected
from ioc.model.faults import Fault
from ioc.runtime.broker_address import parse_address
from ioc.runtime.embedded import BrokerPorts

Publish = Callable[..., Awaitable[None]]


@dataclass(frozen=True)
class Case:
    adapter: str
    protocol: int
    broker: str

    def __str__(self) -> str:
        return f"{self.adapter}-mqtt{self.protocol}-{self.broker}"


CASES = [
    Case("fast", 5, "embedded"),
    Case("fast", 5, "mosquitto"),
    Case("aiomqtt", 5, "embedded"),
    Case("aiomqtt", 5, "mosquitto"),
    Case("aiomqtt", 3, "embedded"),
    Case("aiomqtt", 3, "mosquitto"),
]


@pytest.fixture(params=CASES, ids=str)
def case(request: pytest.FixtureRequest) -> Case:
    found: Case = request.param
    return found


@pytest.fixture
def ports(case: Case, request: pytest.FixtureRequest) -> BrokerPorts:
    """Where the broker of the case takes messages, and gives them."""
    if case.broker == "mosquitto":
        broker: MosquittoBroker = request.getfixturevalue("mosquitto")()
        return BrokerPorts(broker.port, broker.port)
    embedded: BrokerPorts = request.getfixturevalue("embedded_broker")
    return embedded


@pytest.fixture
def publish_port(ports: BrokerPorts) -> int:
    return ports.v3


@pytest.fixture
def settings(case: Case, ports: BrokerPorts) -> IngestSettings:
    url = ports.url if case.protocol == 5 else ports.url_v3
    return IngestSettings(mqtt_url=url, mqtt_protocol=case.protocol, mqtt_adapter=case.adapter)  # type: ignore[arg-type]


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let each adapter ask soon whether the broker is there.

    aiomqtt looks once a second whether it is time to ask, so with less than 3 s a broker may give it up first.
    """
    monkeypatch.setattr(aiomqtt_line, "KEEP_ALIVE_S", 3)
    monkeypatch.setattr(fast_line, "KEEP_ALIVE_S", 1)
    monkeypatch.setattr(fast_line, "PING_S", 0.5)
    monkeypatch.setattr(fast_line, "SILENCE_S", 2.0)


def longer_than_a_broker_bears(settings: IngestSettings) -> float:
    """Seconds of silence after which a broker has given up whoever does not ask for it: 1.5 keep-alives."""
    return 5.0 if settings.mqtt_adapter == "aiomqtt" else 2.0


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 - what is waited for happens in other processes
            await asyncio.sleep(0.005)


async def connected(source: MqttSource) -> None:
    await until(lambda: source.problem is None)


async def receive_all(source: MqttSource, count: int, *, acknowledge: bool = True) -> list[RawMessage | Rejected]:
    """What came, however it was cut into batches; what is rejected stands last, as it does within a batch."""
    got: list[RawMessage | Rejected] = []
    async with asyncio.timeout(20):
        while len(got) < count:
            batch = await source.receive(count - len(got), wait=1, linger=0.005)
            if acknowledge:
                source.acknowledge(batch)
            got += batch.messages
    return sorted(got, key=lambda message: isinstance(message, Rejected))


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


async def test_a_message_that_the_broker_had_kept_says_so_and_a_fresh_one_does_not(
    settings: IngestSettings, publish: Publish
) -> None:
    await publish([("ioc/wifi/ap-1/status", b"online")], retain=True)
    async with open_mqtt(settings, now=lambda: 17) as source:
        assert await receive_all(source, 1) == [RawMessage("ioc/wifi/ap-1/status", b"online", 17, retained=True)]
        await publish([("ioc/wifi/ap-1/status", b"offline")], retain=True)
        assert await receive_all(source, 1) == [RawMessage("ioc/wifi/ap-1/status", b"offline", 17, retained=False)]


async def test_everything_that_the_broker_had_kept_comes_to_a_new_session(
    case: Case, settings: IngestSettings, publish: Publish
) -> None:
    await publish([(f"ioc/wifi/ap-{number}/status", b"online") for number in range(1_500)], retain=True)
    async with open_mqtt(settings) as source:
        if case.broker == "embedded":
            # It gives a new subscription no more than fit into its window, and the others never.
            assert len(await receive_all(source, 100)) == 100
            assert not await silence(source)
            return
        kept = await receive_all(source, 1_500)
        assert all(isinstance(message, RawMessage) and message.retained for message in kept)


async def test_messages_at_every_quality_of_service_come(settings: IngestSettings, publish: Publish) -> None:
    async with open_mqtt(settings) as source:
        await connected(source)
        for quality in (0, 1, 2):
            await publish([("a", b"%d" % quality)], qos=quality)
        assert payloads(await receive_all(source, 3)) == [0, 1, 2]
    async with open_mqtt(settings) as source:
        assert not await silence(source)


async def test_ingest_s_own_event_loop_is_what_is_tried() -> None:
    assert isinstance(asyncio.get_running_loop(), uvloop.Loop)


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


@pytest.mark.usefixtures("impatient")
async def test_a_connection_on_which_nothing_is_read_is_kept_alive(
    settings: IngestSettings, publish: Publish, wire: Any
) -> None:
    small = settings.model_copy(update={"queue_limit": 5, "mqtt_url": f"mqtt://127.0.0.1:{wire.port}"})
    async with open_mqtt(small) as source:
        await connected(source)
        await publish(("a", b"%d" % number) for number in range(100))
        await asyncio.sleep(longer_than_a_broker_bears(settings))
        assert (source.is_paused, source.problem) == (True, None)

        assert payloads(await receive_all(source, 100)) == list(range(100))
        assert wire.connections == 1


@pytest.mark.usefixtures("impatient")
async def test_a_quiet_connection_is_kept_alive(settings: IngestSettings, publish: Publish, wire: Any) -> None:
    async with open_mqtt(settings.model_copy(update={"mqtt_url": f"mqtt://127.0.0.1:{wire.port}"})) as source:
        await connected(source)
        await asyncio.sleep(longer_than_a_broker_bears(settings))
        await publish([("a", b"1")])
        assert payloads(await receive_all(source, 1)) == [1]
        assert wire.connections == 1


@pytest.mark.usefixtures("impatient")
async def test_a_connection_that_carries_nothing_any_more_is_given_up_and_nothing_is_lost(
    settings: IngestSettings, publish: Publish, wire: Any
) -> None:
    async with open_mqtt(settings.model_copy(update={"mqtt_url": f"mqtt://127.0.0.1:{wire.port}"})) as source:
        await connected(source)
        await publish([("a", b"1")])
        await receive_all(source, 1)
        wire.swallow()
        await publish([("a", b"2")])
        # That the first one was kept may have been swallowed, too.
        assert set(payloads(await receive_all(source, 1))) <= {1, 2}
        await until(lambda: wire.connections == 2)


def test_a_dead_connection_is_found_within_ten_seconds() -> None:
    looks = 1
    # Silence before a ping is sent, and as long again for its answer.
    assert 2 * aiomqtt_line.KEEP_ALIVE_S + looks <= 10
    assert fast_line.SILENCE_S + looks <= 10
    assert fast_line.SILENCE_S > 2 * fast_line.PING_S
    # While nothing is read: a ping, the time in which its machine must confirm it, and a look.
    assert fast_line.PING_S + line.UNANSWERED_S + looks <= 10
    assert aiomqtt_line.KEEP_ALIVE_S + line.UNANSWERED_S + looks <= 10


async def test_a_message_far_beyond_the_limit_neither_ends_the_connection_nor_blocks_it(
    settings: IngestSettings, publish: Publish, wire: Any
) -> None:
    small = settings.model_copy(update={"max_payload": 1_000, "mqtt_url": f"mqtt://127.0.0.1:{wire.port}"})
    async with open_mqtt(small, now=lambda: 17) as source:
        await connected(source)
        await publish([("big", b"x" * 3_000_000)])
        await publish([("a", b"1")])
        small_one, big = await receive_all(source, 2)
        assert not await silence(source)
        assert (source.problem, wire.connections) == (None, 1)

    reason = "the payload has 3000000 bytes; at most 1000 are read"
    assert big == Rejected("big", b"x" * 512, 3_000_000, None, reason, 17)
    assert small_one == RawMessage("a", b"1", 17)


async def test_too_long_a_payload_is_rejected_with_its_first_bytes(settings: IngestSettings, publish: Publish) -> None:
    small = settings.model_copy(update={"max_payload": 1_000})
    async with open_mqtt(small, now=lambda: 17) as source:
        await connected(source)
        await publish([("a", b"x" * 1_001), ("b", b"y" * 1_000)])
        message, rejected = await receive_all(source, 2)
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


@pytest.mark.parametrize("case", [each for each in CASES if each.broker == "mosquitto"], ids=str, indirect=True)
async def test_a_broker_that_restarts_finds_us_again_and_nothing_is_lost(
    settings: IngestSettings, mosquitto: Callable[..., MosquittoBroker]
) -> None:
    broker = mosquitto()
    async with open_mqtt(settings.model_copy(update={"mqtt_url": f"mqtt://127.0.0.1:{broker.port}"})) as source:
        await connected(source)
        async with aiomqtt.Client("127.0.0.1", broker.port) as device:
            await device.publish("a", b"1", qos=1)
        await receive_all(source, 1, acknowledge=False)
        await asyncio.to_thread(broker.stop)
        await until(lambda: source.problem is not None)
        await asyncio.to_thread(broker.start)
        async with aiomqtt.Client("127.0.0.1", broker.port) as device:
            await device.publish("a", b"2", qos=1)
        assert payloads(await receive_all(source, 2)) == [1, 2]


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("case", [each for each in CASES if each.broker == "mosquitto"], ids=str, indirect=True)
async def test_a_broker_that_stands_still_is_noticed_and_found_again(
    settings: IngestSettings, mosquitto: Callable[..., MosquittoBroker]
) -> None:
    broker = mosquitto()
    async with open_mqtt(settings.model_copy(update={"mqtt_url": f"mqtt://127.0.0.1:{broker.port}"})) as source:
        await connected(source)
        broker.pause()
        await until(lambda: source.problem is not None)
        broker.resume()
        async with aiomqtt.Client("127.0.0.1", broker.port) as device:
            await device.publish("a", b"1", qos=1)
        assert payloads(await receive_all(source, 1)) == [1]


@pytest.mark.parametrize("case", [each for each in CASES if each.broker == "mosquitto"], ids=str, indirect=True)
async def test_what_a_broker_sends_at_quality_2_is_taken_once(
    case: Case, settings: IngestSettings, ports: BrokerPorts, publish: Publish
) -> None:
    # Somebody else of our name has subscribed at QoS 2; the session keeps that.
    options: dict[str, Any] = {"clean_session": False}
    if case.protocol == 5:
        properties = Properties(PacketTypes.CONNECT)
        properties.SessionExpiryInterval = 600
        options = {"clean_start": False, "protocol": aiomqtt.ProtocolVersion.V5, "properties": properties}
    async with aiomqtt.Client("127.0.0.1", ports.v3, identifier=settings.client_id, **options) as other:
        await other.subscribe("twice/#", qos=2)
    async with open_mqtt(settings.model_copy(update={"topics": ("ioc/#",)})) as source:
        await connected(source)
        for number in range(3):
            await publish([("twice/a", b"%d" % number)], qos=2)
        assert payloads(await receive_all(source, 3)) == [0, 1, 2]
        await publish([("ioc/a", b"3")])
        assert payloads(await receive_all(source, 1)) == [3]
    async with open_mqtt(settings) as source:
        assert not await silence(source)


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
