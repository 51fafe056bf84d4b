"""Answers that are written line by line while they are made, and given up when nobody reads them any more."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import Any, Final

import msgspec
from fastapi import Response
from starlette.types import Receive, Scope, Send

from ioc.runtime.tasks import end

NDJSON: Final = "application/x-ndjson"


class Lines(Response):
    """JSON values, each on a line of its own as soon as it is there.

    The framework's own streaming notices that a client has gone only when it next writes, which here may be seconds
    of work later.
    """

    media_type = NDJSON

    def __init__(self, values: AsyncGenerator[Any, None], *, done: Callable[[], None]) -> None:
        """Take what is to be written, and whom to tell when it is over, however it ends."""
        super().__init__()
        del self.headers["content-length"]
        self._values = values
        self._done = done

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - ASGI's own
        """Write until there is no more, or the client is gone."""
        writing = asyncio.create_task(self._write(send), name="lines")
        leaving = asyncio.create_task(_left(receive), name="lines left")
        try:
            await asyncio.wait((writing, leaving), return_when=asyncio.FIRST_COMPLETED)
            if writing.done():
                writing.result()
        finally:
            await end([writing, leaving])
            self._done()

    async def _write(self, send: Send) -> None:
        async with aclosing(self._values) as values:
            await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
            async for value in values:
                await send(
                    {"type": "http.response.body", "body": msgspec.json.encode(value) + b"\n", "more_body": True}
                )
            await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
