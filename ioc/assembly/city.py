"""Registers a city and its pretend devices, then ends: `python -m ioc.assembly.city with-devices|without-devices`."""

import asyncio
import sys
from collections.abc import Iterable

from ioc.assembly import city_file, composed
from ioc.assembly.process import patient_store
from ioc.config import Configuration
from ioc.model.assets import Asset
from ioc.runtime import logging
from ioc.runtime.tasks import run_until_stopped


async def register(configuration: Configuration, stop: asyncio.Event, *, devices: bool) -> None:
    """Put the city into the registry; pretend devices of an earlier demo make room, real ones stay.

    Raises:
        Fault: the city's file cannot be used, or the store does not answer.
    """
    from ioc.store.city_file import load_city  # noqa: PLC0415 - only this process needs it

    path = city_file(configuration.simulators.city)
    city = load_city(path)
    pretended: Iterable[Asset] = ()
    if devices:
        from simulators.fleet import build  # noqa: PLC0415 - only this process needs it

        pretended = build(path, configuration.simulators.seed).assets
    async with patient_store(configuration.redis_url, stop) as store:
        if store is None:
            return
        if await store.assets.city() != city:
            await store.assets.set_city(city)
        before = await store.assets.load()
        real = {name: asset for name, asset in before.items() if not asset.simulated}
        after = {**{asset.id: asset for asset in pretended}, **real}
        if after != before:
            await store.assets.replace(after.values())


def main(arguments: list[str]) -> int:
    """Register the city that the supervisor's configuration names; return the exit status."""
    configuration = composed()
    logging.configure(configuration.log.level, configuration.log.format)
    devices = arguments == ["with-devices"]
    return run_until_stopped("city", lambda stop: register(configuration, stop, devices=devices))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
