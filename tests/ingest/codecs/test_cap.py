"""Warnings to the public: which language is read, what is an alarm, and where it is."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ingest.codecs.cap import MAX_ALERTS, MAX_PARAMETERS, read_cap
from ingest.codecs.readings import Reading
from ingest.codecs.xml_tree import read_xml
from ioc.model.events import Event, Kind, Signal
from ioc.model.quantities import MAX_TEXT

Read = Callable[..., list[Event]]

TOPIC = "$in/cap/duty-desk"


def alert(*infos: str, **fields: str) -> bytes:
    """Write an alert of the water board; fields replace or add to its own."""
    head = {
        "identifier": "WB-17",
        "sender": "desk@water.example",
        "sent": "2026-11-22T07:30:00+07:00",
        "status": "Actual",
        "msgType": "Alert",
        "scope": "Public",
        **fields,
    }
    elements = "".join(f"<{name}>{text}</{name}>" for name, text in head.items())
    return f'<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2">{elements}{"".join(infos)}</alert>'.encode()


def info(inner: str = "", **fields: str) -> str:
    """Write an info block about a flood."""
    head = {
        "category": "Met",
        "event": "Flood",
        "urgency": "Expected",
        "severity": "Severe",
        "certainty": "Likely",
        **fields,
    }
    return "<info>" + "".join(f"<{name}>{text}</{name}>" for name, text in head.items()) + inner + "</info>"


def parsed(document: bytes) -> list[Reading]:
    problems: list[str] = []
    readings = read_cap(read_xml(document), {}, problems, 0)
    assert problems == []
    assert readings is not None
    return readings


def test_an_alert_is_an_event_of_its_sender(read: Read) -> None:
    event = read(TOPIC, alert(info(headline="Keep away from the river", expires="2026-11-22T12:00:00+07:00")))[0]
    assert (event.kind, event.asset, event.signal) == (Kind.CITIZEN, "desk@water.example", Signal.ALERT)
    assert event.values["event_key"] == "WB-17"
    assert event.values["label"] == "Flood"
    assert event.values["valid_to"] == "2026-11-22T05:00:00.000Z"


@pytest.mark.parametrize(
    ("said", "ours"), [("Extreme", "critical"), ("Severe", "major"), ("Moderate", "minor"), ("Minor", "warning")]
)
def test_a_severity_is_one_of_ours_beside_what_was_said(said: str, ours: str) -> None:
    values = parsed(alert(info(severity=said)))[0].values
    assert (values["severity"], values["severity_said"]) == (ours, said)


def test_an_unknown_severity_is_no_severity_of_ours() -> None:
    values = parsed(alert(info(severity="Unknown")))[0].values
    assert "severity" not in values
    assert values["severity_said"] == "Unknown"


@pytest.mark.parametrize(
    ("languages", "chosen"),
    [(["en-US", "vi-VN"], "vi-VN"), (["fr-FR", "en"], "en"), (["fr-FR", "de-DE"], "fr-FR"), (["", "fr"], "")],
)
def test_one_language_is_read_and_the_titles_of_others_are_kept(languages: list[str], chosen: str) -> None:
    blocks = [
        info(headline=f"title in {language}.", **({"language": language} if language else {})) for language in languages
    ]
    readings = parsed(alert(*blocks))
    assert len(readings) == 1
    assert readings[0].values["headline"] == f"title in {chosen}."
    other = next(language for language in languages if language != chosen)
    assert readings[0].values.get(f"headline_{other[:2]}") == f"title in {other}."


def test_blocks_in_one_language_speak_of_different_things() -> None:
    first, second = parsed(alert(info(event="Flood"), info(event="Landslide")))
    assert (first.values["event_key"], second.values["event_key"]) == ("WB-17", "WB-17#1")
    assert second.values["label"] == "Landslide"


def test_a_block_that_stands_there_twice_counts_once() -> None:
    assert len(parsed(alert(info(), info()))) == 1


@pytest.mark.parametrize(
    ("fields", "block", "signal", "phase"),
    [
        ({"msgType": "Alert"}, {}, Signal.ALERT, "new"),
        ({"msgType": "Update"}, {}, Signal.ALERT, "update"),
        ({"msgType": "Cancel"}, {}, Signal.CLEAR, "end"),
        ({"msgType": "Error"}, {}, Signal.CLEAR, "end"),
        ({"msgType": "Update"}, {"responseType": "AllClear"}, Signal.CLEAR, "end"),
        ({"status": "Exercise"}, {}, None, "new"),
        ({"status": "Test"}, {}, None, "new"),
    ],
)
def test_only_what_is_real_and_not_over_is_an_alarm(
    fields: dict[str, str], block: dict[str, str], signal: Signal | None, phase: str
) -> None:
    reading = parsed(alert(info(**block), **fields))[0]
    assert (reading.signal, reading.values["phase"]) == (signal, phase)
    assert reading.values.get("simulated", False) is (signal is None)


def test_an_acknowledgement_is_no_event() -> None:
    assert parsed(alert(info(), msgType="Ack")) == []


def test_earlier_alerts_are_named() -> None:
    said = "desk@water.example,WB-15,2026-11-22T06:00:00+07:00 desk@water.example,WB-16,2026-11-22T07:00:00+07:00"
    assert parsed(alert(info(), references=said))[0].values["references"] == "WB-15 WB-16"


def test_a_polygon_gives_its_middle_latitude_first() -> None:
    area = "<area><areaDesc>Ward 1</areaDesc><polygon>11.9,108.4 11.9,108.5 12.0,108.5 12.0,108.4 11.9,108.4</polygon></area>"
    reading = parsed(alert(info(area)))[0]
    assert (reading.lat, reading.lon) == (pytest.approx(11.95), pytest.approx(108.45))
    assert reading.zone == "Ward 1"


def test_a_circle_gives_its_centre_and_a_code_none() -> None:
    circle = "<area><areaDesc>The dam</areaDesc><circle>11.94,108.44 5.0</circle></area>"
    code = "<area><areaDesc>The province</areaDesc><geocode><valueName>ISO</valueName><value>VN-35</value></geocode></area>"
    first, second = parsed(alert(info(circle), info(code)))
    assert (first.lat, first.lon) == (11.94, 108.44)
    assert second.lat is None
    assert second.values["geocodes"] == "ISO=VN-35"


@pytest.mark.parametrize("shape", ["", "here", "1,2,3", "95,10 96,10 96,11", "11.9;108.4", "nan,nan nan,nan"])
def test_a_shape_that_cannot_be_read_is_no_position(shape: str) -> None:
    reading = parsed(alert(info(f"<area><areaDesc>x</areaDesc><polygon>{shape}</polygon></area>")))[0]
    assert reading.lat is None


def test_numbers_among_the_senders_own_words_become_quantities_but_not_without_end() -> None:
    words = "".join(
        f"<parameter><valueName>word {n}</valueName><value>{n}.5</value></parameter>" for n in range(MAX_PARAMETERS + 5)
    )
    values = parsed(alert(info(words + "<parameter><valueName>office</valueName><value>x</value></parameter>")))[
        0
    ].values
    assert values["word_0"] == 0.5
    assert sum(name.startswith("word_") for name in values) == MAX_PARAMETERS
    assert "office" not in values


def test_a_magnitude_is_one_whatever_its_centre_calls_it() -> None:
    word = "<parameter><valueName>EventPreliminaryMagnitude</valueName><value>6.1</value></parameter>"
    assert parsed(alert(info(word)))[0].values["magnitude"] == 6.1


def test_a_senders_own_word_replaces_nothing_of_the_alert() -> None:
    word = "<parameter><valueName>severity</valueName><value>9</value></parameter>"
    assert parsed(alert(info(word)))[0].values["severity"] == "major"


def test_who_to_call_is_left_out_and_long_texts_are_cut(read: Read) -> None:
    event = read(TOPIC, alert(info(contact="Mrs Lan 0912 345 678", description="x" * 5000)))[0]
    assert "0912" not in str(event.values)
    assert len(str(event.values["description"])) == MAX_TEXT


def test_a_feed_holds_alerts_or_repeats_their_main_fields(read: Read) -> None:
    feed = (
        b'<feed xmlns="http://www.w3.org/2005/Atom" xmlns:cap="urn:oasis:names:tc:emergency:cap:1.1">'
        b"<entry><id>WB-20</id><updated>2026-11-22T07:00:00+07:00</updated><title>High water</title>"
        b"<author><name>Water board</name></author><cap:event>Flood</cap:event><cap:msgType>Alert</cap:msgType>"
        b"<cap:severity>Moderate</cap:severity><cap:areaDesc>Ward 2</cap:areaDesc></entry>"
        b"<entry><id>WB-21</id><content>" + alert(info(), identifier="WB-21") + b"</content></entry></feed>"
    )
    events = read(TOPIC, feed)
    assert [event.values["event_key"] for event in events] == ["WB-20", "WB-21"]
    assert (events[0].asset, events[0].zone, events[0].values["severity"]) == ("Water board", "Ward 2", "minor")


def test_a_feed_without_alerts_is_nothing_and_no_mistake(read: Read) -> None:
    assert read(TOPIC, b"<feed><title>All quiet</title></feed>") == []


def test_a_feed_without_end_is_refused(complaints: Callable[[str, bytes], list[str]]) -> None:
    feed = b"<feed>" + alert(info()) * (MAX_ALERTS + 1) + b"</feed>"
    assert len(complaints(TOPIC, feed)) == 1


def test_an_alert_in_json_is_read_as_well(read: Read) -> None:
    said: dict[str, Any] = {
        "identifier": "J-1",
        "sender": "desk",
        "sent": "2026-11-22T07:30:00+07:00",
        "status": "Actual",
        "msgType": "Alert",
        "info": {"event": "Fire", "severity": "Extreme"},
    }
    assert read(TOPIC, said)[0].values["severity"] == "critical"


def test_an_alert_is_known_by_its_shape_on_any_topic(read: Read) -> None:
    assert read("somebody/elses/bridge", alert(info()))[0].codec == "cap"


@pytest.mark.parametrize(
    "bomb",
    [
        b'<!DOCTYPE a [<!ENTITY x "ha"><!ENTITY y "&x;&x;&x;&x;&x;&x;">]><alert>&y;</alert>',
        b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/hostname">]><alert>&x;</alert>',
        b"<alert>" * 2000,
        b"<alert>" + b"<info/>" * 50_000 + b"</alert>",
        b"\x00",
        b"<alert/>",
    ],
)
def test_bombs_and_rubbish_are_refused(complaints: Callable[[str, bytes], list[str]], bomb: bytes) -> None:
    assert len(complaints(TOPIC, bomb)) == 1


WORDS = [
    "identifier", "sender", "sent", "info", "entry", "item", "alert", "area", "polygon", "circle", "parameter",
    "valueName", "value", "geocode", "event", "language", "references", "status", "msgType", "severity", "headline",
    "author", "name", "#text", "feed",
]  # fmt: skip

plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=30),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(WORDS),
            inner,
            max_size=8,
        )
    ),
    max_leaves=25,
)


@given(plain)
@example({"identifier": "a", "sender": "b", "info": [[1], {"area": [{"polygon": [None, "1,1 2,2 3,1", True]}]}]})
def test_no_document_makes_the_reader_fail(document: Any) -> None:
    readings = read_cap(document, {}, [], 0)
    for reading in readings or ():
        assert all(value is not None for value in reading.values.values())
