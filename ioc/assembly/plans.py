"""Plans what runs: the processes of `ioc demo` and of `ioc run`, from the configuration."""

import hashlib
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Final

from ioc.assembly import CAMERAS, FOR_SMALL_BATCHES, INGEST, LINE, RULES, SIMULATORS, STAGES, UI, Stage
from ioc.assembly.handover import Handover
from ioc.config import NO_BASEMAP, Configuration
from ioc.model.faults import Fault
from ioc.runtime import embedded
from ioc.runtime.children import Command, python
from ioc.runtime.processes import Member
from ioc.runtime.supervised import Page, Plan
from simulators.cities import camera_file, city_path

PRETEND_CAMERAS_PORT: Final = "IOC_PRETEND_CAMERAS_PORT"
"""The variable by which the file of the pretend cameras names the port that draws them."""

DEMO_BASEMAP: Final = "https://tiles.openfreemap.org/styles/dark"
"""What the browser tries in the demo; where it cannot reach it, it draws the plain local map."""


def plan_demo(
    configuration: Configuration, *, city: str | None, simulators: bool, past: bool = True, cameras: bool = True
) -> Plan:
    """Plan the demo: broker and store of our own where no others are configured, the line, and a city.

    Args:
        configuration: as loaded; what only the demo assumes is added here.
        city: name or path of the city; None takes the configured one.
        simulators: whether the city's devices are played.
        past: whether a past of theirs is written into the history, for those who try rules on it.
        cameras: whether video is watched: of the cameras that are configured, else of pretend ones.

    Raises:
        Fault: there is no such city, or a port is taken; the sentence names it and its variable.
    """
    configuration = _for_demo(configuration, city=city)
    pretend_cameras = _pretend_cameras(configuration) if cameras and simulators else None
    embedded.require_free(configuration.ui.port, "IOC_UI_PORT")
    members = _embedded_members(configuration)
    for stage in LINE + ((SIMULATORS,) if simulators else ()):
        members.append(Member(_stage_command(stage, configuration, logs=True), waits=stage is not UI))
        if stage is UI:
            members += _city_members(configuration, simulators=simulators)
    if cameras and configuration.cameras.file is not None:
        members.append(Member(_stage_command(CAMERAS, configuration, logs=True), waits=True, aside=True))
    elif pretend_cameras is not None:
        members += pretend_cameras
    if past and simulators and configuration.history.enabled:
        members.append(_past_member(configuration))
    return Plan(tuple(members), data=configuration.data, page=_page(configuration))


def plan_run(stages: Iterable[Stage], configuration: Configuration) -> Plan:
    """Plan `ioc run`: one process for each stage, logging to the terminal.

    Raises:
        Fault: the page's port is taken.
    """
    wanted = set(stages)
    if UI in wanted:
        embedded.require_free(configuration.ui.port, "IOC_UI_PORT")
    return Plan(tuple(Member(_stage_command(stage, configuration)) for stage in STAGES.values() if stage in wanted))


def stages_named(names: Iterable[str], configuration: Configuration) -> list[Stage]:
    """Look stages up by name; `all` means the whole line, with cameras where any are configured.

    Raises:
        Fault: there is no such stage.
    """
    found: list[Stage] = []
    for name in names:
        if name != "all" and name not in STAGES:
            raise Fault(f"there is no stage {name!r}; there are all, {', '.join(sorted(STAGES))}")
        cameras = () if configuration.cameras.file is None else (CAMERAS,)
        found += (*LINE, *cameras) if name == "all" else (STAGES[name],)
    return [stage for stage in STAGES.values() if stage in found]


def handover(stage: Stage, configuration: Configuration) -> Handover:
    """Choose what one stage's process is told of the configuration."""
    settings = getattr(configuration, stage.name)
    if stage is UI and configuration.ui.basemap == NO_BASEMAP:
        settings = configuration.ui.model_copy(update={"basemap": None})
    return Handover(
        redis_url=configuration.redis_url,
        log_level=configuration.log.level,
        log_format=configuration.log.format,
        settings=settings.model_dump_json(),
        codecs_dir=None if configuration.ingest.codecs_dir is None else str(configuration.ingest.codecs_dir),
        timezone=configuration.ingest.city_timezone,
        rules_dir=str(configuration.rules.rules_dir),
        history=_history(configuration) if stage is RULES else None,
        history_dir=str(configuration.history_folder),
        pictures=configuration.settled_pictures.model_dump_json() if stage in {UI, CAMERAS} else None,
    )


def _history(configuration: Configuration) -> str | None:
    if not configuration.history.enabled:
        return None
    # Told in full: a stage's working directory may one day be another one.
    folder = configuration.history_folder.absolute()
    return configuration.history.model_copy(update={"folder": folder}).model_dump_json()


def _for_demo(configuration: Configuration, *, city: str | None) -> Configuration:
    path = city_path(city or configuration.simulators.city)
    ui = configuration.ui.model_copy(update={"demo": True})
    if ui.basemap is None:
        ui = ui.model_copy(update={"basemap": DEMO_BASEMAP, "basemap_optional": True})
    played = configuration.simulators.model_copy(update={"city": str(path)})
    return configuration.model_copy(update={"ui": ui, "simulators": played})


def _embedded_members(configuration: Configuration) -> list[Member]:
    logs = configuration.data / "logs"
    mqtt, redis = configuration.mqtt, configuration.redis
    members = []
    if redis.url is None:
        embedded.require_free(redis.port, "IOC_REDIS_PORT")
        members.append(Member(embedded.store(configuration.data / "store", port=redis.port, log=logs / "store.log")))
    if mqtt.url is None:
        embedded.require_free(mqtt.port, "IOC_MQTT_PORT")
        embedded.require_free(mqtt.port_v5, "IOC_MQTT5_PORT")
        directory = configuration.data / "broker"
        members.append(
            Member(embedded.broker(directory, port=mqtt.port, port_v5=mqtt.port_v5, log=logs / "broker.log"))
        )
    return members


def _stage_command(stage: Stage, configuration: Configuration, *, logs: bool = False) -> Command:
    return Command(
        name=stage.name,
        does=stage.does,
        arguments=python("ioc.assembly.process", stage.name),
        environment={**FOR_SMALL_BATCHES, **handover(stage, configuration).environment()},
        log=configuration.data / "logs" / f"{stage.name}.log" if logs else None,
        address=_page(configuration).address if stage is UI else "",
        ports=(configuration.ui.port,) if stage is UI else (),
    )


def _page(configuration: Configuration) -> Page:
    return Page(configuration.ui.host, configuration.ui.port, must_be_well=(INGEST.name, RULES.name))


def _city_members(configuration: Configuration, *, simulators: bool) -> list[Member]:
    """Give the process that registers the city; none where our own store has the very same city already."""
    devices = "with-devices" if simulators else "without-devices"
    city = configuration.simulators
    content = Path(city.city).read_bytes()
    stamp = configuration.data / "store" / "city"
    mark = hashlib.sha256(f"{devices} {city.seed} ".encode() + content).hexdigest()
    if configuration.redis.url is None and stamp.is_file() and stamp.read_text(encoding="utf-8") == mark:
        return []
    command = Command(
        name="city",
        does="registers the city's areas and assets",
        arguments=python("ioc.assembly.city", devices, str(stamp), mark),
        environment={**FOR_SMALL_BATCHES, **handover(SIMULATORS, configuration).environment()},
        log=configuration.data / "logs" / "city.log",
    )
    return [Member(command, once=True)]


def _pretend_cameras(configuration: Configuration) -> list[Member] | None:
    """Give the process that draws the city's pretend cameras, and the stage that watches; none for other cities."""
    file = camera_file(configuration.simulators.city)
    if configuration.cameras.file is not None or file is None:
        return None
    port = embedded.free_port()
    drawing = Command(
        name="video",
        does="draws what pretend cameras see",
        arguments=python("simulators.cameras", "--port", str(port), "--seed", str(configuration.simulators.seed)),
        environment=FOR_SMALL_BATCHES,
        log=configuration.data / "logs" / "video.log",
        ports=(port,),
    )
    cameras = configuration.cameras.model_copy(update={"file": file, "allow_networks": ("127.0.0.0/8",)})
    watching = _stage_command(CAMERAS, configuration.model_copy(update={"cameras": cameras}), logs=True)
    told = {**watching.environment, PRETEND_CAMERAS_PORT: str(port)}
    return [
        Member(drawing, waits=True, aside=True),
        Member(replace(watching, environment=told), waits=True, aside=True),
    ]


def _past_member(configuration: Configuration) -> Member:
    """Give the process that writes a past for the city; the last to start, and the first to stop."""
    history = configuration.history_folder.absolute()
    kept = configuration.history
    command = Command(
        name="past",
        does="gives the pretended city a past",
        arguments=python("ioc.assembly.pretend_past", str(history), str(kept.keep_days), str(kept.keep_gb)),
        environment={**FOR_SMALL_BATCHES, **handover(SIMULATORS, configuration).environment()},
        log=configuration.data / "logs" / "past.log",
    )
    return Member(command, once=True, waits=True, aside=True)
