"""`ioc replay`: says again what was recorded."""

import os
import sys
import time
from pathlib import Path
from typing import Annotated

import typer

from ioc.cli.config import ConfigOption
from ioc.model.faults import Fault


def replay(
    file: Annotated[Path, typer.Argument(help="What `ioc record` wrote.")],
    *,
    speed: Annotated[
        str, typer.Option(help="1 as it was, 10 ten times as fast, max as fast as the broker takes it.")
    ] = "1",
    broker: Annotated[
        str | None, typer.Option(metavar="URL", help="mqtt[s]://[user:password@]host:port.", show_default=False)
    ] = None,
    prefix: Annotated[str, typer.Option(help="Put before every topic, such as test/.", show_default=False)] = "",
    retain: Annotated[bool, typer.Option("--retain", help="Let the broker keep what it had kept before.")] = False,
    loop: Annotated[bool, typer.Option("--loop", help="Begin again at the end, until Ctrl-C.")] = False,
    config: ConfigOption = None,
) -> int:
    """Publish a recording's messages to the broker, in their order, at recorded or any speed.

    A line that cannot be read ends it with its number; what stands before it has been published.
    """
    from ingest import recording  # noqa: PLC0415 - the help does not need it
    from ingest.mqtt.visit import visit  # noqa: PLC0415
    from ioc.cli.interrupted import run_until_interrupted  # noqa: PLC0415
    from ioc.cli.progress import progress_bar  # noqa: PLC0415
    from ioc.config import load  # noqa: PLC0415

    pace = _speed(speed)
    settings = load(config, os.environ).configuration.ingest
    if broker is not None:
        settings = settings.model_copy(update={"mqtt_url": broker})
    sent = 0

    async def publish() -> None:
        nonlocal sent
        async with visit(settings, "replay") as there:
            again = True
            while again:
                before = sent
                with progress_bar(file.name) as progress:
                    messages = recording.read_recording(file, progress)
                    steps = recording.replay(
                        messages, there.publish, speed=pace, prefix=prefix, retain=retain, elapsed=time.monotonic
                    )
                    async for count in steps:
                        sent += count
                # An empty file would be read for ever.
                again = loop and sent > before

    try:
        run_until_interrupted(publish)
    finally:
        sys.stderr.write(f"{sent} messages were published\n")
    return 0


def _speed(text: str) -> float | None:
    if text == "max":
        return None
    try:
        speed = float(text)
    except ValueError:
        speed = 0.0
    if not 0 < speed < float("inf"):
        raise Fault(f"--speed {text}: expected a number such as 1 or 10, or max")
    return speed
