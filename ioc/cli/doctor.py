"""`ioc doctor`: can broker, store and machine keep the promise?"""

import os
from typing import Final

import typer

from ioc.cli.config import ConfigOption

_COLOURS: Final = {"ok": "green", "note": "yellow", "bad": "bold red"}


def doctor(*, config: ConfigOption = None) -> None:
    """Check what the line needs in order to run; exit 1 where acknowledged events could be lost."""
    from rich.console import Console  # noqa: PLC0415 - the help does not need it
    from rich.table import Table  # noqa: PLC0415

    from ioc.assembly.examination import examine  # noqa: PLC0415 - the help does not need it
    from ioc.assembly.finding import Finding  # noqa: PLC0415
    from ioc.config import load  # noqa: PLC0415

    configuration = load(config, os.environ).configuration
    table = Table(box=None, pad_edge=False, show_header=False, padding=(0, 2, 0, 0))
    bad = 0
    for found in examine(configuration):
        bad += found.finding is Finding.BAD
        colour = _COLOURS[found.finding]
        table.add_row(f"[{colour}]{found.finding}[/{colour}]", found.what, found.sentence)
    console = Console(highlight=False)
    console.print(table)
    if bad:
        console.print(f"\n{bad} of these must be mended before the line can be trusted")
        raise typer.Exit(1)
