"""`ioc camera test`: shows a trial while it runs, and says in the end what would be wrong."""

import json
import os
import re
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

import msgspec

from ingest.vision.camera import DEFAULT_ANALYTICS, Analytic, Camera, DetectorName
from ingest.vision.sources.camera_url import parse_camera_url
from ingest.vision.trial.telling import Ended, Message, Now, Opened, TrialSettings
from ioc.model.faults import Fault

if TYPE_CHECKING:
    from rich.console import RenderableType

CLIPS: Final = (".mp4", ".avi", ".webm")

_ROWS: Final = 12
"""Objects that are shown at once."""

_SCHEME: Final = re.compile(r"(rtsps?|https?|file|folder|usb):", re.IGNORECASE)
_VARIABLE: Final = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_LABELS: Final = 14
"""Columns of the words before each line of the summary."""


def tried_camera(given: str, file: Path | None, *, detector: str | None, rate: float | None) -> Camera:
    """Make the camera that is to be tried, of an address or of an id that a file of cameras has.

    Args:
        given: an address, in which `${NAME}` stands for a variable of the environment, or an id.
        file: of cameras; None where none is configured.
        detector: instead of the camera's own.
        rate: instead of the camera's own.

    Raises:
        Fault: it is neither, or there is no such detector.
    """
    camera = _by_address(given) if _SCHEME.match(given) else _by_id(given, file)
    if detector is not None:
        if detector not in tuple(DetectorName):
            raise Fault(f"there is no detector {detector!r}; there are {', '.join(DetectorName)}")
        camera = replace(camera, detector=DetectorName(detector))
    if rate is not None:
        camera = replace(camera, rate=rate)
    # A clip that began anew would be counted twice.
    return replace(camera, loop=False)


def clip_path(out: Path | None) -> Path:
    """Say where the clip goes.

    Raises:
        Fault: nothing of that kind can be written, or not there.
    """
    path = Path("camera-test.mp4") if out is None else out
    if path.suffix.lower() not in CLIPS:
        raise Fault(f"--out {path}: expected a name that ends in {', '.join(CLIPS)}")
    if not path.absolute().parent.is_dir():
        raise Fault(f"--out {path}: there is no folder {path.parent}")
    return path.absolute()


def show_trial(settings: TrialSettings, *, as_json: bool) -> int:
    """Run a trial, show it where somebody watches, and print what came of it.

    Returns:
        0 where the camera can be watched so, else 1.
    """
    from ingest.vision.trial.child import run_trial  # noqa: PLC0415 - what is wrongly asked needs no process

    if as_json or not sys.stdout.isatty():
        ended = run_trial(settings, lambda _: None)
    else:
        from rich.console import Console  # noqa: PLC0415
        from rich.live import Live  # noqa: PLC0415

        view = _View(settings)
        with Live(view.shown(), console=Console(), refresh_per_second=8, transient=True) as live:

            def tell(message: Message) -> None:
                view.take(message)
                live.update(view.shown())

            ended = run_trial(settings, tell)
    wrong = problems(settings, ended)
    if as_json:
        told = {**msgspec.to_builtins(ended), "wrong": wrong, "address": parse_camera_url(settings.camera.url).shown}
        sys.stdout.write(json.dumps(told, ensure_ascii=False, indent=2) + "\n")
    else:
        sys.stdout.write("\n".join([*summary(settings, ended), *(f"! {each}" for each in wrong)]) + "\n")
        if not ended.problem:
            sys.stdout.write(_next_step(settings.camera))
    return 1 if ended.problem else 0


class _View:
    """What is shown while a trial runs."""

    def __init__(self, settings: TrialSettings) -> None:
        self._camera = settings.camera
        self._where = parse_camera_url(settings.camera.url).shown
        self._opened: Opened | None = None
        self._now: Now | None = None

    def take(self, message: Message) -> None:
        if isinstance(message, Opened):
            self._opened = message
        elif isinstance(message, Now):
            self._now = message

    def shown(self) -> "RenderableType":
        from rich.console import Group  # noqa: PLC0415 - slow to import
        from rich.markup import escape  # noqa: PLC0415
        from rich.table import Table  # noqa: PLC0415
        from rich.text import Text  # noqa: PLC0415

        now = self._now
        if self._opened is None or now is None:
            return Text(f"{self._where}  opening …" if self._opened is None else f"{self._where}  open, no frame yet …")
        light = "night" if now.night else "day"
        head = Text.assemble(
            (self._where, "bold"),
            f"  {self._opened.kind}  {now.width} × {now.height}  {now.rate:.1f} frames/s came, {now.looked} looked at, "
            f"{now.delay_ms:.0f} ms  {light}, {now.moving:.0%} moves  ",
            (f"{now.left_s:.0f} s left", "dim"),
        )
        table = Table(box=None, pad_edge=False)
        for heading in ("what", "score", "track", "stands at", "height"):
            table.add_column(heading, min_width=9)
        for label, score, box, track in now.boxes[:_ROWS]:
            left, top, right, bottom = (float(side) for side in box.split(","))
            at = f"{(left + right) / 2:.2f}, {bottom:.2f}"
            table.add_row(escape(label), f"{score:.2f}", escape(track), at, f"{(bottom - top) * now.height:.0f} px")
        if len(now.boxes) > _ROWS:
            table.add_row(f"and {len(now.boxes) - _ROWS} more")
        return Group(head, table if now.boxes else Text("nothing is seen at the moment", style="dim"))


def summary(settings: TrialSettings, ended: Ended) -> list[str]:
    """Write what came of a trial, a line for each side of it."""
    lines = [_line("camera", parse_camera_url(settings.camera.url).shown)]
    if ended.kind:
        said = f", {ended.said_rate:g} frames/s as it says" if ended.said_rate else ""
        lines.append(_line("opened", f"in {ended.opened_s:.1f} s: {ended.kind}, {ended.width} × {ended.height}{said}"))
    if ended.came:
        lines.append(
            _line(
                "frames",
                f"{ended.rate:.1f} a second came, {ended.looked_rate:.1f} were looked at, in {ended.seconds:.0f} s; "
                f"{ended.skipped} skipped, {ended.refused} not usable",
            )
        )
        detecting = f", of it {ended.detect_ms:.0f} ms to find objects" if ended.detect_ms else ""
        lines.append(
            _line(
                "delay",
                f"{ended.delay_ms:.0f} ms from the decoder until seen, {ended.slow_delay_ms:.0f} ms for the slowest "
                f"twentieth{detecting}",
            )
        )
        seen = ", ".join(f"{each.label} {each.tracks} (at most {each.at_once} at once)" for each in ended.seen)
        lines.append(_line("seen", seen or "nothing"))
        if ended.crossed:
            crossed = ", ".join(f"{line} {way} {count}" for line, way, count in ended.crossed)
            lines.append(_line("crossed", crossed))
        told = "".join(f", {word}" for word in ended.told)
        lines.append(_line("picture", f"of the {'night' if ended.night else 'day'}{told}"))
    if ended.clip is not None:
        left_out = f", {ended.clip.left_out} left out" if ended.clip.left_out else ""
        lines.append(
            _line(
                "clip",
                f"{_shown_path(ended.clip.path)}, {ended.clip.seconds:.0f} s of {ended.clip.pictures} pictures"
                f"{left_out}; {ended.clip.faces} times a face was blurred",
            )
        )
    return lines


def problems(settings: TrialSettings, ended: Ended) -> list[str]:
    """Say what is wrong, or would be when the camera is watched for long, each with what to do."""
    camera = settings.camera
    found = [*([ended.problem] if ended.problem else []), *ended.notes]
    if "not allowed" in ended.problem:
        host = parse_camera_url(camera.url).host
        found.append(
            f"for this trial, --allow {host if ':' in host or host[:1].isdigit() else 'NETWORK'} lets it through"
        )
    if not ended.came or ended.problem:
        return found
    if ended.rate and ended.rate < 0.8 * camera.rate and ended.seconds > 2:
        found.append(
            f"{ended.rate:.1f} frames/s come, fewer than the {camera.rate:g} that are to be looked at: "
            "let the camera send more, or set rate lower"
        )
    elif ended.rate and ended.looked_rate < 0.8 * min(camera.rate, ended.rate) and ended.seconds > 2:
        found.append(
            f"only {ended.looked_rate:.1f} of {camera.rate:g} frames/s can be looked at on this machine: "
            "set rate lower, or choose a faster detector"
        )
    if ended.width > camera.width:
        found.append(
            f"its pictures are {ended.width} wide and are made smaller to {camera.width}: "
            "a substream of the camera would cost less"
        )
    if ended.rate > 3 * camera.rate and ended.rate > 12:
        found.append(
            f"{ended.rate:.0f} frames/s are decoded and {camera.rate:g} looked at: "
            "a substream with fewer would cost less"
        )
    if ended.refused:
        found.append(f"{ended.refused} pictures could not be used: the connection loses some, or the camera is broken")
    if not ended.seen and Analytic.OBJECTS in camera.analytics and not ended.notes:
        found.append(
            "nothing was seen: where somebody did pass, people are perhaps smaller than a seventh of the picture's "
            "height; try --detector ssd-tiles, or a region of the picture"
        )
    return found


def _by_address(given: str) -> Camera:
    def value(found: re.Match[str]) -> str:
        if found[1] not in os.environ:
            raise Fault(f"the environment has no {found[1]!r}; set it, or write the address without it")
        return quote(os.environ[found[1]], safe="")

    url = _VARIABLE.sub(value, given)
    try:
        parsed = parse_camera_url(url)
    except ValueError as error:
        raise Fault(str(error)) from None
    if parsed.scheme in {"file", "folder"}:
        url = f"{parsed.scheme}:{Path(parsed.path).absolute()}"
    return Camera("camera-test", url, analytics=DEFAULT_ANALYTICS | {Analytic.SMOKE, Analytic.ABANDONED})


def _by_id(given: str, file: Path | None) -> Camera:
    from ingest.vision.camera_file import read_cameras  # noqa: PLC0415 - not needed for an address

    if file is None:
        raise Fault(
            f"{given!r} is no address of a camera (rtsp://…, http://…, file:…, folder:…, usb:0), and no file of "
            "cameras is configured in which it could be an id"
        )
    cameras = {camera.id: camera for camera in read_cameras(file, os.environ)}
    if given not in cameras:
        raise Fault(f"{file} has no camera {given!r}; it has {', '.join(list(cameras)[:10]) or 'none'}")
    return cameras[given]


def _next_step(camera: Camera) -> str:
    """Write what to put into the file of cameras; the password is left to the environment."""
    if camera.id != "camera-test":
        return ""
    parsed = parse_camera_url(camera.url)
    url = camera.url
    if parsed.password:
        url = re.sub(r"(://[^/@:]*):[^/@]*@", r"\1:${CAMERA_PASSWORD}@", url)
    detector = "" if camera.detector is DetectorName.SSD else f"\n    detector: {camera.detector}"
    rate = "" if camera.rate == 5 else f"\n    rate: {camera.rate:g}"
    return (
        f"\nto watch it, in the file of cameras (docs/cameras.md):\n  - camera: cam-1\n    url: {url}{detector}{rate}\n"
    )


def _line(what: str, said: str) -> str:
    return f"{what:<{_LABELS}}{said}"


def _shown_path(path: str) -> str:
    try:
        return str(Path(path).relative_to(Path.cwd()))
    except ValueError:
        return path
