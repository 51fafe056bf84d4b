"""One stage's own process: `python -m ioc.assembly.process STAGE`, as the supervisor starts it."""

import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from ioc.assembly import STAGES, Stage
from ioc.assembly.handover import Handover
from ioc.model.faults import Fault
from ioc.runtime import logging
from ioc.runtime.tasks import run_until_stopped

if TYPE_CHECKING:
    from ioc.store.opening import Store

STORE_PATIENCE: Final = 30.0
"""Seconds that a process waits for a store that does not answer yet: it may still be reading its log."""


def run_stage(stage: Stage, handover: Handover) -> int:
    """Run a stage in this process until SIGTERM or SIGINT; return the exit status."""
    logging.configure(handover.log_level, handover.log_format)
    settings = handover.settings_of(stage)
    run = import_module(stage.module).run
    beside = _beside(stage, handover)

    async def main(stop: asyncio.Event) -> None:
        if not stage.keeps:
            await run(settings, stop)
            return
        async with patient_store(handover.redis_url, stop) as store:
            if store is not None:
                await run(store, settings, stop, **beside)

    return run_until_stopped(stage.name, main)


def _beside(stage: Stage, handover: Handover) -> dict[str, Any]:
    if stage.beside is None:
        return {}
    module, name = stage.beside.split(":")
    made: dict[str, Any] = getattr(import_module(module), name)(handover)
    return made


@asynccontextmanager
async def patient_store(url: str, stop: asyncio.Event) -> "AsyncIterator[Store | None]":
    """Open the store, waiting a while for it to answer; None where the wait was ended by `stop`.

    Raises:
        Fault: the URL cannot be used, or nothing answered for `STORE_PATIENCE` seconds.
    """
    from ioc.store.opening import open_store  # noqa: PLC0415 - a stage without a store needs no client

    give_up_at = time.monotonic() + STORE_PATIENCE
    async with AsyncExitStack() as stack:
        store = None
        while store is None and not stop.is_set():
            try:
                store = await stack.enter_async_context(open_store(url))
            except Fault as fault:
                if fault.wrong_use or time.monotonic() > give_up_at:
                    raise
                await asyncio.sleep(0.05)
        yield store


if __name__ == "__main__":
    sys.exit(run_stage(STAGES[sys.argv[1]], Handover.received(os.environ)))
