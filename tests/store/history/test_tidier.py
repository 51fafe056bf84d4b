"""The process that tidies the history up: started when there is something to do, and never alone in the world."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from ioc.model.instant import DAY, HOUR, SECOND
from ioc.store.history import History
from ioc.store.history import tidier as tidier_module
from ioc.store.history.layout import HistoryFile
from ioc.store.history.settings import HistorySettings
from ioc.store.history.tidier import Tidier

START = 1_795_352_400 * SECOND

Make = Callable[..., pl.DataFrame]
Put = Callable[..., HistoryFile]


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tidier_module, "FIRST_S", 0.0)
    monkeypatch.setattr(tidier_module, "EVERY_S", 0.05)


async def tidied(tidier: Tidier, holds: Callable[[], bool]) -> None:
    task = asyncio.create_task(tidier.run())
    try:
        async with asyncio.timeout(60):
            while not holds():
                assert not task.done()
                await asyncio.sleep(0.05)
    finally:
        task.cancel()
        await asyncio.wait({task})


def standing(folder: Path) -> int:
    return len(History(folder).survey().sound)


async def test_an_old_hour_is_merged_and_what_is_too_old_is_gone(tmp_path: Path, make_events: Make, put: Put):
    old = put(make_events(90, 5, start=START - 2_000 * DAY))
    for number in range(4):
        put(make_events(number * 5, 5, start=START - 200 * DAY + number * 60 * SECOND))
    tidier = Tidier(tmp_path, HistorySettings(keep_days=1_000))
    await tidied(tidier, lambda: standing(tmp_path) == 1 and not old.path.exists())
    assert (tidier.trouble, tidier.damaged) == ("", ())


async def test_damaged_files_are_named(tmp_path: Path, make_events: Make, put: Put):
    broken = put(make_events(0, 5, start=START - HOUR))
    put(make_events(5, 5))
    broken.path.write_bytes(b"nothing")
    tidier = Tidier(tmp_path, HistorySettings())
    await tidied(tidier, lambda: bool(tidier.damaged))
    (line,) = tidier.damaged
    assert line.startswith(f"{broken.path}: ")


async def test_what_cannot_be_done_is_said_and_tried_again(tmp_path: Path, make_events: Make, put: Put):
    (tmp_path / "merge.lock").mkdir(parents=True)
    tidier = Tidier(tmp_path, HistorySettings())
    await tidied(tidier, lambda: "merge.lock" in tidier.trouble)
    (tmp_path / "merge.lock").rmdir()
    tidier._looked_at = None
    await tidied(tidier, lambda: not tidier.trouble)


def test_the_process_says_what_it_did(tmp_path: Path, make_events: Make, put: Put):
    for number in range(3):
        put(make_events(number * 5, 5, start=START - 30 * DAY + number * 60 * SECOND))
    with subprocess.Popen(command(tmp_path), stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        assert json.loads(child.stdout.read()) == {"merged": 1, "removed": 0, "expired": 0, "damaged": []}
    assert child.returncode == 0


def test_the_process_ends_with_whoever_started_it():
    """It is killed in the middle of its work when its input ends, which it does when its parent has gone."""
    work = "import time, ioc.store.history.tidying as it; it.tidy = lambda *_: time.sleep(600); it.main('.', '{}')"
    with subprocess.Popen([sys.executable, "-P", "-c", work], stdin=subprocess.PIPE) as child:
        assert child.stdin is not None
        child.stdin.close()
        assert child.wait(60) == 1


def command(folder: Path) -> list[str]:
    return [
        sys.executable, "-P", "-m", "ioc.store.history.tidying", str(folder), HistorySettings().model_dump_json(),
    ]  # fmt: skip
