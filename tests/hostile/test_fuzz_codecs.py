"""Whatever comes, on whatever topic: every codec gives events that fit, or says what is wrong, and never fails."""

import math
import os
from pathlib import Path
from typing import Any

import pytest
from corpus import hostile_payloads
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mutations import as_bytes, bent, claims_of, documents, samples, topics_of, words_of

from ingest.batch import build_batch
from ingest.codecs.registry import load_codecs
from ingest.reader import MAX_ASSET, MAX_VALUES, NEWEST, OLDEST, Reader
from ioc.model.events import AtSource, Event, Kind, RawMessage, Rejected, Signal
from ioc.model.geo import valid_position
from ioc.model.instant import from_iso
from ioc.model.quantities import MAX_TEXT, fit
from ioc.store.catalogue import load_catalogue

ARRIVAL = from_iso("2026-11-22T08:00:00+07:00")[0]
CATALOGUE = load_catalogue()
CODECS = load_codecs(catalogue=CATALOGUE)
CLAIMS = claims_of(CODECS)
READER = Reader(CODECS, CATALOGUE, timezone="Asia/Ho_Chi_Minh")

SHARED = Path(os.environ.get("IOC_SHARED", Path(__file__).resolve().parents[3] / "shared"))
SAMPLES = {name: (topic, payload) for name, topic, payload in samples(SHARED)}

FIXED = settings(
    max_examples=int(os.environ.get("IOC_FUZZ_EXAMPLES", "30")),
    derandomize="IOC_FUZZ_EXAMPLES" not in os.environ,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
"""The same messages each time; IOC_FUZZ_EXAMPLES=5000 looks for new ones."""

LARGE = 110_000
"""Bytes above which a payload is tried on our own topic only: a depth of 100,000 is within."""

_UNSEEN = {*range(9), 0x0B, 0x0C, *range(0x0E, 0x20), *range(0x7F, 0xA0), 0x200E, 0x200F, 0x061C, 0xFEFF}
_UNSEEN |= {*range(0x202A, 0x202F), *range(0x2066, 0x206A), *range(0xD800, 0xE000)}


def read_soundly(topic: str, payload: bytes, *, retained: bool = False) -> tuple[list[Event], list[Rejected]]:
    """Read a message, and hold the reader to its promises."""
    events, rejected = READER.read(RawMessage(topic, payload, ARRIVAL, retained))
    for refused in rejected:
        assert refused.reason.strip()
        assert len(refused.reason) <= 500
        assert "the codec failed" not in refused.reason, refused.reason
        assert len(refused.payload_start) <= 512
    for event in events:
        _is_sound(event)
    frame, unfit = build_batch(events, CATALOGUE)
    assert frame.height == len(events)
    assert not [each for each in unfit if any(f"{name} " in each.reason for name in CATALOGUE.names())]
    return events, rejected


def _is_sound(event: Event) -> None:
    assert event.id
    assert event.kind in set(Kind)
    assert event.signal is None or event.signal in set(Signal)
    assert event.asset is None or 0 < len(event.asset) <= MAX_ASSET
    assert not _unseen(event.asset)
    assert not _unseen(event.zone)
    assert (event.lat is None) == (event.lon is None)
    assert event.lat is None or valid_position(event.lat, event.lon)
    if event.at_source is AtSource.ARRIVAL:
        assert event.at == ARRIVAL
    else:
        assert ARRIVAL - OLDEST <= event.at <= ARRIVAL + NEWEST
    assert len(event.values) <= MAX_VALUES
    for name, value in event.values.items():
        quantity = CATALOGUE.get(name)
        if quantity is not None:
            assert fit(quantity, value) == value, (name, value)
            assert type(fit(quantity, value)) is type(value), (name, value)
        assert isinstance(value, bool | int | float | str)
        assert not isinstance(value, float) or math.isfinite(value), (name, value)
        assert isinstance(value, bool) or not isinstance(value, int) or -(2**63) <= value < 2**63, (name, value)
        assert not isinstance(value, str) or (len(value) <= MAX_TEXT and not _unseen(value)), (name, value)


def _unseen(text: str | None) -> bool:
    return text is not None and any(ord(sign) in _UNSEEN for sign in text)


@pytest.mark.parametrize("codec", CLAIMS)
def test_json_of_its_own_words_is_events_that_fit_or_is_rejected(codec: str) -> None:
    words = words_of(codec)
    topics = st.one_of([topics_of(claim, words) for claim in CLAIMS[codec]])

    @FIXED
    @given(topics, documents(words), st.booleans())
    def hold(topic: str, document: Any, retained: bool) -> None:
        read_soundly(topic, as_bytes(document), retained=retained)

    hold()


@pytest.mark.parametrize("codec", CLAIMS)
def test_any_bytes_on_its_topics_are_events_that_fit_or_are_rejected(codec: str) -> None:
    words = words_of(codec)
    topics = st.one_of([topics_of(claim, words) for claim in CLAIMS[codec]])
    payloads = st.one_of(st.binary(max_size=80), st.sampled_from(words).map(str.encode), st.text().map(_as_utf_8))

    @FIXED
    @given(topics, payloads)
    def hold(topic: str, payload: bytes) -> None:
        read_soundly(topic, payload)

    hold()


@pytest.mark.parametrize("codec", CLAIMS)
def test_the_corpus_on_its_topics_makes_no_codec_fail(codec: str) -> None:
    # One topic for each way in which the codec decodes payloads.
    topics = {claim.target.reads: _plain(claim.pattern.text) for claim in CLAIMS[codec]}
    for topic in topics.values():
        for hostile in hostile_payloads():
            if len(hostile.payload) <= LARGE:
                read_soundly(topic, hostile.payload)


@FIXED
@given(st.text(st.characters(codec=None), max_size=40), st.binary(max_size=200))
def test_any_bytes_on_any_topic_are_events_that_fit_or_are_rejected(topic: str, payload: bytes) -> None:
    read_soundly(topic, payload)


@pytest.mark.skipif(not SAMPLES, reason="the shared material is not beside the project")
@pytest.mark.parametrize("sample", SAMPLES)
def test_real_messages_that_are_bent_are_events_that_fit_or_are_rejected(sample: str) -> None:
    topic, payload = SAMPLES[sample]

    @settings(FIXED, max_examples=max(10, FIXED.max_examples // 2))
    @given(bent(payload))
    def hold(broken: bytes) -> None:
        read_soundly(topic, broken)

    hold()


def test_every_shipped_codec_is_fuzzed() -> None:
    assert set(CLAIMS) == set(CODECS.names)


def _plain(pattern: str) -> str:
    return pattern.replace("#", "x").replace("+}", "}").replace("+", "x").replace("{", "").replace("}", "")


def _as_utf_8(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
