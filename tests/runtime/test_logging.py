"""Logs and what is kept out of them."""

import io
import json
import logging as standard
from collections.abc import Iterator

import pytest

from ioc.runtime import logging
from ioc.runtime.redaction import redact


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    root = standard.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = handlers, level


def test_json_logs_are_one_object_a_line_with_the_facts():
    stream = io.StringIO()
    logging.configure("info", "json", stream)
    logging.Log("ingest").warning("the broker went away", broker="mqtt://ioc:geheim@broker:1883", attempts=3)
    entry = json.loads(stream.getvalue())
    assert entry.pop("at").endswith("Z")
    assert entry == {
        "level": "warning",
        "process": "ingest",
        "message": "the broker went away",
        "broker": "mqtt://ioc:***@broker:1883",
        "attempts": 3,
    }


def test_people_read_a_sentence_and_its_facts():
    stream = io.StringIO()
    logging.configure("info", "console", stream)
    log = logging.Log("rules")
    log.info("loaded the rule book", rules=10)
    log.debug("not shown")
    log.error("cannot go on")
    first, second = stream.getvalue().splitlines()
    assert first.endswith("rules  loaded the rule book  rules=10")
    assert second.endswith("rules  ERROR: cannot go on")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("redis://user:s3cr3t@host:6379/0", "redis://user:***@host:6379/0"),
        ("redis://:s3cr3t@host", "redis://:***@host"),
        ("redis://:p@ss:w@host", "redis://:***@host"),
        ("see https://tiles.example/style?key=abc&lang=vi", "see https://tiles.example/style?key=***&lang=vi"),
        ("mqtt://host:1883", "mqtt://host:1883"),
        ("a@b:c is no address", "a@b:c is no address"),
    ],
)
def test_secrets_in_addresses_are_masked(text: str, expected: str):
    assert redact(text) == expected
