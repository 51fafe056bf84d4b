"""The process that answers authors of rules: questions come in and answers go out, one JSON object a line."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing, suppress
from functools import partial
from typing import TYPE_CHECKING, Any, BinaryIO, Final

if TYPE_CHECKING:
    from ioc.assembly.handover import Handover

IDLE_S: Final = 120.0
"""Seconds after which a process that nobody asks any more ends, and gives its memory back."""

MOST_AT_ONCE: Final = 64
"""Questions that are worked on at once; further ones wait in the pipe."""


async def serve(handover: "Handover", out: BinaryIO, *, idle_s: float = IDLE_S) -> None:
    """Answer until the input ends or nobody asks any more."""
    import msgspec  # noqa: PLC0415 - what the environment must be set for is imported by none before

    from ioc.assembly.rules_answers import RulesAnswers  # noqa: PLC0415

    reader = asyncio.StreamReader(limit=4_000_000)
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)

    def say(message: dict[str, Any]) -> None:
        out.write(msgspec.json.encode(message) + b"\n")
        out.flush()

    work: dict[int, asyncio.Task[None]] = {}
    async with aclosing(RulesAnswers(handover)) as answers:
        while True:
            try:
                line = await asyncio.wait_for(reader.readline(), idle_s)
            except TimeoutError:
                if work:
                    continue
                break
            if not line:
                break
            asked = msgspec.json.decode(line)
            number = asked["id"]
            if asked.get("cancel"):
                task = work.get(number)
                if task is not None:
                    task.cancel()
                continue
            while len(work) >= MOST_AT_ONCE:
                await asyncio.wait(work.values(), return_when=asyncio.FIRST_COMPLETED)
            task = asyncio.create_task(_answer(answers, asked, say))
            work[number] = task
            task.add_done_callback(partial(_forget, work, number))
    # Whoever asked is gone; a thread that still computes must not keep the process.
    out.flush()
    os._exit(0)


def _forget(work: dict[int, "asyncio.Task[None]"], number: int, _: "asyncio.Task[None]") -> None:
    work.pop(number, None)


async def _answer(answers: Any, asked: dict[str, Any], say: Callable[[dict[str, Any]], None]) -> None:
    from ioc.assembly.rules_answers import told_of  # noqa: PLC0415

    number = asked["id"]
    try:
        found: AsyncIterator[dict[str, Any]] | Awaitable[dict[str, Any]]
        found = getattr(answers, asked["ask"])(**asked["with"])
        if isinstance(found, AsyncIterator):
            async for line in found:
                say({"id": number, "line": line})
        else:
            say({"id": number, "line": await found})
    except asyncio.CancelledError:
        raise
    except Exception as error:  # the outermost edge: whoever asked must be told, and the next question answered
        say({"id": number, "error": told_of(error)})
    else:
        say({"id": number, "done": True})


def main() -> None:
    """Serve until told to stop."""
    # Before polars is loaded: one thread for the engine, one for what is read ahead of it.
    os.environ["POLARS_MAX_THREADS"] = "2"
    # Whatever is printed by mistake must not end up between the answers.
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    from ioc.assembly.handover import Handover  # noqa: PLC0415
    from ioc.runtime import logging  # noqa: PLC0415

    handover = Handover.received(os.environ)
    logging.configure(handover.log_level, handover.log_format)
    with suppress(KeyboardInterrupt, BrokenPipeError):
        asyncio.run(serve(handover, out))


if __name__ == "__main__":
    main()
