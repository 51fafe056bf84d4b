"""`ioc codec`: list and check codecs, and see what they make of a message, step by step."""

import base64
import binascii
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ioc.cli.config import ConfigOption
from ioc.model.faults import Fault

if TYPE_CHECKING:
    from rich.tree import Tree

    from ioc.model.instant import Instant

codec_app = typer.Typer(
    no_args_is_help=True, add_completion=False, rich_markup_mode=None, help="List, check and try codecs."
)

CodecsOption = Annotated[
    Path | None,
    typer.Option("--codecs", help="Folder of your own codecs; without it, ingest.codecs_dir.", show_default=False),
]
JsonOption = Annotated[bool, typer.Option("--json", help="As JSON.")]

_LONGEST = 160
"""Characters of a value that are shown in the tree."""

_WIDE = 4_000
"""Columns where no terminal says how many there are: a file or a pipe cuts nothing."""


@codec_app.command("list")
def list_all(*, codecs: CodecsOption = None, as_json: JsonOption = False, config: ConfigOption = None) -> None:
    """List the codecs that would read messages: yours first, then those that come with the program."""
    from ingest.codecs.listing import list_codecs  # noqa: PLC0415 - the help does not need it

    listed = list_codecs(_folder(codecs, config))
    if as_json:
        rows = [
            {
                "codec": each.name,
                "title": each.title,
                "kinds": each.kinds,
                "file": str(each.path),
                "shipped": each.shipped,
                "messages": [{"name": name, "topics": topics} for name, topics in each.messages],
                "counters": each.counters,
                "intervals": dict(each.intervals),
            }
            for each in listed
        ]
        sys.stdout.write(json.dumps(rows, ensure_ascii=False, indent=2) + "\n")
        return
    from rich.console import Console  # noqa: PLC0415
    from rich.markup import escape  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415

    table = Table(box=None, pad_edge=False)
    for heading in ("codec", "title", "kind", "messages", "topics", "from"):
        table.add_column(heading, overflow="fold", no_wrap=heading == "codec")
    for each in listed:
        topics = list(dict.fromkeys(topic for _, topics in each.messages for topic in topics))
        shown = ", ".join(topics[:4]) + (f" and {len(topics) - 4} more" if len(topics) > 4 else "")
        place = "program" if each.shipped else str(each.path)
        row = (each.name, each.title, ", ".join(each.kinds), str(len(each.messages)), shown, place)
        table.add_row(*(escape(cell) for cell in row))
    Console(width=None if sys.stdout.isatty() else _WIDE).print(table)


@codec_app.command()
def check(
    paths: Annotated[list[Path], typer.Argument(help="Codecs, or folders of them.", metavar="FILE_OR_FOLDER…")],
) -> int:
    """Read codecs and name every mistake with file, line and column; exit 1 where there is any."""
    from ingest.codecs.listing import codec_files, mistakes  # noqa: PLC0415 - the help does not need it
    from ioc.store.catalogue import load_catalogue  # noqa: PLC0415

    files = codec_files(paths)
    if not files:
        raise Fault(f"there is no codec (*.yaml) in {', '.join(str(path) for path in paths)}")
    found = list(mistakes(files, load_catalogue()))
    for mistake in found:
        sys.stdout.write(f"{mistake}\n")
    if found:
        sys.stdout.write(f"{len(found)} {'mistake' if len(found) == 1 else 'mistakes'} in {_counted(len(files))}\n")
        return 1
    sys.stdout.write(f"{_counted(len(files))} {'is' if len(files) == 1 else 'are'} in order\n")
    return 0


@codec_app.command("try")
def try_message(
    file: Annotated[str, typer.Argument(help="File that holds the payload; - for standard input.")],
    *,
    topic: Annotated[str, typer.Option("--topic", "-t", help="The topic it came on.")],
    codec: Annotated[
        Path | None, typer.Option(help="One codec more, tried before all others.", show_default=False)
    ] = None,
    codecs: CodecsOption = None,
    hexadecimal: Annotated[bool, typer.Option("--hex", help="The file holds hexadecimal digits.")] = False,
    base64_: Annotated[bool, typer.Option("--base64", help="The file holds base64.")] = False,
    received_at: Annotated[
        str | None,
        typer.Option(
            help="When it arrived, ISO 8601 or epoch milliseconds. A device's clock is then believed only near it; "
            "without it, the device's time is taken as it stands.",
            show_default=False,
        ),
    ] = None,
    retained: Annotated[bool, typer.Option("--retained", help="The broker had kept it from earlier.")] = False,
    timezone: Annotated[
        str | None,
        typer.Option(
            help="IANA zone of times that come without one; without it, ingest.city_timezone.", show_default=False
        ),
    ] = None,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> int:
    """Show what each step made of a message; where nothing matched, which codec came nearest and why it did not.

    Exit 1 where something of it could not be read.
    """
    from ingest.codecs.tracing import ThrowawayPseudonyms, load_watched, trace  # noqa: PLC0415 - the help does not need it
    from ingest.reader import Reader  # noqa: PLC0415
    from ioc.config import load  # noqa: PLC0415
    from ioc.model.events import RawMessage  # noqa: PLC0415
    from ioc.runtime import clock  # noqa: PLC0415
    from ioc.store.catalogue import load_catalogue  # noqa: PLC0415

    settings = load(config, os.environ).configuration.ingest
    arrival = None if received_at is None else _arrival(received_at)
    payload = _decoded(_payload(file), hexadecimal=hexadecimal, base64_=base64_)
    catalogue = load_catalogue()
    pseudonyms = ThrowawayPseudonyms()
    watched = load_watched(codecs or settings.codecs_dir, catalogue, pseudonyms=pseudonyms)
    if codec is not None:
        watched = watched.with_codec(_text(codec), catalogue, str(codec), pseudonyms)
    zone = timezone or settings.city_timezone
    try:
        reader = Reader(watched.codecs, catalogue, timezone=zone, windowed=arrival is not None)
    except (KeyError, ValueError) as error:
        raise Fault(f"--timezone {zone}: no such zone; expected an IANA name such as Asia/Ho_Chi_Minh") from error
    message = RawMessage(topic, payload, clock.now() if arrival is None else arrival, retained)
    traced = trace(watched, message, reader)
    if as_json:
        sys.stdout.write(json.dumps(traced, ensure_ascii=False, allow_nan=False, indent=2) + "\n")
    else:
        _show(traced)
    return 1 if traced["rejected"] else 0


def _show(traced: dict[str, Any]) -> None:
    from rich.console import Console  # noqa: PLC0415 - slow to import, and only needed here
    from rich.markup import escape  # noqa: PLC0415
    from rich.tree import Tree  # noqa: PLC0415

    from ingest.codecs.trace_steps import nearest_of, steps_of  # noqa: PLC0415

    console = Console(highlight=False, width=None if sys.stdout.isatty() else _WIDE)
    tree = Tree(f"[bold]{escape(traced['topic'])}[/bold]  {traced['payload']['size']} bytes")
    for step in steps_of(traced):
        _grow(tree, step)
    console.print(tree)
    for event in traced["events"]:
        shown = {name: value for name, value in event.items() if value is not None}
        console.print(f"[green]event[/green]     {escape(_written(shown, limit=None))}")
    for rejected in traced["rejected"]:
        console.print(f"[red]rejected[/red]  {escape(rejected['reason'])}")
    if not traced["events"] and not traced["rejected"]:
        console.print(f"nothing to report: {escape(traced['reason'] or 'there is nothing in it to report')}")
    for each in nearest_of(traced):
        console.print(f"[yellow]nearest[/yellow]   {escape(each['codec'])}: {escape(each['why'])}")


def _grow(tree: "Tree", step: dict[str, Any]) -> None:
    from rich.markup import escape  # noqa: PLC0415

    line = escape(step["what"])
    if step["error"] is not None:
        line = f"{line}: [yellow]{escape(step['error'])}[/yellow]"
    if step["found"] is not None:
        line = f"{line}  [cyan]{escape(_written(step['found']))}[/cyan]"
    if step["at"] is not None:
        line = f"{line}  [dim]{escape(step['at'])}[/dim]"
    branch = tree.add(line)
    # A single path that gave what the field became says nothing more.
    if len(step["inner"]) != 1 or step["inner"][0]["inner"] or step["inner"][0]["found"] != step["found"]:
        for inner in step["inner"]:
            _grow(branch, inner)


def _written(value: Any, limit: int | None = _LONGEST) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if limit is None or len(text) <= limit else f"{text[:limit]}…"


def _folder(codecs: Path | None, config: Path | None) -> Path | None:
    from ioc.config import load  # noqa: PLC0415 - the help does not need it

    return codecs or load(config, os.environ).configuration.ingest.codecs_dir


def _counted(files: int) -> str:
    return "1 codec" if files == 1 else f"{files} codecs"


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Fault(f"{path}: cannot be read ({error}); expected a codec") from error


def _payload(file: str) -> bytes:
    if file == "-":
        return sys.stdin.buffer.read()
    try:
        return Path(file).read_bytes()
    except OSError as error:
        raise Fault(f"{file}: cannot be read ({error.strerror}); expected a file with the payload, or -") from error


def _decoded(payload: bytes, *, hexadecimal: bool, base64_: bool) -> bytes:
    if hexadecimal and base64_:
        raise Fault("--hex and --base64 exclude one another")
    try:
        if hexadecimal:
            return bytes.fromhex(payload.decode("ascii"))
        return base64.b64decode(b"".join(payload.split()), validate=True) if base64_ else payload
    except (ValueError, binascii.Error) as error:
        raise Fault(f"{'--hex' if hexadecimal else '--base64'}: the payload is not that: {error}") from error


def _arrival(text: str) -> "Instant":
    from ioc.model.instant import from_iso, from_milliseconds  # noqa: PLC0415 - the help does not need it

    try:
        if text.strip().lstrip("-").replace(".", "", 1).isdigit():
            number = float(text)
            return from_milliseconds(int(number) if number.is_integer() else number)
        return from_iso(text)[0]
    except (ValueError, OverflowError) as error:
        raise Fault(f"--received-at {text}: {error}; expected ISO 8601 or epoch milliseconds") from error
