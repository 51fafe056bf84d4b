"""Registers a city and its pretend devices, then ends: `python -m ioc.assembly.city DEVICES STAMP MARK`."""

import asyncio
import os
import sys
from collections.abc import Iterable
from pathlib import Path

from ioc.assembly import SIMULATORS
from ioc.assembly.handover import Handover
from ioc.assembly.process import patient_store
from ioc.model.assets import Asset
from ioc.runtime import logging
from ioc.runtime.tasks import run_until_stopped


async def register(handover: Handover, stop: asyncio.Event, *, devices: bool) -> bool:
    """Put the city into the registry; pretend devices of an earlier demo make room, real ones stay.

    Returns:
        Whether it was done; it is not where the wait for the store was ended by `stop`.

    Raises:
        Fault: the city's file cannot be used, or the store does not answer.
    """
    from ioc.store.city_file import load_city  # noqa: PLC0415 - not before the log is set up

    settings = handover.settings_of(SIMULATORS)
    path = Path(settings.city)
    city = load_city(path)
    pretended: Iterable[Asset] = ()
    if devices:
        from simulators.fleet import build  # noqa: PLC0415 - a city without devices needs none

        pretended = build(path, settings.seed).assets
    async with patient_store(handover.redis_url, stop) as store:
        if store is None:
            return False
        if await store.assets.city() != city:
            await store.assets.set_city(city)
        before = await store.assets.load()
        real = {name: asset for name, asset in before.items() if not asset.simulated}
        after = {**{asset.id: asset for asset in pretended}, **real}
        if after != before:
            await store.assets.replace(after.values())
    return True


def main(devices: str, stamp: str, mark: str) -> int:
    """Register the city, and leave a mark beside the store's files so that the next start need not look again."""
    handover = Handover.received(os.environ)
    logging.configure(handover.log_level, handover.log_format)

    async def work(stop: asyncio.Event) -> None:
        if await register(handover, stop, devices=devices == "with-devices") and Path(stamp).parent.is_dir():
            Path(stamp).write_text(mark, encoding="utf-8")  # noqa: ASYNC240 - a few bytes, and nothing else runs

    return run_until_stopped("city", work)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
