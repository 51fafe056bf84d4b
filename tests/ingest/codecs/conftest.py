"""A reader with all shipped codecs, and a short way to ask it."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from ingest.codecs.registry import load_codecs
from ingest.reader import Reader
from ioc.model.events import Event, RawMessage
from ioc.model.instant import Instant, from_iso
from ioc.store.catalogue import load_catalogue

ARRIVAL = from_iso("2026-11-22T08:00:00+07:00")[0]


@pytest.fixture(scope="session")
def arrival() -> Instant:
    """The moment at which every message of these tests arrives."""
    return ARRIVAL


@pytest.fixture(scope="session")
def shipped_reader() -> Reader:
    """A reader with the shipped codecs, which believes any device's clock."""
    catalogue = load_catalogue()
    return Reader(load_codecs(catalogue=catalogue), catalogue, windowed=False)


@pytest.fixture(scope="session")
def read(shipped_reader: Reader) -> Callable[..., list[Event]]:
    """Read a message that must leave nothing to complain of."""

    def ask(topic: str, payload: Any, **others: Any) -> list[Event]:
        raw = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        events, rejected = shipped_reader.read(RawMessage(topic, raw, ARRIVAL, **others))
        assert [each.reason for each in rejected] == []
        return events

    return ask


@pytest.fixture(scope="session")
def complaints(shipped_reader: Reader) -> Callable[[str, bytes], list[str]]:
    """Read a message and give the sentences of what was rejected."""

    def ask(topic: str, payload: bytes) -> list[str]:
        return [each.reason for each in shipped_reader.read(RawMessage(topic, payload, ARRIVAL))[1]]

    return ask
