"""`ioc run`: the line, or stages of it, against a broker and a store that are already there."""

import os
from typing import Annotated

import typer

from ioc.cli.config import ConfigOption


def run(
    stages: Annotated[
        list[str] | None, typer.Argument(help="all, or any of ingest, rules, ui, cameras, simulators.")
    ] = None,
    *,
    config: ConfigOption = None,
) -> int:
    """Run the line against your broker and store; one stage in this process, several in one each.

    The broker is IOC_MQTT_URL and the store IOC_REDIS_URL; where they are not set, those of a demo on this machine.
    """
    from ioc.assembly import FOR_SMALL_BATCHES  # noqa: PLC0415 - the help does not need it
    from ioc.assembly.plans import handover, plan_run, stages_named  # noqa: PLC0415
    from ioc.config import load  # noqa: PLC0415

    configuration = load(config, os.environ).configuration
    wanted = stages_named(stages or ["all"], configuration)
    if len(wanted) > 1:
        from ioc.runtime.supervised import become  # noqa: PLC0415

        become(plan_run(wanted, configuration))
    from ioc.assembly.process import run_stage  # noqa: PLC0415

    os.environ.update(FOR_SMALL_BATCHES)
    return run_stage(wanted[0], handover(wanted[0], configuration))
