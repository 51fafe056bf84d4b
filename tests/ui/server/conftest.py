"""A web server in the test's own loop, over a real store, and what tests fill it with."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
import msgspec
import polars as pl
import pytest
import pytest_asyncio
from websockets.asyncio.client import ClientConnection, connect

from ioc.model.alerts import Severity
from ioc.model.assets import Asset
from ioc.model.cameras import CameraState, FieldOfView, Geometry, Line, Way, Zone
from ioc.model.city import Area, City
from ioc.model.events import FIXED_COLUMNS
from ioc.model.identity import alert_id, incident_id
from ioc.model.incidents import Incident
from ioc.model.kinds import Kind
from ioc.runtime import clock
from ioc.store.cameras import CameraStatus, DrawnBox, ZoneNow
from ioc.store.incidents import ClearedAlert
from ioc.store.opening import Store, open_store
from ui.server import stage
from ui.server.settings import UiSettings

CITY = City(
    id="da-lat",
    title={"vi": "Đà Lạt", "en": "Da Lat"},
    timezone="Asia/Ho_Chi_Minh",
    bounds=(108.3, 11.8, 108.6, 12.1),
    areas=(
        Area("lam-dong", {"vi": "Lâm Đồng", "en": "Lam Dong"}, "province"),
        Area(
            "xuan-huong",
            {"vi": "Xuân Hương", "en": "Xuan Huong"},
            "ward",
            "lam-dong",
            (((108.4, 11.9), (108.5, 11.9), (108.5, 12.0)),),
        ),
        Area("cam-ly", {"vi": "Cam Ly", "en": "Cam Ly"}, "ward", "lam-dong"),
    ),
    sketch={"type": "FeatureCollection", "features": []},
)
ASSETS = (
    Asset("cam-1", Kind.CAMERA, "Hồ Xuân Hương", lat=11.94, lon=108.44, area="xuan-huong", site="lake"),
    Asset("bus-1", Kind.SENSOR, "Xe buýt 1", area="cam-ly", mobile=True, simulated=True),
)


def make_fire(key: str = "cam-1", *, at: int | None = None, **changes: Any) -> Incident:
    """Make an incident of now."""
    raised_at = clock.now() if at is None else at
    alert = alert_id("fire", key, raised_at)
    incident = Incident(
        id=incident_id(alert),
        rule="fire",
        key=key,
        kind="camera",
        title={"vi": f"Cháy tại {key}", "en": f"Fire at {key}"},
        severity=Severity.CRITICAL,
        raised_at=raised_at,
        lat=11.94,
        lon=108.44,
        area="xuan-huong",
        place="Hồ Xuân Hương",
        assets=(key,),
        alerts=(alert,),
        evidence=({"kind": "camera", "asset": key, "at": raised_at // 1000, "values": {"label": "smoke"}},),
        numbers={"score": 0.9},
    )
    return replace(incident, **changes)


def make_cleared(incident: Incident) -> ClearedAlert:
    """Say that an incident's alert no longer holds."""
    return ClearedAlert(incident.id, incident.alerts[0], clock.now())


GEOMETRY = Geometry(
    zones=(Zone("gate", ((0.1, 0.1), (0.4, 0.1), (0.4, 0.9)), 60.0, density=True),),
    lines=(Line("entrance", (0.2, 0.8), (0.8, 0.8), Way.IN),),
)


def make_camera(camera: str = "cam-1", **changes: Any) -> CameraStatus:
    """Make what is said of a camera that works, as of now."""
    now = clock.now()
    status = CameraStatus(
        id=camera,
        at=now,
        state=CameraState.LIVE,
        since=now - 60_000_000,
        names={"vi": "Cổng chính", "en": "Main gate"},
        source="rtsp",
        width=1920,
        height=1080,
        rate=25.0,
        target_rate=5.0,
        came=100,
        looked=20,
        opened=1,
        delay_ms=42.0,
        detector="ssd",
        look_for=("objects", "tampering"),
        geometry=GEOMETRY,
        file_geometry=GEOMETRY,
        view=FieldOfView(11.94, 108.44, 120.0),
        people=3,
        vehicles=1,
        zones_now=(ZoneNow("gate", 2, 0),),
        boxes=(DrawnBox("person", 0.91, "0.100,0.200,0.300,0.400", "b-1"),),
        shown_at=now,
    )
    return replace(status, **changes)


def make_batch(*events: dict[str, Any]) -> pl.DataFrame:
    """Lay out events of now, wide; `values` may be any quantities of numbers."""
    now = clock.now()
    names = list(dict.fromkeys(name for event in events for name in event if name not in FIXED_COLUMNS))
    rows = [
        {"id": "e", "kind": "sensor", "codec": "ours", "at_source": "device", "at": now, "received_at": now} | e
        for e in events
    ]
    columns = {
        name: pl.Series(
            [row.get(name) for row in rows], dtype=pl.Int64 if name in ("at", "received_at") else kind
        ).cast(kind)
        for name, kind in FIXED_COLUMNS.items()
    }
    return pl.DataFrame(
        columns | {name: pl.Series([row.get(name) for row in rows], dtype=pl.Float64) for name in names}
    )


async def wait_until(holds: Callable[[], Awaitable[bool]], *, within_s: float = 5.0) -> None:
    """Wait for something to become true."""
    async with asyncio.timeout(within_s):
        while not await holds():  # noqa: ASYNC110 - what is waited for lies behind HTTP
            await asyncio.sleep(0.01)


@dataclass
class Served:
    """A running web server."""

    url: str
    http: httpx.AsyncClient
    store: Store

    @asynccontextmanager
    async def page(self, **arguments: Any) -> AsyncIterator["Page"]:
        """Connect as a page does."""
        async with connect(f"{self.url.replace('http', 'ws')}/ws/live", max_size=None, **arguments) as socket:
            yield Page(socket)


@dataclass
class Page:
    """A connected page."""

    socket: ClientConnection

    async def next(self) -> dict[str, Any]:
        """Receive one message."""
        async with asyncio.timeout(5):
            message = msgspec.json.decode(await self.socket.recv())
        assert isinstance(message, dict)
        return message

    async def until(self, holds: Callable[[dict[str, Any]], bool], *, within_s: float = 5.0) -> dict[str, Any]:
        """Receive messages until one fits."""
        async with asyncio.timeout(within_s):
            while not holds(message := await self.next()):
                pass
        return message


@pytest_asyncio.fixture
async def store(embedded_store: str) -> AsyncIterator[Store]:
    """A store with a small city in it."""
    async with open_store(embedded_store) as opened:
        await opened.assets.set_city(CITY)
        await opened.assets.replace(ASSETS)
        yield opened


@asynccontextmanager
async def serve(store: Store, settings: UiSettings | None = None, **arguments: Any) -> AsyncIterator[Served]:
    """Run the stage until the block ends, and check that it stops."""
    stop, address = asyncio.Event(), asyncio.get_running_loop().create_future()
    running = asyncio.create_task(
        stage.run(store, settings or UiSettings(port=0), stop, ready=address.set_result, **arguments)
    )
    try:
        done, _ = await asyncio.wait({running, address}, return_when=asyncio.FIRST_COMPLETED)
        if running in done:
            running.result()
        url = await address
        async with httpx.AsyncClient(base_url=url, timeout=5) as http:
            await http.get("/api/health")
            yield Served(url, http, store)
    finally:
        stop.set()
        async with asyncio.timeout(10):
            await running


@pytest_asyncio.fixture
async def served(store: Store) -> AsyncIterator[Served]:
    """A web server over the small city."""
    async with serve(store) as running:
        yield running


@pytest.fixture
def page_folder(tmp_path: Path) -> Path:
    """A built page."""
    (tmp_path / "dist" / "assets").mkdir(parents=True)
    (tmp_path / "dist" / "index.html").write_text("<!doctype html><title>IOC</title>")
    (tmp_path / "dist" / "assets" / "index-abc.js").write_text("console.log(1)")
    (tmp_path / "secret.txt").write_text("secret")
    return tmp_path / "dist"


@pytest.fixture
def fire() -> Callable[..., Incident]:
    """Makes an incident of now."""
    return make_fire


@pytest.fixture
def cleared() -> Callable[[Incident], ClearedAlert]:
    """Says that an incident's alert no longer holds."""
    return make_cleared


@pytest.fixture
def batch() -> Callable[..., pl.DataFrame]:
    """Lays out events of now."""
    return make_batch


@pytest.fixture
def camera() -> Callable[..., CameraStatus]:
    """Makes what is said of a camera that works, as of now."""
    return make_camera


@pytest.fixture
def serving() -> Callable[..., Any]:
    """Runs a web server with settings of the test's own."""
    return serve


@pytest.fixture
def until() -> Callable[..., Awaitable[None]]:
    """Waits for something to become true."""
    return wait_until
