"""The command line as a person meets it."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from ioc.cli import COMMANDS

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def ioc(tmp_path: Path) -> Run:
    def run(*arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "-m", "ioc", *arguments],
            cwd=tmp_path,
            env={"PATH": "/usr/bin:/bin", "COLUMNS": "200", "HOME": str(tmp_path), **environment},
            capture_output=True,
            text=True,
            check=False,
        )

    return run


def test_help_lists_every_command_with_its_line(ioc: Run):
    done = ioc("--help")
    assert done.returncode == 0
    for name, (_, line) in COMMANDS.items():
        assert name in done.stdout
        assert line in done.stdout


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself(ioc: Run, name: str):
    done = ioc(name, "--help")
    assert done.returncode == 0, done.stderr
    assert f"ioc {name}" in done.stdout


def test_help_does_not_load_what_commands_need():
    code = "import sys, ioc.cli; sys.argv = ['ioc', '--help']\ntry: ioc.cli.main()\nexcept SystemExit: pass\nprint(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.splitlines()[-1].split())
    assert not loaded & {"polars", "redis", "pydantic", "fastapi", "numpy", "yaml", "ioc.config"}


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["demmo"], "No such command 'demmo'"),
        (["demo", "--town"], "No such option: --town"),
        (["demo", "--city", "atlantis"], "there is no city 'atlantis'"),
        (["run", "everything"], "there is no stage 'everything'"),
        (["config", "show", "--config", "nowhere.toml"], "nowhere.toml cannot be read"),
    ],
)
def test_wrong_use_is_one_sentence_and_exit_2(ioc: Run, arguments: list[str], sentence: str):
    done = ioc(*arguments)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith("ioc: ")
    assert sentence in done.stderr
    assert done.stderr.count("\n") == 1


def test_config_show_says_where_values_come_from_and_no_secret(ioc: Run, tmp_path: Path):
    (tmp_path / "ioc.toml").write_text('[redis]\nurl = "redis://ioc:geheim@store:6379"\n', encoding="utf-8")
    done = ioc("config", "show", "--json", IOC_UI_PORT="9001")
    shown = json.loads(done.stdout)
    assert "geheim" not in done.stdout
    assert shown["redis.url"] == {
        "value": "redis://ioc:***@store:6379",
        "from": "ioc.toml",
        "variable": "IOC_REDIS_URL",
    }
    assert shown["ui.port"] == {"value": "9001", "from": "IOC_UI_PORT", "variable": "IOC_UI_PORT"}
    assert shown["mqtt.port"]["from"] == "default"
    assert "ioc.toml" in ioc("config", "show").stdout


def test_config_schema_is_a_json_schema(ioc: Run):
    schema = json.loads(ioc("config", "schema").stdout)
    assert schema["properties"].keys() >= {"data", "mqtt", "redis", "ingest", "rules", "ui", "simulators", "log"}


def test_a_stage_without_a_store_to_speak_to_says_so_without_the_password(ioc: Run):
    done = ioc("run", "ingest", IOC_REDIS_URL="http://user:geheim@nowhere")
    assert done.returncode == 2
    assert "IOC_REDIS_URL" in done.stderr
    assert "geheim" not in done.stderr
