"""Trying a codec on a message for the page: in a process of its own, which may be ended."""

from collections.abc import Iterator

import pytest

from ioc.assembly import codec_trial
from ioc.assembly.codec_trial import CodecTrial
from ioc.model.events import RawMessage
from ioc.model.faults import Fault

OURS = RawMessage("ioc/sensor/s-1/events", b'{"pm25": 12.5}', 1_795_309_200_000_000)
WORD = RawMessage("gate/g-1/state", b'"' + b"0" * 60 + b'x"', 1_795_309_200_000_000)
ENDLESS = """\
codec: gate
kind: sensor
messages:
  - name: state
    topics: gate/{gate}/state
    asset: "{gate}"
    values:
      state: {path: ., find: '^((?:0|0\\d|\\d0)*)$'}
"""


@pytest.fixture(scope="module")
def trial() -> Iterator[CodecTrial]:
    made = CodecTrial(None, "Asia/Ho_Chi_Minh")
    yield made
    made._end()


def test_the_answer_shows_the_events(trial: CodecTrial) -> None:
    assert trial(OURS, None)["events"][0]["values"] == {"pm25": 12.5}


def test_a_mistake_in_the_codec_is_told_with_its_place(trial: CodecTrial) -> None:
    with pytest.raises(Fault, match=r":\d+:\d+: "):
        trial(OURS, ENDLESS.replace("asset:", "aset:"))


def test_a_codec_that_does_not_come_to_an_end_is_ended_and_the_next_trial_is_answered(
    trial: CodecTrial, monkeypatch: pytest.MonkeyPatch
) -> None:
    trial(OURS, None)
    monkeypatch.setattr(codec_trial, "LONGEST_S", 1.0)
    with pytest.raises(Fault, match="regular expression"):
        trial(WORD, ENDLESS)
    assert trial(OURS, None)["events"]
