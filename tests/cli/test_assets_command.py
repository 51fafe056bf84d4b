"""`ioc assets` and `ioc city`: what they register, and how they end."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from ioc.store.opening import open_store
from simulators.cities import city_path

Ioc = Callable[..., tuple[int, str, str]]


@pytest.fixture
def ioc(embedded_store: str) -> Ioc:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("IOC_")}

    def run(*arguments: str) -> tuple[int, str, str]:
        done = subprocess.run(
            [sys.executable, "-m", "ioc.cli", *arguments],
            env={**environment, "IOC_REDIS_URL": embedded_store},
            capture_output=True,
            check=False,
            text=True,
        )
        return done.returncode, done.stdout, done.stderr

    return run


async def test_assets_are_added_changed_and_with_replace_removed(ioc: Ioc, embedded_store: str, tmp_path: Path) -> None:
    path = tmp_path / "assets.csv"
    path.write_text("id,kind,name\na,camera,One\nb,wifi,Two\n")
    assert ioc("assets", "load", str(path)) == (
        0, "2 assets read: 2 added, 0 changed, 0 removed; 2 registered\n", "",
    )  # fmt: skip
    path.write_text("id,kind,name\na,camera,Uno\nc,sensor,Three\n")
    said = ioc("assets", "load", "--dry-run", "--replace", str(path))[1]
    assert said == ("2 assets read: 1 would be added, 1 would be changed, 1 would be removed; 2 would be registered\n")
    assert ioc("assets", "load", str(path))[1] == "2 assets read: 1 added, 1 changed, 0 removed; 3 registered\n"
    assert ioc("assets", "load", "--replace", str(path))[1].endswith("0 added, 0 changed, 1 removed; 2 registered\n")
    async with open_store(embedded_store) as store:
        assert {name: asset.name for name, asset in (await store.assets.load()).items()} == {"a": "Uno", "c": "Three"}
        version = await store.assets.version()
        ioc("assets", "load", str(path))
        assert await store.assets.version() == version, "what changes nothing tells nobody"
    listed = json.loads(ioc("assets", "list", "--json")[1])
    assert listed == [{"id": "a", "kind": "camera", "name": "Uno"}, {"id": "c", "kind": "sensor", "name": "Three"}]
    assert "Three" in ioc("assets", "list")[1]


def test_areas_that_the_city_does_not_have_are_told(ioc: Ioc, tmp_path: Path) -> None:
    ioc("city", "load", str(city_path("da-lat")))
    path = tmp_path / "assets.csv"
    path.write_text("id,kind,area\na,camera,nowhere\nb,camera,\n")
    status, _, complaint = ioc("assets", "load", str(path))
    assert (status, complaint) == (0, "ioc: the registered city has no area nowhere; see ioc city show\n")


def test_a_mistake_loads_nothing(ioc: Ioc, tmp_path: Path) -> None:
    path = tmp_path / "assets.csv"
    path.write_text("id,kind\na,camera\nb,toaster\n")
    status, said, _ = ioc("assets", "load", str(path))
    assert (status, said.splitlines()[0][: len(str(path)) + 5]) == (1, f"{path}:3:2:")
    assert said.endswith("1 mistake; nothing was loaded\n")
    assert json.loads(ioc("assets", "list", "--json")[1]) == []


def test_a_city_is_registered_and_shown(ioc: Ioc, tmp_path: Path) -> None:
    assert ioc("city", "show")[0] == 1
    status, said, complaint = ioc("city", "load", str(city_path("da-lat")))
    assert (status, complaint) == (0, "")
    assert "areas registered" in said
    assert ioc("city", "show")[1].startswith("da-lat  Đà Lạt / Da Lat, Asia/Ho_Chi_Minh\n")
    wrong = tmp_path / "city.yaml"
    wrong.write_text("id: x\n")
    assert ioc("city", "load", str(wrong))[0] == 1


def test_a_store_that_is_not_there_is_one_sentence(tmp_path: Path, free_port: Callable[[], int]) -> None:
    path = tmp_path / "assets.csv"
    path.write_text("id,kind\na,camera\n")
    done = subprocess.run(
        [sys.executable, "-m", "ioc.cli", "assets", "load", str(path)],
        env={**os.environ, "IOC_REDIS_URL": f"redis://127.0.0.1:{free_port()}"},
        capture_output=True,
        check=False,
        text=True,
    )
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
