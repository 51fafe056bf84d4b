"""Recordings: what is written is what is read, and what is wrong is said with its line."""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.recording import Recorded, Recorder, StandIns, read_recording, replay
from ioc.model.faults import Fault

MESSAGES = [
    Recorded("ioc/sensor/a/events", b'{"pm25": 1}', 1_795_309_200_000_000),
    Recorded("frigate/gate/person/snapshot", b"\xff\xd8\x00", 1_795_309_201_500_000, qos=0),
    Recorded("đ/\udc80", b"", 1_795_309_203_000_000, retained=True),
]


def write(path: Path, messages: Sequence[Recorded] = MESSAGES) -> Path:
    with Recorder(path) as recorder:
        for message in messages:
            recorder.write(message)
    return path


@pytest.mark.parametrize("name", ["day.ndjson", "day.ndjson.gz"])
def test_what_is_read_is_what_was_written(tmp_path: Path, name: str) -> None:
    parts: list[float] = []
    assert list(read_recording(write(tmp_path / name), parts.append)) == MESSAGES
    assert all(0 <= part <= 1 for part in parts)


@settings(deadline=None)
@given(st.text(min_size=1), st.binary(), st.integers(0, 2**52))
def test_any_topic_and_any_bytes_survive(topic: str, payload: bytes, at: int) -> None:
    import tempfile  # noqa: PLC0415 - a folder for each example

    topic = "".join(sign for sign in topic if sign not in "+#\0") or "x"
    message = Recorded(topic, payload, at * 1_000)
    with tempfile.TemporaryDirectory() as folder:
        assert list(read_recording(write(Path(folder) / "x.ndjson", [message]))) == [message]


def test_a_file_that_is_there_is_not_written_over(tmp_path: Path) -> None:
    path = write(tmp_path / "day.ndjson")
    with pytest.raises(Fault, match="is there already"), Recorder(path):
        pass
    with pytest.raises(Fault, match="compressed with gzip"), Recorder(tmp_path / "day.zst"):
        pass


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("{", "it ends too early or is no JSON"),
        ("[]", "expected an object"),
        ('{"topic": "a", "payload": "", "received_at": 1, "colour": "red"}', "expected an object"),
        ('{"topic": "a/#", "payload": "", "received_at": 1}', "'topic' must be"),
        ('{"topic": "a", "payload": "!", "received_at": 1}', "'payload' is not base64"),
        ('{"topic": "a", "payload": 1, "received_at": 1}', "'payload' must be base64"),
        ('{"topic": "a", "payload": "", "received_at": "now"}', "'received_at' must be"),
        ('{"topic": "a", "payload": "", "received_at": 1, "qos": 3}', "'retained' must be"),
    ],
)
def test_a_line_that_cannot_be_read_is_named_by_its_number(tmp_path: Path, line: str, reason: str) -> None:
    path = write(tmp_path / "day.ndjson", MESSAGES[:1])
    with path.open("a") as file:
        file.write(f"{line}\n")
    found = read_recording(path)
    assert next(found) == MESSAGES[0]
    with pytest.raises(Fault, match=rf"day\.ndjson:2:\d+: this is not a recorded message: {reason}"):
        next(found)


def read_to_the_end(path: Path) -> tuple[list[Recorded], str]:
    found: list[Recorded] = []
    try:
        found.extend(read_recording(path))
    except Fault as fault:
        return found, str(fault)
    return found, ""


def test_a_file_that_ends_too_early_gives_what_is_whole_and_says_so(tmp_path: Path) -> None:
    path = write(tmp_path / "day.ndjson.gz", MESSAGES * 500)
    path.write_bytes(path.read_bytes()[:-200])
    found, complaint = read_to_the_end(path)
    assert len(found) > 100
    assert complaint.startswith(f"{path}:{len(found) + 1}:")


def test_what_a_killed_recorder_had_flushed_can_be_read(tmp_path: Path) -> None:
    path, copy = tmp_path / "day.ndjson.gz", tmp_path / "copy.ndjson.gz"
    with Recorder(path) as recorder:
        for message in MESSAGES:
            recorder.write(message)
        recorder.flush()
        copy.write_bytes(path.read_bytes())
    assert read_to_the_end(copy) == (MESSAGES, f"{copy}:4:1: the file is damaged or ends too early: it was not closed")


def test_compressed_files_put_together_are_one(tmp_path: Path) -> None:
    both = tmp_path / "both.ndjson.gz"
    parts = [write(tmp_path / f"{number}.ndjson.gz", MESSAGES) for number in range(2)]
    both.write_bytes(b"".join(part.read_bytes() for part in parts))
    assert list(read_recording(both)) == MESSAGES * 2


def test_addresses_are_replaced_by_others_that_stay_the_same() -> None:
    hide = StandIns().hide
    first = hide(
        Recorded("ap/AA:BB:CC:00:11:22/up", b'{"a": "aa:bb:cc:00:11:22", "b": "aa-bb-cc-00-11-23", "v": "1:2"}', 1)
    )
    told = json.loads(first.payload)
    assert "bb:cc" not in first.topic.lower()
    assert first.topic.split("/")[1].lower() == told["a"]
    assert told["a"] != told["b"].replace("-", ":")
    assert (len(told["b"]), told["b"].count("-"), told["v"]) == (17, 5, "1:2")
    assert int(told["a"][:2], 16) & 0b11 == 0b10
    assert hide(Recorded("t", b"\xffaa:bb:cc:00:11:22", 1)).payload == b"\xffaa:bb:cc:00:11:22"
    assert StandIns().hide(Recorded("t", b"aa:bb:cc:00:11:22", 1)).payload != told["a"].encode()


class Broker:
    """Takes messages, and tells the time."""

    def __init__(self) -> None:
        self.now = 100.0
        self.got: list[tuple[float, str, bool]] = []

    async def publish(self, messages: Sequence[tuple[str, bytes, bool]]) -> None:
        self.got += [(self.now - 100, topic, retain) for topic, _, retain in messages]
        self.now += 0.1

    async def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.mark.parametrize(("speed", "times"), [(1.0, [0, 1.5, 3]), (10.0, [0, 0.15, 0.3]), (None, [0, 0, 0])])
async def test_messages_come_as_far_apart_as_they_did(speed: float | None, times: list[float]) -> None:
    broker = Broker()
    steps = replay(
        iter(MESSAGES), broker.publish, speed=speed, prefix="x/", sleep=broker.sleep, elapsed=lambda: broker.now
    )
    assert sum([count async for count in steps]) == 3
    assert [at for at, _, _ in broker.got] == pytest.approx(times)
    assert [topic for _, topic, _ in broker.got] == [f"x/{message.topic}" for message in MESSAGES]
    assert not any(retain for _, _, retain in broker.got)


async def test_what_the_broker_had_kept_is_kept_again_only_where_asked() -> None:
    broker = Broker()
    steps = replay(
        iter(MESSAGES), broker.publish, speed=None, retain=True, sleep=broker.sleep, elapsed=lambda: broker.now
    )
    assert [count async for count in steps] == [3]
    assert [retain for _, _, retain in broker.got] == [False, False, True]
