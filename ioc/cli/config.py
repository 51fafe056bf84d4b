"""`ioc config`: what is configured, where it came from, and what could be."""

import json
import os
import sys
from pathlib import Path
from typing import Annotated

import typer

config_app = typer.Typer(
    help="Show what is configured, and from where.", no_args_is_help=True, add_completion=False, rich_markup_mode=None
)

ConfigOption = Annotated[
    Path | None, typer.Option("--config", help="Configuration file; ./ioc.toml where there is one.", show_default=False)
]


@config_app.command("show")
def show(
    *, config: ConfigOption = None, as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False
) -> None:
    """Show every setting, its value (secrets masked) and where the value came from."""
    from ioc.config import load, shown  # noqa: PLC0415 - the help does not need it

    rows = shown(load(config, os.environ))
    if as_json:
        entries = {key: {"value": value, "from": source, "variable": name} for key, value, source, name in rows}
        sys.stdout.write(json.dumps(entries, ensure_ascii=False, indent=2) + "\n")
        return
    from rich.console import Console  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415

    table = Table(box=None, pad_edge=False)
    for heading in ("setting", "value", "from", "variable"):
        table.add_column(heading, overflow="fold", no_wrap=heading in {"setting", "variable"})
    for key, value, source, name in rows:
        table.add_row(key, value, source if source == "default" else f"[bold]{source}[/bold]", name)
    Console(soft_wrap=not sys.stdout.isatty()).print(table)


@config_app.command("schema")
def schema() -> None:
    """Print the JSON schema of `ioc.toml`."""
    from ioc import config  # noqa: PLC0415 - the help does not need it

    sys.stdout.write(json.dumps(config.schema(), ensure_ascii=False, indent=2, default=str) + "\n")
