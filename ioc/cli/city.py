"""`ioc city`: says which city this is."""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from ioc.cli.config import ConfigOption
from ioc.cli.with_store import with_store

city_app = typer.Typer(
    no_args_is_help=True, add_completion=False, rich_markup_mode=None, help="Say which city this is."
)


@city_app.command()
def load(file: Annotated[Path, typer.Argument(help="City file, YAML.")], *, config: ConfigOption = None) -> None:
    """Register the city of a file: its name, zone of time, areas and sketch. Assets are loaded by `ioc assets load`."""
    from ioc.store.city_file import load_city  # noqa: PLC0415 - the help does not need it
    from ioc.store.opening import Store  # noqa: PLC0415

    city = load_city(file)

    async def register(store: Store) -> None:
        if await store.assets.city() != city:
            await store.assets.set_city(city)

    with_store(register, config, os.environ)
    sys.stdout.write(f"{city.title['vi']} / {city.title['en']}: {len(city.areas)} areas registered\n")


@city_app.command()
def show(*, config: ConfigOption = None) -> int:
    """Say which city is registered; exit 1 where none is."""
    from ioc.model.city import City  # noqa: PLC0415 - the help does not need it
    from ioc.store.opening import Store  # noqa: PLC0415

    async def read(store: Store) -> City | None:
        return await store.assets.city()

    city = with_store(read, config, os.environ)
    if city is None:
        sys.stdout.write("no city is registered; see ioc city load\n")
        return 1
    sys.stdout.write(f"{city.id}  {city.title['vi']} / {city.title['en']}, {city.timezone}\n")
    for area in city.areas:
        sys.stdout.write(f"  {area.id}  {area.title['vi']} / {area.title['en']}, {area.level}\n")
    return 0
