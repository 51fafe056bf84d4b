"""What the supervisor tells a stage's process: its settings, the store and how to log; no more."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final, Literal

from ioc.assembly import Stage

if TYPE_CHECKING:
    from ioc.store.history.settings import HistorySettings
    from ioc.store.pictures.settings import PictureSettings

VARIABLE: Final = "IOC_HANDOVER"
"""In the environment and not among the arguments: it may hold passwords."""


@dataclass(frozen=True, slots=True)
class Handover:
    """What one stage's process needs to know.

    Attributes:
        redis_url: the store.
        log_level: the least that is logged.
        log_format: for people, or JSON.
        settings: the stage's settings as JSON.
        codecs_dir: folder of the user's own codecs, for stages that show what codecs do; None for none.
        timezone: IANA zone of device times that say none.
        rules_dir: folder of the rule book, for stages that answer its authors.
        history: the settings of the history as JSON, its folder settled, for the stage that keeps it; None elsewhere,
            and where none is kept.
        history_dir: folder of the history, for stages that answer authors of rules; it need not be there yet.
        pictures: the settings of pictures as JSON, folder and key file settled, for stages that make or show them.
    """

    redis_url: str
    log_level: Literal["debug", "info", "warning", "error"]
    log_format: Literal["console", "json"]
    settings: str
    codecs_dir: str | None = None
    timezone: str = "UTC"
    history: str | None = None
    rules_dir: str | None = None
    history_dir: str | None = None
    pictures: str | None = None

    def environment(self) -> dict[str, str]:
        """Write it for a child."""
        return {VARIABLE: json.dumps(asdict(self))}

    @classmethod
    def received(cls, environment: Mapping[str, str]) -> "Handover":
        """Read it in the child."""
        return cls(**json.loads(environment[VARIABLE]))

    def history_settings(self) -> "HistorySettings | None":
        """Build the settings of the history, its folder settled; None where none is kept."""
        from ioc.store.history.settings import HistorySettings  # noqa: PLC0415 - not every stage needs them

        return None if self.history is None else HistorySettings.model_validate_json(self.history)

    def picture_settings(self) -> "PictureSettings":
        """Build the settings of pictures, folder and key file settled."""
        from ioc.store.pictures.settings import PictureSettings  # noqa: PLC0415 - not every stage needs them

        return PictureSettings.model_validate_json(self.pictures or "{}")

    def settings_of(self, stage: Stage) -> Any:
        """Build the stage's settings; imports their model only."""
        module, name = stage.settings.split(":")
        return getattr(import_module(module), name).model_validate_json(self.settings)
