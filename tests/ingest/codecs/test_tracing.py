"""Tracing: what it tells is what decoding does."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.codecs.nearest import distance
from ingest.codecs.registry import codecs_from_text, load_codecs
from ingest.codecs.topics import compile_topic
from ingest.codecs.trace_steps import nearest_of, steps_of
from ingest.codecs.tracing import NO_CODECS, load_watched, trace
from ingest.codecs.watching import recording
from ingest.reader import Reader
from ioc.model.event_json import event_to_json
from ioc.model.events import RawMessage
from ioc.runtime.marked_yaml import read_marked
from ioc.store.catalogue import load_catalogue

NOW = 1_795_309_200_000_000
CATALOGUE = load_catalogue()
WATCHED = load_watched(None, CATALOGUE)

STATION = """\
codec: station
kind: sensor
messages:
  - name: report
    topics: station/{name}/report
    counters: [level]
    intervals: {level: 5 min}
    when: {version: [2, 3], gates: {type: object}}
    events:
      - each: gates
        when: {off: {not: true}}
        asset: {path: id, as: lower}
        values:
          temp_c: {path: [temp_f, water.temp_f], unit: °F}
          level: {path: level, type: number}
        rest: {skip: [id, off, water, temp_f, level]}
"""


def traced(text: str | None, topic: str, payload: Any) -> dict[str, Any]:
    watched = WATCHED if text is None else NO_CODECS.with_codec(text, CATALOGUE)
    raw = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    return trace(watched, RawMessage(topic, raw, NOW), Reader(watched.codecs, CATALOGUE))


def test_every_field_says_what_it_found_and_what_that_became() -> None:
    told = traced(
        STATION,
        "station/dam/report",
        {"version": 2, "gates": {"a": {"id": "A1", "water": {"temp_f": 86}, "x": 1}, "b": {"id": "B1", "off": True}}},
    )
    assert (told["verdict"], told["codec"], told["message"]) == ("read", "station", "report")
    (attempt,) = told["tried"]
    assert attempt["captures"] == {"name": "dam"}
    assert (attempt["counters"], attempt["intervals"]) == (["level"], {"level": 300})
    assert [(each["says"], each["holds"]) for each in attempt["when"]] == [
        ("version is 2 or 3", True),
        ("gates is of type object", True),
    ]
    assert attempt["each"] == [{"name": "events[0].each", "place": "codec.yaml:10:15", "items": 2}]
    fields = {(each["item"], each["name"]): each for each in attempt["fields"]}
    temperature = fields["a", "events[0].values.temp_c"]
    assert temperature["found"] == [{"path": "temp_f", "value": None}, {"path": "water.temp_f", "value": 86}]
    assert temperature["became"] == pytest.approx(30)
    assert temperature["place"] == "codec.yaml:14:19"
    assert fields["a", "events[0].asset"]["became"] == "a1"
    assert fields["a", "events[0].rest"]["became"] == {"x": 1}
    assert fields["b", "events[0].when"]["became"] is False
    assert [event["asset"] for event in told["events"]] == ["a1"]


def test_a_value_that_cannot_be_read_says_why_at_its_field() -> None:
    told = traced(STATION, "station/dam/report", {"version": 2, "gates": {"a": {"id": "A1", "level": "high", "x": 1}}})
    level = next(each for each in told["tried"][0]["fields"] if each["name"].endswith("level"))
    assert level["error"] is not None
    assert told["rejected"][0]["reason"] == f"level: {level['error']}"


def test_a_shape_that_does_not_fit_names_the_condition_and_what_was_there() -> None:
    told = traced(STATION, "station/dam/report", {"version": 4, "gates": {}})
    (attempt,) = told["tried"]
    assert (attempt["verdict"], attempt["reason"]) == ("shape", "not so: version is 2 or 3 (it is 4)")
    assert nearest_of(told) == [
        {
            "codec": "station",
            "why": "report on station/{name}/report: not so: version is 2 or 3 (it is 4) (codec.yaml:4:5)",
        }
    ]


@pytest.mark.parametrize(
    ("topic", "reason"),
    [
        ("staton/dam/report", "level 1 is 'staton', not 'station'"),
        ("station/dam", "one level too few: 'report'"),
        ("station/dam/report/now", "one level too many: 'now'"),
        ("city/station/dam/report", "level 1 is 'city', one too many"),
    ],
)
def test_a_topic_that_nearly_fits_names_the_level(topic: str, reason: str) -> None:
    (near,) = traced(STATION, topic, {})["nearest"]
    assert near["reasons"] == [reason]


@pytest.mark.parametrize("pattern", ["#", "{topic+}", "+/{name}/+"])
def test_a_codec_that_takes_any_topic_is_near_to_none(pattern: str) -> None:
    told = traced(STATION.replace("station/{name}/report", f'"{pattern}"'), "x/y/z", {})
    assert (told["tried"][0]["verdict"], told["nearest"]) == ("shape", [])


def test_a_topic_that_agrees_in_nothing_has_nobody_near() -> None:
    assert traced(STATION, "x/y/z", {})["nearest"] == []


def test_an_excepted_topic_says_so() -> None:
    text = STATION.replace("    when: {version", "    except: station/old/#\n    when: {version")
    (near,) = traced(text, "station/old/report", {})["nearest"]
    assert near["reasons"] == ["the topic is excepted by 'station/old/#'"]


def test_a_pattern_is_at_no_distance_from_the_topics_that_it_meets() -> None:
    for pattern, topic in (("a/{b}/c", "a/x/c"), ("a/{b+}", "a/x/y/z"), ("a/#", "a"), ("a/+/{x}-y", "a/q/1-y")):
        assert distance(pattern, topic).cost == 0


LEVELS = st.sampled_from(["a", "b", "cam-1", "x-cam"])


@settings(deadline=None)
@given(
    st.lists(st.one_of(LEVELS, st.sampled_from(["+", "cam-{n}"])), max_size=3),
    st.sampled_from(["", "{m+}", "#", "{k}"]),
    st.lists(LEVELS, min_size=1, max_size=5),
)
def test_nothing_is_wrong_exactly_where_a_topic_meets_a_pattern(head: list[str], tail: str, topic: list[str]) -> None:
    # A capture's name may stand in a pattern once.
    levels = [level.replace("n", "nxyz"[number]) if "{" in level else level for number, level in enumerate(head)]
    pattern = "/".join([*levels, *([tail] if tail else [])])
    if not pattern:
        return
    node = read_marked(json.dumps(pattern), "pattern")
    assert node is not None
    meets = compile_topic(node).match("/".join(topic)) is not None
    found = distance(pattern, "/".join(topic))
    assert (found.cost == 0) is meets
    assert (found.reasons == ()) is meets


def test_messages_that_any_topic_may_carry_are_one_step_where_none_of_them_fits() -> None:
    steps = steps_of(traced(None, "frigate/events", {}))
    assert sum("any topic may carry" in step["what"] for step in steps) == 1
    json.dumps(steps, allow_nan=False)


def test_the_trace_of_every_real_payload_is_what_the_reader_makes_of_it(shared: Path) -> None:
    plain = Reader(load_codecs(catalogue=CATALOGUE), CATALOGUE)
    # Loaded anew as well: codecs remember what came before.
    watched = load_watched(None, CATALOGUE)
    reader = Reader(watched.codecs, CATALOGUE)
    count = 0
    for topic_file in sorted((shared / "payloads").glob("*/*/topic.txt")):
        topic = topic_file.read_text().strip().splitlines()[0]
        payload = next(path for path in topic_file.parent.iterdir() if path.stem == "payload").read_bytes()
        message = RawMessage(topic, payload, NOW)
        told = trace(watched, message, reader)
        events, _ = plain.read(message)
        assert told["events"] == [event_to_json(event) for event in events], topic_file
        taken = [each["codec"] for each in told["tried"] if each["verdict"] == "taken"]
        assert taken in ([], [told["codec"]]), topic_file
        assert bool(taken) or not events, topic_file
        json.dumps(told, allow_nan=False)
        count += 1
    assert count >= 20


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=20), st.binary(max_size=60))
def test_nothing_that_can_come_breaks_the_trace(topic: str, payload: bytes) -> None:
    json.dumps(trace(WATCHED, RawMessage(topic, payload, NOW), Reader(WATCHED.codecs, CATALOGUE)), allow_nan=False)


def test_codecs_that_nobody_watches_note_nothing() -> None:
    with recording() as record:
        codecs_from_text(STATION).decode("station/dam/report", b'{"version": 2, "gates": {"a": {"id": "x"}}}')
    assert record.steps == []
