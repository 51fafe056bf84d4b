"""The codec language's words for what lies deeper: reading within a field, bits, units of the message, pivots."""

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.codecs.readings import Outcome
from ingest.codecs.registry import codecs_from_text
from ioc.runtime.marked_yaml import Misplaced

HEAD = "codec: mine\nkind: sensor\nmessages:\n  - name: reading\n    topics: my/{device}/state\n"
SECOND_OF_ARRIVAL = 7


class Reversed:
    """Pseudonyms that can be checked by eye."""

    def of(self, address: str, at: int) -> str | None:
        return None if at == 0 else f"{address[::-1]}@{at}"


def outcome(message: str, payload: Any, *, pseudonyms: Any = None) -> Outcome:
    lines = "".join(f"    {line}\n" for line in message.strip("\n").splitlines())
    raw = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    return codecs_from_text(HEAD + lines, pseudonyms=pseudonyms).decode("my/dev1/state", raw, SECOND_OF_ARRIVAL)


def values(message: str, payload: Any, **others: Any) -> dict[str, Any]:
    found = outcome(message, payload, **others)
    assert (found.problems, found.ignored, found.refused) == ([], None, None)
    (only,) = found.readings
    return only.values


@pytest.mark.parametrize(
    ("field", "payload", "expected"),
    [
        ("x: {path: a, read: [[json, {path: b}]]}", {"a": '{"b": 7}'}, 7),
        ("x: {path: a, read: number}", {"a": " 7.5 "}, 7.5),
        ("x: {path: a, read: [json, word]}", {"a": "on"}, "on"),
        ("x: {path: a, read: [[{split: ','}, {path: '[1]'}]], type: number}", {"a": "1,2,3"}, 2.0),
        ("x: {path: a, read: {split: ','}, count: true}", {"a": "1,2,3"}, 3),
        ("x: {path: a, read: base64, as: hex}", {"a": "AQL/"}, "0102ff"),
        ("x: {path: a, bit: 3}", {"a": 8}, True),
        ("x: {path: a, bit: 3}", {"a": 247}, False),
        ("x: {path: a, bits: [4, 7]}", {"a": 0xA5}, 10),
        ("x: {path: a, type: integer, bits: [0, 1]}", {"a": "7"}, 3),
        ("x: {path: a, bits: [4, 7], map: {'165': wrong}}", {"a": 165}, None),
        ("x: {path: a, as: hex}", {"a": 48879}, "beef"),
        ("x: {path: a, as: {hex: 8}}", {"a": 48879}, "0000beef"),
        ("x: {path: a, as: eui}", {"a": "AAECAwQFBgc="}, "0001020304050607"),
        ("x: {path: a, as: eui}", {"a": "00:01:02:03:04:05:06:07"}, "0001020304050607"),
        ("x: {path: a, as: eui}", {"a": "AABBCCDDEEFF0011"}, "aabbccddeeff0011"),
        ("x: {path: a, as: [trim, upper]}", {"a": " b "}, "B"),
        ("x: {path: a, range: [-40, 85]}", {"a": 85}, 85),
        ("temp_c: {path: a, unit: {path: u}}", {"a": 86, "u": "°F"}, 30.0),
        ("temp_c: {path: a, unit: {path: u}}", {"a": 86, "u": "fahrenheit"}, 30.0),
        ("temp_c: {path: a, unit: {path: u}}", {"a": "21.5"}, "21.5"),
        ("temp_c: {path: a, unit: {path: u, default: °F}, range: [0, 100]}", {"a": 86}, 30.0),
        ("x: {path: a, type: number, scale: 2, as: hex}", {"a": "8"}, "10"),
    ],
)
def test_a_field_is_read_deeper(field: str, payload: Any, expected: Any) -> None:
    if expected is None:
        assert outcome(f"values: {{{field}}}", payload).problems
        return
    (found,) = values(f"values: {{{field}}}", payload).values()
    assert found == pytest.approx(expected) if isinstance(expected, float) else found == expected
    assert isinstance(found, bool) == isinstance(expected, bool)


@pytest.mark.parametrize("wrong", [-41, 85.5, 1e9])
def test_what_lies_outside_a_range_is_no_information(wrong: float) -> None:
    assert values("values: {x: {path: a, range: [-40, 85]}, y: {const: 1}}", {"a": wrong}) == {"y": 1}


@pytest.mark.parametrize(
    ("field", "value", "problem"),
    [
        ("{path: a, read: json}", "{", "x: the JSON ends too early"),
        ("{path: a, read: json}", 5, "x: expected bytes or a text to read, got 5"),
        ("{path: a, bit: 0}", -1, "x: expected a whole number from 0, got -1"),
        ("{path: a, bit: 0}", 1.5, "x: expected a whole number, got 1.5"),
        ("{path: a, type: number}", "1e999", "x: '1e999' is a number that is too large"),
        ("{path: a, type: number, scale: 10}", "1e308", "x: 1e+308 is too large to reckon with"),
        ("{path: a, scale: 1.0e+300}", 10**18, "x: 1000000000000000000 is too large to reckon with"),
        ("{path: a, range: [0, 1]}", "0", "x: expected a number with a range, got '0'"),
        ("{path: a, as: eui}", "nonsense!", "x: expected a hardware address in base64, got 'nonsense!'"),
    ],
)
def test_a_field_that_cannot_be_read_deeper_is_named_and_the_rest_kept(field: str, value: Any, problem: str) -> None:
    found = outcome(f"values: {{x: {field}, y: {{const: 1}}}}", {"a": value})
    assert [each.values for each in found.readings] == [{"y": 1}]
    assert found.problems[0].startswith(problem)


def test_a_unit_that_nobody_knows_is_named_and_not_guessed() -> None:
    found = outcome("values: {temp_c: {path: a, unit: {path: u}}, y: {const: 1}}", {"a": 1, "u": "furlong"})
    assert found.readings[0].values == {"y": 1}
    assert found.problems == ["temp_c: 'furlong' cannot be brought to °C, the unit of temp_c; known are: K, °C, °F"]


def test_a_persons_address_is_replaced_and_dropped_where_it_cannot_be() -> None:
    field = "values: {x: {path: a, as: pseudonym}, y: {const: 1}}"
    payload = {"a": "AA:BB:CC:00:11:22"}
    assert values(field, payload, pseudonyms=Reversed()) == {"x": "221100ccbbaa@7", "y": 1}
    assert values(field, payload) == {"y": 1}


PIVOT = """
rest:
  path: readings
  name: n
  value: v
  unit: u
  rename: {temp: temp_c, PRES: {to: pressure_hpa, unit: Pa}, hum: humidity}
  skip: [secret]
  numbers: true
  drop: [-999, "n/a"]
"""


def test_names_and_values_become_quantities() -> None:
    readings = [
        {"n": "temp", "v": "86", "u": "F"},
        {"n": "PRES", "v": 101300},
        {"n": "hum", "v": "n/a"},
        {"n": "level", "v": -999},
        {"n": "secret", "v": 1},
        {"n": "Luồng gió", "v": "2.5", "u": "m/s"},
        {"n": 7, "v": True},
        {"n": "nothing"},
        {"v": 3},
        "not even an object",
    ]
    assert values(PIVOT, {"readings": readings}) == {
        "temp_c": pytest.approx(30),
        "pressure_hpa": pytest.approx(1013),
        "luong_gio": 2.5,
        "value_7": True,
    }


def test_names_and_values_of_a_map_become_quantities() -> None:
    rest = 'rest: {path: s, name: "@key", value: value, rename: {a: humidity}}'
    assert values(rest, {"s": {"a": {"value": 40}, "b": {"value": "on"}, "c": {}}}) == {"humidity": 40, "b": "on"}


def test_a_pivot_of_the_wrong_unit_is_named_and_the_rest_kept() -> None:
    found = outcome(PIVOT, {"readings": [{"n": "temp", "v": 1, "u": "mm"}, {"n": "hum", "v": 5}]})
    assert found.readings[0].values == {"humidity": 5}
    assert found.problems[0].startswith("temp_c: 'mm' cannot be brought to °C")


def test_a_text_within_a_message_is_read_and_fanned_out() -> None:
    message = """
from: {path: body, read: [[base64, json]]}
events:
  - each: {path: log, read: lines, items: {pairs: {between: ";", equals: "="}}}
    asset: "{device}"
    values: {label: name, count: {path: n, type: integer}}
"""
    body = {"log": "name=a;n=1\nnonsense\nname=b;n=2"}
    found = outcome(message, {"body": _base64(body)})
    assert [each.values for each in found.readings] == [{"label": "a", "count": 1}, {"label": "b", "count": 2}]
    assert found.problems == ["1: 'nonsense' is no pair of a name and a value with '=' between them"]


def test_one_item_that_cannot_be_read_costs_no_other() -> None:
    message = """
events:
  - each: gates
    asset: {path: id, as: eui}
    values: {x: level}
"""
    found = outcome(message, {"gates": [{"id": "AAECAwQFBgc=", "level": 1}, {"id": "?", "level": 2}]})
    assert [each.asset for each in found.readings] == ["0001020304050607"]
    assert found.problems == ["1: expected a hardware address in base64, got '?'"]


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        ({"up": False, "n": 1}, ("offline", {"n": 1, "signal_scope": "children"})),
        ({"up": True, "n": 1}, (None, {"n": 1})),
    ],
)
def test_a_signal_says_whose_it_is(payload: Any, expected: Any) -> None:
    message = "values: {n: n}\nsignal: {path: up, map: {false: offline, else: none}, scope: children}"
    (found,) = outcome(message, payload).readings
    assert (found.signal, found.values) == expected


def test_what_is_stripped_nobody_sees() -> None:
    message = """
strip: [picture, 'people[*].mac', 'list[0]', 'gone[*]', 'cut[1:]', 'not.there[3].at.all']
when: {picture: {exists: false}}
values: {count: {path: people, count: true}, cut: {path: cut, count: true}, gone: {path: gone, count: true}}
rest: {nested: true}
"""
    payload = {
        "picture": "0912 345 678",
        "people": [{"mac": "0912 345 678", "rssi": -50}, {"mac": "0912 345 678"}, 5],
        "list": ["0912 345 678", 1],
        "gone": {"a": "0912 345 678"},
        "cut": [1, "0912 345 678", "0912 345 678"],
        "not": 5,
    }
    found = outcome(message, payload)
    assert "0912 345 678" not in str(found)
    assert found.readings[0].values["count"] == 3
    assert found.readings[0].values["cut"] == 1
    assert found.readings[0].values["gone"] == 0


def test_a_rejected_message_from_which_something_is_stripped_is_private() -> None:
    assert outcome("strip: a\nvalues: {x: b}", b"{").private
    assert outcome("strip: a\nwhen: {c: 1}\nvalues: {x: b}", {}).private
    assert not outcome("values: {x: b}", b"{").private


def test_counters_and_intervals_are_known_of_a_message() -> None:
    text = HEAD + "    counters: [energy]\n    intervals: {rain_mm: 5 min, energy: 0.5 h}\n    values: {x: a}"
    ((message, _),) = codecs_from_text(text)._index.find("my/dev1/state")
    assert message.counters == ("energy",)
    assert message.intervals == {"rain_mm": 300_000_000, "energy": 1_800_000_000}


@pytest.mark.parametrize(
    ("message", "complaint"),
    [
        ("values: {x: {path: a, read: jsn}}", "6:33: 'jsn' is not known here; did you mean 'json'?"),
        ("values: {x: {path: a, bit: 64}}", "6:32: expected a whole number from 0 to 63"),
        ("values: {x: {path: a, bits: [4]}}", "6:33: expected the lowest and the highest bit"),
        ("values: {x: {path: a, bits: [4, 1.5]}}", "6:37: expected a whole number"),
        ("values: {x: {path: a, range: [9, 1]}}", "6:34: expected the lowest and the highest value"),
        ("values: {x: {path: a, as: hexx}}", "6:31: 'hexx' is not known here; did you mean 'hex'?"),
        ("values: {x: {path: a, as: {hx: 2}}}", "6:32: 'hx' is not known here; did you mean 'hex'?"),
        ("values: {x: {path: a, unit: {path: u}}}", "6:33: a unit can only be converted"),
        ("rest: {path: a, name: n}", "6:11: 'value' is missing"),
        ("rest: {unit: u}", "6:18: 'unit' needs 'name' and 'value' beside it"),
        ("rest: {path: a, name: n, value: v, nested: true}", "6:48: 'nested' has no meaning"),
        ("rest: {rename: {a: {unit: Pa}}}", "6:24: 'to' is missing"),
        ("rest: {rename: {a: {to: A}}}", "6:29: 'A' cannot be a quantity's name"),
        ("signal: {path: a, scope: world}", "6:30: 'world' is not known here"),
        ("strip: []", "6:12: at least one path is needed"),
        ("strip: $.a", "6:12: '$.a' is not a path from here"),
        ("retained: maybe", "6:15: 'maybe' is not known here"),
        ("counters: [A]", "6:16: 'A' cannot be a quantity's name; 'a' could"),
        ("intervals: {a: 5}", "6:20: '5' is no span of time"),
        ("from: {read: json}", "6:11: 'path' is missing"),
    ],
)
def test_a_mistake_in_it_is_reported_with_its_place(message: str, complaint: str) -> None:
    rest = "" if message.startswith(("values", "rest")) else "\n    values: {x: a}"
    with pytest.raises(Misplaced) as caught:
        codecs_from_text(f"{HEAD}    {message}{rest}", source="mine.yaml")
    assert str(caught.value).startswith(f"mine.yaml:{complaint}")


FIELDS = [
    "{path: a, read: [[base64, json], number]}", "{path: a, read: {split: b}, count: true}", "{path: a, bit: 3}",
    "{path: a, bits: [0, 63]}", "{path: a, range: [0, 10]}", "{path: a, as: hex}", "{path: a, as: eui}",
    "{path: a, as: pseudonym}", "{path: a, unit: {path: b}}", "{path: a, type: integer, as: {hex: 64}}",
    "{path: a, join: ','}", "{path: a, type: number, scale: 1.0e+300}", "{path: a, find: '(1+)$', hide: addresses}",
]  # fmt: skip
ANY = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=20), st.just("AAECAwQFBgc=")),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.sampled_from("abnvu"), inner, max_size=4)),
    max_leaves=10,
)
EVERYTHING = (
    "values: {"
    + ", ".join(f"{'temp_c' if 'unit' in field else f'x{number}'}: {field}" for number, field in enumerate(FIELDS))
    + "}\nstrip: ['b[0]', 'b.b']\nrest: {path: b, name: n, value: v, unit: u, numbers: true, rename: {n: {to: temp_c, bit: 1}}}"
)
CODEC = codecs_from_text(HEAD + "".join(f"    {line}\n" for line in EVERYTHING.splitlines()), pseudonyms=Reversed())


@given(st.fixed_dictionaries({"a": ANY, "b": ANY}))
def test_no_value_whatever_makes_a_field_fail_otherwise_than_with_a_sentence(payload: Any) -> None:
    found = CODEC.decode("my/dev1/state", json.dumps(payload).encode(), 1)
    assert found.refused is None or "JSON" in found.refused


def _base64(value: Any) -> str:
    return base64.b64encode(json.dumps(value).encode()).decode()
