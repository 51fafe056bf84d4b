"""The websocket: one snapshot, then what changes, until the page leaves or falls behind."""

import asyncio
import contextlib
from typing import Final

from starlette.websockets import WebSocket, WebSocketDisconnect

from ui.server.guard import refuse_socket
from ui.server.hub import Hub
from ui.server.outbox import FellBehind, Outbox
from ui.server.problems import Problem

TRY_AGAIN_LATER: Final = 1013
SERVICE_RESTART: Final = 1012

FAREWELL_S: Final = 30.0
"""Seconds in which a page that fell behind may read on to the reason why; then the connection is dropped."""

_FULL: Final = Problem(
    503, "full", what="Too many pages are connected.", where="/ws/live", expected="try again when others have left"
)


async def live(websocket: WebSocket, hub: Hub) -> None:
    """Serve one page.

    Sending goes on beside receiving: a page that leaves is noticed while a message is waiting, and one that
    does not read is noticed although its message cannot be sent.
    """
    if hub.is_full:
        hub.counts.turned_away += 1
        await refuse_socket(_FULL, websocket.send)
        return
    # Counted before the first wait, so that a crowd at the door cannot be more than the limit.
    with hub.joined() as (outbox, era):
        await websocket.accept()
        code, reason = await _serve(websocket, outbox, era)
    if code == TRY_AGAIN_LATER:
        hub.counts.fell_behind += 1
    if code is not None:
        with contextlib.suppress(TimeoutError, WebSocketDisconnect, RuntimeError):
            async with asyncio.timeout(FAREWELL_S):
                await websocket.close(code, reason)


async def _serve(websocket: WebSocket, outbox: Outbox, era: asyncio.Event) -> tuple[int | None, str | None]:
    """Send and receive until one of them ends; give the code to close with, None where the page has left."""
    tasks = {
        asyncio.create_task(_send(websocket, outbox), name="live send"),
        asyncio.create_task(_receive(websocket), name="live receive"),
        asyncio.create_task(outbox.fell_behind(), name="live watch"),
        asyncio.create_task(era.wait(), name="live era"),
    }
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        ended = await asyncio.gather(*tasks, return_exceptions=True)
    names = {task.get_name() for task in done}
    if any(isinstance(result, WebSocketDisconnect) for result in ended):
        return None, None
    if names == {"live era"}:
        return SERVICE_RESTART, "the city has been loaded anew"
    for task in done:
        error = task.exception()
        if error is not None and not isinstance(error, FellBehind):
            raise error
    return TRY_AGAIN_LATER, "fell behind; connect again for a fresh snapshot"


async def _send(websocket: WebSocket, outbox: Outbox) -> None:
    while True:
        await websocket.send_text(await outbox.take())


async def _receive(websocket: WebSocket) -> None:
    """Read until the page leaves; what it says (a ping) needs no answer, the heartbeat is one."""
    while True:
        message = await websocket.receive()
        if message["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(message.get("code", 1005))
