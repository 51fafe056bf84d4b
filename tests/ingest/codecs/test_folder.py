"""Codecs that change while they are at work."""

import asyncio
import json
from pathlib import Path

import pytest

from ingest.codec_reload import follow_codecs
from ingest.codecs.folder import CodecFolder
from ingest.codecs.registry import Codecs
from ioc.model.faults import Fault
from ioc.runtime.marked_yaml import Misplaced
from ioc.runtime.tasks import end
from ioc.store.catalogue import load_catalogue

CATALOGUE = load_catalogue()


def codec(name: str, field: str = "humidity: h", topic: str | None = None) -> str:
    return (
        f"codec: {name}\nkind: sensor\nmessages:\n  - name: one\n    topics: {topic or name}/{{a}}\n"
        f'    asset: "{{a}}"\n    values: {{{field}}}\n'
    )


def values(codecs: Codecs, topic: str) -> dict[str, object]:
    outcome = codecs.decode(topic, b'{"h": 50, "t": 20}')
    return outcome.readings[0].values if outcome.readings else {}


@pytest.fixture
def shipped(tmp_path: Path) -> Path:
    folder = tmp_path / "shipped"
    folder.mkdir()
    (folder / "ship.yaml").write_text(codec("ship"))
    return folder


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    folder = tmp_path / "mine"
    folder.mkdir()
    return folder


def test_a_codec_that_is_added_changed_or_removed_is_taken_up(mine: Path, shipped: Path) -> None:
    folder = CodecFolder(mine, CATALOGUE, shipped=shipped)
    assert folder.load().names == ("ship",)
    assert folder.reload() is None
    (mine / "one.yaml").write_text(codec("one"))
    found = folder.reload()
    assert found is not None
    assert values(found, "one/x") == {"humidity": 50}
    assert folder.reload() is None
    (mine / "one.yaml").write_text(codec("one", "temp_c: t"))
    found = folder.reload()
    assert found is not None
    assert values(found, "one/x") == {"temp_c": 20}
    (mine / "one.yaml").unlink()
    found = folder.reload()
    assert found is not None
    assert found.names == ("ship",)


def test_a_users_codec_replaces_a_shipped_one_and_gives_way_again(mine: Path, shipped: Path) -> None:
    folder = CodecFolder(mine, CATALOGUE, shipped=shipped)
    folder.load()
    (mine / "ship.yaml").write_text(codec("ship", "temp_c: t"))
    found = folder.reload()
    assert found is not None
    assert values(found, "ship/x") == {"temp_c": 20}
    (mine / "ship.yaml").unlink()
    found = folder.reload()
    assert found is not None
    assert values(found, "ship/x") == {"humidity": 50}


def test_a_users_codec_goes_before_a_shipped_one_also_when_it_comes_later(mine: Path, shipped: Path) -> None:
    folder = CodecFolder(mine, CATALOGUE, shipped=shipped)
    folder.load()
    (mine / "late.yaml").write_text(codec("late", "temp_c: t", "ship"))
    found = folder.reload()
    assert found is not None
    assert values(found, "ship/x") == {"temp_c": 20}


def test_what_has_not_changed_is_not_compiled_anew(mine: Path, shipped: Path) -> None:
    (mine / "one.yaml").write_text(codec("one"))
    folder = CodecFolder(mine, CATALOGUE, shipped=shipped)
    before = {each[0].codec: each[0] for topic in ("one/x", "ship/x") for each in folder.load()._index.find(topic)}
    (mine / "two.yaml").write_text(codec("two"))
    found = folder.reload()
    assert found is not None
    for topic, name in (("one/x", "one"), ("ship/x", "ship")):
        assert found._index.find(topic)[0][0] is before[name]


def test_what_a_device_announced_is_remembered_though_codecs_change(mine: Path) -> None:
    folder = CodecFolder(mine, CATALOGUE)
    before = folder.load()
    config = {"name": "Heat", "state_topic": "boiler/heat", "unique_id": "boiler-1", "device_class": "temperature"}
    before.decode("homeassistant/sensor/boiler/heat/config", json.dumps(config).encode())
    assert before.decode("boiler/heat", b"21.5").readings
    (mine / "one.yaml").write_text(codec("one"))
    after = folder.reload()
    assert after is not None
    assert after.decode("boiler/heat", b"21.5").readings == before.decode("boiler/heat", b"21.5").readings


def test_a_mistake_is_said_once_with_its_place_and_what_comes_after_it_is_seen(mine: Path, shipped: Path) -> None:
    folder = CodecFolder(mine, CATALOGUE, shipped=shipped)
    folder.load()
    (mine / "one.yaml").write_text(codec("one", "humidity: {pth: h}"))
    with pytest.raises(Misplaced, match=r"one.yaml:7:25: 'pth' is not known here"):
        folder.reload()
    assert folder.reload() is None
    (mine / "one.yaml").write_text(codec("one"))
    assert folder.reload() is not None


def test_a_folder_that_is_not_there_is_a_fault(tmp_path: Path, shipped: Path) -> None:
    with pytest.raises(Fault, match="is not there; create it"):
        CodecFolder(tmp_path / "none", CATALOGUE, shipped=shipped).load()


async def test_the_last_good_codecs_stay_at_work_while_one_has_a_mistake(
    mine: Path, shipped: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ingest.codec_reload.LOOK_S", 0.01)

    class Reader:
        codecs: Codecs

    folder, reader, notes = CodecFolder(mine, CATALOGUE, shipped=shipped), Reader(), []
    reader.codecs = folder.load()
    said = asyncio.Event()

    def note(problem: str | None) -> None:
        notes.append(problem)
        said.set()

    task = asyncio.create_task(follow_codecs(folder, reader, note))
    for text in (codec("one"), "codec: [", codec("one", "temp_c: t")):
        said.clear()
        # In one step, so that half a file is never seen.
        (mine / "new").write_text(text)
        (mine / "new").rename(mine / "one.yaml")
        async with asyncio.timeout(5):
            await said.wait()
        if text == "codec: [":
            assert values(reader.codecs, "one/x") == {"humidity": 50}
    await end([task])
    assert values(reader.codecs, "one/x") == {"temp_c": 20}
    assert (notes[0], notes[2]) == (None, None)
    assert "one.yaml:2:1: this is not YAML" in str(notes[1])
