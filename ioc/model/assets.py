"""Assets: the city's things with an id, and what is known of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from ioc.model.hearing import Hearing
from ioc.model.instant import Instant, whole_milliseconds
from ioc.model.kinds import Kind, Value


@dataclass(frozen=True, slots=True)
class Asset:
    """A registered thing: a camera, an access point, a sensor.

    Attributes:
        name: what people call it.
        area: id of the smallest area it lies in.
        site: the place it belongs to (a square, a market); the key of rules that work `per: site`.
        zone: the polygon it watches, where it watches one.
        mobile: whether it moves, so that its place is its last event's.
        simulated: whether it is part of a pretend city.
    """

    id: str
    kind: Kind
    name: str
    lat: float | None = None
    lon: float | None = None
    area: str | None = None
    site: str | None = None
    zone: str | None = None
    tags: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    mobile: bool = False
    simulated: bool = False


class AssetStatus(StrEnum):
    """What the map says of an asset."""

    ONLINE = "online"
    OFFLINE = "offline"
    UNKNOWN = "unknown"


@dataclass(slots=True)
class AssetState:
    """The last that is known of one asset: when it spoke, from where, its latest values, and how often it speaks."""

    id: str
    kind: Kind
    at: Instant
    status: AssetStatus = AssetStatus.ONLINE
    lat: float | None = None
    lon: float | None = None
    zone: str | None = None
    codec: str | None = None
    values: dict[str, Value] = field(default_factory=dict)
    heard: Hearing = field(default_factory=Hearing)


def asset_to_json(asset: Asset | None, state: AssetState | None) -> dict[str, Any]:
    """Write an asset as HTTP and the websocket show it; at least one of the two must be given.

    The place is the registered one, unless the asset moves or is not registered.
    """
    known = state if asset is None or asset.mobile or asset.lat is None else asset
    place: Asset | AssetState | None = known if known is not None else asset
    some: Asset | AssetState | None = asset or state
    if some is None:
        raise ValueError("an asset is written from its registration, its state, or both")
    values: Mapping[str, Value] = {} if state is None else state.values
    return {
        "id": some.id,
        "kind": str(some.kind),
        "name": some.id if asset is None else asset.name,
        "lat": None if place is None else place.lat,
        "lon": None if place is None else place.lon,
        "area": None if asset is None else asset.area,
        "site": None if asset is None else asset.site,
        "registered": asset is not None,
        "mobile": asset is None or asset.mobile,
        "simulated": asset is not None and asset.simulated,
        "status": str(AssetStatus.UNKNOWN if state is None else state.status),
        "at": None if state is None else whole_milliseconds(state.at),
        "codec": None if state is None else state.codec,
        "values": dict(values),
    }
