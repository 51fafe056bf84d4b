"""The fast adapter against a broker that says what a test wants it to say, and against any cut of its bytes."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import pairwise

import mqtt5
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.mqtt import MqttSource, fast_line, open_mqtt
from ingest.mqtt.fast_line import FastLine
from ingest.mqtt.line import QOS_2
from ingest.settings import IngestSettings
from ingest.source import Batch
from ioc.model.events import Rejected
from ioc.model.faults import Fault
from ioc.runtime.broker_address import parse_address
from ioc.runtime.embedded import BrokerPorts

Script = Callable[["Caller"], Awaitable[None]]
Until = Callable[[Callable[[], bool]], Awaitable[None]]
ProblemOf = Callable[[MqttSource, str], Awaitable[str]]


class Caller:
    """One connection to the scripted broker, as the broker sees it."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._rest = b""
        self.acknowledged: list[int] = []
        self.pings = 0

    async def next(self) -> mqtt5.Packet:
        """Read a packet that is no ping, and answer those."""
        while True:
            with suppress(IndexError):
                packet, size = mqtt5.read(memoryview(self._rest))
                self._rest = self._rest[size:]
                if not isinstance(packet, mqtt5.PingReqPacket):
                    return packet
                self.pings += 1
                await self.send(mqtt5.PingRespPacket().write())
                continue
            self._rest += await self.raw()

    async def raw(self) -> bytes:
        """Read what comes, whatever it is."""
        data = await self._reader.read(65_536)
        if not data:
            raise ConnectionError
        return data

    async def send(self, data: bytes) -> None:
        self._writer.write(data)
        await self._writer.drain()

    async def let_in(self, **answer: object) -> mqtt5.ConnectPacket:
        """Let it connect, and grant its subscriptions at QoS 1."""
        connect = await self.next()
        assert isinstance(connect, mqtt5.ConnectPacket)
        await self.send(mqtt5.ConnAckPacket(**answer).write())  # type: ignore[arg-type]
        subscribe = await self.next()
        assert isinstance(subscribe, mqtt5.SubscribePacket)
        granted = [mqtt5.SubAckReasonCode.GRANTED_QOS_AT_LEAST_ONCE] * len(subscribe.topic_filters)
        await self.send(mqtt5.SubAckPacket(subscribe.packet_id, granted).write())
        return connect

    async def take_acknowledgements(self, count: int) -> None:
        while len(self.acknowledged) < count:
            packet = await self.next()
            assert isinstance(packet, mqtt5.PubAckPacket)
            self.acknowledged.append(packet.packet_id)

    async def stay(self) -> None:
        """Stay until the other side leaves, and note what it acknowledges."""
        while not isinstance(packet := await self.next(), mqtt5.DisconnectPacket):
            assert isinstance(packet, mqtt5.PubAckPacket)
            self.acknowledged.append(packet.packet_id)


class ScriptedBroker:
    """Plays a script for each connection, the last one again and again."""

    def __init__(self) -> None:
        self.scripts: list[Script] = []
        self.callers: list[Caller] = []
        self.failures: list[BaseException] = []
        self.port = 0

    async def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        caller = Caller(reader, writer)
        script = self.scripts[min(len(self.callers), len(self.scripts) - 1)]
        self.callers.append(caller)
        try:
            await script(caller)
        except ConnectionError:
            pass
        except BaseException as failure:
            self.failures.append(failure)
        finally:
            writer.close()


def publish(number: int, payload: bytes = b"", *, topic: str = "a", quality: int = 1) -> bytes:
    return mqtt5.PublishPacket(
        topic, payload, qos=mqtt5.QoS(quality), packet_id=number % 65_535 + 1 if quality else None
    ).write()


@pytest.fixture
async def scripted() -> AsyncIterator[ScriptedBroker]:
    broker = ScriptedBroker()
    server = await asyncio.start_server(broker.accept, "127.0.0.1", 0)
    broker.port = server.sockets[0].getsockname()[1]
    yield broker
    server.close()
    assert not broker.failures


@pytest.fixture
def settings(scripted: ScriptedBroker) -> IngestSettings:
    return IngestSettings(mqtt_url=f"mqtt://ioc:hunter2@127.0.0.1:{scripted.port}")


@pytest.fixture
def until() -> Until:
    async def wait(condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(10):
            while not condition():  # noqa: ASYNC110 - what is waited for happens behind sockets
                await asyncio.sleep(0.005)

    return wait


@pytest.fixture
def problem_of(until: Until) -> ProblemOf:
    """Wait until a source's problem says something."""

    async def wait(source: MqttSource, words: str) -> str:
        await until(lambda: words in str(source.problem))
        return str(source.problem)

    return wait


def numbers(batch: Batch) -> list[int]:
    return [int(payload) for payload in batch.payloads]


async def test_we_ask_for_a_session_that_lasts_and_for_no_more_than_we_can_hold(
    scripted: ScriptedBroker, settings: IngestSettings, until: Until
) -> None:
    asked: list[mqtt5.ConnectPacket] = []

    async def script(caller: Caller) -> None:
        asked.append(await caller.let_in())
        await caller.stay()

    scripted.scripts = [script]
    async with open_mqtt(settings) as source:
        await until(lambda: source.problem is None)
        assert (source.session.adapter, source.session.protocol) == ("fast", "5")
    connect = asked[0]
    assert (connect.client_id, connect.clean_start) == (settings.client_id, False)
    assert (connect.username, connect.password) == ("ioc", b"hunter2")
    assert (connect.receive_max, connect.session_expiry_interval) == (1_000, 86_400)
    # A broker drops what is longer than it may send, and a topic behind an alias would be lost with a connection.
    assert (connect.max_packet_size, connect.topic_alias_max) == (None, 0)


async def test_nothing_is_acknowledged_before_it_is_kept_and_then_in_the_order_of_receipt(
    scripted: ScriptedBroker, settings: IngestSettings
) -> None:
    order = [7, 3, 65_534, 0, 9]

    async def script(caller: Caller) -> None:
        await caller.let_in()
        await caller.send(b"".join(publish(number, b"%d" % number) for number in order))
        await caller.take_acknowledgements(len(order))
        await caller.stay()

    scripted.scripts = [script]
    async with open_mqtt(settings) as source:
        first = await source.receive(3, wait=5, linger=1)
        second = await source.receive(3, wait=5, linger=0)
        await asyncio.sleep(0.05)
        assert scripted.callers[0].acknowledged == []
        source.acknowledge(first)
        source.acknowledge(second)
    assert numbers(first) + numbers(second) == order
    assert scripted.callers[0].acknowledged == [number + 1 for number in order]


async def test_what_came_on_a_lost_connection_is_never_acknowledged_on_the_next(
    scripted: ScriptedBroker, settings: IngestSettings
) -> None:
    async def first(caller: Caller) -> None:
        await caller.let_in()
        await caller.send(publish(1, b"1") + publish(2, b"2"))
        await asyncio.sleep(0.1)  # until they have been read

    async def second(caller: Caller) -> None:
        await caller.let_in(session_present=True)
        await caller.send(publish(1, b"2") + publish(2, b"3"))
        await caller.stay()

    scripted.scripts = [first, second]
    async with open_mqtt(settings) as source:
        stale = await source.receive(2, wait=5, linger=1)
        fresh = await source.receive(2, wait=5, linger=1)
        source.acknowledge(stale)
        source.acknowledge(fresh)
    assert (numbers(stale), numbers(fresh)) == ([1, 2], [2, 3])
    assert [caller.acknowledged for caller in scripted.callers] == [[], [2, 3]]


@pytest.mark.parametrize("quality", [0, 1])
async def test_a_broker_that_floods_finds_the_queue_bounded_and_loses_nothing(
    scripted: ScriptedBroker, settings: IngestSettings, until: Until, quality: int
) -> None:
    count = 200_000
    sent = 0

    async def flood(caller: Caller) -> None:
        nonlocal sent
        await caller.let_in()
        for start in range(0, count, 1_000):
            await caller.send(b"".join(publish(n, b"%0200d" % n, quality=quality) for n in range(start, start + 1_000)))
            sent = start + 1_000
        if quality:
            await caller.take_acknowledgements(count)
        await caller.stay()

    scripted.scripts = [flood]
    small = settings.model_copy(update={"queue_limit": 5_000, "receive_maximum": 100})
    async with open_mqtt(small) as source:
        await until(lambda: source.is_paused)
        await asyncio.sleep(0.3)  # time for the broker to send more than it may
        assert source.backlog == 5_000
        assert sent < count
        got: list[int] = []
        async with asyncio.timeout(60):
            while len(got) < count:
                batch = await source.receive(2_000, wait=1, linger=0.005)
                assert source.backlog <= 5_000
                source.acknowledge(batch)
                got += numbers(batch)
                await asyncio.sleep(0)
    assert got == list(range(count))
    if quality:
        assert scripted.callers[0].acknowledged == [number % 65_535 + 1 for number in range(count)]


async def test_a_topic_that_is_not_text_is_rejected_and_acknowledged_and_ends_nothing(
    scripted: ScriptedBroker, settings: IngestSettings
) -> None:
    async def script(caller: Caller) -> None:
        await caller.let_in()
        await caller.send(b"\x32\x08\x00\x02\xff\xfe\x00\x05\x00x" + publish(5, b"5"))
        await caller.take_acknowledgements(2)
        await caller.stay()

    scripted.scripts = [script]
    async with open_mqtt(settings, now=lambda: 17) as source:
        batch = await source.receive(2, wait=5, linger=1)
        source.acknowledge(batch)
    assert batch.rejected == [Rejected("\\xff\\xfe", b"x", 1, None, "the topic is not UTF-8", 17)]
    assert numbers(batch) == [5]
    assert scripted.callers[0].acknowledged == [5, 6]


async def test_a_message_at_quality_2_is_received_kept_and_released(
    scripted: ScriptedBroker, settings: IngestSettings
) -> None:
    answers: list[mqtt5.Packet] = []

    async def script(caller: Caller) -> None:
        await caller.let_in()
        await caller.send(publish(6, b"6", quality=2))
        answers.append(await caller.next())
        await caller.send(mqtt5.PubRelPacket(7).write())
        answers.append(await caller.next())
        await caller.stay()

    scripted.scripts = [script]
    async with open_mqtt(settings) as source:
        batch = await source.receive(1, wait=5, linger=0)
        assert numbers(batch) == [6]
        assert not answers
        source.acknowledge(batch)
        async with asyncio.timeout(5):
            while len(answers) < 2:  # noqa: ASYNC110 - what is waited for happens behind sockets
                await asyncio.sleep(0.005)
    received, complete = answers
    assert isinstance(received, mqtt5.PubRecPacket)
    assert isinstance(complete, mqtt5.PubCompPacket)
    assert (received.packet_id, complete.packet_id) == (7, 7)


async def test_a_broker_that_wants_to_hear_more_often_hears_more_often(
    scripted: ScriptedBroker, settings: IngestSettings, until: Until
) -> None:
    async def script(caller: Caller) -> None:
        await caller.let_in(server_keep_alive=1)
        await caller.stay()

    scripted.scripts = [script]
    async with open_mqtt(settings) as source:
        await until(lambda: source.problem is None)
        await asyncio.sleep(2)  # the time under test: a broker gives us up after one and a half keep-alives
        assert scripted.callers[0].pings >= 2


async def test_a_session_that_the_broker_has_forgotten_is_told_of(
    scripted: ScriptedBroker, settings: IngestSettings, until: Until, caplog: pytest.LogCaptureFixture
) -> None:
    async def first(caller: Caller) -> None:
        await caller.let_in(session_present=True, session_expiry_interval=60)

    async def second(caller: Caller) -> None:
        await caller.let_in(session_present=False)
        await caller.stay()

    scripted.scripts = [first, second]
    async with open_mqtt(settings) as source:
        await until(lambda: len(scripted.callers) == 2 and source.problem is None)
    assert "the broker keeps our session for a shorter time than was asked for" in caplog.text
    assert "the broker has forgotten our session; what was published meanwhile may be lost" in caplog.text
    assert source.session.lost == 1
    assert source.session.lost_at is not None


def answer(reason: mqtt5.ConnAckReasonCode) -> Script:
    async def script(caller: Caller) -> None:
        await caller.next()
        await caller.send(mqtt5.ConnAckPacket(reason_code=reason).write())

    return script


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        (mqtt5.ConnAckReasonCode.BAD_USER_NAME_OR_PASSWORD, "refuses us: user or password is wrong"),
        (mqtt5.ConnAckReasonCode.NOT_AUTHORIZED, "refuses us: we are not authorized"),
        (mqtt5.ConnAckReasonCode.SERVER_BUSY, "refuses us: it is busy"),
        (mqtt5.ConnAckReasonCode.PAYLOAD_FORMAT_INVALID, "refuses us: gives the reason 0x99"),
    ],
    ids=str,
)
async def test_a_refusal_is_told_in_words_without_secrets(
    scripted: ScriptedBroker,
    settings: IngestSettings,
    problem_of: ProblemOf,
    reason: mqtt5.ConnAckReasonCode,
    words: str,
) -> None:
    scripted.scripts = [answer(reason)]
    async with open_mqtt(settings) as source:
        problem = await problem_of(source, "refuses us")
    assert problem == f"The broker at mqtt://127.0.0.1:{scripted.port} {words}."


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        (mqtt5.DisconnectReasonCode.SERVER_SHUTTING_DOWN, "is shutting down"),
        (mqtt5.DisconnectReasonCode.SESSION_TAKEN_OVER, "has given our session to another client with our client id"),
        (mqtt5.DisconnectReasonCode.RECEIVE_MAX_EXCEEDED, "says that we have sent too much at once"),
    ],
    ids=str,
)
async def test_why_a_broker_ends_a_connection_is_told_in_words(
    scripted: ScriptedBroker,
    settings: IngestSettings,
    problem_of: ProblemOf,
    reason: mqtt5.DisconnectReasonCode,
    words: str,
) -> None:
    async def script(caller: Caller) -> None:
        await caller.let_in()
        await caller.send(mqtt5.DisconnectPacket(reason_code=reason, reason_str="ask Lan").write())

    scripted.scripts = [script]
    async with open_mqtt(settings) as source:
        assert f"{words} ('ask Lan')" in await problem_of(source, words)


async def test_a_subscription_that_is_refused_or_granted_less_is_a_problem(
    scripted: ScriptedBroker, settings: IngestSettings, problem_of: ProblemOf
) -> None:
    codes = [mqtt5.SubAckReasonCode.NOT_AUTHORIZED, mqtt5.SubAckReasonCode.GRANTED_QOS_AT_MOST_ONCE]

    async def script(caller: Caller) -> None:
        await caller.next()
        await caller.send(mqtt5.ConnAckPacket().write())
        subscribe = await caller.next()
        assert isinstance(subscribe, mqtt5.SubscribePacket)
        await caller.send(mqtt5.SubAckPacket(subscribe.packet_id, [codes.pop(0)]).write())
        await caller.stay() if not codes else await asyncio.sleep(0.05)

    scripted.scripts = [script]
    async with open_mqtt(settings) as source:
        await problem_of(source, "refuses the subscription to #")
        await problem_of(source, "grants only QoS 0 to #: what is on its way while a process stops is lost")


@pytest.mark.parametrize(
    "first",
    [
        b"\x20\x02\x00\x01",
        mqtt5.ConnAckPacket(reason_code=mqtt5.ConnAckReasonCode.UNSUPPORTED_PROTOCOL_VERSION).write(),
        b"",
    ],
    ids=["answers in 3.1.1", "refuses MQTT 5", "hangs up"],
)
async def test_a_broker_that_does_not_speak_mqtt_5_is_spoken_to_in_3_1_1(
    scripted: ScriptedBroker, settings: IngestSettings, until: Until, first: bytes
) -> None:
    levels: list[int] = []

    async def greet(caller: Caller) -> None:
        data = await caller.raw()
        levels.append(data[data.index(b"MQTT") + 4])
        if levels[-1] == 5:
            await caller.send(first)
            return
        await caller.send(b"\x20\x02\x00\x00")
        subscribe = await caller.raw()
        await caller.send(b"\x90\x03" + subscribe[2:4] + b"\x01")
        with suppress(ConnectionError):
            while True:
                await caller.raw()

    scripted.scripts = [greet]
    async with open_mqtt(settings) as source:
        await until(lambda: source.problem is None)
        assert (source.session.adapter, source.session.protocol) == ("aiomqtt", "3.1.1")
    # One that hangs up may only be restarting: it is asked once more when it answers at all.
    assert levels == ([5, 4] if first else [5, 4, 5, 4])


async def test_the_embedded_broker_s_older_port_is_spoken_to_in_3_1_1(
    embedded_broker: BrokerPorts, until: Until
) -> None:
    async with open_mqtt(IngestSettings(mqtt_url=embedded_broker.url_v3)) as source:
        await until(lambda: source.problem is None)
        assert source.session.protocol == "3.1.1"


async def test_the_fast_adapter_alone_does_not_fall_back(
    scripted: ScriptedBroker, settings: IngestSettings, problem_of: ProblemOf
) -> None:
    async def script(caller: Caller) -> None:
        await caller.next()
        await caller.send(b"\x20\x02\x00\x01")

    scripted.scripts = [script]
    async with open_mqtt(settings.model_copy(update={"mqtt_adapter": "fast"})) as source:
        await problem_of(source, "speaks MQTT 3.1.1 only")


def test_the_fast_adapter_cannot_be_asked_for_the_older_protocol() -> None:
    async def ask() -> None:
        async with open_mqtt(IngestSettings(mqtt_adapter="fast", mqtt_protocol=3)):
            pass

    with pytest.raises(Fault, match="speaks MQTT 5 only"):
        asyncio.run(ask())


async def test_a_dead_connection_is_found_while_nothing_is_read(
    scripted: ScriptedBroker, settings: IngestSettings, until: Until, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fast_line, "PING_S", 0.3)
    monkeypatch.setattr(fast_line, "SILENCE_S", 1.0)

    async def script(caller: Caller) -> None:
        await caller.let_in()
        await caller.send(publish(1, b"1", quality=0))
        await asyncio.sleep(30)

    scripted.scripts = [script]
    async with open_mqtt(settings.model_copy(update={"queue_limit": 1})) as source:
        # The only message waits, nothing is read, and nothing lies in the socket: a living broker would answer pings.
        await until(lambda: source.is_paused)
        await until(lambda: "has been silent for" in str(source.problem))


# The codec tells of what it panics at in a way of its own, too.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize(
    "garbage",
    [
        b"\x32\x03\x00\xff\x00",  # a topic that is longer than its packet
        b"\x36\x06\x00\x01a\x00\x05\x00",  # quality of service 3
        b"\x30\xff\xff\xff\xff\x01",  # a size of five bytes
        b"\x40\x02\x00\x01",  # an acknowledgement of what nobody has sent
        b"\x90\xff\xff\xff\x7f",  # a control packet of 256 MB
        b"\x00\x00",  # no packet at all
        b"\xe0\x06\x80\x04\x1f\x00\x01\xff",  # a farewell that is not text
    ],
    ids=["topic", "quality", "size", "unasked", "huge", "reserved", "farewell"],
)
async def test_bytes_that_are_not_mqtt_end_the_connection_and_nothing_else(
    scripted: ScriptedBroker, settings: IngestSettings, until: Until, garbage: bytes
) -> None:
    async def broken(caller: Caller) -> None:
        await caller.let_in()
        await caller.send(publish(1, b"1") + garbage)
        await caller.stay()

    async def sound(caller: Caller) -> None:
        await caller.let_in()
        await caller.send(publish(2, b"2"))
        await caller.stay()

    scripted.scripts = [broken, sound]
    async with open_mqtt(settings) as source:
        got: list[int] = []
        async with asyncio.timeout(10):
            while len(got) < 2:
                got += numbers(await source.receive(9, wait=1, linger=0))
    assert got == [1, 2]


class Transport(asyncio.Transport):
    """A transport that only knows whether it is read."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""
        self.is_read = True

    def get_extra_info(self, name: str, default: object = None) -> object:
        return _Socket()

    def pause_reading(self) -> None:
        self.is_read = False

    def resume_reading(self) -> None:
        self.is_read = True

    def is_closing(self) -> bool:
        return False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written += data

    def abort(self) -> None:
        pass


class _Socket:
    def setsockopt(self, *options: object) -> None:
        pass


class Taker:
    """Takes everything, and has room for so many at a time."""

    def __init__(self, room: int) -> None:
        self.most = room
        self.room = room
        self.taken: list[object] = []
        self.is_paused = False
        self.owes = False
        self.choose: Callable[[], None] = lambda: None

    def now(self) -> int:
        return 17

    def take(
        self, packets: list[int], topics: list[str], payloads: list[bytes], retained: Sequence[int], size: int
    ) -> None:
        flags = [position in set(retained) for position in range(len(packets))]
        self.taken += zip(packets, topics, payloads, flags, strict=True)
        self._fill(len(packets))

    def take_rejected(self, packet: int, rejected: Rejected) -> None:
        self.taken.append((packet, rejected))
        self._fill(1)

    def opened(self, *, session_present: bool) -> None:
        raise AssertionError

    def subscribed(self, lowered: Sequence[str]) -> None:
        raise AssertionError

    def _fill(self, count: int) -> None:
        assert count <= self.room
        self.room -= count
        if not self.room:
            self.is_paused = True
            self.choose()

    def empty(self) -> None:
        self.room, self.is_paused = self.most, False
        self.choose()


@dataclass(frozen=True)
class Sent:
    """A message as a broker writes it, and what must be taken of it."""

    data: bytes
    taken: tuple[object, ...] | None


LIMIT = 300


@st.composite
def messages(draw: st.DrawFn) -> Sent:
    if draw(st.integers(0, 9)) == 0:
        return Sent(mqtt5.PingRespPacket().write(), None)
    topic = draw(
        st.sampled_from([b"a", b"ioc/sensor/env-1/events", b"\xff", "giờ".encode(), b"x" * 200, b"y" * 20_000])
    )
    payload = draw(
        st.one_of(st.binary(max_size=20), st.sampled_from([100, LIMIT, LIMIT + 1, 20_000, 300_000]).map(bytes))
    )
    quality, retained, again = draw(st.integers(0, 2)), draw(st.booleans()), draw(st.booleans())
    properties = draw(st.sampled_from([b"\x00", b"\x02\x01\x01", b"\xce\x01" + b"\x09\x00\xcb" + b"z" * 203]))
    packet = draw(st.integers(1, 65_535)) if quality else 0
    body = len(topic).to_bytes(2) + topic + (packet.to_bytes(2) if quality else b"") + properties + payload
    first = 0x30 | quality << 1 | retained | (8 if again and quality else 0)
    data = bytes([first]) + _size(len(body)) + body
    packet |= QOS_2 if quality == 2 else 0
    try:
        text = topic.decode()
    except UnicodeDecodeError:
        reason = "the topic is not UTF-8"
        return Sent(data, (packet, Rejected("\\xff", payload[:512], len(payload), None, reason, 17)))
    if len(payload) > LIMIT:
        reason = f"the payload has {len(payload)} bytes; at most {LIMIT} are read"
        return Sent(data, (packet, Rejected(text, payload[:512], len(payload), None, reason, 17)))
    return Sent(data, (packet, text, payload, retained))


def _size(number: int) -> bytes:
    out = b""
    while True:
        number, digit = divmod(number, 128)
        out += bytes([digit | (0x80 if number else 0)])
        if not number:
            return out


@given(st.lists(messages(), max_size=12), st.lists(st.integers(1, 60_000), max_size=12), st.integers(1, 4))
def test_however_the_bytes_are_cut_and_the_room_is_bounded_the_same_messages_are_taken(
    sent: list[Sent], cuts: list[int], room: int
) -> None:
    async def play() -> None:
        taker, transport = Taker(room), Transport()
        line = FastLine(IngestSettings(max_payload=LIMIT), parse_address("mqtt://host"), None, taker)
        taker.choose = line.choose_reading
        line.connection_made(transport)
        stream = b"".join(each.data for each in sent)
        edges = sorted({0, len(stream), *(cut % (len(stream) + 1) for cut in cuts)})
        for start, stop in pairwise(edges):
            line.data_received(stream[start:stop])
            while taker.is_paused:
                assert not transport.is_read
                taker.empty()
                await asyncio.sleep(0)
        line.leave()
        assert taker.taken == [each.taken for each in sent if each.taken]

    asyncio.run(play())
