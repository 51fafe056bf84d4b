"""What a stage is given of other stages, which it may not import itself."""

from pathlib import Path
from typing import Any

from ioc.assembly.codec_trial import CodecTrial
from ioc.assembly.handover import Handover
from ioc.assembly.rules_bench import RulesBenchProcess
from ioc.store.pictures.folder import PictureFolder
from ioc.store.pictures.originals import Originals


def for_ui(handover: Handover) -> dict[str, Any]:
    """Give the page what it asks of codecs and of rules, and the pictures that cameras took."""
    codecs = None if handover.codecs_dir is None else Path(handover.codecs_dir)
    settings = handover.picture_settings()
    pictures = PictureFolder.of(settings)
    return {
        "try_codec": CodecTrial(codecs, handover.timezone),
        "rules_bench": RulesBenchProcess(handover),
        "pictures": pictures,
        "originals": Originals.of(settings, pictures),
    }


def for_cameras(handover: Handover) -> dict[str, Any]:
    """Give the cameras what pictures are to become, and how their child processes are to log."""
    from ingest.vision.staffing import Surroundings  # noqa: PLC0415 - no other stage needs it

    return {"surroundings": Surroundings(handover.picture_settings(), handover.log_level, handover.log_format)}
