"""What nobody means well with: no event of it reaches the rules, each has a reason, and no codec fails on it."""

import pytest
from corpus import Becomes, Hostile, hostile_payloads, hostile_times, hostile_topics

from ingest.codecs.registry import load_codecs
from ingest.reader import Reader
from ioc.model.events import AtSource, RawMessage
from ioc.model.instant import from_iso
from ioc.store.catalogue import load_catalogue

ARRIVAL = from_iso("2026-11-22T08:00:00+07:00")[0]
EVERYTHING = [*hostile_payloads(), *hostile_times(), *hostile_topics()]


@pytest.fixture(scope="module")
def reader() -> Reader:
    catalogue = load_catalogue()
    return Reader(load_codecs(catalogue=catalogue), catalogue, timezone="Asia/Ho_Chi_Minh")


def test_the_corpus_is_as_large_as_it_should_be_and_names_everything_once() -> None:
    assert len(list(hostile_payloads())) >= 60
    assert len(list(hostile_topics())) >= 20
    assert len({each.name for each in EVERYTHING}) == len(EVERYTHING)


@pytest.mark.parametrize("hostile", EVERYTHING, ids=lambda hostile: hostile.name)
def test_hostile_messages_become_what_they_must(hostile: Hostile, reader: Reader) -> None:
    # What is no text never comes as far as the reader: the adapter rejects it.
    topic = hostile.topic.decode(errors="surrogateescape")

    events, rejected = reader.read(RawMessage(topic, hostile.payload, ARRIVAL))

    assert all(each.reason.strip() and len(each.reason) <= 500 for each in rejected)
    assert not any("the codec failed" in each.reason for each in rejected), rejected[0].reason
    if hostile.becomes is Becomes.ARRIVAL:
        assert [(each.at, each.at_source) for each in events] == [(ARRIVAL, AtSource.ARRIVAL)]
    else:
        assert events == []
        assert bool(rejected) == (hostile.becomes is Becomes.REJECTED)
