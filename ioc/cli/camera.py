"""`ioc camera`: try a camera out, check the file that lists them, and see how they fare."""

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ioc.cli.camera_models import models
from ioc.cli.camera_run import run
from ioc.cli.config import ConfigOption
from ioc.cli.with_store import with_store
from ioc.model.faults import Fault

if TYPE_CHECKING:
    from ingest.vision.camera import Camera
    from ioc.store.cameras import CameraStatus
    from ioc.store.opening import Store

camera_app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    help="Try, check, list and run cameras; install what they are looked at with.",
)
camera_app.command("models")(models)
camera_app.command("run")(run)

_WIDE = 4_000
"""Columns where no terminal says how many there are: a file or a pipe cuts nothing."""


@camera_app.command("test")
def try_out(
    url: Annotated[
        str,
        typer.Argument(
            help="rtsp://…, http://… (MJPEG, HLS, pictures), file:clip.mp4, folder:pictures, usb:0; or a camera's id.",
            metavar="URL",
        ),
    ],
    *,
    seconds: Annotated[float, typer.Option(help="For how long, from the first frame on.", min=1, max=3600)] = 10.0,
    detector: Annotated[str | None, typer.Option(help="ssd, ssd-tiles, nanodet or moving.", show_default="ssd")] = None,
    rate: Annotated[
        float | None, typer.Option(help="Frames a second that are looked at.", min=0.1, max=30, show_default="5")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="Clip to write, .mp4, .avi or .webm, with faces blurred.", show_default="camera-test.mp4"),
    ] = None,
    clip: Annotated[bool, typer.Option(help="Write a clip.")] = True,
    allow: Annotated[
        list[str] | None,
        typer.Option(help="Private network in which the camera is, such as 192.168.0.0/16; may be given again."),
    ] = None,
    file: Annotated[
        Path | None,
        typer.Option("--cameras", help="File in which a camera's id is looked up.", show_default="cameras.file"),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print what came of it as JSON.")] = False,
    config: ConfigOption = None,
) -> int:
    """Open a camera, measure it, show what is seen in it, and write a clip; exit 1 where it cannot be watched so.

    The stream is read in a process of its own. Nothing is kept but the clip, in which faces are blurred; where they
    cannot be, no clip is written. Ctrl-C ends it early.
    """
    from ingest.vision.trial.telling import TrialSettings  # noqa: PLC0415 - the help does not need it
    from ioc.cli.camera_trial import clip_path, show_trial, tried_camera  # noqa: PLC0415
    from ioc.config import load  # noqa: PLC0415

    cameras = load(config, os.environ).configuration.cameras
    settings = TrialSettings(
        camera=tried_camera(url, file or cameras.file, detector=detector, rate=rate),
        seconds=seconds,
        allow=(*cameras.allow_networks, *_networks(allow or ())),
        models=None if cameras.models is None else str(cameras.models),
        clip=str(clip_path(out)) if clip else None,
    )
    return show_trial(settings, as_json=as_json)


@camera_app.command("list")
def list_all(
    *, as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False, config: ConfigOption = None
) -> None:
    """List the cameras that are watched: how each is, how many frames come, and who is in them now."""
    from ioc.runtime import clock  # noqa: PLC0415 - the help does not need it

    async def read(store: "Store") -> "dict[str, CameraStatus]":
        return await store.cameras.statuses()

    statuses = with_store(read, config, os.environ).values()
    if as_json:
        sys.stdout.write(json.dumps([_row(each) for each in statuses], ensure_ascii=False, indent=2) + "\n")
        return
    if not statuses:
        sys.stdout.write("no camera is watched; docs/cameras.md says how to watch one\n")
        return
    from rich.console import Console  # noqa: PLC0415
    from rich.markup import escape  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415

    table = Table(box=None, pad_edge=False)
    for heading in ("id", "state", "source", "size", "came/s", "looked at/s", "delay", "people", "vehicles", "told"):
        table.add_column(heading, overflow="fold", no_wrap=heading == "id")
    now = clock.now()
    for each in statuses:
        ago = max(0, now - each.at) // 1_000_000
        size = f"{each.width} × {each.height}" if each.width else ""
        row = (each.id, str(each.state), each.source, size, f"{each.rate:.1f}", f"{each.target_rate:g}")
        numbers = (f"{each.delay_ms:.0f} ms", str(each.people), str(each.vehicles), f"{ago} s ago")
        table.add_row(*(escape(cell) for cell in (*row, *numbers)))
    console = Console(width=None if sys.stdout.isatty() else _WIDE)
    console.print(table)
    for each in statuses:
        for sentence in filter(None, (each.sentence, each.trouble)):
            console.print(f"{escape(each.id)}: {escape(sentence)}", highlight=False)


@camera_app.command()
def check(
    file: Annotated[
        Path | None, typer.Argument(help="File of cameras; without it, cameras.file.", show_default=False)
    ] = None,
    *,
    config: ConfigOption = None,
) -> int:
    """Read the file of cameras and name each one's first mistake with file, line and column; exit 1 if there is any.

    What is no mistake but would keep a camera from being watched here (a model that is missing, a private address that
    is not allowed) is said too.
    """
    from ingest.vision.camera_file import check_cameras  # noqa: PLC0415 - the help does not need it
    from ioc.config import load  # noqa: PLC0415

    settings = load(config, os.environ).configuration.cameras
    path = file or settings.file
    if path is None:
        raise Fault("no file is configured; give one: ioc camera check cameras.yaml")
    found = check_cameras(path, os.environ)
    for mistake in found.mistakes:
        sys.stdout.write(f"{mistake}\n")
    if found.mistakes:
        count = len(found.mistakes)
        sys.stdout.write(f"{count} {'mistake' if count == 1 else 'mistakes'}\n")
        return 1
    for hint in _hints(found.cameras, settings.allow_networks, settings.models):
        sys.stdout.write(f"note: {hint}\n")
    count = len(found.cameras)
    sys.stdout.write(f"{count} {'camera is' if count == 1 else 'cameras are'} in order\n")
    return 0


def _row(status: "CameraStatus") -> dict[str, object]:
    return {
        "camera": status.id,
        "state": str(status.state),
        "sentence": status.sentence,
        "trouble": status.trouble,
        "source": status.source,
        "width": status.width,
        "height": status.height,
        "rate": status.rate,
        "target_rate": status.target_rate,
        "came": status.came,
        "looked": status.looked,
        "skipped": status.skipped,
        "refused": status.refused,
        "opened": status.opened,
        "delay_ms": status.delay_ms,
        "night": status.night,
        "people": status.people,
        "vehicles": status.vehicles,
        "zones": {zone.zone: {"people": zone.people, "vehicles": zone.vehicles} for zone in status.zones_now},
        "simulated": status.simulated,
        "at": status.at // 1_000,
    }


def _hints(cameras: "tuple[Camera, ...]", allow: tuple[str, ...], models: Path | None) -> list[str]:
    from ingest.vision.camera import Analytic, DetectorName  # noqa: PLC0415 - the help does not need it
    from ingest.vision.detection.models import ModelName, installed  # noqa: PLC0415
    from ingest.vision.sources.addresses import AllowedNetworks  # noqa: PLC0415
    from ingest.vision.sources.camera_url import parse_camera_url  # noqa: PLC0415

    of = {
        DetectorName.SSD: ModelName.SSD,
        DetectorName.SSD_TILES: ModelName.SSD,
        DetectorName.NANODET: ModelName.NANODET,
    }
    looking = {each.detector for each in cameras if Analytic.OBJECTS in each.analytics}
    needed = dict.fromkeys(model for detector, model in of.items() if detector in looking)
    hints = [
        f"the model {model!s} is not installed: ioc camera models --install {model}"
        for model in (*needed, ModelName.FACES)
        if not installed(model, models)
    ]
    allowed = AllowedNetworks.of(allow)
    for camera in cameras:
        host = parse_camera_url(camera.url).host
        # Names are not asked for: a check is to be quick, and to need no network.
        if host and host.replace(".", "").replace(":", "").isalnum() and _is_numeric(host) and not allowed.allows(host):
            hints.append(f"{camera.id}: {host} is a private address; list its network in cameras.allow_networks")
    return hints


def _is_numeric(host: str) -> bool:
    from ipaddress import ip_address  # noqa: PLC0415

    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _networks(given: "list[str] | tuple[str, ...]") -> tuple[str, ...]:
    from ipaddress import ip_network  # noqa: PLC0415

    for each in given:
        try:
            ip_network(each, strict=False)
        except ValueError:
            raise Fault(f"--allow {each}: expected a network such as 192.168.0.0/16, or one address") from None
    return tuple(given)
