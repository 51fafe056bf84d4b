"""Puts the web server together: guard, HTTP interface, websocket, page, and the feed that runs beside them."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, Final

from fastapi import FastAPI, Response, WebSocket

from ioc.model.instant import MILLISECOND, Instant
from ioc.model.quantities import Catalogue
from ioc.runtime import clock
from ioc.store.audit import AuditLog
from ioc.store.catalogue import load_catalogue
from ioc.store.opening import Store
from ioc.store.pictures.folder import PictureFolder
from ioc.store.pictures.originals import Originals
from ui.server import api, cameras_api, devices_api, metrics, page, pictures_api, problems, rules_api, schemas, webhooks
from ui.server.cameras import KnownCameras
from ui.server.codec_trial import TryCodec
from ui.server.devices import Devices
from ui.server.feed import Feed
from ui.server.guard import Guard, Policy, Requests
from ui.server.health import judge
from ui.server.hub import Hub
from ui.server.live import live
from ui.server.live_pictures import LivePictures
from ui.server.rejections import Rejections
from ui.server.rules_bench import RulesBench
from ui.server.settings import UiSettings
from ui.server.views import basemap_sources
from ui.server.world import World

DESCRIPTION: Final = """
What operators see and do. Times are milliseconds since 1970-01-01T00:00:00Z, places WGS 84 degrees.

Lists are answered from the server's memory, and still answered, with what was known last, while the store
is away; `GET /api/health` says so. Every answer that is not a success has the body of `ErrorBody`.

What changes is told on the websocket `/ws/live`, which `docs/asyncapi.yaml` describes.
"""


def create_app(
    store: Store,
    settings: UiSettings,
    *,
    catalogue: Catalogue | None = None,
    now: Callable[[], Instant] = clock.now,
    hub: Hub | None = None,
    try_codec: TryCodec | None = None,
    rules_bench: RulesBench | None = None,
    pictures: PictureFolder | None = None,
    originals: Originals | None = None,
) -> FastAPI:
    """Make the application; its feed runs for as long as its lifespan.

    Args:
        store: what is shown and worked on.
        settings: see `UiSettings`.
        catalogue: the quantities; those that come with the program where not given.
        now: the wall clock.
        hub: one with other limits than the usual ones.
        try_codec: shows what codecs make of a message; POST /api/codecs/try answers 501 without.
        rules_bench: answers what authors of rules ask; /api/rules answers 501 without.
        pictures: what cameras have taken; /api/pictures answers 501 without, and no camera has a live picture.
        originals: the same with faces; None where the city keeps none.

    Raises:
        Fault: the base map's file does not exist.
    """
    if settings.basemap == "none":
        settings = settings.model_copy(update={"basemap": None})
    hub = hub or Hub(World(), now, tick=settings.tick_ms * MILLISECOND, most=settings.max_sockets)
    devices = Devices(hub.world, now)
    cameras = KnownCameras()
    feed = Feed(store, hub.world, hub, devices, cameras, now)
    requests = Requests()
    deliveries = webhooks.Deliveries()

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with feed.running():
            yield

    app = FastAPI(
        title="IOC event processor",
        version="1",
        description=DESCRIPTION,
        openapi_url="/api/openapi.json",
        # The ready-made pages load scripts from elsewhere, which the page's own policy forbids.
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
    )
    problems.install(app)

    def health() -> dict[str, Any]:
        return judge(feed.board, feed.knowledge, now())

    app.include_router(
        api.router(
            incidents=store.incidents,
            hub=hub,
            health=health,
            catalogue=catalogue or load_catalogue(),
            settings=settings,
            now=now,
        )
    )

    app.include_router(
        devices_api.router(
            devices=devices, rejections=Rejections(store.rejected), gaps=store.gaps, try_codec=try_codec, now=now
        )
    )

    app.include_router(
        cameras_api.router(
            cameras=store.cameras,
            known=cameras,
            live=LivePictures(
                pictures,
                store.cameras,
                known=lambda: cameras.statuses,
                away=lambda: feed.store_away is not None,
                now=now,
            ),
            originals=pictures is not None and originals is not None,
            world=hub.world,
            now=now,
        )
    )

    app.include_router(
        pictures_api.router(pictures=pictures, originals=originals, audit=AuditLog(store.connection), now=now)
    )

    app.include_router(rules_api.router(bench=rules_bench))

    app.include_router(webhooks.router(inbox=store.inbox, webhooks=settings.webhooks, now=now, deliveries=deliveries))

    @app.get(
        "/metrics",
        tags=["program"],
        summary="Metrics",
        response_class=Response,
        responses={
            200: {"description": "Prometheus' text format.", "content": {"text/plain": {}}},
            421: {"model": schemas.ErrorBody, "description": "The server was asked under a name that is not its own."},
        },
    )
    async def get_metrics() -> Response:
        """All metrics, of this process and of those that report to the store; docs/http.md lists them."""
        text = metrics.exposition(
            board=feed.board,
            store_up=feed.store_away is None,
            hub=hub,
            requests=requests,
            reports=deliveries.counts,
            cameras=cameras,
            now=now(),
        )
        return Response(text, headers={"content-type": metrics.CONTENT_TYPE})

    @app.websocket("/ws/live")
    async def get_live(websocket: WebSocket) -> None:
        await live(websocket, hub)

    page.install(app, folder=settings.page or page.BUILT, basemap=settings.basemap)
    policy = Policy.of(
        settings.host,
        hosts=settings.allowed_hosts,
        origins=settings.allowed_origins,
        map_sources=basemap_sources(settings.basemap),
    )
    app.add_middleware(Guard, policy=policy, requests=requests)
    return app
