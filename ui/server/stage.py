"""Runs the web server until it is asked to stop."""

import asyncio
import socket
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import Final

import uvicorn

from ioc.model.faults import Fault
from ioc.runtime.tasks import end
from ioc.store.opening import Store
from ioc.store.pictures.folder import PictureFolder
from ioc.store.pictures.keeper import HeldPictures, Keeper
from ioc.store.pictures.originals import Originals
from ui.server.app import create_app
from ui.server.codec_trial import TryCodec
from ui.server.guard import is_loopback
from ui.server.rules_bench import RulesBench
from ui.server.settings import UiSettings

BACKLOG: Final = 2_048
"""Connections that may wait to be accepted: a control room that comes back comes all at once."""

STOP_S: Final = 2
"""Seconds that requests may take to end when the server stops."""

DEAD_AFTER_MS: Final = 60_000
"""After this the system drops a connection whose other side takes nothing, however much is left to send."""


class _Server(uvicorn.Server):
    """A server that leaves signals to the program it is part of."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def run(
    store: Store,
    settings: UiSettings,
    stop: asyncio.Event,
    *,
    ready: Callable[[str], None] | None = None,
    try_codec: TryCodec | None = None,
    rules_bench: RulesBench | None = None,
    pictures: PictureFolder | None = None,
    originals: Originals | None = None,
) -> None:
    """Serve until `stop` is set; then close the sockets, each with the code for a restart (1012).

    Args:
        store: what is shown and worked on.
        settings: where to listen, and more.
        stop: asks to stop.
        ready: takes the page's address once the server listens.
        try_codec: shows what codecs make of a message.
        rules_bench: answers what authors of rules ask.
        pictures: what cameras have taken.
        originals: the same with faces; None where the city keeps none.

    Raises:
        Fault: it cannot listen there, or must not.
    """
    if not is_loopback(settings.host) and not settings.open_to_network:
        raise Fault(
            f"ui.host = {settings.host}: nobody has to log in yet, so whoever reaches this address could command; "
            "listen on 127.0.0.1, or set ui.open_to_network = true behind something that asks who they are."
        )
    with closing(listen(settings.host, settings.port)) as listener:
        config = uvicorn.Config(
            create_app(
                store,
                settings,
                try_codec=try_codec,
                rules_bench=rules_bench,
                pictures=pictures,
                originals=originals,
            ),
            ws="websockets-sansio",
            ws_per_message_deflate=False,
            ws_max_size=4_096,
            lifespan="on",
            access_log=False,
            log_config=None,
            log_level="warning",
            server_header=False,
            proxy_headers=False,
            timeout_graceful_shutdown=STOP_S,
        )
        server = _Server(config)
        beside = [asyncio.create_task(_stop_when_asked(server, stop), name="ui stop")]
        if pictures is not None:
            # Where cameras are not watched any more, what they took is still to go in its time.
            keeper = Keeper(pictures, HeldPictures(store.incidents))
            beside.append(asyncio.create_task(keeper.run(), name="keep pictures"))
        try:
            if ready is not None:
                host, port = listener.getsockname()[:2]
                ready(f"http://{f'[{host}]' if ':' in host else host}:{port}")
            await server.serve(sockets=[listener])
        finally:
            await end(beside)


def listen(host: str, port: int) -> socket.socket:
    """Open the socket to listen on.

    Raises:
        Fault: the port is taken, or the address is not one of this machine's.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, DEAD_AFTER_MS)
    try:
        listener.bind((host.strip("[]"), port))
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        raise Fault(
            f"Port {port} on {host} cannot be used ({(error.strerror or str(error)).lower()}); "
            "stop what listens there, or choose another port (ui.port, IOC_UI_PORT)."
        ) from error
    listener.setblocking(False)
    return listener


async def _stop_when_asked(server: uvicorn.Server, stop: asyncio.Event) -> None:
    await stop.wait()
    server.should_exit = True
