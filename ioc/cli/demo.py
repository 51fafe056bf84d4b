"""`ioc demo`: a living city with one command."""

import os
from typing import Annotated

import typer

from ioc.cli.config import ConfigOption


def demo(
    *,
    city: Annotated[str | None, typer.Option(help="A city that ships, or a city file.", show_default="da-lat")] = None,
    simulators: Annotated[bool, typer.Option(help="Play the city's devices.")] = True,
    past: Annotated[bool, typer.Option(help="Give the city a month of past, to try rules on.")] = True,
    cameras: Annotated[bool, typer.Option(help="Watch video: of your cameras, else of pretend ones.")] = True,
    config: ConfigOption = None,
) -> None:
    """Show a living city: broker, store, ingest, rules, page and simulated devices, all on this machine."""
    from ioc.assembly.plans import plan_demo  # noqa: PLC0415 - the help does not need it
    from ioc.config import load  # noqa: PLC0415
    from ioc.runtime.supervised import become  # noqa: PLC0415

    configuration = load(config, os.environ).configuration
    become(plan_demo(configuration, city=city, simulators=simulators, past=past, cameras=cameras))
