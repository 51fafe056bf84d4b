"""`ioc codec`: what it prints, and how it ends."""

import base64
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ioc.runtime import clock

GATES = """\
codec: sluice
title: Sluice gates
kind: sensor
messages:
  - name: report
    topics: sluice/{station}/{gate}/report
    asset: "{station}/{gate}"
    values:
      humidity: air.humidity
"""


def ioc(*arguments: str, payload: bytes = b"") -> tuple[int, str, str]:
    done = subprocess.run(
        [sys.executable, "-m", "ioc.cli", "codec", *arguments], input=payload, capture_output=True, check=False
    )
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def tried(*arguments: str, payload: bytes = b"") -> tuple[int, dict[str, Any]]:
    status, said, complaint = ioc("try", "--json", *arguments, payload=payload)
    assert complaint == ""
    return status, json.loads(said)


def test_try_shows_every_step_and_the_event(tmp_path: Path) -> None:
    (tmp_path / "sluice.yaml").write_text(GATES)
    status, said, complaint = ioc(
        "try", "--codecs", str(tmp_path), "-t", "sluice/dam/gate-3/report", "-", payload=b'{"air": {"humidity": 71}}'
    )
    assert (status, complaint) == (0, "")
    assert 'topic  {"station": "dam", "gate": "gate-3"}' in said
    assert "payload as json" in said
    assert f"values.humidity  71  {tmp_path}/sluice.yaml:9:17" in said
    assert '"asset": "dam/gate-3"' in said


def test_without_an_arrival_the_devices_clock_is_taken_as_it_stands(tmp_path: Path) -> None:
    file = tmp_path / "payload"
    file.write_bytes(b'{"at": "1999-01-01T00:00:00Z", "pm25": 12.5}')
    status, traced = tried("--topic", "ioc/sensor/env-1/events", str(file))
    (event,) = traced["events"]
    assert (status, event["at"], event["at_source"]) == (0, 915148800000, "device")


def test_with_an_arrival_the_devices_clock_is_believed_only_near_it() -> None:
    for arrival in ("2026-11-22T08:00:00+07:00", "1795309200000"):
        arguments = ("-t", "ioc/sensor/env-1/events", "--received-at", arrival, "-")
        status, traced = tried(*arguments, payload=b'{"at": 0, "pm25": 12.5}')
        (event,) = traced["events"]
        assert (status, event["at"], event["at_source"]) == (0, 1795309200000, "arrival")


def test_what_has_no_time_gets_the_present() -> None:
    before = clock.now() / 1000
    _, traced = tried("-t", "frigate/gate/person", "-", payload=b"3")
    assert before <= traced["events"][0]["at"] <= clock.now() / 1000


def test_hexadecimal_and_base64_are_read_first() -> None:
    payload = b'{"pm25": 12.5}'
    for option, written in (("--hex", payload.hex(" ").encode()), ("--base64", base64.encodebytes(payload))):
        _, traced = tried("-t", "ioc/sensor/a/events", option, "-", payload=written)
        assert traced["events"][0]["values"] == {"pm25": 12.5}


def test_what_nobody_can_read_ends_with_one_and_names_the_codec_that_came_nearest() -> None:
    status, said, _ = ioc("try", "-t", "zigbee2mqt/kitchen", "-", payload=b'{"temperature": 20}')
    assert status == 1
    assert "rejected  no codec for this topic" in said
    assert "nearest   zigbee2mqtt: reading on zigbee2mqtt/{name+}: level 1 is 'zigbee2mqt', not 'zigbee2mqtt'" in said


def test_one_bad_value_does_not_hide_the_rest() -> None:
    status, traced = tried("-t", "ioc/sensor/a/events", "-", payload=b'{"pm25": "x", "humidity": 70}')
    assert (status, traced["events"][0]["values"]) == (1, {"humidity": 70.0})
    assert traced["rejected"][0]["reason"] == "pm25 must be a number, not 'x'"


@pytest.mark.parametrize(("topic", "payload"), [("frigate/a/detect/set", b"ON"), ("ioc/wifi/a/status", b"")])
def test_nothing_to_report_is_no_failure(topic: str, payload: bytes) -> None:
    status, said, _ = ioc("try", "-t", topic, "-", payload=payload)
    assert status == 0
    assert "nothing to report: " in said


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("-t", "a/b", "no-such-file"), "no-such-file: cannot be read"),
        (("-t", "a/b", "-", "--received-at", "soon"), "--received-at soon"),
        (("-t", "a/b", "-", "--timezone", "Mars/Olympus"), "--timezone Mars/Olympus"),
        (("-t", "a/b", "-", "--codecs", "no-such-folder"), "no-such-folder is not there"),
        (("-t", "a/b", "-", "--hex"), "--hex: the payload is not that"),
        (("-t", "a/b", "-", "--codec", "no-such-file.yaml"), "no-such-file.yaml: cannot be read"),
    ],
)
def test_wrong_use_is_one_sentence_and_two(arguments: tuple[str, ...], complaint: str) -> None:
    status, said, sentence = ioc("try", *arguments, payload=b"zz")
    assert (status, said) == (2, "")
    assert complaint in sentence
    assert sentence.count("\n") == 1


def test_check_names_every_mistake_of_every_file(tmp_path: Path) -> None:
    (tmp_path / "good.yaml").write_text(GATES)
    (tmp_path / "bad.yaml").write_text(
        "codec: bad\nkind: sensor\nmessages:\n"
        "  - {name: one, topics: a/b, values: {temp_c: {pth: x}}}\n"
        "  - {name: two, topics: 'a/{b', values: {temp_c: x}}\n"
    )
    (tmp_path / "twice.yaml").write_text(GATES)
    status, said, complaint = ioc("check", str(tmp_path))
    assert (status, complaint) == (1, "")
    lines = said.splitlines()
    assert lines[0].startswith(f"{tmp_path}/bad.yaml:4:48: 'pth' is not known here")
    assert lines[1].startswith(f"{tmp_path}/bad.yaml:5:26: the level '{{b' is not understood")
    assert lines[2].startswith(f"{tmp_path}/twice.yaml:1:8: the codec 'sluice' stands in {tmp_path}/good.yaml already")
    assert lines[3:] == ["3 mistakes in 3 codecs"]


def test_check_says_that_all_is_well(tmp_path: Path) -> None:
    (tmp_path / "good.yaml").write_text(GATES)
    assert ioc("check", str(tmp_path / "good.yaml")) == (0, "1 codec is in order\n", "")
    assert ioc("check", str(tmp_path / "none.yaml"))[0] == 2


def test_list_shows_the_users_codecs_before_those_that_ship(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(GATES.replace("codec: sluice", "codec: frigate"))
    status, said, _ = ioc("list", "--json", "--codecs", str(tmp_path))
    listed = json.loads(said)
    assert status == 0
    assert listed[0] | {"file": ""} == {
        "codec": "frigate",
        "title": "Sluice gates",
        "kinds": ["sensor"],
        "file": "",
        "shipped": False,
        "messages": [{"name": "report", "topics": ["sluice/{station}/{gate}/report"]}],
        "counters": [],
        "intervals": {},
    }
    assert [each["codec"] for each in listed].count("frigate") == 1
    assert all(each["shipped"] for each in listed[1:])
