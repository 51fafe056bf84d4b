"""A real Chromium before a real server over a real store, and what a city needs to be looked at."""

import asyncio
import math
import random
import sys
import threading
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any, Final, TypeVar

import chromium
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Request, sync_playwright

import ui
from ingest.batch import build_batch
from ioc.assembly.codec_trial import CodecTrial
from ioc.model.alerts import Severity
from ioc.model.assets import Asset
from ioc.model.events import Event, Rejected, empty_batch
from ioc.model.gaps import Gap
from ioc.model.identity import alert_id, digest, incident_id
from ioc.model.incidents import Incident
from ioc.model.instant import MINUTE, SECOND, Instant
from ioc.model.kinds import Kind
from ioc.runtime import clock
from ioc.runtime.tasks import end
from ioc.store.catalogue import load_catalogue
from ioc.store.opening import Store, open_store
from ioc.store.pictures.folder import PictureFolder
from ioc.store.pictures.originals import KEY_BYTES, Originals
from simulators import cities
from simulators.fleet import Fleet, build
from ui.server import stage
from ui.server.rules_bench import RulesBench
from ui.server.settings import UiSettings

T = TypeVar("T")


def _loaded(name: str, *path: str) -> ModuleType:
    """Load a file of the tests, which are no packages."""
    spec = spec_from_file_location(name, Path(__file__).resolve().parents[1].joinpath(*path))
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules[spec.name] = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


# The fixtures that start the whole product; they live beside the tests that are about nothing else.
_product = _loaded("product_harness", "end_to_end", "conftest.py")
product_environment = _product.product_environment
start_demo = _product.start_demo
product = _product.product

_bench = _loaded("pretend_bench", "browser", "pretend_bench.py")
_cameras = _loaded("pretend_cameras", "browser", "pretend_cameras.py")

PAGE: Final = Path(ui.__file__).parent / "web" / "dist"
ARTIFACTS: Final = Path(__file__).resolve().parents[2] / "artifacts" / "screenshots"


@pytest.fixture(scope="session")
def city_path() -> Path:
    """The file of Đà Lạt."""
    return Path(cities.__file__).parent / "da-lat.yaml"


@pytest.fixture(scope="session")
def fleet(city_path: Path) -> Fleet:
    """Đà Lạt's simulated devices, always the same ones."""
    return build(city_path, seed=7)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One Chromium for a file of tests: the system's, else Playwright's own.

    Not for the session: while Playwright runs, its event loop leaves no room for tests that have one of their own.
    """
    if not (PAGE / "index.html").is_file():
        pytest.fail("the page is not built: run `npm ci && npm run build` in ui/web", pytrace=False)
    with sync_playwright() as playwright:
        started = chromium.launch(playwright)
        yield started
        started.close()


@dataclass
class Watched:
    """A page, and what went wrong or out while it was looked at."""

    page: Page
    errors: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def note(self, request: Request) -> None:
        self.requests.append(request.url)

    def marks(self) -> set[str]:
        """The ids of the incidents whose signs the map has drawn."""
        drawn = """() => window.__ioc === undefined ? [] : window.__ioc.map
            .queryRenderedFeatures({layers: ['incident-sign', 'chosen-sign']
                .filter(id => window.__ioc.map.getLayer(id))})
            .map(feature => feature.properties.id)"""
        return set(self.page.evaluate(drawn))

    def wait_for_mark(self, incident: str) -> None:
        """Wait until the map has drawn an incident's sign."""
        for _ in range(400):
            if incident in self.marks():
                return
            self.page.wait_for_timeout(100)
        pytest.fail(f"the map never drew {incident}; it drew {self.marks()}")

    @property
    def outside(self) -> list[str]:
        """Requests to anywhere but this machine."""
        inside = ("http://127.0.0.1", "ws://127.0.0.1", "blob:", "data:")
        return [url for url in self.requests if not url.startswith(inside)]


@pytest.fixture
def look(browser: Browser) -> Iterator[Callable[..., Watched]]:
    """A function that opens a page at an address: size, language and theme as given."""
    contexts: list[BrowserContext] = []

    def open_page(
        url: str,
        *,
        size: tuple[int, int] = (1280, 720),
        lang: str = "vi",
        theme: str = "dark",
        operator: str | None = None,
        still: bool = True,
        route: tuple[str, str] | None = None,
        view: str = "",
    ) -> Watched:
        context = browser.new_context(
            viewport={"width": size[0], "height": size[1]},
            timezone_id="Asia/Ho_Chi_Minh",
            # A map that stands still can be waited for, and costs software rendering nothing.
            reduced_motion="reduce" if still else "no-preference",
        )
        contexts.append(context)
        if operator is not None:
            context.add_init_script(f"localStorage.setItem('ioc.operator', {operator!r})")
        page = context.new_page()
        if route is not None:
            address, answer = route
            cors = {"access-control-allow-origin": "*"}
            page.route(address, lambda asked: asked.fulfill(body=answer, content_type="application/json", headers=cors))
        page.set_default_timeout(40_000)
        watched = Watched(page)
        page.on("console", lambda said: watched.errors.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: watched.errors.append(str(error)))
        page.on("request", watched.note)
        page.goto(f"{url}/?lang={lang}&theme={theme}{view}")
        return watched

    yield open_page
    for context in contexts:
        context.close()


class ControlRoom:
    """A store with a city in it and the web server over it, on an event loop in a thread of its own.

    Ingest and rules are not here: what they would write (a clock, health, last values, incidents) is written
    through the same store interfaces, so that a picture shows exactly what a test says.
    """

    def __init__(self, store_url: str, city_path: Path, fleet: Fleet) -> None:
        self._store_url = store_url
        self._city_path = city_path
        self.fleet = fleet
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="control room", daemon=True)
        self._opened = AsyncExitStack()
        self._beating: asyncio.Task[None] | None = None
        self._beside: list[asyncio.Task[None]] = []
        self._serving: asyncio.Task[None] | None = None
        self._stop = asyncio.Event()
        self._port = 0
        self.url = ""
        self.speaking = True
        self.trouble = ""
        self.rules_bench: RulesBench | None = None
        self.pictures: PictureFolder | None = None
        self.originals: Originals | None = None
        self.began = clock.now()

    def start(self, basemap: Path | str | None = None) -> None:
        self._thread.start()
        self.run(self._open())
        self.serve(basemap)

    def run(self, work: Awaitable[T], timeout: float = 60.0) -> T:
        """Do something on the loop, from the test's thread."""

        async def done() -> T:
            return await work

        return asyncio.run_coroutine_threadsafe(done(), self._loop).result(timeout)

    @property
    def store(self) -> Store:
        return self._store

    async def _open(self) -> None:
        from ioc.store.city_file import load_city  # noqa: PLC0415

        self._store = await self._opened.enter_async_context(open_store(self._store_url))
        await self._store.assets.set_city(load_city(self._city_path))
        await self._store.assets.replace(self.fleet.assets)
        await self._beat_once()
        await self._say_values()
        self._beating = asyncio.create_task(self._beat(), name="beat")

    def serve(self, basemap: Path | str | None = None) -> None:
        """Start the web server; a second time, on the same port."""
        ready: asyncio.Future[str] = self._loop.create_future()

        async def begin() -> str:
            self._stop = asyncio.Event()
            settings = UiSettings(port=self._port, basemap=None if basemap is None else str(basemap), demo=True)
            self._serving = asyncio.create_task(
                stage.run(
                    self._store,
                    settings,
                    self._stop,
                    ready=ready.set_result,
                    try_codec=CodecTrial(None, "Asia/Ho_Chi_Minh"),
                    rules_bench=self.rules_bench,
                    pictures=self.pictures,
                    originals=self.originals,
                ),
                name="serve",
            )
            return await ready

        self.url = self.run(begin())
        self._port = int(self.url.rpartition(":")[2])

    def stop_serving(self) -> None:
        """Stop the web server, as a crash or a restart would."""

        async def leave() -> None:
            self._stop.set()
            if self._serving is not None:
                await self._serving

        self.run(leave())

    def close(self) -> None:
        async def leave() -> None:
            await end([*self._beside, *([] if self._beating is None else [self._beating])])
            await self._opened.aclose()

        if self._serving is not None and not self._serving.done():
            self.stop_serving()
        self.run(leave())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(0.9)
            await self._beat_once()

    async def _beat_once(self) -> None:
        now = clock.now()
        rate = 180 + 40 * math.sin(now / (4 * SECOND)) + 12 * random.random()
        last = now if self.speaking else now - 5 * MINUTE
        await self._store.events.append(empty_batch(), now)
        await self._store.health.report(
            "ingest",
            {
                "state": "degraded" if self.trouble else "ok",
                "message": self.trouble,
                "events_total": 10_000,
                "events_per_s": rate,
                "last_event_at": last // 1000,
                "at": now // 1000,
            },
            ttl=30,
        )
        await self._store.health.report(
            "rules", {"state": "ok", "lag_s": 0.02, "rules_loaded": 13, "at": now // 1000}, ttl=30
        )

    async def _say_values(self) -> None:
        """Let every device say something once; a few are offline, some have been silent for a while."""
        now = clock.now()
        chance = random.Random(7)
        events = [_said(device.asset, now, chance, index) for index, device in enumerate(self.fleet.devices)]
        built: Any = build_batch(events, load_catalogue())
        batch = built[0] if isinstance(built, tuple) else built
        await self._store.events.append(batch, now)

    def begin(self, work: Coroutine[Any, Any, None], name: str) -> None:
        """Let something go on beside the server until the control room is closed."""

        async def start() -> None:
            self._beside.append(asyncio.create_task(work, name=name))

        self.run(start())

    def refuse(self, messages: list[Rejected]) -> None:
        """Keep messages that nobody could read."""
        self.run(self._store.rejected.add(messages))

    def lose(self, gaps: list[Gap]) -> None:
        """Note messages that never arrived."""
        self.run(self._store.gaps.record(gaps))

    def say(self, events: list[Event]) -> None:
        """Let devices report."""
        built: Any = build_batch(events, load_catalogue())
        self.run(self._store.events.append(built[0] if isinstance(built, tuple) else built, clock.now()))

    def register(self, assets: list[Asset]) -> None:
        """Make these the city's devices, and no others."""
        self.run(self._store.assets.replace(assets))

    def raise_incidents(self, count: int, *, longest: bool = False, title: str | None = None) -> list[Incident]:
        """Open some incidents of every severity, and let people work on a few."""
        # The same ones each time, so that more of them are the same ones and some others.
        chance = random.Random(11)
        opened = [_incident(self.fleet, index, self.began, chance, longest=longest) for index in range(count)]
        now = clock.now()
        if title is not None:
            opened = [replace(incident, title={"vi": title, "en": title}) for incident in opened]

        async def write() -> None:
            await self._store.incidents.apply(opened, [])
            for index, incident in enumerate(opened):
                if index % 5 == 2:
                    at = incident.raised_at + 40 * SECOND
                    who = ("Lan", "Nguyễn Hoàng Minh", "Hà")[index % 3]
                    await self._store.incidents.command(
                        incident.id, "acknowledge", who=who, now=at, text=None, idempotency_key=None
                    )
                if index % 10 == 2:
                    said = "Đã gọi kiểm lâm, xe đang lên đồi. Khói trắng, chưa thấy lửa."
                    await self._store.incidents.command(
                        incident.id, "comment", who="Lan", now=now, text=said, idempotency_key=None
                    )

        self.run(write())
        return opened


def _said(asset: Asset, now: Instant, chance: random.Random, index: int) -> Event:
    values: dict[str, Any]
    if asset.kind is Kind.CAMERA:
        values = {"label": chance.choice(["person", "car", "motorcycle"]), "score": round(chance.uniform(0.6, 0.98), 2)}
    elif asset.kind is Kind.WIFI:
        values = {"clients": chance.randrange(0, 60), "tx_mbps": round(chance.uniform(0, 80), 1)}
    elif asset.mobile:
        values = {"speed": round(chance.uniform(0, 48), 1), "heading": chance.randrange(360), "battery": 80.0}
    else:
        values = {"pm25": round(chance.uniform(6, 60), 1), "temp_c": round(chance.uniform(14, 24), 1), "humidity": 81.0}
    silent = (index % 9 == 0) * chance.randrange(6, 90) * MINUTE
    signal = "offline" if index % 23 == 0 else None
    from ioc.model.events import AtSource, Signal  # noqa: PLC0415

    return Event(
        id=digest("said", asset.id),
        kind=asset.kind,
        asset=asset.id,
        at=now - silent,
        received_at=now - silent,
        at_source=AtSource.DEVICE,
        codec="ioc",
        lat=asset.lat if asset.mobile else None,
        lon=asset.lon if asset.mobile else None,
        signal=None if signal is None else Signal.OFFLINE,
        values=values,
    )


_KINDS: Final = (
    (
        Severity.CRITICAL,
        "fire-and-smoke",
        Kind.CAMERA,
        "Khói ở {place}",
        "Smoke at {place}",
        {"score": 0.91, "label": "smoke"},
    ),
    (Severity.MAJOR, "ap-silent", Kind.WIFI, "Mất kết nối {place}", "{place} is silent", {"silent_s": 140}),
    (
        Severity.MINOR,
        "air-hazard",
        Kind.SENSOR,
        "Bụi mịn 162 µg/m³ tại {place}",
        "PM2.5 162 µg/m³ at {place}",
        {"pm25": 162.4, "held_s": 60},
    ),
    (Severity.MINOR, "crowd", Kind.CAMERA, "Đông người tại {place}", "Crowd at {place}", {"count": 34}),
    (Severity.WARNING, "noise", Kind.SENSOR, "Ồn 88 dB tại {place}", "Noise of 88 dB at {place}", {"noise_db": 88.2}),
    (Severity.INFO, "battery-low", Kind.SENSOR, "Pin yếu: {place}", "Battery low: {place}", {"battery": 9}),
)
_LONG_VI: Final = (
    "Mực nước suối Cam Ly dâng nhanh bất thường vượt ngưỡng báo động hai, nguy cơ ngập khu dân cư phía hạ lưu "
    "đường Hoàng Văn Thụ – Nguyễn Khuyến, cần sơ tán các hộ thấp trũng"
)
_LONG_EN: Final = (
    "Cam Ly stream is rising unusually fast beyond the second alarm level and threatens the homes downstream "
    "along Hoàng Văn Thụ and Nguyễn Khuyến streets"
)


def _incident(fleet: Fleet, index: int, now: Instant, chance: random.Random, *, longest: bool) -> Incident:
    severity, rule, kind, vi, en, numbers = _KINDS[index % len(_KINDS)]
    of_kind = [asset for asset in fleet.assets if asset.kind is kind and not asset.mobile]
    asset = of_kind[chance.randrange(len(of_kind))]
    # Most happened lately; the first ones just now, so that pictures show seconds as well as hours.
    raised_at = now - int(chance.expovariate(1 / 1_100) * SECOND) - 42 * SECOND
    alert = alert_id(rule, asset.id, raised_at)
    title = {"vi": vi.format(place=asset.name), "en": en.format(place=asset.name)}
    incident = Incident(
        id=incident_id(alert),
        rule=rule,
        key=asset.id,
        kind=str(kind),
        title={"vi": _LONG_VI, "en": _LONG_EN} if longest and index % 2 == 0 else title,
        severity=severity,
        raised_at=raised_at,
        updated_at=raised_at,
        lat=asset.lat,
        lon=asset.lon,
        area=asset.area,
        place=asset.site or asset.zone or asset.name,
        assets=(asset.id,),
        alerts=(alert,),
        evidence=tuple(
            {
                "id": f"{asset.id}:{step}",
                "kind": str(kind),
                "asset": asset.id,
                "at": (raised_at - step * 4 * SECOND) // 1000,
                "received_at": (raised_at - step * 4 * SECOND) // 1000,
                "at_source": "device",
                "lat": asset.lat,
                "lon": asset.lon,
                "zone": asset.zone,
                "signal": None,
                "codec": "frigate",
                "values": numbers | {"track": "1732251.84-x9f2k"} if kind is Kind.CAMERA else numbers,
            }
            for step in (2, 1, 0)
        ),
        numbers={name: value for name, value in numbers.items() if not isinstance(value, str)},
        simulated=True,
    )
    return replace(incident, severity=severity)


@pytest.fixture
def room(embedded_store: str, city_path: Path, fleet: Fleet) -> Iterator[ControlRoom]:
    """A control room over Đà Lạt, without a base map."""
    made = ControlRoom(embedded_store, city_path, fleet)
    made.start()
    yield made
    made.close()


@pytest.fixture
def bench(room: ControlRoom) -> Any:
    """A month of 100 sensors and one rule over them, given to the control room's server."""
    sensors = [one for one in room.fleet.assets if one.kind is Kind.SENSOR and not one.mobile and one.lat is not None]
    made = room.rules_bench = _bench.PretendBench(sensors[:100], clock.now() // MINUTE * MINUTE)
    room.stop_serving()
    room.serve()
    return made


@pytest.fixture
def cameras(room: ControlRoom, tmp_path: Path) -> Any:
    """Cameras that somebody tells of; none yet."""
    made = _cameras.PretendCameras(room.store, tmp_path / "pictures")
    room.pictures = made.folder
    room.stop_serving()
    room.serve()
    room.begin(made.run(), "pretend cameras")
    return made


@pytest.fixture
def originals(room: ControlRoom, cameras: Any) -> Originals:
    """Pictures with faces, which the control room's server gives too; none yet."""
    made = room.originals = Originals(cameras.folder, bytes(KEY_BYTES), 3)
    room.stop_serving()
    room.serve()
    return made


@pytest.fixture
def gate() -> dict[str, Any]:
    """What is told of a camera over a gate with zones and a line."""
    told: dict[str, Any] = _cameras.gate(11.9432, 108.4378)
    return told


@pytest.fixture
def room_with_tiles(embedded_store: str, city_path: Path, fleet: Fleet, shared: Path) -> Iterator[ControlRoom]:
    """The same over the PMTiles file of the city."""
    made = ControlRoom(embedded_store, city_path, fleet)
    made.start(shared / "basemap" / "dalat.pmtiles")
    yield made
    made.close()


@pytest.fixture(scope="session")
def artifacts() -> Path:
    """Where pictures are kept."""
    ARTIFACTS.mkdir(parents=True, exist_ok=True)
    return ARTIFACTS
