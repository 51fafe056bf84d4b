"""Every asset as a list of devices: who speaks how often, who is silent, and what of them was lost."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import islice
from typing import Any, Final

from ioc.model.assets import Asset, AssetState, AssetStatus, asset_to_json
from ioc.model.instant import SECOND, Duration, Instant, whole_milliseconds
from ioc.model.kinds import Kind
from ui.server.folding import fold, order
from ui.server.world import World

FRESH: Final[Duration] = 1 * SECOND
"""A list is made anew at most this often: fifty pages that look at ten thousand devices share one."""

AS_MANY: Final = 10_000
"""With every so many devices more, a list stays good for as long again: judging them all takes its time."""

LISTS_KEPT: Final = 16
"""Lists of different filters that are shared so."""


class DeviceStatus(StrEnum):
    """How a device stands, what needs people first."""

    OFFLINE = "offline"
    SILENT = "silent"
    NEVER = "never"
    ONLINE = "online"


class DeviceOrder(StrEnum):
    """What a list of devices can be sorted by."""

    STATUS = "status"
    NAME = "name"
    KIND = "kind"
    AREA = "area"
    CODEC = "codec"
    LAST_EVENT = "last_event"
    RATE = "rate"
    GAPS = "gaps"


def status_of(state: AssetState | None, now: Instant) -> DeviceStatus:
    """Judge a device.

    It is offline when it, or whoever watches it, said so; silent when it has missed five of its usual turns
    (`ioc.model.hearing`); never, when it has not spoken yet; else online.
    """
    if state is None:
        return DeviceStatus.NEVER
    if state.status is AssetStatus.OFFLINE:
        return DeviceStatus.OFFLINE
    return DeviceStatus.SILENT if state.heard.is_silent(now) else DeviceStatus.ONLINE


@dataclass(frozen=True, slots=True)
class DeviceFilter:
    """Which devices are wanted; None wants all.

    Attributes:
        text: words that all must occur in the name, the id, an alias, the site or the area, accents or not.
    """

    text: str = ""
    kind: Kind | None = None
    status: DeviceStatus | None = None
    codec: str | None = None
    registered: bool | None = None


@dataclass(slots=True)
class Device:
    """One line of the list."""

    id: str
    asset: Asset | None
    state: AssetState | None
    status: DeviceStatus
    texts: "_Texts"


@dataclass(frozen=True, slots=True)
class _Texts:
    """What is searched and sorted by; folding costs more than all else, so it is kept."""

    asset: Asset | None
    words: str
    name: str
    area: str


@dataclass(frozen=True, slots=True)
class Found:
    """Devices that fit a filter, in order.

    Attributes:
        by_status: how many there are of each status where the filter's status is left out.
    """

    devices: list[Device]
    by_status: Mapping[DeviceStatus, int]


@dataclass
class Devices:
    """Looks devices up in the world.

    Attributes:
        gaps: by asset, how many of its messages never arrived.
    """

    world: World
    now: Callable[[], Instant]
    gaps: Mapping[str, int] = field(default_factory=dict)
    _texts: dict[str, _Texts] = field(default_factory=dict)
    _areas: tuple[Any, dict[str, str]] = (None, {})
    _all: list[Device] = field(default_factory=list)
    _codecs: list[str] | None = None
    _judged_at: Instant = -FRESH
    # The objects that the lines were made of; another one, or more states, and they are made anew.
    _made_of: tuple[Any, Any, Any, int] = (None, None, None, -1)
    _found: dict[tuple[DeviceFilter, DeviceOrder, bool], Found] = field(default_factory=dict)

    def find(self, wanted: DeviceFilter, by: DeviceOrder, *, descending: bool) -> Found:
        """Find devices; what is a second old is good enough."""
        devices = self._fresh()
        key = (wanted, by, descending)
        if (found := self._found.get(key)) is not None:
            return found
        words = fold(wanted.text).split()
        fitting = [device for device in devices if _fits(device, wanted, words)]
        counts = Counter(device.status for device in fitting)
        if wanted.status is not None:
            fitting = [device for device in fitting if device.status is wanted.status]
        # They come by name, and stay so where their worth is the same: a list must not flicker.
        if by is not DeviceOrder.NAME or descending:
            fitting.sort(key=self._worth(by), reverse=descending)
        found = Found(fitting, {status: counts[status] for status in DeviceStatus})
        while len(self._found) >= LISTS_KEPT:
            del self._found[next(iter(self._found))]
        self._found[key] = found
        return found

    def one(self, asset_id: str) -> Device | None:
        """Look one device up as it is now; None where nothing is known of it."""
        asset, state = self.world.assets.get(asset_id), self.world.states.get(asset_id)
        if asset is None and state is None:
            return None
        return Device(asset_id, asset, state, status_of(state, self.now()), self._texts_of(asset_id, asset))

    def codecs(self) -> list[str]:
        """Name the codecs that have read anything of the devices."""
        devices = self._fresh()
        if self._codecs is None:
            self._codecs = sorted({device.state.codec for device in devices if device.state and device.state.codec})
        return self._codecs

    @property
    def count(self) -> int:
        """How many devices there are."""
        return len(self._fresh())

    def view(self, device: Device) -> dict[str, Any]:
        """Write a device as the list shows it."""
        written = asset_to_json(device.asset, device.state)
        heard, now = None if device.state is None else device.state.heard, self.now()
        return {
            name: written[name]
            for name in ("id", "name", "kind", "codec", "area", "site", "lat", "lon", "registered", "simulated")
        } | {
            "status": str(device.status),
            "last_event_at": None if heard is None else whole_milliseconds(heard.at),
            "events_per_minute": 0.0 if heard is None else round(heard.per_minute(now), 3),
            "last_hour": [] if heard is None else heard.last_hour(now),
            "gaps": self.gaps.get(device.id, 0),
        }

    def _fresh(self) -> list[Device]:
        """Give all devices by name, judged anew where that was more than a moment ago."""
        now, world = self.now(), self.world
        if 0 <= now - self._judged_at < FRESH * max(1, len(self._all) // AS_MANY):
            return self._all
        made_of = (world.assets, world.city, world.states, len(world.states))
        same = (one is other for one, other in zip(made_of[:3], self._made_of[:3], strict=True))
        if not all(same) or made_of[3] != self._made_of[3]:
            self._all = sorted(self._lines(), key=lambda device: (device.texts.name, device.id))
            self._made_of = made_of
        for device in self._all:
            device.status = status_of(device.state, now)
        self._judged_at = now
        self._codecs = None
        self._found.clear()
        return self._all

    def _lines(self) -> Iterator[Device]:
        assets, states = self.world.assets, self.world.states
        for asset_id in self.world.asset_ids():
            asset = assets.get(asset_id)
            texts = self._texts_of(asset_id, asset)
            yield Device(asset_id, asset, states.get(asset_id), DeviceStatus.NEVER, texts)

    def _texts_of(self, asset_id: str, asset: Asset | None) -> _Texts:
        if self._areas[0] is not self.world.city:
            city = self.world.city
            self._areas = city, {area.id: fold(" ".join(area.title.values())) for area in city.areas} if city else {}
            self._texts.clear()
        texts = self._texts.get(asset_id)
        if texts is None or texts.asset is not asset:
            if len(self._texts) > 2 * (len(self.world.assets) + len(self.world.states)):
                self._texts.clear()
            name = fold(asset_id if asset is None else asset.name)
            area = "" if asset is None or asset.area is None else self._areas[1].get(asset.area, fold(asset.area))
            more = () if asset is None else (asset.site or "", *asset.aliases)
            words = " ".join((name, asset_id.lower(), area, *map(fold, more)))
            texts = self._texts[asset_id] = _Texts(asset, words, order(name), order(area))
        return texts

    def _worth(self, by: DeviceOrder) -> Callable[[Device], Any]:
        ranks = {status: rank for rank, status in enumerate(DeviceStatus)}
        now = self.now()
        match by:
            case DeviceOrder.STATUS:
                return lambda device: ranks[device.status]
            case DeviceOrder.NAME:
                return lambda device: device.texts.name
            case DeviceOrder.KIND:
                return _kind
            case DeviceOrder.AREA:
                return lambda device: device.texts.area
            case DeviceOrder.CODEC:
                return lambda device: (device.state.codec if device.state else None) or ""
            case DeviceOrder.LAST_EVENT:
                return lambda device: device.state.heard.at if device.state else 0
            case DeviceOrder.RATE:
                return lambda device: device.state.heard.per_minute(now) if device.state else -1.0
            case DeviceOrder.GAPS:
                return lambda device: self.gaps.get(device.id, 0)


def page_of(found: Found, offset: int, limit: int) -> list[Device]:
    """Cut one page out of a list."""
    return list(islice(found.devices, offset, offset + limit))


def _kind(device: Device) -> str:
    known = device.asset or device.state
    return "" if known is None else str(known.kind)


def _fits(device: Device, wanted: DeviceFilter, words: list[str]) -> bool:
    return (
        (wanted.kind is None or _kind(device) == wanted.kind)
        and (wanted.codec is None or (device.state is not None and device.state.codec == wanted.codec))
        and (wanted.registered is None or (device.asset is not None) is wanted.registered)
        and all(word in device.texts.words for word in words)
    )
