"""The asset registry, the city it belongs to, and the last known state of every asset."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import islice
from typing import Final

import msgspec

from ioc.model.assets import Asset
from ioc.model.city import City, area_at
from ioc.model.kinds import Kind
from ioc.store import keys
from ioc.store.connection import Argument, Connection

_CHUNK: Final = 1_000
"""Assets in one round trip."""


class AssetRegistry:
    """Who is registered, one hash an asset, with a version that grows with every change.

    All methods raise `StoreUnavailable` when the store is away.
    """

    def __init__(self, connection: Connection, partition: int = 0) -> None:
        """Take the connection to ask over."""
        self._connection = connection
        self._states = keys.asset_states(partition)

    async def replace(self, assets: Iterable[Asset]) -> None:
        """Make these the registered assets, and no others.

        Whoever reads meanwhile may see some of both; the version grows when all is written, so they read again.
        """
        before: set[bytes] = set(await self._connection.call("SMEMBERS", keys.ASSET_IDS))
        rest = iter(assets)
        while chunk := list(islice(rest, _CHUNK)):
            commands: list[list[Argument]] = []
            for asset in chunk:
                commands += [["DEL", keys.asset(asset.id)], ["HSET", keys.asset(asset.id), *_fields(asset)]]
                before.discard(asset.id.encode())
            commands.append(["SADD", keys.ASSET_IDS, *(asset.id for asset in chunk)])
            await self._connection.call_many(commands)
        gone = [str(asset_id, "utf-8") for asset_id in before]
        for start in range(0, len(gone), _CHUNK):
            names = gone[start : start + _CHUNK]
            await self._connection.call_many(
                [["SREM", keys.ASSET_IDS, *names], *(["DEL", keys.asset(name)] for name in names)]
            )
        await self._connection.call("INCR", keys.ASSETS_VERSION)

    async def add_missing(self, assets: Iterable[Asset]) -> list[str]:
        """Register those of the assets of whom nobody has said anything yet; give their ids.

        One without an area is given the smallest one of the city that it lies in.
        """
        wanted = {asset.id: asset for asset in assets}
        names = list(wanted)
        if not names:
            return []
        known = await self._connection.call("SMISMEMBER", keys.ASSET_IDS, *names)
        missing = [wanted[name] for name, is_known in zip(names, known, strict=True) if not is_known]
        if missing:
            city = await self.city()
            areas = () if city is None else city.areas
            placed = [
                replace(asset, area=area_at(areas, asset.lat, asset.lon))
                if asset.area is None and asset.lat is not None and asset.lon is not None
                else asset
                for asset in missing
            ]
            commands: list[list[Argument]] = [["HSET", keys.asset(asset.id), *_fields(asset)] for asset in placed]
            await self._connection.call_many(
                [*commands, ["SADD", keys.ASSET_IDS, *(asset.id for asset in placed)], ["INCR", keys.ASSETS_VERSION]]
            )
        return [asset.id for asset in missing]

    async def load(self) -> dict[str, Asset]:
        """Read all registered assets, by id."""
        ids = sorted(str(asset_id, "utf-8") for asset_id in await self._connection.call("SMEMBERS", keys.ASSET_IDS))
        assets: dict[str, Asset] = {}
        for start in range(0, len(ids), _CHUNK):
            chunk = ids[start : start + _CHUNK]
            answers = await self._connection.call_many([["HGETALL", keys.asset(asset_id)] for asset_id in chunk])
            # An asset may go between the two questions.
            assets.update(
                (asset_id, _asset(asset_id, fields)) for asset_id, fields in zip(chunk, answers, strict=True) if fields
            )
        return assets

    async def version(self) -> int:
        """Say how often the registry or the city has changed. Ask before loading, so that no change is missed."""
        return int(await self._connection.call("GET", keys.ASSETS_VERSION) or 0)

    async def set_city(self, city: City) -> None:
        """Say which city this is."""
        await self._connection.call("SET", keys.CITY, msgspec.json.encode(city))
        await self._connection.call("INCR", keys.ASSETS_VERSION)

    async def city(self) -> City | None:
        """Read which city this is; None where nobody has said."""
        found = await self._connection.call("GET", keys.CITY)
        if found is None:
            return None
        city = msgspec.json.decode(found, type=City)
        areas = tuple(replace(area, rings=tuple(_ring(ring) for ring in area.rings)) for area in city.areas)
        return replace(city, areas=areas)

    async def save_states(self, position: str, blob: bytes) -> None:
        """Keep the last known state of every asset, as of a position of the stream."""
        await self._connection.call("HSET", self._states, "position", position, "states", blob)

    async def load_states(self) -> tuple[str, bytes] | None:
        """Read the last known states and the position to read the stream on from; None where there are none."""
        position, blob = await self._connection.call("HMGET", self._states, "position", "states")
        return None if position is None else (str(position, "ascii"), blob)


def _ring(ring: Sequence[tuple[float, float]]) -> tuple[tuple[float, float], ...]:
    return tuple((lon, lat) for lon, lat in ring)


def _fields(asset: Asset) -> list[Argument]:
    """Write an asset as pairs of a hash, which a person can read with redis-cli; what is not known is left out."""
    texts = {"area": asset.area, "site": asset.site, "zone": asset.zone}
    fields: dict[str, Argument | None] = {
        "kind": str(asset.kind),
        "name": asset.name,
        "lat": None if asset.lat is None else repr(asset.lat),
        "lon": None if asset.lon is None else repr(asset.lon),
        **texts,
        "tags": msgspec.json.encode(asset.tags) if asset.tags else None,
        "aliases": msgspec.json.encode(asset.aliases) if asset.aliases else None,
        "mobile": 1 if asset.mobile else None,
        "simulated": 1 if asset.simulated else None,
    }
    return [item for name, value in fields.items() if value is not None for item in (name, value)]


def _asset(asset_id: str, fields: dict[bytes, bytes]) -> Asset:
    def text(name: bytes) -> str | None:
        return str(fields[name], "utf-8") if name in fields else None

    def number(name: bytes) -> float | None:
        return float(fields[name]) if name in fields else None

    return Asset(
        id=asset_id,
        kind=Kind(text(b"kind") or ""),
        name=text(b"name") or asset_id,
        lat=number(b"lat"),
        lon=number(b"lon"),
        area=text(b"area"),
        site=text(b"site"),
        zone=text(b"zone"),
        tags=msgspec.json.decode(fields.get(b"tags", b"[]"), type=tuple[str, ...]),
        aliases=msgspec.json.decode(fields.get(b"aliases", b"[]"), type=tuple[str, ...]),
        mobile=b"mobile" in fields,
        simulated=b"simulated" in fields,
    )
