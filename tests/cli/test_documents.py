"""What docs/running.md, recording.md, history.md and webhooks.md show is what the program does."""

import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest

from ingest.codecs.registry import codecs_from_text, load_codecs
from ingest.reader import Reader
from ingest.recording import read_recording
from ioc.cli import COMMANDS, load_command
from ioc.config import load
from ioc.model.event_json import event_to_json
from ioc.model.events import RawMessage
from ioc.store.asset_file import read_asset_file
from ioc.store.catalogue import load_catalogue

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGES = ("running.md", "recording.md", "webhooks.md", "configuration.md", "history.md", "rules.md")


def blocks(page: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", (DOCS / page).read_text("utf-8"), re.DOTALL | re.MULTILINE)


def commands() -> list[tuple[str, str]]:
    text = [(page, line.strip()) for page in PAGES for block in blocks(page, "sh") for line in block.splitlines()]
    return [(page, line.partition("   #")[0]) for page, line in text if line.startswith("ioc ")]


@pytest.mark.parametrize(("page", "line"), commands())
def test_a_command_of_a_page_exists_with_all_its_options(page: str, line: str) -> None:
    _, name, *arguments = shlex.split(line, comments=True)
    assert name in COMMANDS, f"{page}: {line}"
    command: Any = load_command(name)
    if hasattr(command, "commands"):
        command = command.commands[arguments.pop(0)]
    # Reads the arguments, and does nothing.
    command.make_context(name, arguments)


@pytest.mark.parametrize("language", ["csv", "yaml"])
def test_the_assets_of_the_page_can_be_loaded(tmp_path: Path, language: str) -> None:
    path = tmp_path / f"assets.{language}"
    path.write_text(blocks("running.md", language)[0])
    found = read_asset_file(path)
    assert found.mistakes == ()
    assert [asset.id for asset in found.assets] == ["cam-lake-01", "bus-17"]
    assert found.assets[0].aliases == ("gate_cam",)


def test_the_recording_of_the_page_can_be_read(tmp_path: Path) -> None:
    path = tmp_path / "day.ndjson"
    path.write_text(blocks("recording.md", "json")[0])
    first, second = read_recording(path)
    assert json.loads(first.payload) == {"pm25": 160}
    assert (second.payload, second.received_at - first.received_at) == (b"offline", 60_000_000)


def test_the_webhook_of_the_page_can_be_configured(tmp_path: Path) -> None:
    path = tmp_path / "ioc.toml"
    path.write_text(blocks("webhooks.md", "toml")[0])
    (webhook,) = load(path, {}).configuration.ui.webhooks
    assert (webhook.source, webhook.codec) == ("prometheus-1", "alertmanager")


def test_the_codec_of_the_page_reads_what_is_reported() -> None:
    catalogue = load_catalogue()
    reader = Reader(codecs_from_text(blocks("webhooks.md", "yaml")[0], catalogue=catalogue), catalogue)
    payload, expected = blocks("webhooks.md", "json")[-2:]
    (event,), rejected = reader.read(RawMessage("$in/siren/roof-1", payload.encode(), 1_795_309_200_000_000))
    assert rejected == []
    assert event_to_json(event).items() >= json.loads(expected).items()


def test_the_report_of_the_page_is_read_by_the_codec_that_ships() -> None:
    catalogue = load_catalogue()
    reader = Reader(load_codecs(catalogue=catalogue), catalogue)
    (request,) = blocks("webhooks.md", "http")
    topic = "$in/" + request.split()[1].removeprefix("/api/in/")
    payload = request.partition("\n\n")[2].encode()
    events, rejected = reader.read(RawMessage(topic, payload, 1_795_309_200_000_000))
    assert rejected == []
    assert [(event.codec, event.asset, event.values["label"]) for event in events] == [
        ("alertmanager", "bus-4", "HostDown")
    ]
