"""`ioc simulate`: a pretend city that speaks to a broker."""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from ioc.cli.config import ConfigOption


def simulate(
    *,
    city: Annotated[
        str | None, typer.Option(help="A city that ships, or the path of a city file.", show_default=False)
    ] = None,
    mqtt: Annotated[
        str | None, typer.Option(metavar="URL", help="Broker: mqtt://[user:password@]host:port.", show_default=False)
    ] = None,
    speed: Annotated[
        float | None, typer.Option(min=0.01, max=600, help="City seconds in one of ours.", show_default=False)
    ] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="The same seed, the same city.", show_default=False)] = None,
    scenario: Annotated[
        Path | None, typer.Option(help="Storyline to play instead of the city's own.", show_default=False)
    ] = None,
    list_all: Annotated[bool, typer.Option("--list", help="Show cities and scenarios that ship, and end.")] = False,
    config: ConfigOption = None,
) -> int:
    """Play a city's devices against a broker, each in its own format, until interrupted.

    At any speed the messages carry the time at which they are sent; what runs faster is the city's day and its story.
    """
    if list_all:
        _list()
        return 0
    from ioc.config import load  # noqa: PLC0415 - the list and the help do not need it
    from ioc.runtime import logging  # noqa: PLC0415
    from ioc.runtime.tasks import run_until_stopped  # noqa: PLC0415
    from simulators.player import run  # noqa: PLC0415

    configuration = load(config, os.environ).configuration
    asked = {"city": city, "mqtt_url": mqtt, "speed": speed, "seed": seed, "scenario": scenario}
    settings = configuration.simulators.model_copy(
        update={name: value for name, value in asked.items() if value is not None}
    )
    logging.configure(configuration.log.level, configuration.log.format)
    return run_until_stopped("simulators", lambda stop: run(settings, stop))


def _list() -> None:
    from ioc.store.city_file import load_city  # noqa: PLC0415 - the help does not need it
    from simulators.cities import city_names, city_path  # noqa: PLC0415
    from simulators.fleet import build  # noqa: PLC0415
    from simulators.scenarios import scenario_paths  # noqa: PLC0415
    from simulators.settings import SimulatorSettings  # noqa: PLC0415
    from simulators.storyline import load_scenario, place_points  # noqa: PLC0415

    seed = SimulatorSettings().seed
    places: set[str] = set()
    sys.stdout.write("cities\n")
    for name in city_names():
        fleet = build(city_path(name), seed)
        places.update(place_points(fleet))
        sys.stdout.write(f"  {name}  {load_city(city_path(name)).title['vi']}, {len(fleet.devices)} devices\n")
    sys.stdout.write("scenarios\n")
    for path in scenario_paths():
        scenario = load_scenario(path, places)
        sys.stdout.write(f"  {path.stem}  {scenario.title['vi']} / {scenario.title['en']}  {path}\n")
