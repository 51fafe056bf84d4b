"""`ioc record`: writes what devices say to a file."""

import asyncio
import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from ioc.cli.config import ConfigOption


def record(
    file: Annotated[Path, typer.Argument(help="Where to write it, NDJSON; .gz is compressed.")],
    *,
    topic: Annotated[
        list[str] | None,
        typer.Option("--topic", "-t", help="Topic filter, as often as wanted.", show_default="ingest.topics"),
    ] = None,
    broker: Annotated[
        str | None, typer.Option(metavar="URL", help="mqtt[s]://[user:password@]host:port.", show_default=False)
    ] = None,
    seconds: Annotated[
        float | None, typer.Option(min=0, help="How long; without it, until Ctrl-C.", show_default=False)
    ] = None,
    hide_addresses: Annotated[
        bool,
        typer.Option(
            "--hide-addresses/--keep-addresses",
            help="Put others in the place of hardware addresses (aa:bb:…), the same for the same within the file.",
        ),
    ] = True,
    config: ConfigOption = None,
) -> int:
    """Record what devices say, until Ctrl-C, one message a line: topic, payload, time of arrival.

    It listens with a session of its own and takes nothing away from ingest. What it writes is what devices said:
    treat it as personal data, keep it no longer than needed, and give it to nobody who may not see it.
    """
    from ingest.mqtt.visit import visit  # noqa: PLC0415 - the help does not need it
    from ingest.recording import FLUSH_S, Recorded, Recorder, StandIns  # noqa: PLC0415
    from ioc.cli.counting import counter  # noqa: PLC0415
    from ioc.cli.interrupted import run_until_interrupted  # noqa: PLC0415
    from ioc.config import load  # noqa: PLC0415

    settings = load(config, os.environ).configuration.ingest
    if broker is not None:
        settings = settings.model_copy(update={"mqtt_url": broker})
    stand_ins = StandIns()
    lost = 0

    with Recorder(file) as recorder:

        async def flush() -> None:
            while True:
                await asyncio.sleep(FLUSH_S)
                recorder.flush()

        async def listen() -> None:
            nonlocal lost
            async with visit(settings, "record") as there:
                flushing = asyncio.create_task(flush())
                try:
                    with counter("messages") as count:
                        async for heard in there.listen(topic or settings.topics):
                            message = Recorded(*heard)
                            recorder.write(stand_ins.hide(message) if hide_addresses else message)
                            count(recorder.count)
                finally:
                    flushing.cancel()
                    lost = there.lost

        run_until_interrupted(listen, seconds)
    sys.stderr.write(f"{recorder.count} messages are in {file}\n")
    if lost:
        sys.stderr.write(f"ioc: {lost} messages came faster than they could be written, and are not in it\n")
    return 1 if lost else 0
