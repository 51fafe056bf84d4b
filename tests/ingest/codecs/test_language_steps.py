"""The codec language's steps from bytes to data: what each makes, and that none can be made to fall over."""

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.codecs.payloads import MADE_STEPS, STEPS, compile_payload
from ingest.codecs.regexes import compile_regex
from ingest.codecs.splitting import MAX_PARTS
from ioc.runtime.marked_yaml import Misplaced, YamlNode, read_marked


def made(step: str, payload: Any) -> Any:
    node = read_marked(step, "codec.yaml")
    assert node is not None
    return compile_payload(node)[1](payload)


@pytest.mark.parametrize(
    ("step", "payload", "expected"),
    [
        ("ndjson", b'{"a": 1}\r\n\n[2]\n', [{"a": 1}, [2]]),
        ("lines", b" a \r\n\n b c\n", ["a", "b c"]),
        ("{split: ','}", b"1, 2,,x", ["1", "2", "", "x"]),
        ("{pairs: {between: ;, equals: '='}}", b"a=1; b = x=y ;", {"a": "1", "b": "x=y"}),
        ("{pairwise: '|'}", b"t|21|h|40", {"t": "21", "h": "40"}),
        (r"{find: 'level (?P<level>\d+)( at (?P<place>\w+))?'}", b"the level 12", {"level": "12", "place": None}),
        ("[[json, {path: data.raw}, base64, json]]", b'{"data": {"raw": "eyJhIjogMX0="}}', {"a": 1}),
        ("[[base64, text]]", b"_-4=", None),
        ("[[hex, text]]", b"0x6869", "hi"),
    ],
)
def test_a_step_makes_plain_data(step: str, payload: bytes, expected: Any) -> None:
    if expected is None:
        with pytest.raises(ValueError, match="UTF-8"):
            made(step, payload)
    else:
        assert made(step, payload) == expected


def test_xml_is_read_as_mappings_without_namespaces() -> None:
    document = """<?xml version="1.0" encoding="UTF-8"?>
    <n:alert xmlns:n="urn:x" n:id="7">
      <n:place> Đà Lạt </n:place><n:none/>
      <n:reading unit="m">1.5</n:reading><n:reading unit="m">1.6</n:reading>
    </n:alert>"""
    expected = {
        "alert": {
            "@id": "7",
            "place": "Đà Lạt",
            "none": None,
            "reading": [{"@unit": "m", "#text": "1.5"}, {"@unit": "m", "#text": "1.6"}],
        }
    }
    assert made("xml", document.encode()) == expected
    assert made("xml", document) == expected


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"", "not XML"),
        (b"<a>", "not XML"),
        (b'<!DOCTYPE a [<!ENTITY b "c"><!ENTITY d "&b;&b;&b;">]><a>&d;</a>', "document type or entities"),
        (b'<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>', "document type or entities"),
        (b'<?xml version="1.0" encoding="none-such"?><a/>', "encoding"),
        (b"<a>" * 33 + b"</a>" * 33, "deeper than 32"),
        (b"<a>" * 100_000, "deeper than 32"),
        (b"<a>" + b"<b/>" * 20_000 + b"</a>", "more than 20000 elements"),
    ],
)
def test_xml_that_is_meant_to_harm_is_refused(payload: bytes, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        made("xml", payload)


@pytest.mark.parametrize(
    ("step", "payload", "reason"),
    [
        ("ndjson", b'{"a": 1}\n{"a": 1, "a": 2}', "line 2: the JSON holds the key 'a' twice"),
        ("{pairwise: ','}", b"a,1,b", "3 parts are no pairs"),
        ("{pairwise: ','}", b"a,1,a,2", "'a' stands in it twice"),
        ("{pairs: {between: ',', equals: '='}}", b"a=1,b", "'b' is no pair"),
        ("{find: '(?P<x>b)'}", b"aaa", "does not match"),
        ("{find: '(?P<x>b)'}", b"a" * 4_097, "too many for a regular expression"),
        ("{split: ','}", b"," * MAX_PARTS, "more than 10000 parts"),
        ("lines", b"\n" * MAX_PARTS, "more than 10000 parts"),
        ("[[json, {path: b}]]", b'{"a": 1}', "nothing at b"),
        ("[[json, base64]]", b"12", "expected bytes or a text"),
    ],
)
def test_what_a_step_cannot_read_says_why(step: str, payload: bytes, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        made(step, payload)


@pytest.mark.parametrize(
    ("step", "complaint"),
    [
        ("split", "1:1: 'split' needs to say more, such as {split: …}"),
        ("{splitt: ','}", "1:2: 'splitt' is not known here; did you mean 'split'?"),
        ("{split: ''}", "1:10: a separator is needed"),
        ("{split: ',', find: x}", "1:1: expected one of: split, pairs"),
        ("{pairs: {between: ','}}", "1:9: 'equals' is missing"),
        ("{find: 'a(b)'}", "1:9: at least one named group"),
        ("{find: '(?P<x>(a+)*)b'}", "1:9: a repetition of what is made of repetitions alone"),
        ("{find: '('}", "1:9: this is no regular expression"),
        ("[[]]", "1:2: a chain needs at least one step"),
        ("{path: a..b}", "1:8: 'a..b' is not a path"),
    ],
)
def test_a_mistake_in_a_step_is_reported_with_its_place(step: str, complaint: str) -> None:
    with pytest.raises(Misplaced) as caught:
        made(step, b"")
    assert str(caught.value).startswith(f"codec.yaml:{complaint}")


EXAMPLES = {
    "split": "','",
    "pairs": "{between: ';', equals: '='}",
    "pairwise": "'|'",
    "find": r"'(?P<a>\w+)=(?P<b>.*)'",
    "path": "'a[0]'",
}
WRITTEN = [*STEPS, *(f"{{{name}: {EXAMPLES[name]}}}" for name in MADE_STEPS)]
DATA = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.binary()),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=3), inner, max_size=3)),
    max_leaves=8,
)


@given(chain=st.lists(st.sampled_from(WRITTEN), min_size=1, max_size=4), payload=DATA)
def test_no_payload_whatever_makes_a_step_fail_otherwise_than_with_a_sentence(chain: list[str], payload: Any) -> None:
    with contextlib.suppress(ValueError):
        made(f"[[{', '.join(chain)}]]", payload)


@given(st.dictionaries(st.text("abc", min_size=1, max_size=4), st.text("xyz 1", max_size=4).map(str.strip)))
def test_pairs_are_read_as_they_were_written(values: dict[str, str]) -> None:
    text = ";".join(f"{name}={value}" for name, value in values.items())
    assert made("{pairs: {between: ;, equals: '='}}", text) == values
    if values:
        assert made("{pairwise: '|'}", "|".join(part for pair in values.items() for part in pair)) == values


@given(st.lists(st.dictionaries(st.text(max_size=3), st.integers(-(2**53), 2**53), max_size=3), max_size=5))
def test_ndjson_is_read_as_it_was_written(values: list[dict[str, int]]) -> None:
    assert made("ndjson", "\n".join(json.dumps(value) for value in values).encode()) == values


@pytest.mark.parametrize("regex", [r"\d+(\.\d+)*", r"(\w+,)*", "(a|bc)+x{2,}", r"(?:v(\d+))?", "(ab?)*"])
def test_a_regular_expression_whose_rounds_are_told_apart_is_taken(regex: str) -> None:
    assert compile_regex(written(regex)).pattern == regex


@pytest.mark.parametrize("regex", ["(a+)+", "(a*)*b", "x(?:(a+)?)*", r"(\w+\s?)*y", "(a|b+)*", "((a+))+", "(?=(a+)+)"])
def test_a_regular_expression_that_may_take_for_ever_is_refused(regex: str) -> None:
    with pytest.raises(Misplaced, match="repetitions alone"):
        compile_regex(written(regex))


def written(regex: str) -> YamlNode:
    node = read_marked(f"'{regex}'", "codec.yaml")
    assert node is not None
    return node
