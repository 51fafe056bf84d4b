"""`ioc camera run`: watches the cameras against a broker and a store that are already there."""

import os
from pathlib import Path
from typing import Annotated

import typer

from ioc.cli.config import ConfigOption


def run(
    file: Annotated[
        Path | None, typer.Argument(help="File that lists the cameras.", show_default="cameras.file")
    ] = None,
    *,
    config: ConfigOption = None,
) -> int:
    """Watch cameras until Ctrl-C; what they see goes to the broker, as from any other device.

    The broker is IOC_MQTT_URL and the store IOC_REDIS_URL; where they are not set, those of a demo on this machine.
    """
    from ioc.assembly import CAMERAS, FOR_SMALL_BATCHES  # noqa: PLC0415 - the help does not need it
    from ioc.assembly.plans import handover  # noqa: PLC0415
    from ioc.assembly.process import run_stage  # noqa: PLC0415
    from ioc.config import load  # noqa: PLC0415

    configuration = load(config, os.environ).configuration
    if file is not None:
        cameras = configuration.cameras.model_copy(update={"file": file})
        configuration = configuration.model_copy(update={"cameras": cameras})
    os.environ.update(FOR_SMALL_BATCHES)
    return run_stage(CAMERAS, handover(CAMERAS, configuration))
