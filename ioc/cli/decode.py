"""`ioc decode`: what the codecs make of one message."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from ingest.codecs.registry import load_codecs
from ingest.reader import Reader
from ioc.model.event_json import event_to_json, rejected_to_json
from ioc.model.events import RawMessage
from ioc.model.faults import Fault
from ioc.model.instant import Instant, from_iso, from_milliseconds
from ioc.runtime import clock
from ioc.store.catalogue import load_catalogue


def decode(
    file: Annotated[str, typer.Argument(help="File that holds the payload; - for standard input.")],
    topic: Annotated[str, typer.Option("--topic", "-t", help="The MQTT topic it came on.")],
    received_at: Annotated[
        str | None,
        typer.Option(
            help="When it arrived, ISO 8601 or epoch milliseconds. A device's clock is then believed only near it; "
            "without it, the device's time is taken as it stands."
        ),
    ] = None,
    codecs: Annotated[Path | None, typer.Option(help="Folder of your own codecs, besides those that ship.")] = None,
    timezone: Annotated[
        str | None, typer.Option(help="IANA zone of times that come without one, such as Asia/Ho_Chi_Minh.")
    ] = None,
) -> None:
    """Show what a message means: one event a line, as JSON; what cannot be read says why."""
    arrival = None if received_at is None else _arrival(received_at)
    payload = _payload(file)
    catalogue = load_catalogue()
    try:
        reader = Reader(
            load_codecs(user_dir=codecs, catalogue=catalogue),
            catalogue,
            timezone=timezone,
            windowed=arrival is not None,
        )
    except (KeyError, ValueError) as error:
        raise Fault(f"--timezone {timezone}: no such zone; expected an IANA name such as Asia/Ho_Chi_Minh") from error
    message = RawMessage(topic, payload, clock.now() if arrival is None else arrival)
    events, rejected = reader.read(message)
    for event in events:
        _print(event_to_json(event))
    for each in rejected:
        _print(rejected_to_json(each))
    if not events and not rejected:
        typer.echo(f"nothing to report: {reader.why_nothing(message)}", err=True)
    if rejected:
        raise typer.Exit(1)


def _print(line: dict[str, object]) -> None:
    text = json.dumps(line, ensure_ascii=False, allow_nan=False)
    # A topic from the command line may hold what no UTF-8 can.
    typer.echo(text.encode("utf-8", "backslashreplace").decode())


def _payload(file: str) -> bytes:
    if file == "-":
        return sys.stdin.buffer.read()
    try:
        return Path(file).read_bytes()
    except OSError as error:
        raise Fault(f"{file}: cannot be read ({error.strerror}); expected a file with the payload, or -") from error


def _arrival(text: str) -> Instant:
    try:
        if text.strip().lstrip("-").replace(".", "", 1).isdigit():
            number = float(text)
            return from_milliseconds(int(number) if number.is_integer() else number)
        return from_iso(text)[0]
    except (ValueError, OverflowError) as error:
        raise Fault(f"--received-at {text}: {error}; expected ISO 8601 or epoch milliseconds") from error
