"""What the doctor looks at for cameras: their file, the models, the folder of pictures, and the audit log."""

import os
import shutil
from collections.abc import Iterator, Mapping

from ingest.vision.camera import Analytic, DetectorName
from ingest.vision.camera_file import read_cameras
from ingest.vision.children import can_share_frames
from ingest.vision.detection.models import ModelName, model_file
from ioc.assembly.finding import Finding, Found
from ioc.config import Configuration
from ioc.model.faults import Fault
from ioc.store.audit import AuditLog
from ioc.store.opening import Store


def examine_cameras(configuration: Configuration, environment: Mapping[str, str]) -> Iterator[Found]:
    """Look at everything that cameras need; nothing where none are configured."""
    settings = configuration.cameras
    if settings.file is None:
        return
    try:
        cameras = read_cameras(settings.file, environment)
    except Fault as fault:
        yield Found("cameras", Finding.BAD, str(fault))
        return
    if not can_share_frames():
        yield Found("cameras", Finding.BAD, "cameras need Linux: there is no memory without a name here")
    yield Found("cameras", Finding.GOOD, f"{settings.file} lists {len(cameras)}")
    looking = {camera.detector for camera in cameras if Analytic.OBJECTS in camera.analytics}
    wanted = {ModelName.SSD if name is DetectorName.SSD_TILES else name for name in looking - {DetectorName.MOVING}}
    for name in [*sorted(ModelName(name) for name in wanted), ModelName.FACES]:
        try:
            yield Found(f"model {name}", Finding.GOOD, str(model_file(name, settings.models)))
        except Fault as fault:
            rest = "; until then no picture is kept" if name is ModelName.FACES else ""
            yield Found(f"model {name}", Finding.BAD, f"{fault}{rest}")
    yield _pictures(configuration)


def _pictures(configuration: Configuration) -> Found:
    settings = configuration.settled_pictures
    folder = configuration.pictures.folder or configuration.data / "pictures"
    existing = next(each for each in (folder.resolve(), *folder.resolve().parents) if each.exists())
    if not existing.is_dir() or not os.access(existing, os.W_OK | os.X_OK):
        return Found("pictures", Finding.BAD, f"{folder} cannot be written: {existing} does not let us")
    free = shutil.disk_usage(existing).free / 1e9
    days = ", ".join(f"{name} {days:g}" for name, days in settings.keep_days.items())
    kept = f"unblurred ones {settings.keep_original_days:g}, encrypted" if settings.originals else "none unblurred"
    sentence = f"{folder} keeps for days: {days}; {kept}; {free:.0f} GB free"
    return Found("pictures", Finding.GOOD if free > 1 else Finding.DOUBTFUL, sentence)


async def examine_audit_log(store: Store) -> Found:
    """Go over the whole audit log; say how many entries it has, and whether any was changed."""
    verdict = await AuditLog(store.connection).verify()
    if verdict.trouble:
        return Found("audit log", Finding.BAD, f"{verdict.trouble}; entries up to {verdict.head.number} are sound")
    head = f", the last one {verdict.head.hash[:16]}" if verdict.head.number else ""
    return Found("audit log", Finding.GOOD, f"{verdict.head.number} entries{head}; none was changed")
