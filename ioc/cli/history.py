"""`ioc history`: what of the past is kept, and taking it out."""

import json
import os
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ioc.cli.config import ConfigOption
from ioc.model.faults import Fault
from ioc.model.kinds import Kind

if TYPE_CHECKING:
    from ioc.store.history import HistoryInfo
    from ioc.store.history.retention import Expiry
    from ioc.store.history.settings import HistorySettings

history_app = typer.Typer(
    no_args_is_help=True, add_completion=False, rich_markup_mode=None, help="Say what of the past is kept; take it out."
)


class InfoFormat(StrEnum):
    """How `ioc history info` speaks."""

    TABLE = "table"
    JSON = "json"


class FileFormat(StrEnum):
    """How events are written; the ending of a file's name says it, where this does not."""

    NDJSON = "ndjson"
    PARQUET = "parquet"
    CSV = "csv"


FolderOption = Annotated[
    Path | None, typer.Option("--folder", help="Folder of the history; the configured one where not said.")
]


@history_app.command()
def info(
    *,
    folder: FolderOption = None,
    form: Annotated[InfoFormat, typer.Option("--format", help="For people, or for programs.")] = InfoFormat.TABLE,
    config: ConfigOption = None,
) -> int:
    """Say since when events are kept, how many, what they take on the disk, and which files are damaged.

    It reads of each file only what the file says of itself. Exit 1 where a file is damaged.
    """
    from ioc.runtime import clock  # noqa: PLC0415 - the help does not need them
    from ioc.store.history import History  # noqa: PLC0415
    from ioc.store.history.retention import expiry  # noqa: PLC0415

    place, settings = _place(folder, config)
    try:
        held = History(place).info()
        expired = expiry(place, settings, clock.now())
    except OSError as error:
        raise Fault(f"{place} cannot be read: {error.strerror or error}", wrong_use=False) from error
    if form is InfoFormat.JSON:
        sys.stdout.write(json.dumps(_as_json(place, held, expired, settings), ensure_ascii=False, indent=2) + "\n")
    else:
        _print(place, held, expired, settings)
    return 1 if held.damaged else 0


@history_app.command()
def export(
    file: Annotated[Path, typer.Argument(help="Where to write; - is standard output.")],
    *,
    since: Annotated[
        str | None, typer.Option(help="From then on: 30d, 12h ago, or ISO 8601.", show_default="the beginning")
    ] = None,
    until: Annotated[str | None, typer.Option(help="Up to then, in the same forms.", show_default="now")] = None,
    kind: Annotated[
        list[Kind] | None, typer.Option("--kind", help="Kind of events, as often as wanted.", show_default="all")
    ] = None,
    column: Annotated[
        list[str] | None,
        typer.Option("--column", help="Column, as often as wanted, besides times, kind and asset.", show_default="all"),
    ] = None,
    form: Annotated[
        FileFormat | None, typer.Option("--format", help="How to write.", show_default="by the file's name")
    ] = None,
    folder: FolderOption = None,
    config: ConfigOption = None,
) -> int:
    """Write the events of a time into one file, in order of arrival.

    NDJSON holds Event JSON, which `ioc rules backtest --events` reads as it does Parquet. What of the history cannot
    be read is named on standard error and left out; then the exit status is 1.
    """
    from ioc.cli.progress import progress_bar  # noqa: PLC0415 - the help does not need them
    from ioc.cli.rules_common import moment  # noqa: PLC0415
    from ioc.runtime import clock  # noqa: PLC0415
    from ioc.store.event_files import Complaints  # noqa: PLC0415
    from ioc.store.history import History  # noqa: PLC0415
    from ioc.store.history.exporting import ExportFormat, Wanted  # noqa: PLC0415
    from ioc.store.history.exporting import export as write  # noqa: PLC0415

    place, _ = _place(folder, config)
    target = None if str(file) == "-" else file
    chosen = ExportFormat(form or _by_name(file))
    if target is None and chosen is ExportFormat.PARQUET:
        raise Fault("Parquet cannot be written to standard output; name a file, or choose --format ndjson or csv")
    now = clock.now()
    begin, end = (None if text is None else moment(text, now) for text in (since, until))
    wanted = Wanted(begin, end, column, None if kind is None else [str(each) for each in kind])
    history, complaints = History(place), Complaints()
    try:
        unknown = sorted(set(column or ()) - history.schema(begin, end, column).keys())
        if unknown:
            known = ", ".join(sorted(history.schema(begin, end))) or "none at all"
            raise Fault(f"no event of that time has {', '.join(unknown)}; there are {known}")
        with progress_bar("writing events") as progress:
            count = write(history, wanted, target, chosen, progress=progress, complaints=complaints)
    except BrokenPipeError:
        # Whoever reads has enough.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        raise Fault(
            f"{target or 'standard output'} was not written: {error.strerror or error}", wrong_use=False
        ) from error
    for complaint in complaints.first:
        sys.stderr.write(f"ioc: {complaint}\n")
    if complaints.count > len(complaints.first):
        sys.stderr.write(f"ioc: and {complaints.count - len(complaints.first)} more such complaints\n")
    if target is not None:
        sys.stderr.write(f"{count:,} events are in {target}\n")
    return 1 if complaints.count else 0


def _place(folder: Path | None, config: Path | None) -> "tuple[Path, HistorySettings]":
    from ioc.config import load  # noqa: PLC0415 - slow to import

    configuration = load(config, os.environ).configuration
    if folder is not None and not folder.is_dir():
        raise Fault(f"{folder} is not a folder; expected the folder of a history")
    return folder or configuration.history_folder, configuration.history


def _by_name(file: Path) -> str:
    ending = {".ndjson": "ndjson", ".jsonl": "ndjson", ".json": "ndjson", ".parquet": "parquet", ".csv": "csv"}
    if str(file) == "-":
        return "ndjson"
    if file.suffix not in ending:
        raise Fault(
            f"how to write {file.name} is not known; end its name in .ndjson, .parquet or .csv, or say --format"
        )
    return ending[file.suffix]


def _as_json(place: Path, held: "HistoryInfo", expired: "Expiry", settings: "HistorySettings") -> dict[str, Any]:
    from ioc.model.instant import to_milliseconds  # noqa: PLC0415

    return {
        "folder": str(place),
        "since": None if held.since is None else to_milliseconds(held.since),
        "until": None if held.until is None else to_milliseconds(held.until),
        "events": held.events,
        "bytes": held.bytes,
        "files": held.files,
        "pretended": held.pretended,
        "damaged": [{"file": str(damage.path), "why": damage.why} for damage in held.damaged],
        "retention": {
            "keep_days": settings.keep_days,
            "keep_gb": settings.keep_gb,
            "removes": {
                "too_old": [str(path) for path in expired.old],
                "too_much": [str(path) for path in expired.beyond],
                "bytes": expired.bytes,
            },
        },
        "days": [
            {
                "day": day.day,
                "events": day.events,
                "bytes": day.bytes,
                "files": day.files,
                "pretended": day.pretended,
            }
            for day in held.days
        ],
    }


def _print(place: Path, held: "HistoryInfo", expired: "Expiry", settings: "HistorySettings") -> None:
    from rich.console import Console  # noqa: PLC0415 - slow to import
    from rich.markup import escape  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415

    from ioc.model.instant import to_iso  # noqa: PLC0415

    console = Console(soft_wrap=not sys.stdout.isatty(), highlight=False)
    if held.since is None or held.until is None:
        console.print(f"{escape(str(place))} holds no events yet")
    else:
        facts = Table(box=None, pad_edge=False, show_header=False)
        facts.add_row("folder", escape(str(place)))
        facts.add_row("from", to_iso(held.since))
        facts.add_row("to", to_iso(held.until))
        pretended = f", {held.pretended:,} of them pretended" if held.pretended else ""
        facts.add_row("events", f"{held.events:,}{pretended}")
        facts.add_row(
            "on disk", f"{_size(held.bytes)} in {held.files:,} files, {held.bytes / held.events:.1f} bytes an event"
        )
        facts.add_row("kept for", f"{settings.keep_days:g} days, at most {settings.keep_gb:g} GB")
        console.print(facts)
        console.print()
        days = Table(box=None, pad_edge=False)
        for heading in ("day (UTC)", "events", "size", "files", ""):
            days.add_column(heading, justify="left" if heading in ("day (UTC)", "") else "right")
        for day in held.days:
            mark = "" if not day.pretended else "pretended" if day.pretended == day.events else "partly pretended"
            days.add_row(day.day, f"{day.events:,}", _size(day.bytes), f"{day.files:,}", mark)
        console.print(days)
    if expired.paths:
        console.print(
            f"\nretention will remove {len(expired.old):,} files that are too old and {len(expired.beyond):,} that are "
            f"too much, {_size(expired.bytes)}"
        )
    for damage in held.damaged:
        console.print(f"[bold]damaged[/bold] {escape(str(damage))}")


def _size(count: int) -> str:
    size = float(count)
    for unit in ("B", "kB", "MB"):
        if size < 1_000:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1_000
    return f"{size:.1f} GB"
