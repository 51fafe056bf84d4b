"""What docs/codecs.md shows is what the program does."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ingest.codecs import casts, changes, conditions, events, fields, messages, passthrough, payloads, registry
from ingest.codecs.registry import codecs_from_text
from ingest.reader import Reader
from ioc.model.event_json import event_to_json
from ioc.model.events import RawMessage
from ioc.runtime.marked_yaml import Misplaced
from ioc.store.catalogue import load_catalogue

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "codecs.md").read_text()
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
TOPIC = re.compile(r"[Oo]n\s+`([^`]+)`\s+the\s+message\s*$")


def examples() -> Iterator[tuple[str, str, str, str]]:
    """Give each codec with a topic, a payload and the events it becomes, as the page has them."""
    codec, pending = "", None
    end = 0
    for block in BLOCK.finditer(PAGE):
        language, text = block.groups()
        before = PAGE[end : block.start()]
        end = block.end()
        topic = TOPIC.search(before)
        if language == "yaml":
            codec = text
        elif topic is not None:
            pending = (topic[1], text.strip())
        elif pending is not None:
            yield codec, *pending, text
            pending = None


def test_the_page_has_examples() -> None:
    assert len(list(examples())) >= 5


@pytest.mark.parametrize(("codec", "topic", "payload", "shown"), list(examples()))
def test_an_example_of_the_page_is_true(codec: str, topic: str, payload: str, shown: str, arrival: int) -> None:
    catalogue = load_catalogue()
    reader = Reader(codecs_from_text(codec, catalogue=catalogue), catalogue)
    found, rejected = reader.read(RawMessage(topic, payload.encode(), arrival))
    assert rejected == []
    expected: list[dict[str, Any]] = [json.loads(line) for line in shown.splitlines()]
    ours = [event_to_json(event) for event in found]
    assert [{key: event[key] for key in wanted} for event, wanted in zip(ours, expected, strict=True)] == [
        {**wanted, "values": pytest.approx(wanted["values"])} if _numeric(wanted["values"]) else wanted
        for wanted in expected
    ]


def _numeric(values: dict[str, Any]) -> bool:
    return bool(values) and all(isinstance(value, float) for value in values.values())


def test_the_mistake_on_the_page_is_reported_as_the_page_says() -> None:
    codec, complaint = re.findall(r"This one\n\n```yaml\n(.*?)```\n\nsays\n\n```text\n(.*?)\n```", PAGE, re.DOTALL)[0]
    with pytest.raises(Misplaced) as caught:
        codecs_from_text(codec, source="sluice.yaml")
    assert str(caught.value) == complaint


def test_the_commands_on_the_page_run(tmp_path: Path) -> None:
    folder = tmp_path / "my-codecs"
    folder.mkdir()
    (folder / "sluice.yaml").write_text(next(block[2] for block in BLOCK.finditer(PAGE) if block[1] == "yaml"))
    (commands,) = (block[2] for block in BLOCK.finditer(PAGE) if block[1] == "sh")
    script = f'set -e -o pipefail; ioc() {{ "{sys.executable}" -m ioc.cli "$@"; }}\n{commands}'
    done = subprocess.run(["bash", "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "humidity" in done.stdout
    assert "71" in done.stdout


def test_every_word_of_the_language_is_on_the_page() -> None:
    words = {
        *registry._KEYS,
        *messages._KEYS,
        *messages._RETAINED,
        *events._KEYS,
        *fields.KEYS,
        *casts.TYPES,
        *changes.AS,
        *passthrough.KEYS,
        *events._SIGNAL_SCOPES,
        *conditions._KEYS,
        *conditions._CLASSES,
        *payloads.STEPS,
        *payloads.MADE_STEPS,
        "otherwise", "all", "items", "scope",
    }  # fmt: skip
    shown = set(re.findall(r"[A-Za-z0-9]+", " ".join(re.findall(r"`([^`\n]+)`", PAGE))))
    assert sorted(words - shown) == []
