"""Strategies for messages that nearly fit: topics that a codec claims, JSON of its own words, and real bytes bent."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import yaml
from hypothesis import strategies as st

from ingest.codecs.registry import SHIPPED, Codecs
from ingest.codecs.topics import Claim
from ioc.runtime.marked_yaml import yaml_files

_PLACE: Final = re.compile(r"\{[a-z_][a-z0-9_]*\+?\}|\+|#")
_WORD: Final = re.compile(r"[A-Za-z_@#$][A-Za-z0-9_@#:$-]*")
_WAYS: Final = Path(__file__).parents[1] / "ingest" / "codecs" / "real_payloads.yaml"
"""Says on which topic a real payload comes that came by another way than MQTT."""

_ANY_TEXT: Final = st.text(st.characters(codec=None), max_size=12)

NUMBERS: Final = st.one_of(
    st.integers(-5, 300),
    st.integers(-(2**70), 2**70),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from([0, -0.0, 1e308, 1795323600, 1795323600000, 2**53 + 1, 0.1]),
)


def claims_of(codecs: Codecs) -> dict[str, list[Claim[Any]]]:
    """Give all claims on topics, by codec."""
    found: dict[str, list[Claim[Any]]] = {}
    for claims in codecs._index._by_first.values():
        for claim, _ in claims:
            found.setdefault(claim.target.codec, []).append(claim)
    return dict(sorted(found.items()))


def words_of(codec: str) -> list[str]:
    """Give the words that a codec's file speaks of: names of fields, values that it knows."""
    for path in yaml_files(SHIPPED):
        text = path.read_text(encoding="utf-8")
        if re.search(rf"^codec: *[\"']?{re.escape(codec)}\b", text, re.MULTILINE):
            return sorted(set(_WORD.findall(re.sub(r"^\s*#.*$", "", text, flags=re.MULTILINE))))
    return ["value"]


def topics_of(claim: Claim[Any], words: list[str]) -> st.SearchStrategy[str]:
    """Make topics that a claim may meet."""
    level = st.one_of(
        st.sampled_from(["dev-1", "a", "24e124136b502217", "AA:BB:CC:DD:EE:FF", "1", "Trạm đo"]),
        st.sampled_from(words),
        st.text(st.characters(codec="utf-8", exclude_characters="/+#\x00"), min_size=1, max_size=8),
    )

    @st.composite
    def topics(draw: st.DrawFn) -> str:
        def stand_for(place: re.Match[str]) -> str:
            name = place.group().strip("{}+")
            if name in claim.allowed:
                return draw(st.from_regex(claim.allowed[name], fullmatch=True))
            several = place.group().endswith("+}") or place.group() == "#"
            return "/".join(draw(st.lists(level, min_size=1, max_size=3))) if several else draw(level)

        return _PLACE.sub(stand_for, claim.pattern.text)

    return topics()


def documents(words: list[str]) -> st.SearchStrategy[Any]:
    """Make JSON of a codec's own words, arranged as they should not be."""
    scalars = st.one_of(
        st.none(),
        st.booleans(),
        NUMBERS,
        st.sampled_from(words),
        st.sampled_from(
            ["ON", "OFF", "online", "45%", "21.5", "2026-11-22T08:00:00Z", "0x1f", "", "null", "{}", "AQID"]
        ),
        _ANY_TEXT,
    )
    names = st.one_of(st.sampled_from(words), st.text(max_size=6))
    return st.recursive(
        scalars,
        lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(names, inner, max_size=8)),
        max_leaves=25,
    )


def as_bytes(document: Any) -> bytes:
    """Write a document, lone surrogates and all."""
    return json.dumps(document, ensure_ascii=True).encode()


def samples(shared: Path) -> Iterator[tuple[str, str, bytes]]:
    """Give the real messages that lie beside the project: whose they are, topic and payload."""
    ways = yaml.safe_load(_WAYS.read_text(encoding="utf-8"))["topics"]
    for expectation in sorted(shared.glob("payloads/*/*/expect.json")):
        folder, expected = expectation.parent, json.loads(expectation.read_text(encoding="utf-8"))
        file = next(folder.glob("payload.*"))
        payload = bytes.fromhex(file.read_text()) if file.suffix == ".hex" else file.read_bytes()
        given = folder / "topic.txt"
        if given.exists():
            topic = given.read_text(encoding="utf-8").strip()
        else:
            way = next(way for way in ways if re.match(way["transport"], expected["transport"]))
            topic = way["topic"].format(family=expected["family"], eui="24e124136b502217")
        yield f"{folder.parent.name}/{folder.name}", topic, payload


@st.composite
def bent(draw: st.DrawFn, payload: bytes) -> bytes:
    """Bend real bytes: in their structure where they are JSON, else byte by byte."""
    try:
        document = json.loads(payload)
    except ValueError:
        document = None
    if document is None or draw(st.integers(0, 3)) == 0:
        return draw(_bent_bytes(payload))
    for _ in range(draw(st.integers(1, 4))):
        document = _bend(draw, document)
    return as_bytes(document)


@st.composite
def _bent_bytes(draw: st.DrawFn, payload: bytes) -> bytes:
    out = bytearray(payload)
    for _ in range(draw(st.integers(1, 6))):
        start = draw(st.integers(0, len(out)))
        end = draw(st.integers(start, min(len(out), start + 16)))
        out[start:end] = draw(st.binary(max_size=8))
    return bytes(out)


def _bend(draw: st.DrawFn, part: Any) -> Any:
    """Go down some way, and there replace, remove, double or wrap something."""
    if isinstance(part, dict) and part and draw(st.integers(0, 5)):
        key = draw(st.sampled_from(sorted(part)))
        if not draw(st.integers(0, 4)):
            return {each: value for each, value in part.items() if each != key}
        return {**part, key: _bend(draw, part[key])}
    if isinstance(part, list) and part and draw(st.integers(0, 5)):
        place = draw(st.integers(0, len(part) - 1))
        if not draw(st.integers(0, 4)):
            return part[:place] + part[place:] * 2
        return [*part[:place], _bend(draw, part[place]), *part[place + 1 :]]
    return draw(
        st.one_of(
            st.none(), st.booleans(), NUMBERS, _ANY_TEXT, st.just([]), st.just({}), st.just([part]), st.just(str(part))
        )
    )
