"""`ioc decode`: what it prints, and how it ends."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ioc.runtime import clock


def ioc(*arguments: str, payload: bytes = b"") -> tuple[int, list[dict[str, Any]], str]:
    done = subprocess.run(
        [sys.executable, "-m", "ioc.cli", "decode", *arguments], input=payload, capture_output=True, check=False
    )
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines()], done.stderr.decode()


def test_an_event_is_a_line_of_json_with_the_devices_own_time(tmp_path: Path) -> None:
    file = tmp_path / "payload"
    file.write_bytes(b'{"at": "1999-01-01T00:00:00Z", "pm25": 12.5}')
    status, (event,), complaint = ioc("--topic", "ioc/sensor/env-1/events", str(file))
    assert (status, complaint) == (0, "")
    assert (event["asset"], event["at"], event["at_source"], event["values"]) == (
        "env-1", 915148800000, "device", {"pm25": 12.5},
    )  # fmt: skip


def test_with_an_arrival_the_devices_clock_is_believed_only_near_it() -> None:
    for arrival in ("2026-11-22T08:00:00+07:00", "1795309200000"):
        arguments = ("-t", "ioc/sensor/env-1/events", "--received-at", arrival, "-")
        status, (event,), _ = ioc(*arguments, payload=b'{"at": 0, "pm25": 12.5}')
        assert (status, event["at"], event["at_source"]) == (0, 1795309200000, "arrival")


def test_what_has_no_time_gets_the_present() -> None:
    before = clock.now() / 1000
    _, (event,), _ = ioc("-t", "frigate/gate/person", "-", payload=b"3")
    assert before <= event["at"] <= clock.now() / 1000
    assert event["at_source"] == "arrival"


def test_what_cannot_be_read_says_why_and_ends_with_one() -> None:
    status, (line,), _ = ioc("-t", "nobody/knows", "-", payload=b"3")
    assert (status, line) == (1, {"rejected": True, "topic": "nobody/knows", "reason": "no codec for this topic"})


def test_one_bad_value_does_not_hide_the_rest() -> None:
    status, (event, rejected), _ = ioc("-t", "ioc/sensor/a/events", "-", payload=b'{"pm25": "x", "humidity": 70}')
    assert (status, event["values"]) == (1, {"humidity": 70.0})
    assert rejected["reason"] == "pm25 must be a number, not 'x'"


@pytest.mark.parametrize(("topic", "payload"), [("frigate/a/detect/set", b"ON"), ("ioc/wifi/a/status", b"")])
def test_nothing_to_report_is_one_sentence_for_people(topic: str, payload: bytes) -> None:
    status, lines, complaint = ioc("-t", topic, "-", payload=payload)
    assert (status, lines) == (0, [])
    assert complaint.startswith("nothing to report: ")
    assert complaint.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("-t", "a/b", "no-such-file"), "no-such-file: cannot be read"),
        (("-t", "a/b", "-", "--received-at", "soon"), "--received-at soon"),
        (("-t", "a/b", "-", "--timezone", "Mars/Olympus"), "--timezone Mars/Olympus"),
        (("-t", "a/b", "-", "--codecs", "no-such-folder"), "no-such-folder is not there"),
    ],
)
def test_wrong_use_is_one_sentence_and_two(arguments: tuple[str, ...], complaint: str) -> None:
    status, lines, sentence = ioc(*arguments)
    assert (status, lines) == (2, [])
    assert complaint in sentence
    assert sentence.count("\n") == 1
