"""`ioc assets`: registers the city's things, and lists them."""

import json
import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from ioc.cli.config import ConfigOption
from ioc.cli.with_store import with_store

assets_app = typer.Typer(
    no_args_is_help=True, add_completion=False, rich_markup_mode=None, help="Register the city's assets, and list them."
)


@assets_app.command()
def load(
    file: Annotated[Path, typer.Argument(help="YAML, CSV or GeoJSON.")],
    *,
    replace: Annotated[
        bool, typer.Option("--replace", help="Forget the assets that the file does not name; pretended ones stay.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and do nothing.")] = False,
    config: ConfigOption = None,
) -> int:
    """Register the assets of a file; those that are registered already are changed to what it says.

    Every mistake is named with file, line and column, and then nothing is loaded (exit 1). Whoever runs learns of it
    within seconds.
    """
    from ioc.store.asset_file import read_asset_file  # noqa: PLC0415 - the help does not need it
    from ioc.store.opening import Store  # noqa: PLC0415

    found = read_asset_file(file)
    for mistake in found.mistakes:
        sys.stdout.write(f"{mistake}\n")
    if found.mistakes:
        count = len(found.mistakes)
        sys.stdout.write(f"{count} {'mistake' if count == 1 else 'mistakes'}; nothing was loaded\n")
        return 1
    wanted = {asset.id: asset for asset in found.assets}

    async def register(store: Store) -> None:
        before = await store.assets.load()
        kept = {name: asset for name, asset in before.items() if not replace or asset.simulated}
        after = {**kept, **wanted}
        added, removed = after.keys() - before.keys(), before.keys() - after.keys()
        changed = [name for name in wanted if name in before and before[name] != wanted[name]]
        if after != before and not dry_run:
            await store.assets.replace(after.values())
        would = "would be " if dry_run else ""
        city = await store.assets.city()
        known = frozenset(area.id for area in city.areas) if city is not None else frozenset()
        strange = sorted({asset.area for asset in wanted.values() if asset.area is not None} - known)
        if strange:
            sys.stderr.write(f"ioc: the registered city has no area {', '.join(strange[:5])}; see ioc city show\n")
        sys.stdout.write(
            f"{len(wanted)} assets read: {len(added)} {would}added, {len(changed)} {would}changed, "
            f"{len(removed)} {would}removed; {len(after)} {would}registered\n"
        )

    with_store(register, config, os.environ)
    return 0


@assets_app.command("list")
def list_all(
    *, as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False, config: ConfigOption = None
) -> None:
    """List the registered assets."""
    from ioc.model.assets import Asset  # noqa: PLC0415 - the help does not need it
    from ioc.store.opening import Store  # noqa: PLC0415

    async def read(store: Store) -> dict[str, Asset]:
        return await store.assets.load()

    assets = with_store(read, config, os.environ).values()
    if as_json:
        from ioc.store.asset_file import asset_to_row  # noqa: PLC0415

        rows = [asset_to_row(asset) for asset in assets]
        sys.stdout.write(json.dumps(rows, ensure_ascii=False, indent=2) + "\n")
        return
    from rich.console import Console  # noqa: PLC0415
    from rich.markup import escape  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415

    table = Table(box=None, pad_edge=False)
    for heading in ("id", "kind", "name", "place", "area", "site", "tags"):
        table.add_column(heading, overflow="fold", no_wrap=heading == "id")
    for asset in assets:
        place = "moves" if asset.mobile else "" if asset.lat is None else f"{asset.lat:.5f}, {asset.lon:.5f}"
        tags = [*asset.tags, *(["pretended"] if asset.simulated else [])]
        row = (asset.id, str(asset.kind), asset.name, place, asset.area or "", asset.site or "", ", ".join(tags))
        table.add_row(*(escape(cell) for cell in row))
    Console(soft_wrap=not sys.stdout.isatty()).print(table)
