"""Runs a stage in this process until a signal asks for its end."""

import asyncio
import gc
import signal
import sys
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, Final

from ioc.model.faults import Fault
from ioc.runtime.logging import Log
from ioc.runtime.redaction import redact

ENDING_SECONDS: Final = 4.0
"""How long a stage may take to end after it was asked; then it is cancelled."""

SETTLED_SECONDS: Final = 5.0
"""How long after its start a stage has loaded all that it lives on."""

CANCEL_AGAIN_SECONDS: Final = 0.2
"""How long a task may take to end before it is cancelled once more."""


async def end(tasks: Iterable[asyncio.Task[Any]]) -> None:
    """Cancel tasks and wait until they have ended; one that swallows its cancellation is cancelled again.

    A cancellation that comes at the very moment at which a wait ends can be lost in a library on the way; a task
    that loops for ever would then never end, and a process would have to be killed.
    """
    left = set(tasks)
    while left:
        for task in left:
            task.cancel()
        _, left = await asyncio.wait(left, timeout=CANCEL_AGAIN_SECONDS)


def run_until_stopped(name: str, main: Callable[[asyncio.Event], Awaitable[None]]) -> int:
    """Run `main` with an event that SIGTERM and SIGINT set.

    Args:
        name: the stage's name, for what is said.
        main: the stage; it returns soon after the event is set.

    Returns:
        The exit status: 0 when it ended as asked, what the fault says for a `Fault` (its sentence is
        on standard error), 1 for anything else (its traceback is logged).
    """
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        return runner.run(_guarded(name, main))


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop  # noqa: PLC0415 - where there is none, Python's own loop does
    except ImportError:
        return None
    factory: Callable[[], asyncio.AbstractEventLoop] = uvloop.new_event_loop
    return factory


async def _guarded(name: str, main: Callable[[asyncio.Event], Awaitable[None]]) -> int:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    # What a stage lives on never becomes garbage, and going through it for garbage time and again costs ingest a
    # sixth of its time under load.
    settling = loop.call_later(SETTLED_SECONDS, gc.freeze)
    work = asyncio.ensure_future(main(stop))
    waiting = asyncio.create_task(stop.wait())
    await asyncio.wait({work, waiting}, return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    settling.cancel()
    try:
        await asyncio.wait_for(work, ENDING_SECONDS if stop.is_set() else None)
    except Fault as fault:
        sys.stderr.write(f"{name}: {redact(str(fault))}\n")
        return 2 if fault.wrong_use else 1
    except TimeoutError:
        Log(name).error("did not end when asked and was cut off", seconds=ENDING_SECONDS)
        return 1
    except Exception:
        # The outermost edge of a process: what nobody expected is written down before it dies.
        Log(name).exception("stopped by a fault that nobody expected")
        return 1
    return 0
