"""`ioc run`: the line, or stages of it, against a broker and a store that are already there."""

import os
import sys
from typing import Annotated

import typer

from ioc.cli.config import ConfigOption


def run(
    stages: Annotated[list[str] | None, typer.Argument(help="all, or any of ingest, rules, ui, simulators.")] = None,
    *,
    config: ConfigOption = None,
) -> int:
    """Run the line against your broker and store; one stage in this process, several in one each.

    The broker is IOC_MQTT_URL and the store IOC_REDIS_URL; where they are not set, those of a demo on this machine.
    """
    from ioc import assembly  # noqa: PLC0415 - the help does not need it
    from ioc.config import load  # noqa: PLC0415

    configuration = load(config, os.environ).configuration
    wanted = assembly.stages_named(stages or ["all"])
    if len(wanted) == 1:
        from ioc.assembly.process import run_stage  # noqa: PLC0415

        os.environ.update(assembly.FOR_SMALL_BATCHES)
        return run_stage(wanted[0], configuration)

    from ioc.runtime.processes import Supervisor  # noqa: PLC0415

    def tell(sentence: str) -> None:
        sys.stderr.write(f"ioc: {sentence}\n")

    supervisor = Supervisor(assembly.run_members(wanted, configuration), tell)
    with supervisor.watching_signals():
        supervisor.start()
        tell("running " + ", ".join(f"{name} ({pid})" for name, pid in supervisor.pids().items()))
        while not supervisor.asked_to_stop and supervisor.failed is None:
            supervisor.tend(60.0)
        late = supervisor.stop()
    tell("stopped" + (f"; killed, since they did not finish: {', '.join(late)}" if late else ""))
    return supervisor.failed[1] if supervisor.failed else 0
