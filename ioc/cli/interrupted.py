"""Work that goes on until somebody presses Ctrl-C, which is how it is meant to end."""

import asyncio
import signal
from collections.abc import Awaitable, Callable

from ioc.runtime.tasks import end


def run_until_interrupted(work: Callable[[], Awaitable[None]], seconds: float | None = None) -> bool:
    """Run work until it ends, a signal (SIGINT, SIGTERM) comes, or the time is over.

    Args:
        work: what is to be done; it is cancelled in the end, and may tidy up.
        seconds: how long at most; None for no limit.

    Returns:
        Whether it was interrupted, by a signal or by the time.
    """

    async def main() -> bool:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stop.set)
        task, stopping = asyncio.ensure_future(work()), asyncio.create_task(stop.wait())
        await asyncio.wait({task, stopping}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        done = task.done()
        await end([task, stopping])
        if done:
            task.result()
        return not done

    return asyncio.run(main())
