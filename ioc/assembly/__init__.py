"""The line as one list: which processes there are, what each is there for, and how it is run."""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import simulators
from ioc.config import NO_BASEMAP, Configuration
from ioc.model.faults import Fault
from ioc.runtime import embedded
from ioc.runtime.children import Command, python
from ioc.runtime.processes import Member


@dataclass(frozen=True, slots=True)
class Stage:
    """A part of the line that is ours.

    Attributes:
        name: as on the command line, in logs and on the health board; also its section of the configuration.
        does: a few words for a person.
        module: where its `run` is; imported only by the process that runs it.
        keeps: whether it is given the store.
    """

    name: str
    does: str
    module: str
    keeps: bool = True


UI: Final = Stage("ui", "shows the live map", "ui.server.stage")
RULES: Final = Stage("rules", "finds what operators must see", "rules.stage")
INGEST: Final = Stage("ingest", "turns messages into events", "ingest.stage")
SIMULATORS: Final = Stage("simulators", "plays a city's devices", "simulators.player", keeps=False)

STAGES: Final = {stage.name: stage for stage in (UI, RULES, INGEST, SIMULATORS)}
"""In the order of starting, which is the reverse of the order of stopping: sources stop first."""

LINE: Final = (UI, RULES, INGEST)
"""What `ioc run all` means: everything but a pretend city."""

COMPOSED: Final = "IOC_COMPOSED_CONFIGURATION"
"""The variable in which a child is handed the whole configuration, as JSON."""

DEMO_BASEMAP: Final = "https://tiles.openfreemap.org/styles/dark"
"""What the browser tries in the demo; where it cannot reach it, it draws the plain local map."""

CITIES: Final = Path(simulators.__file__).parent / "cities"

FOR_SMALL_BATCHES: Final = {
    # Batches of a city are small: a pool of threads would cost 20 MB a process and gain nothing.
    "POLARS_MAX_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MALLOC_ARENA_MAX": "2",
}


def stage_command(stage: Stage, configuration: Configuration, *, logs: bool = False) -> Command:
    """Describe a stage as a child process.

    Args:
        stage: which.
        configuration: handed over whole.
        logs: write its log into the data folder, instead of to the terminal.
    """
    address = f"http://{configuration.ui.host}:{configuration.ui.port}" if stage is UI else ""
    return Command(
        name=stage.name,
        does=stage.does,
        arguments=python("ioc.assembly.process", stage.name),
        environment=_environment(configuration),
        log=configuration.data / "logs" / f"{stage.name}.log" if logs else None,
        address=address,
        ports=(configuration.ui.port,) if stage is UI else (),
    )


def embedded_members(configuration: Configuration) -> list[Member]:
    """Describe the store and the broker that come with the program, where no other is configured.

    Raises:
        Fault: a port is taken; the sentence names it and its variable.
    """
    logs = configuration.data / "logs"
    members = []
    if configuration.redis.url is None:
        embedded.require_free(configuration.redis.port, "IOC_REDIS_PORT")
        store = embedded.store(configuration.data / "store", port=configuration.redis.port, log=logs / "store.log")
        members.append(Member(store))
    if configuration.mqtt.url is None:
        embedded.require_free(configuration.mqtt.port, "IOC_MQTT_PORT")
        embedded.require_free(configuration.mqtt.port_v5, "IOC_MQTT5_PORT")
        broker = embedded.broker(
            configuration.data / "broker",
            port=configuration.mqtt.port,
            port_v5=configuration.mqtt.port_v5,
            log=logs / "broker.log",
        )
        members.append(Member(broker))
    return members


def demo_members(configuration: Configuration, *, simulators: bool) -> list[Member]:
    """List the demo's processes in the order of starting.

    Raises:
        Fault: a port is taken; the sentence names it and its variable.
    """
    embedded.require_free(configuration.ui.port, "IOC_UI_PORT")
    members = embedded_members(configuration)
    stages = LINE + ((SIMULATORS,) if simulators else ())
    for stage in stages:
        members.append(Member(stage_command(stage, configuration, logs=True)))
        if stage is UI:
            members.append(Member(_city_command(configuration, simulators=simulators), once=True))
    return members


def run_members(stages: Iterable[Stage], configuration: Configuration) -> list[Member]:
    """List the processes of `ioc run`, in the order of starting.

    Raises:
        Fault: the page's port is taken.
    """
    wanted = set(stages)
    if UI in wanted:
        embedded.require_free(configuration.ui.port, "IOC_UI_PORT")
    return [Member(stage_command(stage, configuration)) for stage in STAGES.values() if stage in wanted]


def for_demo(configuration: Configuration, *, city: str | None) -> Configuration:
    """Give the configuration what only the demo assumes: the city, and a base map that the browser may try."""
    simulators = configuration.simulators
    ui = configuration.ui.model_copy(update={"demo": True})
    if ui.basemap is None:
        ui = ui.model_copy(update={"basemap": DEMO_BASEMAP, "basemap_optional": True})
    if city is not None:
        simulators = simulators.model_copy(update={"city": city})
    return configuration.model_copy(update={"ui": ui, "simulators": simulators})


def city_file(city: str) -> Path:
    """Find the file of a city by the name under which it ships, or by its path.

    Raises:
        Fault: there is neither.
    """
    named = CITIES / f"{city}.yaml"
    path = named if named.is_file() else Path(city)
    if not path.is_file():
        shipped = ", ".join(sorted(file.stem for file in CITIES.glob("*.yaml")))
        raise Fault(f"there is no city {city!r}: give the path of a city file, or one of {shipped}")
    return path


def composed(environment: Mapping[str, str] = os.environ) -> Configuration:
    """Read the configuration that the supervisor handed over."""
    return Configuration.model_validate_json(environment[COMPOSED])


def stages_named(names: Iterable[str]) -> list[Stage]:
    """Look stages up by name; `all` means the whole line.

    Raises:
        Fault: there is no such stage.
    """
    found: list[Stage] = []
    for name in names:
        if name != "all" and name not in STAGES:
            raise Fault(f"there is no stage {name!r}; there are all, {', '.join(sorted(STAGES))}")
        found += LINE if name == "all" else (STAGES[name],)
    return [stage for stage in STAGES.values() if stage in found]


def _city_command(configuration: Configuration, *, simulators: bool) -> Command:
    return Command(
        name="city",
        does="registers the city's areas and assets",
        arguments=python("ioc.assembly.city", "with-devices" if simulators else "without-devices"),
        environment=_environment(configuration),
        log=configuration.data / "logs" / "city.log",
    )


def _environment(configuration: Configuration) -> dict[str, str]:
    if configuration.ui.basemap == NO_BASEMAP:
        configuration = configuration.model_copy(update={"ui": configuration.ui.model_copy(update={"basemap": None})})
    return {**FOR_SMALL_BATCHES, COMPOSED: configuration.model_dump_json()}
