"""What a stage is given of other stages, which it may not import itself."""

from pathlib import Path
from typing import Any

from ioc.assembly.codec_trial import CodecTrial
from ioc.assembly.handover import Handover
from ioc.assembly.rules_bench import RulesBenchProcess


def for_ui(handover: Handover) -> dict[str, Any]:
    """Give the page what it asks of codecs and of rules."""
    folder = None if handover.codecs_dir is None else Path(handover.codecs_dir)
    return {"try_codec": CodecTrial(folder, handover.timezone), "rules_bench": RulesBenchProcess(handover)}


def for_cameras(handover: Handover) -> dict[str, Any]:
    """Give the cameras what pictures are to become, and how their child processes are to log."""
    from ingest.vision.stage import Surroundings  # noqa: PLC0415 - no other stage needs it

    return {"surroundings": Surroundings(handover.picture_settings(), handover.log_level, handover.log_format)}
