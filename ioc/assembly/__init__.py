"""The line as one list: which processes there are, what each is there for, and where it is.

This module imports no stage and no settings: every child reads it, and each is to load its own part only.
"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Stage:
    """A part of the line that is ours.

    Attributes:
        name: as on the command line, in logs and on the health board; also its section of the configuration.
        does: a few words for a person.
        module: where its `run` is; imported only by the process that runs it.
        settings: the model of its settings, as `module:class`.
        keeps: whether it is given the store.
        beside: the function, as `module:function`, that makes what else its `run` is given, by name, of what the
            handover says of other stages; None where it needs nothing of them.
    """

    name: str
    does: str
    module: str
    settings: str
    keeps: bool = True
    beside: str | None = None


UI: Final = Stage(
    "ui",
    "shows the live map",
    "ui.server.stage",
    "ui.server.settings:UiSettings",
    beside="ioc.assembly.beside:for_ui",
)
RULES: Final = Stage(
    "rules",
    "finds what operators must see",
    "rules.stage",
    "rules.settings:RulesSettings",
    beside="ioc.assembly.archiving:for_rules",
)
INGEST: Final = Stage("ingest", "turns messages into events", "ingest.stage", "ingest.settings:IngestSettings")
CAMERAS: Final = Stage(
    "cameras",
    "watches the cameras",
    "ingest.vision.stage",
    "ingest.vision.settings:CameraSettings",
    beside="ioc.assembly.beside:for_cameras",
)
SIMULATORS: Final = Stage(
    "simulators", "plays a city's devices", "simulators.player", "simulators.settings:SimulatorSettings", keeps=False
)

STAGES: Final = {stage.name: stage for stage in (UI, RULES, INGEST, CAMERAS, SIMULATORS)}
"""In the order of starting, which is the reverse of the order of stopping: sources stop first."""

LINE: Final = (UI, RULES, INGEST)
"""What `ioc run all` means: everything but a pretend city, and cameras only where any are configured."""

FOR_SMALL_BATCHES: Final = {
    # Batches of a city are small: a pool of threads would cost 20 MB a process and gain nothing.
    "POLARS_MAX_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MALLOC_ARENA_MAX": "2",
}
"""Variables of every stage's process."""
