"""The codec language: what each of its words does, and how a mistake in a codec is reported."""

import json
from pathlib import Path
from typing import Any

import pytest

from ingest.codecs.readings import Outcome, Reading
from ingest.codecs.registry import codecs_from_text, load_codecs
from ingest.codecs.times import LocalTime
from ioc.model.faults import Fault
from ioc.runtime.marked_yaml import Misplaced

HEAD = "codec: mine\nkind: sensor\nmessages:\n"


def outcome(message: str, payload: Any, topic: str = "my/dev1/state") -> Outcome:
    lines = "".join(f"    {line}\n" for line in message.strip("\n").splitlines())
    text = f"{HEAD}  - name: reading\n{lines}"
    if "topics:" not in message:
        text += "    topics: my/{device}/state\n"
    raw = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    return codecs_from_text(text).decode(topic, raw)


def reading(message: str, payload: Any, topic: str = "my/dev1/state") -> Reading:
    found = outcome(message, payload, topic)
    assert (found.problems, found.ignored, found.refused) == ([], None, None)
    (only,) = found.readings
    return only


def values(fields: str, payload: Any) -> dict[str, Any]:
    return reading(f"values: {{{fields}}}", payload).values


@pytest.mark.parametrize(
    ("field", "payload", "expected"),
    [
        ("x: a", {"a": 1}, 1),
        ("x: a.b.c", {"a": {"b": {"c": "deep"}}}, "deep"),
        ("x: 'a[0]'", {"a": [5, 6]}, 5),
        ("x: 'a[-1]'", {"a": [5, 6]}, 6),
        ("x: '\"a.b\".c'", {"a.b": {"c": 2}}, 2),
        ("x: link-state.up", {"link-state": {"up": True}}, True),
        ("x: [missing, a]", {"a": 3}, 3),
        ("x: {path: a, scale: 0.1}", {"a": 215}, 21.5),
        ("x: {path: a, scale: 2, offset: -1}", {"a": 3}, 5),
        ("temp_c: {path: a, unit: °F}", {"a": 212}, 100),
        ("speed: {path: a, unit: m/s}", {"a": 10}, 36),
        ("pressure_hpa: {path: a, unit: Pa}", {"a": 101300}, 1013),
        ("x: {path: a, type: number}", {"a": "45%"}, 45),
        ("x: {path: a, type: number}", {"a": " -3,5 "}, -3.5),
        ("x: {path: a, type: integer}", {"a": "7"}, 7),
        ("x: {path: a, type: boolean}", {"a": "ON"}, True),
        ("x: {path: a, type: boolean}", {"a": 0}, False),
        ("x: {path: a, type: text}", {"a": 1.5}, "1.5"),
        ("x: {path: a, map: {ON: true, OFF: false}}", {"a": "OFF"}, False),
        ("x: {path: a, map: {'1': low, else: unknown}}", {"a": 1}, "low"),
        ("x: {path: a, map: {'1': low, else: unknown}}", {"a": 9}, "unknown"),
        ("x: {path: a, default: 0}", {}, 0),
        ("x: {path: a, count: true}", {"a": [1, 2, 3]}, 3),
        ("x: {path: 'a[*].b', count: true}", {"a": [{"b": 1}, {}, {"b": 2}]}, 2),
        ("x: {path: a, join: '+'}", {"a": ["p", 1, True]}, "p+1+true"),
        ("x: {path: a, find: 'v(\\d+)'}", {"a": "build v12"}, "12"),
        ("x: {path: a, as: address}", {"a": "AA-BB-CC-00-11-22"}, "aabbcc001122"),
        ("x: {path: a, hide: addresses}", {"a": "sta aa:bb:cc:00:11:22 left"}, "sta xx:xx:xx:xx:xx:xx left"),
        ("x: {const: 5}", {}, 5),
        ("x: {const: on}", {}, "on"),
        ("x: {text: 'from {device}'}", {}, "from dev1"),
        ("x: '{device}'", {}, "dev1"),
        ("x: {cases: [{when: {a: {above: 5}}, const: high}, {path: b}]}", {"a": 6, "b": 1}, "high"),
        ("x: {cases: [{when: {a: {above: 5}}, const: high}, {path: b}]}", {"a": 5, "b": 1}, 1),
    ],
)
def test_a_field_finds_its_value_and_brings_it_into_shape(field: str, payload: Any, expected: Any) -> None:
    (found,) = values(field, payload).values()
    assert found == pytest.approx(expected) if isinstance(expected, float) else found == expected
    assert isinstance(found, bool) == isinstance(expected, bool)


@pytest.mark.parametrize(
    ("field", "payload"),
    [
        ("y: a", {"a": None}),
        ("y: a.b", {"a": 3}),
        ("y: 'a[5]'", {"a": [1]}),
        ("y: {path: a, drop: -127}", {"a": -127.0}),
        ("y: {path: a, drop: ['', none]}", {"a": ""}),
        ("y: {path: a, when: {b: true}}", {"a": 1, "b": 1}),
    ],
)
def test_what_is_not_there_is_no_information(field: str, payload: dict[str, Any]) -> None:
    assert values(f"x: {{const: 1}}, {field}", payload) == {"x": 1}


def test_a_value_that_cannot_be_shaped_is_named_and_the_rest_kept() -> None:
    found = outcome("values: {x: {path: a, type: number}, y: b}", {"a": "hot", "b": 1})
    assert [each.values for each in found.readings] == [{"y": 1}]
    assert found.problems == ["x: expected a number, got 'hot'"]


def test_an_array_is_fanned_out_with_what_surrounds_it_at_hand() -> None:
    message = """
asset: "{device}/{port}"
topics: my/{device}_{port}/state
events:
  - each: [floors, rooms]
    zone: ^.name
    values: {label: name, room: "@key", building: $.name, temp_c: t}
"""
    payload = {"name": "hall", "floors": [{"name": "one", "rooms": [{"name": "a", "t": 1}, {"name": "b", "t": 2}]}]}
    found = outcome(message, payload, "my/box_7/state").readings
    assert [(each.asset, each.zone, each.values) for each in found] == [
        ("box/7", "one", {"label": "a", "room": 0, "building": "hall", "temp_c": 1}),
        ("box/7", "one", {"label": "b", "room": 1, "building": "hall", "temp_c": 2}),
    ]


def test_a_map_is_fanned_out_by_its_keys_and_the_message_says_what_its_events_do_not() -> None:
    message = """
at: {path: ts, in: seconds}
signal: heartbeat
values: {batch: ts}
events:
  - each: sensors
    asset: "@key"
    when: {ok: true}
    values: {temp_c: t}
"""
    found = outcome(message, {"ts": 5, "sensors": {"a": {"ok": True, "t": 1}, "b": {"ok": False, "t": 2}}}).readings
    assert [(each.asset, each.at, each.signal, each.values) for each in found] == [
        ("a", 5_000_000, "heartbeat", {"batch": 5, "temp_c": 1})
    ]


def test_the_rest_is_passed_on_under_tidy_names() -> None:
    message = """
values: {temp_c: t}
rest: {rename: {hum: humidity}, skip: [secret], nested: true}
"""
    payload = {"t": 1, "hum": 2, "secret": 3, "batteryLevel": 4, "Độ ẩm": 5, "in": {"a b": [6, {"c": None}]}, "id": 7}
    assert reading(message, payload).values == {
        "temp_c": 1,
        "humidity": 2,
        "battery_level": 4,
        "do_am": 5,
        "in_a_b_0": 6,
        "id_value": 7,
    }


def test_the_rest_has_an_end() -> None:
    found = outcome("rest: {}", {f"q{number}": number for number in range(100)})
    assert len(found.readings[0].values) == 64
    assert found.problems == ["more than 64 values in one event; 'q64' and more are left out"]


@pytest.mark.parametrize(
    ("payload", "raw", "expected"),
    [
        ("word", b" ON \n", "ON"),
        ("number", b" 2.50\n", 2.5),
        ("number", b"1e3", 1000),
        ("text", "chữ".encode(), "chữ"),
        ("[json, word]", b"online", "online"),
        ("[[base64, json]]", b"MTI=", 12),
        ("[[hex, text]]", b"6869", "hi"),
    ],
)
def test_a_payload_is_read_by_the_first_way_that_fits(payload: str, raw: bytes, expected: Any) -> None:
    assert reading(f"payload: {payload}\nvalues: {{x: .}}", raw).values == {"x": expected}


def test_an_empty_payload_is_ignored_unless_a_codec_speaks_of_it() -> None:
    assert outcome("values: {x: a}", b"").ignored == "an empty payload takes a retained message away"
    assert reading("payload: empty\nsignal: offline", b"").signal == "offline"


def test_a_time_is_read_as_the_codec_says_and_never_guessed() -> None:
    def at(form: str, value: Any) -> Any:
        return reading(f"at: {{path: t, in: {form}}}\nvalues: {{x: {{const: 1}}}}", {"t": value}).at

    assert at("seconds", 1.5) == 1_500_000
    assert at("milliseconds", 1500) == 1_500_000
    assert at("iso", "1970-01-01T07:00:01+07:00") == 1_000_000
    assert at("iso", "1970-01-01T00:00:01") == LocalTime(1_000_000)
    assert at("iso or milliseconds", 1) == 1000
    found = outcome("at: {path: t, in: iso}\nvalues: {x: {const: 1}}", {"t": 5})
    assert found.readings[0].at is None
    assert len(found.problems) == 1


MESSAGES = """codec: mine
kind: sensor
messages:
  - name: special
    topics: lab/{device}/state
    where: {device: "[0-9]+"}
    values: {special: a}
  - name: old
    topics: lab/{device}/state
    when: {version: 1}
    values: {old: a}
  - name: new
    topics: lab/{device}/state
    when: [{version: {above: 1}}, {version: {exists: false}, a: {type: number}}]
    values: {new: a}
  - name: deep
    topics: lab/{path+}
    except: lab/{device}/state
    asset: "{path}"
    values: {deep: a}
  - name: secret
    topics: lab/#
    priority: 5
    when: {secret: true}
    ignore: not for us
"""


@pytest.mark.parametrize(
    ("topic", "payload", "expected"),
    [
        ("lab/7/state", {"a": 1}, {"special": 1}),
        ("lab/x/state", {"a": 1, "version": 1}, {"old": 1}),
        ("lab/x/state", {"a": 1, "version": 2}, {"new": 1}),
        ("lab/x/state", {"a": 1}, {"new": 1}),
        ("lab/x/y/z", {"a": 1}, {"deep": 1}),
    ],
)
def test_topic_and_shape_say_which_message_it_is(topic: str, payload: Any, expected: dict[str, Any]) -> None:
    (found,) = codecs_from_text(MESSAGES).decode(topic, json.dumps(payload).encode()).readings
    assert found.values == expected
    if "deep" in expected:
        assert found.asset == "x/y/z"


def test_a_message_of_no_known_shape_says_what_was_wanted() -> None:
    found = codecs_from_text(MESSAGES).decode("lab/x/state", b'{"version": 0}')
    assert found.refused is not None
    assert "a message 'old' is one where version is 1" in found.refused
    assert codecs_from_text(MESSAGES).decode("lab/x/state", b'{"secret": true}').ignored == "not for us"
    assert codecs_from_text(MESSAGES).decode("other", b"{}").refused == "no codec for this topic"


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("codec: x", "1:1: 'messages' is missing"),
        ("codec: x\nmessages: []", "2:11: at least one message is needed"),
        (HEAD + "  - name: a\n    topic: b", "5:5: 'topic' is not known here; did you mean 'topics'?"),
        (HEAD + "  - name: a\n    topics: a/#/b", "5:13: '#' stands for any rest"),
        (HEAD + "  - name: a\n    topics: a/x{b+}", "5:13: {b+} stands for whole levels"),
        (HEAD + "  - name: a\n    topics: a/{b", "5:13: the level '{b' is not understood"),
        (HEAD + "  - name: a\n    topics: a/{b}\n    asset: '{c}'", "6:13: {c} is not captured by every topic"),
        (HEAD + "  - name: a\n    topics: a\n    values: {x: a..b}", "6:17: 'a..b' is not a path"),
        (HEAD + "  - name: a\n    topics: a\n    values: {X: a}", "6:14: 'X' cannot be a quantity's name; 'x' could"),
        (HEAD + "  - name: a\n    topics: a\n    values: {x: {pth: a}}", "6:18: 'pth' is not known here; did you mean"),
        (HEAD + "  - name: a\n    topics: a\n    values: {x: {scale: 2}}", "6:17: say once where the value comes from"),
        (
            HEAD + "  - name: a\n    topics: a\n    values: {temp_c: {path: a, unit: km}}",
            "6:38: 'km' cannot be brought",
        ),
        (
            HEAD + "  - name: a\n    topics: a\n    values: {x: {path: a, unit: km}}",
            "6:33: a unit can only be converted",
        ),
        (HEAD + "  - name: a\n    topics: a\n    signal: on", "6:13: 'on' is not known here"),
        (HEAD + "  - name: a\n    topics: a\n    signal: {path: a, map: {x: gone}}", "6:32: 'gone' is no signal"),
        (HEAD + "  - name: a\n    topics: a\n    at: {path: a, in: hours}", "6:23: 'hours' is not known here"),
        (HEAD + "  - name: a\n    topics: a\n    payload: jsn", "6:14: 'jsn' is not known here; did you mean 'json'?"),
        (HEAD + "  - name: a\n    topics: a\n    when: {x: {matches: '('}}", "6:26: this is no regular expression"),
        (HEAD + "  - name: a\n    topics: a\n    ignore: x\n    refuse: y", "7:13: 'ignore' stands here already"),
        (
            HEAD + "  - name: a\n    topics: a\n    code: own-events\n    events: []",
            "7:13: 'events' has no meaning beside 'code'",
        ),
        ("codec: x\nmessages:\n  - name: a\n    topics: a\n    values: {x: a}", "3:5: 'kind' is missing"),
        ("codec: [", "2:1: this is not YAML"),
    ],
)
def test_a_mistake_is_reported_with_line_column_and_what_was_expected(text: str, complaint: str) -> None:
    with pytest.raises(Misplaced) as caught:
        codecs_from_text(text, source="mine.yaml")
    assert str(caught.value).startswith(f"mine.yaml:{complaint}")


def test_a_users_codec_comes_first_and_replaces_one_of_the_same_name(tmp_path: Path) -> None:
    mine = HEAD.replace("mine", "frigate") + "  - name: a\n    topics: frigate/{place}/{label}\n    payload: number\n"
    (tmp_path / "frigate.yaml").write_text(mine + "    values: {count: .}\n")
    codecs = load_codecs(user_dir=tmp_path)
    assert codecs.names[0] == "frigate"
    assert codecs.decode("frigate/gate/person", b"3").readings[0].values == {"count": 3}
    assert codecs.decode("frigate/events", b"{}").codec != "frigate"


def test_two_codecs_of_one_name_and_a_folder_that_is_not_there_are_mistakes(tmp_path: Path) -> None:
    text = HEAD + "  - name: a\n    topics: a\n    values: {x: a}\n"
    for name in ("a.yaml", "b.yaml"):
        (tmp_path / name).write_text(text)
    with pytest.raises(Misplaced, match=r"b\.yaml:1:8: the codec 'mine' stands in .*a\.yaml already"):
        load_codecs(user_dir=tmp_path)
    with pytest.raises(Fault, match="is not there"):
        load_codecs(user_dir=tmp_path / "none")


@pytest.mark.parametrize(
    ("word", "retained", "expected"),
    [
        ("use", True, {"x": 1}),
        ("use", False, {"x": 1}),
        ("ignore", False, {"x": 1}),
        ("ignore", True, None),
        ("only", True, {"x": 1}),
        ("only", False, None),
    ],
)
def test_what_the_broker_had_kept_is_used_as_the_codec_says(word: str, retained: bool, expected: Any) -> None:
    codecs = codecs_from_text(f"{HEAD}  - name: a\n    topics: a\n    retained: {word}\n    values: {{x: b}}")
    found = codecs.decode("a", b'{"b": 1}', retained=retained)
    assert [each.values for each in found.readings] == ([expected] if expected else [])
    assert found.refused is None
    assert (found.ignored is None) == (expected is not None)
